/** The Durable Object of a transaction, real: what those who watch are told. */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { countingD1 } from "../support/counting-d1.ts";
import { createPending, createSystem, deliver, type System } from "../support/system.ts";
import { watch } from "./watch.ts";

const channelOf = (id: string) => env.CHANNEL.getByName(id);

/** Pending, and its creation is no news to anybody any more. */
async function createQuiet(system: System) {
  const transaction = await createPending(system);
  await system.settle();
  return transaction;
}

async function change(system: System, id: string, ...args: Parameters<System["gateway"]["callback"]>[1][]) {
  for (const status of args) {
    expect(await deliver(system, system.gateway.callback(id, status))).toBe("applied");
  }
  await system.settle();
}

describe("TransactionChannel", () => {
  it("sends the present state at once, then each change", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const watcher = await watch(system, transaction);
    expect(await watcher.nextUpdate()).toEqual({
      ...{ type: "payment_status_update", transaction_id: transaction.id, status: "pending", version: 1 },
      ...{ final: false, amount: 1999, currency: "USD", late: false, occurred_at: expect.any(String) },
    });
    await change(system, transaction.id, "processing");
    expect(await watcher.nextUpdate()).toMatchObject({ status: "processing", version: 2, final: false });
    await change(system, transaction.id, "success");
    expect(await watcher.nextUpdate()).toMatchObject({ status: "succeeded", version: 3, final: true });
  });

  it("sends each change to everybody who watches, and to nobody else", async () => {
    const system = await createSystem();
    const [transaction, another] = [await createQuiet(system), await createQuiet(system)];
    const watchers = await Promise.all(Array.from({ length: 20 }, () => watch(system, transaction)));
    const stranger = await watch(system, another);
    await stranger.next();
    await Promise.all(watchers.map((watcher) => watcher.next()));
    await change(system, transaction.id, "success");
    const updates = await Promise.all(watchers.map((watcher) => watcher.nextUpdate()));
    expect(updates.every(({ version, status }) => version === 2 && status === "succeeded")).toBe(true);
    await change(system, another.id, "failure");
    expect(await stranger.nextUpdate()).toMatchObject({ transaction_id: another.id, status: "failed" });
  });

  it.each(["success", "failure", "cancelled", "expired"] as const)(
    "tells the state of one that ended by %s, and keeps the socket for late money",
    async (status) => {
      const system = await createSystem();
      const transaction = await createQuiet(system);
      await change(system, transaction.id, status);
      const watcher = await watch(system, transaction);
      expect(await watcher.nextUpdate()).toMatchObject({ version: 2, final: true });
      const refunded = status === "success" ? { amount_refunded: 1 } : {};
      await deliver(system, system.gateway.callback(transaction.id, "success", refunded));
      await system.settle();
      expect(await watcher.nextUpdate()).toMatchObject({ version: 3, status: "succeeded", final: true });
    },
  );

  it("answers ping with pong", async () => {
    const system = await createSystem();
    const watcher = await watch(system, await createQuiet(system));
    await watcher.next();
    watcher.socket.send("ping");
    expect(await watcher.next()).toBe("pong");
  });

  it("answers sync with the state if it is newer, and with nothing if not", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const watcher = await watch(system, transaction);
    await watcher.next();
    watcher.socket.send(JSON.stringify({ type: "sync", version: 0 }));
    expect(await watcher.nextUpdate()).toMatchObject({ version: 1 });
    await runInDurableObject(channelOf(transaction.id), async (channel, ctx) => {
      for (const socket of ctx.getWebSockets()) {
        for (const version of [1, 2, Number.MAX_SAFE_INTEGER]) {
          await channel.webSocketMessage(socket, JSON.stringify({ type: "sync", version }));
        }
      }
    });
    watcher.socket.send(JSON.stringify({ version: 0, type: "sync" }));
    expect(await watcher.nextUpdate()).toMatchObject({ version: 1 });
    expect(watcher.messages).toHaveLength(3);
  });

  it("heals a notification that was lost, by sync", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const watcher = await watch(system, transaction);
    await watcher.next();
    Object.assign(system.services.channel, { publish: async () => undefined });
    await change(system, transaction.id, "success");
    watcher.socket.send(JSON.stringify({ type: "sync", version: 1 }));
    expect(await watcher.nextUpdate()).toMatchObject({ version: 2, status: "succeeded" });
  });

  it("keeps its sockets through 10 hibernations, and goes on to tell them", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    await change(system, transaction.id, "success");
    const watchers = await Promise.all(Array.from({ length: 10 }, () => watch(system, transaction)));
    await Promise.all(watchers.map((watcher) => watcher.next()));
    for (let round = 1; round <= 10; round += 1) {
      await evictDurableObject(channelOf(transaction.id), { webSockets: "hibernate" });
      const [first] = watchers;
      first?.socket.send("ping");
      expect(await first?.next()).toBe("pong");
      await deliver(system, system.gateway.callback(transaction.id, "success", { amount_refunded: round }));
      await system.settle();
      const updates = await Promise.all(watchers.map((watcher) => watcher.nextUpdate()));
      expect(updates.map(({ version }) => version)).toEqual(Array(10).fill(2 + round));
    }
  });

  it("is there again for a client that comes back after it was cut off", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const watcher = await watch(system, transaction);
    await watcher.next();
    await abortAllDurableObjects();
    await watcher.closed;
    await change(system, transaction.id, "success");
    const again = await watch(system, transaction);
    expect(await again.nextUpdate()).toMatchObject({ version: 2, status: "succeeded" });
  });

  it("keeps nothing: no storage, no alarm", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const watcher = await watch(system, transaction);
    await watcher.next();
    await change(system, transaction.id, "success");
    await watcher.next();
    const kept = await runInDurableObject(channelOf(transaction.id), async (_, { storage }) => [
      (await storage.list()).size,
      await storage.getAlarm(),
    ]);
    expect(kept).toEqual([0, null]);
  });

  it("lets go of sockets that are closed", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    for (let round = 0; round < 20; round += 1) {
      const watcher = await watch(system, transaction);
      await watcher.next();
      watcher.socket.close(1000, "bye");
    }
    const count = () => runInDurableObject(channelOf(transaction.id), (_, ctx) => ctx.getWebSockets().length);
    await expect.poll(count).toBe(0);
    await change(system, transaction.id, "success");
  });

  it("answers a client's close, so that its socket ends cleanly", async () => {
    const system = await createSystem();
    const watcher = await watch(system, await createQuiet(system));
    await watcher.next();
    watcher.socket.close(1000, "bye");
    expect(await watcher.closed).toMatchObject({ code: 1000 });
  }, 2000);
});

