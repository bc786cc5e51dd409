/**
 * The goals for those who watch a transaction, with their figures: nobody is lost by hibernation, a deploy, lost news or
 * by coming and going. Times are simulated: the test says when a client's 20 s are over.
 */
import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type Viewer, view } from "../channel/viewer.ts";
import { watch } from "../channel/watch.ts";
import { inParallel } from "../support/parallel.ts";
import { seeded } from "../support/seeded.ts";
import { createPending, createSystem, deliver, replaceServices, type System } from "../support/system.ts";

const FULL = (env as { CHAOS?: string }).CHAOS === "full";
const PATIENCE_MS = 120_000;
const AT_ONCE = 50;
const SYNC_EVERY_S = 20;

const channelOf = (id: string) => env.CHANNEL.getByName(id);
const times = (count: number) => Array.from({ length: count }, (_, index) => index);

async function createQuiet(system: System) {
  const transaction = await createPending(system);
  await system.settle();
  return transaction;
}

type Callback = Parameters<System["gateway"]["callback"]>;

async function change(system: System, ...callback: Callback) {
  expect(await deliver(system, system.gateway.callback(...callback))).toBe("applied");
}

/** How many have ended so far. */
function countCloses(viewers: readonly Viewer[]): () => number {
  let closes = 0;
  for (const { closed } of viewers) {
    void closed.then(() => {
      closes += 1;
    });
  }
  return () => closes;
}

describe("W1: hibernation", () => {
  it("keeps 200 sockets through 10 evictions, and tells the final state to 200", {
    timeout: PATIENCE_MS,
  }, async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const viewers = await inParallel(times(200), AT_ONCE, () => view(system, transaction));
    const closes = countCloses(viewers);
    const held = () => runInDurableObject(channelOf(transaction.id), (_, ctx) => ctx.getWebSockets().length);
    for (const _ of times(10)) {
      await evictDurableObject(channelOf(transaction.id), { webSockets: "hibernate" });
      expect(await held()).toBe(200);
    }
    await change(system, transaction.id, "success");
    await system.settle();
    await Promise.all(viewers.map((viewer) => viewer.reached(2)));
    const told = viewers.filter(({ shown }) => shown.at(-1)?.status === "succeeded" && shown.at(-1)?.final);
    console.log(`W1: ${closes()} closes in 10 evictions, final state to ${told.length}/200`);
    expect(closes()).toBe(0);
    expect(told).toHaveLength(200);
  });
});

describe("W2: a deploy", () => {
  const count = FULL ? 1_000 : 100;
  it(`cuts ${count} sockets, all come back and get the present state first`, {
    timeout: PATIENCE_MS,
  }, async () => {
    const system = await createSystem();
    const transactions = await inParallel(times(5), 5, () => createQuiet(system));
    const places = times(count).flatMap((index) => transactions[index % 5] ?? []);
    const before = await inParallel(places, AT_ONCE, (transaction) => view(system, transaction));
    await Promise.all(before.map((viewer) => viewer.reached(1)));
    await abortAllDurableObjects();
    const closes = await Promise.all(before.map(({ closed }) => closed));
    await Promise.all(transactions.map(({ id }) => change(system, id, "success")));
    const after = await inParallel(places, AT_ONCE, (transaction) => view(system, transaction));
    await Promise.all(after.map((viewer) => viewer.reached(2)));
    const firsts = after.map(({ received }) => received[0]);
    console.log(`W2: ${closes.length}/${count} saw the cut, ${after.length} are back with the final state`);
    expect(firsts.every((first) => first?.version === 2 && first.status === "succeeded")).toBe(true);
    await system.settle();
  });
});

