/**
 * The whole policy, pure: what a piece of news makes of a transaction. No I/O, no clock, no randomness. Every side
 * (webhook, buyer, cron, shop, operator) asks here and nowhere else.
 */
import type { Event, EventType, Source } from "./event.ts";
import { nextCheckAt, SILENCE_LIMIT_MS } from "./next-check.ts";
import type { Observation } from "./observation.ts";
import {
  type Failure,
  GATEWAY_REJECTED,
  isOpen,
  type ReviewReason,
  type Transaction,
} from "./transaction.ts";
import { canMove } from "./transitions.ts";

export type Input = { readonly source: Source } & (
  | { readonly kind: "opened"; readonly observation: Observation; readonly paymentUrl: string }
  | { readonly kind: "rejected" }
  | { readonly kind: "observed"; readonly observation: Observation }
  /** We asked the gateway to close the session; this is what it says now. */
  | { readonly kind: "ended"; readonly observation: Observation; readonly as: "canceled" | "expired" }
  /** We asked, and no answer came. */
  | { readonly kind: "silent" }
);

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
  readonly policy: Policy;
}

export type IgnoreReason =
  | "unchanged"
  | "stale"
  | "in_review"
  | "mismatch"
  | "missing"
  | "silent"
  | "already_open"
  | "refund_exceeds_capture";

export type Decision =
  /** One event for each new version, mostly one; the last one carries the state from now on. */
  | { readonly kind: "change"; readonly events: readonly [Event, ...Event[]] }
  /** Nothing new for anybody: only the clock moves. */
  | { readonly kind: "touch"; readonly nextCheckAt: number | null; readonly silentSince: number | null }
  | { readonly kind: "ignore"; readonly reason: IgnoreReason };

export function decide(transaction: Transaction, input: Input, context: Context): Decision {
  const outcome = conclude(transaction, input, context);
  const [first, ...rest] = outcome.events;
  if (first) {
    return { kind: "change", events: [first, ...rest] };
  }
  if (input.source === "cron") {
    const silentSince = outcome.reason === "silent" ? (transaction.silentSince ?? context.now) : null;
    const next = nextCheckAt(transaction, context.now, context.policy.firstCheckMs);
    return { kind: "touch", nextCheckAt: next, silentSince };
  }
  return { kind: "ignore", reason: outcome.reason };
}

interface Outcome {
  readonly events: readonly Event[];
  /** Why there are no events, where there are none. */
  readonly reason: IgnoreReason;
}

const nothing = (reason: IgnoreReason): Outcome => ({ events: [], reason });

function conclude(transaction: Transaction, input: Input, context: Context): Outcome {
  switch (input.kind) {
    case "opened":
      return open(transaction, input, context);
    case "rejected":
      return transaction.version === 0
        ? change(transaction, { status: "failed", failure: REJECTED }, input.source, context)
        : nothing("already_open");
    case "observed":
      return input.source === "cron" && forgets(transaction, input.observation)
        ? lament(transaction, input.source, context)
        : observe(transaction, input.observation, input.source, context);
    case "ended":
      return end(transaction, input, context);
    case "silent":
      return lament(transaction, input.source, context);
  }
}

const REJECTED: Failure = { code: GATEWAY_REJECTED, message: "The gateway refused to open this payment." };
const UNAVAILABLE: Failure = { code: "gateway_unavailable", message: "The gateway could not be reached." };

/** The gateway's session is known now; what the gateway says of it besides follows as a second event. */
function open(transaction: Transaction, input: Input & { kind: "opened" }, context: Context): Outcome {
  if (transaction.paymentUrl !== null) {
    return nothing("already_open");
  }
  const session = { gatewayReference: input.observation.reference, paymentUrl: input.paymentUrl };
  const opened = change(transaction, session, input.source, context, "transaction.created");
  const [event] = opened.events;
  const more = event ? observe(event.transaction, input.observation, input.source, context).events : [];
  return { ...opened, events: [...opened.events, ...more] };
}

