/** What the shop is told, how often, and how it catches up. */
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Api, OutgoingEvent, Transaction } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import type { Delivery, FakeShop } from "./support/fake-shop.ts";
import { FULFILMENT_SECRET } from "./support/system.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let api: Api;
let shop: FakeShop;

beforeAll(async () => {
  world = await startWorld();
  ({ api, shop } = world);
});
afterEach(() => shop?.answer(200));
afterAll(() => world?.stop());

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

interface Page {
  readonly data: readonly (OutgoingEvent & { readonly id: string })[];
  readonly next_cursor: string | null;
}

/** The future of this file only goes forward: each journey starts where the last one ended. */
let clock = 0;
const travel = async (ms: number) => {
  clock = Math.max(clock, Date.now()) + ms;
  await world.system.tick(clock);
};

const arrived = (id: string, type: string, count = 1): Promise<Delivery[]> =>
  eventually(() => {
    const deliveries = shop.of(id, type);
    expect(deliveries).toHaveLength(count);
    return deliveries;
  });

const paid = async (): Promise<Transaction> => {
  const { id } = await api.start();
  await world.gateway.tell(id, "success");
  return api.get(id);
};

/** Paid where only the cron sees it: the first attempt is of the travelled time, and so are the next ones. */
const paidInTheFuture = async (): Promise<Transaction> => {
  const { id } = await api.start();
  world.gateway.settle(id, "success");
  await travel(HOUR);
  await arrived(id, "transaction.succeeded");
  return api.get(id);
};

const asEventData = (transaction: Transaction) => {
  const { client_secret, payment_url, status_url, socket_url, ...data } = transaction;
  return data;
};

describe("an event to FULFILMENT_URL", () => {
  it("comes once, signed, with the transaction at that version and no key to it", async () => {
    const transaction = await paid();
    const [delivery] = await arrived(transaction.id, "transaction.succeeded");
    new Webhook(FULFILMENT_SECRET).verify(delivery?.raw ?? "", { ...delivery?.headers });
    expect(delivery?.event).toEqual({
      type: "transaction.succeeded",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      data: asEventData(transaction),
    });
    expect(delivery?.headers["content-type"]).toContain("application/json");
    expect(delivery?.raw).not.toContain(transaction.client_secret);
    await travel(2 * MINUTE);
    expect(shop.of(transaction.id)).toHaveLength(1);
  });

  it("is one of the contract's types for each change", async () => {
    const { id } = await api.start();
    await world.gateway.tell(id, "processing");
    await world.gateway.tell(id, "success");
    await world.gateway.tell(id, "refunded");
    await arrived(id, "transaction.refunded");
    await arrived(id, "transaction.processing");
    await arrived(id, "transaction.succeeded");
    const byVersion = shop.of(id).sort((a, b) => a.event.data.version - b.event.data.version);
    expect(byVersion.map(({ event }) => [event.type, event.data.status, event.data.version])).toEqual([
      ["transaction.processing", "processing", 2],
      ["transaction.succeeded", "succeeded", 3],
      ["transaction.refunded", "succeeded", 4],
    ]);
  });

  it.each([
    ["failure", "failed"],
    ["cancelled", "canceled"],
    ["expired", "expired"],
    ["authorized", "authorized"],
  ] as const)("tells %s as transaction.%s", async (told, type) => {
    const { id } = await api.start();
    await world.gateway.tell(id, told);
    await arrived(id, `transaction.${type}`);
  });

  it("tells of a case for a person", async () => {
    const { id } = await api.start();
    await world.gateway.callback(id, { status: "success", amount: 1 });
    await arrived(id, "transaction.review");
  });

  it("does not hold up the gateway while the shop is slow", async () => {
    shop.answer(200, {}, 3 * SECOND);
    const { id } = await api.start();
    const before = Date.now();
    await world.gateway.tell(id, "success");
    expect(Date.now() - before).toBeLessThan(2 * SECOND);
  });
});

