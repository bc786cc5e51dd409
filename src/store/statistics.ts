/** What the console counts: rolled up by the cron in the order of commit, each event once, and read by the hour, six hours or day. */
import { and, asc, eq, gte, isNotNull, sql } from "drizzle-orm";
import { alias, type SQLiteColumn } from "drizzle-orm/sqlite-core";
import { firstTypeIdAt } from "../lib/id.ts";
import { type Database, run } from "./database.ts";
import { deliveries, events, gatewayHealth, inbox, rollUp, statistics, transactions } from "./schema.ts";

export type Span = "hour" | "quarter" | "day";

export interface StatisticsRow {
  readonly span: Span;
  /** Epoch milliseconds. */
  readonly start: number;
  /** JSON, as the roll-up writes it. */
  readonly facts: string;
}

export type GatewayHealthRow = typeof gatewayHealth.$inferSelect;

/** What was counted in one go. */
export interface RolledUp {
  /** Where it began: if that is not so any more, somebody else was first, and nothing is written. */
  readonly from: number;
  readonly to: number;
  readonly pendingFrom: string;
  readonly rows: readonly StatisticsRow[];
  /** The last webhook of each gateway that changed something. */
  readonly good: readonly Pick<GatewayHealthRow, "gateway" | "goodAt" | "goodSecret" | "skewMs">[];
  readonly now: number;
}

/** There is no row before the first count. */
export const COUNTED = sql`coalesce((SELECT position FROM roll_up), 0)`;
export const PENDING_FROM = sql`coalesce((SELECT pending_from FROM roll_up), '')`;
/** The search for what is pending goes over so many rows at once. */
const MAX_STEPS = 2000;
/** Younger ids may still come out of order. */
const SETTLED_MS = 60_000;

export function statisticsQueries(db: Database) {
  return {
    /**
     * Outgoing events after the last that was counted, in the order of commit, with what they are counted by; and from
     * which id on something may be pending.
     * @param now epoch milliseconds of the wall clock
     */
    async readUncounted(limit: number, now: number) {
      const [[place], uncounted, [pending]] = await run(
        db.batch([
          db.select().from(rollUp),
          selectUncounted(db, limit),
          db.select({ id: firstPending(now).as("id") }).from(sql`(SELECT 1)`),
        ]),
      );
      return {
        position: place?.position ?? 0,
        uncounted,
        pendingFrom: pending?.id ?? "",
        isMoved: (place?.pendingFrom ?? "") !== (pending?.id ?? ""),
      };
    },

    async readStatistics(places: readonly Omit<StatisticsRow, "facts">[]): Promise<StatisticsRow[]> {
      const asked = JSON.stringify(places.map(({ span, start }) => [span, start]));
      // One parameter: D1 takes a hundred.
      const isAsked = sql`(${statistics.span}, ${statistics.start}) IN
        (SELECT value ->> 0, value ->> 1 FROM json_each(${asked}))`;
      return run(db.select().from(statistics).where(isAsked));
    },

    /** Writes what was counted, once: on the condition that nobody else has counted it. */
    async writeStatistics({ from, to, pendingFrom, rows, good, now }: RolledUp): Promise<void> {
      const isNext = sql`${COUNTED} = ${from}`;
      const next = { position: to, pendingFrom, rolledAt: now };
      await run(
        db.batch([
          // The last one: the others ask for the place before it.
          ...([
            ...rows.map(({ span, start, facts }) =>
              db
                .insert(statistics)
                .select(sql`SELECT ${span}, ${start}, ${facts} WHERE ${isNext}`)
                .onConflictDoUpdate({
                  target: [statistics.span, statistics.start],
                  set: { facts: sql`excluded.facts` },
                }),
            ),
            ...good.map(({ gateway, goodAt, goodSecret, skewMs }) =>
              db
                .insert(gatewayHealth)
                .select(
                  sql`SELECT ${gateway}, ${goodAt}, ${goodSecret}, ${skewMs}, NULL, NULL WHERE ${isNext}`,
                )
                .onConflictDoUpdate({
                  target: gatewayHealth.gateway,
                  set: { goodAt, goodSecret, skewMs },
                  // A replayed one came in long ago.
                  setWhere: sql`coalesce(${gatewayHealth.goodAt}, 0) <= excluded.good_at`,
                }),
            ),
            db
              .insert(rollUp)
              .values({ id: 1, ...next })
              .onConflictDoUpdate({ target: rollUp.id, set: next, setWhere: eq(rollUp.position, from) }),
          ] as unknown as Parameters<Database["batch"]>[0]),
        ]),
      );
    },

    /** The rows of a span from then on, oldest first. */
    async listStatistics(span: Span, since: number): Promise<StatisticsRow[]> {
      return run(selectStatistics(db, span, since));
    },

    /** The last webhook that was refused, and why. */
    async noteBadWebhook(gateway: string, badReason: string, badAt: number): Promise<void> {
      const bad = { badAt, badReason: badReason.slice(0, 200) };
      await run(
        db
          .insert(gatewayHealth)
          .values({ gateway, ...bad })
          .onConflictDoUpdate({ target: gatewayHealth.gateway, set: bad }),
      );
    },

    async listGatewayHealth(): Promise<GatewayHealthRow[]> {
      return run(db.select().from(gatewayHealth));
    },
  };
}

