/** What the store keeps of events on their way out: their places in the order of commit, and each attempt to tell them. */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Attempt, readAttempts } from "../../src/store/deliveries.ts";
import type { EventType } from "../../src/transactions/event.ts";
import type { Transaction } from "../../src/transactions/transaction.ts";
import { breakD1, once } from "../support/faulty-d1.ts";
import { createPaid, MINUTE, tell } from "../support/money.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";
import { anObservation } from "../transactions/fixtures.ts";

beforeEach(async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  await emptyTables();
});

interface Placed {
  readonly type: string;
  readonly position: number | null;
  readonly event_id: string | null;
  /** Of the delivery that the event owes. */
  readonly owed: number | null;
}

/** A history with its places, oldest first. */
async function placesOf(id: string): Promise<Placed[]> {
  const { results } = await env.DB.prepare(
    `SELECT substr(type, 13) AS type, position, event_id, (SELECT position FROM deliveries AS one
      WHERE one.transaction_id = events.transaction_id AND one.version = events.version) AS owed
     FROM events WHERE transaction_id = ? ORDER BY version`,
  )
    .bind(id)
    .all<Placed>();
  return results;
}

const told = (places: readonly Placed[]) => places.map(({ type, event_id }) => [type, event_id]);
const expectPlaced = (places: readonly Placed[]) =>
  expect(places.map(({ position }) => position)).toEqual(places.map(({ owed }) => owed));

async function loadedOf({ services }: System, id: string): Promise<Transaction> {
  const loaded = await services.store.find(id);
  if (!loaded) {
    throw new Error(`there is no ${id}`);
  }
  return loaded.transaction;
}

describe("commit, of the places of events", () => {
  it("gives an event its delivery's place and its webhook, and none to one that nobody is owed", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success", { event_id: "evt_first" }));
    await deliver(
      system,
      system.gateway.callback(id, "refunded", { event_id: "evt_second", amount_refunded: 5 }),
    );
    const places = await placesOf(id);
    expect(told(places)).toEqual([
      ["created", null],
      ["succeeded", "evt_first"],
      ["refunded", "evt_second"],
    ]);
    expectPlaced(places);
    expect(places[0]?.position).toBeNull();
    expect(places[1]?.position).not.toBeNull();
  });

  it("gives two events of one webhook two places", async () => {
    const system = await createSystem({ LATE_PAYMENT_POLICY: "refund" });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "expired", { event_id: "evt_end" }));
    system.gateway.settle(id, "success");
    system.gateway.refundOutcome = "pending";
    await tell(system, id, { event_id: "evt_late" });
    const places = await placesOf(id);
    expect(told(places).slice(2)).toEqual([
      ["review", "evt_late"],
      ["canceled", "evt_late"],
    ]);
    expectPlaced(places);
    expect(new Set(places.slice(1).map(({ position }) => position)).size).toBe(3);
  });

  it("places three events of which the first is not told to anybody", async () => {
    const system = await createSystem();
    const generic = system.services.gateways.get("generic");
    if (!generic) {
      throw new Error("the gateway is not there");
    }
    const observation = anObservation({ dispute: "open", reference: null });
    const create = async () => ({ observation, paymentUrl: "https://gateway.example/pay" });
    replaceServices(system, { gateways: new Map([["generic", { ...generic, create }]]) });
    const { body } = await initiate(system, newOrder());
    const places = await placesOf(body.id);
    expect(told(places)).toEqual([
      ["created", null],
      ["succeeded", null],
      ["disputed", null],
    ]);
    expectPlaced(places);
    expect(places.filter(({ position }) => position !== null)).toHaveLength(2);
  });

  it("places any row of events, told or not, beside whatever else is committed", async () => {
    const system = await createSystem();
    const types = fc.constantFrom<EventType>(
      ...(["transaction.referenced", "transaction.refunded", "transaction.disputed"] as const),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(types, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (list, byWebhook) => {
          await createPaid(system);
          const { id } = await createPending(system);
          const from = await loadedOf(system, id);
          const events = list.map((type, index) => ({
            ...{ type, source: "webhook" as const, from: from.status, actor: null, note: null },
            transaction: { ...from, version: from.version + index + 1 },
          }));
          const deliveries = events
            .filter(({ type }) => type !== "transaction.referenced")
            .map(({ type, transaction }) => ({
              ...{ version: transaction.version, type, body: "{}", nextAttemptAt: null },
            }));
          const [first, ...rest] = events;
          const entry = { gateway: "generic", eventId: `evt_${id}`, transactionId: id };
          const committed = await system.services.store.commit({
            ...{ from, events: [first ?? expect.unreachable(), ...rest], deliveries, calls: "", now: 1 },
            ...(byWebhook ? { inbox: { ...entry, observation: anObservation(), stored: false } } : {}),
          });
          const places = (await placesOf(id)).slice(1);
          expectPlaced(places);
          expect(committed).toMatchObject({
            positions: places.flatMap(({ position }) => position ?? []),
          });
          expect(told(places)).toEqual(list.map((type) => [type.slice(12), byWebhook ? `evt_${id}` : null]));
        },
      ),
      { numRuns: 25 },
    );
  });
});

