/** What is due, claimed by leases: a claim moves the row's own clock, so that nobody else takes it meanwhile. */
import { eq, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
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
      /** The longest due first. */
      const isDue = (key: SQLiteColumn, clock: SQLiteColumn) =>
        sql`${key} IN (SELECT ${key} FROM ${key.table} WHERE ${clock} <= ${now} ORDER BY ${clock} LIMIT ${limit})`;
      const [, claimed, claimedDeliveries, claimedRefunds] = await run(
        db.batch([
          db
            .insert(heartbeats)
            .values({ job: "cron", ranAt })
            .onConflictDoUpdate({ target: heartbeats.job, set: { ranAt } }),
          db
            .update(transactions)
            .set({ nextCheckAt: until })
            .where(isDue(transactions.id, transactions.nextCheckAt))
            .returning(loadedColumns),
          db
            .update(deliveries)
            .set({ nextAttemptAt: until })
            .where(isDue(deliveries.position, deliveries.nextAttemptAt))
            .returning(),
          db
            .update(refunds)
            .set({ nextAttemptAt: until })
            .where(isDue(refunds.id, refunds.nextAttemptAt))
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
