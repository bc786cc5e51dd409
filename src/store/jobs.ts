/** What is due, claimed by leases: a claim moves the row's own clock, so that nobody else takes it meanwhile. */
import { eq, inArray, lte } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import type { Delivery } from "./deliveries.ts";
import { deliveries, heartbeats, transactions } from "./schema.ts";

/** A claimed row that nobody finishes is due again at the next tick, however early that comes. */
const LEASE_MS = 50_000;

export interface Claim {
  readonly transactionIds: readonly string[];
  readonly deliveries: readonly Delivery[];
}

export function jobQueries(db: Database) {
  return {
    /**
     * Heartbeat and all claims of a tick, in one round trip.
     * @param now what is due by then; the cron's time
     * @param ranAt the heartbeat's time
     */
    async claimDue(now: number, ranAt: number, limit: number): Promise<Claim> {
      const due = db
        .select({ id: transactions.id })
        .from(transactions)
        .where(lte(transactions.nextCheckAt, now))
        .orderBy(transactions.nextCheckAt)
        .limit(limit);
      const owed = db
        .select({ position: deliveries.position })
        .from(deliveries)
        .where(lte(deliveries.nextAttemptAt, now))
        .orderBy(deliveries.nextAttemptAt)
        .limit(limit);
      const [, claimed, claimedDeliveries] = await run(
        db.batch([
          db
            .insert(heartbeats)
            .values({ job: "cron", ranAt })
            .onConflictDoUpdate({ target: heartbeats.job, set: { ranAt } }),
          db
            .update(transactions)
            .set({ nextCheckAt: now + LEASE_MS })
            .where(inArray(transactions.id, due))
            .returning({ id: transactions.id }),
          db
            .update(deliveries)
            .set({ nextAttemptAt: now + LEASE_MS })
            .where(inArray(deliveries.position, owed))
            .returning(),
        ]),
      );
      return { transactionIds: claimed.map(({ id }) => id), deliveries: claimedDeliveries };
    },

    /** Epoch milliseconds of the cron's last tick; null when it never ran. */
    async lastTick(): Promise<number | null> {
      const [row] = await run(db.select().from(heartbeats).where(eq(heartbeats.job, "cron")));
      return row?.ranAt ?? null;
    },
  };
}
