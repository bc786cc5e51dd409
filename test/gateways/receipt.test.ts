import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seconds, time } from "../../src/gateways/receipt.ts";

/** Years of four digits: all that RFC 3339 can say. */
const dates = fc.date({
  min: new Date("0000-01-02T00:00:00Z"),
  max: new Date("9999-12-30T00:00:00Z"),
  noInvalidDate: true,
});

describe("time", () => {
  it("reads the moment that was written, to the millisecond", async () => {
    await fc.assert(
      fc.property(dates, (date) => {
        expect(time.parse(date.toISOString())).toBe(date.getTime());
      }),
    );
  });

  it.each([
    ["2026-11-22T12:00:00Z", "2026-11-22T12:00:00.000Z"],
    ["2026-11-22T12:00:00+01:00", "2026-11-22T11:00:00.000Z"],
    ["2026-11-22T12:00:00.5-05:30", "2026-11-22T17:30:00.500Z"],
    ["2022-07-13T20:30:59.037339943Z", "2022-07-13T20:30:59.037Z"],
    ["2024-02-29T00:00:00+00:00", "2024-02-29T00:00:00.000Z"],
  ])("reads %s as %s", (text, moment) => {
    expect(time.parse(text)).toBe(Date.parse(moment));
  });

  it.each([
    ...[
      "",
      "now",
      "7",
      "2026",
      "2026-11-22",
      "2026-11-22 12:00:00Z",
      "2026-11-22T12:00:00",
      "2026-02-30T12:00:00Z",
    ],
    ...[
      "2026-11-22T24:00:00Z",
      "2026-11-22T12:00:00+25:00",
      "+12026-11-22T12:00:00Z",
      "Sun, 22 Nov 2026 12:00:00 GMT",
    ],
    ...[1_795_348_800, null, undefined, true, {}, []],
  ])("is null for %j", (said) => {
    expect(time.parse(said)).toBeNull();
  });

  it("is null or a moment that a Date can hold, whatever is said", async () => {
    await fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string(), dates.map(String)), (said) => {
        const read = time.parse(said);
        expect(read === null || Number.isInteger(new Date(read).getTime())).toBe(true);
      }),
    );
  });
});

describe("seconds", () => {
  it("reads whole seconds, as far as a Date goes", async () => {
    expect(seconds.parse(1_795_348_800)).toBe(Date.UTC(2026, 10, 22, 12));
    expect(seconds.parse(8.64e12)).toBe(8.64e15);
    await fc.assert(
      fc.property(fc.integer({ min: 1, max: 8.64e12 }), (count) => {
        expect(new Date(seconds.parse(count) ?? Number.NaN).getTime()).toBe(count * 1000);
      }),
    );
  });

  it.each([0, -1, 1.5, 8.64e12 + 1, 2 ** 53, Number.POSITIVE_INFINITY, "1795348800", null, undefined, {}])(
    "is null for %j",
    (said) => {
      expect(seconds.parse(said)).toBeNull();
    },
  );
});
