/**
 * Razorpay payment links. https://razorpay.com/docs/api/payments/payment-links, …/api/orders/fetch-payments,
 * …/api/refunds, …/docs/webhooks/payment-links, …/docs/webhooks/validate-test
 * Quirks: a repeated create is refused, for our id is the link's unique reference_id, and looked up. A link's payments
 * are those of its order, which it gets when somebody begins to pay; captures are the account's setting. A payment that
 * failed may still be authorised for three days, also after the link's end. Refunds are told by our id in their notes,
 * and `amount_refunded` counts unfinished ones: only processed ones do here. No missed events can be listed. A webhook's
 * id is in a header that nobody signs: whoever replayed an old body under another event's id could suppress that one, so
 * the id is composed of what is signed. An endpoint that fails for 24 h is switched off: what is not ours is no error.
 */
import * as z from "zod/mini";
import { baseUrl, identifier, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import {
  type CreateRequest,
  defineGateway,
  GatewayError,
  type GatewayReference,
  isOurId,
  type Notice,
  type RefundObservation,
  type RefundRequest,
  silence,
} from "./gateway.ts";
import { type ApiClient, createApiClient, refuse } from "./http.ts";
import { find, findByPayment, listPayments, listRefunds, search } from "./razorpay-api.ts";
import { EVENTS, type RazorpayEvent, readEvent, readWhole, signProbe } from "./razorpay-event.ts";
import {
  countedOf,
  type Link,
  link,
  read,
  refund,
  says,
  toObservation,
  toRefund,
  writeAmount,
} from "./razorpay-link.ts";
import { decodeHex, utf8, verifyHmac } from "./signature.ts";

const ADVICE =
  "In Razorpay's Dashboard, under Accounts & Settings, Webhooks, add a webhook with the address, these events and a " +
  "secret of your own, which is RAZORPAY_WEBHOOK_SECRET.";
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export const razorpay = defineGateway({
  id: "razorpay",
  config: z.object({
    RAZORPAY_KEY_ID: identifier,
    RAZORPAY_KEY_SECRET: secret,
    RAZORPAY_WEBHOOK_SECRET: listOf(secret),
    RAZORPAY_API_URL: z._default(baseUrl, "https://api.razorpay.com"),
  }),

  connect(config, { fetch }) {
    const { RAZORPAY_KEY_ID: keyId, RAZORPAY_KEY_SECRET: keySecret } = config;
    const authorization = `Basic ${utf8(`${keyId}:${keySecret}`).toBase64()}`;
    const api = createApiClient(config.RAZORPAY_API_URL, { authorization }, fetch);
    const mode = toMode(keyId);

    const observe = async (seen: Link): Promise<Observation> => {
      const all = await listPayments(api, seen);
      const touched = countedOf(all).filter((one) => one.amount_refunded !== 0);
      return toObservation(seen, all, await listRefunds(api, touched), mode);
    };

    const retrieve = async (reference: GatewayReference): Promise<Observation> => {
      const seen = await find(api, reference);
      return seen ? observe(seen) : silence("missing", reference.reference);
    };

    /** What Razorpay says now of what an event is about; null for what is none of ours. */
    const ask = async ({ transactionId, reference, payment }: RazorpayEvent) => {
      if (transactionId) {
        return { transactionId, observation: await retrieve({ transactionId, reference }) };
      }
      // Notes do not always go along from a link to its payments.
      const seen = payment && (await findByPayment(api, payment));
      return seen && isOurId(seen.reference_id)
        ? { transactionId: seen.reference_id, observation: await observe(seen) }
        : null;
    };

    return {
      id: "razorpay",
      title: "Razorpay",
      mode,
      webhook: { events: EVENTS, advice: ADVICE },
      // It takes 15 minutes to six months; its clock, and a repeated call, take some of that.
      lifetime: { minMs: 17 * MINUTE_MS, maxMs: 180 * DAY_MS },
      retrieve,

      async create(request) {
        const seen = await open(api, request);
        return { paymentUrl: seen.short_url, observation: await observe(seen) };
      },

      async expire(reference) {
        const seen = await find(api, reference);
        if (seen?.status !== "created") {
          return seen ? observe(seen) : silence("missing", reference.reference);
        }
        const answer = await api.post(`/v1/payment_links/${seen.id}/cancel`, undefined);
        const after = await retrieve({ ...reference, reference: seen.id });
        if (after.status === "pending") {
          // Its page is still open.
          refuse(answer);
          throw new GatewayError("unavailable", "Razorpay does not show yet that the link is cancelled");
        }
        return after;
      },

      refund: (reference, request) => giveBack(api, reference, request),

      async readWebhook({ headers, body }) {
        const signature = decodeHex(headers.get("x-razorpay-signature"));
        const secret = await verifyHmac("SHA-256", config.RAZORPAY_WEBHOOK_SECRET, body, [signature]);
        if (secret === null) {
          throw new GatewayError("unverified", "the webhook's signature does not verify");
        }
        const event = readEvent(body);
        const { id: eventId, news, transactionId, reference, occurredAt } = event;
        const receipt = { occurredAt, signedAt: null, secret };
        if (news === "unknown") {
          const observation = silence("unsaid", reference);
          return transactionId ? [{ eventId, transactionId, observation, receipt }] : [];
        }
        const told = news === "whole" && transactionId ? readWhole(event.payload, mode) : null;
        const known = told ? { transactionId, observation: told } : await ask(event);
        return known ? [{ eventId, ...withDispute(known, news), receipt }] : [];
      },

      probe: () => signProbe(config.RAZORPAY_WEBHOOK_SECRET),
    };
  },
});

/** @throws GatewayError */
async function open(api: ApiClient, request: CreateRequest): Promise<Link & { short_url: string }> {
  const { transactionId, amount, currency } = request;
  const answer = await api.post("/v1/payment_links", toLinkRequest(request));
  // Whatever is wrong with a repeated call, such as an end that has come too near: the first may have opened one.
  const known = answer.status === 400 ? await search(api, transactionId) : null;
  if (!known && says(answer, "already attempted")) {
    throw new GatewayError("unavailable", "Razorpay does not show the link yet that it has");
  }
  const seen = known ?? read(link, answer);
  const { short_url } = seen;
  if (seen.reference_id !== transactionId || short_url === undefined) {
    throw new GatewayError("unknown", "Razorpay's answer is not this transaction's link");
  }
  if (seen.amount !== amount || seen.currency !== currency) {
    throw new GatewayError(known ? "rejected" : "unknown", "Razorpay's link asks for another sum");
  }
  return { ...seen, short_url };
}

/** Nothing of the buyer's: the page asks for what it needs. */
export function toLinkRequest(request: CreateRequest) {
  const { transactionId, amount, currency, description } = request;
  return {
    amount: writeAmount(amount, currency),
    currency,
    reference_id: transactionId,
    ...(description === null ? {} : { description }),
    accept_partial: false,
    expire_by: Math.floor(request.expiresAt / 1000),
    notify: { sms: false, email: false },
    reminder_enable: false,
    notes: { transaction_id: transactionId, order_id: request.orderId },
    callback_url: request.returnUrl,
    callback_method: "get",
  };
}

async function giveBack(
  api: ApiClient,
  reference: GatewayReference,
  { refundId, amount, currency }: RefundRequest,
): Promise<RefundObservation> {
  const seen = await find(api, reference);
  const captured = seen ? (await listPayments(api, seen)).filter((one) => one.captured) : [];
  const known = (await listRefunds(api, captured)).find((one) => one.notes?.refund_id === refundId);
  if (known) {
    return toRefund(known);
  }
  const [paid] = countedOf(captured);
  if (!paid || seen?.currency !== currency) {
    throw new GatewayError("rejected", "Razorpay knows no such payment to give back");
  }
  const path = `/v1/payments/${paid.id}/refund`;
  const answer = await api.post(path, toRefundRequest(refundId, amount, currency), {
    "x-refund-idempotency": refundId,
  });
  const done = read(refund, answer);
  if (done.payment_id !== paid.id || done.amount !== amount || done.notes?.refund_id !== refundId) {
    throw new GatewayError("unknown", "Razorpay's answer is about another refund");
  }
  return toRefund(done);
}

export function toRefundRequest(refundId: string, amount: number, currency: string) {
  return {
    amount: writeAmount(amount, currency),
    speed: "normal" as const,
    notes: { refund_id: refundId },
  };
}

type Told = Pick<Notice, "transactionId" | "observation">;

function withDispute(known: Told, news: RazorpayEvent["news"]): Told {
  return news === "open" || news === "won" || news === "lost"
    ? { ...known, observation: { ...known.observation, dispute: news } }
    : known;
}

function toMode(keyId: string): Observation["mode"] {
  if (keyId.startsWith("rzp_live_")) {
    return "live";
  }
  return keyId.startsWith("rzp_test_") ? "test" : null;
}
