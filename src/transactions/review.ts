/** What a person's verdict makes of a transaction in review, and what becomes of money that is sent back. */
import type { Observation } from "./observation.ts";
import { capturedOf, dispute, isGone } from "./observe.ts";
import { andThen, type Context, change, nothing, type Origin, type Outcome } from "./outcome.ts";
import type { OwedRefund } from "./refund.ts";
import type { Transaction } from "./transaction.ts";

/** @param seen what the gateway says now; null when it does not answer, so that the person's word stands alone */
export function accept(
  transaction: Transaction,
  seen: Observation | null,
  origin: Origin,
  context: Context,
): Outcome {
  if (transaction.status !== "review") {
    return nothing("not_in_review");
  }
  if (context.orderPaid) {
    return nothing("order_paid");
  }
  if (seen && seen.status !== "succeeded" && seen.status !== "missing") {
    return nothing("not_settled");
  }
  if (seen && isGone(seen)) {
    return nothing("not_settled");
  }
  const sums = comparableSums(transaction, seen);
  const amountCaptured = sums.amountCaptured || (transaction.capturing ?? transaction.amount);
  if (sums.amountRefunded >= amountCaptured) {
    return nothing("not_settled");
  }
  const amounts = { amountCaptured, amountRefunded: sums.amountRefunded, capturing: null };
  // Accepted as it is: what the gateway says of it later is of the same mode.
  const mode = seen?.mode ?? transaction.mode;
  const patch = { status: "succeeded", ...amounts, mode, reviewReason: null } as const;
  return withDispute(change(transaction, patch, origin, context), seen, origin, context);
}

/** Called off; what the gateway holds of it goes back to the buyer. */
export function reject(
  transaction: Transaction,
  seen: Observation | null,
  origin: Origin,
  context: Context,
): Outcome {
  if (transaction.status !== "review") {
    return nothing("not_in_review");
  }
  const refund = owedBack(transaction, seen, context, origin.note ?? null);
  if (refund && !context.canRefund) {
    return nothing("cannot_refund");
  }
  const patch = { status: "canceled", reviewReason: null, ...comparableSums(transaction, seen) } as const;
  const declined = { ...change(transaction, patch, origin, context), refund };
  return withDispute(declined, seen, origin, context);
}

/** The gateway may speak of a dispute for the first time when it is asked for the verdict's sake. */
function withDispute(decided: Outcome, seen: Observation | null, origin: Origin, context: Context): Outcome {
  return andThen(decided, (now) =>
    seen?.status === "succeeded" ? dispute(now, seen, origin, context) : nothing("unchanged"),
  );
}

/** The gateway's sums, where they are of our currency. What is known to be back stays so. */
function comparableSums(transaction: Transaction, seen: Observation | null) {
  const { amountCaptured, amountRefunded, currency } = transaction;
  const captured = seen?.status === "succeeded" && seen.currency === currency ? capturedOf(seen) : null;
  if (captured === null || !seen) {
    return { amountCaptured, amountRefunded };
  }
  const back = Math.max(seen.amountRefunded, amountRefunded);
  return { amountCaptured: captured, amountRefunded: Math.min(back, captured) };
}

/** In the gateway's own currency, which need not be the one that was asked for. What it does not say is as known here. */
function owedBack(
  transaction: Transaction,
  seen: Observation | null,
  { refunds }: Context,
  note: string | null,
): OwedRefund | null {
  const said = seen?.status === "succeeded" ? seen : null;
  const captured = said && capturedOf(said);
  const currency = (captured === null ? null : said?.currency) ?? transaction.currency;
  const known = currency === transaction.currency ? transaction.amountRefunded : 0;
  const back = Math.max(said?.amountRefunded ?? 0, known);
  const amount = (captured ?? transaction.amountCaptured) - back - refunds.pending;
  return amount > 0 ? { amount, currency, reason: note ?? "review rejected" } : null;
}
