/** What the shop is owed: at least once, the same id and body, on the schedule of the contract. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Services } from "../../src/services.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(async () => {
  await emptyTables();
  vi.restoreAllMocks();
});

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** CONTRACT 5: after each failed attempt, at the earliest. */
const PAUSES_MS = [
  5000,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

interface Row {
  readonly attempts: number;
  readonly next_attempt_at: number | null;
  readonly delivered_at: number | null;
  readonly last_error: string | null;
}

const rowOf = async (id: string): Promise<Row> => {
  const row = await selectRow<Row>(
    "SELECT attempts, next_attempt_at, delivered_at, last_error FROM deliveries WHERE transaction_id = ?",
    id,
  );
  if (!row) {
    throw new Error("a delivery is owed");
  }
  return row;
};

/** A succeeded transaction whose first attempt is over. */
async function succeed(system: System): Promise<string> {
  const { id } = await createPending(system);
  await deliver(system, system.gateway.callback(id, "success"));
  await system.settle();
  return id;
}

/** The pause until the next attempt, which is then made. */
async function nextPause(system: System, id: string, clock: ReturnType<typeof freezeClock>) {
  const { next_attempt_at } = await rowOf(id);
  if (next_attempt_at === null) {
    return null;
  }
  const pause = next_attempt_at - clock.now();
  clock.advance(pause - 1);
  const before = system.shop.received.length;
  await system.tick();
  expect(system.shop.received.length, "nothing is sent too early").toBe(before);
  clock.advance(1);
  await system.tick();
  return pause;
}

describe("sendDelivery", () => {
  it("tells the shop at once, and then no more", async () => {
    const system = await createSystem();
    const id = await succeed(system);
    expect(system.shop.received).toHaveLength(1);
    expect(system.shop.received[0]).toMatchObject({
      type: "transaction.succeeded",
      data: { id, version: 2 },
    });
    expect(await rowOf(id)).toMatchObject({ attempts: 0, next_attempt_at: null, last_error: null });
    system.advance(HOUR);
    await system.tick();
    expect(system.shop.received).toHaveLength(1);
  });

  it("sends the transaction as the shop sees it, without what opens it", async () => {
    const system = await createSystem();
    const id = await succeed(system);
    const { body, data } = system.shop.received[0] ?? { body: "", data: {} };
    const view = (await (await system.call("GET", `/transactions/${id}`)).json()) as Record<string, unknown>;
    for (const secret of ["client_secret", "payment_url", "status_url", "socket_url"]) {
      delete view[secret];
      expect(body).not.toContain(secret);
    }
    expect(data).toEqual(view);
    expect(Object.keys(JSON.parse(body) as object)).toEqual(["type", "timestamp", "data"]);
  });

  it.each([
    ["at the least", 0, 1],
    ["at the most", 1 - Number.EPSILON, 1.2],
  ])(
    "keeps the contract's schedule, jitter %s, and gives up after 10 attempts",
    async (_, random, factor) => {
      const system = await createSystem();
      const clock = freezeClock(system);
      vi.spyOn(Math, "random").mockReturnValue(random);
      system.shop.answer = () => new Response(null, { status: 500 });
      const id = await succeed(system);
      const pauses: number[] = [];
      for (let pause = await nextPause(system, id, clock); pause !== null; ) {
        pauses.push(pause);
        pause = await nextPause(system, id, clock);
      }
      expect(pauses).toEqual(PAUSES_MS.map((pause) => Math.round(pause * factor)));
      expect(system.shop.received).toHaveLength(10);
      expect(new Set(system.shop.received.map(({ body, id: event }) => `${event} ${body}`)).size).toBe(1);
      expect(await rowOf(id)).toEqual({
        ...{ attempts: 10, next_attempt_at: null, delivered_at: null, last_error: "HTTP 500" },
      });
    },
  );

  it("keeps within 0 and 20 % of jitter", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    system.shop.answer = () => new Response(null, { status: 500 });
    for (let sample = 0; sample < 20; sample += 1) {
      const pause = (await nextPause(system, await succeed(system), clock)) ?? 0;
      expect(pause).toBeGreaterThanOrEqual(5000);
      expect(pause).toBeLessThanOrEqual(6000);
    }
  });

  it("stops at 410", async () => {
    const system = await createSystem();
    system.shop.answer = () => new Response(null, { status: 410 });
    const id = await succeed(system);
    expect(await rowOf(id)).toMatchObject({ attempts: 1, next_attempt_at: null, last_error: "HTTP 410" });
  });

  it.each([
    ["seconds", () => "7200", 2 * HOUR],
    ["fewer seconds than the pause", () => "1", 5000],
    ["a date", () => new Date(Date.now() + 2 * HOUR).toUTCString(), 2 * HOUR],
    ["a date that has passed", () => new Date(Date.now() - HOUR).toUTCString(), 5000],
    ["more than a day", () => "8640000", 24 * HOUR],
    ["nonsense", () => "soon", 5000],
    ["a negative number", () => "-5", 5000],
  ])("waits for Retry-After: %s", async (_, retryAfter, expected) => {
    const system = await createSystem();
    const clock = freezeClock(system);
    vi.spyOn(Math, "random").mockReturnValue(0);
    system.shop.answer = () => new Response(null, { status: 503, headers: { "retry-after": retryAfter() } });
    const { next_attempt_at } = await rowOf(await succeed(system));
    // A date has whole seconds, and is held against the wall clock.
    expect(Math.abs((next_attempt_at ?? 0) - clock.now() - expected)).toBeLessThanOrEqual(3000);
    expect((next_attempt_at ?? 0) - clock.now()).toBeGreaterThanOrEqual(5000);
  });

  it.each([301, 302, 303, 307, 308])("does not follow a redirect: %i", async (status) => {
    const system = await createSystem();
    const requests: Request[] = [];
    replaceServices(system, {
      fetch: async (request) => {
        requests.push(request);
        return new Response(null, { status, headers: { location: "https://evil.example/" } });
      },
    });
    const id = await succeed(system);
    expect(requests.map(({ url, redirect }) => [url, redirect])).toEqual([
      ["https://shop.example/hooks", "manual"],
    ]);
    expect(await rowOf(id)).toMatchObject({ attempts: 1, last_error: `HTTP ${status}` });
  });

  it("gives the shop 15 seconds, and takes a time-out for a failure", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const timeout = vi
      .spyOn(AbortSignal, "timeout")
      .mockReturnValue(AbortSignal.abort(new DOMException("The operation timed out", "TimeoutError")));
    const fetch: Services["fetch"] = async (request) => {
      request.signal.throwIfAborted();
      return new Response(null, { status: 204 });
    };
    replaceServices(system, { fetch });
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    expect(timeout).toHaveBeenLastCalledWith(15_000);
    expect(await rowOf(id)).toMatchObject({ attempts: 1, delivered_at: null });
  });

  it("takes a refused connection for a failure, and delivers later", async () => {
    const system = await createSystem();
    const { fetch } = system.services;
    replaceServices(system, { fetch: () => Promise.reject(new TypeError("connection refused")) });
    const id = await succeed(system);
    expect(await rowOf(id)).toMatchObject({ attempts: 1, last_error: "TypeError: no answer" });
    replaceServices(system, { fetch });
    system.advance(MINUTE);
    await system.tick();
    expect(system.shop.received).toHaveLength(1);
    expect(await rowOf(id)).toMatchObject({ next_attempt_at: null, last_error: null });
  });
});

