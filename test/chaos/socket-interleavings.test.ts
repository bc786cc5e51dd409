/**
 * Connections, changes, notifications, syncs and evictions in any order: a seed decides what happens next, each time
 * that nothing is under way any more. Notifications and the object's reads of D1 are held as long as it pleases the seed.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Viewer, view } from "../channel/viewer.ts";
import { inParallel } from "../support/parallel.ts";
import { seeded } from "../support/seeded.ts";
import {
  createPending,
  createSystem,
  deliver,
  replaceServices,
  type System,
  type TransactionBody,
} from "../support/system.ts";

/** Of each of the two kinds. */
const RUNS = (env as { CHAOS?: string }).CHAOS === "full" ? 500 : 25;
const AT_ONCE = 10;
const STUCK_MS = 10_000;

type Kind = "connect" | "change" | "tell" | "answer" | "sync" | "evict";
type Channel = System["services"]["channel"];
type Callback = Parameters<System["gateway"]["callback"]>;

const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

/** What may happen next, one at a time. */
class Steps {
  readonly taken: Kind[] = [];
  private held: { readonly kind: Kind; readonly release: () => void }[] = [];
  private underway = 0;

  /** Something begins that has to end, or to be held, before the next step. */
  begin(): void {
    this.underway += 1;
  }
  end(): void {
    this.underway -= 1;
  }

  /** Holds what is under way until it is its turn. */
  hold(kind: Kind): Promise<void> {
    return new Promise((release) => {
      this.held.push({ kind, release });
      this.end();
    });
  }

  /** The same inside the object: another invocation may not settle its promises, so it looks again and again. */
  async holdInObject(kind: Kind): Promise<void> {
    let released = false;
    const release = () => {
      released = true;
    };
    this.held.push({ kind, release });
    this.end();
    while (!released) {
      await tick();
    }
  }

  add(kind: Kind, work: () => Promise<void>): void {
    this.begin();
    void this.hold(kind).then(work);
  }

  /** @throws when a step does not come to rest */
  async run(random: () => number): Promise<void> {
    while (this.held.length > 0) {
      // An eviction waits for what the object is at.
      const answering = this.held.some(({ kind }) => kind === "answer");
      const possible = this.held.filter(({ kind }) => !(answering && kind === "evict"));
      const step = possible[Math.floor(random() * possible.length)];
      if (!step) {
        throw new Error("nothing is possible");
      }
      this.held = this.held.filter((one) => one !== step);
      this.taken.push(step.kind);
      this.begin();
      step.release();
      for (const started = Date.now(); this.underway > 0; await tick()) {
        if (Date.now() - started > STUCK_MS) {
          for (const { release } of this.held) {
            release();
          }
          throw new Error(`does not come to rest: ${this.taken.join(" ")}`);
        }
      }
    }
  }
}

/** The object's reads are answered, and wait; its answers to a sync are over when it says so. */
async function holdReads(id: string, steps: Steps): Promise<void> {
  const prepare = (query: string) => ({
    bind: (...values: unknown[]) => ({
      raw: async () => {
        const rows = await env.DB.prepare(query)
          .bind(...values)
          .raw();
        await steps.holdInObject("answer");
        return rows;
      },
    }),
  });
  await runInDurableObject(env.CHANNEL.getByName(id), (channel) => {
    const webSocketMessage = channel.webSocketMessage.bind(channel);
    Object.assign(channel, {
      env: { ...env, DB: { prepare } },
      webSocketMessage: async (socket: WebSocket, message: string) => {
        await webSocketMessage(socket, message);
        steps.end();
      },
    });
  });
}

const CHANGES: readonly (readonly [Callback[1], Callback[2]?])[] = [
  ["processing"],
  ["authorized"],
  ["failure"],
  ["expired"],
  ["success"],
  ["success", { amount_refunded: 100 }],
  ["success", { amount_refunded: 200 }],
];

/** Notifications wait for their turn; half of them are lost then, if `lossy`. */
function holdNotifications(channel: Channel, steps: Steps, random: () => number, lossy: boolean): Channel {
  const publish: Channel["publish"] = async (update) => {
    const lost = lossy && random() < 0.5;
    steps.begin();
    await steps.hold("tell");
    await (lost ? undefined : channel.publish(update));
    steps.end();
  };
  return { ...channel, publish };
}

