/** The cron on its worst days: a poisoned row (R10), ticks that were missed (R11), a gateway that is dead (R12). */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { checkConverged, dumpD1 } from "../support/invariants.ts";
import { inParallel } from "../support/parallel.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  replaceServices,
  type System,
} from "../support/system.ts";
import { createRandom, figure, SEED } from "./support/random.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

afterEach(async () => {
  vi.restoreAllMocks();
  await emptyTables();
});

async function createMany(system: System, count: number): Promise<string[]> {
  const created = await inParallel(Array.from({ length: count }), 8, () => createPending(system));
  return created.map(({ id }) => id);
}

/** Pending rows since now, written at once; the gateway has never heard of them. */
async function insertMany(system: System, count: number): Promise<string[]> {
  const { services } = system;
  const now = services.now();
  const ids = Array.from({ length: count }, () => services.newId("txn"));
  const insert = env.DB.prepare(
    `INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, capture, payment_url,
       created_at, updated_at, expires_at, next_check_at)
     VALUES (?1, ?1, 'generic', 'pending', 1, 1999, 'USD', 'automatic', 'https://gateway.example/pay', ?2, ?2, ?3, ?4)`,
  );
  const event = env.DB.prepare(
    `INSERT INTO events (transaction_id, version, type, source, status_before, status, amount_captured,
       amount_refunded, occurred_at) VALUES (?1, 1, 'transaction.created', 'shop', 'pending', 'pending', 0, 0, ?2)`,
  );
  await env.DB.batch(
    ids.flatMap((id) => [insert.bind(id, now, now + 30 * MINUTE, now + MINUTE), event.bind(id, now)]),
  );
  return ids;
}

/** No gateway hangs here, and workerd has room for 10,000 timers that nobody needs any more. */
function withoutDeadlines(): void {
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => new AbortController().signal);
}

/** Retries come without their pauses, deadlines at once: no test waits for a real one. */
function withoutWaiting(): void {
  vi.spyOn(Math, "random").mockReturnValue(0);
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => timeout(1));
}

const POISONS: Readonly<Record<string, (system: System, id: string) => unknown>> = {
  "names a time that cannot be written": (_system, id) =>
    env.DB.prepare(
      "UPDATE transactions SET version = 0, payment_url = NULL, expires_at = 9000000000000000 WHERE id = ?",
    )
      .bind(id)
      .run(),
  "is of a gateway that is gone": (_system, id) =>
    env.DB.prepare("UPDATE transactions SET gateway = 'gone' WHERE id = ?").bind(id).run(),
  "makes its adapter throw": (system, id) => {
    const generic = system.services.gateways.get("generic");
    if (!generic) {
      throw new Error("the gateway is there");
    }
    const retrieve: typeof generic.retrieve = async (reference) => {
      if (reference.transactionId === id) {
        throw new RangeError("a bug of the adapter");
      }
      return generic.retrieve(reference);
    };
    replaceServices(system, { gateways: new Map([["generic", { ...generic, retrieve }]]) });
  },
  "makes its gateway hang": (system, id) => {
    withoutWaiting();
    system.gateway.before = (call) =>
      call.endsWith(id)
        ? new Promise((_resolve, reject) =>
            setTimeout(() => reject(new DOMException("", "TimeoutError")), 50),
          )
        : undefined;
  },
};

describe("one poisoned row among 500", () => {
  it.each(Object.entries(POISONS))(
    "leaves the other 499 done in the same tick when it %s",
    async (_name, poison) => {
      const system = await createSystem();
      const clock = freezeClock(system);
      const ids = await insertMany(system, 500);
      const [poisoned = ""] = ids;
      await poison(system, poisoned);
      clock.advance(MINUTE);
      const before = system.gateway.calls.length;
      await system.tick();
      const asked = new Set(system.gateway.calls.slice(before).map((call) => call.split("/").at(-1)));
      expect(ids.filter((id) => id !== poisoned && !asked.has(id))).toEqual([]);
      const { transactions } = await dumpD1();
      expect(
        transactions.filter((row) => row.id !== poisoned && Number(row.next_check_at) <= clock.now()),
      ).toEqual([]);
    },
    120_000,
  );

  it("is put off for ever longer, from a minute to six hours", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    const [id = ""] = await createMany(system, 1);
    await POISONS["names a time that cannot be written"]?.(system, id);
    const pauses: number[] = [];
    for (let look = 0; look < 12; look += 1) {
      const row = (await dumpD1()).transactions[0];
      clock.advance(Number(row?.next_check_at) - clock.now());
      await expect(system.tick()).rejects.toThrow("all 1 rows");
      const after = (await dumpD1()).transactions[0];
      pauses.push(Number(after?.next_check_at) - clock.now());
    }
    expect(pauses[0]).toBe(MINUTE);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(pauses.at(-1)).toBe(6 * HOUR);
  });
});