describe("TransactionChannel while a client connects", () => {
  it("loses no change that comes after it read the state, before it sent it", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const stub = channelOf(transaction.id);
    const { db } = countingD1(env.DB);
    const prepare = db.prepare.bind(db);
    let changes = 1;
    const slow = {
      ...db,
      prepare: (query: string) => {
        const statement = prepare(query);
        const bind = (...values: unknown[]) => {
          const bound = statement.bind(...values);
          const raw = async () => {
            const rows = await bound.raw();
            if (changes > 0) {
              changes -= 1;
              await change(system, transaction.id, "success");
            }
            return rows;
          };
          return { ...bound, raw } as unknown as D1PreparedStatement;
        };
        return { ...statement, bind } as unknown as D1PreparedStatement;
      },
    } as unknown as D1Database;
    await runInDurableObject(stub, (channel) => {
      Object.assign(channel, { env: { ...env, DB: slow } });
    });
    const watcher = await watch(system, transaction);
    const versions = [(await watcher.nextUpdate()).version, (await watcher.nextUpdate()).version];
    expect(changes).toBe(0);
    expect(versions).toEqual([2, 1]);
  });

  it("closes with 1011 while D1 cannot be read", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const broken = {
      prepare: () => ({ bind: () => ({ raw: () => Promise.reject(new Error("D1_ERROR")) }) }),
    };
    await runInDurableObject(channelOf(transaction.id), (channel) => {
      Object.assign(channel, { env: { ...env, DB: broken } });
    });
    const watcher = await watch(system, transaction);
    expect(await watcher.closed).toMatchObject({ code: 1011 });
    expect(watcher.messages).toEqual([]);
  });

  it("closes with 1008 when the transaction was deleted", async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const watcher = await watch(system, transaction);
    await watcher.next();
    await env.DB.prepare("DELETE FROM transactions WHERE id = ?").bind(transaction.id).run();
    watcher.socket.send(JSON.stringify({ type: "sync", version: 0 }));
    expect(await watcher.closed).toMatchObject({ code: 1008 });
  });
});

describe("TransactionChannel with a client that misbehaves", () => {
  const long = JSON.stringify({ type: "sync", version: 0, padding: "x".repeat(1024) });
  it.each([
    ["garbage", "hello", 1008],
    ["nothing", "", 1008],
    ["no object", "null", 1008],
    ["an unknown type", '{"type":"subscribe","version":1}', 1008],
    ["no version", '{"type":"sync"}', 1008],
    ["a version that is no number", '{"type":"sync","version":"1"}', 1008],
    ["a negative version", '{"type":"sync","version":-1}', 1008],
    ["a broken version", '{"type":"sync","version":1.5}', 1008],
    ["more than is asked for", '{"type":"sync","version":1,"status":"succeeded"}', 1008],
    ["PING", "PING", 1008],
    ["binary", new Uint8Array([1, 2, 3]), 1008],
    ["a text over 1 KiB", long, 1009],
    ["binary over 1 KiB", new Uint8Array(1025), 1009],
    ["a megabyte", "x".repeat(1_000_000), 1009],
  ])("closes its socket, and only its: %s", async (_, message, code) => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const [rude, polite] = [await watch(system, transaction), await watch(system, transaction)];
    await Promise.all([rude.next(), polite.next()]);
    rude.socket.send(message);
    expect((await rude.closed).code).toBe(code);
    await change(system, transaction.id, "success");
    expect(await polite.nextUpdate()).toMatchObject({ version: 2 });
    expect(rude.messages).toHaveLength(1);
  });
});
