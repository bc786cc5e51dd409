/** A transaction in the socket's words. */
import { isFinal, type Transaction } from "../transactions/transaction.ts";
import type { StatusUpdate } from "./message.ts";

export function toStatusUpdate(transaction: Transaction): StatusUpdate {
  return {
    type: "payment_status_update",
    transaction_id: transaction.id,
    status: transaction.status,
    version: transaction.version,
    final: isFinal(transaction.status),
    amount: transaction.amount,
    currency: transaction.currency,
    late: transaction.late,
    occurred_at: new Date(transaction.updatedAt).toISOString(),
  };
}
