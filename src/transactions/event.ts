/** An immutable fact in a transaction's history: one for each version. */
import type { Status, Transaction } from "./transaction.ts";

export type EventType =
  | "transaction.created"
  /** More of the gateway's own reference is known. */
  | "transaction.referenced"
  | "transaction.processing"
  | "transaction.authorized"
  | "transaction.succeeded"
  | "transaction.failed"
  | "transaction.canceled"
  | "transaction.expired"
  | "transaction.review"
  | "transaction.refunded"
  | "transaction.disputed";

/** Which side the news came from. */
export type Source = "shop" | "webhook" | "buyer" | "cron" | "operator";

export interface Event {
  readonly type: EventType;
  readonly source: Source;
  readonly from: Status;
  /** Who decided, and why, where a person did. */
  readonly actor: string | null;
  readonly note: string | null;
  /** The transaction as it is from this event on; its version is the event's place in the history. */
  readonly transaction: Transaction;
}

/** Whether the shop is owed this event: not the creation, which it asked for itself, and no mere reference. */
export function isOutgoing({ type }: Event): boolean {
  return type !== "transaction.created" && type !== "transaction.referenced";
}
