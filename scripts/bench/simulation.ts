/**
 * A minute of so many payments a second, simulated call by call: each D1 database answers one call at a time, orders
 * are placed by the real `homeOf`, and a payment makes the calls that test/figures counts. Of many databases a fair
 * sample is simulated, with its share of the payments; what the others ask an older one comes on top.
 */
import { homeOf, parseLayout } from "../../src/store/layout.ts";
import { quantile } from "./quantile.ts";
import {
  arrive,
  type Calendar,
  type Chance,
  createCalendar,
  createChance,
  createServer,
  type Server,
} from "./queueing.ts";

/**
 * How the databases came: all of them from the first day on, or after an older one that was alone and is closed now.
 * That one is asked once for each new order: test/figures/scaling.test.ts.
 */
export type Growth = "together" | "grown";

export interface Setup {
  readonly paymentsPerSecond: number;
  /** Those that are open to new orders. */
  readonly databases: number;
  readonly growth: Growth;
  /** The mean of a call that reads, and of a batch that writes. */
  readonly readMs: number;
  readonly writeMs: number;
  /** Of all payments, those that nobody makes. */
  readonly unpaidShare: number;
  /** How long a gateway takes to answer. */
  readonly gatewayMs: number;
  readonly seed: number;
}

/**
 * Reads: "if your average query takes 1 ms, approximately 1,000 queries per second"; writes: "several milliseconds",
 * both from https://developers.cloudflare.com/d1/platform/limits/. The rest is assumed.
 */
export const ASSUMED = { readMs: 1, writeMs: 5, unpaidShare: 0.1, gatewayMs: 300, seed: 1 } as const;

export interface Times {
  readonly p50: number;
  readonly p99: number;
}

export interface Simulated extends Setup {
  /** Shares of a minute that they are busy. */
  readonly mean: number;
  readonly worst: number;
  /** The older one. */
  readonly old: number | null;
  /** In D1, waiting included; milliseconds. */
  readonly create: Times;
  readonly webhook: Times;
  /** Calls that wait or are answered, in the fullest of the open ones. */
  readonly longestQueue: number;
  /** Of a tick of the cron in one database, which comes every so many minutes. */
  readonly looks: { readonly due: number; readonly done: number; readonly everyMinutes: number };
  /** In the sample, over the whole time. */
  readonly payments: number;
  readonly calls: number;
}

const SAMPLE = 20;
const WARM_UP_MS = 15_000;
/** Within the measured minute. */
const TICK_AT_MS = 20_000;
const END_MS = 75_000;
/** How long a buyer takes here: what a minute amounts to does not depend on it. */
const BUYER_MS = 4000;
const SHOP_MS = 100;
/** As src/jobs/run-tick.ts has it; of looks that find nothing new, by the growth bench. */
const TICK = { parallel: 3, budgetMs: 20_000, looks: 770 };
/** That have a tick in one minute, beside the first: src/worker.ts. */
const OTHER_TICKS = 31;
/** Of an unpaid payment by the cron: test/figures/costs.test.ts. */
const UNPAID = { looks: 9, calls: 14 };

/** "elsewhere": where the gateway's reference belongs, webhooks that name nothing else may wait. */
type Step = "read" | "write" | "ask the old one" | "ask elsewhere" | { readonly pauseMs: number };

export function simulate(setup: Setup): Simulated {
  const calendar = createCalendar();
  const chance = createChance(setup.seed);
  const open = (): Server => createServer(calendar, WARM_UP_MS, END_MS);
  const servers = Array.from({ length: Math.min(SAMPLE, setup.databases) }, open);
  const old = setup.growth === "grown" ? open() : null;
  // The first name is always DB's, which is closed here.
  const layout = parseLayout(`DB; 2000-01-01 ${servers.map((_, index) => `DB_${index + 1}`).join(" ")}`);
  const walk = createWalk(setup, { calendar, chance, servers, old });
  const spent: Spent = { create: [], webhook: [] };
  const share = servers.length / setup.databases;
  let payments = 0;
  arrive(calendar, chance, setup.paymentsPerSecond * share, (index) => {
    const home = servers[homeOf(layout, `order-${index}`, Date.UTC(2026, 0, 1)) - 1];
    payments += 1;
    if (home) {
      makePayment(setup, { calendar, chance, walk, home }, spent);
    }
  });
  arrive(calendar, chance, old ? setup.paymentsPerSecond * (1 - share) : 0, () =>
    old?.call(chance.exponential(setup.readMs), () => undefined),
  );
  const looks = { ...dueLooks(setup), done: 0 };
  const ticking = servers.filter((_, index) => index % looks.everyMinutes === 0);
  calendar.after(TICK_AT_MS, () => {
    for (const home of ticking) {
      tick(setup, { calendar, chance, walk, home }, looks);
    }
  });
  calendar.runUntil(END_MS);
  const ofTick = { ...looks, done: Math.round(looks.done / ticking.length) };
  const busy = { ...summarize(servers, spent), old: old?.utilisation() ?? null };
  return { ...setup, ...busy, payments, looks: ofTick };
}

