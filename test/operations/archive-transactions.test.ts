/** Payments of years ago go to the archive, whole: which go, which stay, and what the walk over them costs. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import {
  advanceToMidnight,
  createPastSystem,
  DAY,
  emptyBucket,
  growOld,
  isGone,
  linesOf,
  YEARS,
} from "../support/archive.ts";
import { bringPaid, createAs, createPaid, later, refund, tell } from "../support/money.ts";
import {
  createPending,
  createSystem,
  emptyTables,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";

let system: System;

beforeEach(async () => {
  await emptyTables();
  await emptyBucket();
  system = await createPastSystem();
});

const execute = (query: string, ...values: unknown[]) =>
  env.DB.prepare(query)
    .bind(...values)
    .run();

describe("archiveTransactions", () => {
  it("moves a payment of years ago to R2, with all that happened to it, and leaves nothing of it in D1", async () => {
    const metadata = { customer: "c-1", channel: "web" };
    const { id, order_id } = await createPaid(system, { metadata, customer: { email: "ada@mail.example" } });
    await refund(system, id, { amount: 500, reason: "came back" });
    await growOld(system);
    const row = await selectRow<Record<string, unknown>>("SELECT * FROM transactions WHERE id = ?", id);
    const deliveries = await env.DB.prepare("SELECT * FROM deliveries WHERE transaction_id = ?")
      .bind(id)
      .all();
    await system.tick();
    expect(await isGone(id)).toBe(true);
    const lines = (await linesOf(id)) ?? [];
    expect(lines[0]).toEqual({ kind: "transaction", ...row, order_paid: 0 });
    expect(lines.map(({ kind, type }) => type ?? kind)).toEqual([
      "transaction",
      ...["transaction.created", "transaction.succeeded", "transaction.refunded", "refund"],
      ...["transaction.succeeded", "transaction.refunded", "webhook"],
    ]);
    expect(lines.filter(({ kind }) => kind === "delivery")).toEqual(
      deliveries.results.map((delivery) => ({ kind: "delivery", ...delivery })),
    );
    expect(JSON.stringify(lines)).not.toContain("ada@mail.example");
    expect(await selectRow("SELECT * FROM archived_orders")).toEqual({ order_id, transaction_id: id });
  });

  it("archives nothing without a bucket", async () => {
    const { id } = await createPaid(system);
    await growOld(system);
    await (await createSystem()).tick();
    expect([await isGone(id), await linesOf(id)]).toEqual([false, null]);
  });

  it.each(["801", "799"])("goes by ARCHIVE_AFTER_DAYS: %s, where it is 800 days old", async (days) => {
    const { id } = await createPaid(system);
    await growOld(system);
    const other = await createPastSystem({ ARCHIVE_AFTER_DAYS: days });
    other.advance(YEARS);
    await other.tick();
    expect(await isGone(id)).toBe(days === "799");
  });

  it("takes whatever has ended, and lets an order that is not paid be paid again", async () => {
    const ended = [
      await createAs(system, "failure"),
      await createAs(system, "cancelled"),
      await createAs(system, "expired"),
      await createPaid(system),
    ];
    await refund(system, ended[3]?.id ?? "");
    await growOld(system);
    await system.tick();
    expect(await Promise.all(ended.map(({ id }) => isGone(id)))).toEqual([true, true, true, true]);
    expect(await selectRow("SELECT * FROM archived_orders")).toBeNull();
    for (const { order_id } of ended) {
      await createPending(system, { order_id });
    }
  });

  it("keeps the last delivery of all, so that no position is given twice", async () => {
    const [first, last] = [await createPaid(system), await createPaid(system)];
    await later(system, DAY);
    system.advance(YEARS);
    await system.tick();
    expect([await isGone(first.id), await isGone(last.id)]).toEqual([true, false]);
    const before = await selectRow<{ at: number }>("SELECT max(position) AS at FROM deliveries");
    const { id } = await createPaid(system);
    const after = await selectRow<{ at: number }>(
      "SELECT position AS at FROM deliveries WHERE transaction_id = ?",
      id,
    );
    expect(after?.at).toBe((before?.at ?? 0) + 1);
  });

  it("takes a paid one after all others of its order: late money for one of those still finds the order paid", async () => {
    const unpaid = await createAs(system, "failure");
    const paid = await createPaid(system, { order_id: unpaid.order_id });
    await growOld(system);
    await execute("UPDATE transactions SET dispute = 'open' WHERE id = ?", unpaid.id);
    await system.tick();
    expect([await isGone(unpaid.id), await isGone(paid.id)]).toEqual([false, false]);
    await execute("UPDATE transactions SET dispute = 'won' WHERE id = ?", unpaid.id);
    const seen = new Set<string>();
    for (let tick = 0; tick < 6; tick += 1) {
      if (tick % 2 === 0) {
        advanceToMidnight(system);
      }
      await later(system);
      seen.add(`${await isGone(unpaid.id)} ${await isGone(paid.id)}`);
    }
    expect([...seen].filter((pair) => pair !== "false false")).toEqual(["true false", "true true"]);
  });
});

describe("what waits for somebody stays", () => {
  const cases: readonly (readonly [string, (system: System) => Promise<string>])[] = [
    ["a review", (past) => bringPaid(past, { amount: 5 })],
    [
      "a refund under way",
      async (past) => {
        const { id } = await createPaid(past);
        past.gateway.refundOutcome = "pending";
        await refund(past, id, { amount: 5 });
        return id;
      },
    ],
    [
      "an event that is owed",
      async (past) => {
        const { id } = await createPaid(past);
        await execute(
          "UPDATE deliveries SET next_attempt_at = ? WHERE transaction_id = ?",
          Date.now() + YEARS,
          id,
        );
        return id;
      },
    ],
    ["an event that was given up", createUntold],
    ["an open dispute", (past) => createChanged(past, "dispute = 'open'")],
    [
      "one that the cron is to look at",
      (past) => createChanged(past, `next_check_at = ${Date.now() + YEARS}`),
    ],
    ["one that has changed since", (past) => createChanged(past, `updated_at = ${Date.now() - 729 * DAY}`)],
    ["one with a buyer's data", (past) => createChanged(past, "customer = '{}'")],
    [
      "one with a webhook that is to be applied",
      async (past) => {
        const { id } = await createPaid(past);
        await execute(
          "UPDATE inbox SET outcome = 'parked', received_at = ? WHERE transaction_id = ?",
          Date.now(),
          id,
        );
        return id;
      },
    ],
    [
      "one that is younger",
      async (past) => {
        past.advance(75 * DAY);
        const { id } = await createPaid(past);
        past.advance(-75 * DAY);
        return id;
      },
    ],
  ];

  it.each(cases)("%s, and stops no other", async (_, create) => {
    const id = await create(system);
    const { id: other } = await createPaid(system);
    await growOld(system);
    await system.tick();
    advanceToMidnight(system);
    await system.tick();
    await later(system);
    expect([await isGone(other), await isGone(id), await linesOf(id)]).toEqual([true, false, null]);
    expect(await selectRow("SELECT count(*) AS n FROM events WHERE transaction_id = ?", id)).not.toEqual({
      n: 0,
    });
  });

  it("what the console has not counted yet", async () => {
    const { id } = await createPaid(system);
    await execute("INSERT INTO roll_up (id, position, pending_from, rolled_at) VALUES (1, 0, '', 0)");
    const heal = replaceStore(system, { readUncounted: () => Promise.reject(new Error("not now")) });
    await growOld(system);
    await system.tick();
    expect(await isGone(id)).toBe(false);
    heal();
    advanceToMidnight(system);
    await system.tick();
    await later(system);
    expect(await isGone(id)).toBe(true);
  });
});

/** A paid one whose event the shop does not want. */
async function createUntold(past: System): Promise<string> {
  const { id } = await createPending(past);
  const { answer } = past.shop;
  past.shop.answer = () => new Response(null, { status: 410 });
  past.gateway.settle(id, "success");
  await tell(past, id);
  past.shop.answer = answer;
  return id;
}

async function createChanged(past: System, change: string): Promise<string> {
  const { id } = await createPaid(past);
  await execute(`UPDATE transactions SET ${change} WHERE id = ?`, id);
  return id;
}
