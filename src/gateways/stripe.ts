/**
 * Stripe Checkout. https://docs.stripe.com/api/checkout/sessions, …/webhooks/signature, …/api/idempotent_requests
 * Quirks: only the merchant writes metadata, while a payment link takes its client_reference_id from the buyer's address
 * bar: ours is what has our id in its metadata. A declined attempt leaves the page open; complete and unpaid is money on
 * its way. Only a paid session's own event tells all; any other event is a hint, for refunds and disputes are told of
 * the payment alone. A key gets its first answer again for 24 hours, also a 500, and fails with another request.
 */
import * as z from "zod";
import { baseUrl, listOf, secret } from "../lib/variables.ts";
import type { Observation } from "../transactions/observation.ts";
import {
  defineGateway,
  type Gateway,
  GatewayError,
  type GatewayReference,
  type Notice,
  type RefundObservation,
  type Tools,
} from "./gateway.ts";
import { type ApiAnswer, createApiClient, parseBytes } from "./http.ts";
import { writeAmount } from "./stripe-amount.ts";
import {
  DOCUMENTED,
  EVENTS,
  eventForm,
  isSigned,
  type StripeEvent,
  type Told,
  tell,
  unsaid,
} from "./stripe-event.ts";
import {
  DISPUTE_STATUS,
  deny,
  disputeForm,
  id,
  intentForm,
  isMissing,
  ownerOf,
  PAYMENT,
  readAnswer,
  refundForm,
  type Session,
  sessionForm,
  silence,
  toObservation,
  toRefund,
  toSessionForm,
} from "./stripe-session.ts";

const API_VERSION = "2026-10-28.endive";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Of a page's life: for two clocks, and for a create that is repeated some minutes later, on the same terms. */
const MARGIN_MS = 10 * MINUTE_MS;
const KEY_LIFE_MS = 23 * HOUR_MS;
const MAX_PAGES = 100;
const createdForm = sessionForm.extend({ url: z.url({ protocol: /^https?$/ }) });
const listForm = z.object({ data: z.array(z.looseObject({ id })), has_more: z.boolean() });

export const stripe = defineGateway({
  id: "stripe",
  config: z.object({
    STRIPE_SECRET_KEY: secret,
    STRIPE_WEBHOOK_SECRET: listOf(secret),
    STRIPE_API_URL: baseUrl.default("https://api.stripe.com"),
  }),
  connect: (config, tools) =>
    connectStripe(config.STRIPE_API_URL, config.STRIPE_SECRET_KEY, config.STRIPE_WEBHOOK_SECRET, tools),
});

