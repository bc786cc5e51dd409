/**
 * Tells the shop of one event, once: at least once in all, with the same id and body each time. Whoever calls this
 * holds the row's lease.
 */
import type { Services } from "../services.ts";
import type { Delivery, Lease } from "../store/deliveries.ts";
import { type Fulfilled, fulfil } from "./fulfil.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** The pause after each failed attempt, at the least; after the last attempt it is a dead letter. */
const RETRY_PAUSES_MS = [
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
/** A fresh delivery is leased to the request that committed it for so long. */
export const FIRST_LEASE_MS = 30 * SECOND;

export type OwedEvent = Lease & Pick<Delivery, "transactionId" | "type" | "body" | "createdAt">;

/** The id that the shop sees, the same over all attempts: made of the transaction and the order of commit. */
export function eventId({ transactionId, position }: Pick<OwedEvent, "transactionId" | "position">): string {
  return `evt_${transactionId.slice("txn_".length)}_${position}`;
}

/** @returns null when it is no event's id */
export function parseEventId(id: string): { transactionId: string; position: number } | null {
  const [, suffix, position] = /^evt_([0-9a-z]{26})_(\d{1,15})$/.exec(id) ?? [];
  return suffix && position ? { transactionId: `txn_${suffix}`, position: Number(position) } : null;
}

/** How long it took until everybody who watches had been told, once that is known; milliseconds. */
export interface Push {
  ms: number | null;
}

/** @param push of the same change, where it is on its way beside this */
export async function sendDelivery(
  services: Services,
  event: OwedEvent,
  push?: Push,
): Promise<"delivered" | "failed"> {
  const { store, log, now, wallClock } = services;
  const id = eventId(event);
  const [at, started] = [now(), wallClock()];
  const outcome = await fulfil(services, id, event.body);
  const call = { at, durationMs: wallClock() - started, answer: outcome.answer, pushedMs: push?.ms ?? null };
  const attempt = event.attempts + 1;
  const fields = { event_id: id, transaction_id: event.transactionId, attempt };
  const count = (result: string) =>
    services.metrics.write("delivery", {
      ...{ outcome: result, answer: classOf(outcome), attempt, duration_ms: call.durationMs },
      age_ms: now() - event.createdAt,
    });
  if (outcome.delivered) {
    count("delivered");
    await store.markDelivered(event, now(), call);
    log.info("delivery.succeeded", fields);
    return "delivered";
  }
  const pauseMs = pauseAfter(attempt, outcome);
  count(pauseMs === null ? "abandoned" : "failed");
  await store.markFailed(event, pauseMs === null ? null : now() + pauseMs, call);
  const reason = outcome.answer;
  log.warn(pauseMs === null ? "delivery.abandoned" : "delivery.failed", { ...fields, reason });
  return "failed";
}

/** Of an answer's status the first digit; what a shop's Worker calls its errors is its own. */
function classOf({ answer, delivered }: Fulfilled): string {
  const [, digit] = /^HTTP (\d)\d\d$/.exec(answer) ?? [];
  return digit ? `${digit}xx` : delivered ? "taken" : "none";
}

/** Milliseconds until the next attempt; null when there is none. */
function pauseAfter(attempt: number, { gone, retryAfterMs }: Fulfilled): number | null {
  const pauseMs = RETRY_PAUSES_MS[attempt - 1];
  return gone || pauseMs === undefined
    ? null
    : Math.max(withJitter(pauseMs), Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}

function withJitter(pauseMs: number): number {
  return Math.round(pauseMs * (1 + Math.random() * JITTER));
}
