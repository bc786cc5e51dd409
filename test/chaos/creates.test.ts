/** Creates whose answers are lost on the way from the gateway (R5), and creates that come all at once (R14). */
import { afterAll, describe, expect, it } from "vitest";
import { checkConverged, dumpD1 } from "../support/invariants.ts";
import type { TransactionBody } from "../support/system.ts";
import { byRandom } from "./support/choosers.ts";
import { createRandom, figure, SEED } from "./support/random.ts";
import { createWorld, leaveWorld, type World } from "./support/world.ts";

afterAll(leaveWorld);

const ORDER = { order_id: "order-1", amount: 1999, currency: "USD" };

const create = (world: World) =>
  world.call("create", "POST", "/transactions", ORDER, { "idempotency-key": "key-1" });

const LOSSES = ["hang", "reset", "500"] as const;
type Loss = (typeof LOSSES)[number];
/** Who makes the call: the shop once more, or the cron. */
type Caller = "shop" | "cron";

interface Call {
  readonly by: Caller;
  /** What becomes of the answer, when the session is open; null: it is good. */
  readonly loss: Loss | null;
}

/** Every way to lose up to so many answers in a row, the first one to the shop's create; then a good one. */
function callsWithLosses(atMost: number): Call[][] {
  const losing = (by: Caller) => LOSSES.map((loss) => ({ by, loss }));
  let runs: Call[][] = losing("shop").map((first) => [first]);
  const all = [...runs];
  for (let length = 2; length <= atMost; length += 1) {
    runs = runs.flatMap((run) => [...losing("shop"), ...losing("cron")].map((call) => [...run, call]));
    all.push(...runs);
  }
  return all.flatMap((run) => (["shop", "cron"] as const).map((by) => [...run, { by, loss: null }]));
}

/** Gives the gateway's answers to create-session what is planned for them. After the plan, all are lost. */
function planAnswers({ conductor, gateway }: World, calls: readonly Call[]): Call[] {
  const left = [...calls];
  conductor.faults = ({ label }) => {
    if (label !== "gateway.create-session") {
      return null;
    }
    const call = left.shift();
    const loss = call ? call.loss : "reset";
    gateway.fault = loss === "500" ? "broken" : null;
    return loss === "hang" ? "hang" : loss === "reset" ? "after" : null;
  };
  return left;
}

async function nextTick(world: World): Promise<void> {
  world.advance(60_000 - (world.now() % 60_000));
  await world.tick();
  await world.settle();
}

/** The shop repeats its call when it is told to; the cron's looks come when they are due. */
async function callOnce(world: World, by: Caller, left: readonly Call[], retryAfterSeconds: number) {
  const before = left.length;
  if (by === "shop") {
    world.advance(retryAfterSeconds * 1000);
    return create(world);
  }
  for (let minute = 1; left.length === before && minute <= 5; minute += 1) {
    await nextTick(world);
  }
  return null;
}

describe("POST /transactions, when the gateway's answer is lost", () => {
  // How long after a tick the create comes: the looks are due just before, or just after, one.
  const phases = [500, 30_000, 59_500];
  const runs = callsWithLosses(figure(2, 3)).flatMap((calls) => phases.map((phase) => ({ calls, phase })));
  const cases = runs.map(({ calls, phase }) => ({
    ...{ calls, phase, what: calls.map(({ by, loss }) => `${by} ${loss ?? "ok"}`).join(", ") },
  }));

  it.each(cases)(
    "is payable 2 minutes after the gateway answers again, by one session: $what ($phase ms after a tick)",
    async ({ calls, phase }) => {
      const world = await createWorld();
      world.advance(phase);
      const left = planAnswers(world, calls);
      let answer = await create(world);
      const { transaction_id: id } = (await answer.clone().json()) as { transaction_id: string };
      let answersAgainAt = world.now();
      for (const { by } of calls.slice(1)) {
        answersAgainAt = world.now();
        const retryAfter = Number(answer.headers.get("retry-after") ?? 0);
        answer = (await callOnce(world, by, left, retryAfter)) ?? answer;
        expect([200, 503]).toContain(answer.status);
      }

      expect(left).toEqual([]);
      expect(world.now() - answersAgainAt).toBeLessThanOrEqual(120_000);
      const payable = (await (
        await world.call("read", "GET", `/transactions/${id}`)
      ).json()) as TransactionBody;
      expect(payable).toMatchObject({ status: "pending", version: 1 });
      expect(payable.payment_url).toMatch(/^https:\/\/gateway\.example\/pay\//);
      expect(await (await create(world)).json()).toMatchObject({ id, payment_url: payable.payment_url });
      expect([...world.gateway.sessions.keys()]).toEqual([id]);
      await checkConverged(world);
    },
  );

  it("is payable 2 minutes after the create, where the answers of both it and the cron's first look are lost", async () => {
    const world = await createWorld();
    const calls = [
      { by: "shop", loss: "reset" },
      { by: "cron", loss: "hang" },
      { by: "cron", loss: null },
    ] as const;
    const left = planAnswers(world, calls);
    await create(world);
    await nextTick(world);
    await nextTick(world);
    expect(left).toEqual([]);
    expect(await (await create(world)).json()).toMatchObject({ status: "pending", version: 1 });
    await checkConverged(world);
  });
});

describe("POST /transactions with one Idempotency-Key, 100 at once", () => {
  const seeds = Array.from({ length: figure(1, 50) }, (_, index) => SEED + index);

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
