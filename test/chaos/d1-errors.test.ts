/**
 * D1 fails on three calls in ten, half of them after the commit (R13): everybody repeats until there is an answer, and
 * in the end nothing is lost and nothing is there twice.
 */
import { afterAll, describe, expect, it } from "vitest";
import { checkConverged } from "../support/invariants.ts";
import { inParallel } from "../support/parallel.ts";
import { byRandom } from "./support/choosers.ts";
import { createRandom, figure, type Random, SEED } from "./support/random.ts";
import { attempt } from "./support/steps.ts";
import { createWorld, leaveWorld, type World } from "./support/world.ts";

afterAll(leaveWorld);

const COUNT = figure(24, 500);
const AT_ONCE = 20;
const MINUTE = 60_000;
const MAX_REPEATS = 60;
/** Some of them are repeated by the store, others are not. */
const MESSAGES = [
  "D1_ERROR: Network connection lost.",
  "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
  "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
] as const;

/** A 409 that comes with a time to come back at, as each 503 does. */
const WAITING = ["idempotency_in_progress", "order_in_progress"];

interface Acknowledged {
  readonly order: string;
  readonly id: string;
  readonly refund: string | null;
  readonly status: "pending" | "succeeded" | "canceled" | "expired";
}

interface Body {
  readonly id: string;
  readonly status: string;
  readonly code?: string;
}

class Client {
  readonly #world: World;
  /** Answers that nobody should have had. */
  readonly wrong: string[] = [];
  /** How often there was none but "come back". */
  repeats = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Asks until it is acknowledged. @returns the body */
  async insist(kind: string, ask: () => Promise<Response>): Promise<Body> {
    for (let repeat = 0; repeat < MAX_REPEATS; repeat += 1) {
      const response = await ask();
      const body = (await response.json()) as Body;
      if (response.ok) {
        return body;
      }
      const waitSeconds = Number(response.headers.get("retry-after") ?? 0);
      const isRight = waitSeconds > 0 && (response.status === 503 || WAITING.includes(body.code ?? ""));
      if (!isRight) {
        this.wrong.push(`${kind}: ${response.status} ${body.code}, come back in ${waitSeconds} s`);
      }
      this.repeats += 1;
      const due = this.#world.now() + waitSeconds * 1000;
      // Who comes back first moves the clock for all.
      await Promise.resolve();
      this.#world.advance(Math.max(0, due - this.#world.now()));
    }
    throw new Error(`${kind} was never acknowledged`);
  }
}

async function live(world: World, client: Client, index: number): Promise<Acknowledged> {
  const order = `order-${index}`;
  const body = { order_id: order, amount: 1999, currency: "USD", expires_in: 86_400 };
  const keyed = (key: string) => ({ "idempotency-key": `${key}-${index}` });
  const { id } = await client.insist("create", () =>
    world.call("create", "POST", "/transactions", body, keyed("create")),
  );
  const path = `/transactions/${id}`;
  if (index % 4 === 0) {
    return { order, id, refund: null, status: "pending" };
  }
  if (index % 4 === 1) {
    // Closed at the gateway, and the answer was "come back": meanwhile the cron may have found it so, and called it expired.
    const ended = await client.insist("cancel", () => world.call("cancel", "POST", `${path}/cancel`));
    return { order, id, refund: null, status: ended.status === "expired" ? "expired" : "canceled" };
  }
  world.gateway.settle(id, "success");
  const callback = world.callback(id, "success");
  await client.insist("callback", () => world.fetch("callback", callback.clone()));
  if (index % 4 === 2) {
    return { order, id, refund: null, status: "succeeded" };
  }
  const given = await client.insist("refund", () =>
    world.call("refund", "POST", `${path}/refunds`, { amount: 500 }, keyed("refund")),
  );
  return { order, id, refund: given.id, status: "succeeded" };
}

/** @returns how many calls have failed so far */
function breakD1(world: World, random: Random): () => number {
  let failed = 0;
  world.conductor.faults = ({ label }) => {
    if (!label.startsWith("store.") || random.next() >= 0.3) {
      return null;
    }
    failed += 1;
    return random.next() < 0.5 ? "before" : "after";
  };
  return () => failed;
}

async function converge(world: World): Promise<void> {
  world.conductor.faults = () => null;
  for (const ms of [MINUTE + 1000, 16 * MINUTE, 31 * MINUTE, 61 * MINUTE]) {
    world.advance(ms);
    await world.tick();
    await world.settle();
  }
}

describe(`D1 fails on 30 % of all calls, ${COUNT} transactions`, () => {
  it(`loses nothing that was acknowledged and doubles nothing (seed ${SEED})`, async () => {
    const random = createRandom(SEED);
    const d1Error = () => new Error(random.pick(MESSAGES));
    const world = await createWorld({ seed: SEED, chooser: byRandom(random), d1Error });
    const client = new Client(world);
    const failures = breakD1(world, random);
    const indexes = Array.from({ length: COUNT }, (_, index) => index);
    const acknowledged = await inParallel(indexes, AT_ONCE, async (index) => {
      const known = await live(world, client, index);
      if (index % 5 === 0) {
        await attempt(world.tick());
      }
      return known;
    });
    await world.settle();
    await converge(world);

    console.log(`R13: ${failures()} of D1's calls failed, ${client.repeats} answers were "come back"`);
    expect(failures()).toBeGreaterThan(COUNT);
    expect(client.wrong).toEqual([]);
    const { transactions, refunds } = await checkConverged(world);
    const owned = new Map(refunds.map((row) => [row.transaction_id, row.id]));
    expect(refunds).toHaveLength(owned.size);
    expect(
      transactions
        .map(({ order_id: order, id, status }) => ({ order, id, refund: owned.get(id) ?? null, status }))
        .toSorted(byOrder),
    ).toEqual(acknowledged.toSorted(byOrder));
    expect([...world.gateway.sessions.keys()].toSorted()).toEqual(transactions.map(({ id }) => id));
    const givenBack = [...world.gateway.sessions].flatMap(([id, session]) =>
      [...session.refunds.values()].map(({ amount }) => ({ id, amount })),
    );
    expect(givenBack).toHaveLength(acknowledged.filter(({ refund }) => refund !== null).length);
    expect(world.shop.distinct("transaction.succeeded")).toHaveLength(
      acknowledged.filter(({ status }) => status === "succeeded").length,
    );
  }, 300_000);
});

function byOrder(a: { readonly order: string }, b: { readonly order: string }): number {
  return a.order.localeCompare(b.order);
}
