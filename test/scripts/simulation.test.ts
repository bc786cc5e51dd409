/** The simulation behind SCALING.md against the theory of queues, and what goes into it against what comes out. */
import { describe, expect, it } from "vitest";
import { arrive, createCalendar, createChance, createServer } from "../../scripts/bench/queueing.ts";
import { ASSUMED, type Setup, simulate } from "../../scripts/bench/simulation.ts";

const SERVICE_MS = 10;
const BUSY = 0.7;
const END_MS = 4_000_000;

/** One server, asked at random so often that it is busy for so much of the time. */
function queue(service: (exponential: (mean: number) => number) => number) {
  const calendar = createCalendar();
  const chance = createChance(7);
  const server = createServer(calendar, 0, END_MS);
  const spent: number[] = [];
  arrive(calendar, chance, (BUSY * 1000) / SERVICE_MS, () =>
    server.call(service(chance.exponential), (spentMs) => spent.push(spentMs)),
  );
  calendar.runUntil(END_MS);
  const mean = spent.reduce((sum, one) => sum + one, 0) / spent.length;
  return { server, spent, mean };
}

describe("a server", () => {
  it("keeps its callers waiting as long as the theory of M/D/1 says", () => {
    const { server, mean } = queue(() => SERVICE_MS);
    const waiting = (BUSY * SERVICE_MS) / (2 * (1 - BUSY));
    expect(server.utilisation()).toBeCloseTo(BUSY, 2);
    expect(Math.abs(mean / (SERVICE_MS + waiting) - 1)).toBeLessThan(0.03);
  });

  it("and as that of M/M/1 says, the slowest hundredth too", () => {
    const { server, spent, mean } = queue((exponential) => exponential(SERVICE_MS));
    const expected = SERVICE_MS / (1 - BUSY);
    const p99 = spent.toSorted((one, other) => one - other)[Math.floor(spent.length * 0.99)] ?? 0;
    expect(server.utilisation()).toBeCloseTo(BUSY, 2);
    expect(Math.abs(mean / expected - 1)).toBeLessThan(0.03);
    expect(Math.abs(p99 / (-Math.log(0.01) * expected) - 1)).toBeLessThan(0.06);
  });

  it("answers each call once, in the order that they came", () => {
    const calendar = createCalendar();
    const server = createServer(calendar, 0, 100);
    const answered: string[] = [];
    calendar.after(5, () => server.call(10, (ms) => answered.push(`third ${ms} ${calendar.now()}`)));
    server.call(20, (ms) => answered.push(`first ${ms} ${calendar.now()}`));
    server.call(1, (ms) => answered.push(`second ${ms} ${calendar.now()}`));
    calendar.runUntil(100);
    expect(answered).toEqual(["first 20 20", "second 21 21", "third 26 31"]);
    expect(server.counts).toEqual({ arrived: 3, answered: 3, present: 0, longest: 3 });
    expect(server.utilisation()).toBeCloseTo(0.31, 10);
  });
});

describe("simulate", () => {
  const setup: Setup = {
    ...ASSUMED,
    ...{ paymentsPerSecond: 80, databases: 4, growth: "together", unpaidShare: 0 },
  };
  /** What a payment takes of the database that it is in. */
  const workMs = 4 * setup.writeMs + 3 * setup.readMs;
  const isNear = (found: number, expected: number) => Math.abs(found / expected - 1) < 0.05;

  it("loses no call: seven of each payment, one more where its reference is elsewhere, and their time", () => {
    const { calls, payments, mean, old } = simulate(setup);
    const elsewhere = 1 - 1 / setup.databases;
    // Those of the last seconds are still under way.
    expect(calls / payments).toBeGreaterThan((7 + elsewhere) * 0.95);
    expect(calls / payments).toBeLessThanOrEqual(7 + elsewhere + 0.01);
    const busy = ((setup.paymentsPerSecond / setup.databases) * (workMs + elsewhere * setup.readMs)) / 1000;
    expect(isNear(mean, busy)).toBe(true);
    expect(old).toBeNull();
  });

  it("asks nothing elsewhere where there is one database", () => {
    const { calls, payments } = simulate({ ...setup, paymentsPerSecond: 20, databases: 1 });
    expect(calls / payments).toBeGreaterThan(7 * 0.95);
    expect(calls / payments).toBeLessThanOrEqual(7);
  });

  it("says the same for the same seed", () => {
    expect(simulate(setup)).toEqual(simulate(setup));
    expect(simulate({ ...setup, seed: 2 })).not.toEqual(simulate(setup));
  });

  it("spreads what is asked elsewhere, so that none of many is busier for it", () => {
    const { mean, worst } = simulate({ ...setup, databases: 200, paymentsPerSecond: 4000 });
    expect(isNear(mean, (20 * (workMs + setup.readMs)) / 1000)).toBe(true);
    expect(worst / mean).toBeLessThan(1.15);
  });

  it("asks an older database once for each order, of those outside the sample too", () => {
    const many: Setup = { ...setup, databases: 200, paymentsPerSecond: 400 };
    const [alone, grown] = [simulate(many), simulate({ ...many, growth: "grown" })];
    expect(isNear(grown.old ?? 0, (many.paymentsPerSecond * many.readMs) / 1000)).toBe(true);
    expect(isNear(grown.mean, alone.mean)).toBe(true);
    expect(grown.create.p50).toBeGreaterThan(alone.create.p50);
  });

  it("has a tick of the cron stop at its budget, and no sooner", () => {
    const few = simulate({ ...setup, paymentsPerSecond: 4, unpaidShare: 0.1 });
    expect(few.looks).toEqual({ due: 54, done: 54, everyMinutes: 1 });
    const many = simulate({ ...setup, paymentsPerSecond: 80, unpaidShare: 0.1 });
    expect(many.looks.due).toBe(1080);
    // Three at once for 20 s, of a little more than 300 ms each.
    expect(many.looks.done).toBeGreaterThan(150);
    expect(many.looks.done).toBeLessThanOrEqual(203);
  });

  it("has the ticks of more than 32 databases come in turn, to what has come due since", () => {
    const looksOf = (databases: number, growth: Setup["growth"] = "together") =>
      simulate({ ...setup, growth, databases, paymentsPerSecond: databases, unpaidShare: 0.1 }).looks;
    expect(looksOf(32)).toEqual({ due: 54, done: 54, everyMinutes: 1 });
    expect(looksOf(32, "grown").everyMinutes).toBe(2);
    expect(looksOf(63)).toEqual({ due: 108, done: 108, everyMinutes: 2 });
    expect(looksOf(64).everyMinutes).toBe(3);
  });
});
