/**
 * PayPal Orders v2: https://developer.paypal.com/docs/api/orders/v2/, https://developer.paypal.com/docs/api/payments/v2/
 * and https://developer.paypal.com/api/rest/webhooks/. Quirks:
 * - The buyer's approval moves no money: `complete` captures (or authorizes) the order, from the buyer's return, the
 *   webhook or the cron. Who comes second gets 422, and looks at the order.
 * - No `expire`: PayPal cannot cancel an order, and one that nobody completes takes no money and lapses. A hold that
 *   nobody captures lapses too, after 29 days, or is voided in PayPal's dashboard.
 * - Keys of orders are remembered for 6 h, so no order lives longer; those of captures and refunds for 45 days, and a
 *   refund is looked up before it is made.
 * - No invoice_id: accounts refuse one that comes twice, and a second attempt at an order is nothing wrong.
 * - Events are hints: they tell parts (a refund without its order), so the order is asked.
 */
import * as z from "zod";
import { baseUrl, identifier, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import {
  defineGateway,
  type Gateway,
  GatewayError,
  type GatewayReference,
  type Notice,
  type Tools,
} from "./gateway.ts";
import { parseBytes, refuse } from "./http.ts";
import {
  createPayPalCall,
  hasIssue,
  isGone,
  keyed,
  readAnswer,
  refuseUnless,
  toMode,
} from "./paypal-client.ts";
import {
  type Event,
  eventForm,
  eventPageForm,
  isOfOrder,
  resourceForm,
  resourceOf,
  toDispute,
  toOrderId,
  toParentPath,
  toTime,
} from "./paypal-event.ts";
import {
  isHeld,
  isTaken,
  type Order,
  orderForm,
  ownedBy,
  readRefund,
  toMoney,
  toObservation,
  toOrderRequest,
  toRefund,
} from "./paypal-order.ts";
import { PAYPAL_ROOTS } from "./paypal-roots.ts";
import { verifyTransmission } from "./paypal-signature.ts";

const LIFETIME = { minMs: 1000, maxMs: 3 * 60 * 60_000 };
const PAGE_SIZE = 100;
const MAX_PAGES = 100;
/** From a refund over its capture and the authorization to the order. */
const MAX_HOPS = 3;

const config = z.object({
  PAYPAL_CLIENT_ID: identifier,
  PAYPAL_CLIENT_SECRET: secret,
  PAYPAL_WEBHOOK_ID: listOf(identifier),
  PAYPAL_API_URL: baseUrl.default("https://api-m.paypal.com"),
});
export type PayPalConfig = z.output<typeof config>;

const payPage = z.url({ protocol: /^https?$/ });

/** @param roots under which PayPal's certificates are issued, DER in base64 */
export function connectPayPal(settings: PayPalConfig, tools: Tools, roots = PAYPAL_ROOTS): Gateway {
  const { PAYPAL_API_URL: url, PAYPAL_CLIENT_ID: clientId, PAYPAL_CLIENT_SECRET: clientSecret } = settings;
  const call = createPayPalCall({ url, clientId, clientSecret }, tools);
  const mode = toMode(url);

  const load = async (id: string): Promise<Order | null> => {
    const answer = await call("GET", `/v2/checkout/orders/${encodeURIComponent(id)}`);
    const found = isGone(answer) ? null : readAnswer(orderForm, answer);
    if (found && found.id !== id) {
      throw new GatewayError("unknown", "the gateway's answer is about another order");
    }
    return found;
  };

  const find = async ({ transactionId, reference }: GatewayReference): Promise<Order | null> => {
    const found = reference === null ? null : await load(reference);
    return found && ownedBy(transactionId, found);
  };

  const observe = (found: Order | null, { reference }: GatewayReference): Observation =>
    found ? toObservation(found, mode) : { ...silence(reference), status: "missing" };

  const retrieve = async (reference: GatewayReference) => observe(await find(reference), reference);

  const trace = async (event: Event): Promise<Order | null> => {
    let resource = resourceOf(event);
    for (let hops = 0; hops <= MAX_HOPS; hops += 1) {
      const orderId = toOrderId(resource);
      const parent = toParentPath(resource);
      if (orderId !== undefined || parent === undefined) {
        return orderId === undefined ? null : load(orderId);
      }
      const answer = await call("GET", parent);
      if (isGone(answer)) {
        return null;
      }
      resource = readAnswer(resourceForm, answer);
    }
    return null;
  };

  const follow = async (event: Event): Promise<Notice[]> => {
    const found = isOfOrder(event) ? await trace(event) : null;
    const { custom_id: transactionId } = found?.purchase_units[0] ?? event.resource;
    if (transactionId === undefined || !/^txn_[0-9a-z]{26}$/.test(transactionId)) {
      // Of another integration that uses the same account.
      return [];
    }
    const dispute = toDispute(event);
    const observation = found ? { ...toObservation(found, mode), dispute } : silence(null);
    return [{ eventId: event.id, transactionId, observation }];
  };

  return {
    id: "paypal",
    title: "PayPal",
    lifetime: LIFETIME,
    retrieve,

    async create(request) {
      const { transactionId } = request;
      const answer = await call("POST", "/v2/checkout/orders", toOrderRequest(request), keyed(transactionId));
      const created = ownedBy(transactionId, readAnswer(orderForm, answer));
      const page = created.links.find(({ rel }) => rel === "payer-action" || rel === "approve");
      const { data: paymentUrl } = payPage.safeParse(page?.href);
      if (paymentUrl === undefined) {
        throw new GatewayError("unknown", "the gateway's answer holds no page to pay on");
      }
      return { paymentUrl, observation: toObservation(created, mode) };
    },

    async complete(reference) {
      const found = await find(reference);
      if (found?.status !== "APPROVED") {
        return observe(found, reference);
      }
      const verb = found.intent === "AUTHORIZE" ? "authorize" : "capture";
      // A buyer who approves again, with another instrument, must not get the answer to the first try.
      const key = `${reference.transactionId}_${found.update_time.replace(/\W/g, "")}`;
      const answer = await call("POST", `/v2/checkout/orders/${found.id}/${verb}`, {}, keyed(key));
      refuseUnless(answer, 404, 422);
      if (hasIssue(answer, "ORDER_COMPLETION_IN_PROGRESS")) {
        throw new GatewayError("unavailable", "the gateway is completing the order");
      }
      // Taken by us, or before us; or refused, and then another instrument may do. The order says which.
      const after = await retrieve(reference);
      return after.status === "approved" ? { ...after, status: "pending" } : after;
    },

    async capture(reference, { amount, currency, key }) {
      const found = await find(reference);
      const seen = observe(found, reference);
      const hold = found?.purchase_units[0].payments.authorizations.findLast(isHeld);
      if (seen.status !== "authorized" || !hold) {
        return seen;
      }
      if (amount > (seen.amount ?? 0)) {
        // PayPal would take up to 115 %.
        throw new GatewayError("rejected", "more cannot be captured than is held");
      }
      const body = { amount: toMoney(amount, currency), final_capture: true };
      const answer = await call("POST", `/v2/payments/authorizations/${hold.id}/capture`, body, keyed(key));
      refuseUnless(answer, 422);
      const after = await retrieve(reference);
      if (after.status === "authorized") {
        refuse(answer);
      }
      return after;
    },

    async refund(reference, { refundId, amount, currency, reference: known }) {
      const answer =
        known === null ? null : await call("GET", `/v2/payments/refunds/${encodeURIComponent(known)}`);
      if (answer && !isGone(answer)) {
        return readRefund(answer, refundId);
      }
      const made = (await find(reference))?.purchase_units[0].payments;
      const earlier = made?.refunds.find(({ custom_id }) => custom_id === refundId);
      if (earlier) {
        return toRefund(earlier);
      }
      const capture = made?.captures.find(isTaken);
      if (!capture) {
        throw new GatewayError("rejected", "nothing was captured that could go back");
      }
      const body = { amount: toMoney(amount, currency), custom_id: refundId };
      const path = `/v2/payments/captures/${capture.id}/refund`;
      return readRefund(await call("POST", path, body, keyed(refundId)), refundId);
    },

    async readWebhook(webhook) {
      if (!(await verifyTransmission(webhook, settings.PAYPAL_WEBHOOK_ID, roots, tools))) {
        throw new GatewayError("unverified", "the webhook's signature does not verify");
      }
      const event = eventForm.safeParse(parseBytes(webhook.body));
      if (!event.success) {
        throw new GatewayError("malformed", "the webhook is not of PayPal's form");
      }
      return follow(event.data);
    },

    async *missedEvents(since) {
      const start = encodeURIComponent(`${new Date(since).toISOString().slice(0, 19)}Z`);
      let query: string | undefined = `?start_time=${start}&page_size=${PAGE_SIZE}`;
      const events: Event[] = [];
      for (let page = 0; query !== undefined; page += 1) {
        if (page === MAX_PAGES) {
          throw new GatewayError("unknown", "the gateway's list of events does not end");
        }
        const answer = await call("GET", `/v1/notifications/webhooks-events${query}`);
        const { events: listed, links } = readAnswer(eventPageForm, answer);
        events.push(...listed.filter((each) => each !== null));
        query = URL.parse(links.find(({ rel }) => rel === "next")?.href ?? "")?.search;
      }
      // Listed newest first.
      for (const event of events.reverse().sort((a, b) => toTime(a) - toTime(b))) {
        yield* await follow(event);
      }
    },
  };
}

function silence(reference: string | null): Observation {
  const money = { amount: null, currency: null, amountCaptured: null, amountRefunded: 0 };
  return { status: "unsaid", reference, ...money, failureCode: null, dispute: null, mode: null };
}

export const paypal = defineGateway({
  id: "paypal",
  config,
  connect: (settings, tools) => connectPayPal(settings, tools),
});
