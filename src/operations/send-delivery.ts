/**
 * Tells the shop of one event, once: at least once in all, with the same id and body each time. Whoever calls this
 * holds the row's lease.
 */
import { describeError } from "../lib/log.ts";
import { parseRetryAfterMs } from "../lib/retry-after.ts";
import { signWebhook } from "../lib/standard-webhooks.ts";
import type { Services } from "../services.ts";
import type { Delivery } from "../store/deliveries.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The pause after each failed attempt, at the least; after the last attempt it is a dead letter. */
export const RETRY_PAUSES_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];
const JITTER = 0.2;
const MAX_RETRY_AFTER_MS = 24 * HOUR;
const TIMEOUT_MS = 15 * SECOND;
/** A fresh delivery is leased to the request that committed it for so long. */
export const FIRST_LEASE_MS = 30 * SECOND;

export type OwedEvent = Pick<Delivery, "position" | "transactionId" | "type" | "body" | "attempts">;

/** The id that the shop sees, the same over all attempts: made of the transaction and the order of commit. */
export function eventId({ transactionId, position }: Pick<OwedEvent, "transactionId" | "position">): string {
  return `evt_${transactionId.slice("txn_".length)}_${position}`;
}

/** @returns null when it is no event's id */
export function parseEventId(id: string): { transactionId: string; position: number } | null {
  const [, suffix, position] = /^evt_([0-9a-z]{26})_(\d{1,15})$/.exec(id) ?? [];
  return suffix && position ? { transactionId: `txn_${suffix}`, position: Number(position) } : null;
}

export async function sendDelivery(services: Services, event: OwedEvent): Promise<"delivered" | "failed"> {
  const { store, log, now } = services;
  const outcome = await post(services, event);
  const attempt = event.attempts + 1;
  const fields = { event_id: eventId(event), transaction_id: event.transactionId, attempt };
  if (outcome.delivered) {
    await store.markDelivered(event.position, now());
    log.info("delivery.succeeded", fields);
    return "delivered";
  }
  const pauseMs = RETRY_PAUSES_MS[attempt - 1];
  const dead = outcome.gone || pauseMs === undefined;
  const nextAttemptAt = dead ? null : now() + Math.max(withJitter(pauseMs), outcome.retryAfterMs);
  await store.markFailed(event.position, attempt, nextAttemptAt, outcome.reason);
  log.warn(dead ? "delivery.abandoned" : "delivery.failed", { ...fields, reason: outcome.reason });
  return "failed";
}

interface PostOutcome {
  readonly delivered: boolean;
  /** The shop wants no more of it. */
  readonly gone: boolean;
  readonly retryAfterMs: number;
  readonly reason: string;
}

async function post({ config, fetch, wallClock }: Services, event: OwedEvent): Promise<PostOutcome> {
  const failure = { delivered: false, gone: false, retryAfterMs: 0 };
  if (!config.fulfilment) {
    return { ...failure, reason: "FULFILMENT_URL is not set" };
  }
  const { url, secrets } = config.fulfilment;
  const headers = {
    "content-type": "application/json",
    "user-agent": "payment-edge",
    ...(await signWebhook(secrets, eventId(event), event.body, wallClock())),
  };
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(
      new Request(url, { method: "POST", headers, body: event.body, redirect: "manual", signal }),
    );
    await response.body?.cancel();
    const reason = `HTTP ${response.status}`;
    const askedMs = parseRetryAfterMs(response.headers.get("retry-after"), wallClock());
    return {
      delivered: response.ok,
      gone: response.status === 410,
      retryAfterMs: Math.min(askedMs ?? 0, MAX_RETRY_AFTER_MS),
      reason,
    };
  } catch (error) {
    return { ...failure, reason: describeError(error) };
  }
}

function withJitter(pauseMs: number): number {
  return Math.round(pauseMs * (1 + Math.random() * JITTER));
}
