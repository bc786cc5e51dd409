/** What is due, claimed by leases: a claim moves the row's own clock, so that nobody else takes it meanwhile. */
import { eq, inArray, lte } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import type { Delivery } from "./deliveries.ts";
import type { RefundRow } from "./refunds.ts";
import { type Loaded, loadedColumns, toLoaded } from "./rows.ts";
import { deliveries, heartbeats, refunds, transactions } from "./schema.ts";

/** A claimed row that nobody finishes is due again at the next tick, however early that comes. */
const LEASE_MS = 50_000;

export interface Claim {
  readonly transactions: readonly Loaded[];
  readonly deliveries: readonly Delivery[];
  readonly refunds: readonly RefundRow[];
}

export function jobQueries(db: Database) {
  return {
    /**
     * Heartbeat and claims, in one round trip.
     * @param now what is due by then; the cron's time
     * @param ranAt the heartbeat's time
     * @param limit of each kind
     */
    async claimDue(now: number, ranAt: number, limit: number): Promise<Claim> {
      const until = now + LEASE_MS;
      const [, claimed, claimedDeliveries, claimedRefunds] = await run(
        db.batch([
          db
            .insert(heartbeats)
            .values({ job: "cron", ranAt })
            .onConflictDoUpdate({ target: heartbeats.job, set: { ranAt } }),
          db
            .update(transactions)
            .set({ nextCheckAt: until })
            .where(
              inArray(
                transactions.id,
                db
                  .select({ id: transactions.id })
                  .from(transactions)
                  .where(lte(transactions.nextCheckAt, now))
                  .orderBy(transactions.nextCheckAt)
                  .limit(limit),
              ),
            )
            .returning(loadedColumns),
          db
            .update(deliveries)
            .set({ nextAttemptAt: until })
            .where(
              inArray(
                deliveries.position,
                db
                  .select({ position: deliveries.position })
                  .from(deliveries)
                  .where(lte(deliveries.nextAttemptAt, now))
                  .orderBy(deliveries.nextAttemptAt)
                  .limit(limit),
              ),
            )
            .returning(),
          db
            .update(refunds)
            .set({ nextAttemptAt: until })
            .where(
              inArray(
                refunds.id,
                db
                  .select({ id: refunds.id })
                  .from(refunds)
                  .where(lte(refunds.nextAttemptAt, now))
                  .orderBy(refunds.nextAttemptAt)
                  .limit(limit),
              ),
            )
            .returning(),
        ]),
      );
      return {
        transactions: claimed.map(toLoaded),
        deliveries: claimedDeliveries,
        refunds: claimedRefunds,
      };
    },

    /** Epoch milliseconds of the cron's last tick; null when it never ran. */
    async lastTick(): Promise<number | null> {
      const [row] = await run(db.select().from(heartbeats).where(eq(heartbeats.job, "cron")));
      return row?.ranAt ?? null;
    },
  };
}
