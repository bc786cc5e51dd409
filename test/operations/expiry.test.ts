/** How an unpaid transaction ends: the gateway is asked first and its page closed; never by the clock alone. */
import { beforeEach, describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  read,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(emptyTables);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LIFE = 30 * MINUTE;

const callsFor = (system: System, id: string) => system.gateway.calls.filter((call) => call.endsWith(id));

/** Ticks each hour, for so many of them. */
async function tickHourly(system: System, advance: (ms: number) => void, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour += 1) {
    await system.tick();
    await system.settle();
    advance(HOUR);
  }
}

describe("reconcileTransaction past expires_at", () => {
  it("asks first, then closes the page at the gateway, then expires here", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.advance(LIFE);
    await system.tick();
    await system.settle();
    expect(callsFor(system, id)).toEqual([`GET /status/${id}`, `POST /expire/${id}`]);
    expect(system.gateway.sessions.get(id)?.status).toBe("expired");
    expect(await read(system, id)).toMatchObject({ status: "expired", version: 2, payment_url: null });
    expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.expired"]);
    await checkInvariants();
  });

  it("does not expire one that was paid meanwhile", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    system.advance(LIFE);
    await system.tick();
    expect(callsFor(system, id)).toEqual([`GET /status/${id}`]);
    expect(await read(system, id)).toMatchObject({ status: "succeeded", late: false });
  });

  it("does not expire one that is paid between the question and the closing", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.before = (call) => {
      if (call === `POST /expire/${id}`) {
        system.gateway.settle(id, "success");
      }
    };
    system.advance(LIFE);
    await system.tick();
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "succeeded", late: false });
    expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.succeeded"]);
  });

  it.each(["processing", "authorized"] as const)("does not expire one that is %s", async (status) => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, status);
    system.advance(LIFE);
    await system.tick();
    await system.tick();
    expect(await read(system, id)).toMatchObject({ status });
    system.gateway.settle(id, "success");
    system.advance(MINUTE);
    await system.tick();
    expect(await read(system, id)).toMatchObject({ status: "succeeded", late: false });
  });

  it("expires one that the gateway has no way to close, and takes its late money", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.fault = "no_expire";
    system.advance(LIFE);
    await system.tick();
    expect(callsFor(system, id)).toEqual([`GET /status/${id}`, `POST /expire/${id}`, `GET /status/${id}`]);
    expect(await read(system, id)).toMatchObject({ status: "expired" });
    await deliver(system, system.gateway.callback(id, "success"));
    expect(await read(system, id)).toMatchObject({ status: "succeeded", late: true });
  });

  it("expires one that the gateway has never heard of", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.sessions.clear();
    system.advance(MINUTE);
    await system.tick();
    expect(await read(system, id)).toMatchObject({ status: "pending" });
    system.advance(LIFE);
    await system.tick();
    expect(await read(system, id)).toMatchObject({ status: "expired" });
  });

  it("expires once, with a callback, two ticks and the buyer at the same time", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    system.advance(LIFE);
    const form = new URLSearchParams({ client_secret });
    const click = new Request(`http://localhost:8787/status/${id}`, { method: "POST", body: form });
    await Promise.all([
      system.tick(),
      system.tick(),
      system.fetch(click),
      deliver(system, system.gateway.callback(id, "expired")),
    ]);
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "expired", version: 2 });
    expect(system.shop.distinct("transaction.expired")).toHaveLength(1);
    await checkInvariants();
  });
});

describe("reconcileTransaction while the gateway is silent", () => {
  it.each(["busy", "refuse", "nonsense"] as const)(
    "never expires on silence (%s); a person decides a day after the expiry",
    async (fault) => {
      const system = await createSystem();
      const clock = freezeClock(system);
      const { id } = await createPending(system);
      system.gateway.fault = fault;
      clock.advance(LIFE);
      await tickHourly(system, clock.advance, 24);
      expect(await read(system, id)).toMatchObject({ status: "pending", version: 1 });
      await tickHourly(system, clock.advance, 30);
      expect(await read(system, id)).toMatchObject({
        ...{ status: "review", version: 2, review_reason: "gateway_silent" },
      });
      await system.settle();
      expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.review"]);
      await checkInvariants();
    },
  );

  it("counts the silence from its beginning, and forgets it when the gateway is back", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    const { id } = await createPending(system);
    system.gateway.settle(id, "processing");
    clock.advance(MINUTE);
    await system.tick();
    for (let day = 0; day < 4; day += 1) {
      system.gateway.fault = "busy";
      await tickHourly(system, clock.advance, 20);
      system.gateway.fault = null;
      await tickHourly(system, clock.advance, 26);
    }
    expect(await read(system, id)).toMatchObject({ status: "processing", version: 2 });
    const row = await selectRow("SELECT silent_since FROM transactions WHERE id = ?", id);
    expect(row).toEqual({ silent_since: null });
  });

  it.each([
    ["success", "succeeded"],
    ["expired", "canceled"],
  ] as const)("decides by itself when the gateway comes back with %s", async (status, expected) => {
    const system = await createSystem();
    const clock = freezeClock(system);
    const { id } = await createPending(system);
    system.gateway.fault = "busy";
    await tickHourly(system, clock.advance, 60);
    expect(await read(system, id)).toMatchObject({ status: "review" });
    system.gateway.fault = null;
    system.gateway.settle(id, status);
    await tickHourly(system, clock.advance, 40);
    expect(await read(system, id)).toMatchObject({ status: expected, review_reason: null });
    await checkInvariants();
  });

  it("asks a silent gateway seldom", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    const { id } = await createPending(system);
    system.gateway.fault = "busy";
    for (let minutes = 0; minutes < 24 * 60; minutes += 5) {
      await system.tick();
      clock.advance(5 * MINUTE);
    }
    expect(callsFor(system, id).length).toBeLessThan(15);
  });
});
