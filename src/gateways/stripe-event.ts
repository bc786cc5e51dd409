/**
 * Stripe's events: which of them there are, how they are signed and listed, and what they tell by themselves.
 * https://docs.stripe.com/api/events
 */
import * as z from "zod/mini";
import type { Observation } from "../transactions/observation.ts";
import type { Listed } from "./event-list.ts";
import { GatewayError, type Probe, type RawWebhook, silence, TEST_ID } from "./gateway.ts";
import type { ApiClient } from "./http.ts";
import { type Proof, seconds } from "./receipt.ts";
import { decodeHex, signHmac, utf8, verifyHmac } from "./signature.ts";
import { readAmount } from "./stripe-amount.ts";
import { id, list, readPage } from "./stripe-api.ts";
import { metadata, ownerOf, refundForm, sessionForm, toObservation, toRefund } from "./stripe-session.ts";

const TOLERANCE_MS = 5 * 60_000;

/** What an endpoint subscribes to, and what is asked for in Stripe's list: 20 kinds at most. */
export const EVENTS = [
  ...["checkout.session.completed", "checkout.session.expired"],
  ...["checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"],
  ...["payment_intent.succeeded", "payment_intent.canceled", "payment_intent.amount_capturable_updated"],
  ...["charge.refunded", "refund.updated", "refund.failed"],
  ...["charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"],
];
/** Documented as well, of the same objects. */
export const DOCUMENTED = new Set([
  ...EVENTS,
  ...["payment_intent.created", "payment_intent.partially_funded", "payment_intent.payment_failed"],
  ...["payment_intent.processing", "payment_intent.requires_action", "refund.created"],
  ...["charge.captured", "charge.expired", "charge.failed", "charge.pending", "charge.succeeded"],
  ...["charge.updated", "charge.refund.updated"],
  ...["charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"],
]);

/** As an event holds it: without what could be expanded. */
const toldForm = z.extend(sessionForm, { payment_intent: z.nullable(z.string()) });
export const eventForm = z.lazy(() =>
  z.object({
    ...{ id, type: z.string().check(z.minLength(1), z.maxLength(255)), created: seconds },
    data: z.object({
      object: z.looseObject({
        ...{ object: z.string(), id: z.catch(z.nullish(z.string()), null), metadata },
        payment_intent: z.catch(z.nullish(id), null),
      }),
    }),
  }),
);
export type StripeEvent = z.output<typeof eventForm>;

/** Our id, and what is said of it. */
export type Told = readonly [transactionId: string, observation: Observation];

/** `t=…,v1=…`, with several v1 while a secret is rolled; other schemes count for nothing. @returns null: not signed */
export async function verifySignature(
  secrets: readonly string[],
  { headers, body }: RawWebhook,
  now: number,
): Promise<Proof | null> {
  const parts = (headers.get("stripe-signature") ?? "").split(",").map((part) => part.split("="));
  const valuesOf = (scheme: string) => parts.flatMap(([name, value]) => (name === scheme ? [value] : []));
  const [time = "", ...more] = valuesOf("t");
  const isTime = /^\d{1,12}$/.test(time) && more.length === 0;
  const signedAt = Number(time) * 1000;
  if (!isTime || Math.abs(now - signedAt) > TOLERANCE_MS) {
    return null;
  }
  const signed = new Uint8Array(await new Blob([`${time}.`, body]).arrayBuffer());
  const signatures = valuesOf("v1").map((value) => decodeHex(value));
  const secret = await verifyHmac("SHA-256", secrets, signed, signatures);
  return secret === null ? null : { signedAt, secret };
}

/** An event of nobody's, signed. @param now epoch milliseconds */
export async function signProbe([secret = ""]: readonly string[], now: number): Promise<Probe> {
  const created = Math.floor(now / 1000);
  const id = `evt_${TEST_ID}probe`;
  const object = { object: "probe", id, metadata: {} };
  const body = JSON.stringify({ id, object: "event", type: "probe", created, data: { object } });
  const mac = await signHmac("SHA-256", secret, utf8(`${created}.${body}`));
  return { headers: { "stripe-signature": `t=${created},v1=${mac.toHex()}` }, body };
}

/** What an event tells by itself: money that is taken, or that a refund of ours came to nothing. */
export function tell({ data: { object } }: StripeEvent): Told | null {
  const owner = ownerOf(object);
  if (owner !== null && object.object === "checkout.session") {
    const { data: seen } = toldForm.safeParse(object);
    if (!seen) {
      throw new GatewayError("malformed", "the event holds no session of ours");
    }
    const isTaken = seen.payment_status === "paid" && seen.metadata?.capture !== "manual";
    const isPaid = seen.status === "complete" && isTaken;
    return isPaid ? [owner, toObservation({ ...seen, payment_intent: null })] : null;
  }
  const { data: refund } = refundForm.safeParse(object.object === "refund" ? object : null);
  const refundId = refund?.metadata?.refund_id;
  if (owner === null || !refund || refundId === undefined || toRefund(refund).status !== "failed") {
    return null;
  }
  const currency = refund.currency.toUpperCase();
  const { reference, failureCode } = toRefund(refund);
  const amount = readAmount(refund.amount, currency) ?? 0;
  const news = { id: refundId, reference, amount, status: "failed", failureCode } as const;
  return [owner, { ...silence("unsaid", null), currency, refund: news }];
}

/** A kind of event that Stripe does not document. */
export function unsaid({ data: { object } }: StripeEvent): Told | null {
  const owner = ownerOf(object);
  return owner === null ? null : [owner, silence("unsaid", null)];
}

/** What endpoints were told, oldest first, whole seconds at a time. @param since epoch milliseconds, as is `until` */
export function listEvents(
  api: ApiClient,
  since: number,
  until: number,
): AsyncGenerator<Listed<StripeEvent>> {
  return listSpan(api, Math.floor(since / 1000), Math.ceil(until / 1000));
}

/** Stripe's list begins with the newest. What fills more than a page is read by halves: no more is held than a page. */
async function* listSpan(api: ApiClient, from: number, to: number): AsyncGenerator<Listed<StripeEvent>> {
  const types = EVENTS.map((type, index) => [`types[${index}]`, type]);
  const query = { "created[gte]": `${from}`, "created[lt]": `${to}`, ...Object.fromEntries(types) };
  const { data, has_more } = await readPage(api, "/events", query);
  const isMore = has_more && data.length > 0;
  if (isMore && to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    yield* listSpan(api, from, middle);
    yield* listSpan(api, middle, to);
    return;
  }
  const found = isMore ? await Array.fromAsync(list(api, "/events", query)) : data;
  for (const each of found.reverse()) {
    const { data: event } = eventForm.safeParse(each);
    yield* event && event.created !== null ? [{ event, createdAt: event.created }] : [];
  }
}
