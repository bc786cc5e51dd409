/** Attempts and replays of one event that meet: none of them may lose the row for another. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Services } from "../../src/services.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  replaceServices,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(async () => {
  await emptyTables();
  vi.restoreAllMocks();
});

const SECOND = 1000;
/** For what happens behind an answer, on a machine that is busy. */
const PATIENCE = { timeout: 10_000, interval: 10 };

const rowOf = (id: string) =>
  selectRow<{ attempts: number; next_attempt_at: number | null; delivered_at: number | null }>(
    "SELECT attempts, next_attempt_at, delivered_at FROM deliveries WHERE transaction_id = ?",
    id,
  );

/** A shop whose answers are given by the test, in the order of the requests. */
function heldAnswers(system: System) {
  const requests: { id: string; body: string; answer: (status: number) => void }[] = [];
  const fetch: Services["fetch"] = async (request) => {
    const id = request.headers.get("webhook-id") ?? "";
    const body = await request.text();
    return new Promise<Response>((resolve) => {
      requests.push({ id, body, answer: (status) => resolve(new Response(null, { status })) });
    });
  };
  replaceServices(system, { fetch });
  return requests;
}

/** A paid transaction whose first attempt is under way; time stands still until it is moved. */
async function startAttempt() {
  const system = await createSystem();
  const clock = freezeClock(system);
  const requests = heldAnswers(system);
  const { id } = await createPending(system);
  await deliver(system, system.gateway.callback(id, "success"));
  await vi.waitFor(() => expect(requests).toHaveLength(1), PATIENCE);
  clock.advance(SECOND);
  return { system, clock, requests, id };
}

async function startReplay({ system, requests }: Awaited<ReturnType<typeof startAttempt>>) {
  const response = await system.call("POST", `/events/${requests[0]?.id}/replay`);
  expect(response.status).toBe(202);
  await vi.waitFor(() => expect(requests).toHaveLength(2), PATIENCE);
}

describe("a replay while an attempt is under way", () => {
  it.each([
    ["the attempt fails", 500],
    ["the attempt ends in 410", 410],
    ["the attempt is delivered", 204],
  ])("is still owed when %s first, and its own attempt fails", async (_, status) => {
    const race = await startAttempt();
    const { system, clock, requests, id } = race;
    await startReplay(race);
    requests[0]?.answer(status);
    requests[1]?.answer(500);
    await system.settle();
    const row = await rowOf(id);
    expect(row).toMatchObject({ attempts: 1, delivered_at: null });
    expect((row?.next_attempt_at ?? 0) - clock.now()).toBeGreaterThanOrEqual(5 * SECOND);
    expect((row?.next_attempt_at ?? 0) - clock.now()).toBeLessThanOrEqual(6 * SECOND);
  });

  it("leaves the row to the replay while that is under way", async () => {
    const race = await startAttempt();
    const { system, clock, requests, id } = race;
    await startReplay(race);
    const owed = { attempts: 0, next_attempt_at: clock.now() + 30 * SECOND, delivered_at: null };
    expect(await rowOf(id)).toEqual(owed);
    requests[1]?.answer(204);
    await vi.waitFor(async () => expect((await rowOf(id))?.delivered_at).not.toBeNull(), PATIENCE);
    requests[0]?.answer(500);
    await system.settle();
    expect(await rowOf(id)).toMatchObject({ attempts: 0, next_attempt_at: null, delivered_at: clock.now() });
    expect(new Set(requests.map((request) => `${request.id} ${request.body}`)).size).toBe(1);
  });

  it("takes up a replay that died, whatever the attempt came to", async () => {
    const race = await startAttempt();
    const { system, clock, requests, id } = race;
    await startReplay(race);
    requests[0]?.answer(410);
    // Of the second nobody hears again.
    clock.advance(30 * SECOND);
    const tick = system.tick();
    await vi.waitFor(() => expect(requests).toHaveLength(3), PATIENCE);
    requests[2]?.answer(204);
    await tick;
    expect(await rowOf(id)).toMatchObject({ attempts: 0, next_attempt_at: null, delivered_at: clock.now() });
  });
});

describe("an attempt that outlives its lease", () => {
  it.each([204, 410, 500])("changes nothing of what the next one booked, with %i", async (status) => {
    const { system, clock, requests, id } = await startAttempt();
    clock.advance(30 * SECOND);
    const tick = system.tick();
    await vi.waitFor(() => expect(requests).toHaveLength(2), PATIENCE);
    requests[1]?.answer(500);
    await tick;
    const booked = await rowOf(id);
    expect(booked).toMatchObject({ attempts: 1, delivered_at: null });
    requests[0]?.answer(status);
    await system.settle();
    expect(await rowOf(id)).toEqual(booked);
  });
});

describe("a success that could not be booked", () => {
  async function deliverUnbooked(booked: boolean) {
    const system = await createSystem();
    const clock = freezeClock(system);
    const { markDelivered } = system.services.store;
    const restore = replaceStore(system, {
      markDelivered: async (...booking) => {
        if (booked) {
          await markDelivered(...booking);
        }
        throw new Error("the database did not answer");
      },
    });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    restore();
    expect(system.shop.received).toHaveLength(1);
    clock.advance(60 * SECOND);
    await system.tick();
    return { system, row: await rowOf(id) };
  }

  it("is sent again, with the same id and body: at least once", async () => {
    const { system, row } = await deliverUnbooked(false);
    expect(system.shop.received).toHaveLength(2);
    expect(system.shop.received[0]).toEqual(system.shop.received[1]);
    expect(row).toMatchObject({ attempts: 0, next_attempt_at: null, delivered_at: expect.any(Number) });
  });

  it("is not sent again when only the database's answer was lost", async () => {
    const { system, row } = await deliverUnbooked(true);
    expect(system.shop.received).toHaveLength(1);
    expect(row).toMatchObject({ attempts: 0, next_attempt_at: null, delivered_at: expect.any(Number) });
  });
});
