/** Callbacks that are validly signed and say the wrong thing (R8): nothing of it is fulfilled. */
import { afterAll, describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { createRandom, figure, type Random, SEED } from "./support/random.ts";
import { createPending, createWorld, leaveWorld, type World } from "./support/world.ts";

afterAll(leaveWorld);

const COUNT = figure(100, 1000);

interface Mutation {
  readonly changes: Readonly<Record<string, unknown>>;
  /** What the transaction is in review for; null: it does not hear of it. */
  readonly reason: "wrong_amount" | "wrong_currency" | "wrong_mode" | null;
}

/** One of the things that are compared, and never copied. */
function mutate(random: Random, amount: number, index: number): Mutation {
  const others = [0, 1, amount - 1, amount + 1, amount * 100, Number.MAX_SAFE_INTEGER] as const;
  const wrongAmount: Mutation = { changes: { amount: random.pick(others) }, reason: "wrong_amount" };
  const currency = random.pick(["EUR", "JPY", "usd", "US", "", "XXX"]);
  const wrongCurrency: Mutation = { changes: { currency }, reason: "wrong_currency" };
  const nobody = `txn_${String(index).padStart(26, "0")}`;
  const both: Mutation = { changes: { ...wrongAmount.changes, currency }, reason: "wrong_currency" };
  return random.pick<Mutation>([
    wrongAmount,
    wrongCurrency,
    both,
    { changes: { livemode: false }, reason: "wrong_mode" },
    { changes: { livemode: false, ...wrongAmount.changes }, reason: "wrong_mode" },
    { changes: { transaction_id: nobody }, reason: null },
  ]);
}

async function deliver(world: World, id: string, changes: Mutation["changes"]): Promise<void> {
  const callback = world.callback(id, "success", changes);
  const again = callback.clone();
  expect((await world.fetch("webhook", callback)).status).toBe(200);
  expect((await world.fetch("webhook", again)).status).toBe(200);
  await world.settle();
}

describe(`${COUNT} signed callbacks with another amount, currency, mode or id`, () => {
  it(`put what they name in review, and fulfil nothing (seed ${SEED})`, async () => {
    const world = await createWorld();
    world.gateway.livemode = true;
    const random = createRandom(SEED);
    const expected = new Map<string, string | null>();
    for (let index = 0; index < COUNT; index += 1) {
      const amount = 2 + random.below(100_000);
      const { id } = await createPending(world, { order_id: `order-${index}`, amount });
      const { changes, reason } = mutate(random, amount, index);
      await deliver(world, id, changes);
      expected.set(id, reason);
    }

    const { transactions, deliveries } = await checkInvariants(world);
    expect(new Map(transactions.map((row) => [row.id, row.review_reason]))).toEqual(expected);
    const touched = transactions.filter(({ review_reason }) => review_reason === null);
    expect(touched.every(({ status }) => status === "pending")).toBe(true);
    expect(deliveries.filter(({ type }) => type !== "transaction.review")).toEqual([]);
    expect(world.shop.distinct("transaction.succeeded")).toEqual([]);
    expect(new Set(expected.values()).size).toBe(4);
  }, 120_000);
});
