/** What a person's verdict makes of a transaction in review: sums, money owed back, and who decided why. */
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import { type ReviewReason, STATUSES, type Transaction } from "../../src/transactions/transaction.ts";
import {
  aContext,
  anObservation,
  deepFreeze,
  eventsOf,
  inStatus,
  observed,
  refundOf,
  stateAfter,
  typesOf,
} from "./fixtures.ts";

type Seen = Partial<Observation>;

const person = { source: "operator", actor: "ada", note: "the buyer called" } as const;

/** @param seen what the gateway says just now; null: nothing */
function verdict(kind: "accepted" | "declined", seen: Seen | null): Input {
  return deepFreeze({ kind, ...person, observation: seen && anObservation(seen) });
}
const accepted = (seen: Seen | null = {}) => verdict("accepted", seen);
const declined = (seen: Seen | null = {}) => verdict("declined", seen);

function inReview(reviewReason: ReviewReason, amountCaptured: number, changes: Partial<Transaction> = {}) {
  return inStatus("review", { reviewReason, amountCaptured, ...changes });
}

const elsewhere = STATUSES.filter((status) => status !== "review");

describe("decide on an acceptance of play money", () => {
  it("goes by that mode from then on: what goes back of it counts", () => {
    const before = inStatus("review", { reviewReason: "wrong_mode", amountCaptured: 1999, mode: "live" });
    const kept = stateAfter(before, decide(before, accepted({ mode: "test" }), aContext()));
    expect(kept).toMatchObject({ status: "succeeded", mode: "test" });
    const later = decide(kept, observed({ mode: "test", amountRefunded: 5 }), aContext());
    expect(stateAfter(kept, later).amountRefunded).toBe(5);
  });

  it("stays with its own mode where the gateway says none", () => {
    const before = inStatus("review", { reviewReason: "wrong_mode", amountCaptured: 1999, mode: "live" });
    expect(stateAfter(before, decide(before, accepted({ mode: null }), aContext())).mode).toBe("live");
    expect(stateAfter(before, decide(before, accepted(null), aContext())).mode).toBe("live");
  });
});

