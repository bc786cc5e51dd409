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
    ["another payment of the link", PAID, "plink_1/pay_2"],
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

  it("takes nothing of other money than was taken", () => {
    const before = inStatus("succeeded", { gatewayReference: LINK });
    for (const changes of [{ amount: 1 }, { currency: "EUR" }]) {
      expect(decide(before, seen(PAID, changes), aContext())).toEqual({ kind: "ignore", reason: "mismatch" });
    }
  });
});
