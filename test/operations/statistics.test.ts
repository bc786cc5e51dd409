/** Figures that add up: in any order, in any parts, and within their bounds. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addFact,
  addFacts,
  addFigures,
  ENDINGS,
  type Fact,
  type Facts,
  type Figures,
  NO_FIGURES,
  PUSH_BOUNDS,
  quantile,
  successRate,
  TIME_TO_PAID_BOUNDS,
  WEBHOOK_LAG_BOUNDS,
  withdrawEnding,
} from "../../src/operations/statistics.ts";
import { STATUSES } from "../../src/transactions/transaction.ts";

const A_FACT: Fact = {
  ...{ gateway: "generic", statusBefore: "pending", status: "succeeded", currency: "USD" },
  ...{ captured: 1999, refunded: 0, failureCode: null },
  ...{ timeToPaidMs: 42_000, webhookLagMs: 700, pushMs: 30, secret: "1" },
};
const aFact = (changes: Partial<Fact> = {}): Fact => ({ ...A_FACT, ...changes });
const figuresOf = (...list: Partial<Fact>[]): Figures =>
  list.map(aFact).reduce<Facts>(addFact, {}).generic ?? NO_FIGURES;
const countsOf = (facts: readonly Fact[]) => facts.reduce<Facts>(addFact, {});

const milliseconds = fc.option(fc.integer({ min: -10_000, max: 100_000_000 }));
/** Also what every object has of itself. */
const code = fc.oneof(
  fc.constantFrom("card_declined", "other", "constructor", "__proto__", "toString"),
  fc.stringMatching(/^[a-z_]{1,12}$/),
);
const anyFact: fc.Arbitrary<Fact> = fc.record({
  gateway: fc.constantFrom("generic", "stripe"),
  statusBefore: fc.constantFrom(...STATUSES),
  status: fc.constantFrom(...STATUSES),
  currency: fc.constantFrom("USD", "JPY"),
  captured: fc.nat(1_000_000),
  refunded: fc.integer({ min: -1000, max: 1000 }),
  failureCode: fc.option(code),
  ...{ timeToPaidMs: milliseconds, webhookLagMs: milliseconds, pushMs: milliseconds },
  secret: fc.constantFrom(null, "1", "2", "none"),
});
/** Few codes, so that nothing is merged. */
const someFacts = fc.array(anyFact, { maxLength: 12 });

/** As it is kept: without what is the same as nothing. */
const kept = (facts: Facts): unknown => JSON.parse(JSON.stringify(facts));

describe("addFacts", () => {
  it("does not mind the order nor the parts in which facts come", () => {
    fc.assert(
      fc.property(someFacts, someFacts, someFacts, (one, two, three) => {
        const [a, b, c] = [countsOf(one), countsOf(two), countsOf(three)];
        const all = countsOf([...one, ...two, ...three]);
        expect(addFacts(a, b)).toEqual(addFacts(b, a));
        expect(addFacts(addFacts(a, b), c)).toEqual(all);
        expect(addFacts(a, addFacts(b, c))).toEqual(all);
        expect(addFacts(a, {})).toEqual(a);
      }),
    );
  });

  it("adds what was written down and read again as if it had never been", () => {
    fc.assert(
      fc.property(someFacts, someFacts, (one, two) => {
        const [a, b] = [countsOf(one), countsOf(two)];
        expect(kept(addFacts(kept(a) as Facts, kept(b) as Facts))).toEqual(kept(addFacts(a, b)));
      }),
    );
  });

  it("holds numbers alone, by whatever name a gateway calls a failure", () => {
    const failures = ["constructor", "__proto__", "toString", "constructor"];
    const { failures: counts } = figuresOf(
      ...failures.map((failureCode) => ({ status: "failed" as const, failureCode })),
    );
    expect(Object.entries(counts).sort()).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
      ["toString", 1],
    ]);
    expect(JSON.parse(JSON.stringify(counts))).toEqual(counts);
  });

  it("leaves what it adds as it was", () => {
    const [one, other] = [countsOf([aFact()]), countsOf([aFact({ currency: "JPY" })])];
    const before = structuredClone([one, other]);
    addFacts(one, other);
    expect([one, other]).toEqual(before);
  });
});

