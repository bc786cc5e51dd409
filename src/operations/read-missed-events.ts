/**
 * After an outage of ours: what a gateway told to nobody is read from its own list of events, oldest first, window by
 * window. Each item goes the way of a webhook, so one that came through after all is a duplicate.
 */
import { type Gateway, GatewayError, type MissedEvent } from "../gateways/gateway.ts";
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
export interface MissedCounts {
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
  const end = wallClock();
  let place: number | null = Math.max(since, end - LISTED_MS);
  try {
    while (place !== null && hasBudget()) {
      const until: number = Math.min(place + WINDOW_MS, end);
      for await (const event of listOf(gateway, place, until)) {
        place = event.createdAt;
        if (!hasBudget()) {
          return;
        }
        await readOne(services, id, event, since, counts);
      }
      place = until === end ? null : until;
    }
  } catch (error) {
    log.warn("gateway.events_unread", { gateway: id, error: describeError(error) });
    place = error instanceof GatewayError && error.kind === "rejected" ? null : place;
  } finally {
    await store.moveMissed(id, place);
  }
}

function listOf(gateway: Gateway | undefined, since: number, until: number) {
  return gateway?.missedEvents?.(since, until) ?? [];
}

/**
 * One that the gateway refuses to explain, or that nobody can read, hides no other. So does one without an answer, when
 * the tick before stopped at it already.
 * @throws what may be over at the next tick
 */
async function readOne(
  services: Services,
  gateway: string,
  { createdAt, read }: MissedEvent,
  since: number,
  counts: MissedCounts,
): Promise<void> {
  counts.missed += 1;
  try {
    for (const notice of await read()) {
      const outcome = await applyNotice(services, gateway, notice);
      counts.changes += outcome === "applied" ? 1 : 0;
    }
  } catch (error) {
    if (isFleeting(error, createdAt === since)) {
      throw error;
    }
    counts.failed += 1;
    services.log.error("job.failed", { gateway, error: describeError(error) });
  }
}

function isFleeting(error: unknown, again: boolean): boolean {
  if (error instanceof GatewayError) {
    return error.kind === "unavailable" || (error.kind === "unknown" && !again);
  }
  return error instanceof StoreError || error instanceof OperationError;
}
