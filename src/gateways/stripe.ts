/**
 * Stripe Checkout. https://docs.stripe.com/api/checkout/sessions, …/webhooks/signature, …/api/idempotent_requests
 * Quirks: only the merchant writes metadata, while a payment link takes its client_reference_id from the buyer's address
 * bar: ours is what has our id in its metadata. A declined attempt leaves the page open; complete and unpaid is money on
 * its way. Only a paid session's own event tells all; any other event is a hint, for refunds and disputes are told of
 * the payment alone. A key gets its first answer again for 24 hours, also a 500, and fails with another request.
 */
import * as z from "zod/mini";
import { baseUrl, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import { followEach } from "./event-list.ts";
import {
  defineGateway,
  type Gateway,
  GatewayError,
  type GatewayReference,
  type Notice,
  type RefundObservation,
  silence,
  TEST_ID,
  type Tools,
} from "./gateway.ts";
import { type ApiAnswer, keyed, parseBytes } from "./http.ts";
import { UNSIGNED } from "./receipt.ts";
import { writeAmount } from "./stripe-amount.ts";
import { connectApi, isMissing, list, pageForm, readAnswer, readPage } from "./stripe-api.ts";
import {
  DOCUMENTED,
  EVENTS,
  eventForm,
  listEvents,
  type StripeEvent,
  signProbe,
  type Told,
  tell,
  unsaid,
  verifySignature,
} from "./stripe-event.ts";
import {
  DISPUTE_STATUS,
  disputeForm,
  intentForm,
  ownedBy,
  ownerOf,
  PAYMENT,
  refundForm,
  type Session,
  sessionForm,
  toObservation,
  toRefund,
  toSessionForm,
} from "./stripe-session.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Of a page's life: for two clocks, and for a create that is repeated some minutes later, on the same terms. */
const MARGIN_MS = 10 * MINUTE_MS;
const KEY_LIFE_MS = 23 * HOUR_MS;
const ADVICE =
  "In Stripe's Workbench, under Webhooks, create an event destination of your account's snapshot events that calls the " +
  "address; its signing secret is STRIPE_WEBHOOK_SECRET.";
const createdForm = z.extend(sessionForm, { url: z.url({ protocol: /^https?$/ }) });

export const stripe = defineGateway({
  id: "stripe",
  config: z.object({
    STRIPE_SECRET_KEY: secret,
    STRIPE_WEBHOOK_SECRET: listOf(secret),
    STRIPE_API_URL: z._default(baseUrl, "https://api.stripe.com"),
  }),
  connect: (config, tools) =>
    connectStripe(config.STRIPE_API_URL, config.STRIPE_SECRET_KEY, config.STRIPE_WEBHOOK_SECRET, tools),
});

function connectStripe(url: string, key: string, secrets: readonly string[], { fetch, now }: Tools): Gateway {
  const api = connectApi(url, key, fetch);

  const find = async ({ transactionId, reference }: GatewayReference): Promise<Session | null> => {
    if (reference === null) {
      return null;
    }
    const search = new URLSearchParams({ "expand[0]": PAYMENT });
    const answer = await api.get(`/checkout/sessions/${encodeURIComponent(reference)}?${search}`);
    return isMissing(answer) ? null : ownedBy(transactionId, readAnswer(sessionForm, answer));
  };

  /** The session with what only the payment's disputes tell. @param disputed also where the charge does not say so */
  const observe = async (seen: Session, disputed = false): Promise<Observation> => {
    const { payment_intent: intent } = seen;
    if (!intent?.latest_charge || !(disputed || intent.latest_charge.disputed)) {
      return toObservation(seen);
    }
    const { data: disputes } = await readPage(api, "/disputes", { payment_intent: intent.id, limit: "1" });
    const { data: newest } = disputeForm.safeParse(disputes[0]);
    return toObservation(seen, newest ? DISPUTE_STATUS[newest.status] : null);
  };

  const retrieve = async (reference: GatewayReference): Promise<Observation> => {
    const seen = await find(reference);
    return seen ? observe(seen) : silence("missing", reference.reference);
  };

  /** @returns null for a payment that is none of our sessions' */
  const findByPayment = async (payment: string): Promise<Session | null> => {
    const query = { payment_intent: payment, limit: "1", "expand[0]": `data.${PAYMENT}` };
    const answer = await api.get(`/checkout/sessions?${new URLSearchParams(query)}`);
    const [found] = isMissing(answer) ? [] : readAnswer(pageForm, answer).data;
    return ownerOf(found) === null ? null : readAnswer(sessionForm, { status: 200, body: found });
  };

  const ask = async ({ type, data: { object } }: StripeEvent): Promise<Told | null> => {
    const owner = ownerOf(object);
    if (object.object === "checkout.session") {
      const { id: reference = null } = object;
      return owner === null ? null : [owner, await retrieve({ transactionId: owner, reference })];
    }
    // Of any payment of the account. Ours carry our id.
    const own = owner === null ? null : object.id;
    const payment = object.object === "payment_intent" ? own : object.payment_intent;
    const seen = payment ? await findByPayment(payment) : null;
    return seen && [seen.client_reference_id, await observe(seen, type.startsWith("charge.dispute."))];
  };

  const follow = async (event: StripeEvent, proof = UNSIGNED): Promise<Notice[]> => {
    const told = DOCUMENTED.has(event.type) ? (tell(event) ?? (await ask(event))) : unsaid(event);
    const receipt = { occurredAt: event.created, ...proof };
    return told ? [{ eventId: event.id, transactionId: told[0], observation: told[1], receipt }] : [];
  };

  return {
    id: "stripe",
    title: "Stripe",
    mode: toMode(key),
    webhook: { events: EVENTS, advice: ADVICE },
    lifetime: { minMs: HOUR_MS / 2 + MARGIN_MS, maxMs: 24 * HOUR_MS - MARGIN_MS },
    unknownReference: `cs_${TEST_ID}probe`,
    retrieve,

    async create(request) {
      const { transactionId } = request;
      const answer = await api.post("/checkout/sessions", toSessionForm(request), keyed(transactionId));
      const created = readAnswer(createdForm, answer);
      return { paymentUrl: created.url, observation: toObservation(ownedBy(transactionId, created)) };
    },

    async expire(reference) {
      if (reference.reference === null) {
        return silence("missing", null);
      }
      const path = `/checkout/sessions/${encodeURIComponent(reference.reference)}/expire`;
      const answer = await api.post(path, new URLSearchParams({ "expand[0]": PAYMENT }));
      if (answer.status === 400 || answer.status === 404) {
        // Over already, paid or not; or never heard of.
        const after = await retrieve(reference);
        if (after.status !== "pending") {
          return after;
        }
      }
      return toObservation(ownedBy(reference.transactionId, readAnswer(sessionForm, answer)));
    },

    async capture(reference, { amount, currency, key: captureKey }) {
      const seen = await find(reference);
      if (seen?.payment_intent?.status !== "requires_capture") {
        return seen ? observe(seen) : silence("missing", reference.reference);
      }
      const sum = { amount_to_capture: `${writeAmount(amount, currency)}` };
      const form = new URLSearchParams({ ...sum, "expand[0]": "latest_charge.refunds" });
      const path = `/payment_intents/${seen.payment_intent.id}/capture`;
      const answer = await api.post(path, form, keyed(captureKey));
      if (answer.status === 400) {
        // Too much, or somebody was first.
        const after = await retrieve(reference);
        if (after.status !== "authorized") {
          return after;
        }
      }
      return observe({ ...seen, payment_intent: readAnswer(intentForm, answer) });
    },

    async refund(reference, { refundId, amount, currency, reference: known, createdAt }) {
      if (known !== null) {
        const answer = await api.get(`/refunds/${encodeURIComponent(known)}`);
        if (answer.status >= 400) {
          // It was there: another account's key, perhaps. No word of what became of it.
          throw new GatewayError("unavailable", "Stripe does not show this refund");
        }
        return readRefund(answer, refundId);
      }
      const payment = (await find(reference))?.payment_intent?.id;
      if (payment === undefined) {
        throw new GatewayError("rejected", "there is no payment to refund");
      }
      if (now() - createdAt > KEY_LIFE_MS) {
        for await (const each of list(api, "/refunds", { payment_intent: payment })) {
          const { data } = refundForm.safeParse(each);
          if (data?.metadata?.refund_id === refundId) {
            return toRefund(data);
          }
        }
      }
      const { transactionId } = reference;
      const form = new URLSearchParams({
        ...{ payment_intent: payment, amount: `${writeAmount(amount, currency)}` },
        ...{ "metadata[transaction_id]": transactionId, "metadata[refund_id]": refundId },
      });
      return readRefund(await api.post("/refunds", form, keyed(refundId)), refundId);
    },

    async readWebhook(webhook) {
      const proof = await verifySignature(secrets, webhook, now());
      if (!proof) {
        throw new GatewayError("unverified", "the event's signature does not verify");
      }
      const parsed = eventForm.safeParse(parseBytes(webhook.body));
      if (!parsed.success) {
        throw new GatewayError("malformed", "the event is not of Stripe's form");
      }
      return follow(parsed.data, proof);
    },

    probe: () => signProbe(secrets, now()),

    missedEvents: (since, until) =>
      followEach(listEvents(api, since, until), { since, until }, (event) => follow(event)),
  };
}

/** https://docs.stripe.com/keys: secret and restricted keys say it themselves. */
function toMode(key: string): Observation["mode"] {
  const [, mode] = /^[sr]k_(live|test)_/.exec(key) ?? [];
  return mode === "live" || mode === "test" ? mode : null;
}

function readRefund(answer: ApiAnswer, refundId: string): RefundObservation {
  const seen = readAnswer(refundForm, answer);
  if (seen.metadata?.refund_id !== refundId) {
    throw new GatewayError("unknown", "Stripe's answer is about another refund");
  }
  return toRefund(seen);
}
