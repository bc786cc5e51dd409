/** Many at once: each order is fulfilled once, whatever the gateway repeats and contradicts. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, terms } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import type { FakeGateway } from "./support/fake-gateway.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let api: Api;
let gateway: FakeGateway;

beforeAll(async () => {
  world = await startWorld();
  ({ api, gateway } = world);
});
afterAll(() => world?.stop());

const SEED = 20_261_122;

/** Always the same shuffle, so that a failure comes again. */
function shuffled<T>(items: readonly T[]): T[] {
  let state = SEED;
  const keyed = items.map((item) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return { item, key: state };
  });
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>) {
  const queue = [...items];
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** Pulls /events while others write, as a shop without an endpoint does; finish() answers all ids it saw. */
function pullUntilQuiet() {
  const ids: string[] = [];
  let last = false;
  const run = async () => {
    let after: string | null = null;
    for (let turn = 0; turn < 1_000; turn += 1) {
      const final = last;
      const query = new URLSearchParams({ limit: "7", ...(after === null ? {} : { after }) });
      const { body } = await api.call<{ data: { id: string }[]; next_cursor: string | null }>(
        `/events?${query}`,
      );
      ids.push(...body.data.map(({ id }) => id));
      after = body.next_cursor ?? after;
      if (final && body.data.length === 0) {
        return;
      }
      await sleep(body.data.length === 0 ? 30 : 0);
    }
    throw new Error("there was no end of events");
  };
  const running = run();
  return {
    finish: async () => {
      last = true;
      await running;
      return ids;
    },
  };
}

describe("25 transactions, 4 contradictory callbacks each, 5 copies of each, shuffled, 32 at once", () => {
  it("make 25 transaction.succeeded, one each", async () => {
    const transactions = await Promise.all(Array.from({ length: 25 }, () => api.start()));
    const callbacks = transactions.flatMap(({ id }) =>
      (["processing", "failure", "cancelled", "success"] as const).flatMap((status) =>
        Array<{ id: string; change: object }>(5).fill({
          id,
          change: { status, event_id: `evt_${randomUUID()}` },
        }),
      ),
    );
    for (const { id } of transactions) {
      gateway.settle(id, "success");
    }
    const refused: number[] = [];
    const puller = pullUntilQuiet();
    await inParallel(shuffled(callbacks), 32, async ({ id, change }) => {
      const { status } = await gateway.callback(id, { ...change });
      if (status !== 200) {
        refused.push(status);
      }
    });
    expect(refused).toEqual([]);
    const statuses = await Promise.all(transactions.map(async ({ id }) => (await api.get(id)).status));
    expect(new Set(statuses)).toEqual(new Set(["succeeded"]));
    const pulled = await puller.finish();
    expect(new Set(pulled).size).toBe(pulled.length);
    const everything = await pullUntilQuiet().finish();
    expect(pulled).toEqual(everything);
    await eventually(() => {
      for (const { id } of transactions) {
        expect(new Set(world.shop.of(id, "transaction.succeeded").map((delivery) => delivery.id)).size).toBe(
          1,
        );
      }
    }, 15_000);
  });
});

describe("10 orders with two transactions each, both paid at the same moment", () => {
  it("make 10 fulfilments and 10 cases for a person", async () => {
    const orders = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const request = terms();
        const first = (await api.create(request)).body;
        await gateway.tell(first.id, "failure");
        const second = (await api.create(request)).body;
        return [first.id, second.id] as const;
      }),
    );
    const ids = orders.flat();
    expect(new Set(ids).size).toBe(20);
    await Promise.all(ids.map((id) => gateway.tell(id, "success")));
    const statuses = await Promise.all(ids.map(async (id) => (await api.get(id)).status));
    expect(statuses.filter((status) => status === "succeeded")).toHaveLength(10);
    expect(statuses.filter((status) => status === "review")).toHaveLength(10);
    await eventually(() => {
      for (const [first, second] of orders) {
        const fulfilments = [first, second].flatMap((id) => world.shop.of(id, "transaction.succeeded"));
        expect(new Set(fulfilments.map(({ id }) => id)).size).toBe(1);
      }
    }, 15_000);
  });
});