/** The rows of a span from then on, oldest first. */
export function selectStatistics(db: Database, span: Span, since: number) {
  return db
    .select()
    .from(statistics)
    .where(and(eq(statistics.span, span), gte(statistics.start, since)))
    .orderBy(asc(statistics.start));
}

/** With what stood before each event, and the webhook that brought it. */
function selectUncounted(db: Database, limit: number) {
  const earlier = alias(events, "earlier");
  const before = (column: SQLiteColumn) =>
    sql<number>`CASE WHEN ${earlier.status} = 'succeeded' THEN ${column} ELSE 0 END`;
  return db
    .select({
      position: sql<number>`deliveries.position`.as("place"),
      owedAt: sql<number>`deliveries.created_at`.as("owed_at"),
      pushedMs: deliveries.pushedMs,
      source: events.source,
      statusBefore: events.statusBefore,
      status: sql<(typeof events.$inferSelect)["status"]>`events.status`.as("status_now"),
      reason: sql<string | null>`events.reason`.as("event_reason"),
      captured: sql<number>`events.amount_captured`.as("captured"),
      refunded: sql<number>`events.amount_refunded`.as("refunded"),
      capturedBefore: before(earlier.amountCaptured).as("captured_before"),
      refundedBefore: before(earlier.amountRefunded).as("refunded_before"),
      occurredAt: sql<number>`events.occurred_at`.as("event_at"),
      movedBeforeAt: movedBeforeAt.as("moved_before_at"),
      gateway: sql<string>`transactions.gateway`.as("by_gateway"),
      currency: transactions.currency,
      createdAt: sql<number>`transactions.created_at`.as("began_at"),
      webhookId: sql<string | null>`inbox.event_id`.as("webhook_id"),
      receivedAt: sql<number | null>`inbox.received_at`.as("received_at"),
      reportedAt: sql<number | null>`inbox.occurred_at`.as("reported_at"),
      signedAt: sql<number | null>`inbox.signed_at`.as("signed_at"),
      secret: sql<number | null>`inbox.secret`.as("by_secret"),
      // Brought by the same webhook, which was counted with it.
      isFollower: sql<number>`${earlier.eventId} = events.event_id AND ${earlier.position} IS NOT NULL`.as(
        "follows",
      ),
    })
    .from(deliveries)
    .innerJoin(
      events,
      and(eq(events.transactionId, deliveries.transactionId), eq(events.version, deliveries.version)),
    )
    .innerJoin(transactions, eq(transactions.id, deliveries.transactionId))
    .leftJoin(
      earlier,
      and(
        eq(earlier.transactionId, deliveries.transactionId),
        eq(earlier.version, sql`${deliveries.version} - 1`),
      ),
    )
    .leftJoin(
      inbox,
      and(
        eq(inbox.transactionId, events.transactionId),
        eq(inbox.gateway, transactions.gateway),
        eq(inbox.eventId, events.eventId),
        // What was read from the gateway's own list says nothing of webhooks; it has no raw view.
        isNotNull(inbox.raw),
      ),
    )
    .where(sql`deliveries.position > ${COUNTED}`)
    .orderBy(sql`deliveries.position`)
    .limit(limit);
}

/** When it came to the end that it has left by this event; null where it has left none. */
const movedBeforeAt = sql<number | null>`CASE WHEN events.status <> events.status_before
  AND events.status_before NOT IN ('pending', 'processing', 'authorized')
  THEN (SELECT past.occurred_at FROM events AS past WHERE past.transaction_id = events.transaction_id
    AND past.version < events.version AND past.status <> past.status_before ORDER BY past.version DESC LIMIT 1) END`;

/** The oldest id that is pending, as far as a bounded search comes. No id before it ever becomes pending again. */
function firstPending(now: number) {
  const next = sql`SELECT id, status FROM transactions WHERE id >= ${PENDING_FROM}
    AND id < ${firstTypeIdAt("txn", now - SETTLED_MS)} ORDER BY id LIMIT ${sql.raw(String(MAX_STEPS))}`;
  return sql<string>`coalesce((SELECT id FROM (${next}) WHERE status = 'pending' LIMIT 1),
    (SELECT max(id) FROM (${next})), ${PENDING_FROM})`;
}
