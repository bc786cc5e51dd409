/**
 * PayPal Orders v2: https://developer.paypal.com/docs/api/orders/v2/, https://developer.paypal.com/docs/api/payments/v2/
 * and https://developer.paypal.com/api/rest/webhooks/. Quirks:
 * - The buyer's approval moves no money: `complete` captures (or authorizes) the order, from the buyer's return, the
 *   webhook or the cron. PayPal does that once; who comes second gets 422, and looks at the order.
 * - No `expire`: PayPal cannot cancel an order, and one that nobody completes takes no money and lapses. A hold that
 *   nobody captures lapses too, after 29 days, or is voided in PayPal's dashboard.
 * - Keys of orders are remembered for 6 h, so no order lives longer; those of captures and refunds for 45 days, and a
 *   refund is looked up before it is made.
 * - No invoice_id: accounts refuse one that comes twice, and a second attempt at an order is nothing wrong.
 * - Events are hints: they tell parts (a refund without its order), and of their bytes only a CRC-32 is signed. So the
 *   order is asked, and known by its own id: whoever has the client id can make another that carries ours.
 */
import * as z from "zod/mini";
import { baseUrl, identifier, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import { followEach, lookOnce } from "./event-list.ts";
import {
  defineGateway,
  type Gateway,
  GatewayError,
  type GatewayReference,
  type Notice,
  silence,
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
import { EVENTS, type Event, eventForm, findOrderId, listEvents, toDispute } from "./paypal-event.ts";
import { toMoney } from "./paypal-money.ts";
import {
  isHeld,
  isOurs,
  isTaken,
  type Order,
  orderForm,
  ownedBy,
  readRefund,
  toObservation,
  toOrderRequest,
  toRefund,
} from "./paypal-order.ts";
import { PAYPAL_ROOTS } from "./paypal-roots.ts";
import { verifyTransmission } from "./paypal-signature.ts";
import { UNSIGNED } from "./receipt.ts";

const LIFETIME = { minMs: 1000, maxMs: 3 * 60 * 60_000 };
const ADVICE =
  "In PayPal's Developer Dashboard, under Apps & Credentials, add a webhook with the address to the app; the id that it " +
  "gets is PAYPAL_WEBHOOK_ID.";
/** Why an order cannot be taken that is taken already, or about to be. */
const TAKEN = ["ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_AUTHORIZED", "ORDER_COMPLETION_IN_PROGRESS"];

const config = z.object({
  PAYPAL_CLIENT_ID: identifier,
  PAYPAL_CLIENT_SECRET: secret,
  PAYPAL_WEBHOOK_ID: listOf(identifier),
  PAYPAL_API_URL: z._default(baseUrl, "https://api-m.paypal.com"),
});
type PayPalConfig = z.output<typeof config>;

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
    found ? toObservation(found, mode) : silence("missing", reference);

  const retrieve = async (reference: GatewayReference) => observe(await find(reference), reference);

  const follow = async (event: Event, proof = UNSIGNED, look = load): Promise<Notice[]> => {
    const orderId = await findOrderId(call, event);
    const found = orderId === null ? null : await look(orderId);
    if (!found || !isOurs(found)) {
      // Of another integration that uses the same account.
      return [];
    }
    const observation = { ...toObservation(found, mode), dispute: toDispute(event) };
    const receipt = { occurredAt: event.create_time, ...proof };
    return [{ eventId: event.id, transactionId: null, observation, receipt }];
  };

  return {
    id: "paypal",
    title: "PayPal",
    mode,
    webhook: { events: EVENTS, advice: ADVICE },
    lifetime: LIFETIME,
    unknownReference: "0TST0000000000000",
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
      // A new key each time: the same would bring back a refusal when the buyer has long chosen another instrument.
      const key = { "paypal-request-id": crypto.randomUUID() };
      const answer = await call("POST", `/v2/checkout/orders/${found.id}/${verb}`, {}, key);
      refuseUnless(answer, 404, 422);
      const after = await retrieve(reference);
      if (after.status !== "approved") {
        return after;
      }
      if (answer.status < 400 || hasIssue(answer, TAKEN)) {
        throw new GatewayError("unavailable", "the order does not show yet that it is taken");
      }
      // Refused: another instrument may do.
      return { ...after, status: "pending" };
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
        throw new GatewayError("unavailable", "the order does not show yet that it is captured");
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
      if (known !== null) {
        // It was taken: what is not shown just now is not given back once more.
        throw new GatewayError("unavailable", "PayPal does not show this refund");
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
      const proof = await verifyTransmission(webhook, settings.PAYPAL_WEBHOOK_ID, roots, tools);
      if (!proof) {
        throw new GatewayError("unverified", "the webhook's signature does not verify");
      }
      const event = eventForm.safeParse(parseBytes(webhook.body));
      if (!event.success) {
        throw new GatewayError("malformed", "the webhook is not of PayPal's form");
      }
      return follow(event.data, proof);
    },

    async *missedEvents(since, until) {
      const loadOnce = lookOnce(load);
      const window = { since, until };
      yield* followEach(await listEvents(call, window), window, (event) => follow(event, UNSIGNED, loadOnce));
    },
  };
}

export const paypal = defineGateway({
  id: "paypal",
  config,
  connect: (settings, tools) => connectPayPal(settings, tools),
});
