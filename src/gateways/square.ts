/**
 * Square payment links: one page, one order, one buyer.
 * @see https://developer.squareup.com/reference/square/checkout-api/create-payment-link
 * @see https://developer.squareup.com/docs/webhooks/step3validate
 * @see https://developer.squareup.com/docs/events-api/overview
 * Quirks: a link never expires by itself, and has no address for a buyer who gives up. A paid order may stay OPEN: its
 * payments tell. Deleting the link of an order with a failed attempt may leave that order open, and its page payable
 * (developer forum, thread 21874). No webhook names the link: only `create` knows it, so the reference is
 * "order id/link id", and observations from webhooks carry none. A refund's order is not the payment's. How long
 * idempotency keys are remembered is not published (thread 28303): a refund carries our id as its reason, and is
 * looked up before it is asked for. The signature covers the address as Square was told it, and no time.
 */
import * as z from "zod/mini";
import { baseUrl, identifier, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import type { Mode } from "../transactions/transaction.ts";
import { followEach, lookOnce } from "./event-list.ts";
import {
  type CreateRequest,
  defineGateway,
  type Gateway,
  GatewayError,
  type GatewayReference,
  silence,
  type Tools,
} from "./gateway.ts";
import { createApiClient, parseBytes, refuse } from "./http.ts";
import { UNSIGNED } from "./receipt.ts";
import { decodeBase64, utf8, verifyHmac } from "./signature.ts";
import { findOrder, isUnheard, read, see } from "./square-api.ts";
import { EVENTS, event, follow, listEvents, signProbe, tell } from "./square-event.ts";
import { link, order, type Seen, toObservation, writeMoney } from "./square-order.ts";
import { giveBack } from "./square-refund.ts";

const VERSION = "2026-09-16";
const MODES = new Map<string, Mode>([
  ["connect.squareup.com", "live"],
  ["connect.squareupsandbox.com", "test"],
]);
const ADVICE =
  "In Square's Developer Console, under the application's Webhooks, Subscriptions, add a subscription with the address " +
  "byte for byte, for it is signed too; its signature key is SQUARE_WEBHOOK_SIGNATURE_KEY.";

/** Square gives keys of 22 characters too, which are 128 random bits in base64url: below the length of other secrets. */
const signatureKey = z.string().check(
  z.trim(),
  z.regex(/^[\x21-\x7e]{22,255}$/, {
    error: "must be a subscription's signature key, of 22 characters at least",
  }),
  z.refine((value) => !value.startsWith("replace-me"), { error: "is still a placeholder" }),
);

const created = z.lazy(() =>
  z.object({
    payment_link: link,
    related_resources: z.optional(z.object({ orders: z.optional(z.array(order)) })),
  }),
);

interface SquareConfig {
  readonly url: string;
  readonly accessToken: string;
  readonly locationId: string;
  readonly signatureKeys: readonly string[];
}

function connectSquare(config: SquareConfig, { fetch }: Tools): Gateway {
  const headers = { authorization: `Bearer ${config.accessToken}`, "square-version": VERSION };
  const api = createApiClient(config.url, headers, fetch);

  /** @returns null when there is no such order */
  async function look({ transactionId, reference }: GatewayReference): Promise<Seen | null> {
    const [orderId] = reference?.split("/") ?? [];
    const found = orderId ? await findOrder(api, orderId) : null;
    if (found && found.reference_id !== transactionId) {
      throw new GatewayError("unknown", "Square's order is not this transaction's");
    }
    return found && see(api, found);
  }

  const observe = (seen: Seen | null, { reference }: GatewayReference): Observation =>
    seen ? toObservation(seen, reference) : silence("missing", reference);

  const retrieve = async (reference: GatewayReference) => observe(await look(reference), reference);

  return {
    id: "square",
    title: "Square",
    mode: MODES.get(new URL(config.url).hostname) ?? null,
    webhook: { events: EVENTS, advice: ADVICE },
    unknownReference: "TST0000000000000/TST0000000000000",
    retrieve,

    async create(request) {
      const { transactionId, amount, currency } = request;
      const body = toLinkRequest(request, config.locationId);
      const answer = await api.post("/v2/online-checkout/payment-links", body);
      const { payment_link: made, related_resources: related } = read(answer, created);
      if (related?.orders?.some(({ reference_id }) => reference_id !== transactionId)) {
        throw new GatewayError("unknown", "Square's link is not this transaction's");
      }
      const reference = `${made.order_id}/${made.id}`;
      const observation = { ...silence("missing", reference), status: "pending", amount, currency } as const;
      return { observation, paymentUrl: made.url };
    },

    async expire(reference) {
      const before = await retrieve(reference);
      if (before.status !== "pending") {
        return before;
      }
      await deleteLink(reference);
      const seen = await look(reference);
      const after = observe(seen, reference);
      if (!seen || after.status !== "pending") {
        return after;
      }
      const { id, location_id, version } = seen.order;
      const answer = await api.call("PUT", `/v2/orders/${id}`, {
        order: { location_id, version, state: "CANCELED" },
      });
      const closed = await retrieve(reference);
      if (closed.status === "pending") {
        // Somebody can still pay: another attempt has made this version an old one, or Square refuses.
        refuse(answer);
        throw new GatewayError("unavailable", "Square does not show yet that the order is canceled");
      }
      return closed;
    },

    refund: (reference, request) => giveBack(api, request, () => look(reference)),

    async readWebhook({ url, headers: sent, body }) {
      const signature = decodeBase64(sent.get("x-square-hmacsha256-signature"));
      const signed = new Uint8Array([...utf8(url), ...body]);
      const secret = await verifyHmac("SHA-256", config.signatureKeys, signed, [signature]);
      if (secret === null) {
        throw new GatewayError("unverified", "the webhook's signature does not verify");
      }
      const parsed = event.safeParse(parseBytes(body));
      if (!parsed.success) {
        throw new GatewayError("malformed", "the webhook is not of Square's form");
      }
      return follow(api, parsed.data, { signedAt: null, secret });
    },

    probe: (called) => signProbe(config.signatureKeys, called),

    missedEvents(since, until) {
      const tellOnce = lookOnce((orderId) => tell(api, orderId));
      const window = { since, until };
      return followEach(listEvents(api, window), window, (told) => follow(api, told, UNSIGNED, tellOnce));
    },
  };

  async function deleteLink({ reference }: GatewayReference): Promise<void> {
    const [, linkId] = reference?.split("/") ?? [];
    if (linkId) {
      const answer = await api.call("DELETE", `/v2/online-checkout/payment-links/${linkId}`);
      if (!isUnheard(answer)) {
        read(answer, z.object({ id: z.literal(linkId) }));
      }
    }
  }
}

function toLinkRequest(request: CreateRequest, locationId: string) {
  const { transactionId, orderId, amount, currency, description, customer } = request;
  const name = description ?? `Order ${orderId}`;
  return {
    idempotency_key: transactionId,
    order: {
      location_id: locationId,
      reference_id: transactionId,
      line_items: [{ name, quantity: "1", base_price_money: writeMoney(amount, currency) }],
      metadata: { transaction_id: transactionId, order_id: orderId },
    },
    // Nothing may change the sum.
    checkout_options: {
      redirect_url: request.returnUrl,
      allow_tipping: false,
      ask_for_shipping_address: false,
      enable_coupon: false,
      enable_loyalty: false,
    },
    ...(customer?.email === undefined ? {} : { pre_populated_data: { buyer_email: customer.email } }),
    payment_note: transactionId,
  };
}

export const square = defineGateway({
  id: "square",
  config: z.object({
    SQUARE_ACCESS_TOKEN: secret,
    SQUARE_LOCATION_ID: identifier,
    SQUARE_WEBHOOK_SIGNATURE_KEY: listOf(signatureKey),
    SQUARE_API_URL: z._default(baseUrl, "https://connect.squareup.com"),
  }),
  connect: (config, tools) =>
    connectSquare(
      {
        url: config.SQUARE_API_URL,
        accessToken: config.SQUARE_ACCESS_TOKEN,
        locationId: config.SQUARE_LOCATION_ID,
        signatureKeys: config.SQUARE_WEBHOOK_SIGNATURE_KEY,
      },
      tools,
    ),
});
