/**
 * Power cuts: the whole process group is killed again and again while buyers, shop and gateway are busy. What was
 * acknowledged to anybody stands, and what was not is brought to its end by repeats and by the cron.
 */
import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, createApi } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import { FakeGateway } from "./support/fake-gateway.ts";
import { FakeShop } from "./support/fake-shop.ts";
import { freePort } from "./support/http-server.ts";
import { type Buyer, Load } from "./support/load.ts";
import {
  createDirectory,
  gatewayVariables,
  removeDirectory,
  type System,
  shopVariables,
  startSystem,
} from "./support/system.ts";

const KILLS = process.env.CHAOS === "full" ? 50 : 2;
/** `CHAOS_SEED` repeats a run, as far as the clock lets it. */
const SEED = Number(process.env.CHAOS_SEED ?? randomInt(2 ** 32));
/** Each kill comes so long after the first acknowledgement of a life, at the most. */
const MAX_LIFE_MS = 2_000;
const KILL_LIMIT_MS = 90_000;
/** Each order is asked about, one after the other. */
const CHECK_LIMIT_MS = 60_000 + KILLS * 3_000;
const MINUTE = 60_000;
const LEASES_OVER_MS = 2 * MINUTE;
/** Then first checks are due, unpaid ones expire, what that left is done, and the watch for late money goes on. */
const TICKS_AFTER_MS = [LEASES_OVER_MS, 16 * MINUTE, 32 * MINUTE, 34 * MINUTE, 50 * MINUTE];
/** A tick takes so many rows of a kind. */
const ROWS_OF_A_TICK = 100;

let system: System;
let gateway: FakeGateway;
let shop: FakeShop;
let api: Api;
let directory: string;
let load: Load;
/** Whose acknowledged callback or cancel a restart had forgotten. */
const forgotten: string[] = [];
const remembered = new Set<Buyer>();

beforeAll(async () => {
  gateway = await FakeGateway.start();
  shop = await FakeShop.start();
  // Long enough for a kill to come between the shop's effect and our note of it.
  shop.answer(200, {}, 20);
  directory = await createDirectory();
  const port = await freePort();
  const vars = { ...shopVariables, ...gatewayVariables(gateway.url), FULFILMENT_URL: shop.url };
  const start = () => startSystem({ vars, port, directory });
  system = await start();
  api = createApi(system.url);
  const random = randomFrom(SEED);
  load = new Load(api, gateway, random);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await underLoad(random() * MAX_LIFE_MS);
    await system.kill();
    const done = load.buyers.filter((buyer) => isDone(buyer) && !remembered.has(buyer));
    system = await start();
    await remember(done);
  }
  load.close();
  await system.tick(Date.now() + LEASES_OVER_MS);
  await load.finish();
  await settle();
  report();
}, KILLS * KILL_LIMIT_MS);

afterAll(async () => {
  load?.close();
  await system?.stop();
  await gateway?.stop();
  await shop?.stop();
  await removeDirectory(directory);
});

/** Until this long after the first acknowledgement of this life, with the cron at work too. */
async function underLoad(lifeMs: number): Promise<void> {
  const before = load.total();
  await eventually(() => expect(load.total()).toBeGreaterThan(before), KILL_LIMIT_MS);
  // Killed in the middle, as likely as not.
  system.tick(Date.now() + LEASES_OVER_MS).catch(() => null);
  await sleep(lifeMs);
}

/** One that pays early may be parked until it is asked for: only what follows its create is acknowledged as done. */
const isDone = ({ plan, told, canceled }: Buyer) => plan !== "early" && (told !== null || canceled);

/** Looks at once, before the cron could make anything good. */
async function remember(done: readonly Buyer[]): Promise<void> {
  const look = async (buyer: Buyer) => {
    const { status } = await api.get(id(buyer));
    const expected = buyer.canceled ? "canceled" : buyer.told === "success" ? "succeeded" : "failed";
    if (status !== expected) {
      forgotten.push(`${id(buyer)}: ${status} instead of ${expected}`);
    }
    remembered.add(buyer);
  };
  // Side by side: one after the other, more would be done meanwhile than were looked at.
  await Promise.all(done.map(look));
}

async function settle(): Promise<void> {
  const rounds = Math.ceil(load.buyers.length / ROWS_OF_A_TICK) + 1;
  for (const afterMs of TICKS_AFTER_MS) {
    for (let round = 0; round < rounds; round += 1) {
      await system.tick(Date.now() + afterMs);
    }
  }
}

