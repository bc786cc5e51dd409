/** What the end of a refund makes of its transaction, and what it makes of it that the end was none. */
import { type Context, change, nothing, type Origin, type Outcome } from "./outcome.ts";
import type { Transaction } from "./transaction.ts";

export function settleRefund(
  transaction: Transaction,
  settled: {
    readonly amount: number;
    readonly currency: string;
    readonly status: "succeeded" | "failed";
    /** The sum of refunds as the gateway says it now; null where it could not be asked. */
    readonly total: number | null;
  },
  origin: Origin,
  context: Context,
): Outcome {
  const { status, amountCaptured } = transaction;
  // Each of these is known to have gone back at the least: other refunds may have been begun at the gateway.
  const done = context.refunds.succeeded + (settled.status === "succeeded" ? settled.amount : 0);
  const own = settled.currency === transaction.currency ? done : 0;
  const sum = Math.max(transaction.amountRefunded, own, settled.total ?? 0);
  const amountRefunded = Math.min(sum, amountCaptured);
  const isBack = amountCaptured > 0 && amountRefunded === amountCaptured;
  if (settled.status === "failed" && status === "canceled" && !isBack) {
    const failed = { status: "review", reviewReason: "refund_failed", amountRefunded } as const;
    return change(transaction, failed, origin, context);
  }
  return amountRefunded > transaction.amountRefunded
    ? change(transaction, { amountRefunded }, origin, context, "transaction.refunded")
    : nothing("unchanged");
}

/**
 * A refund that was done has failed after all, and its money is with us again: what it counted counts no more. This one
 * news alone makes the sum smaller, for the refund's own row says that it is told once.
 */
export function takeBack(
  transaction: Transaction,
  { amount, currency }: { readonly amount: number; readonly currency: string },
  origin: Origin,
  context: Context,
): Outcome {
  const { status, amountRefunded: known } = transaction;
  const counted = currency === transaction.currency ? amount : 0;
  const amountRefunded = Math.max(0, known - counted);
  if (status === "canceled") {
    const failed = { status: "review", reviewReason: "refund_failed", amountRefunded } as const;
    return change(transaction, failed, origin, context);
  }
  if (amountRefunded === known) {
    return nothing("unchanged");
  }
  // The order has been paid again meanwhile, and keeps one payment: this one stays as it is, its refund failed.
  return status === "succeeded" && context.orderPaid
    ? nothing("order_paid")
    : change(transaction, { amountRefunded }, origin, context, "transaction.refunded");
}
