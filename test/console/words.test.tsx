/** @jsxImportSource hono/jsx */
// The console's words, moments and sums.
import { describe, expect, it } from "vitest";
import { showDistance, showDuration } from "../../src/console/moment.tsx";
import { showMoney } from "../../src/console/money.tsx";
import * as words from "../../src/console/words.ts";

const RECORDS = Object.entries(words).filter(([, record]) => typeof record === "object");

describe("the console's words", () => {
  it.each(RECORDS)("%s are plain English, each of its own", (_, record) => {
    const texts = Object.values(record);
    expect(texts.length).toBeGreaterThan(1);
    expect(new Set(texts).size).toBe(texts.length);
    for (const text of texts) {
      expect(text).toMatch(/^[^_]{3,60}$/);
    }
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "take %s for a code like any other",
    (code) => {
      for (const wordsOf of [
        words.wordsOfCall,
        words.wordsOfFailure,
        words.wordsOfReason,
        words.wordsOfAnswer,
      ]) {
        expect(typeof wordsOf(code)).toBe("string");
        expect(wordsOf(code)).toBe(words.humanize(code));
      }
    },
  );

  it("show a code that nobody knows as it is, without underscores", () => {
    expect(words.wordsOfFailure("card_declined")).toBe("Card declined");
    expect(words.wordsOfFailure("")).toBe("");
  });
});

describe("showDuration", () => {
  it.each([
    [0, "0 ms"],
    [850, "850 ms"],
    [1_500, "1.5 s"],
    [42_000, "42 s"],
    [9_990, "10 s"],
    [59_999, "59 s"],
    [125_000, "2 min 5 s"],
    [3_600_000, "1 h"],
    [12_000_000, "3 h 20 min"],
    [86_400_000, "1 d"],
    [360_000_000, "4 d 4 h"],
    [-1_500, "−1.5 s"],
  ])("shows %d ms as %s", (ms, shown) => {
    expect(showDuration(ms)).toBe(shown);
  });
});

describe("showDistance", () => {
  it.each([
    [-500, "just now"],
    [-24_000, "24 s ago"],
    [240_000, "in 4 min"],
    [-3_600_000 * 47, "47 h ago"],
    [-3_600_000 * 49, "2 d ago"],
  ])("shows a moment %d ms away as %s", (offset, shown) => {
    expect(showDistance(1_000_000_000_000 + offset, 1_000_000_000_000)).toBe(shown);
  });
});

describe("showMoney", () => {
  it.each([
    [1999, "USD", "US$19.99"],
    [1999, "CAD", "CA$19.99"],
    [500, "JPY", "JP¥500"],
    [1234, "KWD", "KWD\u00a01.234"],
    [-500, "EUR", "−€5.00"],
    [7, "XXX1", "7 XXX1 (minor units)"],
    [0.5, "EUR", "0.5 EUR (minor units)"],
    [Number.NaN, "EUR", "NaN EUR (minor units)"],
  ])("shows %d %s as %s, and never throws", (amount, currency, shown) => {
    expect(showMoney(amount, currency)).toBe(shown);
  });
});