/** One to four connections, any changes, up to four syncs of whoever is there, up to three evictions. */
function addSteps(
  system: System,
  transaction: TransactionBody,
  steps: Steps,
  random: () => number,
): Viewer[] {
  const { id } = transaction;
  const viewers: Viewer[] = [];
  const upTo = (most: number) => Math.floor(random() * (most + 1));
  const add = (kind: Kind, count: number, work: () => Promise<void>) => {
    for (let left = count; left > 0; left -= 1) {
      steps.add(kind, () => work().finally(() => steps.end()));
    }
  };
  add("connect", 1 + upTo(3), async () => {
    viewers.push(await view(system, transaction));
  });
  for (const change of CHANGES.filter(() => random() < 0.5)) {
    add("change", 1, async () => {
      await deliver(system, system.gateway.callback(id, ...change));
    });
  }
  add("sync", upTo(4), async () => {
    const viewer = viewers[upTo(viewers.length - 1)];
    if (viewer) {
      // Ends in the object.
      steps.begin();
      viewer.sync();
    }
  });
  add("evict", upTo(3), async () => {
    await evictDurableObject(env.CHANNEL.getByName(id), { webSockets: "hibernate" });
    await holdReads(id, steps);
  });
  return viewers;
}

/** One interleaving. @returns its story and those who watched */
async function interleave(seed: number, lossy: boolean) {
  const random = seeded(seed);
  const system = await createSystem();
  const { channel } = system.services;
  const transaction = await createPending(system);
  await system.settle();
  const steps = new Steps();
  await holdReads(transaction.id, steps);
  replaceServices(system, { channel: holdNotifications(channel, steps, random, lossy) });
  const viewers = addSteps(system, transaction, steps, random);
  await steps.run(random);
  await system.settle();
  return { id: transaction.id, steps: steps.taken, viewers };
}

/** What each version was, by D1's own history. */
async function readHistory(id: string): Promise<Map<number, string>> {
  const { results } = await env.DB.prepare("SELECT version, status FROM events WHERE transaction_id = ?")
    .bind(id)
    .all<{ version: number; status: string }>();
  return new Map(results.map(({ version, status }) => [version, status]));
}

/** The object reads as ever again, and everybody asks it. */
async function syncAll(id: string, viewers: readonly Viewer[]): Promise<void> {
  await evictDurableObject(env.CHANNEL.getByName(id), { webSockets: "hibernate" });
  for (const viewer of viewers) {
    viewer.sync();
  }
}

/** @throws when it takes longer */
async function within<T>(work: Promise<T>, seconds: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what)), seconds * 1_000);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}

/** The store gives a read up after 2 s, which is not what this is about: a busy machine may hold one that long. */
beforeEach(() => {
  const { setTimeout } = globalThis;
  const patient = (run: () => void, ms = 0) => setTimeout(run, ms === 2_000 ? 300_000 : ms);
  vi.spyOn(globalThis, "setTimeout").mockImplementation(patient as typeof setTimeout);
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("what a watcher shows", () => {
  it.each([
    { name: "every notification arrives some time: without any further sync", lossy: false },
    { name: "half of the notifications are lost: after one sync", lossy: true },
  ])(
    `is the final state in ${RUNS} interleavings, and never an older one. $name`,
    { timeout: 300_000 },
    async ({ lossy }) => {
      const figures = { steps: 0, watchers: 0, messages: 0, dropped: 0 };
      const seeds = Array.from({ length: RUNS }, (_, index) => index + 1);
      await inParallel(seeds, AT_ONCE, async (seed) => {
        const { id, steps, viewers } = await interleave(seed, lossy);
        const story = `seed ${seed}: ${steps.join(" ")}`;
        const history = await readHistory(id);
        if (lossy) {
          await syncAll(id, viewers);
        }
        const version = Math.max(...history.keys());
        await within(Promise.all(viewers.map((viewer) => viewer.reached(version))), 10, `behind, ${story}`);
        for (const { shown, received } of viewers) {
          const seen = received.map((update) => [update.version, update.status]);
          expect(seen, story).toEqual(seen.map(([at]) => [at, history.get(Number(at))]));
          expect(shown.at(-1), story).toMatchObject({ version, status: history.get(version) });
          figures.messages += received.length;
          figures.dropped += received.length - shown.length;
        }
        figures.steps += steps.length;
        figures.watchers += viewers.length;
      });
      const losses = lossy ? "half of the news lost" : "no news lost";
      console.log(`W3, ${losses}: ${RUNS}/${RUNS} final, ${JSON.stringify(figures)}, seeds 1–${RUNS}`);
    },
  );
});
