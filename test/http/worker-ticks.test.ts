/** Which databases have a tick in a minute. */
import { describe, expect, it } from "vitest";
import { otherDatabases } from "../../src/worker.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MANY = [32, 62, 124, 180, 360, 2047];

/** Of so many minutes, hours or days one after the other. */
const turns = (count: number, of: number, stepMs: number) =>
  Array.from({ length: of }, (_, step) => otherDatabases(count, Date.UTC(2027, 0, 1) + step * stepMs));

describe("otherDatabases", () => {
  it("is all of them, as far as Cloudflare lets one Worker call", () => {
    expect(otherDatabases(0, 0)).toEqual([]);
    expect(otherDatabases(2, 7 * MINUTE_MS)).toEqual([1, 2]);
    expect(otherDatabases(31, MINUTE_MS)).toHaveLength(31);
  });

  it.each(MANY)("takes %i in turn, and leaves none out", (count) => {
    const rounds = Math.ceil(count / 31);
    const minutes = turns(count, 2 * rounds, MINUTE_MS);
    expect(Math.max(...minutes.map(({ length }) => length))).toBeLessThanOrEqual(31);
    expect(new Set(minutes.flat()).size).toBe(count);
  });

  it.each(MANY)("gives each of %i a full hour, and a midnight, one day", (count) => {
    expect(new Set(turns(count, 24 * 30, HOUR_MS).flat()).size).toBe(count);
    expect(new Set(turns(count, 80, 24 * HOUR_MS).flat()).size).toBe(count);
  });
});
