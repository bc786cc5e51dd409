/** A refund that was done and has failed after all: the one news that makes a sum of refunds smaller. */
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import type { Context } from "../../src/transactions/outcome.ts";
import type { RefundStatus } from "../../src/transactions/refund.ts";
import { STATUSES } from "../../src/transactions/transaction.ts";
import { aContext, eventsOf, inStatus, observed, refundOf, stateAfter, typesOf } from "./fixtures.ts";

/** News of one refund of ours, of 500, and nothing else. */
const told = (status: "succeeded" | "failed"): Input =>
  observed({
    ...{ status: "unsaid", amount: null },
    refund: { id: "rfd_1", reference: null, amount: 500, status, failureCode: null },
  });
const failed = told("failed");

/** With that refund as it stands here. */
const having = (status: RefundStatus, changes: Partial<Context> = {}, currency = "USD") =>
  aContext({ refund: { amount: 500, currency, status }, ...changes });
const done = having("succeeded", { refunds: { pending: 0, succeeded: 500 } });

describe("decide on a refund that was done and failed after all", () => {
  it.each([
    [500, 0],
    [501, 1],
    [800, 300],
    [1999, 1499],
    // It was not counted in full: a sum beyond what was captured does not count.
    [300, 0],
  ])("counts it no more: of %i, %i are back", (known, left) => {
    const before = inStatus("succeeded", { amountRefunded: known });
    const decision = decide(before, failed, done);
    expect(eventsOf(decision)).toMatchObject([
      { type: "transaction.refunded", source: "webhook", from: "succeeded", actor: null, note: null },
    ]);
    expect(refundOf(decision)).toBeNull();
    expect(stateAfter(before, decision)).toMatchObject({
      ...{ status: "succeeded", version: 3, amountCaptured: 1999, amountRefunded: left, nextCheckAt: null },
    });
  });

  it("counts what was counted here, whatever sum the news names", () => {
    const before = inStatus("succeeded", { amountRefunded: 800 });
    const refund = {
      id: "rfd_1",
      reference: null,
      amount: 700,
      status: "failed",
      failureCode: null,
    } as const;
    const news = observed({ status: "unsaid", amount: null, currency: null, refund });
    expect(stateAfter(before, decide(before, news, done)).amountRefunded).toBe(300);
  });

  it.each([
    [1999, 1499],
    [500, 0],
  ])("gives what was called off to a person: of %i, %i are back", (known, left) => {
    const before = inStatus("canceled", { amountCaptured: 1999, amountRefunded: known });
    const decision = decide(before, failed, done);
    expect(eventsOf(decision)).toMatchObject([{ type: "transaction.review", from: "canceled" }]);
    expect(stateAfter(before, decision)).toMatchObject({
      ...{ status: "review", reviewReason: "refund_failed", amountRefunded: left },
    });
  });

  it("gives it to a person also where its money was of another currency, of which nothing is counted", () => {
    const before = inStatus("canceled");
    const decision = decide(before, failed, having("succeeded", {}, "EUR"));
    expect(typesOf(decision)).toEqual(["transaction.review"]);
    expect(stateAfter(before, decision)).toMatchObject({ reviewReason: "refund_failed", amountRefunded: 0 });
  });

  it("leaves a review as it is, with the smaller sum", () => {
    const before = inStatus("review", { amountCaptured: 1000, amountRefunded: 500 });
    const decision = decide(before, failed, done);
    expect(typesOf(decision)).toEqual(["transaction.refunded"]);
    expect(stateAfter(before, decision)).toMatchObject({
      ...{ status: "review", reviewReason: "wrong_amount", amountRefunded: 0 },
    });
  });

  it("changes nothing of an order that has been paid again: it keeps one payment", () => {
    const before = inStatus("succeeded", { amountRefunded: 1999 });
    expect(decide(before, failed, aContext({ ...done, orderPaid: true }))).toEqual({
      ...{ kind: "ignore", reason: "order_paid" },
    });
  });

  it("changes nothing where nothing of it was counted", () => {
    const unchanged = { kind: "ignore", reason: "unchanged" };
    expect(decide(inStatus("succeeded"), failed, done)).toEqual(unchanged);
    const before = inStatus("succeeded", { amountRefunded: 500 });
    expect(decide(before, failed, having("succeeded", {}, "EUR"))).toEqual(unchanged);
  });
});

describe("decide on a refund whose end was told before", () => {
  it.each([
    ["succeeded", "succeeded"],
    ["failed", "failed"],
    // News that comes late.
    ["failed", "succeeded"],
  ] as const)("says nothing where it has %s and the gateway says %s", (before, status) => {
    for (const each of STATUSES) {
      const transaction = inStatus(each, { amountCaptured: 1999, amountRefunded: 500 });
      expect(decide(transaction, told(status), having(before))).toEqual({
        ...{ kind: "ignore", reason: "unchanged" },
      });
    }
  });

  it("settles one that is still on its way as any other", () => {
    const before = inStatus("succeeded");
    const pending = having("pending", { refunds: { pending: 500, succeeded: 0 } });
    expect(stateAfter(before, decide(before, told("succeeded"), pending)).amountRefunded).toBe(500);
    expect(decide(before, failed, pending)).toEqual({ kind: "ignore", reason: "unchanged" });
  });
});

describe("decide on a refund on its way that failed", () => {
  it.each(["USD", "EUR"])(
    "gives what was called off back to a person, also where it was of %s",
    (currency) => {
      const before = inStatus("canceled", { amountCaptured: 1999 });
      const refund = {
        id: "rfd_1",
        reference: null,
        amount: 500,
        status: "failed",
        failureCode: null,
      } as const;
      const news = observed({ status: "unsaid", amount: null, currency, refund });
      const context = having("pending", { refunds: { pending: 500, succeeded: 0 } }, currency);
      expect(stateAfter(before, decide(before, news, context))).toMatchObject({
        ...{ status: "review", reviewReason: "refund_failed", amountRefunded: 0 },
      });
    },
  );
});
