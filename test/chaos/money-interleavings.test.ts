/**
 * Pairs of ways to move a payment's money, at the same moment: fast-check's scheduler decides at every call to the
 * outside who goes on. Of two that exclude each other exactly one is done, and the books agree in the end.
 */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { checkConverged, type Dump } from "../support/invariants.ts";
import { byScheduler } from "./support/choosers.ts";
import { inOrder } from "./support/conductor.ts";
import { figure, SEED } from "./support/random.ts";
import { createHeld, createPaid, createReviewed, expire, MINUTE } from "./support/steps.ts";
import { createWorld, leaveWorld, type World } from "./support/world.ts";

afterAll(leaveWorld);

const RUNS = figure(12, 500);

interface Pair {
  readonly name: string;
  readonly policy?: string;
  prepare(world: World): Promise<string>;
  /** @returns both, each with the HTTP status of its answer, where there is one */
  begin(world: World, id: string): readonly Promise<number | null>[];
  /** Lowest first. */
  readonly answers: readonly number[];
  /** The transaction's status and money, one of these. */
  readonly ends: readonly string[];
  /** How many refunds were begun here in the end. */
  readonly refunds: readonly number[];
}

async function post(world: World, name: string, path: string, body?: unknown): Promise<number> {
  return (await world.call(name, "POST", path, body)).status;
}

const refund = (world: World, id: string, amount: number) =>
  post(world, `refund ${amount}`, `/transactions/${id}/refunds`, { amount });

const capture = (world: World, id: string, amount: number) =>
  post(world, `capture ${amount}`, `/transactions/${id}/capture`, { amount });

const tell = async (world: World, id: string) =>
  (await world.fetch("callback", world.callback(id, "success"))).status;

/** The gateway calls as soon as it has given the money back, while its answer is on its way. */
function tellOfRefund(world: World, id: string): Promise<number> {
  const told = Promise.withResolvers<number>();
  world.gateway.after = (call) => {
    if (call.startsWith("POST /refund/")) {
      tell(world, id).then(told.resolve, told.reject);
    }
  };
  return told.promise;
}

const PAIRS: readonly Pair[] = [
  {
    name: "two refunds, together of more than there is",
    prepare: createPaid,
    begin: (world, id) => [refund(world, id, 1200), refund(world, id, 1000)],
    answers: [201, 409],
    ends: ["succeeded 1999 - 1200", "succeeded 1999 - 1000"],
    refunds: [1],
  },
  {
    name: "a refund and the callback that tells of it",
    prepare: createPaid,
    begin: (world, id) => [tellOfRefund(world, id), refund(world, id, 500)],
    answers: [200, 201],
    ends: ["succeeded 1999 - 500"],
    refunds: [1],
  },
  {
    name: "reject and accept",
    prepare: createReviewed,
    begin: (world, id) =>
      ["reject", "accept"].map((verdict) => post(world, verdict, `/transactions/${id}/${verdict}`)),
    answers: [200, 409],
    ends: ["succeeded 1500 - 0", "canceled 1500 - 1500"],
    refunds: [0, 1],
  },
  {
    name: "two captures of different sums",
    prepare: createHeld,
    begin: (world, id) => [capture(world, id, 500), capture(world, id, 1999)],
    answers: [200, 409],
    ends: ["succeeded 500 - 0", "succeeded 1999 - 0"],
    refunds: [0],
  },
  {
    name: "late money that goes back by the policy, and the cron that finds it",
    policy: "refund",
    prepare: async (world) => {
      const { id } = await expire(world);
      world.gateway.settle(id, "success");
      world.advance(15 * MINUTE);
      return id;
    },
    begin: (world, id) => [tell(world, id), world.tick().then(() => null)],
    answers: [200],
    ends: ["canceled 1999 - 1999"],
    refunds: [1],
  },
];

async function race(scheduler: fc.Scheduler, pair: Pair): Promise<Dump> {
  const variables = pair.policy === undefined ? {} : { LATE_PAYMENT_POLICY: pair.policy };
  const world = await createWorld({ variables });
  const id = await pair.prepare(world);
  await world.settle();
  world.conductor.chooser = byScheduler(scheduler);
  const answers = await Promise.all(pair.begin(world, id));
  await world.settle();
  world.conductor.chooser = inOrder;
  expect(answers.filter((status) => status !== null).toSorted()).toEqual(pair.answers);
  expect(world.errors).toEqual([]);
  world.advance(MINUTE + 1000);
  await world.tick();
  await world.settle();
  return checkConverged(world);
}

describe("two ways to move the same money at once", () => {
  for (const pair of PAIRS) {
    it(`agree in the end: ${pair.name}, ${RUNS} interleavings (seed ${SEED})`, async () => {
      const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { transactions, refunds } = await race(scheduler, pair);
        const [row] = transactions;
        expect(pair.ends).toContain(`${row?.status} ${row?.amount_captured} - ${row?.amount_refunded}`);
        expect(pair.refunds).toContain(refunds.length);
      });
      await fc.assert(property, { numRuns: RUNS, seed: SEED });
    }, 300_000);
  }
});
