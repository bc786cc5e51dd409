/** Between D1's rows and the core's transactions. */
import { getTableColumns, sql } from "drizzle-orm";
import type { RefundSums } from "../transactions/refund.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { transactions } from "./schema.ts";

type Row = Omit<typeof transactions.$inferSelect, "slot" | "calls">;

/** A transaction as it was read, and what a decision needs besides. */
export interface Loaded {
  readonly transaction: Transaction;
  /** Another transaction of the order keeps its money. */
  readonly orderPaid: boolean;
  readonly refunds: RefundSums;
  /** While version is 0: the buyer's data for the gateway, as JSON. */
  readonly customer: string | null;
  /** Epoch milliseconds: until then the request that made the row is taken to be under way. */
  readonly openingUntil: number;
}

/** The place is one transaction's alone: who has it need not look who else might. */
const orderPaid = sql<number>`CASE WHEN transactions.slot = 'paid' THEN 0 ELSE EXISTS (SELECT 1 FROM transactions AS sibling
  WHERE sibling.order_id = transactions.order_id AND sibling.slot = 'paid') END`;
/** Sums over refunds that were begun here; before there can be money, nothing is read. */
const refundsThatAre = (status: "pending" | "succeeded") =>
  sql<number>`CASE WHEN transactions.status IN ('succeeded', 'canceled', 'review') THEN (SELECT coalesce(sum(amount), 0)
  FROM refunds WHERE refunds.transaction_id = transactions.id AND refunds.status = ${sql.raw(`'${status}'`)}) ELSE 0 END`;
const { slot: _slot, calls: _calls, ...stored } = getTableColumns(transactions);
/** What is stored of a transaction: all but the computed slot, and the calls, which the timeline alone shows. */
export const columns = stored;
/** A transaction, and what a decision needs besides. */
export const loadedColumns = {
  ...columns,
  orderPaid,
  refundsPending: refundsThatAre("pending"),
  refundsSucceeded: refundsThatAre("succeeded"),
};
type LoadedRow = Row & { orderPaid: number; refundsPending: number; refundsSucceeded: number };

export function toRow({ failure, ...transaction }: Transaction) {
  return { ...transaction, failureCode: failure?.code ?? null, failureMessage: failure?.message ?? null };
}

export function toTransaction(row: Row): Transaction {
  const { failureCode, failureMessage, customer: _customer, openingUntil: _until, ...rest } = row;
  return {
    ...rest,
    failure: failureCode === null ? null : { code: failureCode, message: failureMessage ?? "" },
  };
}

export function toLoaded({ orderPaid: paid, refundsPending, refundsSucceeded, ...row }: LoadedRow): Loaded {
  const { customer, openingUntil } = row;
  const refunds = { pending: refundsPending, succeeded: refundsSucceeded };
  return { transaction: toTransaction(row), orderPaid: paid === 1, refunds, customer, openingUntil };
}

const MAX_CALLS_LENGTH = 2000;

/** Adds to the calls of a row; the oldest go. @param lines in the form of the row; empty: nothing to add */
export function withCalls(lines: string) {
  return lines === ""
    ? {}
    : { calls: sql`substr(${transactions.calls} || ${lines}, ${sql.raw(String(-MAX_CALLS_LENGTH))})` };
}
