/** The cron's heartbeat, and what /health makes of it. */
import { beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../src/store/store-error.ts";
import { createSystem, emptyTables, replaceServices, replaceStore, type System } from "../support/system.ts";

beforeEach(emptyTables);

async function health(system: System) {
  const response = await system.fetch(new Request("http://localhost:8787/health"));
  return { status: response.status, body: await response.json() };
}

describe("GET /health", () => {
  it("is well before the cron ever ticked", async () => {
    expect(await health(await createSystem())).toEqual({
      status: 200,
      body: {
        status: "ok",
        checks: { database: { status: "ok" }, cron: { status: "ok", last_tick_at: null } },
      },
    });
  });

  it("fails when the cron has been silent for more than 5 minutes, and recovers with its next tick", async () => {
    const system = await createSystem();
    const start = Date.now();
    let time = start;
    replaceServices(system, { wallClock: () => time });
    await system.tick();
    const last_tick_at = new Date(start).toISOString();
    time = start + 300_000;
    expect(await health(system)).toMatchObject({ status: 200, body: { checks: { cron: { last_tick_at } } } });
    time = start + 300_001;
    expect(await health(system)).toEqual({
      status: 503,
      body: {
        status: "failing",
        checks: { database: { status: "ok" }, cron: { status: "failing", last_tick_at } },
      },
    });
    await system.tick();
    expect((await health(system)).status).toBe(200);
  });

  it("beats also when every row of the tick fails", async () => {
    const system = await createSystem();
    let time = Date.now();
    replaceServices(system, { wallClock: () => time });
    await system.tick();
    time += 600_000;
    await system.call("POST", "/transactions", { order_id: crypto.randomUUID(), amount: 1, currency: "USD" });
    system.advance(60_000);
    const heal = replaceStore(system, { touch: () => Promise.reject(new RangeError("nothing works")) });
    await expect(system.tick()).rejects.toThrow();
    heal();
    expect((await health(system)).status).toBe(200);
  });

  it("does not go by a cron's time that was driven ahead", async () => {
    const system = await createSystem();
    system.advance(86_400_000);
    await system.tick();
    const { body } = (await health(system)) as {
      body: { checks: { cron: { status: string; last_tick_at: string } } };
    };
    expect(body.checks.cron.status).toBe("ok");
    expect(Date.parse(body.checks.cron.last_tick_at)).toBeLessThanOrEqual(Date.now());
  });

  it("fails when D1 cannot be read", async () => {
    const system = await createSystem();
    replaceStore(system, { lastTick: () => Promise.reject(new StoreError("D1_ERROR: down")) });
    expect(await health(system)).toEqual({
      status: 503,
      body: {
        status: "failing",
        checks: { database: { status: "failing" }, cron: { status: "unknown", last_tick_at: null } },
      },
    });
  });
});