const ATTEMPT: Attempt = { at: 1_700_000_000_000, durationMs: 25, answer: "HTTP 500", pushedMs: null };

interface OutboxRow {
  readonly transaction_id: string;
  readonly position: number;
  readonly attempts: number;
  readonly next_attempt_at: number | null;
  readonly log: string;
}

const outbox = async () => {
  const row = await selectRow<OutboxRow>("SELECT * FROM deliveries ORDER BY position LIMIT 1");
  if (!row) {
    throw new Error("nothing is owed");
  }
  return row;
};
const leaseOf = ({ transaction_id, position, attempts, next_attempt_at: nextAttemptAt }: OutboxRow) => ({
  ...{ transactionId: transaction_id, position, attempts, nextAttemptAt },
});

async function withOwed(): Promise<System> {
  const system = await createSystem();
  system.shop.answer = () => new Response(null, { status: 503 });
  await createPaid(system);
  return system;
}

describe("a delivery's log", () => {
  it("tells each attempt: when, how long it took, and what the shop answered", async () => {
    const system = await createSystem();
    const answers = [
      () => new Response("secret words", { status: 500 }),
      () => Promise.reject(new TypeError("cut")),
    ];
    system.shop.answer = () => (answers.shift() ?? (() => new Response(null, { status: 204 })))();
    const before = system.services.now();
    await createPaid(system);
    for (const pause of [MINUTE, 10 * MINUTE]) {
      system.advance(pause);
      await system.tick();
    }
    const tries = readAttempts((await outbox()).log);
    expect(tries.map(({ answer }) => answer)).toEqual(["HTTP 500", "TypeError: no answer", "HTTP 204"]);
    expect(tries.every(({ durationMs }) => durationMs >= 0 && durationMs < 5000)).toBe(true);
    const times = tries.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(times[0]).toBeGreaterThanOrEqual(before);
    expect(times[2]).toBeGreaterThanOrEqual(before + 11 * MINUTE);
  });

  it("goes on after the event is owed again", async () => {
    const system = await withOwed();
    const { position } = await outbox();
    const { data } = (await (await system.call("GET", "/events")).json()) as { data: { id: string }[] };
    expect((await system.call("POST", `/events/${data[0]?.id}/replay`)).status).toBe(202);
    await system.settle();
    const row = await outbox();
    expect([row.position, row.attempts]).toEqual([position, 1]);
    expect(readAttempts(row.log)).toHaveLength(2);
  });

  it("is bounded: the oldest attempts go, and the line that is cut is passed over", async () => {
    const system = await withOwed();
    const answers = ['TypeError: 😀 ["a"]', "x".repeat(200), '"]', "HTTP 500"];
    for (let attempt = 0; attempt < 80; attempt += 1) {
      const answer = answers[attempt % answers.length] ?? "";
      await system.services.store.markFailed(leaseOf(await outbox()), attempt + 1, {
        ...ATTEMPT,
        at: attempt,
        answer,
      });
    }
    const { log } = await outbox();
    expect([...log].length).toBe(2000);
    const tries = readAttempts(log);
    expect(tries.length).toBeGreaterThan(15);
    expect(tries.map(({ at }) => at)).toEqual(Array.from(tries, (_, index) => 80 - tries.length + index));
    expect(tries.every(({ at, answer }) => answer === answers[at % answers.length])).toBe(true);
  });

  it("has nothing of an attempt whose row is somebody else's by now", async () => {
    const system = await withOwed();
    const before = await outbox();
    const stale = { ...leaseOf(before), nextAttemptAt: 1 };
    await system.services.store.markFailed(stale, 5, ATTEMPT);
    await system.services.store.markDelivered(stale, 5, { ...ATTEMPT, pushedMs: 7 });
    expect(await outbox()).toEqual(before);
  });

  it.each(["before", "after"] as const)(
    "has an attempt once when the write's connection is lost %s it is done",
    async (moment) => {
      const system = await createSystem();
      const trouble = breakD1(system, once(/update "deliveries" set .*"log"/, moment));
      await createPaid(system);
      expect(trouble.count()).toBe(1);
      expect(readAttempts((await outbox()).log)).toHaveLength(1);
    },
  );

  it("is listed beside its delivery", async () => {
    const system = await withOwed();
    const [listed] = await system.services.store.listDeliveries({ limit: 5 });
    expect(listed).toMatchObject({ status: "owed", attempts: 1, lastError: "HTTP 503", pushedMs: null });
    expect(listed?.tries.map(({ answer }) => answer)).toEqual(["HTTP 503"]);
    expect(listed).not.toHaveProperty("body");
    expect(listed).not.toHaveProperty("log");
  });
});
