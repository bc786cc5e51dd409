/** The outbox as the shop pulls it, and its replay. */
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

interface Feed {
  readonly data: readonly { readonly id: string; readonly type: string; readonly data: { id: string } }[];
  readonly next_cursor: string | null;
}

async function pull(system: System, query = ""): Promise<Feed> {
  const response = await system.call("GET", `/events${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Feed;
}

async function pullAll(system: System, limit: number): Promise<Feed["data"]> {
  const all: Feed["data"][number][] = [];
  let query = `?limit=${limit}`;
  for (;;) {
    const { data, next_cursor } = await pull(system, query);
    all.push(...data);
    if (data.length === 0 || next_cursor === null) {
      return all;
    }
    query = `?limit=${limit}&after=${next_cursor}`;
  }
}

async function succeedMany(system: System, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "processing"));
    await deliver(system, system.gateway.callback(id, "success"));
    ids.push(id);
  }
  await system.settle();
  return ids;
}

describe("GET /events", () => {
  it("lists every outgoing event in the order of commit, each once, whatever the size of a page", async () => {
    const system = await createSystem();
    const ids = await succeedMany(system, 4);
    const expected = ids.flatMap((id) => [`${id} transaction.processing`, `${id} transaction.succeeded`]);
    for (const limit of [1, 3, 8, 100]) {
      const events = await pullAll(system, limit);
      expect(events.map(({ type, data }) => `${data.id} ${type}`)).toEqual(expected);
    }
  });

  it("has the same ids and bodies as what was sent", async () => {
    const system = await createSystem();
    await succeedMany(system, 2);
    const { data } = await pull(system);
    const sent = new Map(system.shop.received.map(({ id, body }) => [id, JSON.parse(body) as object]));
    expect(sent.size).toBe(4);
    for (const { id, ...body } of data) {
      expect(body).toEqual(sent.get(id));
    }
  });

  it("goes on from a cursor when there is more", async () => {
    const system = await createSystem();
    await succeedMany(system, 1);
    const { next_cursor } = await pull(system);
    expect(await pull(system, `?after=${next_cursor}`)).toMatchObject({ data: [] });
    const [id] = await succeedMany(system, 1);
    const { data } = await pull(system, `?after=${next_cursor}`);
    expect(data.map((event) => event.data.id)).toEqual([id, id]);
  });

  it("keeps the position of one who has read everything", async () => {
    const system = await createSystem();
    await succeedMany(system, 1);
    const { next_cursor } = await pull(system);
    const { data, next_cursor: kept } = await pull(system, `?after=${next_cursor}`);
    expect(data).toEqual([]);
    // A reader that stores next_cursor as its position would else begin again.
    expect(kept).toBe(next_cursor);
  });

  it("refuses a cursor that is not its own", async () => {
    const system = await createSystem();
    for (const after of ["x", "MTIz!", "dHhuXzA", "LTE", "1".repeat(65)]) {
      const response = await system.call("GET", `/events?after=${encodeURIComponent(after)}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ errors: [{ pointer: "/after" }] });
    }
  });

  it("is all there is without FULFILMENT_URL: nothing is sent, nothing is due", async () => {
    const system = await createSystem({ FULFILMENT_URL: "", FULFILMENT_SECRET: "" });
    await succeedMany(system, 1);
    system.advance(3_600_000);
    expect(await system.tick()).toMatchObject({ deliveries: 0 });
    expect(system.shop.received).toEqual([]);
    const { data } = await pull(system);
    expect(data).toHaveLength(2);
    const replayed = await system.call("POST", `/events/${data[0]?.id}/replay`);
    expect(replayed.status).toBe(400);
    expect(await replayed.json()).toMatchObject({ code: "invalid_request" });
  });
});

describe("POST /events/:id/replay", () => {
  it("sends it again, with the same id and body", async () => {
    const system = await createSystem();
    await succeedMany(system, 1);
    const { data } = await pull(system);
    const id = data[1]?.id;
    const response = await system.call("POST", `/events/${id}/replay`);
    expect(response.status).toBe(202);
    await system.settle();
    const copies = system.shop.received.filter((event) => event.id === id);
    expect(copies).toHaveLength(2);
    expect(copies[0]).toEqual(copies[1]);
  });

  it("brings a dead letter back, with a fresh schedule", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    system.shop.answer = () => new Response(null, { status: 410 });
    await succeedMany(system, 1);
    const { data } = await pull(system);
    const id = data[1]?.id;
    system.shop.answer = () => new Response(null, { status: 500 });
    await system.call("POST", `/events/${id}/replay`);
    await system.settle();
    const row = await selectRow<{ attempts: number; next_attempt_at: number }>(
      "SELECT attempts, next_attempt_at FROM deliveries ORDER BY position DESC LIMIT 1",
    );
    expect(row?.attempts).toBe(1);
    expect((row?.next_attempt_at ?? 0) - clock.now()).toBeLessThanOrEqual(6000);
    system.shop.answer = () => new Response(null, { status: 200 });
    clock.advance(60_000);
    await system.tick();
    expect(system.shop.received.filter((event) => event.id === id)).toHaveLength(3);
  });

  it("answers 404 for what is no event", async () => {
    const system = await createSystem();
    const [id = ""] = await succeedMany(system, 1);
    const { data } = await pull(system);
    const real = data[0]?.id ?? "";
    const another = real.replace(id.slice(4), "0".repeat(26));
    for (const event of ["x", another, `${real}0`, "evt_", `${real}.5`, real.replace(/_\d+$/, "_999999")]) {
      expect((await system.call("POST", `/events/${event}/replay`)).status).toBe(404);
    }
  });
});
