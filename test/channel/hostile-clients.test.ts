/** The Durable Object of a transaction among clients and a D1 that misbehave: the others are served. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { countingD1 } from "../support/counting-d1.ts";
import { createPending, createSystem, deliver, ORIGIN, type System } from "../support/system.ts";
import { listen, watch } from "./watch.ts";

const SYNC = JSON.stringify({ type: "sync", version: 0 });
const channelOf = (id: string) => env.CHANNEL.getByName(id);

async function createQuiet() {
  const system = await createSystem();
  const transaction = await createPending(system);
  await system.settle();
  return { system, transaction };
}

async function pay(system: System, id: string) {
  expect(await deliver(system, system.gateway.callback(id, "success"))).toBe("applied");
  await system.settle();
}

/** Puts another D1 in the place of the object's. */
async function replaceD1(id: string, db: unknown) {
  await runInDurableObject(channelOf(id), (channel) => {
    Object.assign(channel, { env: { ...env, DB: db } });
  });
}

/**
 * A D1 that never answers its first read: `meanwhile` happens, then the store's deadline of 2 s is over. Its timer is
 * fired by hand, because nobody waits for it here.
 */
function hangingD1(meanwhile: () => Promise<void> = async () => {}) {
  const { setTimeout } = globalThis;
  let giveUp: (() => void) | null = null;
  const hold = (run: () => void, ms = 0) => {
    // The first one is this read's; others go on as ever.
    if (ms !== 2_000 || giveUp) {
      return setTimeout(run, ms);
    }
    giveUp = run;
  };
  vi.spyOn(globalThis, "setTimeout").mockImplementation(hold as typeof setTimeout);
  let reads = 0;
  const raw = async (bound: D1PreparedStatement) => {
    reads += 1;
    if (reads > 1) {
      return bound.raw();
    }
    // The timer is set once this call is begun.
    await Promise.resolve();
    await meanwhile();
    giveUp?.();
    return new Promise(() => {});
  };
  const prepare = (query: string) => ({
    bind: (...values: unknown[]) => {
      const bound = env.DB.prepare(query).bind(...values);
      return { raw: () => raw(bound) };
    },
  });
  return { prepare };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("TransactionChannel while D1 hangs", () => {
  it("closes a new socket with 1011 after 2 s, and serves the next", async () => {
    const { system, transaction } = await createQuiet();
    await replaceD1(transaction.id, hangingD1());
    const watcher = await watch(system, transaction);
    expect(await watcher.closed).toMatchObject({ code: 1011 });
    expect(watcher.messages).toEqual([]);
    const next = await watch(system, transaction);
    expect(await next.nextUpdate()).toMatchObject({ version: 1 });
  });

  it("tells a change to those who are there, and to the one whose state is being read", async () => {
    const { system, transaction } = await createQuiet();
    const early = await watch(system, transaction);
    await early.next();
    await replaceD1(
      transaction.id,
      hangingD1(() => pay(system, transaction.id)),
    );
    const late = await watch(system, transaction);
    expect(await early.nextUpdate()).toMatchObject({ version: 2 });
    expect(await late.nextUpdate()).toMatchObject({ version: 2 });
    expect(await late.closed).toMatchObject({ code: 1011 });
  });

  it("closes the socket whose sync is not answered, and only that", async () => {
    const { system, transaction } = await createQuiet();
    const [asking, quiet] = [await watch(system, transaction), await watch(system, transaction)];
    await Promise.all([asking.next(), quiet.next()]);
    await replaceD1(transaction.id, hangingD1());
    asking.socket.send(SYNC);
    expect(await asking.closed).toMatchObject({ code: 1011 });
    await pay(system, transaction.id);
    expect(await quiet.nextUpdate()).toMatchObject({ version: 2 });
  });
});

describe("TransactionChannel with a client that floods it", () => {
  it("reads D1 for 20 syncs in 10 s, closes with 1008 at the next, and serves the others", async () => {
    const { system, transaction } = await createQuiet();
    const [rude, polite] = [await watch(system, transaction), await watch(system, transaction)];
    await Promise.all([rude.next(), polite.next()]);
    const { db, counts } = countingD1(env.DB);
    await replaceD1(transaction.id, db);
    for (let count = 0; count < 500; count += 1) {
      rude.socket.send(SYNC);
    }
    expect(await rude.closed).toMatchObject({ code: 1008, reason: "too many syncs" });
    polite.socket.send(SYNC);
    expect(await polite.nextUpdate()).toMatchObject({ version: 1 });
    expect(counts.roundTrips).toBe(21);
    await pay(system, transaction.id);
    expect(await polite.nextUpdate()).toMatchObject({ version: 2 });
  });

  it("answers 20 syncs at once, and 20 more after 10 s", async () => {
    const { system, transaction } = await createQuiet();
    const watcher = await watch(system, transaction);
    await watcher.next();
    const started = Date.now();
    for (const elapsedMs of [0, 10_000]) {
      vi.spyOn(Date, "now").mockReturnValue(started + elapsedMs);
      for (let count = 0; count < 20; count += 1) {
        watcher.socket.send(SYNC);
      }
      for (let count = 0; count < 20; count += 1) {
        expect(await watcher.nextUpdate()).toMatchObject({ version: 1 });
      }
    }
  });
});

describe("TransactionChannel with clients that come and go as they like", () => {
  it("tells the others while one never reads, and keeps its messages for it", async () => {
    const { system, transaction } = await createQuiet();
    const polite = await watch(system, transaction);
    const headers = { upgrade: "websocket", authorization: `Bearer ${transaction.client_secret}` };
    const address = `${ORIGIN}/transactions/${transaction.id}/socket`;
    const { webSocket } = await system.fetch(new Request(address, { headers }));
    await pay(system, transaction.id);
    const versions = [1, 2];
    for (let amount_refunded = 1; amount_refunded <= 30; amount_refunded += 1) {
      await deliver(system, system.gateway.callback(transaction.id, "success", { amount_refunded }));
      versions.push(amount_refunded + 2);
    }
    await system.settle();
    for (const version of versions) {
      expect(await polite.nextUpdate()).toMatchObject({ version });
    }
    expect(webSocket).not.toBeNull();
    if (webSocket) {
      const late = listen(webSocket);
      for (const version of versions) {
        expect(await late.nextUpdate()).toMatchObject({ version });
      }
    }
  });

  it("tells the others when half of them close in the middle of a broadcast", async () => {
    const { system, transaction } = await createQuiet();
    const watchers = await Promise.all(Array.from({ length: 20 }, () => watch(system, transaction)));
    await Promise.all(watchers.map((watcher) => watcher.next()));
    const [leaving, staying] = [watchers.slice(0, 10), watchers.slice(10)];
    const paid = pay(system, transaction.id);
    for (const { socket } of leaving.slice(0, 5)) {
      socket.close(1000, "bye");
    }
    for (const { socket } of leaving.slice(5)) {
      socket.addEventListener("message", () => socket.close(1000, "bye"));
    }
    await paid;
    for (const watcher of staying) {
      expect(await watcher.nextUpdate()).toMatchObject({ version: 2 });
    }
    const held = () => runInDurableObject(channelOf(transaction.id), (_, ctx) => ctx.getWebSockets().length);
    await expect.poll(held).toBe(10);
  });
});
