/** What a gateway says about a transaction now, in one normal form, wherever it came from. Compared, never copied. */
import type { Dispute, Mode } from "./transaction.ts";

export type ObservedStatus =
  | "pending"
  /** The buyer has agreed; no money moves until the gateway is told to take it. */
  | "approved"
  | "processing"
  | "authorized"
  | "succeeded"
  | "failed"
  | "canceled"
  | "expired"
  /** The gateway has never heard of it. */
  | "missing"
  /** Nothing of the payment's own state: news of a refund or a dispute alone, or a word that the adapter does not know. */
  | "unsaid";

/** One refund's end, from a gateway that does not tell the sum of all. */
export interface ObservedRefund {
  /** Ours; null where it was not begun here. */
  readonly id: string | null;
  /** The gateway's own. */
  readonly reference: string | null;
  /** Minor units of the observation's currency. */
  readonly amount: number;
  readonly status: "succeeded" | "failed";
  readonly failureCode: string | null;
}

export interface Observation {
  readonly status: ObservedStatus;
  /** The gateway's own id, or "/payment" of "link/payment"; null where it has none or did not say. */
  readonly reference: string | null;
  /** Minor units; null where the gateway did not say, which never passes for money. */
  readonly amount: number | null;
  readonly currency: string | null;
  /** Of a success: what was captured, in minor units; null: the whole amount. */
  readonly amountCaptured: number | null;
  /** The sum of refunds so far, in minor units. */
  readonly amountRefunded: number;
  /** A failure's code in snake case, if the gateway gave one. */
  readonly failureCode: string | null;
  /** Null where there is none, or the gateway did not say. */
  readonly dispute: Dispute | null;
  /** Null where the gateway did not say. */
  readonly mode: Mode | null;
  /** With `unsaid` alone. */
  readonly refund?: ObservedRefund;
}
