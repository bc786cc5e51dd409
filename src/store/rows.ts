/** Between D1's rows and the core's transactions. */
import { getTableColumns, sql } from "drizzle-orm";
import type { Transaction } from "../transactions/transaction.ts";
import { transactions } from "./schema.ts";

type Row = Omit<typeof transactions.$inferSelect, "slot">;

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

const orderPaid = sql<number>`EXISTS (SELECT 1 FROM transactions AS sibling
  WHERE sibling.order_id = transactions.order_id AND sibling.slot = 'paid' AND sibling.id <> transactions.id)`;
const { slot: _slot, ...stored } = getTableColumns(transactions);
/** What is stored of a transaction: all but the computed slot. */
export const columns = stored;
/** A transaction, and whether its order is paid by another. */
export const loadedColumns = { ...columns, orderPaid };

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

export function toLoaded({ orderPaid: paid, ...row }: Row & { orderPaid: number }): Loaded {
  const { customer, openingUntil } = row;
  return { transaction: toTransaction(row), orderPaid: paid === 1, customer, openingUntil };
}
