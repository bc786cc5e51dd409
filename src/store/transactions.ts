/** Transactions in D1: load, insert, commit. One commit is one batch; its primary keys are the locks. */
import { and, desc, eq, getTableColumns, gt, gte, lt, ne, sql } from "drizzle-orm";
import type { Event } from "../transactions/event.ts";
import type { Observation } from "../transactions/observation.ts";
import type { Status, Transaction } from "../transactions/transaction.ts";
import { attempt, type Database, run } from "./database.ts";
import { deliveries, events, idempotencyKeys, inbox, transactions } from "./schema.ts";

type Row = typeof transactions.$inferSelect;

/** A transaction as it was read, and what a decision needs besides. */
export interface Loaded {
  readonly transaction: Transaction;
  /** Another transaction of the order keeps its money. */
  readonly orderPaid: boolean;
  /** While version is 0: the buyer's data for the gateway, as JSON. */
  readonly customer: string | null;
  /** Epoch milliseconds: until then the request that made the row is taken to be under way. */
  readonly openingUntil: number;
}

/** A verified webhook's identity and content. */
export interface InboxEntry {
  readonly gateway: string;
  readonly eventId: string;
  readonly transactionId: string;
  readonly observation: Observation;
}

export interface OwedDelivery {
  readonly version: number;
  readonly type: Event["type"];
  /** The frozen JSON body. */
  readonly body: string;
  /** Null when there is nobody to tell; the event can still be pulled. */
  readonly nextAttemptAt: number | null;
}

export interface Commit {
  readonly from: Transaction;
  readonly events: readonly [Event, ...Event[]];
  readonly deliveries: readonly OwedDelivery[];
  /** The webhook that brought the news; a parked one is marked as applied. */
  readonly inbox?: InboxEntry & { readonly parked: boolean };
  readonly now: number;
}

export interface Committed {
  /** Of the deliveries, in their order. */
  readonly positions: readonly number[];
  /** Webhooks that came before the transaction was known. */
  readonly parked: readonly InboxEntry[];
  /** Open transactions of the same order, which is paid now. */
  readonly siblings: readonly string[];
}

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

const orderPaid = sql<number>`EXISTS (SELECT 1 FROM transactions AS sibling
  WHERE sibling.order_id = transactions.order_id AND sibling.slot = 'paid' AND sibling.id <> transactions.id)`;
const { slot: _slot, ...columns } = getTableColumns(transactions);
const loadedColumns = { ...columns, orderPaid };

