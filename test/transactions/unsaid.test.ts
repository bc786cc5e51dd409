/** News that says nothing of the payment's own state: a refund or a dispute alone, or a word that nobody knows. */
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import type { Observation, ObservedRefund } from "../../src/transactions/observation.ts";
import { STATUSES, type Transaction } from "../../src/transactions/transaction.ts";
import {
  aContext,
  anObservation,
  aTransaction,
  DAY,
  deepFreeze,
  eventsOf,
  inStatus,
  MINUTE,
  observed,
  refundOf,
  stateAfter,
  T0,
  TTL,
  typesOf,
} from "./fixtures.ts";

const unsaid = (changes: Partial<Observation> = {}, source: Input["source"] = "webhook"): Input =>
  deepFreeze({ ...observed({ status: "unsaid", amount: null, ...changes }), source });

/** A refund of 500 that is done, begun elsewhere, where nothing else is said. */
function ofRefund(changes: Partial<ObservedRefund> = {}, seen: Partial<Observation> = {}): Input {
  const refund = {
    id: null,
    reference: "re_1",
    amount: 500,
    status: "succeeded",
    failureCode: null,
  } as const;
  return unsaid({ refund: { ...refund, ...changes }, ...seen });
}

const open = ["pending", "processing", "authorized"] as const;

describe("decide on a word that nobody knows", () => {
  it.each(STATUSES)("changes nothing of what is %s", (status) => {
    for (const source of ["webhook", "shop", "buyer", "operator"] as const) {
      for (const sums of [{}, { amountRefunded: 500 }, { mode: "test", currency: "EUR" }] as const) {
        expect(decide(inStatus(status), unsaid(sums, source), aContext()).kind).toBe("ignore");
      }
    }
  });

  it("says so of what has taken no money", () => {
    expect(decide(inStatus("pending"), unsaid(), aContext())).toEqual({ kind: "ignore", reason: "unsaid" });
  });

  it.each(["accepted", "declined"] as const)("is no word about the sums where a person has %s it", (kind) => {
    const before = inStatus("review", { amountCaptured: 5 });
    const input: Input = {
      ...{ kind, source: "shop" },
      observation: anObservation({ status: "unsaid", amount: 7, amountRefunded: 3 }),
    };
    const decision = decide(before, deepFreeze(input), aContext());
    if (kind === "accepted") {
      expect(decision).toEqual({ kind: "ignore", reason: "not_settled" });
    } else {
      expect(stateAfter(before, decision)).toMatchObject({ amountCaptured: 5, amountRefunded: 0 });
      expect(refundOf(decision)).toMatchObject({ amount: 5, currency: "USD" });
    }
  });

  it.each(open)("is as good as silence to the cron of what is %s: noted since when", (status) => {
    const decision = decide(inStatus(status), unsaid({}, "cron"), aContext());
    expect(decision).toMatchObject({ kind: "touch", silentSince: T0 + MINUTE });
    const silent = inStatus(status, { silentSince: T0 + 5 });
    expect(decide(silent, unsaid({}, "cron"), aContext())).toMatchObject({ silentSince: T0 + 5 });
  });

  it.each(open)("gives what is %s to a person a day after its end, not before", (status) => {
    const before = inStatus(status, { silentSince: T0 });
    const at = (now: number) => decide(before, unsaid({}, "cron"), aContext({ now }));
    expect(at(T0 + TTL + DAY - 1).kind).toBe("touch");
    expect(typesOf(at(T0 + TTL + DAY))).toEqual(["transaction.review"]);
    expect(stateAfter(before, at(T0 + TTL + DAY)).reviewReason).toBe("gateway_silent");
  });

  it.each(["webhook", "shop", "buyer", "operator"] as const)(
    "gives nothing to a person for the %s",
    (source) => {
      const before = inStatus("processing", { silentSince: T0 });
      const late = aContext({ now: T0 + TTL + DAY });
      expect(decide(before, unsaid({}, source), late)).toEqual({ kind: "ignore", reason: "unsaid" });
    },
  );

  it("opens nothing and closes nothing", () => {
    const unopened = aTransaction({ version: 0, paymentUrl: null, gatewayReference: null });
    const paymentUrl = "https://gateway.example/pay/9";
    const observation = anObservation({ status: "unsaid", reference: "session-9" });
    const opened = decide(unopened, { kind: "opened", source: "shop", observation, paymentUrl }, aContext());
    expect(typesOf(opened)).toEqual(["transaction.created"]);
    for (const status of open) {
      const ended = { kind: "ended", source: "shop", as: "canceled", observation } as const;
      expect(decide(inStatus(status), ended, aContext())).toEqual({ kind: "ignore", reason: "unsaid" });
    }
  });
});

