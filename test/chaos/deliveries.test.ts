/** Callbacks in any order, contradictory and many times over (R1): each payment is fulfilled once. */
import { afterAll, describe, expect, it } from "vitest";
import type { GatewayStatus } from "../support/fake-gateway.ts";
import { checkConverged } from "../support/invariants.ts";
import { inParallel, shuffle } from "../support/parallel.ts";
import { byRandom } from "./support/choosers.ts";
import { createRandom, figure, SEED } from "./support/random.ts";
import { createPending, createWorld, leaveWorld } from "./support/world.ts";

afterAll(leaveWorld);

const TRANSACTIONS = figure(60, 500);
const SEEDS = Array.from({ length: figure(1, 20) }, (_, index) => SEED + index);
const SAYINGS: readonly GatewayStatus[] = ["processing", "failure", "success", "expired"];
const COPIES = 5;
const AT_ONCE = 64;

describe("contradictory callbacks, each several times", () => {
  it.each(SEEDS)(
    `fulfil ${TRANSACTIONS} transactions once each, ${AT_ONCE} at once (seed %i)`,
    async (seed) => {
      const world = await createWorld({ seed, chooser: byRandom(createRandom(seed)) });
      const orders = Array.from({ length: TRANSACTIONS }, (_, index) => ({ order_id: `order-${index}` }));
      const transactions = await inParallel(orders, AT_ONCE, (order) => createPending(world, order));
      const callbacks = transactions.flatMap(({ id }) => {
        world.gateway.settle(id, "success");
        return SAYINGS.flatMap((saying) => {
          const callback = world.callback(id, saying);
          return Array.from({ length: COPIES }, () => callback.clone());
        });
      });

      const outcomes = await inParallel(shuffle(callbacks, seed), AT_ONCE, async (callback) => {
        const response = await world.fetch("webhook", callback);
        return ((await response.json()) as { outcome?: string }).outcome;
      });
      await world.settle();

      const { transactions: rows } = await checkConverged(world);
      expect(rows.filter(({ status }) => status === "succeeded")).toHaveLength(TRANSACTIONS);
      expect(world.shop.received.filter(({ type }) => type === "transaction.succeeded")).toHaveLength(
        TRANSACTIONS,
      );
      expect(world.shop.distinct("transaction.succeeded")).toHaveLength(TRANSACTIONS);
      expect(outcomes.filter((outcome) => outcome === "duplicate")).toHaveLength(
        TRANSACTIONS * SAYINGS.length * (COPIES - 1),
      );
    },
    300_000,
  );
});
