/** Creates whose answers are lost on the way from the gateway (R5), and creates that come all at once (R14). */
import { afterAll, describe, expect, it } from "vitest";
import { checkConverged, dumpD1 } from "../support/invariants.ts";
import type { TransactionBody } from "../support/system.ts";
import { byRandom } from "./support/choosers.ts";
import type { Fault } from "./support/conductor.ts";
import { createRandom, figure, SEED } from "./support/random.ts";
import { createWorld, leaveWorld, type World } from "./support/world.ts";

afterAll(leaveWorld);

const ORDER = { order_id: "order-1", amount: 1999, currency: "USD" };

const create = (world: World) =>
  world.call("create", "POST", "/transactions", ORDER, { "idempotency-key": "key-1" });

/** Loses the first answers of the gateway, each after it has opened the session. */
const LOSSES: Readonly<Record<string, (world: World, times: number) => void>> = {
  "a time-out": (world, times) => loseInNetwork(world, "hang", times),
  "a reset": (world, times) => loseInNetwork(world, "after", times),
  "a 500": (world, times) => {
    let left = times;
    const { fetch } = world.gateway;
    const answer = async (request: Request) => {
      const given = await fetch(request);
      left -= 1;
      return left >= 0 ? new Response("oops", { status: 500 }) : given;
    };
    Object.assign(world.gateway, { fetch: answer });
  },
};

function loseInNetwork(world: World, fault: Fault, times: number): void {
  let left = times;
  world.conductor.faults = ({ label }) => {
    left -= label === "gateway.create-session" ? 1 : 0;
    return label === "gateway.create-session" && left >= 0 ? fault : null;
  };
}

describe("POST /transactions, when the gateway's answer is lost", () => {
  const cases = Object.keys(LOSSES).flatMap((loss) => [
    { loss, times: 1, repeats: 0 },
    { loss, times: 1, repeats: 1 },
    { loss, times: 2, repeats: 1 },
    { loss, times: 2, repeats: 3 },
  ]);

  it.each(cases)(
    "is payable within 2 minutes, by one session: $loss, $times times, the shop repeats it $repeats times",
    async ({ loss, times, repeats }) => {
      const world = await createWorld();
      LOSSES[loss]?.(world, times);
      const answers = [await create(world)];
      for (let repeat = 1; repeat <= repeats; repeat += 1) {
        const waitSeconds = Number(answers.at(-1)?.headers.get("retry-after") ?? 0);
        world.advance(waitSeconds * 1000);
        answers.push(await create(world));
      }
      for (let minute = 1; minute <= 2; minute += 1) {
        world.advance(60_000);
        await world.tick();
        await world.settle();
      }

      expect(
        answers.map(({ status }) => status).filter((status) => ![200, 201, 503].includes(status)),
      ).toEqual([]);
      expect(world.gateway.sessions.size).toBe(1);
      await checkConverged(world);
      const final = await create(world);
      expect(final.status).toBe(200);
      expect(((await final.json()) as TransactionBody).payment_url).toMatch(
        /^https:\/\/gateway\.example\/pay\//,
      );
    },
  );
});

describe("POST /transactions with one Idempotency-Key, 100 at once", () => {
  const seeds = Array.from({ length: figure(2, 50) }, (_, index) => SEED + index);

  it.each(seeds)("makes one transaction and one session (seed %i)", async (seed) => {
    const world = await createWorld({ seed, chooser: byRandom(createRandom(seed)) });
    const answers = await Promise.all(Array.from({ length: 100 }, () => create(world)));
    await world.settle();

    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => ![200, 201, 409].includes(status))).toEqual([]);
    const again = await create(world);
    expect(again.status).toBe(200);
    const { id } = (await again.json()) as TransactionBody;
    expect((await dumpD1()).transactions.map((row) => row.id)).toEqual([id]);
    expect([...world.gateway.sessions.keys()]).toEqual([id]);
    await checkConverged(world);
  });
});
