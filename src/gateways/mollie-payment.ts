/**
 * A payment as Mollie tells it, with its captures, refunds and chargebacks, and what it means in our normal form.
 * https://docs.mollie.com/reference/get-payment, …/docs/handling-payment-status, …/docs/refunds
 */
import * as z from "zod/mini";
import { fromDecimal, isCurrency, toDecimal } from "../transactions/money.ts";
import type { Observation } from "../transactions/observation.ts";
import { GatewayError, isOurId, type RefundObservation } from "./gateway.ts";
import { type ApiAnswer, refuse } from "./http.ts";
import { utf8 } from "./signature.ts";

/** https://docs.mollie.com/docs/multicurrency; the decimals are those of ISO 4217, also of HUF and TWD. */
const CURRENCIES =
  "AED AUD BRL CAD CHF CZK DKK EUR GBP HKD HUF ILS ISK JPY MXN MYR NOK NZD PHP PLN RON SEK SGD THB TWD USD ZAR";
export const PAYMENT_ID = /^tr_[0-9A-Za-z]{1,64}$/;

const undocumented = z.pipe(
  z.string(),
  z.transform(() => "undocumented" as const),
);
const money = z.lazy(() =>
  z.pipe(
    z.object({ currency: z.string(), value: z.string() }),
    z.transform((said, context) => {
      const amount = readAmount(said);
      if (amount === null) {
        context.issues.push({ code: "custom", message: "no sum that we can read", input: said });
        return z.NEVER;
      }
      return { amount, currency: said.currency };
    }),
  ),
);
/** Others may keep anything there. */
const metadata = z.lazy(() =>
  z.catch(
    z.nullish(
      z.object({
        transaction_id: z.string(),
        refund_id: z.optional(z.string()),
        capture_key: z.optional(z.string()),
      }),
    ),
    null,
  ),
);
const refundStatus = z.enum(["queued", "pending", "processing", "refunded", "failed", "canceled"]);
export const refund = z.lazy(() =>
  z.object({
    id: z.string().check(z.regex(/^re_[0-9A-Za-z]{1,64}$/)),
    paymentId: z.string(),
    amount: money,
    metadata,
    status: z.union([refundStatus, undocumented]),
  }),
);
export type Refund = z.output<typeof refund>;
export const capture = z.lazy(() =>
  z.object({
    ...{ id: z.string(), paymentId: z.string(), status: z.string() },
    metadata,
  }),
);
const chargeback = z.lazy(() => z.object({ id: z.string(), reversedAt: z.nullish(z.string()) }));
const status = z.enum(["open", "pending", "authorized", "paid", "canceled", "expired", "failed"]);
const payment = z.lazy(() =>
  z.object({
    resource: z.literal("payment"),
    id: z.string().check(z.regex(PAYMENT_ID)),
    mode: z.enum(["live", "test"]),
    status: z.union([status, undocumented]),
    amount: money,
    metadata,
    isCancelable: z.nullish(z.boolean()),
    amountRefunded: z.nullish(money),
    amountCaptured: z.nullish(money),
    amountChargedBack: z.nullish(money),
    details: z.catch(z.nullish(z.object({ failureReason: z.string() })), null),
    statusReason: z.catch(z.nullish(z.object({ code: z.string() })), null),
    _embedded: z._default(
      z.partial(
        z.object({ refunds: z.array(refund), captures: z.array(capture), chargebacks: z.array(chargeback) }),
      ),
      {},
    ),
    _links: z.object({ checkout: z.nullish(z.object({ href: z.url({ protocol: /^https?$/ }) })) }),
  }),
);
export type Payment = z.output<typeof payment>;
const owned = z.object({ resource: z.literal("payment"), metadata });
const notFound = z.lazy(() => z.object({ status: z.literal([404, 410]), title: z.string() }));

/** @throws GatewayError for a refusal, or for an answer that is not this payment */
export function readPayment(answer: ApiAnswer, id: string | null): Payment {
  refuse(answer);
  const { data } = payment.safeParse(answer.body);
  if (!data || (id !== null && data.id !== id)) {
    throw new GatewayError("unknown", "Mollie's answer is not this payment");
  }
  return data;
}

/**
 * Our id of a payment, of which nothing else is read yet; null: it is somebody else's.
 * @throws GatewayError for a refusal, or for an answer that is no payment
 */
export function ownerOf(answer: ApiAnswer): string | null {
  refuse(answer);
  const { data } = owned.safeParse(answer.body);
  if (!data) {
    throw new GatewayError("unknown", "Mollie's answer is no payment");
  }
  const id = data.metadata?.transaction_id ?? "";
  return isOurId(id) ? id : null;
}

/** Mollie's own word, not that of some other server at a wrong address. */
export function isMissing({ status: code, body }: ApiAnswer): boolean {
  return notFound.safeParse(body).data?.status === code;
}

