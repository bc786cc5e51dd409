/** Money on its way back to the buyer: an owed effect, repeated under one id until the gateway has ended it. */

export type RefundStatus = "pending" | "succeeded" | "failed";

export interface Refund {
  readonly id: string;
  readonly transactionId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly status: RefundStatus;
  /** Why, in the shop's words, or the policy's. */
  readonly reason: string | null;
  /** The gateway's own id of it. */
  readonly gatewayReference: string | null;
  readonly failureCode: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a decision owes the buyer. */
export interface OwedRefund {
  readonly amount: number;
  readonly currency: string;
  readonly reason: string;
}

/** The sums of a transaction's own refunds, in minor units. */
export interface RefundSums {
  readonly pending: number;
  readonly succeeded: number;
}

/** The pauses between looks at a refund that the gateway has not ended: the last one for ever. */
const PAUSES_MS = [60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000, 6 * 60 * 60_000, 24 * 60 * 60_000];

/** @param attempts how many there have been, at least one */
export function refundPauseMs(attempts: number): number {
  return PAUSES_MS[Math.min(attempts, PAUSES_MS.length) - 1] ?? 0;
}
