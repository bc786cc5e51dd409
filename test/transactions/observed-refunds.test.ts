/** What the gateway says has gone back: of money that is booked, that waits for a person, or that never was ours. */
import { describe, expect, it } from "vitest";
import { decide } from "../../src/transactions/decide.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import type { ReviewReason } from "../../src/transactions/transaction.ts";
import { aContext, eventsOf, inStatus, observed, refundOf, stateAfter, typesOf } from "./fixtures.ts";

type Seen = Partial<Observation>;

describe("decide on what the gateway says of money that is booked", () => {
  // Kept, or called off with its money on the way back.
  const booked = [inStatus("succeeded"), inStatus("canceled", { amountCaptured: 1999 })];
  const ours = aContext({ refunds: { pending: 0, succeeded: 1999 } });

  it.each([1, 500, 1998, 1999])("takes a refund of %i", (amountRefunded) => {
    for (const before of booked) {
      const decision = decide(before, observed({ amountRefunded }), ours);
      expect(eventsOf(decision)).toMatchObject([
        { type: "transaction.refunded", source: "webhook", from: before.status, actor: null, note: null },
      ]);
      expect(refundOf(decision)).toBeNull();
      expect(stateAfter(before, decision)).toMatchObject({
        ...{ status: before.status, amountCaptured: 1999, amountRefunded, version: 3, nextCheckAt: null },
      });
    }
  });

  it.each<[Seen, string]>([
    [{}, "unchanged"],
    [{ amountRefunded: 2000 }, "refund_exceeds_capture"],
    [{ amountRefunded: 500, amount: 1998 }, "mismatch"],
    [{ amountRefunded: 500, amount: null }, "mismatch"],
    [{ amountRefunded: 500, amountCaptured: 1998 }, "mismatch"],
    [{ amountRefunded: 500, currency: "EUR" }, "mismatch"],
    [{ amountRefunded: 500, currency: null }, "mismatch"],
  ])("takes nothing of %j: %s", (seen, reason) => {
    for (const before of booked) {
      expect(decide(before, observed(seen), aContext())).toEqual({ kind: "ignore", reason });
    }
  });

  it.each(["pending", "processing", "authorized", "failed", "canceled", "expired", "missing"] as const)(
    "takes no sum from a word that it is %s",
    (status) => {
      for (const before of booked) {
        const decision = decide(before, observed({ status, amountRefunded: 500 }), aContext());
        expect(decision).toEqual({ kind: "ignore", reason: "stale" });
      }
    },
  );

  it.each<[number, number]>([
    [1, 0],
    [0, 1],
    [1999, 0],
    [0, 1999],
  ])("takes no money again of which a refund is begun: %i pending, %i done", (pending, succeeded) => {
    // It came in another currency, so that nothing is captured by our books.
    const before = inStatus("canceled");
    const context = aContext({ refunds: { pending, succeeded } });
    for (const seen of [{}, { currency: "EUR" }, { currency: "EUR", amountRefunded: 1999 }]) {
      expect(decide(before, observed(seen), context)).toEqual({ kind: "ignore", reason: "mismatch" });
    }
    const reason = "stale";
    expect(decide(before, observed({ status: "failed" }), context)).toEqual({ kind: "ignore", reason });
  });

  it("books what was called off before any money came", () => {
    expect(typesOf(decide(inStatus("canceled"), observed(), aContext()))).toEqual(["transaction.succeeded"]);
  });

  it.each(["failed", "expired"] as const)("does not take %s for called off by a person", (status) => {
    const context = aContext({ refunds: { pending: 1, succeeded: 1 } });
    expect(typesOf(decide(inStatus(status), observed(), context))).toEqual(["transaction.succeeded"]);
  });
});

