/** How one thing follows from another: in order, each from where the one before it ended. */
import { describe, expect, it } from "vitest";
import { andThen, change, nothing, type Outcome } from "../../src/transactions/outcome.ts";
import { aContext, aTransaction } from "./fixtures.ts";

const origin = { source: "cron" } as const;
const moved = change(aTransaction(), { status: "processing" }, origin, aContext());
const owing = (amount: number): Outcome => ({
  ...moved,
  refund: { amount, currency: "USD", reason: "late_payment" },
});

describe("andThen", () => {
  it("asks nothing further where nothing happened, and keeps why", () => {
    expect(andThen(nothing("stale"), () => moved)).toEqual(nothing("stale"));
  });

  it("goes on from the last state, and keeps both events in order", () => {
    const both = andThen(moved, (now) => change(now, { status: "authorized" }, origin, aContext()));
    expect(both.events).toMatchObject([
      { type: "transaction.processing", from: "pending", transaction: { version: 2 } },
      { type: "transaction.authorized", from: "processing", transaction: { version: 3 } },
    ]);
  });

  it("keeps what is owed: the later word, where there are two", () => {
    expect(andThen(owing(1), () => nothing("unchanged")).refund?.amount).toBe(1);
    expect(andThen(moved, () => owing(2)).refund?.amount).toBe(2);
    expect(andThen(owing(1), () => owing(2)).refund?.amount).toBe(2);
  });
});