describe("W4: news that get lost between the Worker and the object", () => {
  const count = FULL ? 1_000 : 50;
  const callbacks: [...[number, Callback[1], Callback[2]?]][] = [
    [0, "processing"],
    [2, "success"],
    [4, "success", { amount_refunded: 100 }],
    [5, "success", { amount_refunded: 200 }],
  ];

  it.each([
    { name: "all lost", lost: 1, copies: 1, seed: 1 },
    { name: "half lost, the rest doubled and reordered", lost: 0.5, copies: 2, seed: 2 },
    { name: "none lost, all tripled and reordered", lost: 0, copies: 3, seed: 3 },
  ])(
    `lets ${count} clients know the final state within 25 s: $name (seed $seed)`,
    { timeout: PATIENCE_MS },
    async ({ name, lost, copies, seed }) => {
      const random = seeded(seed);
      const system = await createSystem();
      const transaction = await createQuiet(system);
      const { channel } = system.services;
      let second = 0;
      const underway: { at: number; send: () => Promise<unknown> }[] = [];
      const publish: typeof channel.publish = async (update) => {
        for (const _ of times(random() < lost ? 0 : copies)) {
          underway.push({ at: second + Math.floor(random() * 6), send: () => channel.publish(update) });
        }
      };
      replaceServices(system, { channel: { ...channel, publish } });
      const viewers = await inParallel(times(count), AT_ONCE, () => view(system, transaction));
      const phases = viewers.map(() => Math.floor(random() * SYNC_EVERY_S));
      const known: number[] = [];
      let version = 1;
      for (; second <= 30; second += 1) {
        for (const [, ...callback] of callbacks.filter(([at]) => at === second)) {
          await change(system, transaction.id, ...callback);
          version += 1;
        }
        await system.settle();
        const due = underway.filter(({ at }) => at === second);
        await Promise.all(due.map(({ send }) => send()));
        const asking = viewers.filter((_, index) => phases[index] === second % SYNC_EVERY_S);
        for (const viewer of asking) {
          viewer.sync();
        }
        await Promise.all(asking.map((viewer) => viewer.reached(version)));
        known.push(viewers.filter((viewer) => viewer.version() === 5).length);
      }
      const lastChange = 5;
      const seconds = known.indexOf(count) - lastChange;
      console.log(`W4, ${name}: ${known.at(-1)}/${count} knew, the last within ${seconds} s, seed ${seed}`);
      expect(known.at(-1)).toBe(count);
      expect(seconds).toBeLessThanOrEqual(25);
      expect(viewers.every(({ shown }) => shown.at(-1)?.status === "succeeded")).toBe(true);
    },
  );
});

describe("W5: coming and going", () => {
  const cycles = FULL ? 1_000 : 200;
  const endings: ((socket: WebSocket) => void)[] = [
    (socket) => socket.close(1000, "bye"),
    (socket) => socket.close(),
    (socket) => socket.close(4000, "its own reason"),
    (socket) => socket.send("garbage"),
    (socket) => socket.send("x".repeat(2_000)),
    (socket) => {
      socket.send(JSON.stringify({ type: "sync", version: 0 }));
      socket.close(1000, "not waiting for the answer");
    },
  ];

  it(`leaves no socket, no storage and no alarm after ${cycles} cycles`, {
    timeout: PATIENCE_MS,
  }, async () => {
    const system = await createSystem();
    const transaction = await createQuiet(system);
    const codes = await inParallel(times(cycles), 20, async (index) => {
      const watcher = await watch(system, transaction);
      if (index % 2 === 0) {
        await watcher.next();
      }
      endings[index % endings.length]?.(watcher.socket);
      return (await watcher.closed).code;
    });
    await change(system, transaction.id, "success");
    await system.settle();
    const held = () => runInDurableObject(channelOf(transaction.id), (_, ctx) => ctx.getWebSockets().length);
    await expect.poll(held).toBe(0);
    const kept = await runInDurableObject(channelOf(transaction.id), async (_, { storage }) => ({
      entries: (await storage.list()).size,
      alarm: await storage.getAlarm(),
    }));
    console.log(`W5: ${codes.length} cycles, ${await held()} sockets left, kept ${JSON.stringify(kept)}`);
    expect(new Set(codes)).toEqual(new Set([1000, 4000, 1008, 1009]));
    expect(kept).toEqual({ entries: 0, alarm: null });
  });
});
