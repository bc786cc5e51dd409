/**
 * The whole policy, pure: what a piece of news makes of a transaction. No I/O, no clock, no randomness. Every side
 * (webhook, buyer, cron, shop, operator) asks here and nowhere else.
 */
import type { Event } from "./event.ts";
import { nextCheckAt, SILENCE_LIMIT_MS } from "./next-check.ts";
import type { Observation } from "./observation.ts";
import { observe } from "./observe.ts";
import {
  andThen,
  type Context,
  change,
  type IgnoreReason,
  nothing,
  type Origin,
  type Outcome,
} from "./outcome.ts";
import type { OwedRefund } from "./refund.ts";
import { accept, reject } from "./review.ts";
import { settleRefund } from "./settle-refund.ts";
import { type Failure, GATEWAY_REJECTED, isOpen, type Transaction } from "./transaction.ts";

export type Input = Origin &
  (
    | { readonly kind: "opened"; readonly observation: Observation; readonly paymentUrl: string }
    | { readonly kind: "rejected" }
    | { readonly kind: "observed"; readonly observation: Observation }
    /** We asked the gateway to close the session; this is what it says now. */
    | { readonly kind: "ended"; readonly observation: Observation; readonly as: "canceled" | "expired" }
    /** We asked, and no answer came. */
    | { readonly kind: "silent" }
    /** A person has decided; with what the gateway says just now, where it answers. */
    | { readonly kind: "accepted" | "declined"; readonly observation: Observation | null }
    /** A refund of ours has come to its end. */
    | {
        readonly kind: "refund_ended";
        readonly amount: number;
        readonly currency: string;
        readonly status: "succeeded" | "failed";
        /** The sum of refunds as the gateway says it now; null where it could not be asked. */
        readonly total: number | null;
      }
  );

export type Decision =
  /** One event for each new version, mostly one; the last one carries the state from now on. */
  | {
      readonly kind: "change";
      readonly events: readonly [Event, ...Event[]];
      /** Money that goes back to the buyer by this. */
      readonly refund: OwedRefund | null;
    }
  /** Nothing new for anybody: only the clock moves. */
  | { readonly kind: "touch"; readonly nextCheckAt: number | null; readonly silentSince: number | null }
  | { readonly kind: "ignore"; readonly reason: IgnoreReason };

export function decide(transaction: Transaction, input: Input, context: Context): Decision {
  const outcome = conclude(transaction, input, context);
  const [first, ...rest] = outcome.events;
  if (first) {
    return { kind: "change", events: [first, ...rest], refund: outcome.refund };
  }
  if (input.source === "cron" && input.kind !== "refund_ended") {
    const silentSince = outcome.reason === "silent" ? (transaction.silentSince ?? context.now) : null;
    const next = nextCheckAt(transaction, context.now, context.policy.firstCheckMs);
    return { kind: "touch", nextCheckAt: next, silentSince };
  }
  return { kind: "ignore", reason: outcome.reason };
}

function conclude(transaction: Transaction, input: Input, context: Context): Outcome {
  switch (input.kind) {
    case "opened":
      return open(transaction, input, context);
    case "rejected":
      return transaction.version === 0
        ? change(transaction, { status: "failed", failure: REJECTED }, input, context)
        : nothing("already_open");
    case "observed":
      return input.source === "cron" && tellsNothing(transaction, input.observation)
        ? lament(transaction, input, context)
        : observe(transaction, input.observation, input, context);
    case "ended":
      return end(transaction, input, context);
    case "silent":
      return lament(transaction, input, context);
    case "accepted":
      return accept(transaction, input.observation, input, context);
    case "declined":
      return reject(transaction, input.observation, input, context);
    case "refund_ended":
      return settleRefund(transaction, input, input, context);
  }
}

const REJECTED: Failure = { code: GATEWAY_REJECTED, message: "The gateway refused to open this payment." };
const UNAVAILABLE: Failure = { code: "gateway_unavailable", message: "The gateway could not be reached." };

/** The gateway's session is known now; what the gateway says of it besides follows as a second event. */
function open(transaction: Transaction, input: Input & { kind: "opened" }, context: Context): Outcome {
  if (transaction.paymentUrl !== null) {
    return nothing("already_open");
  }
  const { reference: gatewayReference, mode } = input.observation;
  const session = { gatewayReference, mode, paymentUrl: input.paymentUrl };
  const opened = change(transaction, session, input, context, "transaction.created");
  return andThen(opened, (now) => observe(now, input.observation, input, context));
}

/** Closed at the gateway, or unpaid there for good: ended as it was meant. Anything else is news like any other. */
function end(transaction: Transaction, input: Input & { kind: "ended" }, context: Context): Outcome {
  const { observation } = input;
  const unpaid = isUnpaid(observation);
  const closed = observation.status === "canceled" || observation.status === "expired";
  return (unpaid && transaction.status === "pending") || (closed && isOpen(transaction.status))
    ? change(transaction, { status: input.as }, input, context)
    : // News from the gateway, and nobody's decision.
      observe(transaction, observation, { source: input.source }, context);
}

function isUnpaid({ status }: Observation): boolean {
  return status === "pending" || status === "approved" || status === "missing";
}

/** A word that nobody knows, or the gateway does not know any more what it has told us: as good as silence. */
function tellsNothing({ status }: Transaction, seen: Observation): boolean {
  return seen.status === "unsaid" || (isOpen(status) && status !== "pending" && isUnpaid(seen));
}

/** Never expire on silence: after a bound a person decides. Where no buyer ever saw a session, nothing is at stake. */
function lament(transaction: Transaction, origin: Origin, context: Context): Outcome {
  const since = Math.max(transaction.silentSince ?? context.now, transaction.expiresAt);
  if (!isOpen(transaction.status) || context.now - since < SILENCE_LIMIT_MS) {
    return nothing("silent");
  }
  return transaction.version === 0
    ? change(transaction, { status: "failed", failure: UNAVAILABLE }, origin, context)
    : change(transaction, { status: "review", reviewReason: "gateway_silent" }, origin, context);
}