describe("sendDelivery whose attempt dies with its process", () => {
  it("is taken up by a tick within 60 s of the commit", async () => {
    const system = await createSystem();
    const { defer } = system.services;
    const clock = freezeClock(system);
    replaceServices(system, { fetch: () => new Promise<Response>(() => undefined), defer: () => undefined });
    const id = await succeed(system);
    replaceServices(system, { fetch: system.shop.fetch, defer });
    clock.advance(29_000);
    await system.tick();
    expect(system.shop.received).toEqual([]);
    clock.advance(1000);
    await system.tick();
    expect(system.shop.received).toHaveLength(1);
    expect(await rowOf(id)).toMatchObject({ next_attempt_at: null });
  });

  it("is taken up by the next tick but one when it was the cron's", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    system.shop.answer = () => new Response(null, { status: 500 });
    const id = await succeed(system);
    system.shop.answer = () => new Response(null, { status: 204 });
    clock.advance(MINUTE);
    // A tick that claims, and then is no more.
    await system.services.store.claimDue(clock.now(), clock.now(), 100, []);
    await system.tick();
    expect(system.shop.received).toHaveLength(1);
    clock.advance(MINUTE);
    await system.tick();
    expect(system.shop.received).toHaveLength(2);
    expect(await rowOf(id)).toMatchObject({ next_attempt_at: null });
  });
});
