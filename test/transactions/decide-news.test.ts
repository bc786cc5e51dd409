/** What decide makes of news, whoever asked, and in which words it tells a shop of a failure. */
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import { aContext, aTransaction, DAY, inStatus, observed, stateAfter, T0, TTL } from "./fixtures.ts";

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
