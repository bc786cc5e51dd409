/**
 * Payments found by what a person knows of them. A page never looks through more than a bounded number of rows: it says
 * how far it has looked instead.
 */
import { and, desc, eq, gte, inArray, lt, or, sql } from "drizzle-orm";
import type { Status, Transaction } from "../transactions/transaction.ts";
import { type Database, run } from "./database.ts";
import { columns, toTransaction } from "./rows.ts";
import {
  hasPaymentReference,
  isUnusual,
  metadataValues,
  paymentReference,
  refunds,
  transactions,
} from "./schema.ts";

export interface SearchFilter {
  readonly status: Status | null;
  readonly gateway: string | null;
  /** Minor units. */
  readonly amount: number | null;
  readonly currency: string | null;
  /** Ids, whose order is time's: from this one on, and before that one. */
  readonly from: string | null;
  readonly before: string | null;
}

export interface Found {
  /** Newest first. */
  readonly transactions: readonly Transaction[];
  /** Where to go on; null: there are no others. */
  readonly next: string | null;
  /** Down to this one it has looked, and found less than a page. */
  readonly lookedBackTo: Transaction | null;
}

/** Rows that a page looks through: an index's entry and its row are two. */
const EXAMINED = 150;
const EXAMINED_BY_INDEX = 75;
/** Those that are being opened just now are passed over. */
const SPARE = 5;
const MAX_FOUND = 25;
/** A gateway's reference is one payment's; but nobody promises that. */
const MAX_REFERENCED = 10;

export function searchQueries(db: Database) {
  return {
    /** Newest first, a page of so many. */
    async search(filter: SearchFilter, limit: number): Promise<Found> {
      const examined = await run(selectExamined(db, filter, howMany(filter, limit)));
      const matching = examined.filter((row) => matches(row, filter)).map(toTransaction);
      const page = matching.slice(0, limit);
      if (matching.length > limit) {
        return { transactions: page, next: page.at(-1)?.id ?? null, lookedBackTo: null };
      }
      const last = examined.length === howMany(filter, limit) ? examined.at(-1) : undefined;
      return {
        transactions: page,
        next: last?.id ?? null,
        lookedBackTo: last && page.length < limit ? toTransaction(last) : null,
      };
    },

    /** For an export: all that match among so many rows, and where to go on. */
    async scan(filter: SearchFilter, rows: number): Promise<Pick<Found, "transactions" | "next">> {
      const examined = await run(selectExamined(db, filter, rows));
      return {
        transactions: examined.filter((row) => matches(row, filter)).map(toTransaction),
        next: examined.length === rows ? (examined.at(-1)?.id ?? null) : null,
      };
    },

    /**
     * By the words that others know it by: the order, the gateway's reference, a value of the metadata. Newest first; of
     * very many the newest, and an order's open one and its paid one.
     */
    async findByText(text: string): Promise<Transaction[]> {
      const { gatewayReference, orderId, slot, id } = transactions;
      const named = db
        .select({ id: metadataValues.transactionId })
        .from(metadataValues)
        .where(eq(metadataValues.value, text))
        .orderBy(desc(metadataValues.transactionId))
        .limit(MAX_FOUND);
      const select = (condition: ReturnType<typeof and>) =>
        db.select(columns).from(transactions).where(condition);
      // "session/payment", of which the session is known.
      const isSession = and(gte(gatewayReference, `${text}/`), lt(gatewayReference, `${text}0`));
      const isReference = and(sql`gateway_reference IS NOT NULL`, or(eq(gatewayReference, text), isSession));
      const [current, ...others] = await run(
        db.batch([
          select(and(eq(orderId, text), inArray(slot, ["open", "paid"]))),
          // The others' place is their id.
          select(and(eq(orderId, text), gte(slot, "txn_")))
            .orderBy(desc(slot))
            .limit(MAX_FOUND),
          select(isReference).limit(MAX_REFERENCED),
          select(and(hasPaymentReference, sql`${paymentReference} = ${text}`)).limit(MAX_REFERENCED),
          select(sql`${id} IN ${named}`).limit(MAX_FOUND),
        ]),
      );
      const byId = new Map([...current, ...others.flat().sort(byNewest)].map((row) => [row.id, row]));
      return [...byId.values()]
        .filter(({ version }) => version > 0)
        .slice(0, MAX_FOUND)
        .sort(byNewest)
        .map(toTransaction);
    },

    /** Whose refund it is; null when there is none of that id. */
    async findRefundOwner(refundId: string): Promise<string | null> {
      const rows = await run(
        db.select({ id: refunds.transactionId }).from(refunds).where(eq(refunds.id, refundId)),
      );
      return rows[0]?.id ?? null;
    },
  };
}

type Row = Parameters<typeof toTransaction>[0];

function byNewest(one: Row, other: Row): number {
  return one.id < other.id ? 1 : -1;
}

/** What an index brings in the order of time; whatever else is asked is looked at row by row. */
function selectExamined(db: Database, filter: SearchFilter, limit: number) {
  const { from, before } = filter;
  return db
    .select(columns)
    .from(transactions)
    .where(
      and(
        isRare(filter.status) ? and(eq(transactions.status, filter.status), isUnusual) : undefined,
        from === null ? undefined : gte(transactions.id, from),
        before === null ? undefined : lt(transactions.id, before),
      ),
    )
    .orderBy(desc(transactions.id))
    .limit(limit);
}

function howMany({ status, gateway, amount, currency }: SearchFilter, limit: number): number {
  const isFound =
    (status === null || isRare(status)) && gateway === null && amount === null && currency === null;
  if (isFound) {
    return limit + 1 + SPARE;
  }
  return isRare(status) ? EXAMINED_BY_INDEX : EXAMINED;
}

function isRare(status: Status | null): status is Status {
  return status !== null && status !== "pending" && status !== "succeeded";
}

function matches(row: Row, { status, gateway, amount, currency }: SearchFilter): boolean {
  return (
    row.version > 0 &&
    (status === null || row.status === status) &&
    (gateway === null || row.gateway === gateway) &&
    (amount === null || row.amount === amount) &&
    (currency === null || row.currency === currency)
  );
}