function connectStripe(url: string, key: string, secrets: readonly string[], { fetch, now }: Tools): Gateway {
  const headers = { authorization: `Bearer ${key}`, "stripe-version": API_VERSION };
  const api = createApiClient(`${url}/v1`, headers, fetch);

  async function* list(
    path: string,
    query: Readonly<Record<string, string>>,
  ): AsyncGenerator<{ id: string }> {
    let after = {};
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const search = new URLSearchParams({ ...query, limit: "100", ...after });
      const { data, has_more } = readAnswer(listForm, await api.get(`${path}?${search}`));
      yield* data;
      const last = data.at(-1);
      if (!has_more || !last) {
        return;
      }
      after = { starting_after: last.id };
    }
    throw new GatewayError("unknown", "Stripe's list does not end");
  }

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
    for await (const newest of list("/disputes", { payment_intent: intent.id })) {
      const { data } = disputeForm.safeParse(newest);
      return toObservation(seen, data ? DISPUTE_STATUS[data.status] : null);
    }
    return toObservation(seen);
  };

  const retrieve = async (reference: GatewayReference, disputed = false): Promise<Observation> => {
    const seen = await find(reference);
    return seen ? observe(seen, disputed) : silence(reference.reference, "missing");
  };

  /** @returns null for a payment that is none of our sessions' */
  const findByPayment = async (payment: string): Promise<Session | null> => {
    const query = { payment_intent: payment, limit: "1", "expand[0]": `data.${PAYMENT}` };
    const answer = await api.get(`/checkout/sessions?${new URLSearchParams(query)}`);
    const [found] = isMissing(answer) ? [] : readAnswer(listForm, answer).data;
    const owner = ownerOf(found);
    return owner === null ? null : ownedBy(owner, readAnswer(sessionForm, { status: 200, body: found }));
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

  const follow = async (event: StripeEvent, look = ask): Promise<Notice[]> => {
    const told = DOCUMENTED.has(event.type) ? (tell(event) ?? (await look(event))) : unsaid(event);
    return told ? [{ eventId: event.id, transactionId: told[0], observation: told[1] }] : [];
  };

  return {
    id: "stripe",
    title: "Stripe",
    lifetime: { minMs: HOUR_MS / 2 + MARGIN_MS, maxMs: 24 * HOUR_MS - MARGIN_MS },
    retrieve,

    async create(request) {
      const { transactionId } = request;
      const answer = await api.post("/checkout/sessions", toSessionForm(request), keyed(transactionId));
      const created = readAnswer(createdForm, answer);
      return { paymentUrl: created.url, observation: toObservation(ownedBy(transactionId, created)) };
    },

    async expire(reference) {
      if (reference.reference === null) {
        return silence(null, "missing");
      }
      const path = `/checkout/sessions/${encodeURIComponent(reference.reference)}/expire`;
      const answer = await api.post(path, new URLSearchParams({ "expand[0]": PAYMENT }));
      if (answer.status === 400 || answer.status === 404) {
        // Over already, paid or not; or never heard of.
        const after = await retrieve(reference);
        return after.status === "pending" ? refuseWith(answer) : after;
      }
      return toObservation(ownedBy(reference.transactionId, readAnswer(sessionForm, answer)));
    },

    async capture(reference, { amount, currency, key: captureKey }) {
      const seen = await find(reference);
      const before = seen ? await observe(seen) : silence(reference.reference, "missing");
      if (before.status !== "authorized" || !seen?.payment_intent) {
        return before;
      }
      const sum = { amount_to_capture: `${writeAmount(amount, currency)}` };
      const form = new URLSearchParams({ ...sum, "expand[0]": "latest_charge.refunds" });
      const path = `/payment_intents/${seen.payment_intent.id}/capture`;
      const answer = await api.post(path, form, keyed(captureKey));
      if (answer.status === 400) {
        // Too much, or somebody was first.
        const after = await retrieve(reference);
        return after.status === "authorized" ? refuseWith(answer) : after;
      }
      return observe({ ...seen, payment_intent: readAnswer(intentForm, answer) });
    },

    async refund(reference, { refundId, amount, currency, reference: known, createdAt }) {
      if (known !== null) {
        return readRefund(await api.get(`/refunds/${encodeURIComponent(known)}`), refundId);
      }
      const payment = (await find(reference))?.payment_intent?.id;
      if (payment === undefined) {
        throw new GatewayError("rejected", "there is no payment to refund");
      }
      if (now() - createdAt > KEY_LIFE_MS) {
        for await (const each of list("/refunds", { payment_intent: payment })) {
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
      if (!(await isSigned(secrets, webhook, now()))) {
        throw new GatewayError("unverified", "the event's signature does not verify");
      }
      const parsed = eventForm.safeParse(parseBytes(webhook.body));
      if (!parsed.success) {
        throw new GatewayError("malformed", "the event is not of Stripe's form");
      }
      return follow(parsed.data);
    },

    async *missedEvents(since) {
      const types = EVENTS.map((type, index) => [`types[${index}]`, type]);
      const query = { "created[gte]": `${Math.floor(since / 1000)}`, ...Object.fromEntries(types) };
      const events: StripeEvent[] = [];
      for await (const each of list("/events", query)) {
        const { data } = eventForm.safeParse(each);
        events.push(...(data ? [data] : []));
      }
      // Several events of one payment are answered by one look.
      const looks = new Map<unknown, Promise<Told | null>>();
      const look = (event: StripeEvent) => {
        const { object, payment_intent: payment, id: own } = event.data.object;
        const place = `${payment ?? own} ${object === "dispute"}`;
        const seen = looks.get(place) ?? ask(event);
        looks.set(place, seen);
        return seen;
      };
      // Listed newest first.
      for (const event of events.reverse()) {
        yield* await follow(event, look);
      }
    },
  };
}

const keyed = (key: string) => ({ "idempotency-key": key });

/** @throws GatewayError for a session of another transaction */
function ownedBy<T extends Session>(transactionId: string, seen: T): T {
  if (ownerOf(seen) !== transactionId || seen.client_reference_id !== transactionId) {
    throw new GatewayError("unknown", "Stripe's answer is about another transaction");
  }
  return seen;
}

/** @throws GatewayError always */
function refuseWith(answer: ApiAnswer): never {
  deny(answer);
  throw new GatewayError("unknown", "Stripe's answer is no refusal");
}

function readRefund(answer: ApiAnswer, refundId: string): RefundObservation {
  const seen = readAnswer(refundForm, answer);
  if (seen.metadata?.refund_id !== refundId) {
    throw new GatewayError("unknown", "Stripe's answer is about another refund");
  }
  return toRefund(seen);
}
