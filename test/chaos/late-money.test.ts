/** Money that comes after the end (R7): at any time after the expiry, the very millisecond included, none is lost. */
import { env } from "cloudflare:workers";
import { afterAll, describe, expect, it } from "vitest";
import { checkConverged } from "../support/invariants.ts";
import { inParallel } from "../support/parallel.ts";
import { createRandom, figure, type Random, SEED } from "./support/random.ts";
import { createPending, createWorld, leaveWorld, type World } from "./support/world.ts";

afterAll(leaveWorld);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const COUNT = figure(24, 1000);
const TICKS = figure(40, 600);
/** Until then the cron asks by itself, so that no callback is needed. */
const WATCHED_MS = 2 * DAY;
const LAST_LOOK_MS = 3 * DAY + HOUR;

interface Step {
  readonly at: number;
  run(): Promise<unknown>;
}

/** All of them pending, then all of them expired, by the cron, at the same millisecond. */
async function createExpired(world: World): Promise<string[]> {
  const orders = Array.from({ length: COUNT }, (_, index) => ({ order_id: `order-${index}` }));
  const transactions = await inParallel(orders, 16, (order) => createPending(world, order));
  world.advance(30 * MINUTE);
  for (let rows = 1; rows > 0; ) {
    rows = (await world.tick()).transactions;
    await world.settle();
    // What a tick has no budget for is leased, and so left until a minute later: here it is due at once.
    await env.DB.exec("UPDATE transactions SET next_check_at = expires_at WHERE status = 'pending'");
  }
  return transactions.map(({ id }) => id);
}

/** The money's time, and whether a callback tells of it. */
function latePayment(world: World, id: string, random: Random, expiredAt: number): Step {
  const at = expiredAt + random.pick([0, 1, random.below(HOUR), random.below(WATCHED_MS)]);
  const isTold = random.next() < 0.7;
  const run = async () => {
    world.gateway.settle(id, "success");
    if (isTold) {
      const response = await world.fetch("webhook", world.callback(id, "success"));
      expect(response.status).toBe(200);
    }
  };
  return { at, run };
}

async function play(world: World, random: Random): Promise<void> {
  const ids = await createExpired(world);
  const expiredAt = world.now();
  const payments = ids.map((id) => latePayment(world, id, random, expiredAt));
  const ticks = Array.from({ length: TICKS }, (_, index) => ({
    at: expiredAt + ((index + 1) * LAST_LOOK_MS) / TICKS,
    run: () => world.tick(),
  }));
  for (const { at, run } of [...payments, ...ticks].toSorted((a, b) => a.at - b.at)) {
    world.advance(at - world.now());
    await run();
    await world.settle();
  }
}

describe(`${COUNT} payments after the expiry`, () => {
  it(`all succeed, are late and are fulfilled once, by the policy accept (seed ${SEED})`, async () => {
    const world = await createWorld({ variables: { LATE_PAYMENT_POLICY: "accept" } });
    await play(world, createRandom(SEED));
    const { transactions } = await checkConverged(world);
    expect(transactions.filter(({ status, late }) => status === "succeeded" && late === 1)).toHaveLength(
      COUNT,
    );
    expect(world.shop.distinct("transaction.succeeded")).toHaveLength(COUNT);
  }, 300_000);

  it(`all wait for a person, and none is fulfilled, by the policy review (seed ${SEED})`, async () => {
    const world = await createWorld({ variables: { LATE_PAYMENT_POLICY: "review" } });
    await play(world, createRandom(SEED));
    const { transactions } = await checkConverged(world);
    const reviewed = transactions.filter((row) => row.review_reason === "late_payment");
    expect(reviewed.map(({ status }) => status)).toEqual(Array.from({ length: COUNT }, () => "review"));
    expect(world.shop.distinct("transaction.succeeded")).toHaveLength(0);
  }, 300_000);

  it(`all go back to their buyers once, and none is fulfilled, by the policy refund (seed ${SEED})`, async () => {
    const world = await createWorld({ variables: { LATE_PAYMENT_POLICY: "refund" } });
    await play(world, createRandom(SEED));
    const { transactions } = await checkConverged(world);
    expect(transactions.filter(({ status, late }) => status === "canceled" && late === 1)).toHaveLength(
      COUNT,
    );
    const givenBack = [...world.gateway.sessions.values()].map(({ refunds }) => [...refunds.values()]);
    expect(givenBack).toEqual(Array.from({ length: COUNT }, () => [{ amount: 1999, status: "success" }]));
    expect(world.shop.distinct("transaction.succeeded")).toHaveLength(0);
  }, 300_000);
});
