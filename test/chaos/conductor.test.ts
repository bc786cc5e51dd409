/** The simulator itself: a seed must replay its run exactly, or none of the other seeds would mean anything. */
import { afterAll, describe, expect, it } from "vitest";
import { checkConverged } from "../support/invariants.ts";
import { byRandom } from "./support/choosers.ts";
import { createRandom, SEED } from "./support/random.ts";
import { createPending, createWorld, leaveWorld } from "./support/world.ts";

afterAll(leaveWorld);

/** A payment with everything at once: 3 callbacks, the buyer, the cron, and another request of the shop's. */
async function runMixed(seed: number): Promise<readonly string[]> {
  const world = await createWorld({ seed, chooser: byRandom(createRandom(seed)) });
  const { id, client_secret } = await createPending(world);
  world.advance(61_000);
  world.gateway.settle(id, "success");
  const callbacks = [
    world.callback(id, "success"),
    world.callback(id, "processing"),
    world.callback(id, "failure"),
  ];
  await Promise.all([
    ...callbacks.map((callback, index) => world.fetch(`callback ${index}`, callback)),
    world.tick(),
    world.call("cancel", "POST", `/transactions/${id}/cancel`),
    world.fetch(
      "buyer",
      new Request(`http://localhost:8787/status/${id}`, {
        method: "POST",
        body: `client_secret=${client_secret}`,
      }),
    ),
  ]);
  await world.settle();
  await checkConverged(world);
  return world.conductor.trace;
}

describe("Conductor", () => {
  it(`replays a run from its seed (seed ${SEED})`, async () => {
    const first = await runMixed(SEED);
    const again = await runMixed(SEED);
    const other = await runMixed(SEED + 1);
    expect(first.length).toBeGreaterThan(20);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });
});
