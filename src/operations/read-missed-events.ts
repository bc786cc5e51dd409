/**
 * After an outage of ours: what a gateway told to nobody is read from its own list of events, oldest first, window by
 * window. Each item goes the way of a webhook, so one that came through after all is a duplicate.
 */
import { GatewayError, type MissedEvent } from "../gateways/gateway.ts";
import { describeError } from "../lib/log.ts";
import type { Services } from "../services.ts";
import type { Missed } from "../store/jobs.ts";
import { StoreError } from "../store/store-error.ts";
import { OperationError } from "./operation-error.ts";
import { applyNotice } from "./receive-webhook.ts";

/** So short that no list of one is long. */
const WINDOW_MS = 10 * 60_000;
/** No gateway lists older ones for certain: Square's go after 28 days. */
const LISTED_MS = 28 * 24 * 60 * 60_000;

/** How many were read, what of them failed, and what changed something. */
interface MissedCounts {
  missed: number;
  failed: number;
  changes: number;
}

/**
 * Reads on as long as there is a budget. How far it came is kept, whatever happens, and the next tick goes on from
 * there. A gateway that refuses to show its list is not asked again.
 */
export async function readMissedEvents(
  services: Services,
  { gateway: id, since }: Missed,
  counts: MissedCounts,
  hasBudget: () => boolean,
): Promise<void> {
  const { store, log, wallClock } = services;
  const gateway = services.gateways.get(id);
  if (!gateway?.missedEvents) {
    return;
  }
  const end = wallClock();
  let from = Math.max(since, end - LISTED_MS);
  let place: number | null = from;
  /** Where one got no answer now and at the tick before: passed over once another one gets one. */
  let doubtful: number | null = null;
  try {
    for (let until = from; from < end && hasBudget(); from = until) {
      until = Math.min(from + WINDOW_MS, end);
      for await (const event of gateway.missedEvents(from, until)) {
        place = doubtful ?? event.createdAt;
        if (!hasBudget()) {
          return;
        }
        const isAnswered = await readOne(services, id, event, event.createdAt === since, counts);
        doubtful = isAnswered ? null : place;
      }
      place = doubtful ?? until;
    }
    place = from < end ? place : doubtful;
  } catch (error) {
    const isRefused = error instanceof GatewayError && error.kind === "rejected";
    log[isRefused ? "error" : "warn"]("gateway.events_unread", { gateway: id, error: describeError(error) });
    place = isRefused ? null : place;
  } finally {
    await store.moveMissed(id, place);
  }
}

/**
 * One that the gateway refuses to explain, or that nobody can read, hides no other.
 * @param again the tick before stopped here already
 * @returns whether the gateway answered
 * @throws what may be over at the next tick
 */
async function readOne(
  services: Services,
  gateway: string,
  { read }: MissedEvent,
  again: boolean,
  counts: MissedCounts,
): Promise<boolean> {
  counts.missed += 1;
  try {
    for (const notice of await read()) {
      const outcome = await applyNotice(services, gateway, notice);
      counts.changes += outcome === "applied" ? 1 : 0;
    }
    return true;
  } catch (error) {
    const isUnanswered = error instanceof GatewayError && error.kind === "unknown";
    if (isUnanswered ? !again : isFleeting(error)) {
      throw error;
    }
    counts.failed += 1;
    services.log.error("job.failed", { gateway, error: describeError(error) });
    return !isUnanswered;
  }
}

function isFleeting(error: unknown): boolean {
  const isAway = error instanceof GatewayError && error.kind === "unavailable";
  return isAway || error instanceof StoreError || error instanceof OperationError;
}
