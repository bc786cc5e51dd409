/**
 * What is at rest for long enough to leave D1 for the archive: found by a walk over the primary key, oldest first, read
 * whole, and deleted if nobody has touched it meanwhile.
 */
import { asc, eq, gt, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { firstTypeIdAt } from "../lib/id.ts";
import { formatArchived, type Kind, type RawRow, rawColumns } from "./archive-record.ts";
import { type Database, run } from "./database.ts";
import { findableValues } from "./metadata-values.ts";
import { loadedColumns } from "./rows.ts";
import {
  archivedOrders,
  archiveWalk,
  deliveries,
  events,
  idempotencyKeys,
  inbox,
  isDeadLetter,
  metadataValues,
  operatorActions,
  refunds,
  transactions,
} from "./schema.ts";
import { COUNTED } from "./statistics.ts";

/** A payment that can go, as it was read. */
export interface Archivable {
  readonly id: string;
  readonly orderId: string;
  /** It is what its order was paid by. */
  readonly isPaid: boolean;
  /** Values that it can be searched by. */
  readonly words: readonly string[];
  /** Whatever happens to it changes this. */
  readonly state: string;
  /** All of it, as JSON lines. */
  readonly text: string;
}

const WALKED = sql`coalesce((SELECT after FROM archive_walk), '')`;

export function archiveQueries(db: Database) {
  return {
    /**
     * The next ids of the walk, with whether they are at rest: over, unchanged since, nothing owed or under way, nothing
     * that waits for a person.
     * @param before epoch milliseconds
     */
    async listArchivable(before: number, limit: number): Promise<{ id: string; isAtRest: boolean }[]> {
      const rows = await run(
        db
          .select({ id: transactions.id, isAtRest: sql<number>`${isAtRest(before)}`.as("is_at_rest") })
          .from(transactions)
          .where(sql`id > ${WALKED} AND id < ${firstTypeIdAt("txn", Math.max(0, before))}`)
          .orderBy(asc(transactions.id))
          .limit(limit),
      );
      return rows.map(({ id, isAtRest: atRest }) => ({ id, isAtRest: atRest === 1 }));
    },

    /** All of those that are still at rest. @param ids of one database */
    async readArchivable(ids: readonly string[], before: number): Promise<Archivable[]> {
      const asked = listOf(ids);
      const select = (table: SQLiteTable) => db.select(rawColumns(table)).from(table);
      const ofAsked = sql`transaction_id IN ${asked}`;
      const places = sql`position IN (SELECT position FROM events WHERE ${ofAsked})`;
      const { orderPaid } = loadedColumns;
      const [states, rows, history, back, owed, webhooks, actions] = await run(
        db.batch([
          db
            .select({ id: transactions.id, state: STATE.as("state") })
            .from(transactions)
            .where(sql`id IN ${asked} AND ${isAtRest(before)}`),
          db
            .select({ ...rawColumns(transactions), order_paid: orderPaid.as("order_paid") })
            .from(transactions)
            .where(sql`id IN ${asked}`),
          select(events).where(ofAsked).orderBy(asc(events.transactionId), asc(events.version)),
          select(refunds).where(ofAsked).orderBy(asc(refunds.id)),
          select(deliveries).where(places).orderBy(asc(deliveries.position)),
          select(inbox)
            .where(ofAsked)
            .orderBy(asc(inbox.transactionId), asc(inbox.gateway), asc(inbox.eventId)),
          select(operatorActions).where(ofAsked).orderBy(asc(operatorActions.id)),
        ]),
      );
      const beside = { event: history, refund: back, delivery: owed, webhook: webhooks, action: actions };
      const state = new Map(states.map((row) => [row.id, row.state]));
      return join(rows as RawRow[], beside).flatMap(([row, own]) => {
        const seen = state.get(String(row.id));
        return seen === undefined ? [] : [toArchivable(row, seen, own)];
      });
    },

    /**
     * Deletes what is as it was read, all rows of it, and moves the walk on. A paid order stays paid.
     * @param payments of one database
     * @param after where the walk is then
     * @param day on which it has begun, if this is its first step
     * @returns how many were deleted
     */
    async deleteArchived(payments: readonly Archivable[], after: string, day: number): Promise<number> {
      const ids = JSON.stringify(payments.map(({ id }) => id));
      const states = listOf(payments.map(({ state }) => state));
      // Only what is deleted by now: whatever stays keeps all its rows.
      const gone = sql`(SELECT value FROM json_each(${ids}) AS asked
        WHERE NOT EXISTS (SELECT 1 FROM transactions WHERE transactions.id = asked.value))`;
      const isGone = sql`transaction_id IN ${gone}`;
      const paid = pairsOf(payments, ({ isPaid, orderId }) => (isPaid ? [orderId] : []));
      const words = pairsOf(payments, (payment) => payment.words);
      const [deleted] = await run(
        db.batch([
          db
            .delete(transactions)
            .where(sql`id IN (SELECT value FROM json_each(${ids})) AND ${STATE} IN ${states}`)
            .returning({ id: transactions.id }),
          db
            .insert(archivedOrders)
            .select(sql`SELECT value ->> 0, value ->> 1 FROM json_each(${paid}) WHERE value ->> 1 IN ${gone}`)
            .onConflictDoNothing(),
          db
            .delete(deliveries)
            .where(sql`position IN (SELECT position FROM events WHERE ${isGone} AND position IS NOT NULL)`),
          db.delete(events).where(isGone),
          db.delete(refunds).where(isGone),
          // What has come in since waits for a person.
          db.delete(inbox).where(sql`${isGone} AND outcome <> 'parked'`),
          db.delete(operatorActions).where(isGone),
          db
            .delete(metadataValues)
            .where(
              sql`(value, transaction_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(${words})) AND ${isGone}`,
            ),
          moveWalk(db, { after }, day),
        ]),
      );
      return deleted.length;
    },

    /** @param after an id. @param day on which the walk has begun, if this is its first step */
    async moveArchiveWalk(after: string, day: number): Promise<void> {
      await run(moveWalk(db, { after }, day));
    },

    /** From its end: once a day. @param day counted from 1970 */
    async restartArchiveWalk(day: number): Promise<void> {
      const begun = { after: "", beganOn: day };
      await run(
        db
          .insert(archiveWalk)
          .values({ id: 1, keyAfter: "", ...begun })
          .onConflictDoUpdate({
            target: archiveWalk.id,
            set: begun,
            setWhere: sql`${archiveWalk.beganOn} <> ${day}`,
          }),
      );
    },

    /** Forgets the shop's keys of that age, as a walk over all of them, a bounded number at once. */
    async pruneKeys(before: number, limit: number): Promise<void> {
      const walked = sql`coalesce((SELECT key_after FROM archive_walk), '')`;
      const next = db
        .select({ key: idempotencyKeys.key })
        .from(idempotencyKeys)
        .where(gt(idempotencyKeys.key, walked))
        .orderBy(asc(idempotencyKeys.key))
        .limit(limit)
        .as("next");
      const [found] = await run(
        db
          .select({
            from: sql<string>`${walked}`.as("walked"),
            last: sql<string | null>`max(key)`.as("last"),
            count: sql<number>`count(*)`.as("count"),
          })
          .from(next),
      );
      if (!found?.last) {
        await (found?.from ? run(moveWalk(db, { keyAfter: "" })) : undefined);
        return;
      }
      const { from, last, count } = found;
      await run(
        db.batch([
          db.delete(idempotencyKeys).where(sql`key > ${from} AND key <= ${last} AND created_at < ${before}`),
          moveWalk(db, { keyAfter: count < limit ? "" : last }),
        ]),
      );
    },

    /** Forgets a key whose payment is not here any more. */
    async forgetKey(key: string): Promise<void> {
      await run(
        db
          .delete(idempotencyKeys)
          .where(
            sql`key = ${key} AND NOT EXISTS (SELECT 1 FROM transactions WHERE transactions.id = transaction_id)`,
          ),
      );
    },
  };
}

/** By whom an order is paid whose payment is in the archive. */
export function selectArchivedOrder(db: Database, orderId: string) {
  return db
    .select({ archived: archivedOrders.transactionId })
    .from(archivedOrders)
    .where(eq(archivedOrders.orderId, orderId));
}

/** In a condition on `transactions`. The last delivery of all stays: its position would be given again. */
function isAtRest(before: number) {
  return sql`(status IN ('succeeded', 'failed', 'canceled', 'expired') AND version > 0 AND next_check_at IS NULL
    AND updated_at < ${before} AND dispute IS NOT 'open' AND customer IS NULL
    AND NOT EXISTS (SELECT 1 FROM refunds WHERE refunds.transaction_id = transactions.id AND refunds.status = 'pending')
    AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.transaction_id = transactions.id AND inbox.outcome = 'parked')
    AND NOT EXISTS (SELECT 1 FROM events JOIN deliveries ON deliveries.position = events.position
      WHERE events.transaction_id = transactions.id AND (next_attempt_at IS NOT NULL OR (${isDeadLetter})
        OR deliveries.position > ${COUNTED} OR deliveries.position = (SELECT max(position) FROM deliveries)))
    AND NOT (slot = 'paid' AND EXISTS (SELECT 1 FROM transactions AS sibling
      WHERE sibling.order_id = transactions.order_id AND sibling.id <> transactions.id)))`;
}

/** Of a row of `transactions` and all that is beside it: other figures after whatever happens to it. */
const STATE = sql<string>`json_array(id, version, next_check_at, length(calls),
  (SELECT json_array(count(*), max(updated_at)) FROM refunds WHERE refunds.transaction_id = transactions.id),
  (SELECT json_array(count(*), count(next_attempt_at), sum(attempts), max(delivered_at)) FROM events
    JOIN deliveries ON deliveries.position = events.position WHERE events.transaction_id = transactions.id),
  (SELECT json_array(count(*), count(reason)) FROM inbox WHERE inbox.transaction_id = transactions.id),
  (SELECT json_array(count(*), count(outcome)) FROM operator_actions
    WHERE operator_actions.transaction_id = transactions.id))`;

function toArchivable(row: RawRow, state: string, beside: Beside): Archivable {
  const words = findableValues(JSON.parse(String(row.metadata)) as Record<string, string>);
  return {
    ...{ id: String(row.id), orderId: String(row.order_id), isPaid: row.slot === "paid" },
    ...{ words, state, text: formatArchived(row, beside) },
  };
}

type Beside = Readonly<Record<Kind, readonly RawRow[]>>;

/** Each transaction with the rows that are beside it. */
function join(rows: readonly RawRow[], beside: Beside): (readonly [RawRow, Beside])[] {
  const kinds = Object.entries(beside).map(
    ([kind, list]) => [kind, Map.groupBy(list, (row) => row.transaction_id)] as const,
  );
  const of = (id: RawRow[string]) => kinds.map(([kind, byId]) => [kind, (id && byId.get(id)) ?? []]);
  return rows.map((row) => [row, Object.fromEntries(of(row.id ?? null)) as Beside] as const);
}

/** Of each payment so many texts, each with its id, as one parameter. */
function pairsOf(payments: readonly Archivable[], of: (payment: Archivable) => readonly string[]): string {
  return JSON.stringify(payments.flatMap((payment) => of(payment).map((text) => [text, payment.id])));
}

/** One parameter, for D1 takes a hundred. */
function listOf(texts: readonly string[]) {
  return sql`(SELECT value FROM json_each(${JSON.stringify(texts)}))`;
}

function moveWalk(db: Database, place: { readonly after?: string; readonly keyAfter?: string }, day = 0) {
  return db
    .insert(archiveWalk)
    .values({ id: 1, after: "", keyAfter: "", beganOn: day, ...place })
    .onConflictDoUpdate({ target: archiveWalk.id, set: place });
}
