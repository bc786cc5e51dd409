/** What gateways told while nobody listened: found in their own lists of events once the cron ticks again. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Gateway, GatewayError, type GatewayErrorKind } from "../../src/gateways/gateway.ts";
import { stripe } from "../../src/gateways/stripe.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { listing } from "../support/listing-gateway.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  newOrder,
  ORIGIN,
  read,
  replaceServices,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";
import { FakeStripe } from "../support/vendors/stripe.ts";

beforeEach(emptyTables);

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface Listed {
  readonly system: System;
  /** The windows that were asked for, as minutes before now. */
  readonly asked: [number, number][];
  /** How the list fails. */
  fault: GatewayErrorKind | null;
  /** How an item of it fails, by its place. */
  readFault: (place: number) => GatewayErrorKind | null;
}

/** A system whose gateway keeps a list, and whose cron has ticked. */
async function createListed(): Promise<Listed> {
  const system = await createSystem();
  const generic = system.services.gateways.get("generic");
  if (!generic) {
    throw new Error("the generic gateway is not there");
  }
  const listed: Listed = { system, asked: [], fault: null, readFault: () => null };
  const whole = listing(generic, system.gateway, (since, until) => {
    listed.asked.push([since, until].map((at) => Math.round((Date.now() - at) / MINUTE)) as [number, number]);
    if (listed.fault) {
      throw new GatewayError(listed.fault, "the list is not to be had");
    }
  });
  const gateway: Gateway = {
    ...whole,
    missedEvents: async function* (since, until) {
      for await (const event of whole.missedEvents?.(since, until) ?? []) {
        const place = system.gateway.told.findIndex(({ createdAt }) => createdAt === event.createdAt);
        const kind = listed.readFault(place);
        yield kind
          ? { ...event, read: () => Promise.reject(new GatewayError(kind, "no word of this one")) }
          : event;
      }
    },
  };
  replaceServices(system, { gateways: new Map([["generic", gateway]]) });
  await system.tick();
  return listed;
}

/** As if the cron had not ticked for so long. */
async function sleepFor(ms: number): Promise<void> {
  const { meta } = await env.DB.prepare("UPDATE heartbeats SET ran_at = ?")
    .bind(Date.now() - ms)
    .run();
  expect(meta.changes).toBe(1);
}

/** Paid, and then given back in part without a word reaching us. */
async function createRefundedUnheard(system: System): Promise<string> {
  const { gateway } = system;
  const { id } = await createPending(system);
  gateway.settle(id, "success");
  await deliver(system, gateway.callback(id, "success"));
  gateway.callback(id, "success", { amount_refunded: 500 });
  return id;
}

/** At moments that differ, as the vendor's do. */
async function createThree(system: System): Promise<string[]> {
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    ids.push(await createRefundedUnheard(system));
  }
  system.gateway.told.forEach((told, index, all) => {
    all[index] = { ...told, createdAt: told.createdAt - (all.length - index) * 1000 };
  });
  return ids;
}

const refunded = async (system: System, id: string) => (await read(system, id)).amount_refunded;
const owed = () => selectRow<{ since: number }>("SELECT since FROM missed_events");

