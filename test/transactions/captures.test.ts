/** What was captured of held money: all or a part, as the shop asked or not. */
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import {
  aContext,
  deepFreeze,
  HOUR,
  inStatus,
  MINUTE,
  observed,
  refundOf,
  stateAfter,
  T0,
  typesOf,
  withPolicy,
} from "./fixtures.ts";

type Seen = Partial<Observation>;

/** @param capturing what the shop has asked for; null: nothing yet */
const held = (capturing: number | null = null) => inStatus("authorized", { capture: "manual", capturing });

describe("decide on a capture", () => {
  it.each<[number | null, Seen, number]>([
    [null, {}, 1999],
    [null, { amountCaptured: 1999 }, 1999],
    [1999, {}, 1999],
    [1000, { amountCaptured: 1000 }, 1000],
    [1, { amountCaptured: 1 }, 1],
  ])("books what was asked for: %j, where the gateway says %j", (capturing, seen, sum) => {
    const decision = decide(held(capturing), observed(seen), aContext());
    expect(typesOf(decision)).toEqual(["transaction.succeeded"]);
    expect(stateAfter(held(capturing), decision)).toMatchObject({
      ...{ status: "succeeded", amount: 1999, amountCaptured: sum, amountRefunded: 0 },
      ...{ capturing: null, reviewReason: null, nextCheckAt: null },
    });
  });

  it.each<[number | null, Seen, number]>([
    [null, { amountCaptured: 1000 }, 1000],
    [null, { amountCaptured: 2000 }, 2000],
    [null, { amountCaptured: 0 }, 0],
    [1000, {}, 1999],
    [1000, { amountCaptured: 999 }, 999],
    [1000, { amountCaptured: 1001 }, 1001],
    [1000, { amountCaptured: 1999 }, 1999],
    // Another hold than ours, of which the right part was taken.
    [1000, { amount: 1000 }, 1000],
    [1000, { amount: 5000, amountCaptured: 1000 }, 1000],
    [1000, { amount: null, amountCaptured: 1000 }, 1000],
  ])("leaves another sum to a person: %j asked for, the gateway says %j", (capturing, seen, sum) => {
    const decision = decide(held(capturing), observed(seen), aContext());
    expect(typesOf(decision)).toEqual(["transaction.review"]);
    expect(stateAfter(held(capturing), decision)).toMatchObject({
      ...{ reviewReason: "wrong_amount", amountCaptured: sum },
    });
  });

  it("says nothing of money in another currency, whatever its sum", () => {
    const decision = decide(held(1000), observed({ currency: "EUR", amountCaptured: 1000 }), aContext());
    expect(stateAfter(held(1000), decision)).toMatchObject({
      ...{ reviewReason: "wrong_currency", amountCaptured: 0 },
    });
  });

  it("is none before it is done: what is only held or on its way needs no captured sum", () => {
    const pending = inStatus("pending", { capturing: 1000 });
    for (const status of ["processing", "authorized"] as const) {
      for (const amountCaptured of [null, 0, 5]) {
        const decision = decide(pending, observed({ status, amountCaptured }), aContext());
        expect(stateAfter(pending, decision)).toMatchObject({ status, amountCaptured: 0, capturing: 1000 });
      }
    }
  });

  it("of which all went back before it was heard of gives nothing to fulfil", () => {
    const decision = decide(held(700), observed({ amountCaptured: 700, amountRefunded: 700 }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.refunded"]);
    expect(stateAfter(held(700), decision)).toMatchObject({
      ...{ status: "succeeded", amountCaptured: 700, amountRefunded: 700, capturing: null },
    });
  });

  it("of a part counts no refund beyond that part", () => {
    const decision = decide(held(700), observed({ amountCaptured: 700, amountRefunded: 701 }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.succeeded"]);
    expect(stateAfter(held(700), decision)).toMatchObject({ amountCaptured: 700, amountRefunded: 0 });
  });

  it("of a part is sent back as that part where the order is paid", () => {
    const context = withPolicy("refund", { orderPaid: true });
    const decision = decide(held(700), observed({ amountCaptured: 700, amountRefunded: 100 }), context);
    expect(refundOf(decision)).toEqual({ amount: 600, currency: "USD", reason: "duplicate_payment" });
  });
});

describe("decide on news of a part that is booked", () => {
  const before = inStatus("succeeded", { amountCaptured: 700 });

  it.each<[Seen, string]>([
    [{ amountCaptured: 700 }, "unchanged"],
    [{ amountCaptured: 700, amountRefunded: 701 }, "refund_exceeds_capture"],
    [{ amountCaptured: 700, amountRefunded: 1999 }, "refund_exceeds_capture"],
    [{ amountRefunded: 700 }, "mismatch"],
    [{ amountCaptured: 699, amountRefunded: 100 }, "mismatch"],
  ])("ignores %j, as %s", (seen, reason) => {
    expect(decide(before, observed(seen), aContext())).toEqual({ kind: "ignore", reason });
  });

  it.each([1, 699, 700])("takes a refund of %i of it", (amountRefunded) => {
    const decision = decide(before, observed({ amountCaptured: 700, amountRefunded }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.refunded"]);
    expect(stateAfter(before, decision)).toMatchObject({ amountCaptured: 700, amountRefunded });
  });
});

describe("decide for the cron on money that is held", () => {
  const still: Input = deepFreeze({ ...observed({ status: "authorized" }), source: "cron" });
  const now = T0 + 2 * HOUR;

  it("looks again within minutes where a capture was asked for, more seldom where not", () => {
    const next = (capturing: number | null) => decide(held(capturing), still, aContext({ now }));
    expect(next(1000)).toEqual({ kind: "touch", nextCheckAt: now + 5 * MINUTE, silentSince: null });
    expect(next(null)).toEqual({ kind: "touch", nextCheckAt: T0 + 6 * HOUR, silentSince: null });
  });
});
