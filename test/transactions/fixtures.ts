/** What the core's tests are made of: a transaction, an observation, a context, and inputs that cannot be changed. */
import type { Decision, Input } from "../../src/transactions/decide.ts";
import type { Event } from "../../src/transactions/event.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import type { Context } from "../../src/transactions/outcome.ts";
import type { OwedRefund } from "../../src/transactions/refund.ts";
import type { Transaction } from "../../src/transactions/transaction.ts";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** When the transactions of these tests begin. */
export const T0 = Date.UTC(2026, 10, 22, 12);
export const TTL = 30 * MINUTE;
export const FIRST_CHECK = 15 * MINUTE;

/** Pending, its session open since T0. */
export function aTransaction(changes: Partial<Transaction> = {}): Transaction {
  return deepFreeze({
    id: "txn_01jd9x4k2q7v8r3m5n6p0s1t2w",
    orderId: "order-1",
    gateway: "generic",
    status: "pending",
    version: 1,
    amount: 1999,
    currency: "USD",
    amountCaptured: 0,
    amountRefunded: 0,
    capture: "automatic",
    gatewayReference: "session-1",
    paymentUrl: "https://gateway.example/pay/1",
    returnUrl: null,
    description: null,
    metadata: { cart: "7" },
    failure: null,
    late: false,
    reviewReason: null,
    capturing: null,
    dispute: null,
    mode: null,
    createdAt: T0,
    updatedAt: T0,
    expiresAt: T0 + TTL,
    nextCheckAt: T0 + MINUTE,
    silentSince: null,
    ...changes,
  });
}

/** In a given status, with what must go with it. */
export function inStatus(status: Transaction["status"], changes: Partial<Transaction> = {}): Transaction {
  return aTransaction({
    status,
    version: 2,
    ...(status === "succeeded" && { amountCaptured: 1999 }),
    ...(status === "failed" && { failure: { code: "card_declined", message: "Declined." } }),
    ...(status === "review" && { reviewReason: "wrong_amount" }),
    ...changes,
  });
}

/** What the gateway says; the amount agrees with the transaction's. */
export function anObservation(changes: Partial<Observation> = {}): Observation {
  const agreeing = { reference: "session-1", amount: 1999, currency: "USD" };
  const silent = { amountCaptured: null, failureCode: null, dispute: null, mode: null };
  return deepFreeze({ status: "succeeded", ...agreeing, amountRefunded: 0, ...silent, ...changes });
}

export function observed(changes: Partial<Observation> = {}): Input {
  return deepFreeze({ kind: "observed", source: "webhook", observation: anObservation(changes) });
}

export function aContext(changes: Partial<Context> = {}): Context {
  const policy = { latePayment: "accept", firstCheckMs: FIRST_CHECK } as const;
  const refunds = { pending: 0, succeeded: 0 };
  return deepFreeze({
    now: T0 + MINUTE,
    orderPaid: false,
    refunds,
    canRefund: true,
    policy,
    ...changes,
  });
}

export function withPolicy(latePayment: Context["policy"]["latePayment"], changes: Partial<Context> = {}) {
  return aContext({ ...changes, policy: { latePayment, firstCheckMs: FIRST_CHECK } });
}

/** The state after a decision; the one before it where nothing changed. */
export function stateAfter(before: Transaction, decision: Decision): Transaction {
  return decision.kind === "change" ? (decision.events.at(-1)?.transaction ?? before) : before;
}

export function typesOf(decision: Decision): string[] {
  return decision.kind === "change" ? decision.events.map(({ type }) => type) : [];
}

export function eventsOf(decision: Decision): readonly Event[] {
  return decision.kind === "change" ? decision.events : [];
}

/** What a decision owes the buyer. */
export function refundOf(decision: Decision): OwedRefund | null {
  return decision.kind === "change" ? decision.refund : null;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) {
      deepFreeze(inner);
    }
  }
  return value;
}
