/** What the archive costs, to the row; and that neither many old payments nor many that stay are a burden to a tick. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { firstTypeIdAt } from "../../src/lib/id.ts";
import { archiveTransactions } from "../../src/operations/archive-transactions.ts";
import {
  advanceToMidnight,
  bucket,
  createPastSystem,
  emptyBucket,
  growOld,
  realArchive,
  YEARS,
} from "../support/archive.ts";
import { createPaid } from "../support/money.ts";
import {
  emptyTables,
  initiate,
  newOrder,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

const MINUTE = 60_000;

let system: System;

beforeEach(async () => {
  await emptyTables();
  await emptyBucket();
  system = await createPastSystem();
});

interface Costs {
  readonly roundTrips: number;
  readonly statements: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly heads: number;
  readonly puts: number;
}

const costs = (
  roundTrips: number,
  statements: number,
  rowsRead: number,
  rowsWritten: number,
  calls: number,
): Costs => ({ roundTrips, statements, rowsRead, rowsWritten, heads: calls, puts: calls });

const archive = () => archiveTransactions(system.services, () => true);

/** What it costs to let the archive have its share of a tick. */
async function measure(work: () => Promise<unknown> = archive): Promise<Costs> {
  const calls = { heads: 0, puts: 0 };
  const real = realArchive();
  const head: typeof real.head = (id) => {
    calls.heads += 1;
    return real.head(id);
  };
  const put: typeof real.put = (...asked) => {
    calls.puts += 1;
    return real.put(...asked);
  };
  replaceServices(system, { archive: { ...real, head, put } });
  const { store } = system.services;
  const before = { ...system.counts, statements: store.statementCount() };
  await work();
  return {
    ...calls,
    roundTrips: system.counts.roundTrips - before.roundTrips,
    statements: store.statementCount() - before.statements,
    rowsRead: system.counts.rowsRead - before.rowsRead,
    rowsWritten: system.counts.rowsWritten - before.rowsWritten,
  };
}

const countOld = async () =>
  (await selectRow<{ n: number }>("SELECT count(*) AS n FROM transactions WHERE order_id LIKE 'old-%'"))?.n;

/** So many of years ago, a second between them. */
async function insertOld(count: number, status: "expired" | "review"): Promise<void> {
  const start = Date.now() - YEARS;
  const insert = env.DB.prepare(
    `INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, capture, review_reason, created_at,
       updated_at, expires_at) VALUES (?1, 'old-' || ?1, 'generic', ?2, 1, 1, 'USD', 'automatic', ?3, ?4, ?4, ?4 + 1)`,
  );
  const reason = status === "review" ? "wrong_amount" : null;
  const rows = Array.from({ length: count }, (_, index) => {
    const at = start + index * 1000;
    return insert.bind(firstTypeIdAt("txn", at), status, reason, at);
  });
  await env.DB.batch(rows);
}

describe("archiveTransactions", () => {
  it("costs so much for forty payments that were paid and delivered", async () => {
    for (let count = 0; count < 40; count += 1) {
      await initiate(system, newOrder(), crypto.randomUUID());
    }
    for (const id of system.gateway.sessions.keys()) {
      await system.fetch(system.gateway.callback(id, "success"));
      await system.settle();
    }
    await growOld(system);
    replaceServices(system, { archive: null });
    await system.tick();
    // Webhooks are kept for 90 days.
    await env.DB.prepare("DELETE FROM inbox").run();
    const found = await measure();
    const { objects } = await bucket.list();
    const size = objects.reduce((sum, object) => sum + object.size, 0) / 40;
    console.log(`the archive: ${JSON.stringify(found)} for forty payments of ${Math.round(size)} bytes each`);
    // Of each payment five rows: itself, two events, a delivery, and its order's. And the walk's place, which begins again.
    expect(found).toEqual(costs(4, 18, found.rowsRead, 40 * 5 + 2, 40));
    expect(found.rowsRead).toBeLessThan(40 * 80);
    expect(size).toBeLessThan(3000);
    const idle = await measure();
    expect(idle).toEqual(costs(2, 2, idle.rowsRead, 0, 0));
    expect(idle.rowsRead).toBeLessThan(8);
  });

  it("takes 1,000 old payments in five ticks, each within what D1 and R2 allow an invocation", async () => {
    await insertOld(1000, "expired");
    system.advance(YEARS + 7 * MINUTE);
    const left: (number | undefined)[] = [];
    for (let tick = 0; tick < 5; tick += 1) {
      const { statements, heads, puts } = await measure(() => system.tick());
      left.push(await countOld());
      expect(statements).toBeLessThan(200);
      expect(heads + puts).toBe(400);
    }
    expect(left).toEqual([800, 600, 400, 200, 0]);
  }, 120_000);

  it("does nothing in a tick that has spent its budget", async () => {
    await insertOld(10, "expired");
    system.advance(YEARS);
    expect(await measure(() => archiveTransactions(system.services, () => false))).toEqual(
      costs(0, 0, 0, 0, 0),
    );
    expect(await countOld()).toBe(10);
  });

  it("reads what has to stay once a day, however much that is", async () => {
    await insertOld(450, "review");
    await createPaid(system);
    system.advance(YEARS + 7 * MINUTE);
    const looked = [await measure(), await measure(), await measure(), await measure(), await measure()];
    console.log(`450 that stay: ${JSON.stringify(looked)}`);
    expect(looked.map(({ roundTrips }) => roundTrips)).toEqual([8, 8, 5, 2, 2]);
    expect(looked.at(-1)?.rowsRead).toBeLessThan(10);
    advanceToMidnight(system);
    await measure();
    system.advance(MINUTE);
    expect((await measure()).roundTrips).toBe(8);
  });
});

describe("pruneKeys", () => {
  it("forgets the keys of that age, in a walk over all of them, and no other", async () => {
    const { store } = system.services;
    const insert = env.DB.prepare("INSERT INTO idempotency_keys VALUES (?, 'x', 'txn', ?)");
    await env.DB.batch(
      Array.from({ length: 100 }, (_, index) => insert.bind(`key ${index}`, index % 2 ? 1 : 1000)),
    );
    const count = async () =>
      (await selectRow<{ n: number }>("SELECT count(*) AS n FROM idempotency_keys"))?.n;
    const left: (number | undefined)[] = [];
    for (let round = 0; round < 4; round += 1) {
      await store.pruneKeys(500, 30);
      left.push(await count());
    }
    expect(left.at(-1)).toBe(50);
    expect(left[0]).toBeGreaterThan(80);
    expect(
      await selectRow("SELECT max(created_at) AS at, min(created_at) AS least FROM idempotency_keys"),
    ).toEqual({
      at: 1000,
      least: 1000,
    });
    await insert.bind("key 0 came later", 1).run();
    await store.pruneKeys(500, 100);
    await store.pruneKeys(500, 100);
    expect(await count()).toBe(50);
  });

  it("is the cron's, once an hour", async () => {
    const before = Date.now() - YEARS;
    await env.DB.prepare("INSERT INTO idempotency_keys VALUES ('old', 'x', 'txn', ?)").bind(before).run();
    await env.DB.prepare("INSERT INTO idempotency_keys VALUES ('young', 'x', 'txn', ?)")
      .bind(Date.now())
      .run();
    system.advance(YEARS);
    advanceToMidnight(system);
    await system.tick();
    expect(await selectRow("SELECT group_concat(key) AS keys FROM idempotency_keys")).toEqual({
      keys: "young",
    });
  });
});
