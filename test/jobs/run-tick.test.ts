/** One tick of the cron: what is due is done, within a budget, and one bad row stops nobody. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createStore } from "../../src/store/store.ts";
import { countingD1 } from "../support/counting-d1.ts";
import { inParallel } from "../support/parallel.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  read,
  replaceServices,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(emptyTables);

const MINUTE = 60_000;

const createMany = (system: System, count: number) =>
  inParallel(Array.from({ length: count }), 8, () => createPending(system));

const countWhere = async (condition: string, ...values: unknown[]) =>
  (await selectRow<{ n: number }>(`SELECT count(*) AS n FROM transactions WHERE ${condition}`, ...values))?.n;

/** A row that was being opened, and whose time cannot be written as a date: opening it throws. */
async function insertPoison(system: System): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, capture, created_at,
       updated_at, expires_at, next_check_at)
     VALUES (?, ?, 'generic', 'pending', 0, 1, 'USD', 'automatic', 1, 1, 9000000000000000, 1)`,
  )
    .bind(system.services.newId("txn"), crypto.randomUUID())
    .run();
}

async function nextAttemptAt(transactionId = ""): Promise<number> {
  const query = "SELECT next_attempt_at AS at FROM refunds WHERE transaction_id = ?";
  return (await selectRow<{ at: number }>(query, transactionId))?.at ?? 0;
}

/** A D1 binding that counts each statement, also those of a batch. */
function countStatements() {
  const counts = { statements: 0 };
  const db = {
    prepare: (query: string) => {
      counts.statements += 1;
      return env.DB.prepare(query);
    },
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
  } as unknown as D1Database;
  return { db, counts };
}

describe("runTick", () => {
  it("does all the others when one row is poisoned, and says so", async () => {
    const system = await createSystem();
    const transactions = await createMany(system, 30);
    for (const { id } of transactions) {
      system.gateway.settle(id, "success");
    }
    await insertPoison(system);
    system.advance(MINUTE);
    const log = vi.spyOn(console, "error");
    expect(await system.tick()).toEqual({
      transactions: 31,
      deliveries: 0,
      refunds: 0,
      missed: 0,
      failed: 1,
      changes: 30,
    });
    expect(log.mock.calls.flat().filter((line) => String(line).includes("job.failed"))).toHaveLength(1);
    log.mockRestore();
    expect(await countWhere("status = 'succeeded'")).toBe(30);
  });

  it("puts off a refund that is poisoned, longer each time, and sends the others", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    const [poisoned, other] = await createMany(system, 2);
    system.gateway.refundOutcome = "pending";
    for (const id of [poisoned?.id ?? "", other?.id ?? ""]) {
      system.gateway.settle(id, "success");
      await deliver(system, system.gateway.callback(id, "success"));
      expect((await system.call("POST", `/transactions/${id}/refunds`)).status).toBe(201);
    }
    const { findRefund } = system.services.store;
    replaceStore(system, {
      findRefund: async (id) => {
        const found = await findRefund(id);
        if (found?.refund.transactionId === poisoned?.id) {
          throw new RangeError("this row is poisoned");
        }
        return found;
      },
    });
    const pauses: number[] = [];
    for (let look = 0; look < 3; look += 1) {
      const before = await nextAttemptAt(poisoned?.id);
      clock.advance(before - clock.now());
      expect((await system.tick()).failed).toBe(1);
      pauses.push((await nextAttemptAt(poisoned?.id)) - clock.now());
    }
    expect(pauses).toEqual([5 * MINUTE, 15 * MINUTE, 60 * MINUTE]);
    expect(
      system.gateway.calls.filter((call) => call === `POST /refund/${other?.id}`).length,
    ).toBeGreaterThan(1);
  });

  it("sends all the others when one delivery is poisoned", async () => {
    const system = await createSystem();
    system.shop.answer = () => new Response(null, { status: 500 });
    const transactions = await createMany(system, 10);
    for (const { id } of transactions) {
      await deliver(system, system.gateway.callback(id, "success"));
    }
    await system.settle();
    system.shop.answer = () => new Response(null, { status: 200 });
    const { markDelivered } = system.services.store;
    const poisoned = await selectRow<{ position: number }>(
      "SELECT min(position) AS position FROM deliveries",
    );
    replaceStore(system, {
      markDelivered: async (delivery, ...rest) => {
        if (delivery.position === poisoned?.position) {
          throw new RangeError("this row is poisoned");
        }
        await markDelivered(delivery, ...rest);
      },
    });
    system.advance(MINUTE);
    expect(await system.tick()).toMatchObject({ deliveries: 10, failed: 1 });
    const left = await selectRow("SELECT count(*) AS n FROM deliveries WHERE delivered_at IS NULL");
    expect(left).toEqual({ n: 1 });
  });

  it("takes a gateway that is not configured any more for a silent one", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    replaceServices(system, { gateways: new Map() });
    system.advance(MINUTE);
    expect(await system.tick()).toEqual({
      transactions: 1,
      deliveries: 0,
      refunds: 0,
      missed: 0,
      failed: 0,
      changes: 0,
    });
    expect(await read(system, id)).toMatchObject({ status: "pending" });
  });

  it("throws when every row failed, so that the platform shows the tick as failed", async () => {
    const system = await createSystem();
    await createMany(system, 3);
    system.advance(MINUTE);
    const heal = replaceStore(system, { touch: () => Promise.reject(new RangeError("nothing works")) });
    await expect(system.tick()).rejects.toThrow("all 3 rows");
    heal();
    expect(await system.tick()).toMatchObject({ transactions: 0 });
    system.advance(MINUTE);
    expect(await system.tick(), "each is put off for a minute").toMatchObject({ transactions: 3, failed: 0 });
  });

  it("claims 100 rows of each kind at once, the oldest first, until nothing is left", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    for (let index = 0; index < 230; index += 1) {
      await insertDue(system, clock.now() - 1000 + index);
    }
    const ticks = [await system.tick(), await system.tick()];
    expect(ticks.map(({ transactions }) => transactions)).toEqual([230, 0]);
    const first = system.gateway.calls.slice(0, 100).map((call) => call.slice("GET /status/".length));
    const oldest = await env.DB.prepare("SELECT id FROM transactions ORDER BY updated_at LIMIT 100").all<{
      id: string;
    }>();
    expect(first.toSorted()).toEqual(oldest.results.map(({ id }) => id).toSorted());
  });

  it("begins no row after 20 s; the rest comes due again when the lease lapses", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    await createMany(system, 20);
    clock.advance(MINUTE);
    const start = Date.now();
    let asked = 0;
    replaceServices(system, { wallClock: () => start + (asked >= 8 ? 20_001 : 0) });
    const before = system.gateway.calls.length;
    system.gateway.before = () => {
      asked += 1;
    };
    const tick = await system.tick();
    const done = system.gateway.calls.length - before;
    expect(tick).toMatchObject({ transactions: done, failed: 0 });
    expect(done).toBeGreaterThanOrEqual(8);
    expect(done).toBeLessThan(8 + 5);
    replaceServices(system, { wallClock: () => start });
    expect(await system.tick()).toMatchObject({ transactions: 0 });
    clock.advance(MINUTE);
    expect((await system.tick()).transactions).toBe(20 - done);
  });

  it("sends what is owed also while the gateway uses up its time-out on every row", async () => {
    const system = await createSystem();
    const [owed] = await createMany(system, 1);
    system.shop.answer = () => new Response(null, { status: 500 });
    await deliver(system, system.gateway.callback(owed?.id ?? "", "success"));
    await system.settle();
    system.shop.answer = () => new Response(null, { status: 200 });
    await createMany(system, 40);
    system.advance(MINUTE);
    const start = Date.now();
    let asked = 0;
    // Five at a time, 10 seconds each.
    replaceServices(system, { wallClock: () => start + Math.floor(asked / 5) * 10_000 });
    system.gateway.before = () => {
      asked += 1;
      throw new DOMException("The operation timed out", "TimeoutError");
    };
    const before = system.shop.received.length;
    await system.tick();
    expect(system.shop.received.length - before).toBe(1);
  });

  it("asks for at most 5 rows at a time", async () => {
    const system = await createSystem();
    await createMany(system, 20);
    system.advance(MINUTE);
    let [now, most] = [0, 0];
    system.gateway.before = async () => {
      now += 1;
      most = Math.max(most, now);
      await selectRow("SELECT 1");
      now -= 1;
    };
    await system.tick();
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(5);
  });

  it("needs at most 900 statements and 501 round trips in a full tick of expiries and deliveries", async () => {
    const system = await createSystem();
    system.shop.answer = () => new Response(null, { status: 500 });
    const owed = await createMany(system, 100);
    await inParallel(owed, 8, ({ id }) => deliver(system, system.gateway.callback(id, "success")));
    await system.settle();
    await createMany(system, 100);
    system.advance(30 * MINUTE);
    const { db, counts } = countStatements();
    const { db: counted, counts: trips } = countingD1(db);
    replaceServices(system, { store: createStore(counted) });
    const tick = await system.tick();
    await system.settle();
    expect(tick.failed).toBe(0);
    expect(tick.changes + tick.deliveries).toBeGreaterThan(185);
    expect(tick.changes + tick.deliveries).toBeLessThanOrEqual(200);
    expect(await countWhere("status = 'expired'")).toBe(tick.changes);
    console.log(`D1 in a full tick: ${JSON.stringify({ ...counts, ...trips })}`);
    expect(counts.statements).toBeLessThanOrEqual(900);
    expect(trips.roundTrips).toBeLessThanOrEqual(501);
  }, 30_000);

  it("costs two round trips when nothing is due: the claims, and the look for what is to be counted", async () => {
    const system = await createSystem();
    // Within the hour: at its beginning what is old is forgotten.
    system.advance((90 - new Date(system.services.now()).getUTCMinutes()) * MINUTE);
    const before = system.counts.roundTrips;
    expect(await system.tick()).toEqual({
      transactions: 0,
      deliveries: 0,
      refunds: 0,
      missed: 0,
      failed: 0,
      changes: 0,
    });
    expect(system.counts.roundTrips - before).toBe(2);
  });
});

/** A pending row that is due since then; the gateway has never heard of it. */
async function insertDue(system: System, at: number): Promise<void> {
  await env.DB.prepare(
    `INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, capture, created_at,
       updated_at, expires_at, next_check_at)
     VALUES (?, ?, 'generic', 'pending', 1, 1, 'USD', 'automatic', ?, ?, ?, ?)`,
  )
    .bind(system.services.newId("txn"), crypto.randomUUID(), at, at, at + 30 * MINUTE, at)
    .run();
}