describe("decide on an acceptance", () => {
  const kept: [ReviewReason, number, Seen | null, number][] = [
    ["wrong_amount", 1000, { amount: 1000 }, 1000],
    ["wrong_amount", 5000, { amount: 5000 }, 5000],
    ["wrong_amount", 1000, { amountCaptured: 1000 }, 1000],
    ["wrong_amount", 1000, { amount: 1200 }, 1200],
    ["wrong_amount", 1000, { amount: null }, 1000],
    ["wrong_amount", 1000, null, 1000],
    ["wrong_amount", 0, { amount: null }, 1999],
    ["wrong_amount", 0, { amount: 0 }, 1999],
    ["wrong_currency", 0, { currency: "EUR" }, 1999],
    ["wrong_currency", 0, { currency: "EUR", amount: 1 }, 1999],
    ["wrong_currency", 0, { currency: null }, 1999],
    ["wrong_currency", 0, null, 1999],
    ["wrong_mode", 1999, { mode: "test" }, 1999],
    ["duplicate_payment", 1999, {}, 1999],
    ["late_payment", 1999, {}, 1999],
    ["late_payment", 1999, { status: "missing" }, 1999],
    ["gateway_silent", 0, {}, 1999],
    ["gateway_silent", 0, { status: "missing" }, 1999],
    ["gateway_silent", 0, null, 1999],
    ["refund_failed", 1999, {}, 1999],
    ["refund_failed", 1999, null, 1999],
  ];

  it.each(kept)("keeps the money: %s of %i, where the gateway says %j", (reason, known, seen, sum) => {
    const before = inReview(reason, known);
    const decision = decide(before, accepted(seen), aContext());
    expect(eventsOf(decision)).toMatchObject([{ type: "transaction.succeeded", from: "review", ...person }]);
    expect(refundOf(decision)).toBeNull();
    expect(stateAfter(before, decision)).toMatchObject({
      ...{ status: "succeeded", reviewReason: null, version: 3, nextCheckAt: null },
      ...{ amountCaptured: sum, amountRefunded: 0 },
    });
  });

  it.each<[number, Seen | null, number]>([
    [0, { amountRefunded: 1 }, 1],
    [0, { amountRefunded: 1998 }, 1998],
    [500, null, 500],
    [500, { status: "missing" }, 500],
    [500, { amountRefunded: 800 }, 800],
    // What is known to be back stays so, whatever an older word says.
    [500, { amountRefunded: 0 }, 500],
    // Another currency's sum says nothing of ours.
    [0, { currency: "EUR", amountRefunded: 800 }, 0],
  ])("counts what went back: %i known, the gateway says %j", (amountRefunded, seen, sum) => {
    const before = inReview("duplicate_payment", 1999, { amountRefunded });
    const after = stateAfter(before, decide(before, accepted(seen), aContext()));
    expect(after).toMatchObject({ status: "succeeded", amountCaptured: 1999, amountRefunded: sum });
  });

  it.each<[string, Partial<Transaction>, Seen | null]>([
    ["pending", {}, { status: "pending" }],
    ["processing", {}, { status: "processing" }],
    ["only held", {}, { status: "authorized" }],
    ["failed", {}, { status: "failed" }],
    ["canceled", {}, { status: "canceled" }],
    ["expired", {}, { status: "expired" }],
    ["all back", {}, { amountRefunded: 1999 }],
    ["more than back", {}, { amountRefunded: 2000 }],
    ["all back in another currency", { amountCaptured: 0 }, { currency: "EUR", amountRefunded: 1999 }],
    ["all back of a part", {}, { amountCaptured: 700, amountRefunded: 700 }],
    ["all back, as is known here", { amountRefunded: 1999 }, null],
    ["all back, as is known here", { amountRefunded: 1999 }, { status: "missing" }],
    ["all back, as is known here", { amountRefunded: 700 }, { amount: 700 }],
  ])("does not fulfil for money that is %s", (_what, sums, seen) => {
    const before = inReview("duplicate_payment", 1999, sums);
    const reason = "not_settled";
    expect(decide(before, accepted(seen), aContext())).toEqual({ kind: "ignore", reason });
  });

  it("keeps no second payment of an order", () => {
    const context = aContext({ orderPaid: true });
    for (const seen of [{}, null, { status: "failed" }] as const) {
      const decision = decide(inReview("duplicate_payment", 1999), accepted(seen), context);
      expect(decision).toEqual({ kind: "ignore", reason: "order_paid" });
    }
  });

  it.each(elsewhere)("means nothing to what is %s, whatever else stands in its way", (status) => {
    const decision = decide(inStatus(status), accepted(null), aContext({ orderPaid: true }));
    expect(decision).toEqual({ kind: "ignore", reason: "not_in_review" });
  });

  it("takes the sum that was asked to be captured for the one that was", () => {
    const before = inReview("gateway_silent", 0, { capturing: 700 });
    const after = stateAfter(before, decide(before, accepted(null), aContext()));
    expect(after).toMatchObject({ amountCaptured: 700, capturing: null });
  });

  it("remembers that the money was late", () => {
    const before = inReview("late_payment", 1999, { late: true });
    expect(stateAfter(before, decide(before, accepted(), aContext())).late).toBe(true);
  });

  it("tells besides of a dispute, by the same person", () => {
    const before = inReview("wrong_amount", 1000);
    const decision = decide(before, accepted({ amount: 1000, dispute: "open" }), aContext());
    expect(eventsOf(decision)).toMatchObject([
      { type: "transaction.succeeded", from: "review", ...person },
      { type: "transaction.disputed", from: "succeeded", ...person },
    ]);
    expect(stateAfter(before, decision)).toMatchObject({ version: 4, dispute: "open" });
  });
});

