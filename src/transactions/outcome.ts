/** The words in which the policy speaks: what it is asked with, and what comes of it. */
import type { Event, EventType, Source } from "./event.ts";
import { nextCheckAt } from "./next-check.ts";
import type { OwedRefund, Refund, RefundSums } from "./refund.ts";
import type { Transaction } from "./transaction.ts";

export interface Policy {
  readonly latePayment: "accept" | "refund" | "review";
  /** The first look by the cron at the latest, after the creation. */
  readonly firstCheckMs: number;
}

export interface Context {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Another transaction of the order keeps its money. */
  readonly orderPaid: boolean;
  /** Refunds of this transaction that were begun here. */
  readonly refunds: RefundSums;
  /** One of them, as it stands, where the news is about it alone. */
  readonly refund?: Pick<Refund, "amount" | "currency" | "status"> | null;
  /** The gateway can give money back when it is told to. */
  readonly canRefund: boolean;
  readonly policy: Policy;
}

export type IgnoreReason =
  | "unchanged"
  | "stale"
  | "in_review"
  | "mismatch"
  | "missing"
  | "unsaid"
  | "silent"
  | "already_open"
  | "refund_exceeds_capture"
  /** Its page was paid once more: a person must give that back at the gateway. */
  | "second_payment"
  | "not_in_review"
  | "order_paid"
  | "not_settled"
  | "cannot_refund";

export interface Outcome {
  readonly events: readonly Event[];
  /** Money that goes back to the buyer by this. */
  readonly refund: OwedRefund | null;
  /** Why there are no events, where there are none. */
  readonly reason: IgnoreReason;
}

export function nothing(reason: IgnoreReason): Outcome {
  return { events: [], refund: null, reason };
}

/** Where news comes from: a side, and a person where one decided. */
export interface Origin {
  readonly source: Source;
  readonly actor?: string | null;
  readonly note?: string | null;
}

/** One event, and with it the next version. */
export function change(
  transaction: Transaction,
  patch: Partial<Transaction>,
  { source, actor = null, note = null }: Origin,
  { now, policy }: Context,
  type: EventType = `transaction.${patch.status ?? transaction.status}` as EventType,
): Outcome {
  const changed: Transaction = {
    ...transaction,
    ...patch,
    version: transaction.version + 1,
    updatedAt: now,
    silentSince: null,
  };
  const next = { ...changed, nextCheckAt: nextCheckAt(changed, now, policy.firstCheckMs) };
  const event = { type, source, from: transaction.status, actor, note, transaction: next };
  return { events: [event], refund: null, reason: "unchanged" };
}

/** What follows from where the first outcome left the transaction. */
export function andThen(first: Outcome, next: (transaction: Transaction) => Outcome): Outcome {
  const last = first.events.at(-1);
  if (!last) {
    return first;
  }
  const second = next(last.transaction);
  return {
    ...first,
    events: [...first.events, ...second.events],
    refund: second.refund ?? first.refund,
  };
}
