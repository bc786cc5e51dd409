/** What a shop reads and calls off. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Api, type Problem, type Transaction, terms } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let api: Api;

beforeAll(async () => {
  world = await startWorld();
  api = world.api;
});
afterEach(() => world?.gateway.recover());
afterAll(() => world?.stop());

interface Page {
  readonly data: readonly Transaction[];
  readonly next_cursor: string | null;
}

const list = async (query: Readonly<Record<string, string>>): Promise<Page> => {
  const { status, body } = await api.call<Page>(`/transactions?${new URLSearchParams(query)}`);
  expect(status).toBe(200);
  return body;
};
const idsOf = (page: Page) => page.data.map(({ id }) => id);

describe("GET /transactions", () => {
  /** Three attempts at one order, oldest first: two failed, one paid. */
  const threeAttempts = async () => {
    const request = terms();
    const ids: string[] = [];
    for (const end of ["failure", "failure", "success"] as const) {
      const { id } = (await api.create(request, randomUUID())).body;
      await world.gateway.tell(id, end);
      ids.push(id);
    }
    return { order_id: String(request.order_id), ids };
  };

  it("lists the transactions of an order, newest first, as each one is read alone", async () => {
    const { order_id, ids } = await threeAttempts();
    const page = await list({ order_id });
    expect(idsOf(page)).toEqual([...ids].reverse());
    expect(page.next_cursor).toBeNull();
    for (const transaction of page.data) {
      expect(transaction).toEqual(await api.get(transaction.id));
    }
  });

  it("goes on where a page ended, and ends", async () => {
    const { order_id, ids } = await threeAttempts();
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let turn = 0; turn < 4; turn += 1) {
      const page: Page = await list({ order_id, limit: "1", ...(cursor === null ? {} : { cursor }) });
      seen.push(...idsOf(page));
      cursor = page.next_cursor;
      if (cursor === null) {
        break;
      }
    }
    expect(seen).toEqual([...ids].reverse());
    expect(cursor).toBeNull();
  });

  it("keeps the place while others are made", async () => {
    const first = await list({ limit: "2" });
    await api.start();
    const second = await list({ limit: "2", cursor: first.next_cursor ?? "" });
    const both = [...idsOf(first), ...idsOf(second)];
    expect(new Set(both).size).toBe(both.length);
  });

  it("filters by status, gateway and time", async () => {
    const { order_id, ids } = await threeAttempts();
    const [oldest, , newest] = ids;
    expect(idsOf(await list({ order_id, status: "succeeded" }))).toEqual([newest]);
    expect(idsOf(await list({ order_id, status: "failed" }))).toHaveLength(2);
    expect(idsOf(await list({ order_id, gateway: "generic" }))).toHaveLength(3);
    const { created_at } = await api.get(oldest ?? "");
    const at = (ms: number) => new Date(Date.parse(created_at) + ms).toISOString();
    expect(idsOf(await list({ order_id, created_after: at(-1_000) }))).toHaveLength(3);
    expect(idsOf(await list({ order_id, created_before: at(-1_000) }))).toEqual([]);
    expect(idsOf(await list({ order_id, created_after: at(60_000) }))).toEqual([]);
    expect(idsOf(await list({ order_id, created_before: at(60_000) }))).toHaveLength(3);
  });

  it.each(["limit=0", "limit=many", "status=paidish", "cursor=nonsense", "created_after=yesterday"])(
    "refuses %s",
    async (query) => {
      const answer = await api.call<Problem>(`/transactions?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.headers.get("content-type")).toContain("application/problem+json");
    },
  );
});

describe("GET /transactions/:id/events", () => {
  it("tells the history, oldest first, and each fact once", async () => {
    const { id } = await api.start();
    await world.gateway.tell(id, "processing");
    await world.gateway.callback(id, { status: "pending" });
    await world.gateway.tell(id, "success");
    await world.gateway.callback(id, { status: "success" });
    const { status, body } = await api.call<{ data: { type: string }[] }>(`/transactions/${id}/events`);
    expect(status).toBe(200);
    const told = body.data
      .map(({ type }) => type)
      .filter((type) => ["transaction.processing", "transaction.succeeded"].includes(type));
    expect(told).toEqual(["transaction.processing", "transaction.succeeded"]);
  });

  it("answers 404 for what does not exist", async () => {
    expect((await api.call("/transactions/txn_00000000000000000000000000/events")).status).toBe(404);
  });
});

describe("POST /transactions/:id/cancel", () => {
  const cancel = (id: string, bearer?: string | null) =>
    api.call<Transaction>(`/transactions/${id}/cancel`, {
      method: "POST",
      ...(bearer === undefined ? {} : { bearer }),
    });

  it("ends it here and at the gateway, and tells the shop", async () => {
    const { id } = await api.start();
    const answer = await cancel(id);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id, status: "canceled", version: 2, payment_url: null });
    expect(world.gateway.session(id).status).toBe("expired");
    await eventually(() => {
      expect(world.shop.of(id, "transaction.canceled")).toHaveLength(1);
    });
  });

  it("stays canceled when the gateway's own word of it comes after", async () => {
    const { id } = await api.start();
    await cancel(id);
    expect(await world.gateway.callback(id, { status: "expired" })).toMatchObject({ status: 200 });
    expect(await api.get(id)).toMatchObject({ status: "canceled", version: 2 });
  });

  it("answers 409 to what is paid, also where only the gateway knows", async () => {
    const [told, untold] = [await api.start(), await api.start()];
    await world.gateway.tell(told.id, "success");
    world.gateway.settle(untold.id, "success");
    for (const { id } of [told, untold]) {
      expect((await cancel(id)).status).toBe(409);
      expect((await api.get(id)).status).toBe("succeeded");
    }
  });

  it("changes nothing while the gateway is down", async () => {
    const { id } = await api.start();
    world.gateway.behave("down");
    expect((await cancel(id)).status).toBe(503);
    expect(await api.get(id)).toMatchObject({ status: "pending", version: 1 });
    world.gateway.recover();
    expect((await cancel(id)).status).toBe(200);
  });

  it("leaves one truth when the buyer pays at the same moment", async () => {
    const { id } = await api.start();
    await Promise.all([cancel(id), world.gateway.tell(id, "success")]);
    expect((await api.get(id)).status).toBe("succeeded");
    expect(world.shop.of(id, "transaction.succeeded").length).toBeLessThan(2);
  });

  it("is the shop's alone", async () => {
    const { id, client_secret } = await api.start();
    expect((await cancel(id, client_secret)).status).toBe(404);
    expect((await cancel(id, null)).status).toBe(401);
    expect((await api.get(id)).status).toBe("pending");
    expect((await cancel("txn_00000000000000000000000000")).status).toBe(404);
  });
});