describe("decide on a rejection", () => {
  const back: [ReviewReason, number, Seen | null, number, string][] = [
    ["wrong_amount", 1000, { amount: 1000 }, 1000, "USD"],
    ["wrong_amount", 5000, { amount: 5000 }, 5000, "USD"],
    ["wrong_amount", 1000, { amountCaptured: 1000 }, 1000, "USD"],
    ["wrong_amount", 1000, { amount: 1200 }, 1200, "USD"],
    ["wrong_amount", 1000, { amount: 1 }, 1, "USD"],
    ["wrong_amount", 1000, null, 1000, "USD"],
    // The gateway does not say how much, or has forgotten it: what is known here counts.
    ["wrong_amount", 1000, { amount: null }, 1000, "USD"],
    ["wrong_amount", 1000, { amount: null, currency: "EUR" }, 1000, "USD"],
    ["wrong_amount", 1000, { status: "missing", amount: null }, 1000, "USD"],
    ["wrong_currency", 0, { currency: "EUR" }, 1999, "EUR"],
    ["wrong_currency", 0, { currency: "EUR", amount: 7 }, 7, "EUR"],
    ["wrong_currency", 0, { currency: null }, 1999, "USD"],
    ["wrong_mode", 1999, { mode: "test" }, 1999, "USD"],
    ["duplicate_payment", 1999, {}, 1999, "USD"],
    ["late_payment", 1999, null, 1999, "USD"],
    ["gateway_silent", 0, {}, 1999, "USD"],
    ["refund_failed", 1999, {}, 1999, "USD"],
    ["refund_failed", 0, { currency: "EUR" }, 1999, "EUR"],
  ];

  it.each(back)(
    "owes what the gateway holds: %s of %i, where it says %j",
    (reason, known, seen, amount, currency) => {
      const before = inReview(reason, known);
      const decision = decide(before, declined(seen), aContext());
      expect(eventsOf(decision)).toMatchObject([{ type: "transaction.canceled", from: "review", ...person }]);
      expect(refundOf(decision)).toEqual({ amount, currency, reason: person.note });
      const after = stateAfter(before, decision);
      expect(after).toMatchObject({ status: "canceled", reviewReason: null, version: 3 });
    },
  );

  it.each<[number, Seen | null, number, number, number]>([
    // known to be back, what the gateway says, pending → owed, back from then on
    [0, { amountRefunded: 1 }, 0, 1998, 1],
    [0, { amountRefunded: 1998 }, 0, 1, 1998],
    [500, null, 0, 1499, 500],
    [500, null, 1000, 499, 500],
    [500, null, 1498, 1, 500],
    [500, { amountRefunded: 800 }, 0, 1199, 800],
    [500, { amountRefunded: 800 }, 100, 1099, 800],
    [500, { amountRefunded: 0 }, 0, 1499, 500],
    [500, { amount: null, amountRefunded: 800 }, 0, 1199, 500],
    [0, {}, 1998, 1, 0],
  ])("owes no cent twice: %i back, the gateway says %j, %i on its way", (known, seen, pending, owed, sum) => {
    const before = inReview("duplicate_payment", 1999, { amountRefunded: known });
    const decision = decide(before, declined(seen), aContext({ refunds: { pending, succeeded: 0 } }));
    expect(refundOf(decision)?.amount).toBe(owed);
    expect(stateAfter(before, decision)).toMatchObject({ amountCaptured: 1999, amountRefunded: sum });
  });

  it.each<[number, number, Seen | null, number, number]>([
    // captured and back, what the gateway says, pending → back from then on
    [1999, 0, { amountRefunded: 1999 }, 0, 1999],
    [1999, 0, { amountRefunded: 2000 }, 0, 1999],
    [1999, 0, {}, 1999, 0],
    [1999, 0, {}, 2500, 0],
    [1999, 0, { amountRefunded: 1000 }, 999, 1000],
    [1999, 1999, null, 0, 1999],
    [1999, 1999, {}, 0, 1999],
    [0, 0, null, 0, 0],
    [0, 0, { amount: null }, 0, 0],
    [0, 0, { amount: 0 }, 0, 0],
    [0, 0, { status: "missing" }, 0, 0],
    [0, 0, { status: "pending" }, 0, 0],
    [0, 0, { status: "processing" }, 0, 0],
    [0, 0, { status: "authorized", amountRefunded: 5 }, 0, 0],
    [0, 0, { status: "failed" }, 0, 0],
    [0, 0, { currency: "EUR", amountRefunded: 1999 }, 0, 0],
  ])(
    "owes nothing where nothing is held, also at a gateway that cannot refund: %i, %i, %j, %i",
    (captured, known, seen, pending, sum) => {
      const before = inReview("wrong_amount", captured, { amountRefunded: known });
      const context = aContext({ canRefund: false, refunds: { pending, succeeded: 0 } });
      const decision = decide(before, declined(seen), context);
      expect(typesOf(decision)).toEqual(["transaction.canceled"]);
      expect(refundOf(decision)).toBeNull();
      expect(stateAfter(before, decision)).toMatchObject({
        ...{ status: "canceled", amountCaptured: captured, amountRefunded: sum },
      });
    },
  );

  it("takes over the sum that the gateway holds, in our currency alone", () => {
    const captured = (before: Transaction, seen: Seen) =>
      stateAfter(before, decide(before, declined(seen), aContext())).amountCaptured;
    expect(captured(inReview("gateway_silent", 0), {})).toBe(1999);
    expect(captured(inReview("wrong_amount", 1000), { amount: 1200 })).toBe(1200);
    expect(captured(inReview("wrong_currency", 0), { currency: "EUR" })).toBe(0);
    expect(captured(inReview("gateway_silent", 0), { status: "authorized" })).toBe(0);
  });

  it("never keeps more back than was captured", () => {
    const before = inReview("wrong_amount", 1999, { amountRefunded: 1500 });
    const after = stateAfter(before, decide(before, declined({ amount: 1000 }), aContext()));
    expect(after).toMatchObject({ amountCaptured: 1000, amountRefunded: 1000 });
  });

  it.each([{}, null])("calls nothing off whose money cannot be sent back (%j)", (seen) => {
    const decision = decide(inReview("late_payment", 1999), declined(seen), aContext({ canRefund: false }));
    expect(decision).toEqual({ kind: "ignore", reason: "cannot_refund" });
  });

  it("gives a reason of its own where the person gave none", () => {
    const observation = anObservation();
    const input: Input = deepFreeze({ kind: "declined", source: "shop", observation });
    const decision = decide(inReview("late_payment", 1999), input, aContext());
    expect(refundOf(decision)?.reason).toBe("review rejected");
    expect(eventsOf(decision)).toMatchObject([{ source: "shop", actor: null, note: null }]);
  });

  it("does not ask whether the order is paid", () => {
    const decision = decide(inReview("duplicate_payment", 1999), declined(), aContext({ orderPaid: true }));
    expect(typesOf(decision)).toEqual(["transaction.canceled"]);
  });

  it("watches for late money only where none is on its way back", () => {
    const next = (seen: Seen) => {
      const before = inReview("gateway_silent", 0);
      return stateAfter(before, decide(before, declined(seen), aContext())).nextCheckAt;
    };
    expect(next({})).toBeNull();
    expect(next({ status: "missing" })).not.toBeNull();
  });

  it.each(elsewhere)("means nothing to what is %s", (status) => {
    const decision = decide(inStatus(status), declined(), aContext({ canRefund: false }));
    expect(decision).toEqual({ kind: "ignore", reason: "not_in_review" });
  });
});