describe("readMissedEvents", () => {
  it("finds a payment that Stripe told of while nobody listened", async () => {
    const system = await createSystem();
    const vendor = new FakeStripe();
    const settings = stripe.config.parse(vendor.variables("https://api.stripe.com"));
    const adapter = stripe.connect(settings, { fetch: vendor.fetch, now: Date.now });
    replaceServices(system, { gateways: new Map([["stripe", adapter]]) });
    const { id } = await createPending(system, newOrder({ gateway: "stripe" }));
    vendor.pay(id);
    await system.tick();
    expect(await read(system, id)).toMatchObject({ status: "pending" });
    await vendor.takeWebhooks(`${ORIGIN}/webhooks/stripe`);
    await sleepFor(10 * MINUTE);
    expect((await system.tick()).missed).toBeGreaterThan(0);
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "succeeded", amount_refunded: 0 });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    expect(await owed()).toBeNull();
  });

  it("reads nothing at the first tick of all, and none while the cron ticks on", async () => {
    const { system, asked } = await createListed();
    await createRefundedUnheard(system);
    await sleepFor(4 * MINUTE);
    expect(await system.tick()).toMatchObject({ missed: 0 });
    expect(asked).toEqual([]);
  });

  it("takes what came by webhook after all for a duplicate, and tells the shop once", async () => {
    const { system } = await createListed();
    const id = await createRefundedUnheard(system);
    await sleepFor(6 * MINUTE);
    expect(await system.tick()).toMatchObject({ missed: 2, changes: 1, failed: 0 });
    expect(await refunded(system, id)).toBe(500);
    await sleepFor(6 * MINUTE);
    expect(await system.tick()).toMatchObject({ missed: 2, changes: 0, failed: 0 });
    await system.settle();
    expect(system.shop.distinct("transaction.refunded")).toHaveLength(1);
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("reads ten minutes at a time, and no further back than lists go for certain", async () => {
    const { system, asked } = await createListed();
    await sleepFor(25 * MINUTE);
    await system.tick();
    // Ten minutes before the last heartbeat are read again.
    expect(asked).toEqual([
      [35, 25],
      [25, 15],
      [15, 5],
      [5, 0],
    ]);
    await sleepFor(60 * DAY);
    asked.length = 0;
    await system.tick();
    expect(asked[0]).toEqual([28 * 24 * 60, 28 * 24 * 60 - 10]);
    expect(await owed()).toBeNull();
  });

  it.each<GatewayErrorKind>(["unavailable", "unknown"])(
    "asks again at the next tick after an answer of the kind %s",
    async (kind) => {
      const listed = await createListed();
      const { system } = listed;
      const id = await createRefundedUnheard(system);
      await sleepFor(6 * MINUTE);
      listed.fault = kind;
      expect(await system.tick()).toMatchObject({ missed: 0, failed: 0 });
      expect(await refunded(system, id)).toBe(0);
      listed.fault = null;
      expect(await system.tick()).toMatchObject({ missed: 2, changes: 1 });
      expect(await refunded(system, id)).toBe(500);
      expect(await system.tick()).toMatchObject({ missed: 0 });
    },
  );

  it("goes on where it stopped, however few looks the gateway allows at a time", async () => {
    const listed = await createListed();
    const { system } = listed;
    const ids = await createThree(system);
    await sleepFor(6 * MINUTE);
    let looks = 0;
    listed.readFault = () => {
      looks += 1;
      return looks % 3 === 0 ? "unavailable" : null;
    };
    for (let tick = 0; tick < 6; tick += 1) {
      await system.tick();
    }
    expect(await Promise.all(ids.map((id) => refunded(system, id)))).toEqual([500, 500, 500]);
    expect(await owed()).toBeNull();
  });

  it("passes over one that gets no answer at two ticks in a row, and does the others", async () => {
    const listed = await createListed();
    const { system } = listed;
    const ids = await createThree(system);
    await sleepFor(6 * MINUTE);
    // The refund of the second one.
    listed.readFault = (place) => (place === 3 ? "unknown" : null);
    expect(await system.tick()).toMatchObject({ missed: 4, failed: 0 });
    expect(await owed()).toEqual({ since: system.gateway.told[3]?.createdAt });
    expect(await system.tick()).toMatchObject({ failed: 1 });
    expect(await Promise.all(ids.map((id) => refunded(system, id)))).toEqual([500, 0, 500]);
    expect(await owed()).toBeNull();
  });

  it("passes over none while there is no answer about any", async () => {
    const listed = await createListed();
    const { system } = listed;
    const ids = await createThree(system);
    await sleepFor(6 * MINUTE);
    listed.readFault = () => "unknown";
    for (let tick = 0; tick < 5; tick += 1) {
      await system.tick().catch(() => undefined);
    }
    expect(await owed()).not.toBeNull();
    listed.readFault = () => null;
    await system.tick();
    expect(await Promise.all(ids.map((id) => refunded(system, id)))).toEqual([500, 500, 500]);
    expect(await owed()).toBeNull();
  });

  it("waits for a gateway that is not configured just now", async () => {
    const { system } = await createListed();
    const id = await createRefundedUnheard(system);
    await sleepFor(6 * MINUTE);
    const { gateways } = system.services;
    const { missedEvents: _hidden, ...mute } = gateways.get("generic") ?? {};
    await env.DB.prepare("INSERT INTO missed_events (gateway, since) VALUES ('generic', ?)")
      .bind(Date.now() - 16 * MINUTE)
      .run();
    replaceServices(system, { gateways: new Map([["generic", mute as Gateway]]) });
    await system.tick();
    expect(await owed()).not.toBeNull();
    replaceServices(system, { gateways });
    await system.tick();
    expect(await refunded(system, id)).toBe(500);
  });

  it.each<GatewayErrorKind>(["rejected", "malformed"])("passes over one that is %s at once", async (kind) => {
    const listed = await createListed();
    const ids = await createThree(listed.system);
    await sleepFor(6 * MINUTE);
    listed.readFault = (place) => (place === 3 ? kind : null);
    expect(await listed.system.tick()).toMatchObject({ missed: 6, failed: 1 });
    expect(await Promise.all(ids.map((id) => refunded(listed.system, id)))).toEqual([500, 0, 500]);
  });

  it("gives a list up that the gateway refuses, and says so", async () => {
    const listed = await createListed();
    listed.fault = "rejected";
    await sleepFor(6 * MINUTE);
    const log = vi.spyOn(console, "error");
    await listed.system.tick();
    expect(log.mock.calls.flat().join()).toContain("gateway.events_unread");
    log.mockRestore();
    expect(await owed()).toBeNull();
  });

  it("stops when the tick's time is over, and goes on from there at the next", async () => {
    const { system } = await createListed();
    const ids: string[] = [];
    for (let count = 0; count < 6; count += 1) {
      ids.push(await createRefundedUnheard(system));
    }
    await sleepFor(6 * MINUTE);
    const { wallClock } = system.services;
    const { findForWebhook } = system.services.store;
    let looks = 0;
    const restore = replaceStore(system, {
      findForWebhook: (...args) => {
        looks += 1;
        return findForWebhook(...args);
      },
    });
    replaceServices(system, { wallClock: () => wallClock() + (looks >= 3 ? 20_001 : 0) });
    expect(await system.tick()).toMatchObject({ missed: 3 });
    expect(await owed()).not.toBeNull();
    restore();
    replaceServices(system, { wallClock });
    const rest = await system.tick();
    expect(rest.missed).toBeGreaterThanOrEqual(9);
    for (const id of ids) {
      expect(await refunded(system, id)).toBe(500);
    }
    expect(await owed()).toBeNull();
  });

  it("leaves out none when D1 fails in the middle", async () => {
    const { system } = await createListed();
    const ids = [await createRefundedUnheard(system), await createRefundedUnheard(system)];
    await sleepFor(6 * MINUTE);
    const { findForWebhook } = system.services.store;
    let calls = 0;
    const heal = replaceStore(system, {
      findForWebhook: (...args) => {
        calls += 1;
        return calls === 2 ? Promise.reject(new StoreError("D1_ERROR")) : findForWebhook(...args);
      },
    });
    expect(await system.tick()).toMatchObject({ missed: 2, failed: 0 });
    heal();
    await system.tick();
    expect(await Promise.all(ids.map((id) => refunded(system, id)))).toEqual([500, 500]);
    expect(await owed()).toBeNull();
  });

  it("passes over one that is poisoned, and does the others", async () => {
    const { system } = await createListed();
    const poisoned = await createRefundedUnheard(system);
    const other = await createRefundedUnheard(system);
    await sleepFor(6 * MINUTE);
    const { findForWebhook } = system.services.store;
    const heal = replaceStore(system, {
      findForWebhook: (id, entry) =>
        id === poisoned ? Promise.reject(new RangeError("this one is poisoned")) : findForWebhook(id, entry),
    });
    const log = vi.spyOn(console, "error");
    expect(await system.tick()).toMatchObject({ missed: 4, failed: 2, changes: 1 });
    expect(log.mock.calls.flat().filter((line) => String(line).includes("job.failed"))).toHaveLength(2);
    log.mockRestore();
    heal();
    expect(await refunded(system, other)).toBe(500);
    expect(await owed()).toBeNull();
  });
});
