/** What holds for `decide` whatever comes in whatever order: random histories, each input frozen. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Decision, decide, type Input } from "../../src/transactions/decide.ts";
import type { Source } from "../../src/transactions/event.ts";
import type { Observation, ObservedStatus } from "../../src/transactions/observation.ts";
import type { Context } from "../../src/transactions/outcome.ts";
import type { OwedRefund } from "../../src/transactions/refund.ts";
import { isOpen, type Transaction } from "../../src/transactions/transaction.ts";
import { canMove } from "../../src/transactions/transitions.ts";
import {
  aContext,
  anObservation,
  aTransaction,
  DAY,
  deepFreeze,
  eventsOf,
  FIRST_CHECK,
  refundOf,
  stateAfter,
  T0,
} from "./fixtures.ts";

fc.configureGlobal({ seed: 20261122 });

const AMOUNT = 1999;
const OBSERVED: readonly ObservedStatus[] = [
  ...(["pending", "processing", "authorized", "succeeded"] as const),
  ...(["failed", "canceled", "expired", "missing"] as const),
];

const agreeing = fc
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

function inputs(observation: fc.Arbitrary<Observation>): fc.Arbitrary<Input> {
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

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    input: inputs(anything),
    pauseMs: fc.oneof(fc.nat({ max: 60_000 }), fc.nat({ max: 2 * DAY })),
    orderPaid: fc.boolean(),
    canRefund: fc.boolean(),
    latePayment: fc.constantFrom("accept", "refund", "review"),
  }),
  { minLength: 1, maxLength: 12 },
);
const beginnings = fc.constantFrom(
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
function play(beginning: Transaction, history: readonly Step[]): Decided[] {
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
function always(check: (decided: Decided) => void): void {
  fc.assert(
    fc.property(beginnings, steps, (beginning, history) => {
      for (const decided of play(beginning, history)) {
        check(decided);
      }
    }),
    { numRuns: 300 },
  );
}

describe("decide, whatever comes", () => {
  it("makes one version an event, without gaps, each from the status before it", () => {
    always(({ before, decision }) => {
      let previous = before;
      for (const { from, transaction } of eventsOf(decision)) {
        expect(transaction.version).toBe(previous.version + 1);
        expect(from).toBe(previous.status);
        previous = transaction;
      }
    });
  });

  it("moves by the table alone, and names each event by where it leads", () => {
    always(({ decision }) => {
      for (const { type, from, transaction } of eventsOf(decision)) {
        if (type === "transaction.created") {
          expect(transaction.status).toBe(from);
        } else if (type === "transaction.disputed") {
          expect(transaction.status).toBe(from);
          expect(transaction.dispute).not.toBeNull();
        } else if (type === "transaction.refunded") {
          // Of money that was ours, or that came and went before it was heard of or decided.
          const gone = transaction.amountRefunded === transaction.amountCaptured;
          expect(from === transaction.status || gone).toBe(true);
          expect(transaction.amountCaptured).toBeGreaterThan(0);
        } else if (from === "review" && type === "transaction.review") {
          expect(transaction.reviewReason).not.toBe("gateway_silent");
        } else {
          expect(canMove(from, transaction.status)).toBe(true);
          expect(type).toBe(`transaction.${transaction.status}`);
        }
      }
    });
  });

  it("owes no more back than it took, what is on its way and back already included", () => {
    always(({ decision, context, after }) => {
      const refund = refundOf(decision);
      if (refund?.currency === after.currency) {
        const back = refund.amount + context.refunds.pending + after.amountRefunded;
        expect(refund.amount).toBeGreaterThan(0);
        expect(back).toBeLessThanOrEqual(after.amountCaptured);
        expect(context.canRefund).toBe(true);
      }
    });
  });

  it("never leaves success", () => {
    always(({ before, after }) => {
      expect(before.status !== "succeeded" || after.status === "succeeded").toBe(true);
    });
  });

  it("fulfils at most once", () => {
    fc.assert(
      fc.property(beginnings, steps, (beginning, history) => {
        const types = play(beginning, history).flatMap(({ decision }) => eventsOf(decision));
        const fulfilments = types.filter(({ type }) => type === "transaction.succeeded");
        expect(fulfilments.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("fulfils only the sum that was asked, or what a person accepts, of an order that nobody else has paid", () => {
    always(({ before, input, context, decision }) => {
      if (!eventsOf(decision).some(({ type }) => type === "transaction.succeeded")) {
        return;
      }
      expect(context.orderPaid).toBe(false);
      if (input.kind === "accepted") {
        expect(before.status).toBe("review");
      } else {
        expect("observation" in input && input.observation).toMatchObject({
          status: "succeeded",
          amount: AMOUNT,
          currency: "USD",
        });
      }
    });
  });

  it("comes to success without a fulfilment only where all went back", () => {
    always(({ before, context, decision, after }) => {
      if (before.status !== "succeeded" && after.status === "succeeded") {
        const fulfilled = eventsOf(decision).some(({ type }) => type === "transaction.succeeded");
        expect(fulfilled).toBe(after.amountRefunded < after.amountCaptured);
        expect(fulfilled && context.orderPaid).toBe(false);
      }
    });
  });

  it("decides no review but that of a silent gateway, or one whose money has all gone back", () => {
    always(({ before, input, after }) => {
      const verdict = input.kind === "accepted" || input.kind === "declined";
      if (!verdict && before.status === "review" && before.reviewReason !== "gateway_silent") {
        const gone = after.amountRefunded > 0 && after.amountRefunded === after.amountCaptured;
        const left = [before.status, before.reviewReason];
        expect([left, ...(gone ? [["canceled", null]] : [])]).toContainEqual([
          after.status,
          after.reviewReason,
        ]);
      }
    });
  });

  it("never changes what was asked", () => {
    always(({ before, after }) => {
      const asked = ({
        id,
        orderId,
        gateway,
        amount,
        currency,
        capture,
        createdAt,
        expiresAt,
      }: Transaction) => [id, orderId, gateway, amount, currency, capture, createdAt, expiresAt].join();
      expect(asked(after)).toBe(asked(before));
    });
  });

  it("keeps sums within bounds: refunds grow, and never beyond what was captured", () => {
    always(({ before, input, after }) => {
      const kept = Math.min(before.amountRefunded, after.amountCaptured);
      expect(after.amountRefunded).toBeGreaterThanOrEqual(kept);
      expect(after.amountRefunded).toBeLessThanOrEqual(after.amountCaptured);
      if (before.status !== "succeeded" && after.status === "succeeded" && input.kind !== "accepted") {
        expect(after.amountCaptured).toBe(after.amount);
      }
      expect(isOpen(after.status) && after.amountCaptured > 0).toBe(false);
    });
  });

  it("has a failure exactly where it failed, and a reason exactly where it is in review", () => {
    always(({ after }) => {
      expect(after.failure !== null).toBe(after.status === "failed");
      expect(after.reviewReason !== null).toBe(after.status === "review");
    });
  });

  it("calls late what comes after expired or canceled, or after failed and past expires_at; nothing else", () => {
    always(({ before, input, context, decision, after }) => {
      if (input.kind === "accepted") {
        expect(after.late).toBe(before.late);
      } else if (eventsOf(decision).some(({ type }) => type === "transaction.succeeded")) {
        const { status, expiresAt } = before;
        const afterTheEnd = status === "expired" || status === "canceled";
        expect(after.late).toBe(afterTheEnd || (status === "failed" && context.now > expiresAt));
      }
      expect(after.late && isOpen(after.status)).toBe(false);
    });
  });

  it("looks next after now or never, and never gives up what is open", () => {
    always(({ context, decision, after }) => {
      if (decision.kind !== "ignore") {
        expect(after.nextCheckAt === null || after.nextCheckAt > context.now).toBe(true);
      }
      expect(isOpen(after.status) && after.nextCheckAt === null).toBe(false);
    });
  });

  it("never ends anything on silence", () => {
    always(({ input, before, after }) => {
      if (input.kind === "silent" && before.version > 0) {
        expect([before.status, "review"]).toContain(after.status);
      }
    });
  });

  it("touches the clock for the cron alone", () => {
    always(({ input, decision }) => {
      expect(decision.kind === "touch" ? input.source : "cron").toBe("cron");
      const clocked = input.source === "cron" && input.kind !== "refund_ended";
      expect(decision.kind === "ignore" && clocked).toBe(false);
    });
  });

  it("finds nothing new in the same news at once again", () => {
    always(({ after, input, context }) => {
      expect(decide(after, input, context).kind).not.toBe("change");
    });
  });

  it("decides the same again, from frozen inputs", () => {
    always(({ before, input, context, decision }) => {
      expect(decide(before, input, context)).toEqual(decision);
    });
  });
});

describe("decide, while the news agrees with what was asked", () => {
  const undeclined = inputs(agreeing).filter(({ kind }) => kind !== "declined");
  const steady = fc.array(fc.record({ input: undeclined, pauseMs: fc.nat({ max: DAY }) }), {
    minLength: 1,
    maxLength: 10,
  });

  it("ends in success, in any order, where the gateway has once said so and nobody rejects it", () => {
    fc.assert(
      fc.property(beginnings, steady, fc.nat(), (beginning, history, place) => {
        const paid: Input = { kind: "observed", source: "webhook", observation: anObservation() };
        const index = place % (history.length + 1);
        const all = history.toSpliced(index, 0, { input: deepFreeze(paid), pauseMs: 1 });
        const unhindered = { orderPaid: false, canRefund: true, latePayment: "accept" } as const;
        const played = play(
          beginning,
          all.map((step) => ({ ...step, ...unhindered })),
        );
        expect(played.at(-1)?.after).toMatchObject({ status: "succeeded", amountCaptured: AMOUNT });
      }),
      { numRuns: 300 },
    );
  });
});
