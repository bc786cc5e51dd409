/** The end of a refund of our own, beside those that somebody makes in the gateway's dashboard. */
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import { refundPauseMs } from "../../src/transactions/refund.ts";
import { STATUSES, type Transaction } from "../../src/transactions/transaction.ts";
import {
  aContext,
  DAY,
  deepFreeze,
  eventsOf,
  HOUR,
  inStatus,
  MINUTE,
  refundOf,
  stateAfter,
  typesOf,
} from "./fixtures.ts";

interface Ended {
  readonly amount?: number;
  readonly currency?: string;
  readonly total?: number | null;
  readonly source?: Input["source"];
}

function refundEnded(status: "succeeded" | "failed", changes: Ended = {}): Input {
  const ended = { amount: 500, currency: "USD", total: null, source: "cron", ...changes } as const;
  return deepFreeze({ kind: "refund_ended", status, ...ended });
}

/** @param own what refunds of ours have given back before */
const having = (own: number, pending = 0) => aContext({ refunds: { pending, succeeded: own } });

/** Called off, its money on the way back. */
const called = (changes: Partial<Transaction> = {}) =>
  inStatus("canceled", { amountCaptured: 1999, ...changes });

const unchanged = { kind: "ignore", reason: "unchanged" };

describe("decide on a refund of ours that is done", () => {
  it.each<[string, number, number, Ended, number]>([
    ["the first", 0, 0, {}, 500],
    ["the gateway agrees", 0, 0, { total: 500 }, 500],
    ["the gateway lags", 0, 0, { total: 0 }, 500],
    ["one cent", 0, 0, { amount: 1 }, 1],
    ["all of it", 0, 0, { amount: 1999 }, 1999],
    ["after another of ours", 700, 700, {}, 1200],
    ["after another of ours that was not counted yet", 0, 700, {}, 1200],
    ["the rest", 1499, 1499, {}, 1999],
    ["beside the dashboard's, by the gateway's sum", 0, 0, { total: 900 }, 900],
    ["beside the dashboard's, counted before", 400, 0, { total: 900 }, 900],
    ["beside the dashboard's, at the least", 400, 0, {}, 500],
    ["never more than was captured, by the gateway's sum", 0, 0, { total: 2500 }, 1999],
    ["never more than was captured, by ours", 1000, 1000, { amount: 1500 }, 1999],
  ])("counts it: %s (%i back, %i of ours, %j)", (_what, known, own, ended, sum) => {
    for (const before of [
      inStatus("succeeded", { amountRefunded: known }),
      called({ amountRefunded: known }),
    ]) {
      const decision = decide(before, refundEnded("succeeded", ended), having(own));
      expect(eventsOf(decision)).toMatchObject([
        { type: "transaction.refunded", source: "cron", from: before.status, actor: null, note: null },
      ]);
      expect(refundOf(decision)).toBeNull();
      expect(stateAfter(before, decision)).toMatchObject({
        ...{ status: before.status, reviewReason: null, version: 3 },
        ...{ amountCaptured: 1999, amountRefunded: sum },
      });
    }
  });

  it.each<[string, number, number, Ended]>([
    ["by a webhook of the same", 500, 0, {}],
    ["by a webhook of more", 800, 0, {}],
    ["by a webhook of more, which the gateway has forgotten", 800, 0, { total: 0 }],
    ["by a webhook of all", 1999, 0, { total: 2500 }],
    ["in another currency", 0, 0, { currency: "EUR" }],
    ["in another currency, beside one of ours", 0, 700, { currency: "EUR" }],
  ])("says nothing of what is counted: %s (%i back, %i of ours, %j)", (_what, known, own, ended) => {
    const before = inStatus("succeeded", { amountRefunded: known });
    expect(decide(before, refundEnded("succeeded", ended), having(own))).toEqual(unchanged);
  });

  it("counts nothing where nothing of our currency was captured, and leaves it called off", () => {
    const before = called({ amountCaptured: 0 });
    for (const currency of ["EUR", "USD"]) {
      const ended = { currency, amount: 1999, total: 1999 };
      expect(decide(before, refundEnded("succeeded", ended), having(0))).toEqual(unchanged);
    }
  });

  it("does not count what is on its way besides", () => {
    const before = inStatus("succeeded");
    const after = stateAfter(before, decide(before, refundEnded("succeeded"), having(0, 700)));
    expect(after.amountRefunded).toBe(500);
  });
});

