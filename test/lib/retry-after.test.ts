import { describe, expect, it } from "vitest";
import { parseRetryAfterMs } from "../../src/lib/retry-after.ts";

const NOW = Date.UTC(2026, 10, 22, 12);

describe("parseRetryAfterMs", () => {
  it.each([
    ["0", 0],
    ["7", 7000],
    ["120", 120_000],
    ["Sun, 22 Nov 2026 12:01:00 GMT", 60_000],
    ["Sun, 22 Nov 2026 12:00:00 GMT", 0],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0],
  ])("reads %j as %i ms", (header, waitMs) => {
    expect(parseRetryAfterMs(header, NOW)).toBe(waitMs);
  });

  it.each([
    ...[null, "", " ", "-1", "1.5", "1e3", "0x10", "1, 2", "soon", "Infinity", "NaN", "9".repeat(40)],
    ...["2026-11-22T12:01:00Z", "after Sun, 22 Nov 2026 12:01:00 GMT", "Sun, or so"],
  ])("says of %j that it does not say", (header) => {
    expect(parseRetryAfterMs(header, NOW)).toBeNull();
  });
});
