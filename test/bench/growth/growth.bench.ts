/**
 * Growth: what a payment and an idle tick of the cron cost must not depend on how many payments there are already; and
 * how the cron works off ten thousand that are due at once. Counted by D1 itself; one line of the output is JSON.
 */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { emptyTables } from "../../support/system.ts";
import { add, type Costs, createMeter, dollarsPerMillion, happy, idleTick, type Meter } from "../costs.ts";
import { seed } from "../seed.ts";

const SIZE = Number((env as unknown as { SIZE: string }).SIZE || 100_000);
const SIZES = [1000, SIZE];
const DUE = 10_000;
const MAX_TICKS = 500;
const MINUTE_MS = 60_000;
const NAMES = ["roundTrips", "rowsRead", "rowsWritten"] as const;

async function costsBeside(size: number) {
  await emptyTables();
  const meter = await createMeter();
  await seed(env.DB, size, meter.now());
  await drain(meter);
  // The seeded month leaves a search for what is pending behind, which goes on over some ticks.
  const idle = await idleTick(meter);
  const paid = add(Object.values(await happy(meter)));
  return { size, happy: paid, dollarsPerMillion: dollarsPerMillion(paid), idle };
}

interface Tick {
  readonly costs: Costs;
  readonly seconds: number;
}

/** A tick a minute, until one has nothing to do. */
async function drain(meter: Meter): Promise<Tick[]> {
  const ticks: Tick[] = [];
  for (let isDone = false; !isDone && ticks.length < MAX_TICKS; ) {
    const started = Date.now();
    const costs = await meter.measure(async () => {
      const { transactions, deliveries, refunds, changes } = await meter.system.tick();
      isDone = transactions + deliveries + refunds + changes === 0;
    });
    ticks.push({ costs, seconds: (Date.now() - started) / 1000 });
    meter.advance(MINUTE_MS);
  }
  return ticks;
}

/** So many unpaid payments whose next look is due, which the gateway says nothing new of. */
async function workOff() {
  await emptyTables();
  const meter = await createMeter();
  const { id } = await meter.create();
  const { results } = await env.DB.prepare("SELECT name FROM pragma_table_info('transactions')").all<{
    name: string;
  }>();
  const names = results.map(({ name }) => name);
  const changed: Readonly<Record<string, string>> = {
    id: "printf('txn_%026d', value)",
    order_id: "'order-' || value",
    next_check_at: String(meter.now()),
    expires_at: `expires_at + ${24 * 60 * MINUTE_MS}`,
  };
  await env.DB.prepare(
    `WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ${DUE})
    INSERT INTO transactions (${names.join()})
    SELECT ${names.map((name) => changed[name] ?? name).join()} FROM transactions, numbers WHERE id = ?`,
  )
    .bind(id)
    .run();
  const session = meter.system.gateway.session(id);
  for (let value = 1; value <= DUE; value += 1) {
    meter.system.gateway.sessions.set(`txn_${String(value).padStart(26, "0")}`, session);
  }
  const ticks = await untilNoneIsOverdue(meter);
  const [first] = ticks;
  if (!first) {
    throw new Error("nothing was due");
  }
  return {
    due: DUE,
    first: first.costs,
    firstSeconds: first.seconds,
    ticks: ticks.length,
    all: add(ticks.map(({ costs }) => costs)),
    seconds: ticks.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** Each payment once: the clock moves only so far that no second look is due. */
async function untilNoneIsOverdue(meter: Meter): Promise<Tick[]> {
  const ticks: Tick[] = [];
  for (let isDone = false; !isDone && ticks.length < MAX_TICKS; ) {
    const started = Date.now();
    const costs = await meter.measure(async () => {
      isDone = (await meter.system.tick()).transactions === 0;
    });
    if (!isDone) {
      ticks.push({ costs, seconds: (Date.now() - started) / 1000 });
    }
    meter.advance(1);
  }
  return ticks;
}

it("costs the same beside many payments as beside few", async () => {
  const sizes = [];
  for (const size of SIZES) {
    sizes.push(await costsBeside(size));
  }
  const backlog = await workOff();
  console.log(`bench-growth ${JSON.stringify({ sizes, backlog })}`);
  const [few, many] = sizes;
  for (const name of NAMES) {
    expect(many?.happy[name], name).toBeLessThanOrEqual((few?.happy[name] ?? 0) * 1.1);
  }
  expect(backlog.ticks).toBeLessThan(MAX_TICKS);
});