describe("decide on a refund of ours that failed", () => {
  it.each<[string, number, number, Ended]>([
    ["alone", 0, 0, {}],
    ["the gateway agrees", 0, 0, { total: 0 }],
    ["beside one of ours", 700, 700, { total: 700 }],
    ["beside the dashboard's, counted before", 400, 0, { total: 400 }],
  ])("changes nothing of what is paid: %s", (_what, known, own, ended) => {
    const before = inStatus("succeeded", { amountRefunded: known });
    expect(decide(before, refundEnded("failed", ended), having(own))).toEqual(unchanged);
  });

  it("counts what the gateway says has gone back of what is paid", () => {
    const before = inStatus("succeeded");
    const decision = decide(before, refundEnded("failed", { total: 1999 }), having(0));
    expect(typesOf(decision)).toEqual(["transaction.refunded"]);
    expect(stateAfter(before, decision)).toMatchObject({ status: "succeeded", amountRefunded: 1999 });
  });

  it.each<[string, number, number, number, Ended, number]>([
    ["none of it", 1999, 0, 0, { amount: 1999 }, 0],
    ["none of it, says the gateway", 1999, 0, 0, { amount: 1999, total: 0 }, 0],
    ["a part", 1999, 0, 0, { total: 700 }, 700],
    ["a part, known before", 1999, 700, 0, {}, 700],
    ["all but a cent", 1999, 0, 0, { total: 1998 }, 1998],
    ["a part, by one of ours", 1999, 0, 700, {}, 700],
    ["none of it, in another currency", 0, 0, 0, { currency: "EUR", amount: 1999 }, 0],
  ])("gives what was called off to a person: back is %s", (_what, captured, known, own, ended, sum) => {
    const before = called({ amountCaptured: captured, amountRefunded: known });
    const decision = decide(before, refundEnded("failed", ended), having(own));
    expect(eventsOf(decision)).toMatchObject([
      { type: "transaction.review", source: "cron", from: "canceled", actor: null, note: null },
    ]);
    expect(refundOf(decision)).toBeNull();
    expect(stateAfter(before, decision)).toMatchObject({
      ...{ status: "review", reviewReason: "refund_failed", version: 3, nextCheckAt: null },
      ...{ amountCaptured: captured, amountRefunded: sum },
    });
  });

  it.each([1999, 2500])("is over where all of it had gone back by the dashboard (%i)", (total) => {
    const decision = decide(called(), refundEnded("failed", { total }), having(0));
    expect(typesOf(decision)).toEqual(["transaction.refunded"]);
    expect(stateAfter(called(), decision)).toMatchObject({
      ...{ status: "canceled", reviewReason: null, amountRefunded: 1999 },
    });
  });

  it("is over where all of it is known to be back", () => {
    const before = called({ amountRefunded: 1999 });
    expect(decide(before, refundEnded("failed"), having(0))).toEqual(unchanged);
  });

  it("is told to a person once", () => {
    const before = inStatus("review", { reviewReason: "refund_failed", amountCaptured: 1999 });
    expect(decide(before, refundEnded("failed"), having(0))).toEqual(unchanged);
  });
});

describe("decide on a refund's end, whatever its status", () => {
  const idle = STATUSES.filter((status) => status !== "succeeded" && status !== "canceled");

  it.each(idle)("counts nothing for what is %s and has taken nothing", (status) => {
    for (const end of ["succeeded", "failed"] as const) {
      expect(decide(inStatus(status), refundEnded(end, { total: 500 }), having(0))).toEqual(unchanged);
    }
  });

  it("is ignored for the cron too: the transaction's clock is another", () => {
    for (const source of ["cron", "webhook", "shop", "operator"] as const) {
      const input = refundEnded("failed", { source });
      expect(decide(inStatus("succeeded"), input, having(0))).toEqual(unchanged);
    }
  });
});

describe("refundPauseMs", () => {
  it.each([
    [1, MINUTE],
    [2, 5 * MINUTE],
    [3, 15 * MINUTE],
    [4, HOUR],
    [5, 6 * HOUR],
    [6, DAY],
    [7, DAY],
    [1000, DAY],
  ])("is after attempt %i %i ms", (attempts, pauseMs) => {
    expect(refundPauseMs(attempts)).toBe(pauseMs);
  });
});
