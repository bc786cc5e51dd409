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
import * as z from "zod";
import { baseUrl, identifier, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import {
  type CreateRequest,
  defineGateway,
  type Gateway,
  GatewayError,
  type GatewayReference,
  type RefundRequest,
  type Tools,
} from "./gateway.ts";
import { type ApiAnswer, createApiClient, parseBytes, refuse } from "./http.ts";
import { decodeBase64, utf8, verifyHmac } from "./signature.ts";
import { codesOf, isUnheard, read, see } from "./square-api.ts";
import { event, follow, followAll } from "./square-event.ts";
import {
  back,
  link,
  missing,
  type Order,
  order,
  type Payment,
  type Refund,
  refund,
  type Seen,
  sum,
  toObservation,
  toRefundObservation,
  writeMoney,
} from "./square-order.ts";

const VERSION = "2026-09-16";

/** Square gives keys of 22 characters too, which are 128 random bits in base64url: below the length of other secrets. */
const signatureKey = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{22,255}$/, {
    error: "must be a subscription's signature key, of 22 characters at least",
  })
  .refine((value) => !value.startsWith("replace-me"), { error: "is still a placeholder" });

const created = z.object({
  payment_link: link,
  related_resources: z.object({ orders: z.array(order).optional() }).optional(),
});

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
    const seen = orderId ? await see(api, orderId) : null;
    if (seen && seen.order.reference_id !== transactionId) {
      throw new GatewayError("unknown", "Square's order is not this transaction's");
    }
    return seen;
  }

  const retrieve = async (reference: GatewayReference): Promise<Observation> => {
    const seen = await look(reference);
    return seen ? toObservation(seen, reference.reference) : missing(reference.reference);
  };

  return {
    id: "square",
    title: "Square",
    retrieve,

    async create(request) {
      const { transactionId, amount, currency } = request;
      const body = toLinkRequest(request, config.locationId);
      const answer = await api.post("/v2/online-checkout/payment-links", body);
      const { payment_link: made, related_resources: related } = read(answer, created);
      if (related?.orders?.some(({ reference_id }) => reference_id !== transactionId)) {
        throw new GatewayError("unknown", "Square's link is not this transaction's");
      }
      const nothing = missing(`${made.order_id}/${made.id}`);
      return { observation: { ...nothing, status: "pending", amount, currency }, paymentUrl: made.url };
    },

    async expire(reference) {
      const seen = await retrieve(reference);
      return seen.status === "pending" ? close(reference) : seen;
    },

    async refund(reference, request) {
      return toRefundObservation(await findRefund(reference, request));
    },

    async readWebhook({ url, headers: sent, body }) {
      const signature = decodeBase64(sent.get("x-square-hmacsha256-signature"));
      const signed = new Uint8Array([...utf8(url), ...body]);
      if (!(await verifyHmac("SHA-256", config.signatureKeys, signed, [signature]))) {
        throw new GatewayError("unverified", "the webhook's signature does not verify");
      }
      const parsed = event.safeParse(parseBytes(body));
      if (!parsed.success) {
        throw new GatewayError("malformed", "the webhook is not of Square's form");
      }
      return follow(api, parsed.data, (orderId) => see(api, orderId));
    },

    missedEvents: (since) => followAll(api, since),
  };

  async function close(reference: GatewayReference): Promise<Observation> {
    const [, linkId] = reference.reference?.split("/") ?? [];
    if (linkId) {
      const answer = await api.call("DELETE", `/v2/online-checkout/payment-links/${linkId}`);
      if (!isUnheard(answer)) {
        read(answer, z.object({ id: z.literal(linkId) }));
      }
    }
    const seen = await look(reference);
    if (seen && toObservation(seen, null).status === "pending") {
      await cancelOrder(seen.order);
    }
    return retrieve(reference);
  }

  /** What it comes to, the next look tells: a payment that was quicker makes this version an old one. */
  async function cancelOrder({ id, location_id, version }: Order): Promise<void> {
    const body = { order: { location_id, version, state: "CANCELED" } };
    const answer = await api.call("PUT", `/v2/orders/${id}`, body);
    if (![400, 404, 409].includes(answer.status)) {
      refuse(answer);
    }
  }

  async function findRefund(reference: GatewayReference, request: RefundRequest): Promise<Refund> {
    const { refundId, amount, currency } = request;
    if (request.reference !== null) {
      return readRefund(await api.get(`/v2/refunds/${encodeURIComponent(request.reference)}`), request);
    }
    const seen = await look(reference);
    const known = seen?.refunds.find(({ reason }) => reason === refundId);
    if (known) {
      return checkRefund(known, request);
    }
    const source = seen && payable(seen, amount);
    if (!source) {
      throw new GatewayError("rejected", "there is no payment to give back");
    }
    const body = {
      idempotency_key: refundId,
      payment_id: source.id,
      amount_money: writeMoney(amount, currency),
      reason: refundId,
    };
    return readRefund(await api.post("/v2/refunds", body), request, source.id);
  }
}

/** A payment that has as much left, where several paid the order; else the one with which Square refuses. */
function payable({ payments, refunds }: Seen, amount: number): Payment | undefined {
  const taken = payments.filter(({ status }) => status === "COMPLETED");
  const left = ({ id, total_money: { amount: all, currency } }: Payment) => {
    const gone = refunds.filter((each) => each.payment_id === id && !isVain(each));
    return all - sum(gone.map(back), currency);
  };
  return taken.find((each) => left(each) >= amount) ?? taken[0];
}

const isVain = ({ status }: Refund) => status === "REJECTED" || status === "FAILED";

function readRefund(answer: ApiAnswer, request: RefundRequest, paymentId?: string): Refund {
  const codes = codesOf(answer);
  if (codes.includes("REFUND_ALREADY_PENDING")) {
    throw new GatewayError("unavailable", "another refund of this payment is under way");
  }
  if (codes.includes("IDEMPOTENCY_KEY_REUSED") || isUnheard(answer)) {
    throw new GatewayError("unknown", "Square knows this refund otherwise than we do");
  }
  return checkRefund(read(answer, z.object({ refund })).refund, request, paymentId);
}

function checkRefund(found: Refund, { amount, currency }: RefundRequest, paymentId?: string): Refund {
  const { amount: sent, currency: of } = found.amount_money;
  if (sent !== amount || of !== currency || (paymentId && found.payment_id !== paymentId)) {
    throw new GatewayError("unknown", "Square's answer is not this refund's state");
  }
  return found;
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
    SQUARE_API_URL: baseUrl.default("https://connect.squareup.com"),
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
