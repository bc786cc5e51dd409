/** What a gateway's word makes of a transaction. Amount, currency and mode are compared, never copied. */
import type { Observation } from "./observation.ts";
import {
  andThen,
  type Context,
  change,
  type IgnoreReason,
  nothing,
  type Origin,
  type Outcome,
} from "./outcome.ts";
import { settleRefund, takeBack } from "./settle-refund.ts";
import type { ReviewReason, Transaction } from "./transaction.ts";
import { canMove } from "./transitions.ts";

export function observe(
  transaction: Transaction,
  seen: Observation,
  origin: Origin,
  context: Context,
): Outcome {
  if (seen.status === "unsaid") {
    return hear(transaction, seen, origin, context);
  }
  if (isBooked(transaction, context)) {
    return seen.status === "succeeded" ? follow(transaction, seen, origin, context) : nothing("stale");
  }
  if (seen.status === "succeeded" && transaction.status === "review" && !isSilent(transaction)) {
    return follow(transaction, seen, origin, context);
  }
  if (isClosed(transaction) && isGone(seen) && compare(transaction, seen)) {
    return comeAndGone(transaction, seen, origin, context);
  }
  const target = aim(transaction, seen, context);
  if (typeof target === "string") {
    return nothing(target);
  }
  // Money that turns up after silence, and not as asked: still a review, now for another reason.
  const sharper = transaction.status === "review" && target.status === "review";
  if (!sharper && !canMove(transaction.status, target.status)) {
    return nothing(transaction.status === target.status ? "unchanged" : "stale");
  }
  // Money that came and went before we heard of it: nothing to fulfil.
  const gone = target.status === "succeeded" && target.amountRefunded === target.amountCaptured;
  const type = gone ? ("transaction.refunded" as const) : undefined;
  const moved = change(transaction, { ...target, ...learn(transaction, seen) }, origin, context, type);
  const returned = andThen(moved, (now) => giveBack(now, seen, origin, context));
  return andThen(returned, (now) =>
    isBooked(now, context) || isComparable(now, seen)
      ? dispute(now, seen, origin, context)
      : nothing("unchanged"),
  );
}

/** News of a refund or a dispute alone. */
function hear(transaction: Transaction, seen: Observation, origin: Origin, context: Context): Outcome {
  const { refund, currency } = seen;
  const { refund: own = null } = context;
  if ((refund || seen.dispute) && isAnother(transaction, seen)) {
    return nothing("second_payment");
  }
  if (refund && own && own.status !== "pending") {
    const undone = own.status === "succeeded" && refund.status === "failed";
    return undone ? takeBack(transaction, own, origin, context) : nothing("unchanged");
  }
  if (refund && currency !== null) {
    // Each refund's end is told once, and adds to what is back already.
    const total = transaction.amountRefunded + (refund.status === "succeeded" ? refund.amount : 0);
    const isTooMuch = total > transaction.amountCaptured || currency !== transaction.currency;
    return refund.status === "succeeded" && isTooMuch
      ? nothing("refund_exceeds_capture")
      : settleRefund(transaction, { ...refund, currency, total }, origin, context);
  }
  return transaction.amountCaptured > 0 ? dispute(transaction, seen, origin, context) : nothing("unsaid");
}

/** A gateway may tell more of its own reference as a payment goes on: "link", then "link/payment", or "/payment" alone. */
function learn({ gatewayReference: known }: Transaction, { reference }: Observation): Partial<Transaction> {
  const told = reference?.startsWith("/") ? `${known?.split("/")[0]}${reference}` : reference;
  return known !== null && told?.startsWith(`${known}/`) ? { gatewayReference: told } : {};
}

/** Of another payment than the one that is known: the same page was paid twice. */
function isAnother({ gatewayReference }: Transaction, { reference }: Observation): boolean {
  const [known, told] = [gatewayReference, reference].map((each) => each?.split("/")[1]);
  return known !== undefined && told !== undefined && known !== told;
}

/** Its money is accounted for: kept, on its way back, or back. */
function isBooked(transaction: Transaction, { refunds }: Context): boolean {
  const { status, amountCaptured } = transaction;
  const isReturning = status === "canceled" && refunds.pending + refunds.succeeded > 0;
  return status === "succeeded" || isReturning || (isClosed(transaction) && amountCaptured > 0);
}

