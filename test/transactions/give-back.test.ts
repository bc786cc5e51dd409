/** The policy "refund": money that came too late, or twice, goes back without a person. */
import { describe, expect, it } from "vitest";
import { decide } from "../../src/transactions/decide.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import type { Transaction } from "../../src/transactions/transaction.ts";
import {
  aTransaction,
  DAY,
  eventsOf,
  inStatus,
  observed,
  refundOf,
  stateAfter,
  T0,
  TTL,
  typesOf,
  withPolicy,
} from "./fixtures.ts";

type Seen = Partial<Observation>;

const afterTheEnd = T0 + TTL + DAY;
const NOTE = "LATE_PAYMENT_POLICY is refund";

const unwanted: [string, Transaction, boolean, "late_payment" | "duplicate_payment", boolean][] = [
  ["late after expired", inStatus("expired"), false, "late_payment", true],
  ["late after canceled", inStatus("canceled"), false, "late_payment", true],
  ["late after failed", inStatus("failed"), false, "late_payment", true],
  ["late, and the second of its order", inStatus("expired"), true, "duplicate_payment", true],
  ["the second of its order", aTransaction(), true, "duplicate_payment", false],
  ["the second of its order, held before", inStatus("authorized"), true, "duplicate_payment", false],
  [
    "the second of its order, after silence",
    inStatus("review", { reviewReason: "gateway_silent" }),
    true,
    "duplicate_payment",
    false,
  ],
];

describe("decide under the policy refund", () => {
  it.each(unwanted)("sends back what came %s", (_what, before, orderPaid, reason, late) => {
    const context = withPolicy("refund", { orderPaid, now: afterTheEnd });
    const decision = decide(before, observed(), context);
    expect(eventsOf(decision)).toMatchObject([
      {
        ...{ type: "transaction.review", source: "webhook", from: before.status, actor: null, note: null },
        transaction: { status: "review", reviewReason: reason, amountCaptured: 1999, late, failure: null },
      },
      {
        ...{ type: "transaction.canceled", source: "webhook", from: "review", actor: null, note: NOTE },
        transaction: { status: "canceled", reviewReason: null, version: before.version + 2 },
      },
    ]);
    expect(refundOf(decision)).toEqual({ amount: 1999, currency: "USD", reason });
    expect(stateAfter(before, decision)).toMatchObject({
      ...{ amountCaptured: 1999, amountRefunded: 0, late, nextCheckAt: null },
    });
  });

  it.each(unwanted)("takes the same news of it but once: %s", (_what, before, orderPaid) => {
    const context = withPolicy("refund", { orderPaid, now: afterTheEnd });
    const after = stateAfter(before, decide(before, observed(), context));
    expect(decide(after, observed(), context)).toEqual({ kind: "ignore", reason: "unchanged" });
  });

  it.each(unwanted)(
    "leaves to a person what a gateway cannot refund: %s",
    (_what, before, orderPaid, reason) => {
      const context = withPolicy("refund", { orderPaid, now: afterTheEnd, canRefund: false });
      const decision = decide(before, observed(), context);
      expect(typesOf(decision)).toEqual(["transaction.review"]);
      expect(refundOf(decision)).toBeNull();
      expect(stateAfter(before, decision)).toMatchObject({ status: "review", reviewReason: reason });
    },
  );

  it.each([
    [1, 1998, 1],
    [1998, 1, 1998],
    // A sum that cannot have gone back does not count.
    [2000, 1999, 0],
  ])("sends back what is left after %i: %i", (amountRefunded, amount, back) => {
    const decision = decide(inStatus("expired"), observed({ amountRefunded }), withPolicy("refund"));
    expect(refundOf(decision)).toEqual({ amount, currency: "USD", reason: "late_payment" });
    expect(stateAfter(inStatus("expired"), decision)).toMatchObject({
      ...{ status: "canceled", amountCaptured: 1999, amountRefunded: back },
    });
  });

  it("owes nothing of what all went back before it was heard of", () => {
    for (const orderPaid of [true, false]) {
      const context = withPolicy("refund", { orderPaid });
      const decision = decide(inStatus("expired"), observed({ amountRefunded: 1999 }), context);
      expect(typesOf(decision)).toEqual(["transaction.refunded"]);
      expect(refundOf(decision)).toBeNull();
      expect(stateAfter(inStatus("expired"), decision)).toMatchObject({ late: true, amountRefunded: 1999 });
    }
  });

  it.each<[string, Seen]>([
    ["wrong_amount", { amount: 1000 }],
    ["wrong_amount", { amountCaptured: 1000 }],
    ["wrong_currency", { currency: "EUR" }],
    ["wrong_mode", { mode: "test" }],
  ])("leaves to a person what is not as asked besides (%s)", (reviewReason, seen) => {
    for (const orderPaid of [true, false]) {
      const before = inStatus("expired", { mode: "live" });
      const decision = decide(before, observed(seen), withPolicy("refund", { orderPaid }));
      expect(typesOf(decision)).toEqual(["transaction.review"]);
      expect(refundOf(decision)).toBeNull();
      expect(stateAfter(before, decision)).toMatchObject({ reviewReason, late: true });
    }
  });

  it("keeps what comes in its life, or follows a failure up to its end", () => {
    for (const before of [aTransaction(), inStatus("processing"), inStatus("failed")]) {
      const decision = decide(before, observed(), withPolicy("refund", { now: T0 + TTL }));
      expect(typesOf(decision)).toEqual(["transaction.succeeded"]);
      expect(refundOf(decision)).toBeNull();
    }
  });
});

describe("decide under the other policies", () => {
  it.each(["accept", "review"] as const)("sends back nothing by itself: %s", (policy) => {
    const context = withPolicy(policy, { orderPaid: true, now: afterTheEnd });
    for (const before of [aTransaction(), inStatus("expired")]) {
      const decision = decide(before, observed(), context);
      expect(typesOf(decision)).toEqual(["transaction.review"]);
      expect(refundOf(decision)).toBeNull();
    }
  });
});
