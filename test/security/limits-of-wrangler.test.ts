/** S15: what the code says of the counters is what wrangler.toml sets. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../src/http/rate-limit.ts";

const text = readFileSync(resolve(import.meta.dirname, "../../wrangler.toml"), "utf8");
const bindings = [
  ...text.matchAll(
    /\[\[ratelimits\]\]\nname = "(\w+)"\nnamespace_id = "(\d+)"\nsimple = \{ limit = (\d+), period = (\d+) \}/g,
  ),
].map(([, binding, namespace, limit, period]) => ({
  ...{ binding, namespace },
  ...{ limit: Number(limit), periodSeconds: Number(period) },
}));

describe("S15: LIMITS", () => {
  it("has a binding of the same period for each, and no other", () => {
    expect(bindings.map(({ binding, periodSeconds }) => ({ binding, periodSeconds }))).toEqual(
      Object.values(LIMITS),
    );
    expect(text.match(/\[\[ratelimits\]\]/g)).toHaveLength(bindings.length);
  });

  it("counts each in a namespace of its own", () => {
    expect(new Set(bindings.map(({ namespace }) => namespace)).size).toBe(bindings.length);
  });

  it("lets a gateway burst more than anybody else, and passwords be tried the least", () => {
    const perSecond: Record<string, number> = Object.fromEntries(
      bindings.map(({ binding, limit, periodSeconds }) => [binding, limit / periodSeconds]),
    );
    expect(perSecond).toMatchObject({ LIMIT_WEBHOOKS: 200, LIMIT_CALLS: 100, LIMIT_READS: 20 });
    expect(Math.max(...Object.values(perSecond))).toBe(perSecond.LIMIT_WEBHOOKS);
    expect(Math.min(...Object.values(perSecond))).toBe(perSecond.LIMIT_SIGN_INS);
  });
});
