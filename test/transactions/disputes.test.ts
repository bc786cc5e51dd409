/** What the gateway says of a dispute about money that is booked, in whatever order it says so. */
import { describe, expect, it } from "vitest";
import { decide } from "../../src/transactions/decide.ts";
import type { Dispute, Transaction } from "../../src/transactions/transaction.ts";
import {
  aContext,
  aTransaction,
  eventsOf,
  inStatus,
  observed,
  refundOf,
  stateAfter,
  typesOf,
  withPolicy,
} from "./fixtures.ts";

const called = (changes: Partial<Transaction> = {}) =>
  inStatus("canceled", { amountCaptured: 1999, ...changes });

describe("decide on a dispute", () => {
  it.each<[Dispute | null, Dispute]>([
    [null, "open"],
    [null, "won"],
    [null, "lost"],
    ["open", "won"],
    ["open", "lost"],
    // A verdict may be corrected.
    ["won", "lost"],
    ["lost", "won"],
  ])("tells that it went from %s to %s", (dispute, next) => {
    for (const before of [inStatus("succeeded", { dispute }), called({ dispute })]) {
      const decision = decide(before, observed({ dispute: next }), aContext());
      expect(eventsOf(decision)).toMatchObject([
        { type: "transaction.disputed", source: "webhook", from: before.status, actor: null, note: null },
      ]);
      expect(refundOf(decision)).toBeNull();
      expect(stateAfter(before, decision)).toMatchObject({
        ...{ status: before.status, dispute: next, version: 3 },
        ...{ amountCaptured: 1999, amountRefunded: 0 },
      });
    }
  });

  it.each<[Dispute | null, Dispute | null]>([
    [null, null],
    ["open", null],
    ["won", null],
    ["lost", null],
    ["open", "open"],
    ["won", "won"],
    ["lost", "lost"],
    // News that comes late does not open it again.
    ["won", "open"],
    ["lost", "open"],
  ])("says nothing where it was %s and the gateway says %s", (dispute, seen) => {
    const decision = decide(inStatus("succeeded", { dispute }), observed({ dispute: seen }), aContext());
    expect(decision).toEqual({ kind: "ignore", reason: "unchanged" });
  });

  it("is told after the success that the same news brings", () => {
    const decision = decide(aTransaction(), observed({ dispute: "open" }), aContext());
    expect(eventsOf(decision)).toMatchObject([
      { type: "transaction.succeeded", from: "pending", transaction: { version: 2, dispute: null } },
      { type: "transaction.disputed", from: "succeeded", transaction: { version: 3, dispute: "open" } },
    ]);
  });

  it("is told after the refund that the same news brings", () => {
    const before = inStatus("succeeded");
    const decision = decide(before, observed({ dispute: "open", amountRefunded: 500 }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.refunded", "transaction.disputed"]);
    expect(stateAfter(before, decision)).toMatchObject({ version: 4, dispute: "open", amountRefunded: 500 });
  });

  it.each(["open", "lost"] as const)(
    "stops the policy's refund while it is %s: the bank takes it back",
    (dispute) => {
      const decision = decide(inStatus("expired"), observed({ dispute }), withPolicy("refund"));
      expect(typesOf(decision)).toEqual(["transaction.review", "transaction.disputed"]);
      expect(refundOf(decision)).toBeNull();
    },
  );

  it("keeps the refund that the policy owes once it is won", () => {
    const before = inStatus("expired");
    const decision = decide(before, observed({ dispute: "won" }), withPolicy("refund"));
    expect(typesOf(decision)).toEqual(["transaction.review", "transaction.canceled", "transaction.disputed"]);
    expect(refundOf(decision)).toEqual({ amount: 1999, currency: "USD", reason: "late_payment" });
  });

  it.each(["processing", "authorized", "failed", "canceled", "expired"] as const)(
    "is no word about money that is only %s",
    (status) => {
      const decision = decide(aTransaction(), observed({ status, dispute: "open" }), aContext());
      expect(typesOf(decision)).toEqual([`transaction.${status}`]);
      expect(stateAfter(aTransaction(), decision).dispute).toBeNull();
      const booked = decide(inStatus("succeeded"), observed({ status, dispute: "open" }), aContext());
      expect(booked).toEqual({ kind: "ignore", reason: "stale" });
    },
  );

  it("is believed about this money alone", () => {
    for (const other of [{ amount: 1 }, { currency: "EUR" }, { amountCaptured: 1000 }]) {
      const decision = decide(inStatus("succeeded"), observed({ dispute: "lost", ...other }), aContext());
      expect(decision).toEqual({ kind: "ignore", reason: "mismatch" });
    }
  });
});
