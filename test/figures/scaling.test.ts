/**
 * What SCALING.md reckons with: the calls of a payment to several databases, what the cron spends on a payment that
 * nobody makes, and the bytes that payments take in D1.
 */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { databaseOf } from "../../src/lib/id.ts";
import { aroundD1 } from "../../src/store/around-d1.ts";
import { createMeter, idleTick, type Meter } from "../bench/costs.ts";
import { createSpread, emptyDatabases, MOVED, type Spread } from "../support/several-databases.ts";
import { deliver, emptyTables, initiate, newOrder, read, selectRow } from "../support/system.ts";

const TOGETHER = "DB DB_2 DB_3";
const PAYMENTS = 100;
const MAX_TICKS = 60;
const SECOND_MS = 1000;
const HALF_A_MONTH_MS = 15 * 24 * 60 * 60_000;

/** Round trips of a payment that is not kept in the first database: to make, to pay and deliver, to read it. */
async function callsOf(system: Spread): Promise<{ first: number[]; all: number[] }> {
  const counts = () => system.roundTrips();
  const sum = (list: readonly number[]) => list.reduce((total, count) => total + count, 0);
  for (let round = 0; round < 40; round += 1) {
    const before = counts();
    const { id } = (await initiate(system, newOrder(), `key-${round}`)).body;
    await system.settle();
    const made = counts();
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    const paid = counts();
    await read(system, id);
    const steps = [before, made, paid, counts()];
    const between = (of: (list: readonly number[]) => number) =>
      [1, 2, 3].map((step) => of(steps[step] ?? []) - of(steps[step - 1] ?? []));
    const first = between(([count = 0]) => count);
    // Whose gateway's reference belongs to the first one is another case.
    if (databaseOf(id) !== 0 && first[0] === (system.hasGrown ? 1 : 0)) {
      return { first, all: between(sum) };
    }
  }
  throw new Error("all were at home in the first database");
}

describe("several databases", () => {
  beforeEach(emptyDatabases);

  it("ask nothing of the first for a payment elsewhere, and at most one call more than one database", async () => {
    const { first, all } = await callsOf(await createSpread(TOGETHER));
    expect(first).toEqual([0, 0, 0]);
    expect([2, 3]).toContain(all[0]);
    expect(all.slice(1)).toEqual([3, 1]);
  });

  it("ask an older one once for a new order, and never again for its payment", async () => {
    const { first, all } = await callsOf(await createSpread(MOVED));
    expect(first).toEqual([1, 0, 0]);
    expect([3, 4]).toContain(all[0]);
    expect(all.slice(1)).toEqual([3, 1]);
  });

  it("go on without the first for what is at home elsewhere", async () => {
    const db = aroundD1(env.DB, () => Promise.reject(new Error("D1_ERROR: down")));
    const system = await createSpread(TOGETHER, { DB: db });
    const statuses: number[] = [];
    for (let tries = 0; tries < 60 && !statuses.includes(201); tries += 1) {
      statuses.push((await initiate(system, newOrder())).status);
    }
    expect(statuses.at(-1)).toBe(201);
    expect(new Set(statuses.slice(0, -1)).size).toBeLessThanOrEqual(1);
  });
});

describe("a payment that nobody makes", () => {
  it("takes 19 statements of the cron's budget, over all its looks", async () => {
    await emptyTables();
    const meter = await createMeter();
    const statements = () => meter.system.services.store.statementCount();
    await idleTick(meter);
    const [before, idles] = [statements(), 2];
    await idleTick(meter);
    const idle = (statements() - before) / idles;
    await meter.create();
    const made = statements();
    let ticks = 0;
    for (let due = await nextDue(); due !== null && ticks < MAX_TICKS; due = await nextDue()) {
      await tickAt(meter, due);
      ticks += 1;
    }
    expect({ ticks, statements: statements() - made - ticks * idle }).toEqual({ ticks: 9, statements: 19 });
  });
});

describe("storage", () => {
  beforeEach(() => emptyTables());

  it("is so many bytes for a paid payment, and for one that nobody made", async () => {
    const meter = await createMeter(Date.now() - HALF_A_MONTH_MS);
    const pay = async () => {
      const { id } = await meter.create();
      await meter.pay(id);
      await meter.system.settle();
    };
    const paid = await bytesOf(async () => {
      await times(PAYMENTS, pay);
    });
    const unpaid = await bytesOf(async () => {
      await times(PAYMENTS, meter.create);
      for (let ticks = 0, due = await nextDue(); due !== null && ticks < MAX_TICKS; ticks += 1) {
        await tickAt(meter, due);
        due = await nextDue();
      }
    });
    console.log(`bytes in D1: ${paid} for a paid payment, ${unpaid} for an unpaid one`);
    expect(await nextDue()).toBeNull();
    // By pages of 4 kB: a few hundred bytes more or less are no news.
    expect(Math.abs(paid - 2350)).toBeLessThan(500);
    expect(Math.abs(unpaid - 2750)).toBeLessThan(500);
  }, 120_000);
});

async function times(count: number, work: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += 1) {
    await work();
  }
}

async function bytesOf(makePayments: () => Promise<void>): Promise<number> {
  const size = async () => (await env.DB.prepare("SELECT 1").run()).meta.size_after;
  const before = await size();
  await makePayments();
  return Math.round(((await size()) - before) / PAYMENTS);
}

async function nextDue(): Promise<number | null> {
  return (
    (await selectRow<{ at: number | null }>("SELECT min(next_check_at) AS at FROM transactions"))?.at ?? null
  );
}

async function tickAt(meter: Meter, due: number): Promise<void> {
  meter.advance(Math.max(0, due - meter.now()) + SECOND_MS);
  await meter.system.tick();
  await meter.system.settle();
}