describe("six hours of missed ticks", () => {
  it("are caught up with, each tick within its bounds", async () => {
    const count = figure(120, 2000);
    withoutDeadlines();
    const system = await createSystem();
    const clock = freezeClock(system);
    system.shop.answer = () => new Response(null, { status: 500 });
    const paid = await createMany(system, 100);
    await inParallel(paid, 8, (id) => {
      system.gateway.settle(id, "success");
      return deliver(system, system.gateway.callback(id, "success"));
    });
    await insertMany(system, count);
    await system.settle();
    system.shop.answer = () => new Response(null, { status: 204 });
    clock.advance(6 * HOUR);
    const ticks: { rows: number; statements: number; seconds: number }[] = [];
    for (let rows = 1; rows > 0 && ticks.length < 100; ) {
      const [began, statements] = [Date.now(), system.services.store.statementCount()];
      const tick = await system.tick();
      await system.settle();
      rows = tick.changes + tick.deliveries + tick.refunds;
      const spent = system.services.store.statementCount() - statements;
      ticks.push({ rows, statements: spent, seconds: (Date.now() - began) / 1000 });
      clock.advance(MINUTE);
    }
    const most = (key: "rows" | "statements" | "seconds") => Math.max(...ticks.map((tick) => tick[key]));
    console.log(
      `R11: ${count} expiries and 100 deliveries in ${ticks.length - 1} ticks; at most ${most("rows")} rows, ` +
        `${most("statements")} statements, ${most("seconds")} s a tick`,
    );
    expect(most("rows")).toBeLessThanOrEqual(200);
    expect(most("statements")).toBeLessThanOrEqual(900);
    expect(most("seconds")).toBeLessThanOrEqual(25);
    const { transactions } = await checkConverged({ gateway: system.gateway, shop: system.shop });
    expect(transactions.filter(({ status }) => status === "expired")).toHaveLength(count);
  }, 600_000);
});

describe("a gateway that is dead for three days", () => {
  it(`leaves nothing stuck, and nothing expired on silence (seed ${SEED})`, async () => {
    const count = figure(60, 2000);
    const stepMs = figure(60, 1) * MINUTE;
    const random = createRandom(SEED);
    const system = await createSystem();
    withoutWaiting();
    const clock = freezeClock(system);
    const ids = await createMany(system, count);
    system.gateway.fault = "down";
    const calls = system.gateway.calls.length;
    // Some were paid just before, some while nobody could hear of it.
    const paid = ids.filter(() => random.next() < 0.5);
    for (const id of paid) {
      system.gateway.settle(id, "success");
    }
    const began = clock.now();
    for (; clock.now() < began + 3 * DAY; clock.advance(stepMs)) {
      await system.tick();
    }
    const { transactions: during } = await dumpD1();
    expect(new Set(during.map(({ status }) => status))).toEqual(new Set(["review"]));
    expect(new Set(during.map((row) => row.review_reason))).toEqual(new Set(["gateway_silent"]));
    const perRow = (system.gateway.calls.length - calls) / count;

    system.gateway.fault = null;
    for (const end = clock.now() + 3 * DAY; clock.now() < end; clock.advance(stepMs)) {
      await system.tick();
      await system.settle();
    }
    const { transactions } = await dumpD1();
    const isPaid = new Set(paid);
    expect(
      transactions.filter((row) => isPaid.has(row.id)).every(({ status }) => status === "succeeded"),
    ).toBe(true);
    const unpaid = transactions.filter((row) => !isPaid.has(row.id));
    expect(new Set(unpaid.map(({ status }) => status))).toEqual(new Set(["canceled"]));
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(paid.length);
    console.log(
      `R12: ${count} transactions, 3 days, ${perRow.toFixed(1)} calls each while the gateway was dead`,
    );
  }, 900_000);
});
