/** What a gateway calls a payment: it may tell more of it as the payment goes on, and never less or another. */
import { describe, expect, it } from "vitest";
import { decide } from "../../src/transactions/decide.ts";
import { isOutgoing } from "../../src/transactions/event.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import { aContext, aTransaction, eventsOf, inStatus, observed, stateAfter, typesOf } from "./fixtures.ts";

const LINK = "plink_1";
const PAID = "plink_1/pay_1";
const seen = (reference: string | null, changes: Partial<Observation> = {}) =>
  observed({ reference, ...changes });

describe("decide on a gateway's own reference", () => {
  it("takes what it tells more together with the change that tells it", () => {
    for (const status of ["processing", "authorized", "succeeded", "failed"] as const) {
      const before = aTransaction({ gatewayReference: LINK });
      const decision = decide(before, seen(PAID, { status }), aContext());
      expect(typesOf(decision)).toEqual([`transaction.${status}`]);
      expect(stateAfter(before, decision)).toMatchObject({ gatewayReference: PAID, version: 2 });
    }
  });

  it("takes it with a refund of what is paid", () => {
    const before = inStatus("succeeded", { gatewayReference: LINK });
    const decision = decide(before, seen(PAID, { amountRefunded: 500 }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.refunded"]);
    expect(stateAfter(before, decision)).toMatchObject({ gatewayReference: PAID, amountRefunded: 500 });
  });

  it("takes it of what is paid as an event of its own, of which the shop is owed no word", () => {
    const before = inStatus("succeeded", { gatewayReference: LINK });
    const decision = decide(before, seen(PAID), aContext());
    expect(eventsOf(decision)).toMatchObject([
      { type: "transaction.referenced", source: "webhook", from: "succeeded" },
    ]);
    expect(eventsOf(decision).map(isOutgoing)).toEqual([false]);
    const after = stateAfter(before, decision);
    expect(after).toMatchObject({
      status: "succeeded",
      gatewayReference: PAID,
      version: 3,
      nextCheckAt: null,
    });
    expect(decide(after, seen(PAID), aContext())).toEqual({ kind: "ignore", reason: "unchanged" });
  });

  it("tells a dispute after it", () => {
    const before = inStatus("succeeded", { gatewayReference: LINK });
    const decision = decide(before, seen(PAID, { dispute: "open" }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.referenced", "transaction.disputed"]);
    expect(stateAfter(before, decision)).toMatchObject({ gatewayReference: PAID, dispute: "open" });
  });

  it("takes it of what a person has not decided", () => {
    const before = inStatus("review", { gatewayReference: LINK, amountCaptured: 1998 });
    const decision = decide(before, seen(PAID, { amount: 1998 }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.referenced"]);
    expect(stateAfter(before, decision)).toMatchObject({ status: "review", gatewayReference: PAID });
  });

  it.each([
    ["less", PAID, LINK],
    ["another", LINK, "plink_2"],
    ["another of the same beginning", LINK, "plink_10/pay_1"],
    ["its own beginning alone", LINK, "plink"],
    ["the same", PAID, PAID],
    ["none", PAID, null],
    ["one where none was given", null, PAID],
  ])("takes nothing of %s (%s, then %s)", (_what, gatewayReference, reference) => {
    const paid = inStatus("succeeded", { gatewayReference });
    expect(decide(paid, seen(reference), aContext())).toEqual({ kind: "ignore", reason: "unchanged" });
    const pending = aTransaction({ gatewayReference });
    expect(stateAfter(pending, decide(pending, seen(reference), aContext()))).toMatchObject({
      ...{ status: "succeeded", gatewayReference },
    });
  });

  it("takes it also where the link is not said again", () => {
    const before = inStatus("succeeded", { gatewayReference: LINK });
    const decision = decide(before, seen("/pay_1"), aContext());
    expect(typesOf(decision)).toEqual(["transaction.referenced"]);
    const after = stateAfter(before, decision);
    expect(after.gatewayReference).toBe(PAID);
    expect(decide(after, seen("/pay_1"), aContext())).toEqual({ kind: "ignore", reason: "unchanged" });
  });

  it.each(["plink_1/pay_2", "/pay_2"])(
    "says that a page was paid twice, and takes nothing of it: %s",
    (reference) => {
      const booked = [
        inStatus("succeeded", { gatewayReference: PAID }),
        inStatus("canceled", { gatewayReference: PAID, amountCaptured: 1999 }),
        inStatus("review", { gatewayReference: PAID, amountCaptured: 1999, reviewReason: "late_payment" }),
      ];
      const refund = {
        id: null,
        reference: "re_1",
        amount: 500,
        status: "succeeded",
        failureCode: null,
      } as const;
      for (const before of booked) {
        for (const news of [
          seen(reference),
          seen(reference, { amountRefunded: 1999 }),
          seen(reference, { status: "unsaid", refund }),
          seen(reference, { status: "unsaid", dispute: "open" }),
        ]) {
          expect(decide(before, news, aContext())).toEqual({ kind: "ignore", reason: "second_payment" });
        }
      }
    },
  );

  it.each([PAID, "/pay_1", LINK, null])("hears what is told of the payment alone: %s", (reference) => {
    const before = inStatus("succeeded", { gatewayReference: PAID });
    const news = seen(reference, { status: "unsaid", dispute: "open" });
    expect(typesOf(decide(before, news, aContext()))).toEqual(["transaction.disputed"]);
  });

  it("takes nothing of other money than was taken", () => {
    const before = inStatus("succeeded", { gatewayReference: LINK });
    for (const changes of [{ amount: 1 }, { currency: "EUR" }]) {
      expect(decide(before, seen(PAID, changes), aContext())).toEqual({ kind: "ignore", reason: "mismatch" });
    }
  });
});
