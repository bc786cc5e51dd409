/** Random histories of a transaction: what may come, in any order, and what is decided of it step by step. */
import fc from "fast-check";
import { type Decision, decide, type Input } from "../../src/transactions/decide.ts";
import type { Source } from "../../src/transactions/event.ts";
import type { Observation, ObservedStatus } from "../../src/transactions/observation.ts";
import type { Context } from "../../src/transactions/outcome.ts";
import type { OwedRefund } from "../../src/transactions/refund.ts";
import type { Transaction } from "../../src/transactions/transaction.ts";
import {
  aContext,
  anObservation,
  aTransaction,
  DAY,
  deepFreeze,
  FIRST_CHECK,
  refundOf,
  stateAfter,
  T0,
} from "./fixtures.ts";

export const AMOUNT = 1999;
const OBSERVED: readonly ObservedStatus[] = [
  ...(["pending", "processing", "authorized", "succeeded"] as const),
  ...(["failed", "canceled", "expired", "missing"] as const),
];

export const agreeing = fc
  .record({
    status: fc.constantFrom(...OBSERVED),
    amountRefunded: fc.constantFrom(0, 0, 1, 500, AMOUNT),
    failureCode: fc.constantFrom(null, "card_declined"),
  })
  .map((changes) => anObservation(changes));
const anything: fc.Arbitrary<Observation> = fc
  .record({
    status: fc.constantFrom(...OBSERVED),
    reference: fc.constantFrom(null, "session-1", "session-2"),
    amount: fc.constantFrom(AMOUNT, AMOUNT, AMOUNT, null, 0, 1, 5000),
    currency: fc.constantFrom("USD", "USD", "USD", null, "EUR"),
    amountCaptured: fc.constantFrom(null, null, AMOUNT, 1000),
    amountRefunded: fc.constantFrom(0, 0, 1, 500, AMOUNT, AMOUNT + 1, 5000),
    dispute: fc.constantFrom(null, null, "open", "won", "lost"),
    mode: fc.constantFrom(null, "live", "test"),
    failureCode: fc.constantFrom(null, "card_declined"),
  })
  .map((observation) => deepFreeze(observation));

export function inputs(observation: fc.Arbitrary<Observation>): fc.Arbitrary<Input> {
  const source = fc.constantFrom<Source>("shop", "webhook", "buyer", "cron", "operator");
  const paymentUrl = fc.constant("https://gateway.example/pay/1");
  const as = fc.constantFrom("canceled", "expired");
  const verdict = fc.constantFrom("accepted", "declined");
  const refundEnd = {
    amount: fc.constantFrom(1, 500, AMOUNT),
    currency: fc.constant("USD"),
    status: fc.constantFrom("succeeded", "failed"),
    total: fc.constantFrom(null, 0, 500, AMOUNT),
  };
  return fc
    .oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("observed"), source, observation }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("ended"), source, observation, as }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("silent"), source }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("opened"), source, observation, paymentUrl }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("rejected"), source }) },
      { weight: 2, arbitrary: fc.record({ kind: verdict, source, observation: fc.option(observation) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("refund_ended"), source, ...refundEnd }) },
    )
    .map((input) => deepFreeze(input as Input));
}

interface Step {
  readonly input: Input;
  /** How much later it comes than the one before. */
  readonly pauseMs: number;
  readonly orderPaid: boolean;
  readonly canRefund: boolean;
  readonly latePayment: Context["policy"]["latePayment"];
}

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    input: inputs(anything),
    pauseMs: fc.oneof(fc.nat({ max: 60_000 }), fc.nat({ max: 2 * DAY })),
    orderPaid: fc.boolean(),
    canRefund: fc.boolean(),
    latePayment: fc.constantFrom("accept", "refund", "review"),
  }),
  { minLength: 1, maxLength: 12 },
);
export const beginnings = fc.constantFrom(
  aTransaction(),
  aTransaction({ version: 0, paymentUrl: null, gatewayReference: null }),
);

interface Decided {
  readonly before: Transaction;
  readonly input: Input;
  readonly context: Context;
  readonly decision: Decision;
  readonly after: Transaction;
}

/** Plays a history: what was decided at each step, the clock's columns and the refunds kept as the store keeps them. */
export function play(beginning: Transaction, history: readonly Step[]): Decided[] {
  let before = beginning;
  let now = T0;
  let owed: readonly OwedRefund[] = [];
  let succeeded = 0;
  return history.flatMap((step) => {
    const input = asBegun(step.input, before, owed);
    if (!input) {
      return [];
    }
    now += step.pauseMs;
    const policy = { latePayment: step.latePayment, firstCheckMs: FIRST_CHECK };
    const refunds = { pending: owed.reduce((sum, { amount }) => sum + amount, 0), succeeded };
    const { orderPaid, canRefund } = step;
    const context = aContext({ now, orderPaid, refunds, canRefund, policy });
    const decision = deepFreeze(decide(before, input, context));
    const touched =
      decision.kind === "touch"
        ? deepFreeze({ ...before, nextCheckAt: decision.nextCheckAt, silentSince: decision.silentSince })
        : before;
    const decided = { before, input, context, decision, after: stateAfter(touched, decision) };
    before = decided.after;
    if (input.kind === "refund_ended") {
      owed = owed.slice(1);
      succeeded += input.status === "succeeded" ? input.amount : 0;
    }
    const refund = refundOf(decision);
    owed = refund ? [...owed, refund] : owed;
    return [decided];
  });
}

/** A refund ends that was begun: one that is owed, or else one of the shop's; null where there can be none. */
function asBegun(input: Input, before: Transaction, [first]: readonly OwedRefund[]): Input | null {
  if (input.kind !== "refund_ended") {
    return input;
  }
  const rest = before.status === "succeeded" ? before.amountCaptured - before.amountRefunded : 0;
  const { amount, currency } = first ?? { amount: Math.min(input.amount, rest), currency: before.currency };
  return amount > 0 ? deepFreeze({ ...input, amount, currency }) : null;
}

/** Checks each step of random histories. */
export function always(check: (decided: Decided) => void): void {
  fc.assert(
    fc.property(beginnings, steps, (beginning, history) => {
      for (const decided of play(beginning, history)) {
        check(decided);
      }
    }),
    { numRuns: 300 },
  );
}