/** Closed at the gateway, or unpaid there for good: ended as it was meant. Anything else is news like any other. */
function end(transaction: Transaction, input: Input & { kind: "ended" }, context: Context): Outcome {
  const { observation, source } = input;
  const unpaid = observation.status === "pending" || observation.status === "missing";
  const closed = observation.status === "canceled" || observation.status === "expired";
  return (unpaid && transaction.status === "pending") || (closed && isOpen(transaction.status))
    ? change(transaction, { status: input.as }, source, context)
    : observe(transaction, observation, source, context);
}

/** The gateway does not know any more what it has told us: as good as silence. */
function forgets({ status }: Transaction, seen: Observation): boolean {
  return isOpen(status) && status !== "pending" && (seen.status === "pending" || seen.status === "missing");
}

/** Never expire on silence: after a bound a person decides. Where no buyer ever saw a session, nothing is at stake. */
function lament(transaction: Transaction, source: Source, context: Context): Outcome {
  const since = Math.max(transaction.silentSince ?? context.now, transaction.expiresAt);
  if (!isOpen(transaction.status) || context.now - since < SILENCE_LIMIT_MS) {
    return nothing("silent");
  }
  return transaction.version === 0
    ? change(transaction, { status: "failed", failure: UNAVAILABLE }, source, context)
    : change(transaction, { status: "review", reviewReason: "gateway_silent" }, source, context);
}

function observe(transaction: Transaction, seen: Observation, source: Source, context: Context): Outcome {
  if (transaction.status === "succeeded" && seen.status === "succeeded") {
    return refund(transaction, seen, source, context);
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
  const gone = target.status === "succeeded" && target.amountRefunded === transaction.amount;
  return change(transaction, target, source, context, gone ? "transaction.refunded" : undefined);
}

type Target = Partial<Transaction> & Pick<Transaction, "status">;

/** Where an observation points to, before the table is asked. Amount and currency are compared, never copied. */
function aim(transaction: Transaction, seen: Observation, context: Context): Target | IgnoreReason {
  if (transaction.status === "review" && transaction.reviewReason !== "gateway_silent") {
    return "in_review";
  }
  const mismatch = compare(transaction, seen);
  switch (seen.status) {
    case "missing":
      return "missing";
    case "pending":
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

/** Money that agrees with what was asked: ours, unless it came too late or the order is paid already. */
function receive(transaction: Transaction, seen: Observation, context: Context): Target {
  const late = isLate(transaction, context.now);
  const amountRefunded = seen.amountRefunded <= transaction.amount ? seen.amountRefunded : 0;
  const kept = amountRefunded < transaction.amount;
  if (kept && context.orderPaid) {
    return reviewed(seen, transaction, "duplicate_payment", context);
  }
  if (kept && late && context.policy.latePayment !== "accept") {
    return reviewed(seen, transaction, "late_payment", context);
  }
  const amounts = { amountCaptured: transaction.amount, amountRefunded };
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
  const amountCaptured = taken ? (seen.amount ?? 0) : 0;
  return { status: "review", reviewReason, amountCaptured, late: isLate(transaction, now), failure: null };
}

function compare(transaction: Transaction, seen: Observation): ReviewReason | null {
  if (seen.currency !== transaction.currency) {
    return "wrong_currency";
  }
  return seen.amount === transaction.amount ? null : "wrong_amount";
}

/** A refund's sum only grows, and never beyond what was captured. */
function refund(transaction: Transaction, seen: Observation, source: Source, context: Context): Outcome {
  if (compare(transaction, seen)) {
    return nothing("mismatch");
  }
  if (seen.amountRefunded <= transaction.amountRefunded) {
    return nothing("unchanged");
  }
  if (seen.amountRefunded > transaction.amountCaptured) {
    return nothing("refund_exceeds_capture");
  }
  const refunded = { amountRefunded: seen.amountRefunded };
  return change(transaction, refunded, source, context, "transaction.refunded");
}

/** One event, and with it the next version. */
function change(
  transaction: Transaction,
  patch: Partial<Transaction>,
  source: Source,
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
  return { events: [{ type, source, from: transaction.status, transaction: next }], reason: "unchanged" };
}
