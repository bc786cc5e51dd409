/** What a buyer has agreed to and nobody has taken yet: nothing is paid. */
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import { STATUSES } from "../../src/transactions/transaction.ts";
import {
  aContext,
  anObservation,
  aTransaction,
  DAY,
  deepFreeze,
  inStatus,
  observed,
  stateAfter,
  T0,
  TTL,
  typesOf,
} from "./fixtures.ts";

const approved = observed({ status: "approved" });
const byCron: Input = deepFreeze({ ...approved, source: "cron" });

describe("decide on what the buyer has approved", () => {
  it.each(STATUSES)("takes no money for it of what is %s", (status) => {
    expect(decide(inStatus(status), approved, aContext()).kind).toBe("ignore");
  });

  it("is nothing new of what is pending, and stale of what has gone on", () => {
    const reasonOf = (status: (typeof STATUSES)[number]) => decide(inStatus(status), approved, aContext());
    expect(reasonOf("pending")).toEqual({ kind: "ignore", reason: "unchanged" });
    for (const status of [
      "processing",
      "authorized",
      "succeeded",
      "failed",
      "canceled",
      "expired",
    ] as const) {
      expect(reasonOf(status)).toEqual({ kind: "ignore", reason: "stale" });
    }
  });

  it("compares no sum: none of it has moved", () => {
    const news = observed({
      status: "approved",
      amount: 1,
      currency: "EUR",
      amountRefunded: 5,
      dispute: "open",
    });
    expect(decide(aTransaction(), news, aContext())).toEqual({ kind: "ignore", reason: "unchanged" });
  });

  it("opens what is not open yet, and no more", () => {
    const unopened = aTransaction({ version: 0, paymentUrl: null, gatewayReference: null });
    const observation = anObservation({ status: "approved", reference: "session-9" });
    const paymentUrl = "https://gateway.example/pay/9";
    const decision = decide(
      unopened,
      { kind: "opened", source: "cron", observation, paymentUrl },
      aContext(),
    );
    expect(typesOf(decision)).toEqual(["transaction.created"]);
    expect(stateAfter(unopened, decision)).toMatchObject({ status: "pending", version: 1 });
  });
});

describe("decide for the cron on what the buyer has approved", () => {
  it("is an answer about what is pending: the silence is over", () => {
    const before = aTransaction({ silentSince: T0 });
    const late = aContext({ now: T0 + TTL + DAY });
    expect(decide(before, byCron, late)).toMatchObject({ kind: "touch", silentSince: null });
  });

  it.each(["processing", "authorized"] as const)("is as good as silence about what is %s", (status) => {
    const before = inStatus(status, { silentSince: T0 });
    expect(decide(before, byCron, aContext())).toMatchObject({ kind: "touch", silentSince: T0 });
    const after = stateAfter(before, decide(before, byCron, aContext({ now: T0 + TTL + DAY })));
    expect(after).toMatchObject({ status: "review", reviewReason: "gateway_silent" });
  });
});

describe("decide on an end, where the buyer has approved", () => {
  const ended = (as: "canceled" | "expired"): Input =>
    deepFreeze({ kind: "ended", source: "shop", as, observation: anObservation({ status: "approved" }) });

  it.each(["canceled", "expired"] as const)("ends what is pending as %s: nothing was paid", (as) => {
    const decision = decide(aTransaction(), ended(as), aContext());
    expect(typesOf(decision)).toEqual([`transaction.${as}`]);
  });

  it.each(STATUSES.filter((status) => status !== "pending"))("ends nothing that is %s", (status) => {
    expect(decide(inStatus(status), ended("canceled"), aContext()).kind).toBe("ignore");
  });
});

describe("decide on a verdict, where the buyer has approved", () => {
  const verdict = (kind: "accepted" | "declined"): Input =>
    deepFreeze({ kind, source: "operator", observation: anObservation({ status: "approved" }) });

  it("accepts nothing: no money is there", () => {
    const before = inStatus("review", { reviewReason: "gateway_silent" });
    expect(decide(before, verdict("accepted"), aContext())).toEqual({
      kind: "ignore",
      reason: "not_settled",
    });
    expect(typesOf(decide(before, verdict("declined"), aContext()))).toEqual(["transaction.canceled"]);
  });
});