interface Room {
  readonly calendar: Calendar;
  readonly chance: Chance;
  readonly walk: Walk;
  readonly home: Server;
}

interface Spent {
  readonly create: number[];
  readonly webhook: number[];
}

type Walk = (home: Server, steps: readonly Step[], done: (spentMs: number) => void) => void;

interface Databases {
  readonly calendar: Calendar;
  readonly chance: Chance;
  readonly servers: readonly Server[];
  readonly old: Server | null;
}

/** One step after the other; what is spent is the time in D1. */
function createWalk(
  { databases, readMs, writeMs }: Setup,
  { calendar, chance, servers, old }: Databases,
): Walk {
  const serverOf = (home: Server, step: Step): Server | null => {
    if (step === "ask the old one") {
      return old;
    }
    if (step !== "ask elsewhere") {
      return home;
    }
    const others = servers.filter((server) => server !== home);
    // It belongs to one of all databases, and that may be the payment's own.
    return chance.next() < 1 / databases ? null : (others[Math.floor(chance.next() * others.length)] ?? null);
  };
  const walk = (home: Server, steps: readonly Step[], done: (spentMs: number) => void, soFar = 0): void => {
    const [step, ...rest] = steps;
    const next = (ms: number) => walk(home, rest, done, soFar + ms);
    if (step === undefined) {
      done(soFar);
    } else if (typeof step === "object") {
      calendar.after(step.pauseMs, () => next(0));
    } else {
      const server = serverOf(home, step);
      const mean = step === "write" ? writeMs : readMs;
      server ? server.call(chance.exponential(mean), next) : next(0);
    }
  };
  return walk;
}

function makePayment(
  { unpaidShare, gatewayMs }: Setup,
  { calendar, chance, walk, home }: Room,
  spent: Spent,
): void {
  const keep = (kind: "create" | "webhook") => (ms: number) => {
    if (calendar.now() >= WARM_UP_MS) {
      spent[kind].push(ms);
    }
  };
  const create: Step[] = ["ask the old one", "write", { pauseMs: gatewayMs }, "write", "ask elsewhere"];
  walk(home, create, (createMs) => {
    keep("create")(createMs);
    walk(home, ["read"], () => undefined);
    if (chance.next() < unpaidShare) {
      return;
    }
    calendar.after(chance.exponential(BUYER_MS), () =>
      walk(home, ["read", "write"], (webhookMs) => {
        keep("webhook")(webhookMs);
        walk(home, [{ pauseMs: SHOP_MS }, "write"], () => undefined);
        walk(home, ["read"], () => undefined);
      }),
    );
  });
}

/** Of the unpaid payments of the days before, by now as many a minute as are made, since the tick before. */
function dueLooks({ paymentsPerSecond, databases, growth, unpaidShare }: Setup) {
  const others = databases - (growth === "grown" ? 0 : 1);
  const everyMinutes = Math.max(1, Math.ceil(others / OTHER_TICKS));
  const perMinute = ((paymentsPerSecond * unpaidShare) / databases) * 60 * UNPAID.looks;
  return { due: Math.round(perMinute * everyMinutes), everyMinutes };
}

/** The cron's tick in one database: it looks at what is due, until its time or its statements are spent. */
function tick(
  { gatewayMs }: Setup,
  { calendar, walk, home }: Room,
  looks: { readonly due: number; done: number },
): void {
  const started = calendar.now();
  let begun = 0;
  let owed = 0;
  const work = () => {
    if (begun >= Math.min(looks.due, TICK.looks) || calendar.now() - started > TICK.budgetMs) {
      return;
    }
    begun += 1;
    owed += UNPAID.calls / UNPAID.looks;
    const writes = Array.from({ length: Math.floor(owed) }, () => "write" as const);
    owed -= writes.length;
    walk(home, [{ pauseMs: gatewayMs }, ...writes], () => {
      looks.done += 1;
      work();
    });
  };
  for (let count = 0; count < TICK.parallel; count += 1) {
    work();
  }
}

function summarize(servers: readonly Server[], spent: Spent) {
  const busy = servers.map((server) => server.utilisation());
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const toTimes = (values: readonly number[]): Times => ({
    p50: quantile(values, 0.5),
    p99: quantile(values, 0.99),
  });
  return {
    ...{ mean: sum(busy) / busy.length, worst: Math.max(...busy) },
    ...{ create: toTimes(spent.create), webhook: toTimes(spent.webhook) },
    longestQueue: Math.max(...servers.map(({ counts }) => counts.longest)),
    calls: sum(servers.map(({ counts }) => counts.arrived)),
  };
}
