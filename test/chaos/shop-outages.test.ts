/** A shop that is down for a day, in each way that a server can be down (R6). */
import { afterAll, describe, expect, it } from "vitest";
import { checkConverged } from "../support/invariants.ts";
import type { FaultPlan } from "./support/conductor.ts";
import { figure } from "./support/random.ts";
import { createPending, createWorld, leaveWorld } from "./support/world.ts";

afterAll(leaveWorld);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TICK_MS = figure(30, 1) * MINUTE;
const MAX_ATTEMPTS = 10;

/** A body of which a byte comes now and then, for ever. */
function drip(): ReadableStream {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1)) });
}

const WAYS: Readonly<Record<string, () => Response>> = {
  "refuses connections": () => {
    throw new TypeError("connection refused");
  },
  "answers 500": () => new Response(null, { status: 500 }),
  hangs: () => new Response(null, { status: 204 }),
  "redirects to a page of its host": () =>
    new Response(null, { status: 302, headers: { location: "https://host.example/sorry" } }),
  "drips a page of trouble without end": () => new Response(drip(), { status: 503 }),
};

describe("a shop that is down for 24 hours", () => {
  it.each(Object.keys(WAYS))(
    "is told of everything afterwards, when it %s",
    async (way) => {
      const world = await createWorld();
      const [first, second] = [
        await createPending(world, { order_id: "order-1" }),
        await createPending(world, { order_id: "order-2" }),
      ];
      world.shop.answer = WAYS[way] ?? Response.error;
      // The answer is on its way for ever.
      const hang: FaultPlan = ({ label }) => (label === "shop.post" ? "hang" : null);
      world.conductor.faults = way === "hangs" ? hang : () => null;
      world.gateway.settle(first.id, "success");
      world.gateway.settle(second.id, "failure");
      await world.fetch("webhook", world.callback(first.id, "processing"));
      await world.fetch("webhook", world.callback(first.id, "success"));
      await world.fetch("webhook", world.callback(second.id, "failure"));
      await world.settle();
      const down = world.now() + 24 * HOUR;
      const end = down + 12 * HOUR;
      while (world.now() < end) {
        world.advance(TICK_MS);
        if (world.now() >= down) {
          world.shop.answer = () => new Response(null, { status: 204 });
          world.conductor.faults = () => null;
        }
        await world.tick();
        await world.settle();
      }

      await checkConverged(world);
      const events = Map.groupBy(world.shop.received, ({ id }) => id);
      expect(events.size).toBe(3);
      for (const [id, attempts] of events) {
        expect(attempts.length, `attempts of ${id}`).toBeLessThanOrEqual(MAX_ATTEMPTS);
        expect(attempts.length, `attempts of ${id}`).toBeGreaterThan(3);
        expect(new Set(attempts.map(({ body }) => body)).size).toBe(1);
      }
    },
    120_000,
  );
});
