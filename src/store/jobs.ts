/** What is due, claimed by leases: a claim moves the row's own clock, so that nobody else takes it meanwhile. */
import { eq, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { type Database, run } from "./database.ts";
import type { Delivery } from "./deliveries.ts";
import type { RefundRow } from "./refunds.ts";
import { type Loaded, loadedColumns, toLoaded } from "./rows.ts";
import { deliveries, heartbeats, missedEvents, refunds, transactions } from "./schema.ts";
import { selectWaiting, type Waiting } from "./waiting.ts";

/** A claimed row that nobody finishes is due again at the next tick, however early that comes. */
const LEASE_MS = 50_000;
/** A cron that was silent for longer has been down, or D1 has: what gateways told meanwhile is lost. */
const OUTAGE_MS = 5 * 60_000;
/** What was told just before may have been on its way. */
const MARGIN_MS = 10 * 60_000;

export interface Claim {
  readonly transactions: readonly Loaded[];
  readonly deliveries: readonly Delivery[];
  readonly refunds: readonly RefundRow[];
  /** Whose lists of events are still to be read, since when. */
  readonly missed: readonly Missed[];
  /** What waited before; null where it was not asked for. */
  readonly waiting: Waiting | null;
}

export interface Missed {
  readonly gateway: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

export function jobQueries(db: Database) {
  return {
    /**
     * Heartbeat and claims, in one round trip. A gap before the heartbeat was an outage, and is written down.
     * @param now what is due by then; the cron's time
     * @param ranAt the heartbeat's time
     * @param limit of each kind
     * @param listing the gateways that have a list of events
     * @param withWaiting also what waits is read
     */
    async claimDue(
      now: number,
      ranAt: number,
      limit: number,
      listing: readonly string[],
      withWaiting = false,
    ): Promise<Claim> {
      const until = now + LEASE_MS;
      /** The longest due first. */
      const isDue = (key: SQLiteColumn, clock: SQLiteColumn) =>
        sql`${key} IN (SELECT ${key} FROM ${key.table} WHERE ${clock} <= ${now} ORDER BY ${clock} LIMIT ${limit})`;
      const outage = sql`SELECT value, ran_at - ${MARGIN_MS} FROM heartbeats, json_each(${JSON.stringify(listing)})
        WHERE job = 'cron' AND ran_at < ${ranAt - OUTAGE_MS}`;
      const [[waiting], , missed, , claimed, claimedDeliveries, claimedRefunds] = await run(
        db.batch([
          selectWaiting(db, withWaiting),
          db.insert(missedEvents).select(outage).onConflictDoNothing(),
          db.select().from(missedEvents),
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
        missed,
        waiting: waiting ?? null,
      };
    },

    /** The gateway's list has been read up to there. @param since null: to its end */
    async moveMissed(gateway: string, since: number | null): Promise<void> {
      const isIts = eq(missedEvents.gateway, gateway);
      await run(
        since === null
          ? db.delete(missedEvents).where(isIts)
          : db.update(missedEvents).set({ since }).where(isIts),
      );
    },

    /** Epoch milliseconds of the cron's last tick; null when it never ran. */
    async lastTick(): Promise<number | null> {
      const [row] = await run(db.select().from(heartbeats).where(eq(heartbeats.job, "cron")));
      return row?.ranAt ?? null;
    },
  };
}
