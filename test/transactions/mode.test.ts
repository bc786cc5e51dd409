/** Real money and play money: the mode that a session was opened in is the one that counts. */
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import type { Mode } from "../../src/transactions/transaction.ts";
import {
  aContext,
  anObservation,
  aTransaction,
  deepFreeze,
  inStatus,
  observed,
  stateAfter,
  typesOf,
} from "./fixtures.ts";

const agreeing: [Mode | null, Mode | null][] = [
  [null, null],
  [null, "live"],
  [null, "test"],
  ["live", null],
  ["live", "live"],
  ["test", "test"],
];
const differing: [Mode, Mode][] = [
  ["live", "test"],
  ["test", "live"],
];

describe("decide on the mode of money", () => {
  it.each(agreeing)("fulfils what was opened as %s and paid as %s, and keeps the mode", (mode, paid) => {
    const before = aTransaction({ mode });
    const decision = decide(before, observed({ mode: paid }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.succeeded"]);
    expect(stateAfter(before, decision)).toMatchObject({ mode, amountCaptured: 1999 });
  });

  it.each(differing)("leaves to a person what was opened as %s and comes as %s", (mode, paid) => {
    const before = aTransaction({ mode });
    for (const [status, sum] of [
      ["processing", 0],
      ["authorized", 0],
      ["succeeded", 1999],
    ] as const) {
      const decision = decide(before, observed({ status, mode: paid }), aContext());
      expect(typesOf(decision)).toEqual(["transaction.review"]);
      expect(stateAfter(before, decision)).toMatchObject({
        ...{ reviewReason: "wrong_mode", amountCaptured: sum, mode },
      });
    }
  });

  it.each<[Partial<Observation>, string]>([
    [{ currency: "EUR" }, "wrong_currency"],
    [{ amount: 1 }, "wrong_mode"],
  ])("is one reason of several, the currency before it and the amount after: %j", (seen, reviewReason) => {
    const before = aTransaction({ mode: "live" });
    const after = stateAfter(before, decide(before, observed({ mode: "test", ...seen }), aContext()));
    expect(after.reviewReason).toBe(reviewReason);
  });

  it("gives the reason where play money turns up after silence", () => {
    const before = inStatus("review", { reviewReason: "gateway_silent", mode: "live" });
    const decision = decide(before, observed({ mode: "test" }), aContext());
    expect(stateAfter(before, decision)).toMatchObject({ status: "review", reviewReason: "wrong_mode" });
  });

  it.each(["failed", "canceled", "expired"] as const)("does not matter to what has %s", (status) => {
    const before = aTransaction({ mode: "live" });
    const decision = decide(before, observed({ status, mode: "test" }), aContext());
    expect(typesOf(decision)).toEqual([`transaction.${status}`]);
  });

  it.each(differing)("keeps out of a payment of %s what is said of %s", (mode, seen) => {
    for (const before of [
      inStatus("succeeded", { mode }),
      inStatus("canceled", { mode, amountCaptured: 1999 }),
    ]) {
      const news = observed({ mode: seen, amountRefunded: 1999, dispute: "lost" });
      expect(decide(before, news, aContext())).toEqual({ kind: "ignore", reason: "mismatch" });
    }
  });

  it.each(agreeing)("takes a refund of a payment of %s that is said of %s", (mode, seen) => {
    const before = inStatus("succeeded", { mode });
    const decision = decide(before, observed({ mode: seen, amountRefunded: 5 }), aContext());
    expect(stateAfter(before, decision)).toMatchObject({ mode, amountRefunded: 5 });
  });
});

describe("decide on the mode of a session", () => {
  const unopened = aTransaction({ version: 0, paymentUrl: null, gatewayReference: null });
  const opened = (changes: Partial<Observation>): Input =>
    deepFreeze({
      ...{ kind: "opened", source: "shop", paymentUrl: "https://gateway.example/pay/9" },
      observation: anObservation({ status: "pending", ...changes }),
    });

  it.each<Mode | null>(["live", "test", null])("keeps what the gateway says as it opens it: %s", (mode) => {
    const decision = decide(unopened, opened({ mode }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.created"]);
    expect(stateAfter(unopened, decision).mode).toBe(mode);
  });
});
