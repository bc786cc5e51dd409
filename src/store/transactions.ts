/** Transactions in D1: found, inserted on conditions, listed. What changes their state is commit.ts. */
import { and, desc, eq, gt, gte, lt, or, sql } from "drizzle-orm";
import type { Status, Transaction } from "../transactions/transaction.ts";
import { selectArchivedOrder } from "./archive.ts";
import { attempt, type Database, run } from "./database.ts";
import { type InboxKey, type InboxOutcome, isEntry } from "./inbox.ts";
import { findableValues, insertWords } from "./metadata-values.ts";
import { columns, type Loaded, loadedColumns, toLoaded, toRow, toTransaction, withCalls } from "./rows.ts";
import { idempotencyKeys, inbox, transactions } from "./schema.ts";

export interface Creation {
  readonly transaction: Transaction;
  readonly customer: string | null;
  readonly openingUntil: number;
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | null;
}

export interface ListFilter {
  readonly orderId?: string;
  readonly status?: Status;
  readonly gateway?: string;
  /** Ids, for an id's order is time's order. */
  readonly from?: string;
  readonly before?: string;
  readonly limit: number;
}

const MIN_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 6 * 60 * 60_000;

export function transactionQueries(db: Database) {
  const selectLoaded = () => db.select(loadedColumns).from(transactions);
  // What is asked most: its text is made once.
  const selectOne = selectLoaded()
    .where(eq(transactions.id, sql.placeholder("id")))
    .prepare();

  return {
    async find(id: string): Promise<Loaded | null> {
      const [row] = await run(selectOne.execute({ id }));
      return row ? toLoaded(row) : null;
    },

    /** One round trip: the transaction, and what was kept of this webhook before; null: nothing. */
    async findForWebhook(
      id: string,
      entry: InboxKey,
    ): Promise<{ loaded: Loaded | null; outcome: InboxOutcome | null }> {
      const [rows, kept] = await run(
        db.batch([
          selectLoaded().where(eq(transactions.id, id)),
          db.select({ outcome: inbox.outcome }).from(inbox).where(isEntry(entry)),
        ]),
      );
      return { loaded: rows[0] ? toLoaded(rows[0]) : null, outcome: kept[0]?.outcome ?? null };
    },

    /** Our id of what the gateway calls so; null when there is none. */
    async findByReference(gateway: string, reference: string): Promise<string | null> {
      const [row] = await run(
        db
          .select({ id: transactions.id })
          .from(transactions)
          .where(and(eq(transactions.gatewayReference, reference), eq(transactions.gateway, gateway)))
          .limit(1),
      );
      return row?.id ?? null;
    },

    /**
     * Writes down what is to be captured of held money, before the gateway is asked.
     * @returns false when it is not held any more, or another sum is being captured
     */
    async beginCapture(id: string, amount: number, nextCheckAt: number): Promise<boolean> {
      const begun = await run(
        db
          .update(transactions)
          .set({ capturing: amount, nextCheckAt })
          .where(
            and(
              eq(transactions.id, id),
              eq(transactions.status, "authorized"),
              sql`coalesce(${transactions.capturing}, ${amount}) = ${amount}`,
            ),
          )
          .returning({ id: transactions.id }),
      );
      return begun.length > 0;
    },

    /** The gateway has refused: another capture may be asked for. */
    async endCapture(id: string): Promise<void> {
      await run(
        db
          .update(transactions)
          .set({ capturing: null })
          .where(and(eq(transactions.id, id), eq(transactions.status, "authorized"))),
      );
    },

    /**
     * Inserts on conditions: the key is new, and the order has no open, paid or reviewed transaction.
     * @returns whether it was inserted
     */
    async insert(creation: Creation): Promise<boolean> {
      const { transaction, idempotency } = creation;
      const inserted = db
        .insert(transactions)
        .select(conditionalRow(creation))
        .returning({ id: transactions.id });
      const key = idempotency ? [insertKey(db, idempotency, transaction)] : [];
      const words = findableValues(transaction.metadata);
      const findable = words.length > 0 ? [insertWords(db, words, transaction.id)] : [];
      const result = await attempt(db.batch([inserted, ...key, ...findable]));
      return result !== "conflict" && result[0].length > 0;
    },

    /**
     * What stands in the way of an insert: the key's transaction and the order's, or itself, in one round trip; and of
     * what is archived the key alone, and the order's paid one.
     */
    async findConflicts(key: string | null, orderId: string, id: string) {
      const [byKey, byOrder, [archived], keys] = await run(
        db.batch([
          db
            .select({ row: loadedColumns, fingerprint: idempotencyKeys.fingerprint })
            .from(idempotencyKeys)
            .innerJoin(transactions, eq(transactions.id, idempotencyKeys.transactionId))
            .where(eq(idempotencyKeys.key, key ?? "")),
          selectLoaded().where(
            or(
              eq(transactions.id, id),
              and(
                eq(transactions.orderId, orderId),
                sql`(${transactions.slot} IN ('open', 'paid') OR ${transactions.status} = 'review')`,
              ),
            ),
          ),
          selectArchivedOrder(db, orderId),
          db
            .select({ key: idempotencyKeys.key })
            .from(idempotencyKeys)
            .where(eq(idempotencyKeys.key, key ?? "")),
        ]),
      );
      const [keyed] = byKey;
      return {
        byKey: keyed ? { ...toLoaded(keyed.row), fingerprint: keyed.fingerprint } : null,
        byOrder: byOrder.map(toLoaded),
        archivedId: archived?.archived ?? null,
        isKeyStale: keyed === undefined && keys.length > 0,
      };
    },

    /** Binds a key to the transaction that it resumed. @returns false when the key is taken */
    async bindKey(key: string, fingerprint: string, transactionId: string, now: number): Promise<boolean> {
      const row = { key, fingerprint, transactionId, createdAt: now };
      return (await attempt(db.insert(idempotencyKeys).values(row))) !== "conflict";
    },

    /** Lets the next request go on with a transaction that could not be opened. */
    async releaseOpening(id: string): Promise<void> {
      await run(
        db
          .update(transactions)
          .set({ openingUntil: 0 })
          .where(and(eq(transactions.id, id), eq(transactions.version, 0))),
      );
    },

    /**
     * Moves the clock of a transaction that has not changed since it was read.
     * @param calls what was asked of the gateway, in the form of the row
     */
    async touch(
      from: Transaction,
      nextCheckAt: number | null,
      silentSince: number | null,
      calls: string,
    ): Promise<void> {
      await run(
        db
          .update(transactions)
          .set({ nextCheckAt, silentSince, ...withCalls(calls) })
          .where(
            and(
              eq(transactions.id, from.id),
              eq(transactions.version, from.version),
              // Whoever has set the clock meanwhile wants it so.
              from.nextCheckAt === null ? undefined : eq(transactions.nextCheckAt, from.nextCheckAt),
            ),
          ),
      );
    },

    /** Keeps calls that led to no other write. */
    async keepCalls(
      calls: readonly { readonly transactionId: string; readonly lines: string }[],
    ): Promise<void> {
      const [first, ...rest] = calls.map(({ transactionId, lines }) =>
        db.update(transactions).set(withCalls(lines)).where(eq(transactions.id, transactionId)),
      );
      if (first) {
        await run(db.batch([first, ...rest]));
      }
    },

    /**
     * Takes the right to look at the gateway now, at most once in `pauseMs`: the transaction's own clock is the lease.
     */
    async claimCheck(id: string, now: number, pauseMs: number): Promise<boolean> {
      const claimed = await run(
        db
          .update(transactions)
          .set({ nextCheckAt: now + pauseMs })
          .where(
            and(
              eq(transactions.id, id),
              gt(transactions.version, 0),
              sql`${transactions.nextCheckAt} NOT BETWEEN ${now} AND ${now + pauseMs}`,
            ),
          )
          .returning({ id: transactions.id }),
      );
      return claimed.length > 0;
    },

    /** Newest first; the one being opened is not shown. */
    async list(filter: ListFilter): Promise<Transaction[]> {
      const rows = await run(
        db
          .select(columns)
          .from(transactions)
          .where(
            and(
              gt(transactions.version, 0),
              filter.orderId === undefined ? undefined : eq(transactions.orderId, filter.orderId),
              filter.status === undefined ? undefined : eq(transactions.status, filter.status),
              filter.gateway === undefined ? undefined : eq(transactions.gateway, filter.gateway),
              filter.from === undefined ? undefined : gte(transactions.id, filter.from),
              filter.before === undefined ? undefined : lt(transactions.id, filter.before),
            ),
          )
          .orderBy(desc(transactions.id))
          .limit(filter.limit),
      );
      return rows.map(toTransaction);
    },

    /** Looks again later at a row that cannot be worked on: ever later, from a minute to six hours. */
    async postpone({ id, nextCheckAt, silentSince }: Transaction, now: number): Promise<void> {
      const since = silentSince ?? now;
      const pauseMs = Math.min(Math.max(now - since, MIN_PAUSE_MS), MAX_PAUSE_MS);
      await run(
        db
          .update(transactions)
          .set({ nextCheckAt: now + pauseMs, silentSince: since })
          .where(
            and(
              eq(transactions.id, id),
              nextCheckAt === null ? undefined : eq(transactions.nextCheckAt, nextCheckAt),
            ),
          ),
      );
    },
  };
}

/** The key's row, if the transaction's was written. */
function insertKey(
  db: Database,
  { key, fingerprint }: NonNullable<Creation["idempotency"]>,
  { id, createdAt }: Transaction,
) {
  return db.insert(idempotencyKeys).select(sql`SELECT ${key}, ${fingerprint}, ${id}, ${createdAt}
      WHERE EXISTS (SELECT 1 FROM transactions WHERE id = ${id})`);
}

/** The row's values as a SELECT, so that an INSERT can have conditions; columns in the schema's order. */
function conditionalRow({ transaction, customer, openingUntil, idempotency }: Creation) {
  const row: Record<string, unknown> = { ...toRow(transaction), customer, openingUntil };
  const values = Object.entries(columns).map(
    ([name, column]) => sql`${sql.param(row[name] ?? null, column)}`,
  );
  return sql`SELECT ${sql.join(values, sql`, `)}, '' WHERE
    NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE key = ${idempotency?.key ?? null})
    AND NOT EXISTS (SELECT 1 FROM transactions WHERE order_id = ${transaction.orderId}
      AND (slot IN ('open', 'paid') OR status = 'review'))
    AND NOT EXISTS (SELECT 1 FROM archived_orders WHERE order_id = ${transaction.orderId})`;
}
