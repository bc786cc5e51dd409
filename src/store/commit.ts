/** The one writer of a transaction's state: one D1 batch, whose primary keys are the locks. */
import { and, eq, inArray, ne, sql } from "drizzle-orm";
import type { Event } from "../transactions/event.ts";
import type { Status, Transaction } from "../transactions/transaction.ts";
import { mayBeArchived } from "./archive-bucket.ts";
import { attempt, type Database } from "./database.ts";
import { type InboxEntry, isEntry, referenceKey, toInboxRow } from "./inbox.ts";
import { endRefund, insertRefund, type NewRefund, type RefundEnd } from "./refunds.ts";
import { toRow, withCalls } from "./rows.ts";
import { deliveries, events, inbox, transactions } from "./schema.ts";

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
  /** The webhook that brought the news; one that is stored already is marked as applied. */
  readonly inbox?: InboxEntry & { readonly stored: boolean };
  /** Money that goes back to the buyer by this. */
  readonly refund?: NewRefund;
  /** A refund that has come to its end by this. */
  readonly refundEnd?: RefundEnd;
  /** The calls to the gateway that led to it, in the form of the row. */
  readonly calls: string;
  readonly now: number;
}

export interface Committed {
  /** Of the deliveries, in their order. */
  readonly positions: readonly number[];
  /** Webhooks that came before the transaction was known. */
  readonly parked: readonly InboxEntry[];
  /** Other transactions of the order, which is paid now, that may still take money. */
  readonly siblings: readonly string[];
  /** Another transaction of the order was paid while this one was being opened. */
  readonly orderPaid: boolean;
}

/** Statuses whose page at the gateway may still take money. */
const PAYABLE: Status[] = ["pending", "processing", "authorized", "failed"];

export function commitQueries(db: Database) {
  return {
    /**
     * The one writer of a transaction's state, in one batch.
     * @returns "conflict" when somebody else was first: load and decide again
     */
    async commit(commit: Commit): Promise<Committed | "conflict"> {
      const { from, inbox: entry, now } = commit;
      const last = commit.events.at(-1) ?? commit.events[0];
      const result = await attempt(
        db.batch([
          updateState(db, commit),
          ...commit.events.flatMap((event) => insertEvent(db, event, commit)),
          ...(entry ? [markApplied(db, entry, from.id, now)] : []),
          ...(commit.refund ? [insertRefund(db, commit.refund)] : []),
          ...(commit.refundEnd ? [endRefund(db, commit.refundEnd, now)] : []),
          ...(has(commit, "transaction.succeeded") ? [nudgeSiblings(db, from, now)] : []),
          ...(from.version === 0 ? [selectParked(db, last.transaction), selectPaid(db, from)] : []),
        ]),
      );
      return result === "conflict" ? "conflict" : readCommitted(result);
    },
  };
}

/** Sets only what changed: an index is written again for each of its columns that is named. */
function updateState(db: Database, { from, events: list, calls }: Commit) {
  const before: Record<string, unknown> = toRow(from);
  const after = toRow((list.at(-1) ?? list[0]).transaction);
  const changed = Object.entries(after).filter(([name, value]) => before[name] !== value);
  return db
    .update(transactions)
    .set({
      ...Object.fromEntries(changed),
      ...(from.version === 0 ? { customer: null } : {}),
      ...withCalls(calls),
    })
    .where(and(eq(transactions.id, from.id), eq(transactions.version, from.version)));
}

function markApplied(
  db: Database,
  { stored, ...entry }: InboxEntry & { stored: boolean },
  transactionId: string,
  now: number,
) {
  return stored
    ? db.update(inbox).set({ outcome: "applied", reason: null, transactionId }).where(isEntry(entry))
    : db.insert(inbox).values(toInboxRow(entry, "applied", null, now));
}

/** An order that is paid needs no other page that takes money: the cron looks at them now, whatever else is lost. */
export function nudgeSiblings(
  db: Database,
  { orderId, id }: Pick<Transaction, "orderId" | "id">,
  now: number,
) {
  return db
    .update(transactions)
    .set({ nextCheckAt: now })
    .where(
      and(eq(transactions.orderId, orderId), ne(transactions.id, id), inArray(transactions.status, PAYABLE)),
    )
    .returning({ sibling: transactions.id });
}

/** An event, behind the delivery that it owes: the only row with a rowid that the batch has inserted just then. */
function insertEvent(db: Database, event: Event, { from, deliveries: owed, inbox: entry, now }: Commit) {
  const delivery = owed.find(({ version }) => version === event.transaction.version);
  const position = delivery ? sql`last_insert_rowid()` : null;
  const row = { ...toEventRow(event), position, eventId: entry?.eventId ?? null, ...ownerOf(from, now) };
  return [...(delivery ? [insertDelivery(db, from.id, delivery, now)] : []), db.insert(events).values(row)];
}

/** Old ones may be archived at this very moment: then there is no row, and the event is refused. */
function ownerOf({ id }: Transaction, now: number) {
  return mayBeArchived(id, now)
    ? { transactionId: sql<string>`(SELECT id FROM transactions WHERE id = ${id})` }
    : {};
}

function insertDelivery(db: Database, transactionId: string, delivery: OwedDelivery, now: number) {
  return db
    .insert(deliveries)
    .values({ ...delivery, transactionId, createdAt: now })
    .returning({ position: deliveries.position });
}

/** By our id, or by the gateway's own, which is known now. */
function selectParked(db: Database, { id, gateway: name, gatewayReference }: Transaction) {
  const { gateway, eventId, transactionId, observation } = inbox;
  const places = gatewayReference === null ? [id] : [id, referenceKey(name, gatewayReference)];
  return db
    .select({ gateway, eventId, transactionId, observation })
    .from(inbox)
    .where(and(inArray(inbox.transactionId, places), eq(inbox.outcome, "parked")));
}

function selectPaid(db: Database, { orderId }: Transaction) {
  return db
    .select({ paid: transactions.id })
    .from(transactions)
    .where(and(eq(transactions.orderId, orderId), eq(transactions.slot, "paid")));
}

function has(commit: Commit, type: Event["type"]): boolean {
  return commit.events.some((event) => event.type === type);
}

/** What a batch's statements returned, told apart by their columns. */
function readCommitted(results: readonly unknown[]): Committed {
  const rows = results.filter(Array.isArray).flat() as Partial<
    InboxEntry & { position: number; sibling: string; paid: string }
  >[];
  return {
    positions: rows.flatMap(({ position }) => position ?? []),
    siblings: rows.flatMap(({ sibling }) => sibling ?? []),
    orderPaid: rows.some(({ paid }) => paid !== undefined),
    parked: rows.filter((row): row is InboxEntry => row.eventId !== undefined),
  };
}

function toEventRow(event: Event) {
  const { type, source, from, actor, note, transaction } = event;
  return {
    actor,
    note,
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