export function transactionQueries(db: Database) {
  const selectLoaded = () => db.select(loadedColumns).from(transactions);

  return {
    async find(id: string): Promise<Loaded | null> {
      const [row] = await run(selectLoaded().where(eq(transactions.id, id)));
      return row ? toLoaded(row) : null;
    },

    /** One round trip: the transaction, and whether this webhook was seen before. */
    async findForWebhook(
      entry: InboxEntry,
    ): Promise<{ loaded: Loaded | null; seen: boolean; parked: boolean }> {
      const [rows, seen] = await run(
        db.batch([
          selectLoaded().where(eq(transactions.id, entry.transactionId)),
          db
            .select({ outcome: inbox.outcome })
            .from(inbox)
            .where(and(eq(inbox.gateway, entry.gateway), eq(inbox.eventId, entry.eventId))),
        ]),
      );
      const parked = seen[0]?.outcome === "parked";
      return { loaded: rows[0] ? toLoaded(rows[0]) : null, seen: seen.length > 0 && !parked, parked };
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
      const result = await attempt(db.batch([inserted, ...key]));
      return result !== "conflict" && result[0].length > 0;
    },

    /** What stands in the way of an insert: the key's transaction and the order's, in one round trip. */
    async findConflicts(key: string | null, orderId: string) {
      const [byKey, byOrder] = await run(
        db.batch([
          db
            .select({ row: loadedColumns, fingerprint: idempotencyKeys.fingerprint })
            .from(idempotencyKeys)
            .innerJoin(transactions, eq(transactions.id, idempotencyKeys.transactionId))
            .where(eq(idempotencyKeys.key, key ?? "")),
          selectLoaded().where(
            and(
              eq(transactions.orderId, orderId),
              sql`(${transactions.slot} IN ('open', 'paid') OR ${transactions.status} = 'review')`,
            ),
          ),
        ]),
      );
      const [keyed] = byKey;
      return {
        byKey: keyed ? { ...toLoaded(keyed.row), fingerprint: keyed.fingerprint } : null,
        byOrder: byOrder.map(toLoaded),
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
     * The one writer of a transaction's state, in one batch.
     * @returns "conflict" when somebody else was first: load and decide again
     */
    async commit(commit: Commit): Promise<Committed | "conflict"> {
      const { from, inbox: entry, now } = commit;
      const [first, ...rest] = commit.events;
      const result = await attempt(
        db.batch([
          insertEvent(db, first),
          ...rest.map((event) => insertEvent(db, event)),
          ...(entry ? [markApplied(db, entry, now)] : []),
          updateState(db, commit),
          ...commit.deliveries.map((delivery) => insertDelivery(db, from.id, delivery, now)),
          ...(has(commit, "transaction.succeeded") ? [nudgeSiblings(db, from, now)] : []),
          ...(has(commit, "transaction.created") ? [selectParked(db, from.id)] : []),
        ]),
      );
      return result === "conflict" ? "conflict" : readCommitted(result);
    },

    /** Moves the clock of a transaction that has not changed since it was read. */
    async touch(from: Transaction, nextCheckAt: number | null, silentSince: number | null): Promise<void> {
      await run(
        db
          .update(transactions)
          .set({ nextCheckAt, silentSince })
          .where(and(eq(transactions.id, from.id), eq(transactions.version, from.version))),
      );
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
  return sql`SELECT ${sql.join(values, sql`, `)} WHERE
    NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE key = ${idempotency?.key ?? null})
    AND NOT EXISTS (SELECT 1 FROM transactions WHERE order_id = ${transaction.orderId}
      AND (slot IN ('open', 'paid') OR status = 'review'))`;
}

/** Sets only what changed: an index is written again for each of its columns that is named. */
function updateState(db: Database, { from, events: list }: Commit) {
  const before: Record<string, unknown> = toRow(from);
  const after = toRow((list.at(-1) ?? list[0]).transaction);
  const changed = Object.entries(after).filter(([name, value]) => before[name] !== value);
  return db
    .update(transactions)
    .set({ ...Object.fromEntries(changed), ...(from.version === 0 ? { customer: null } : {}) })
    .where(and(eq(transactions.id, from.id), eq(transactions.version, from.version)));
}

function markApplied(db: Database, { parked, ...entry }: InboxEntry & { parked: boolean }, now: number) {
  return parked
    ? db
        .update(inbox)
        .set({ outcome: "applied" })
        .where(and(eq(inbox.gateway, entry.gateway), eq(inbox.eventId, entry.eventId)))
    : db.insert(inbox).values({ ...entry, outcome: "applied", receivedAt: now });
}

/** An order that is paid needs no open sibling: the cron looks at it at once, whatever else is lost. */
function nudgeSiblings(db: Database, { orderId, id }: Transaction, now: number) {
  return db
    .update(transactions)
    .set({ nextCheckAt: now })
    .where(and(eq(transactions.orderId, orderId), eq(transactions.slot, "open"), ne(transactions.id, id)))
    .returning({ sibling: transactions.id });
}

function insertEvent(db: Database, event: Event) {
  return db.insert(events).values(toEventRow(event));
}

function insertDelivery(db: Database, transactionId: string, delivery: OwedDelivery, now: number) {
  return db
    .insert(deliveries)
    .values({ ...delivery, transactionId, createdAt: now })
    .returning({ position: deliveries.position });
}

function selectParked(db: Database, transactionId: string) {
  const { gateway, eventId, observation } = inbox;
  return db
    .select({ gateway, eventId, transactionId: inbox.transactionId, observation })
    .from(inbox)
    .where(and(eq(inbox.transactionId, transactionId), eq(inbox.outcome, "parked")));
}

function has(commit: Commit, type: Event["type"]): boolean {
  return commit.events.some((event) => event.type === type);
}

/** What a batch's statements returned, told apart by their columns. */
function readCommitted(results: readonly unknown[]): Committed {
  const rows = results.filter(Array.isArray).flat() as Partial<
    InboxEntry & { position: number; sibling: string }
  >[];
  return {
    positions: rows.flatMap(({ position }) => position ?? []),
    siblings: rows.flatMap(({ sibling }) => sibling ?? []),
    parked: rows.filter((row): row is InboxEntry => row.eventId !== undefined),
  };
}

function toEventRow({ type, source, from, transaction }: Event): typeof events.$inferInsert {
  return {
    transactionId: transaction.id,
    version: transaction.version,
    type,
    source,
    statusBefore: from,
    status: transaction.status,
    amountCaptured: transaction.amountCaptured,
    amountRefunded: transaction.amountRefunded,
    reason: transaction.failure?.code ?? transaction.reviewReason,
    occurredAt: transaction.updatedAt,
  };
}

function toRow({ failure, ...transaction }: Transaction) {
  return { ...transaction, failureCode: failure?.code ?? null, failureMessage: failure?.message ?? null };
}

export function toTransaction(row: Omit<Row, "slot">): Transaction {
  const { failureCode, failureMessage, customer: _customer, openingUntil: _until, ...rest } = row;
  return {
    ...rest,
    failure: failureCode === null ? null : { code: failureCode, message: failureMessage ?? "" },
  };
}

function toLoaded({ orderPaid: paid, ...row }: Omit<Row, "slot"> & { orderPaid: number }): Loaded {
  const { customer, openingUntil } = row;
  return { transaction: toTransaction(row), orderPaid: paid === 1, customer, openingUntil };
}