describe("decide on what goes back while a person has not decided", () => {
  const reasons = ["wrong_amount", "wrong_currency", "wrong_mode", "duplicate_payment"] as const;
  const others = ["late_payment", "refund_failed"] as const;
  const review = (reviewReason: ReviewReason, amountRefunded = 0) =>
    inStatus("review", { reviewReason, amountCaptured: 1000, amountRefunded });

  it.each([...reasons, ...others])("counts a part, and leaves the rest to the person (%s)", (reason) => {
    for (const amountRefunded of [1, 999]) {
      const decision = decide(review(reason), observed({ amount: 1000, amountRefunded }), aContext());
      expect(eventsOf(decision)).toMatchObject([
        { type: "transaction.refunded", source: "webhook", from: "review" },
      ]);
      expect(refundOf(decision)).toBeNull();
      expect(stateAfter(review(reason), decision)).toMatchObject({
        ...{ status: "review", reviewReason: reason, version: 3, amountCaptured: 1000, amountRefunded },
      });
    }
  });

  it.each([...reasons, ...others])("has nothing left to decide once all is back (%s)", (reason) => {
    const decision = decide(review(reason), observed({ amount: 1000, amountRefunded: 1000 }), aContext());
    expect(eventsOf(decision)).toMatchObject([{ type: "transaction.refunded", from: "review" }]);
    expect(stateAfter(review(reason), decision)).toMatchObject({
      ...{ status: "canceled", reviewReason: null, amountRefunded: 1000, nextCheckAt: null },
    });
  });

  it.each<[number, Seen, string]>([
    [0, { amount: 1000 }, "in_review"],
    [400, { amount: 1000, amountRefunded: 400 }, "in_review"],
    [400, { amount: 1000, amountRefunded: 399 }, "in_review"],
    [0, { amount: 1000, amountRefunded: 400, currency: "EUR" }, "in_review"],
    [0, { amount: 1000, amountRefunded: 400, currency: null }, "in_review"],
    [0, { amount: 1001, amountRefunded: 400 }, "in_review"],
    [0, { amountRefunded: 1000 }, "in_review"],
    [0, { amount: 1000, amountCaptured: 400, amountRefunded: 400 }, "in_review"],
    [0, { amount: 1000, amountRefunded: 1001 }, "refund_exceeds_capture"],
  ])("counts nothing else: %i back, the gateway says %j", (known, seen, reason) => {
    const decision = decide(review("wrong_amount", known), observed(seen), aContext());
    expect(decision).toEqual({ kind: "ignore", reason });
  });

  it("believes only what is said of money that is there", () => {
    for (const status of ["processing", "authorized", "failed", "canceled", "missing"] as const) {
      const seen = observed({ status, amount: 1000, amountRefunded: 400 });
      const reason = "in_review";
      expect(decide(review("wrong_amount"), seen, aContext())).toEqual({ kind: "ignore", reason });
    }
  });

  it("counts a part also of what turns up after silence", () => {
    const before = inStatus("review", { reviewReason: "gateway_silent" });
    const after = stateAfter(before, decide(before, observed({ amountRefunded: 400 }), aContext()));
    expect(after).toMatchObject({ status: "succeeded", amountCaptured: 1999, amountRefunded: 400 });
  });
});

describe("decide on wrong money that came and went before it was heard of", () => {
  const closed = ["failed", "canceled", "expired"] as const;

  it.each(closed)("is written down, once, of what is %s, which it stays", (status) => {
    const before = inStatus(status);
    for (const sum of [1, 1000, 5000]) {
      const news = observed({ amount: sum, amountRefunded: sum });
      const decision = decide(before, news, aContext());
      expect(eventsOf(decision)).toMatchObject([{ type: "transaction.refunded", from: status }]);
      expect(refundOf(decision)).toBeNull();
      const after = stateAfter(before, decision);
      expect(after).toMatchObject({ status, amountCaptured: sum, amountRefunded: sum, nextCheckAt: null });
      expect(after.late).toBe(status !== "failed");
      expect(decide(after, news, aContext())).toEqual({ kind: "ignore", reason: "unchanged" });
    }
  });

  it.each(closed)("leaves alone what is %s where it is of other money, or cannot be", (status) => {
    for (const seen of [
      { amount: 1000, amountRefunded: 1001 },
      { currency: "EUR", amountRefunded: 1999 },
      { mode: "test", amountRefunded: 1999 } as const,
    ]) {
      const before = inStatus(status, { mode: "live" });
      const reason = "mismatch";
      expect(decide(before, observed(seen), aContext())).toEqual({ kind: "ignore", reason });
    }
  });

  it.each<[Seen, number, number]>([
    [{ amount: 1000, amountRefunded: 999 }, 1000, 999],
    [{ amount: 0 }, 0, 0],
    [{ amount: null }, 0, 0],
    [{ amount: null, amountRefunded: 5 }, 0, 0],
    [{ currency: "EUR", amountRefunded: 1998 }, 0, 0],
  ])("tells a person of what is closed and may still hold some: %j", (seen, captured, back) => {
    for (const status of closed) {
      const decision = decide(inStatus(status), observed(seen), aContext());
      expect(typesOf(decision)).toEqual(["transaction.review"]);
      expect(stateAfter(inStatus(status), decision)).toMatchObject({
        ...{ amountCaptured: captured, amountRefunded: back },
      });
    }
  });

  it.each<[Seen, number]>([
    [{ amount: 1000, amountRefunded: 1000 }, 1000],
    // A sum that cannot have gone back does not count.
    [{ amount: 1000, amountRefunded: 1001 }, 0],
  ])("tells a person of what was open: %j", (seen, back) => {
    const before = inStatus("pending");
    const decision = decide(before, observed(seen), aContext());
    expect(typesOf(decision)).toEqual(["transaction.review"]);
    expect(stateAfter(before, decision)).toMatchObject({ amountCaptured: 1000, amountRefunded: back });
  });
});
