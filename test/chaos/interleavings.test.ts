/**
 * Each pair of the ways to change a transaction, at the same moment: fast-check's scheduler decides at every call to
 * the outside who goes on. A failure prints the seed, the order of calls, and a smaller case.
 */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { GatewayStatus } from "../support/fake-gateway.ts";
import { checkConverged } from "../support/invariants.ts";
import { ORIGIN } from "../support/system.ts";
import { byScheduler } from "./support/choosers.ts";
import { inOrder } from "./support/conductor.ts";
import { figure, SEED } from "./support/random.ts";
import { attempt } from "./support/steps.ts";
import { createWorld, leaveWorld, type World } from "./support/world.ts";

afterAll(leaveWorld);

const MINUTE = 60_000;
const RUNS = figure(16, 2000);
const ORDER = { order_id: "order-1", amount: 1999, currency: "USD" };

interface Subject {
  readonly world: World;
  readonly id: string;
  readonly clientSecret: string;
}

/** Each gives the HTTP statuses of its answers. */
const WAYS: Readonly<Record<string, (subject: Subject) => Promise<number[]>>> = {
  /** The buyer pays, if the page still takes money, and the gateway calls. */
  webhook: async ({ world, id }) => {
    const invocation = { name: "buyer at the gateway", alive: true, onKilled: () => undefined };
    const pay = async () => {
      const session = world.gateway.sessions.get(id);
      if (session?.status === "pending" || session?.status === "failure") {
        session.status = "success";
      }
      return session?.status ?? "pending";
    };
    const status = await world.conductor.pass(invocation, "gateway.pay", pay, () => new Error("lost"));
    return [(await world.fetch("webhook", world.callback(id, status))).status];
  },
  return: async ({ world, id, clientSecret }) => {
    const page = `${ORIGIN}/status/${id}`;
    const secret = `client_secret=${clientSecret}&returned=1`;
    const shown = await world.fetch("return", new Request(`${page}?${secret}`));
    const looked = await world.fetch("look", new Request(page, { method: "POST", body: secret }));
    return [shown.status, looked.status];
  },
  reconcile: async ({ world }) => {
    await world.tick("reconcile");
    return [];
  },
  expiry: async ({ world }) => {
    await world.tick("expiry");
    return [];
  },
  cancel: async ({ world, id }) => [
    (await world.call("cancel", "POST", `/transactions/${id}/cancel`)).status,
  ],
  "create-retry": async ({ world }) => [(await create(world)).status],
};

function create(world: World): Promise<Response> {
  return world.call("create", "POST", "/transactions", ORDER, { "idempotency-key": "key-1" });
}

/** @param half the create was cut short after the gateway had opened its session */
async function createSubject(world: World, half: boolean): Promise<Subject> {
  world.conductor.faults = ({ label }) => (half && label === "gateway.create-session" ? "kill after" : null);
  await attempt(create(world));
  world.conductor.faults = () => null;
  const [session] = world.gateway.sessions.values();
  const secret = new URL(String(session?.request.return_url)).searchParams.get("client_secret");
  return { world, id: String(session?.request.transaction_id), clientSecret: secret ?? "" };
}

async function race(scheduler: fc.Scheduler, pair: readonly string[], truth: GatewayStatus, half: boolean) {
  const world = await createWorld();
  const subject = await createSubject(world, half);
  await world.settle();
  world.gateway.settle(subject.id, truth);
  world.advance(pair.includes("expiry") ? 30 * MINUTE : MINUTE);
  world.conductor.chooser = byScheduler(scheduler);
  const answers = (await Promise.all(pair.map((way) => WAYS[way]?.(subject) ?? []))).flat();
  await world.settle();
  world.conductor.chooser = inOrder;
  expect(answers.filter((status) => status >= 500)).toEqual([]);
  expect(world.errors).toEqual([]);
  // The cron, long after; what was never opened is opened first.
  for (let tick = half ? 2 : 1; tick > 0; tick -= 1) {
    world.advance(47 * MINUTE);
    await world.tick();
    await world.settle();
  }
  const { transactions } = await checkConverged(world);
  expect(transactions.filter(({ status }) => status === "review" || status === "pending")).toEqual([]);
  expect(transactions).toHaveLength(1);
}

const names = Object.keys(WAYS);
const pairs = names.flatMap((first, index) => names.slice(index + 1).map((second) => [first, second]));

describe("two ways to change a transaction at once", () => {
  for (const pair of pairs) {
    it(`agree in the end: ${pair.join(" and ")}, ${RUNS} interleavings (seed ${SEED})`, async () => {
      const truths = fc.constantFrom<GatewayStatus>("pending", "success", "failure", "processing");
      const property = fc.asyncProperty(fc.scheduler(), truths, fc.boolean(), (scheduler, truth, half) =>
        race(scheduler, pair, truth, half),
      );
      await fc.assert(property, { numRuns: RUNS, seed: SEED });
    }, 300_000);
  }
});