describe("decide on news of a dispute alone", () => {
  const kept: Transaction[] = [
    inStatus("succeeded"),
    inStatus("canceled", { amountCaptured: 1999 }),
    inStatus("review", { amountCaptured: 1998 }),
  ];

  it.each(["open", "won", "lost"] as const)("tells that it is %s, of whatever has taken money", (dispute) => {
    for (const before of kept) {
      const decision = decide(before, unsaid({ dispute }), aContext());
      expect(eventsOf(decision)).toMatchObject([{ type: "transaction.disputed", from: before.status }]);
      const after = stateAfter(before, decision);
      expect(after).toEqual({ ...before, dispute, version: 3, updatedAt: T0 + MINUTE, nextCheckAt: null });
      expect(decide(after, unsaid({ dispute }), aContext())).toEqual({ kind: "ignore", reason: "unchanged" });
    }
  });

  it("does not open again what has ended", () => {
    const before = inStatus("succeeded", { dispute: "lost" });
    const reason = "unchanged";
    expect(decide(before, unsaid({ dispute: "open" }), aContext())).toEqual({ kind: "ignore", reason });
  });

  it.each(STATUSES.filter((status) => status !== "succeeded"))(
    "is ignored of what is %s and has taken no money",
    (status) => {
      const reason = "unsaid";
      expect(decide(inStatus(status), unsaid({ dispute: "open" }), aContext())).toEqual({
        ...{ kind: "ignore", reason },
      });
    },
  );
});

describe("decide on news of one refund alone", () => {
  const having = (succeeded: number) => aContext({ refunds: { pending: 0, succeeded } });

  it.each([
    ["the first", 0, 0, 500, 500],
    ["one more", 700, 0, 500, 1200],
    ["one more, beside ours", 700, 700, 500, 1200],
    ["the rest", 1499, 0, 500, 1999],
    ["all of it", 0, 0, 1999, 1999],
  ])("adds it to what is back already: %s (%i back, %i of ours, %i)", (_what, known, own, amount, sum) => {
    for (const id of [null, "rfd_1"]) {
      const before = inStatus("succeeded", { amountRefunded: known });
      const decision = decide(before, ofRefund({ id, amount }), having(own));
      expect(eventsOf(decision)).toMatchObject([
        { type: "transaction.refunded", source: "webhook", from: "succeeded" },
      ]);
      expect(refundOf(decision)).toBeNull();
      expect(stateAfter(before, decision)).toMatchObject({ status: "succeeded", amountRefunded: sum });
    }
  });

  it.each<[string, number, Input]>([
    ["more than is left", 1500, ofRefund()],
    ["more than was captured", 0, ofRefund({ amount: 2000 })],
    ["another currency", 0, ofRefund({}, { currency: "EUR" })],
  ])("adds nothing of %s", (_what, known, news) => {
    const before = inStatus("succeeded", { amountRefunded: known });
    expect(decide(before, news, aContext())).toEqual({ kind: "ignore", reason: "refund_exceeds_capture" });
  });

  it("adds nothing of no currency", () => {
    const news = ofRefund({}, { currency: null });
    expect(decide(inStatus("succeeded"), news, aContext())).toEqual({ kind: "ignore", reason: "unchanged" });
    expect(decide(inStatus("pending"), news, aContext())).toEqual({ kind: "ignore", reason: "unsaid" });
  });

  it.each(STATUSES.filter((status) => status !== "succeeded"))(
    "adds nothing to what is %s and has taken no money",
    (status) => {
      expect(decide(inStatus(status), ofRefund(), aContext())).toEqual({
        ...{ kind: "ignore", reason: "refund_exceeds_capture" },
      });
    },
  );

  it("does not count one that failed", () => {
    const before = inStatus("succeeded", { amountRefunded: 700 });
    for (const id of [null, "rfd_1"]) {
      const decision = decide(before, ofRefund({ id, status: "failed", amount: 1999 }), having(700));
      expect(decision).toEqual({ kind: "ignore", reason: "unchanged" });
    }
  });

  it("gives what was called off to a person when its refund failed", () => {
    const before = inStatus("canceled", { amountCaptured: 1999 });
    const decision = decide(before, ofRefund({ id: "rfd_1", status: "failed", amount: 1999 }), having(0));
    expect(typesOf(decision)).toEqual(["transaction.review"]);
    expect(stateAfter(before, decision)).toMatchObject({ reviewReason: "refund_failed", amountRefunded: 0 });
  });

  it("says nothing of a dispute besides", () => {
    const decision = decide(inStatus("succeeded"), ofRefund({}, { dispute: "open" }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.refunded"]);
  });
});
