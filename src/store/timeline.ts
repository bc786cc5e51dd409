/** Everything that is known of one transaction; and what needs a person now. Each in one round trip. */
import { and, desc, eq, getTableColumns, ne, sql } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import { selectActions } from "./operator-actions.ts";
import { loadedColumns, toLoaded } from "./rows.ts";
import {
  deliveries,
  events,
  heartbeats,
  inbox,
  isDeadLetter,
  isUnusual,
  refunds,
  rollUp,
  transactions,
} from "./schema.ts";
import { PENDING_FROM, type Span, selectStatistics } from "./statistics.ts";

/** Of each kind: a timeline is for people. */
export const MAX_ENTRIES = 20;
/** A count goes no further. */
export const MAX_COUNTED = 20;
/** The oldest one that is pending is not far behind where the cron has found it. */
const MAX_STEPS = 50;

const { body: _body, ...told } = getTableColumns(deliveries);

export type Timeline = NonNullable<Awaited<ReturnType<ReturnType<typeof timelineQueries>["readTimeline"]>>>;

export type Overview = Awaited<ReturnType<ReturnType<typeof timelineQueries>["readOverview"]>>;
export type Count = Overview["dead"];

export function timelineQueries(db: Database) {
  return {
    /** Null when there is no such transaction. Of webhooks the newest. */
    async readTimeline(id: string) {
      const orderOf = db
        .select({ orderId: transactions.orderId })
        .from(transactions)
        .where(eq(transactions.id, id));
      const [rows, history, webhooks, owed, back, actions, siblings] = await run(
        db.batch([
          db
            .select({ ...loadedColumns, calls: transactions.calls })
            .from(transactions)
            .where(eq(transactions.id, id)),
          db
            .select()
            .from(events)
            .where(eq(events.transactionId, id))
            .orderBy(desc(events.version))
            .limit(MAX_ENTRIES),
          db
            .select()
            .from(inbox)
            .where(eq(inbox.transactionId, id))
            .orderBy(desc(inbox.transactionId), desc(inbox.gateway), desc(inbox.eventId))
            .limit(MAX_ENTRIES),
          db
            .select(told)
            .from(events)
            .innerJoin(deliveries, eq(deliveries.position, events.position))
            .where(eq(events.transactionId, id))
            .orderBy(desc(events.version))
            .limit(MAX_ENTRIES),
          db
            .select()
            .from(refunds)
            .where(eq(refunds.transactionId, id))
            .orderBy(desc(refunds.id))
            .limit(MAX_ENTRIES),
          selectActions(db, id, MAX_ENTRIES),
          db
            .select({ id: transactions.id, status: transactions.status, createdAt: transactions.createdAt })
            .from(transactions)
            .where(and(eq(transactions.orderId, sql`${orderOf}`), ne(transactions.id, id)))
            .limit(MAX_ENTRIES),
        ]),
      );
      const [row] = rows;
      if (!row || row.version === 0) {
        return null;
      }
      const { calls, ...stored } = row;
      return {
        ...{ loaded: toLoaded(stored), calls, webhooks, refunds: back, actions, siblings },
        // Oldest first: those of one commit have one time.
        ...{ history: history.toReversed(), owed: owed.toReversed() },
      };
    },

    /** A transaction's history, oldest first; null when there is no such transaction. */
    async history(id: string): Promise<(typeof events.$inferSelect)[] | null> {
      const [known, rows] = await run(
        db.batch([
          db.select({ version: transactions.version }).from(transactions).where(eq(transactions.id, id)),
          db.select().from(events).where(eq(events.transactionId, id)).orderBy(events.version),
        ]),
      );
      return known[0] && known[0].version > 0 ? rows : null;
    },

    /**
     * What needs a person now, and the figures of a span from then on. No count goes further than it must to be seen.
     * @param overdueBy a delivery that is due since before then is late
     */
    async readOverview(span: Span, since: number, overdueBy: number) {
      const [review, parked, dead, silent, [overdue], [beat], pending, place, figures] = await run(
        db.batch([
          countUpTo(db, sql`transactions WHERE status = 'review' AND ${isUnusual}`),
          countUpTo(db, sql`inbox WHERE outcome = 'parked' AND outcome <> 'applied'`),
          countUpTo(db, sql`deliveries WHERE ${isDeadLetter}`),
          countUpTo(db, sql`transactions WHERE silent_since IS NOT NULL`),
          db
            .select({ since: sql<number | null>`min(next_attempt_at)`.as("since") })
            .from(deliveries)
            .where(sql`next_attempt_at IS NOT NULL AND next_attempt_at < ${overdueBy}`),
          db.select().from(heartbeats).where(eq(heartbeats.job, "cron")),
          selectOldestPending(db),
          db
            .select({
              rolledAt: rollUp.rolledAt,
              isBehind: sql<number>`(SELECT max(position) FROM deliveries) > ${rollUp.position}`.as("behind"),
            })
            .from(rollUp),
          selectStatistics(db, span, since),
        ]),
      );
      return {
        review: toCount(review),
        parked: toCount(parked),
        dead: toCount(dead),
        silent: toCount(silent),
        overdueSince: overdue?.since ?? null,
        lastTick: beat?.ranAt ?? null,
        oldestPending: pending[0] ?? null,
        // Nothing is left to count: up to the last look.
        countedUntil: (place[0]?.isBehind ? place[0].rolledAt : beat?.ranAt) || null,
        figures,
      };
    },

    /** How many dead letters there are, as far as it is counted. */
    async countDead() {
      return toCount(await run(countUpTo(db, sql`deliveries WHERE ${isDeadLetter}`)));
    },
  };
}

function countUpTo(db: Database, rows: ReturnType<typeof sql>) {
  return db
    .select({ count: sql<number>`count(*)`.as("count") })
    .from(sql`(SELECT 1 FROM ${rows} LIMIT ${sql.raw(String(MAX_COUNTED + 1))})`);
}

function toCount([row]: readonly { readonly count: number }[]) {
  const count = row?.count ?? 0;
  return { value: Math.min(count, MAX_COUNTED), more: count > MAX_COUNTED };
}

function selectOldestPending(db: Database) {
  return db
    .select({
      id: sql<string>`id`.as("id"),
      createdAt: sql<number>`created_at`.as("created_at"),
      expiresAt: sql<number>`expires_at`.as("expires_at"),
    })
    .from(oldestPending);
}

const next = sql`(SELECT id, status, version, created_at, expires_at FROM transactions
    WHERE id >= ${PENDING_FROM} ORDER BY id LIMIT ${sql.raw(String(MAX_STEPS))})`;
/** The oldest one that is pending, in one row or none. */
export const oldestPending = sql`(SELECT id, created_at, expires_at FROM ${next}
    WHERE status = 'pending' AND version > 0 LIMIT 1)`;
