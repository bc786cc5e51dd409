/** Dead letters: what becomes one, and how all of them are owed again. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(emptyTables);

const MINUTE = 60_000;

/** Transactions that went through processing and succeeded, each event of which the shop has refused for good. */
async function buryMany(system: System, count: number): Promise<string[]> {
  system.shop.answer = () => new Response(null, { status: 410 });
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "processing"));
    await deliver(system, system.gateway.callback(id, "success"));
    ids.push(id);
  }
  await system.settle();
  system.shop.answer = () => new Response(null, { status: 204 });
  system.shop.received.splice(0);
  return ids;
}

async function replay(system: System, body: object) {
  const response = await system.call("POST", "/deliveries/replay", body);
  return { status: response.status, body: await response.json() };
}

const countOf = async (where: string) =>
  (await selectRow<{ n: number }>(`SELECT count(*) AS n FROM deliveries WHERE ${where}`))?.n;

describe("POST /deliveries/replay", () => {
  it("owes every dead letter again, and leaves them to the cron", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    const ids = await buryMany(system, 3);
    clock.advance(MINUTE);
    expect(await replay(system, { status: "dead" })).toEqual({ status: 202, body: { replayed: 6 } });
    await system.settle();
    expect(system.shop.received).toEqual([]);
    const due = `attempts = 0 AND last_error IS NULL AND next_attempt_at = ${clock.now()}`;
    expect(await countOf(due)).toBe(6);
    expect(await system.tick()).toMatchObject({ deliveries: 6, failed: 0 });
    const sent = system.shop.received.map(({ data, type }) => `${data.id} ${type}`);
    expect(sent.toSorted()).toEqual(
      ids.flatMap((id) => [`${id} transaction.processing`, `${id} transaction.succeeded`]).toSorted(),
    );
    expect(await countOf("delivered_at IS NOT NULL")).toBe(6);
  });

  it("sends the ids and bodies that were refused", async () => {
    const system = await createSystem();
    system.shop.answer = () => new Response(null, { status: 410 });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    await replay(system, { status: "dead" });
    await system.tick();
    expect(system.shop.received).toHaveLength(2);
    expect(system.shop.received[0]).toEqual(system.shop.received[1]);
  });

  it("gives them a fresh schedule, and does not bury again what is owed", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    await buryMany(system, 1);
    await replay(system, { status: "dead" });
    system.shop.answer = () => new Response(null, { status: 500 });
    await system.tick();
    expect(await countOf(`attempts = 1 AND next_attempt_at >= ${clock.now() + 5000}`)).toBe(2);
    expect(await replay(system, { status: "dead" })).toMatchObject({ body: { replayed: 0 } });
    expect(await countOf("attempts = 1")).toBe(2);
  });

  it("takes one type alone", async () => {
    const system = await createSystem();
    await buryMany(system, 2);
    const body = { status: "dead", type: "transaction.succeeded" };
    expect(await replay(system, body)).toMatchObject({ body: { replayed: 2 } });
    expect(await countOf("type = 'transaction.succeeded' AND next_attempt_at IS NOT NULL")).toBe(2);
    expect(await countOf("type = 'transaction.processing' AND next_attempt_at IS NULL")).toBe(2);
    expect(await replay(system, { status: "dead", type: "transaction.unheard" })).toMatchObject({
      body: { replayed: 0 },
    });
  });

  it("takes the oldest first when it is not to take all", async () => {
    const system = await createSystem();
    await buryMany(system, 2);
    expect(await replay(system, { status: "dead", limit: 3 })).toMatchObject({ body: { replayed: 3 } });
    const left = "SELECT position FROM deliveries WHERE next_attempt_at IS NULL";
    expect(await countOf(`position < (${left})`)).toBe(3);
    expect(await replay(system, { status: "dead", limit: 3 })).toMatchObject({ body: { replayed: 1 } });
    expect(await replay(system, { status: "dead" })).toMatchObject({ body: { replayed: 0 } });
  });

  it("takes each once when it is asked for by many at once", async () => {
    const system = await createSystem();
    await buryMany(system, 3);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => replay(system, { status: "dead", limit: 2 })),
    );
    const taken = answers.map(({ body }) => (body as { replayed: number }).replayed);
    expect(taken.reduce((sum, count) => sum + count)).toBe(6);
    await system.tick();
    expect(system.shop.received).toHaveLength(6);
  });

  it("leaves alone what was delivered, what is owed, and what nobody was to be told", async () => {
    const system = await createSystem();
    const silent = await createSystem({ FULFILMENT_URL: "", FULFILMENT_SECRET: "" });
    const delivered = await createPending(system);
    await deliver(system, system.gateway.callback(delivered.id, "success"));
    await system.settle();
    const owed = await createPending(system);
    system.shop.answer = () => new Response(null, { status: 500 });
    await deliver(system, system.gateway.callback(owed.id, "success"));
    await system.settle();
    const unsent = await createPending(silent);
    await deliver(silent, silent.gateway.callback(unsent.id, "success"));
    const rows = "SELECT group_concat(coalesce(next_attempt_at, '-') || attempts) AS rows FROM deliveries";
    const before = await selectRow(rows);
    expect(await countOf("true")).toBe(3);
    expect(await replay(system, { status: "dead" })).toMatchObject({ body: { replayed: 0 } });
    expect(await selectRow(rows)).toEqual(before);
  });

  it("costs one round trip, and rows for what it takes alone, however many there are", async () => {
    const system = await createSystem();
    await buryMany(system, 5);
    const before = { ...system.counts };
    await replay(system, { status: "dead", limit: 1 });
    expect(system.counts.roundTrips - before.roundTrips).toBe(1);
    // The row, and its entry in the index of what is owed.
    expect(system.counts.rowsWritten - before.rowsWritten).toBeLessThanOrEqual(3);
    expect(system.counts.rowsRead - before.rowsRead).toBeLessThanOrEqual(6);
  });

  it("refuses when there is nobody to tell", async () => {
    const system = await createSystem({ FULFILMENT_URL: "", FULFILMENT_SECRET: "" });
    expect(await replay(system, { status: "dead" })).toMatchObject({
      status: 400,
      body: { code: "invalid_request", detail: expect.stringContaining("FULFILMENT_URL") },
    });
  });

  it.each([
    ["/status", {}],
    ["/status", { status: "owed" }],
    ["/status", { status: "delivered" }],
    ["/type", { status: "dead", type: "succeeded" }],
    ["/type", { status: "dead", type: "" }],
    ["/type", { status: "dead", type: null }],
    ["/limit", { status: "dead", limit: 0 }],
    ["/limit", { status: "dead", limit: 1001 }],
    ["/limit", { status: "dead", limit: "10" }],
    ["/limit", { status: "dead", limit: 1.5 }],
    ["/ids", { status: "dead", ids: [] }],
  ])("refuses at %s: %j", async (pointer, body) => {
    const system = await createSystem();
    expect(await replay(system, body)).toMatchObject({
      ...{ status: 400, body: { code: "invalid_request", errors: [{ pointer }] } },
    });
  });
});
