/** A callback while D1 is in trouble: 200 only after the commit, and nothing is lost or doubled. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { createStore } from "../../src/store/store.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { checkInvariants } from "../support/invariants.ts";
import {
  createPending,
  createSystem,
  deliver,
  dumpTables,
  emptyTables,
  initiate,
  newOrder,
  read,
  replaceServices,
  replaceStore,
  type System,
} from "../support/system.ts";

beforeEach(emptyTables);

/** The next commit takes place, but its answer is lost. */
function loseNextAcknowledgement(system: System): void {
  const { commit } = system.services.store;
  const restore = replaceStore(system, {
    commit: async (...args) => {
      restore();
      await commit(...args);
      throw new StoreError("D1_ERROR: Network connection lost");
    },
  });
}

/** No statement reaches D1. */
function unplug(system: System): () => void {
  const { store } = system.services;
  const lost = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
  const statement = { bind: () => statement, all: lost, run: lost, raw: lost, first: lost };
  const db = { ...env.DB, prepare: () => statement, batch: lost } as unknown as D1Database;
  replaceServices(system, { store: createStore(db) });
  return () => replaceServices(system, { store });
}

describe("receiveWebhook when D1's acknowledgement is lost", () => {
  it("answers 503; the gateway's retry is a duplicate, and the cron delivers what is owed, once", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const callback = system.gateway.callback(id, "success");
    loseNextAcknowledgement(system);
    const lost = await system.fetch(callback.clone());
    expect(lost.status).toBe(503);
    expect(Number(lost.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await lost.json()).toMatchObject({ code: "database_unavailable" });

    const again = await system.fetch(callback);
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual({ outcome: "duplicate" });
    expect(await read(system, id)).toMatchObject({ status: "succeeded", version: 2 });
    await system.settle();
    expect(system.shop.received).toEqual([]);
    system.advance(31_000);
    await system.tick();
    await system.tick();
    expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.succeeded"]);
    await checkInvariants();
  });

  it("still ends the order's open sibling, by the cron", async () => {
    const system = await createSystem();
    const first = await createPending(system);
    await deliver(system, system.gateway.callback(first.id, "failure"));
    const second = await createPending(system, { order_id: first.order_id });
    loseNextAcknowledgement(system);
    expect(await deliver(system, system.gateway.callback(first.id, "success"))).toBe("HTTP 503");
    await system.tick();
    expect(await read(system, second.id)).toMatchObject({ status: "canceled" });
    expect(system.gateway.sessions.get(second.id)?.status).toBe("expired");
  });

  it("loses no parked callback when the creation's acknowledgement is lost", async () => {
    const system = await createSystem();
    const { newId } = system.services;
    const id = newId("txn");
    replaceServices(system, { newId: () => id });
    const [order, key] = [newOrder(), crypto.randomUUID()];
    const parked = system.gateway.callback(id, "success", { amount: 1999, currency: "USD" });
    expect(await deliver(system, parked)).toBe("parked");
    loseNextAcknowledgement(system);
    expect((await initiate(system, order, key)).status).toBe(503);
    replaceServices(system, { newId });
    system.gateway.settle(id, "success");
    expect(await initiate(system, order, key)).toMatchObject({ status: 200, body: { id } });
    system.advance(901_000);
    await system.tick();
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "succeeded" });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    await checkInvariants();
  });
});

describe("createTransaction when D1's acknowledgement is lost", () => {
  it.each(["insert", "commit"] as const)(
    "gives the same transaction to the retry, of a lost %s",
    async (name) => {
      const system = await createSystem();
      const [order, key] = [newOrder(), crypto.randomUUID()];
      const { insert } = system.services.store;
      if (name === "commit") {
        loseNextAcknowledgement(system);
      } else {
        const restore = replaceStore(system, {
          insert: async (creation) => {
            restore();
            await insert(creation);
            throw new StoreError("D1_ERROR: Network connection lost");
          },
        });
      }
      expect((await initiate(system, order, key)).status).toBe(503);
      system.advance(31_000);
      const again = await initiate(system, order, key);
      expect(again).toMatchObject({ status: 200, body: { status: "pending", version: 1 } });
      expect([...system.gateway.sessions.keys()]).toEqual([again.body.id]);
      await checkInvariants();
    },
  );
});

describe("receiveWebhook while D1 is down", () => {
  it("answers 503 with Retry-After, writes nothing, says nothing of the statement, and applies the retry", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const before = await dumpTables();
    const callback = system.gateway.callback(id, "success");
    const log = vi.spyOn(console, "error");
    const plug = unplug(system);
    const response = await system.fetch(callback.clone());
    plug();
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await dumpTables()).toBe(before);
    const lines = log.mock.calls.flat().join("\n");
    expect(lines).toContain("request.failed");
    expect(lines).not.toMatch(/select|insert/i);
    expect(lines).not.toContain(id);
    log.mockRestore();

    expect(await deliver(system, callback)).toBe("applied");
    await system.settle();
    expect(system.shop.received).toHaveLength(1);
    await checkInvariants();
  });

  it("answers 503 to the shop, too, on each route that reads", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const plug = unplug(system);
    for (const path of [`/transactions/${id}`, "/transactions", `/transactions/${id}/events`, "/events"]) {
      const response = await system.call("GET", path);
      expect(response.status).toBe(503);
      expect(response.headers.has("retry-after")).toBe(true);
    }
    expect((await initiate(system, newOrder())).status).toBe(503);
    plug();
  });
});

describe("receiveWebhook under contention", () => {
  it("decides again up to four times", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const { commit } = system.services.store;
    let conflicts = 4;
    replaceStore(system, {
      commit: async (...args) => {
        conflicts -= 1;
        return conflicts >= 0 ? "conflict" : commit(...args);
      },
    });
    expect(await deliver(system, system.gateway.callback(id, "success"))).toBe("applied");
  });

  it("gives up after five with 503 and Retry-After, and the retry is applied", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const before = await dumpTables();
    const calm = replaceStore(system, { commit: async () => "conflict" });
    const callback = system.gateway.callback(id, "success");
    const response = await system.fetch(callback.clone());
    calm();
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toMatchObject({ code: "contention" });
    expect(await dumpTables()).toBe(before);
    expect(await deliver(system, callback)).toBe("applied");
  });
});