/** Other money than was asked for, after the end, and all of it back: a record, and nothing for a person to decide. */
function comeAndGone(transaction: Transaction, seen: Observation, origin: Origin, context: Context): Outcome {
  const sum = capturedOf(seen);
  const isCountable = seen.currency === transaction.currency && isOfItsMode(transaction, seen);
  if (sum === null || seen.amountRefunded !== sum || !isCountable) {
    return nothing("mismatch");
  }
  const late = isLate(transaction, context.now);
  const sums = { amountCaptured: sum, amountRefunded: sum, late };
  return change(transaction, sums, origin, context, "transaction.refunded");
}

function isSilent({ reviewReason }: Transaction): boolean {
  return reviewReason === "gateway_silent";
}

type Target = Partial<Transaction> & Pick<Transaction, "status">;

/** Where an observation points to, before the table is asked. */
function aim(transaction: Transaction, seen: Observation, context: Context): Target | IgnoreReason {
  if (transaction.status === "review" && !isSilent(transaction)) {
    return "in_review";
  }
  const mismatch = compare(transaction, seen);
  switch (seen.status) {
    case "missing":
      return "missing";
    case "unsaid":
      return "unsaid";
    case "pending":
    case "approved":
      return transaction.status === "pending" ? "unchanged" : "stale";
    case "processing":
    case "authorized":
      return mismatch ? reviewed(seen, transaction, mismatch, context) : { status: seen.status };
    case "succeeded":
      return mismatch ? reviewed(seen, transaction, mismatch, context) : receive(transaction, seen, context);
    case "failed":
    case "canceled":
    case "expired":
      return close(transaction, seen.status, seen);
  }
}

function isClosed({ status }: Transaction): boolean {
  return status === "failed" || status === "canceled" || status === "expired";
}

/** All of it has gone back: nothing that a person could decide. */
export function isGone(seen: Observation): boolean {
  const captured = seen.status === "succeeded" ? capturedOf(seen) : null;
  return captured !== null && captured > 0 && seen.amountRefunded >= captured;
}

/** Money that agrees with what was asked: ours, unless it came too late or the order is paid already. */
function receive(transaction: Transaction, seen: Observation, context: Context): Target {
  const late = isLate(transaction, context.now);
  const amountCaptured = capturedOf(seen) ?? transaction.amount;
  const amountRefunded = refundedOf(seen, amountCaptured);
  const kept = amountRefunded < amountCaptured;
  if (kept && context.orderPaid) {
    return reviewed(seen, transaction, "duplicate_payment", context);
  }
  if (kept && late && context.policy.latePayment !== "accept") {
    return reviewed(seen, transaction, "late_payment", context);
  }
  const amounts = { amountCaptured, amountRefunded, capturing: null };
  return { status: "succeeded", ...amounts, late, failure: null, reviewReason: null };
}

function isLate({ status, expiresAt }: Transaction, now: number): boolean {
  return status === "expired" || status === "canceled" || (status === "failed" && now > expiresAt);
}

/** No money was taken. A transaction in review because of silence is called off by that. */
function close(
  transaction: Transaction,
  status: "failed" | "canceled" | "expired",
  seen: Observation,
): Target {
  if (transaction.status === "review") {
    return { status: "canceled", reviewReason: null };
  }
  if (status !== "failed") {
    return { status };
  }
  const code = seen.failureCode ?? "payment_failed";
  return { status: "failed", failure: { code, message: "The payment failed; no money was taken." } };
}

function reviewed(
  seen: Observation,
  transaction: Transaction,
  reviewReason: ReviewReason,
  { now }: Context,
): Target {
  const taken = seen.status === "succeeded" && seen.currency === transaction.currency;
  const amountCaptured = taken ? (capturedOf(seen) ?? 0) : 0;
  const amountRefunded = refundedOf(seen, amountCaptured);
  const late = isLate(transaction, now);
  return { status: "review", reviewReason, amountCaptured, amountRefunded, late, failure: null };
}