function report(): void {
  const { create, callback, cancel, read } = load.acknowledged;
  console.log(
    `${KILLS} kills, seed ${SEED}: ${load.buyers.length} orders; acknowledged ${load.total()} requests ` +
      `(${create} creates, ${callback} callbacks, ${cancel} cancels, ${read} reads); broken off ${load.broken}; ` +
      `looked for ${remembered.size} right after a kill`,
  );
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

const id = ({ seen: [first] }: Buyer) => first?.id ?? "";
const paid = () => load.buyers.filter((buyer) => gateway.session(id(buyer)).status === "success");

describe("after kills under load", { timeout: CHECK_LIMIT_MS }, () => {
  it("every client got an answer in the end", () => {
    expect(load.failures).toEqual([]);
    expect(load.broken).toBeGreaterThan(0);
    expect(paid().length).toBeGreaterThan(KILLS);
  });

  it("each acknowledged callback and cancel was remembered at once", () => {
    expect(forgotten).toEqual([]);
  });

  it("each acknowledged create is there with its terms, and has one session at the gateway", async () => {
    for (const buyer of load.buyers) {
      const { amount, currency, order_id, description, metadata } = await api.get(id(buyer));
      expect({ amount, currency, order_id, description, metadata }).toEqual(buyer.request);
      expect(gateway.sessionsOf(order_id).map(({ request }) => request.transaction_id)).toEqual([id(buyer)]);
    }
    expect(gateway.sessions.size).toBe(load.buyers.length);
  });

  it("the same key gives the same transaction", async () => {
    for (const buyer of load.buyers) {
      const { status, body } = await api.create(buyer.request, buyer.key);
      expect([status, body.id]).toEqual([200, id(buyer)]);
    }
  });

  it("each state that anybody was shown is in the history", async () => {
    for (const buyer of load.buyers) {
      const { body } = await api.call<{ data: HistoryEntry[] }>(`/transactions/${id(buyer)}/events`);
      const history = body.data.map(({ version, status }) => ({ id: id(buyer), version, status }));
      expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => index + 1));
      for (const { version, status } of buyer.seen) {
        expect(history).toContainEqual({ id: id(buyer), version, status });
      }
    }
  });

  it("nothing is left open, and each ended as the gateway's books and the acknowledgements say", async () => {
    for (const buyer of load.buyers) {
      const session = gateway.session(id(buyer));
      const unpaid = buyer.canceled ? "canceled" : "expired";
      const expected = { success: "succeeded", failure: "failed", expired: unpaid }[String(session.status)];
      const { status, amount, amount_captured, late, review_reason } = await api.get(id(buyer));
      expect(status).toBe(expected);
      expect({ amount_captured, late, review_reason }).toEqual({
        amount_captured: status === "succeeded" ? amount : 0,
        late: false,
        review_reason: null,
      });
      expect(buyer.told ?? session.status).toBe(session.status);
    }
    for (const status of ["pending", "processing", "authorized", "review"]) {
      expect((await api.call<{ data: unknown[] }>(`/transactions?status=${status}`)).body.data).toEqual([]);
    }
  });
});

describe("the shop", { timeout: CHECK_LIMIT_MS }, () => {
  it("heard of each payment under one id and in the same bytes, and of no other", () => {
    for (const buyer of load.buyers) {
      const deliveries = shop.of(id(buyer), "transaction.succeeded");
      const distinct = new Set(deliveries.map((delivery) => `${delivery.id} ${delivery.raw}`));
      expect(distinct.size).toBe(paid().includes(buyer) ? 1 : 0);
    }
  });

  it("heard of each event of the feed, authentic, and of nothing else", async () => {
    const feed = new Set(await pullIds());
    expect(new Set(shop.deliveries.map((delivery) => delivery.id))).toEqual(feed);
    expect(shop.deliveries.filter(({ authentic }) => !authentic)).toEqual([]);
    // Each transaction has ended once: one event each.
    expect(feed.size).toBe(load.buyers.length);
  });
});

interface HistoryEntry {
  readonly version: number;
  readonly status: string;
}

async function pullIds(): Promise<string[]> {
  const ids: string[] = [];
  let after = "";
  for (let turn = 0; turn <= load.buyers.length; turn += 1) {
    const { body } = await api.call<{ data: { id: string }[]; next_cursor: string }>(
      `/events?limit=100${after}`,
    );
    if (body.data.length === 0) {
      return ids;
    }
    ids.push(...body.data.map((event) => event.id));
    after = `&after=${body.next_cursor}`;
  }
  throw new Error("there was no end of events");
}
