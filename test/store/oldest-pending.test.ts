/** Which payment has been pending for the longest, as the overview says it: found without looking through all of them. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { newTypeId } from "../../src/lib/id.ts";
import { rollUp } from "../../src/operations/roll-up.ts";
import { seeded } from "../support/seeded.ts";
import {
  createSystem,
  emptyTables,
  freezeClock,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(emptyTables);

const MINUTE = 60_000;

interface Shop {
  readonly system: System;
  now(): number;
  advance(ms: number): void;
  /** So many are created now, and stay pending. */
  create(count: number): Promise<void>;
  /** Of those that are pending, a share comes to an end. */
  settle(share: number, random: () => number): Promise<void>;
}

async function openShop(): Promise<Shop> {
  const system = await createSystem();
  const clock = freezeClock(system);
  replaceServices(system, { wallClock: clock.now });
  return {
    ...{ system, ...clock },
    create: async (count) => {
      const insert =
        env.DB.prepare(`INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency,
        capture, created_at, updated_at, expires_at) VALUES (?1, ?1, 'generic', 'pending', 1, 1, 'USD', 'automatic', ?2, ?2, ?3)`);
      const rows = Array.from({ length: count }, () =>
        insert.bind(newTypeId("txn", clock.now()), clock.now(), clock.now() + 30 * MINUTE),
      );
      await (rows.length > 0 && env.DB.batch(rows));
    },
    settle: async (share, random) => {
      const { results } = await env.DB.prepare("SELECT id FROM transactions WHERE status = 'pending'").all();
      const update = env.DB.prepare("UPDATE transactions SET status = 'expired' WHERE id = ?");
      const done = results.filter(() => random() < share).map(({ id }) => update.bind(id));
      await (done.length > 0 && env.DB.batch(done));
    },
  };
}

const said = async ({ services }: System) =>
  (await services.store.readOverview("day", 0, 0)).oldestPending?.id ?? null;

const oldest = async () =>
  (await selectRow<{ id: string | null }>("SELECT min(id) AS id FROM transactions WHERE status = 'pending'"))
    ?.id ?? null;

/** Nothing that is pending lies before the place that the cron has come to. */
async function expectNoneBefore(): Promise<void> {
  const before = await selectRow(
    "SELECT count(*) AS n FROM transactions WHERE status = 'pending' AND id < (SELECT pending_from FROM roll_up)",
  );
  expect(before).toEqual({ n: 0 });
}

describe("readOverview", () => {
  it.each([1, 2, 3, 4, 5])("names the oldest pending payment after any history: %i", async (seed) => {
    const random = seeded(seed);
    const shop = await openShop();
    for (let step = 0; step < 25; step += 1) {
      await shop.create(Math.floor(random() * 60));
      shop.advance(Math.floor(random() * 3 * MINUTE));
      await shop.settle(random() < 0.3 ? 1 : random(), random);
      const ticks = Math.floor(random() * 3);
      await Promise.all(Array.from({ length: ticks }, () => rollUp(shop.system.services)));
      await expectNoneBefore();
      if (random() < 0.5) {
        shop.advance(MINUTE + 1);
        await rollUp(shop.system.services);
        await expectNoneBefore();
        expect(await said(shop.system)).toBe(await oldest());
      }
    }
  });

  it("finds it behind thousands that are over, a bounded step at each tick", async () => {
    const shop = await openShop();
    for (let minute = 0; minute < 50; minute += 1) {
      await shop.create(100);
      shop.advance(1000);
    }
    await shop.settle(1, () => 0);
    await shop.create(3);
    shop.advance(2 * MINUTE);
    const before = shop.system.counts.rowsRead;
    await rollUp(shop.system.services);
    expect(shop.system.counts.rowsRead - before).toBeLessThan(2 * 2000 + 100);
    await rollUp(shop.system.services);
    await rollUp(shop.system.services);
    expect(await said(shop.system)).toBe(await oldest());
    const shown = shop.system.counts.rowsRead;
    await said(shop.system);
    expect(shop.system.counts.rowsRead - shown).toBeLessThan(100);
  });

  it("passes over none that comes out of order within a minute", async () => {
    const shop = await openShop();
    const late = newTypeId("txn", shop.now());
    shop.advance(1000);
    await shop.create(5);
    await shop.settle(1, () => 0);
    shop.advance(58_000);
    await rollUp(shop.system.services);
    await env.DB.prepare(
      `INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, capture, created_at,
        updated_at, expires_at) VALUES (?1, ?1, 'generic', 'pending', 1, 1, 'USD', 'automatic', 1, 1, 2)`,
    )
      .bind(late)
      .run();
    shop.advance(10 * MINUTE);
    await rollUp(shop.system.services);
    expect(await said(shop.system)).toBe(late);
  });

  it("names none where none is pending", async () => {
    const shop = await openShop();
    expect(await said(shop.system)).toBeNull();
    await rollUp(shop.system.services);
    await shop.create(3);
    await shop.settle(1, () => 0);
    shop.advance(2 * MINUTE);
    await rollUp(shop.system.services);
    expect(await said(shop.system)).toBeNull();
  });
});
