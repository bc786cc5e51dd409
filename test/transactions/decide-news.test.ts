/** What decide makes of news, whoever asked, and in which words it tells a shop of a failure. */
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import {
  aContext,
  anObservation,
  aTransaction,
  DAY,
  inStatus,
  observed,
  stateAfter,
  T0,
  TTL,
  typesOf,
} from "./fixtures.ts";

describe("decide for the cron", () => {
  it.each(["processing", "authorized"] as const)("takes an end for an end of what is %s", (status) => {
    for (const seen of ["succeeded", "failed", "canceled", "expired"] as const) {
      const input: Input = { ...observed({ status: seen }), source: "cron" };
      const before = inStatus(status, { silentSince: T0 });
      expect(stateAfter(before, decide(before, input, aContext({ now: T0 + TTL + DAY }))).status).toBe(seen);
    }
  });
});

describe("decide on a failure", () => {
  const unopened = aTransaction({ version: 0, paymentUrl: null, gatewayReference: null, silentSince: T0 });
  const afterTheBound = aContext({ now: T0 + TTL + DAY });

  it.each<[string, Input]>([
    ["that the gateway refused", { kind: "rejected", source: "shop" }],
    ["that the gateway could not be reached", { kind: "silent", source: "cron" }],
    ["that no money was taken", observed({ status: "failed" })],
  ])("says in a sentence %s", (_what, input) => {
    const { failure } = stateAfter(unopened, decide(unopened, input, afterTheBound));
    expect(failure?.message).toMatch(/^[A-Z][a-z ,;]+\.$/);
  });

  it("has words of its own for each kind", () => {
    const inputs: Input[] = [
      { kind: "rejected", source: "shop" },
      { kind: "silent", source: "cron" },
      observed({ status: "failed" }),
    ];
    const words = inputs.map(
      (input) => stateAfter(unopened, decide(unopened, input, afterTheBound)).failure?.message,
    );
    expect(new Set(words).size).toBe(inputs.length);
  });
});

describe("decide on a dispute", () => {
  const inReview = inStatus("review", { amountCaptured: 1998 });
  const disputed = { amountCaptured: 1998, dispute: "open" } as const;

  it("books one that is open already when the money is first heard of, and is not as asked", () => {
    const before = inStatus("pending");
    const decision = decide(before, observed(disputed), aContext());
    expect(typesOf(decision)).toEqual(["transaction.review", "transaction.disputed"]);
    expect(stateAfter(before, decision)).toMatchObject({ status: "review", dispute: "open" });
  });

  it("books one that opens before a person has decided, once", () => {
    const decision = decide(inReview, observed(disputed), aContext());
    expect(typesOf(decision)).toEqual(["transaction.disputed"]);
    const after = stateAfter(inReview, decision);
    expect(after).toMatchObject({ status: "review", reviewReason: "wrong_amount", dispute: "open" });
    expect(decide(after, observed(disputed), aContext())).toEqual({ kind: "ignore", reason: "in_review" });
  });

  it("books it beside a refund", () => {
    const decision = decide(inReview, observed({ ...disputed, amountRefunded: 1998 }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.refunded", "transaction.disputed"]);
    expect(stateAfter(inReview, decision)).toMatchObject({ status: "canceled", dispute: "open" });
  });

  it("books none of other money than was taken", () => {
    const decision = decide(inReview, observed({ dispute: "open" }), aContext());
    expect(decision).toEqual({ kind: "ignore", reason: "in_review" });
  });

  it.each([
    ["accepted", "transaction.succeeded"],
    ["declined", "transaction.canceled"],
  ] as const)("books one that the gateway tells of only when what is in review is %s", (kind, type) => {
    const input: Input = { kind, source: "shop", observation: anObservation(disputed) };
    expect(typesOf(decide(inReview, input, aContext()))).toEqual([type, "transaction.disputed"]);
  });
});
