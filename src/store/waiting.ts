/** What waits, in figures that a tick of the cron takes along: one row, and no count goes further than it must to alarm. */
import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { isDeadLetter, isUnusual } from "./schema.ts";
import { oldestPending } from "./timeline.ts";

/** Of each kind, and of the outbox the longest due: so many are looked at, or none. */
const MAX_LOOKED_AT = 100;

/** Times are epoch milliseconds, null where nothing waits. */
export interface Waiting {
  /** Events that the shop is still to be told, as far as they are counted. */
  readonly owed: number;
  /** Since when the longest due of them has been so, which may be a time to come. */
  readonly dueAt: number | null;
  /** When the oldest of them came to be. */
  readonly owedSince: number | null;
  readonly dead: number;
  readonly reviews: number;
  readonly parked: number;
  readonly silent: number;
  /** The oldest pending payment's creation and end. */
  readonly pendingSince: number | null;
  readonly pendingUntil: number | null;
}

/** @param isWanted false: no row, and nothing is read */
export function selectWaiting(db: Database, isWanted: boolean) {
  const limit = sql.raw(String(MAX_LOOKED_AT));
  const owed = sql`(SELECT next_attempt_at AS due_at, created_at AS owed_at FROM deliveries
    WHERE next_attempt_at IS NOT NULL ORDER BY next_attempt_at LIMIT ${limit})`;
  const outbox = sql`(SELECT count(*) AS owed, min(due_at) AS due_at, min(owed_at) AS owed_at FROM ${owed})`;
  const count = (rows: ReturnType<typeof sql>) =>
    sql<number>`(SELECT count(*) FROM (SELECT 1 FROM ${rows} LIMIT ${limit}))`;
  return db
    .select({
      owed: sql<number>`owed`.as("owed_count"),
      dueAt: sql<number | null>`due_at`.as("owed_due"),
      owedSince: sql<number | null>`owed_at`.as("owed_since"),
      dead: count(sql`deliveries WHERE ${isDeadLetter}`).as("dead_count"),
      reviews: count(sql`transactions WHERE status = 'review' AND ${isUnusual}`).as("review_count"),
      parked: count(sql`inbox WHERE outcome = 'parked' AND outcome <> 'applied'`).as("parked_count"),
      silent: count(sql`transactions WHERE silent_since IS NOT NULL`).as("silent_count"),
      pendingSince: sql<number | null>`oldest.created_at`.as("pending_since"),
      pendingUntil: sql<number | null>`oldest.expires_at`.as("pending_until"),
    })
    .from(sql`${outbox} LEFT JOIN ${oldestPending} AS oldest ON true`)
    .where(sql`${isWanted ? 1 : 0}`);
}
