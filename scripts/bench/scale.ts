/** What ten thousand payments a second would take, by simulation; and by counts what they write, keep and fill. */
import { ASSUMED, type Setup, type Simulated, simulate } from "./simulation.ts";

/** What a second of them asks of the rest, and how soon D1 is full. */
export interface Flow {
  readonly paymentsPerSecond: number;
  readonly workerRequests: number;
  readonly objectRequests: number;
  readonly rowsWritten: number;
  readonly gigabytesPerDay: number;
  /** Until 10 GB in each of so many databases. */
  readonly daysOfDatabases: number;
  readonly databases: number;
  /** Until the 1 TB of an account. */
  readonly daysOfAccount: number;
  /** For good, where the archive takes them after 180 days. */
  readonly databasePaymentsPerDay: number;
  readonly accountPaymentsPerSecond: number;
}

/** What the ticks of one minute do together, whatever the number of databases. */
export interface Cron {
  readonly looks: number;
  /** With as many looks as that, for good. */
  readonly paymentsPerSecond: number;
  /** That the looks of one minute of the goal take. */
  readonly minutesPerMinute: number;
}

export interface Scale {
  readonly simulated: readonly Simulated[];
  /** How many databases keep the worst below 70 %, by what a write takes. */
  readonly needed: readonly {
    readonly writeMs: number;
    readonly databases: number;
    readonly worst: number;
  }[];
  /** How many new orders a second an older database bears at 70 %, which is asked once for each. */
  readonly oldBears: number;
  readonly cron: Cron;
  readonly flow: Flow;
}

const GOAL = 10_000;
const FULL = 0.7;
/** For the cron, and because no share is quite fair. */
const MARGIN = 1.1;
/** For each paid and unpaid payment: test/figures/costs.test.ts and, the bytes, test/figures/scaling.test.ts. */
const PAID = { workerRequests: 4, objectRequests: 2, rowsWritten: 14, bytes: 2350 };
const UNPAID = { workerRequests: 1, objectRequests: 1, rowsWritten: 53, bytes: 2750 };
/** Of the cron, of an unpaid payment. */
const LOOKS = 9;
/** A minute: src/worker.ts. */
const TICKS = 32;
/** https://developers.cloudflare.com/d1/platform/limits/ */
const DATABASE_BYTES = 10e9;
const ACCOUNT_BYTES = 1e12;
const ARCHIVED_DAYS = 180;
const SECONDS_OF_DAY = 24 * 60 * 60;

/** @param note is told what is under way */
export function measureScale(note: (text: string) => void): Scale {
  const run = (changes: Partial<Setup>) => {
    const setup: Setup = {
      ...ASSUMED,
      ...{ paymentsPerSecond: GOAL, databases: 1, growth: "together" },
      ...changes,
    };
    const { paymentsPerSecond, databases, writeMs, growth } = setup;
    note(`${paymentsPerSecond}/s over ${databases}, a write ${writeMs} ms, ${growth}`);
    return simulate(setup);
  };
  const needed = [2, ASSUMED.writeMs, 10].map((writeMs) => {
    const found = leastDatabases(writeMs, run);
    return { writeMs, databases: found.databases, worst: found.worst, found };
  });
  const enough = needed.find(({ writeMs }) => writeMs === ASSUMED.writeMs)?.found;
  const databases = enough?.databases ?? 1;
  const simulated = [
    run({ paymentsPerSecond: 3, databases: 1 }),
    run({ paymentsPerSecond: 30, databases: 1 }),
    run({ paymentsPerSecond: 550, databases: 20 }),
    run({ paymentsPerSecond: 880, databases: 32 }),
    run({ paymentsPerSecond: 600, databases: 32, growth: "grown" }),
    run({ databases: Math.round(databases / 2) }),
    ...(enough ? [enough] : []),
    run({ databases: databases * 2 }),
    run({ databases, growth: "grown" }),
  ];
  return {
    simulated,
    needed: needed.map(({ found: _found, ...one }) => one),
    oldBears: Math.round((FULL * 1000) / ASSUMED.readMs),
    cron: toCron(enough?.looks.done ?? 0),
    flow: toFlow(databases),
  };
}

/** From a little more than the requests alone take, up by a twentieth each time, until the worst is at most 70 % busy. */
function leastDatabases(writeMs: number, run: (changes: Partial<Setup>) => Simulated): Simulated {
  const { unpaidShare, readMs } = ASSUMED;
  const workMs = (1 - unpaidShare) * (4 * writeMs + 4 * readMs) + unpaidShare * (2 * writeMs + 2 * readMs);
  let found = run({ writeMs, databases: Math.ceil((GOAL * workMs * MARGIN) / 1000 / FULL) });
  while (found.worst > FULL) {
    found = run({ writeMs, databases: Math.ceil(found.databases * 1.05) });
  }
  return found;
}

function toCron(looksOfTick: number): Cron {
  const looks = looksOfTick * TICKS;
  const ofPayment = ASSUMED.unpaidShare * LOOKS;
  return {
    looks,
    paymentsPerSecond: looks / 60 / ofPayment,
    minutesPerMinute: (GOAL * 60 * ofPayment) / looks,
  };
}

function toFlow(databases: number): Flow {
  const { unpaidShare } = ASSUMED;
  const perSecond = (name: keyof typeof PAID) =>
    Math.round(GOAL * (PAID[name] * (1 - unpaidShare) + UNPAID[name] * unpaidShare));
  const bytesPerDay = perSecond("bytes") * SECONDS_OF_DAY;
  return {
    ...{ paymentsPerSecond: GOAL, databases },
    workerRequests: perSecond("workerRequests"),
    objectRequests: perSecond("objectRequests"),
    rowsWritten: perSecond("rowsWritten"),
    gigabytesPerDay: bytesPerDay / 1e9,
    daysOfDatabases: (databases * DATABASE_BYTES) / bytesPerDay,
    daysOfAccount: ACCOUNT_BYTES / bytesPerDay,
    databasePaymentsPerDay: (DATABASE_BYTES / perSecond("bytes")) * (GOAL / ARCHIVED_DAYS),
    accountPaymentsPerSecond: (ACCOUNT_BYTES / bytesPerDay) * (GOAL / ARCHIVED_DAYS),
  };
}
