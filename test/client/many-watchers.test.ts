/**
 * A thousand watchers, each the real library, in simulated time: their sockets are cut together, or what they should be
 * told is lost on its way. All of them must show the final state soon, and never an older one after a newer one.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type TransactionState, type TransactionWatch, watchTransaction } from "../../src/client/index.ts";
import { seeded } from "../support/seeded.ts";
import { offline, polled, startServer, TARGET, update } from "./fake-server.ts";
import { FakeWebSocket } from "./fake-web-socket.ts";

const WATCHERS = 1_000;
const STEP_MS = 100;

vi.setConfig({ testTimeout: 60_000 });
const SEEDS = process.env.CHAOS === "full" ? Array.from({ length: 20 }, (_, index) => index + 1) : [1];

let now: () => number;
let random: () => number;
let version: number;
let reachable: boolean;
let underway: { at: number; run: () => void }[];
let watchers: { shown: TransactionState[]; settledAt: number }[];
let watches: TransactionWatch[];
let opened: number[];

const present = (): object =>
  version === 1 ? update(1) : update(version, { status: "succeeded", final: true });

/** Happens within so many ms, but not at once: the network. Not on the clock, which is slow with many timers. */
function soon(run: () => void, withinMs = 400): void {
  underway.push({ at: now() + 20 + random() * withinMs, run });
}

/** Time passes for the library, and the network delivers. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= STEP_MS) {
    vi.advanceTimersByTime(STEP_MS);
    const due = underway.filter(({ at }) => at <= now()).sort((one, other) => one.at - other.at);
    underway = underway.filter(({ at }) => at > now());
    for (const { run } of due) {
      run();
    }
    for (let turn = 0; turn < 20; turn += 1) {
      await Promise.resolve();
    }
  }
}

/** The far end does what the channel does: the present state at once, a pong, a newer state for a sync. */
class ChannelSocket extends FakeWebSocket {
  constructor(url: string, ...more: unknown[]) {
    super(url, ...more);
    opened.push(now());
    soon(() => (reachable ? this.accept(present()) : this.fail()));
  }

  override send(text: string): void {
    super.send(text);
    const asked = text === "ping" ? null : (JSON.parse(text) as { version: number });
    soon(() => {
      if (this.readyState === 1 && (!asked || version > asked.version)) {
        this.receive(asked ? JSON.stringify(present()) : "pong");
      }
    });
  }
}

/** They come over 20 s, as buyers do, and have all been there for a while. */
async function gather(seed: number): Promise<void> {
  random = seeded(seed);
  vi.spyOn(Math, "random").mockImplementation(seeded(seed + 1_000));
  for (let index = 0; index < WATCHERS; index += 1) {
    const watcher = { shown: [] as TransactionState[], settledAt: Number.NaN };
    watchers.push(watcher);
    const onChange = (state: TransactionState): void => {
      watcher.shown.push(state);
      watcher.settledAt = state.final ? now() : Number.NaN;
    };
    soon(() => watches.push(watchTransaction({ ...TARGET, onChange })), 20_000);
  }
  await pass(30_000);
  expect(watchers.every(({ shown }) => shown.length === 1)).toBe(true);
}

function cutAll(): void {
  for (const socket of FakeWebSocket.all.filter(({ readyState }) => readyState === 1)) {
    socket.fail();
  }
}

const slowest = (since: number): number =>
  Math.max(...watchers.map(({ settledAt }) => settledAt - since)) / 1_000;

/** The largest share of connections that began within one and the same second. */
function largestSecond(since: number): number {
  const seconds = new Map<number, number>();
  const later = opened.filter((at) => at >= since);
  for (const at of later) {
    const second = Math.floor((at - since) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  return Math.max(...seconds.values()) / later.length;
}

function expectNobodyWentBack(): void {
  for (const { shown } of watchers) {
    const versions = shown.map((state) => state.version);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    expect(shown.at(-1)).toMatchObject({ version, status: "succeeded", final: true });
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", ChannelSocket);
  now = Date.now;
  FakeWebSocket.all = [];
  [version, reachable, underway, watchers, watches, opened] = [1, true, [], [], [], []];
  startServer(() => (reachable ? polled(version, present()) : offline()));
});

afterEach(() => {
  for (const watch of watches) {
    watch.close();
  }
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe(`${WATCHERS} watchers whose sockets are cut at the same moment`, () => {
  it.each(SEEDS)(
    "know the final state within 35 s, and do not come back together (seed %i)",
    async (seed) => {
      await gather(seed);
      const cutAt = now();
      cutAll();
      version = 2;
      await pass(35_000);
      const [seconds, share] = [slowest(cutAt), largestSecond(cutAt)];
      const reconnects = opened.filter((at) => at >= cutAt).length;
      console.log(
        `W2: ${reconnects} reconnected, the last knew within ${seconds.toFixed(1)} s, largest second ${percent(share)}, seed ${seed}`,
      );
      expect(reconnects).toBe(WATCHERS);
      expect(seconds).toBeLessThanOrEqual(35);
      expect(share).toBeLessThanOrEqual(0.1);
      expectNobodyWentBack();
    },
  );

  it.each(SEEDS)("know it within 35 s also if nobody answers for the first 10 s (seed %i)", async (seed) => {
    await gather(seed);
    const cutAt = now();
    cutAll();
    [version, reachable] = [2, false];
    await pass(10_000);
    reachable = true;
    await pass(25_000);
    const [seconds, share] = [slowest(cutAt), largestSecond(cutAt)];
    console.log(
      `W2, 10 s of silence: the last knew within ${seconds.toFixed(1)} s, largest second ${percent(share)} of ${opened.filter((at) => at >= cutAt).length} attempts, seed ${seed}`,
    );
    expect(seconds).toBeLessThanOrEqual(35);
    expect(share).toBeLessThanOrEqual(0.1);
    expectNobodyWentBack();
  });
});

describe(`${WATCHERS} watchers who are told badly`, () => {
  /** Tells every version to every open socket, with its faults. */
  function tell(versions: readonly number[], lost: number, copies: number): void {
    for (const socket of FakeWebSocket.all) {
      for (const each of versions.filter(() => random() >= lost)) {
        const news = each === 4 ? update(4, { status: "succeeded", final: true }) : update(each);
        for (let copy = 0; copy < copies; copy += 1) {
          soon(() => socket.receive(JSON.stringify(news)), 5_000);
        }
      }
    }
  }

  it.each(
    SEEDS.flatMap((seed) => [
      { name: "all news lost", lost: 1, seed },
      { name: "half of it lost, the rest tripled and reordered", lost: 0.5, seed },
    ]),
  )("know the final state within 25 s: $name (seed $seed)", async ({ name, lost, seed }) => {
    await gather(seed);
    const changedAt = now();
    version = 4;
    tell([2, 3, 4], lost, 3);
    await pass(25_000);
    const seconds = slowest(changedAt);
    console.log(`W4, ${name}: ${WATCHERS} knew within ${seconds.toFixed(1)} s, seed ${seed}`);
    expect(seconds).toBeLessThanOrEqual(25);
    expect(opened).toHaveLength(WATCHERS);
    expectNobodyWentBack();
  });
});