/** What was asked for along with a payment. @throws GatewayError where it is left out, and yet there is some */
export function listed<T>(items: readonly T[] | undefined, sum: Payment["amountCaptured"]): readonly T[] {
  if (!items && sum && sum.amount > 0) {
    throw new GatewayError("unknown", "Mollie did not tell what it was asked for");
  }
  return items ?? [];
}

/** Whether the capture of this key is made, or under way. @throws GatewayError where Mollie does not tell */
export function isCaptured({ amountCaptured, _embedded: { captures } }: Payment, key: string): boolean {
  const made = listed(captures, amountCaptured).filter((each) => each.status !== "failed");
  return made.some((each) => each.metadata?.capture_key === key);
}

/** An event id for a webhook that has none: the same for the same state, another for any other. */
export async function fingerprint({ id, status: word, _embedded: all, ...seen }: Payment): Promise<string> {
  const { amountRefunded, amountCaptured, amountChargedBack } = seen;
  const lists = [all.refunds, all.captures].map((list) => list?.map((each) => [each.id, each.status]));
  const sums = [amountRefunded, amountCaptured, amountChargedBack, all.chargebacks];
  const state = utf8(JSON.stringify([word, sums, lists]));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", state));
  return `${id}_${word}_${hash.toHex().slice(0, 32)}`;
}

export function toRefund({ id: reference, status: word }: Refund): RefundObservation {
  switch (word) {
    case "queued":
    case "pending":
    case "processing":
    case "undocumented":
      return { status: "pending", reference, failureCode: null };
    case "refunded":
      return { status: "succeeded", reference, failureCode: null };
    case "failed":
      return { status: "failed", reference, failureCode: null };
    case "canceled":
      return { status: "failed", reference, failureCode: "canceled" };
  }
}

export function toObservation(seen: Payment): Observation {
  const rest: Omit<Observation, "status"> = {
    ...{ reference: seen.id, ...seen.amount, amountCaptured: null, amountRefunded: refundedOf(seen) },
    ...{ failureCode: null, dispute: disputeOf(seen), mode: seen.mode },
  };
  switch (seen.status) {
    case "open":
      return { ...rest, status: "pending" };
    case "pending":
      return { ...rest, status: "processing" };
    case "authorized":
      return { ...rest, ...heldOf(seen) };
    case "paid":
      return { ...rest, status: "succeeded", amountCaptured: seen.amountCaptured?.amount || null };
    case "canceled":
    case "expired":
      return { ...rest, status: seen.status };
    case "failed":
      return { ...rest, status: "failed", failureCode: failureOf(seen) };
    case "undocumented":
      return { ...rest, status: "unsaid" };
  }
}

/** A payment stays authorized while more could be captured; we capture once, so any of it is our capture. */
function heldOf({ amountCaptured, _embedded: { captures = [] } }: Payment) {
  if (captures.some((each) => each.status === "pending")) {
    return { status: "processing" } as const;
  }
  return amountCaptured && amountCaptured.amount > 0
    ? ({ status: "succeeded", amountCaptured: amountCaptured.amount } as const)
    : ({ status: "authorized" } as const);
}

/** What has gone back, not what is about to. More than came, such as a parcel's postage, is all of it. */
function refundedOf({ amount, amountCaptured, amountRefunded, _embedded: { refunds } }: Payment): number {
  const done = refunds?.filter((each) => each.status === "refunded");
  const sum = done?.reduce((total, each) => total + each.amount.amount, 0) ?? amountRefunded?.amount ?? 0;
  return Math.min(sum, amountCaptured?.amount || amount.amount);
}

/** Mollie calls none lost. One after a reversed one is, for us: a dispute that has ended does not open again. */
function disputeOf({ amountChargedBack, _embedded: { chargebacks = [] } }: Payment): Observation["dispute"] {
  const standing = chargebacks.filter((each) => !each.reversedAt);
  if (chargebacks.length > standing.length) {
    return standing.length > 0 ? "lost" : "won";
  }
  return standing.length > 0 || (amountChargedBack && amountChargedBack.amount > 0) ? "open" : null;
}

function failureOf({ details, statusReason }: Payment): string | null {
  const code = (details?.failureReason ?? statusReason?.code ?? "").replaceAll("-", "_");
  return /^[a-z0-9_]{1,64}$/.test(code) ? code : null;
}

/** @throws GatewayError "rejected" for a currency that Mollie does not collect */
export function writeAmount(amount: number, currency: string): { currency: string; value: string } {
  if (!CURRENCIES.split(" ").includes(currency)) {
    throw new GatewayError("rejected", "Mollie does not collect this currency");
  }
  return { currency, value: toDecimal(amount, currency) };
}

/** In minor units; null for what is no such sum. */
export function readAmount({ currency, value }: { currency: string; value: string }): number | null {
  return isCurrency(currency) ? fromDecimal(value, currency) : null;
}
