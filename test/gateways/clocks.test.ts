/** What the Date header of a gateway's answer says of its clock. */
import { describe, expect, it } from "vitest";
import { createClocks } from "../../src/gateways/clocks.ts";

const NOW = Date.UTC(2026, 10, 26, 12, 0, 0);

/** An answer under way from NOW to 1,500 ms later, that is dated so. */
async function skewBy(date: string | null): Promise<number | null> {
  let now = NOW + 200;
  const clocks = createClocks(() => now);
  const fetch = clocks.watch("stripe", async () => {
    now += 1500;
    return new Response(null, { headers: date === null ? {} : { date } });
  });
  await fetch(new Request("https://gateway.example"));
  expect(clocks.skewOf("paypal")).toBeNull();
  return clocks.skewOf("stripe");
}

const dated = (ms: number) => new Date(NOW + ms).toUTCString();

describe("createClocks", () => {
  it.each([
    [0, "by the second of its sending"],
    [1000, "on its way"],
  ])("finds no difference in %i ms: %s", async (ms) => {
    expect(await skewBy(dated(ms))).toBe(0);
  });

  it("tells by how much a clock is ahead, at the least", async () => {
    expect(await skewBy(dated(60_000))).toBe(60_000 - 1700);
  });

  it("tells by how much a clock is behind, at the least", async () => {
    expect(await skewBy(dated(-60_000))).toBe(-60_000 + 1000 - 200);
  });

  it.each([null, "", "soon"])("knows nothing by the date %j", async (date) => {
    expect(await skewBy(date)).toBeNull();
  });
});