/** By that policy, money that came too late or twice goes back without a person; not if the bank takes it back already. */
function giveBack(transaction: Transaction, seen: Observation, origin: Origin, context: Context): Outcome {
  const { reviewReason, amountCaptured, amountRefunded, currency } = transaction;
  const unwanted = reviewReason === "late_payment" || reviewReason === "duplicate_payment";
  const disputed = seen.dispute === "open" || seen.dispute === "lost";
  if (!unwanted || disputed || context.policy.latePayment !== "refund" || !context.canRefund) {
    return nothing("unchanged");
  }
  const note = "LATE_PAYMENT_POLICY is refund";
  const called = change(
    transaction,
    { status: "canceled", reviewReason: null },
    { ...origin, note },
    context,
  );
  return { ...called, refund: { amount: amountCaptured - amountRefunded, currency, reason: reviewReason } };
}

/** What was captured, as the gateway says it, in minor units. */
export function capturedOf(seen: Observation): number | null {
  return seen.amountCaptured ?? seen.amount;
}

/** What went back of it; a sum that cannot have gone back does not count. */
function refundedOf({ amountRefunded }: Observation, amountCaptured: number): number {
  return amountRefunded <= amountCaptured ? amountRefunded : 0;
}

function compare(transaction: Transaction, seen: Observation): ReviewReason | null {
  if (seen.currency !== transaction.currency) {
    return "wrong_currency";
  }
  if (!isOfItsMode(transaction, seen)) {
    return "wrong_mode";
  }
  const asked = transaction.capturing ?? transaction.amount;
  const captured = seen.status !== "succeeded" || capturedOf(seen) === asked;
  return seen.amount === transaction.amount && captured ? null : "wrong_amount";
}

/**
 * Money that is known: only its way back, or a dispute about it, is news. While a person has not decided, all of it back
 * leaves nothing to decide.
 */
function follow(transaction: Transaction, seen: Observation, origin: Origin, context: Context): Outcome {
  const { amountCaptured, amountRefunded, status } = transaction;
  const undecided = status === "review";
  if (isAnother(transaction, seen)) {
    return nothing("second_payment");
  }
  if (!isComparable(transaction, seen) || !(undecided || isOfItsMode(transaction, seen))) {
    return nothing(undecided ? "in_review" : "mismatch");
  }
  const { amountRefunded: total } = seen;
  if (total > amountCaptured) {
    return nothing("refund_exceeds_capture");
  }
  const learnt = learn(transaction, seen);
  if (total > amountRefunded) {
    const over = undecided && total === amountCaptured;
    const called = over ? ({ status: "canceled", reviewReason: null } as const) : {};
    const patch = { amountRefunded: total, ...called, ...learnt };
    const refunded = change(transaction, patch, origin, context, "transaction.refunded");
    return andThen(refunded, (now) => dispute(now, seen, origin, context));
  }
  if ("gatewayReference" in learnt) {
    const referenced = change(transaction, learnt, origin, context, "transaction.referenced");
    return andThen(referenced, (now) => dispute(now, seen, origin, context));
  }
  const disputed = dispute(transaction, seen, origin, context);
  return undecided && disputed.events.length === 0 ? nothing("in_review") : disputed;
}

/** It speaks of the very money that was taken. */
function isComparable({ currency, amountCaptured }: Transaction, seen: Observation): boolean {
  return seen.status === "succeeded" && seen.currency === currency && capturedOf(seen) === amountCaptured;
}

/** Or one of the two does not say. */
function isOfItsMode({ mode }: Transaction, seen: Observation): boolean {
  return mode === null || seen.mode === null || seen.mode === mode;
}

/** A dispute opens, and does not open again once it has ended. */
export function dispute(
  transaction: Transaction,
  seen: Observation,
  origin: Origin,
  context: Context,
): Outcome {
  const ended = transaction.dispute === "won" || transaction.dispute === "lost";
  if (seen.dispute === null || seen.dispute === transaction.dispute || (ended && seen.dispute === "open")) {
    return nothing("unchanged");
  }
  return change(transaction, { dispute: seen.dispute }, origin, context, "transaction.disputed");
}
