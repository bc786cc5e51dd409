/** A payment link: how it is asked for, and what Adyen says of one. https://docs.adyen.com/api-explorer/Checkout/71 */
import * as z from "zod/mini";
import type { ObservedStatus } from "../transactions/observation.ts";
import { linkId } from "./adyen-item.ts";
import { money, writeAmount } from "./adyen-money.ts";
import type { CreateRequest } from "./gateway.ts";

const linkStatus = z.enum(["active", "paymentPending", "completed", "paid", "expired"]);
export const link = z.lazy(() =>
  z.object({
    ...{ id: linkId, reference: z.string(), merchantAccount: z.string(), amount: money },
    status: z.union([
      linkStatus,
      z.pipe(
        z.string(),
        z.transform(() => "undocumented" as const),
      ),
    ]),
    url: z.url({ protocol: /^https?$/ }),
  }),
);
export type Link = z.output<typeof link>;

export const LINK_STATUS = {
  active: "pending",
  paymentPending: "processing",
  completed: "succeeded",
  paid: "succeeded",
  expired: "expired",
  undocumented: "unsaid",
} as const satisfies Record<Link["status"], ObservedStatus>;

/** @throws GatewayError "rejected" for a sum that Adyen cannot collect */
export function toLinkRequest(request: CreateRequest) {
  const { country, locale } = request.customer ?? {};
  return {
    reference: request.transactionId,
    amount: writeAmount(request.amount, request.currency),
    returnUrl: request.returnUrl,
    expiresAt: `${new Date(request.expiresAt).toISOString().slice(0, 19)}Z`,
    reusable: false,
    // Whatever the account's own setting is: an authorisation is a success then.
    captureDelayHours: 0,
    ...(request.description === null ? {} : { description: cut(request.description) }),
    ...(country === undefined ? {} : { countryCode: country }),
    ...(locale && /^[a-z]{2}-[A-Z]{2}$/.test(locale) ? { shopperLocale: locale } : {}),
  };
}

/** To what the page takes, and no character in half. */
const cut = (text: string) => text.slice(0, 280).replace(/[\uD800-\uDBFF]$/, "");