describe("an event that the shop did not take", () => {
  it("comes again with the same id and body until it is taken", async () => {
    shop.answer(500);
    const { id } = await paidInTheFuture();
    // 5 s and 5 min at the earliest, with jitter.
    await travel(MINUTE);
    await arrived(id, "transaction.succeeded", 2);
    await travel(2 * MINUTE);
    expect(shop.of(id)).toHaveLength(2);
    shop.answer(200);
    await travel(30 * MINUTE);
    const attempts = await arrived(id, "transaction.succeeded", 3);
    expect(new Set(attempts.map((attempt) => attempt.id)).size).toBe(1);
    expect(new Set(attempts.map((attempt) => attempt.raw)).size).toBe(1);
    expect(attempts.filter(({ authentic }) => !authentic)).toEqual([]);
    await travel(48 * HOUR);
    expect(shop.of(id)).toHaveLength(3);
  });

  it("is not sent again before 5 s have passed", async () => {
    shop.answer(500);
    const { id } = await paid();
    await arrived(id, "transaction.succeeded");
    await world.system.tick();
    expect(shop.of(id)).toHaveLength(1);
  });

  it("comes ten times at most, and again when the shop asks for it", async () => {
    shop.answer(500);
    const { id } = await paid();
    const [first] = await arrived(id, "transaction.succeeded");
    for (let attempt = 0; attempt < 14; attempt += 1) {
      await travel(36 * HOUR);
    }
    await arrived(id, "transaction.succeeded", 10);
    shop.answer(200);
    const answer = await api.call(`/events/${first?.id}/replay`, { method: "POST" });
    expect(answer.status).toBe(202);
    const attempts = await arrived(id, "transaction.succeeded", 11);
    expect(attempts.at(-1)).toMatchObject({ id: first?.id, raw: first?.raw, authentic: true });
  });

  it("never comes again after 410", async () => {
    shop.answer(410);
    const { id } = await paid();
    await arrived(id, "transaction.succeeded");
    shop.answer(200);
    await travel(36 * HOUR);
    await travel(36 * HOUR);
    expect(shop.of(id)).toHaveLength(1);
  });

  it("waits as long as Retry-After asks", async () => {
    shop.answer(503, { "retry-after": "7200" });
    const { id } = await paidInTheFuture();
    shop.answer(200);
    await travel(HOUR);
    expect(shop.of(id)).toHaveLength(1);
    await travel(2 * HOUR);
    await arrived(id, "transaction.succeeded", 2);
  });

  it("is not carried to where a redirect points", async () => {
    shop.answer(307, { location: shop.url });
    const { id } = await paid();
    await arrived(id, "transaction.succeeded");
    shop.answer(200);
    await travel(HOUR);
    const attempts = await arrived(id, "transaction.succeeded", 2);
    expect(attempts.map(({ answered }) => answered)).toEqual([307, 200]);
  });
});

describe("GET /events", () => {
  const page = async (after: string | null, limit?: number): Promise<Page> => {
    const query = new URLSearchParams({
      ...(after === null ? {} : { after }),
      ...(limit === undefined ? {} : { limit: String(limit) }),
    });
    const { status, body } = await api.call<Page>(`/events?${query}`);
    expect(status).toBe(200);
    return body;
  };

  /** Pulls until a page is empty, and answers the position as well. */
  const pull = async (from: string | null, limit: number) => {
    const events: Page["data"][number][] = [];
    let cursor = from;
    for (let turn = 0; turn < 200; turn += 1) {
      const { data, next_cursor } = await page(cursor, limit);
      expect(data.length).toBeLessThanOrEqual(limit);
      events.push(...data);
      cursor = next_cursor ?? cursor;
      if (data.length === 0 || next_cursor === null) {
        break;
      }
    }
    return { events, cursor };
  };

  it("gives every event once, in the order of commit, from a position on", async () => {
    const { cursor } = await pull(null, 50);
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { id } = await api.start();
      await world.gateway.tell(id, "processing");
      ids.push(id);
    }
    for (const id of [...ids].reverse()) {
      await world.gateway.tell(id, "success");
    }
    const { events } = await pull(cursor, 2);
    expect(events.map(({ type, data }) => [type, data.id])).toEqual([
      ...ids.map((id) => ["transaction.processing", id]),
      ...[...ids].reverse().map((id) => ["transaction.succeeded", id]),
    ]);
  });

  it("gives what was delivered, under the same id", async () => {
    const { cursor } = await pull(null, 50);
    const { id } = await paid();
    const [delivery] = await arrived(id, "transaction.succeeded");
    const { events } = await pull(cursor, 50);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ id: delivery?.id, ...delivery?.event });
  });

  it("tells the shop alone", async () => {
    expect((await api.call("/events", { bearer: null })).status).toBe(401);
  });

  it.each(["?after=nonsense!", "?limit=many", "?limit=0"])("refuses %s", async (query) => {
    expect((await api.call(`/events${query}`)).status).toBe(400);
  });
});

describe("POST /events/:id/replay", () => {
  const replay = (id: string, bearer?: string | null) =>
    api.call(`/events/${id}/replay`, { method: "POST", ...(bearer === undefined ? {} : { bearer }) });

  it("answers 202 and delivers again under the same id", async () => {
    const { id } = await paid();
    const [first] = await arrived(id, "transaction.succeeded");
    expect((await replay(first?.id ?? "")).status).toBe(202);
    const [, second] = await arrived(id, "transaction.succeeded", 2);
    expect(second).toMatchObject({ id: first?.id, raw: first?.raw, authentic: true });
  });

  it("answers 404 for an event nobody knows, and 401 to a stranger", async () => {
    expect((await replay("evt_nobody_knows")).status).toBe(404);
    expect((await replay("evt_nobody_knows", null)).status).toBe(401);
  });
});
