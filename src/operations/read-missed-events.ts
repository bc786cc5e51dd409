/**
 * After an outage of ours: what a gateway told to nobody is read from its own list of events, oldest first, hour by
 * hour. Each item goes the way of a webhook, so one that came through after all is a duplicate.
 */
import { GatewayError } from "../gateways/gateway.ts";
import { describeError } from "../lib/log.ts";
import type { Services } from "../services.ts";
import type { Missed } from "../store/jobs.ts";
import { StoreError } from "../store/store-error.ts";
import { OperationError } from "./operation-error.ts";
import { applyNotice } from "./receive-webhook.ts";

const WINDOW_MS = 60 * 60_000;
/** No gateway lists older ones for certain: Square's go after 28 days. */
const LISTED_MS = 28 * 24 * 60 * 60_000;

/** How many were read, what of them failed, and what changed something. */
export interface MissedCounts {
  missed: number;
  failed: number;
  changes: number;
}

/**
 * Reads on as long as there is a budget. How far it came is kept, and the next tick goes on from there; so it does after
 * a gateway or D1 did not answer. A gateway that says no is not asked again.
 */
export async function readMissedEvents(
  services: Services,
  { gateway, since }: Missed,
  counts: MissedCounts,
  hasBudget: () => boolean,
): Promise<void> {
  const { store, log, wallClock } = services;
  try {
    const end = wallClock();
    let from: number | null = Math.max(since, end - LISTED_MS);
    while (from !== null && hasBudget()) {
      from = await readWindow(services, gateway, from, end, counts, hasBudget);
      await store.moveMissed(gateway, from);
    }
  } catch (error) {
    log.warn("gateway.events_unread", { gateway, error: describeError(error) });
    if (error instanceof GatewayError && error.kind === "rejected") {
      await store.moveMissed(gateway, null);
    }
  }
}

/** @returns from where to go on; null: that was the last window */
async function readWindow(
  services: Services,
  id: string,
  since: number,
  end: number,
  counts: MissedCounts,
  hasBudget: () => boolean,
): Promise<number | null> {
  const until = Math.min(since + WINDOW_MS, end);
  for await (const { createdAt, ...notice } of services.gateways.get(id)?.missedEvents?.(since, until) ??
    []) {
    if (!hasBudget()) {
      return createdAt;
    }
    counts.missed += 1;
    try {
      const outcome = await applyNotice(services, id, notice);
      counts.changes += outcome === "applied" ? 1 : 0;
    } catch (error) {
      if (error instanceof StoreError || error instanceof OperationError) {
        await services.store.moveMissed(id, createdAt);
        throw error;
      }
      counts.failed += 1;
      services.log.error("job.failed", {
        gateway: id,
        event_id: notice.eventId,
        error: describeError(error),
      });
    }
  }
  return until === end ? null : until;
}