describe("addFact", () => {
  it("counts what one payment brings, each in its class", () => {
    expect(countsOf([aFact()])).toEqual({
      generic: {
        ended: { succeeded: 1 },
        money: { USD: { captured: 1999, refunded: 0 } },
        timeToPaid: [0, 0, 1],
        webhookLag: [0, 1],
        push: [0, 0, 1],
        failures: {},
        secrets: { 1: 1 },
      },
    });
  });

  it.each([
    ["timeToPaidMs", "timeToPaid", TIME_TO_PAID_BOUNDS],
    ["webhookLagMs", "webhookLag", WEBHOOK_LAG_BOUNDS],
    ["pushMs", "push", PUSH_BOUNDS],
  ] as const)("puts %s into the class that it lies in, its bound included", (name, list, bounds) => {
    const classOf = (ms: number) => figuresOf({ [name]: ms })[list].length - 1;
    expect(bounds.map((bound) => classOf(bound))).toEqual(bounds.map((_, index) => index));
    expect(bounds.map((bound) => classOf(bound + 1))).toEqual(bounds.map((_, index) => index + 1));
    expect(classOf(-5)).toBe(0);
    expect(figuresOf({ [name]: null })[list]).toEqual([]);
  });

  it("counts no end where the status stays, and no failure's reason without a failure", () => {
    const failureCode = "card_declined";
    expect(figuresOf({ statusBefore: "succeeded" }).ended).toEqual({});
    expect(figuresOf({ statusBefore: "failed", status: "failed", failureCode }).failures).toEqual({});
    expect(figuresOf({ failureCode }).failures).toEqual({});
    for (const status of ["pending", "processing", "authorized"] as const) {
      expect(figuresOf({ status }).ended).toEqual({});
    }
  });

  it("takes back the money of a refund that failed after all", () => {
    const paid = { statusBefore: "succeeded", captured: 0 } as const;
    const { money } = figuresOf({}, { ...paid, refunded: 500 }, { ...paid, refunded: -500 });
    expect(money).toEqual({ USD: { captured: 1999, refunded: 0 } });
  });

  it("names no more than thirty codes and loses none: what comes then, and the rarest, are one", () => {
    const failed = (index: number, times: number) =>
      Array.from({ length: times }, () => ({ status: "failed" as const, failureCode: `code_${index}` }));
    const frequent = Array.from({ length: 29 }, (_, index) => failed(index, 2)).flat();
    const rare = Array.from({ length: 16 }, (_, index) => failed(100 + index, 1)).flat();
    const { failures } = figuresOf(...frequent, ...rare);
    expect(Object.keys(failures)).toHaveLength(30);
    expect(failures).toMatchObject({ code_0: 2, code_28: 2, other: 16 });
  });

  it("bounds a code's length", () => {
    const failureCode = "x".repeat(10_000);
    expect(JSON.stringify(figuresOf({ status: "failed", failureCode })).length).toBeLessThan(1000);
  });

  it("keeps the sum of all failures, and thirty of them, however they are added up", () => {
    const failures = fc.dictionary(code, fc.nat(9), { maxKeys: 40 });
    fc.assert(
      fc.property(fc.array(failures, { maxLength: 8 }), (parts) => {
        const figures = parts.map((each) => ({ ...NO_FIGURES, failures: each }));
        const { failures: all } = figures.reduce(addFigures, NO_FIGURES);
        const sumOf = (counts: Readonly<Record<string, number>>) =>
          Object.values(counts).reduce((sum, count) => sum + count, 0);
        expect(sumOf(all)).toBe(parts.reduce((sum, each) => sum + sumOf(each), 0));
        expect(Object.keys(all).length).toBeLessThanOrEqual(30);
      }),
    );
  });
});

describe("withdrawEnding", () => {
  it("makes an attempt that ends twice count as it stands last", () => {
    const chain = fc.array(fc.constantFrom(...STATUSES), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(chain, (statuses) => {
        let facts: Facts = {};
        statuses.forEach((status, index) => {
          const statusBefore = statuses[index - 1] ?? "pending";
          facts = addFact(facts, aFact({ statusBefore, status }));
          if (status !== statusBefore) {
            facts = withdrawEnding(facts, "generic", statusBefore);
          }
        });
        const [first, last] = [statuses.at(0), statuses.at(-1)];
        const counted = Object.entries(facts.generic?.ended ?? {}).filter(([, count]) => count !== 0);
        const hasEnded =
          ENDINGS.some((ending) => ending === last) && !(statuses.length === 1 && first === "pending");
        expect(counted).toEqual(hasEnded ? [[last, 1]] : []);
      }),
    );
  });

  it("takes nothing back of what was no end", () => {
    expect(withdrawEnding({}, "generic", "processing").generic?.ended).toEqual({});
  });
});

describe("quantile", () => {
  const bounds = [10, 20, 50] as const;

  it.each([
    [[], 0.5, null],
    [[0, 0, 0], 0.5, null],
    [[1], 0.5, 10],
    [[1, 1], 0.5, 10],
    [[1, 2], 0.5, 20],
    [[0, 0, 0, 3], 0.5, Number.POSITIVE_INFINITY],
    [[19, 0, 1], 0.95, 10],
    [[18, 0, 2], 0.95, 50],
    [[19, 0, 0, 1], 1, Number.POSITIVE_INFINITY],
  ])("of %j at %d is %d", (histogram, share, bound) => {
    expect(quantile(histogram, bounds, share)).toBe(bound);
  });

  it("is the least bound that so many lie under, counted one by one", () => {
    const histogram = fc.array(fc.nat(60), { maxLength: 4 });
    const shares = fc.constantFrom([1, 2], [19, 20], [9, 10], [1, 1]);
    fc.assert(
      fc.property(histogram, shares, (counts, [part, whole]) => {
        const values = counts.flatMap((count, index) =>
          Array<number>(count).fill(bounds[index] ?? Number.POSITIVE_INFINITY),
        );
        // Without fractions: the first value that has so many at or before it.
        const needed = values.findIndex((_, index) => (index + 1) * whole >= values.length * part);
        expect(quantile(counts, bounds, part / whole)).toBe(values[needed] ?? null);
      }),
    );
  });
});

describe("successRate", () => {
  it("is the paid ones' share of those that ended", () => {
    expect(successRate(NO_FIGURES)).toBeNull();
    expect(successRate({ ...NO_FIGURES, ended: { succeeded: 0, failed: 0 } })).toBeNull();
    expect(successRate({ ...NO_FIGURES, ended: { expired: 2 } })).toBe(0);
    expect(
      successRate({ ...NO_FIGURES, ended: { succeeded: 3, failed: 1, canceled: 1, expired: 1, review: 2 } }),
    ).toBe(0.375);
  });
});
