/**
 * Figures of payments in numbers that add up: counts, sums and histograms for each gateway. Pure; the cron adds facts,
 * the console adds rows of facts.
 */
import type { Status } from "../transactions/transaction.ts";

/** Upper bounds in milliseconds; one more class holds what is above the last. */
export const TIME_TO_PAID_BOUNDS = [
  10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 86_400_000,
] as const;
/** The same for webhooks on their way to us. */
export const WEBHOOK_LAG_BOUNDS = [500, 1000, 2000, 5000, 10_000, 60_000, 600_000, 3_600_000] as const;
/** The same from the commit to the last watching socket. */
export const PUSH_BOUNDS = [10, 25, 50, 100, 250, 500, 1000, 5000] as const;

/** How an attempt ended, as far as is known. */
export type Ending = Extract<Status, "succeeded" | "failed" | "canceled" | "expired" | "review">;
export const ENDINGS = [
  "succeeded",
  "failed",
  "canceled",
  "expired",
  "review",
] as const satisfies readonly Ending[];

/** Minor units of one currency. */
export interface Money {
  readonly captured: number;
  readonly refunded: number;
}

/** One gateway's figures. Lists are histograms: a count for each class, those at the end left out while 0. */
export interface Figures {
  readonly ended: Readonly<Partial<Record<Ending, number>>>;
  readonly money: Readonly<Record<string, Money>>;
  readonly timeToPaid: readonly number[];
  readonly webhookLag: readonly number[];
  readonly push: readonly number[];
  /** By failure code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Verified webhooks by the position of the secret; "none" where no secret of ours verifies. */
  readonly secrets: Readonly<Record<string, number>>;
}

/** By gateway. */
export type Facts = Readonly<Record<string, Figures>>;

/** What one outgoing event adds; what it takes back of an ending before it, `withdrawEnding` does. */
export interface Fact {
  readonly gateway: string;
  readonly statusBefore: Status;
  readonly status: Status;
  readonly currency: string;
  /** What this event added, in minor units; a refund that failed after all takes away. */
  readonly captured: number;
  readonly refunded: number;
  readonly failureCode: string | null;
  /** From the creation to the payment; null where this is none. */
  readonly timeToPaidMs: number | null;
  /** Null where no webhook brought it, or it does not say when it happened. */
  readonly webhookLagMs: number | null;
  readonly pushMs: number | null;
  /** Null where no webhook brought it. */
  readonly secret: string | null;
}

export const NO_FIGURES: Figures = {
  ended: {},
  money: {},
  timeToPaid: [],
  webhookLag: [],
  push: [],
  failures: {},
  secrets: {},
};

/** More codes than these are one: a gateway may have any number. */
const MAX_CODES = 30;
const OTHER = "other";
/** Of a code, in characters: it is a gateway's own. */
const MAX_CODE = 60;

export function addFact(facts: Facts, fact: Fact): Facts {
  const before = facts[fact.gateway] ?? NO_FIGURES;
  return { ...facts, [fact.gateway]: addFigures(before, toFigures(fact)) };
}

/** What an attempt counted as before it went on: it counts as it stands last. */
export function withdrawEnding(facts: Facts, gateway: string, status: Status): Facts {
  return addFacts(facts, { [gateway]: { ...NO_FIGURES, ended: countOf(status, -1) } });
}

export function addFacts(one: Facts, other: Facts): Facts {
  const gateways = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...gateways].map((gateway) => [
      gateway,
      addFigures(one[gateway] ?? NO_FIGURES, other[gateway] ?? NO_FIGURES),
    ]),
  );
}

export function addFigures(one: Figures, other: Figures): Figures {
  return {
    ended: addCounts(one.ended, other.ended),
    money: addMoney(one.money, other.money),
    timeToPaid: addLists(one.timeToPaid, other.timeToPaid),
    webhookLag: addLists(one.webhookLag, other.webhookLag),
    push: addLists(one.push, other.push),
    failures: bound(addCounts<string>(one.failures, other.failures)),
    secrets: addCounts(one.secrets, other.secrets),
  };
}

/**
 * The bound that so much of a histogram lies under: the least that is known.
 * @param share 0.5 for the median, 0.95
 * @returns null where there is nothing; Infinity above the last bound
 */
export function quantile(
  histogram: readonly number[],
  bounds: readonly number[],
  share: number,
): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [index, count] of histogram.entries()) {
    seen += count;
    if (count > 0 && seen / total >= share) {
      return bounds[index] ?? Number.POSITIVE_INFINITY;
    }
  }
  return null;
}

/** Of those that ended, with an answer of the gateway or without: paid ones. Null where none ended. */
export function successRate({ ended }: Figures): number | null {
  const total = ENDINGS.reduce((sum, ending) => sum + (ended[ending] ?? 0), 0);
  return total > 0 ? (ended.succeeded ?? 0) / total : null;
}

function toFigures(fact: Fact): Figures {
  const { status, statusBefore, captured, refunded, currency, failureCode, secret } = fact;
  const moved = status !== statusBefore;
  return {
    ended: moved ? countOf(status, 1) : {},
    money: captured === 0 && refunded === 0 ? {} : { [currency]: { captured, refunded } },
    timeToPaid: toHistogram(fact.timeToPaidMs, TIME_TO_PAID_BOUNDS),
    webhookLag: toHistogram(fact.webhookLagMs, WEBHOOK_LAG_BOUNDS),
    push: toHistogram(fact.pushMs, PUSH_BOUNDS),
    failures:
      moved && status === "failed" && failureCode !== null ? { [failureCode.slice(0, MAX_CODE)]: 1 } : {},
    secrets: secret === null ? {} : { [secret]: 1 },
  };
}

function countOf(status: Status, count: number): Partial<Record<Ending, number>> {
  return ENDINGS.some((ending) => ending === status) ? { [status]: count } : {};
}

/** @param value milliseconds; negative by a clock of somebody else's, which is in the first class */
function toHistogram(value: number | null, bounds: readonly number[]): number[] {
  if (value === null) {
    return [];
  }
  const found = bounds.findIndex((bound) => value <= bound);
  const index = found === -1 ? bounds.length : found;
  return [...Array<number>(index).fill(0), 1];
}

type Counts<Name extends string> = Readonly<{ [Key in Name]?: number }>;

function addCounts<Name extends string>(one: Counts<Name>, other: Counts<Name>): Record<Name, number> {
  const names = new Set([...Object.keys(one), ...Object.keys(other)] as Name[]);
  const sums = [...names].map((name) => [name, countIn(one, name) + countIn(other, name)] as const);
  return Object.fromEntries(sums) as Record<Name, number>;
}

/** A gateway's code may be called as what every object has: "constructor". */
function countIn<Name extends string>(counts: Counts<Name>, name: Name): number {
  return Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0;
}

function addMoney(
  one: Readonly<Record<string, Money>>,
  other: Readonly<Record<string, Money>>,
): Record<string, Money> {
  const sums: Record<string, Money> = { ...one };
  for (const [currency, { captured, refunded }] of Object.entries(other)) {
    const before = sums[currency] ?? { captured: 0, refunded: 0 };
    sums[currency] = { captured: before.captured + captured, refunded: before.refunded + refunded };
  }
  return sums;
}

function addLists(one: readonly number[], other: readonly number[]): number[] {
  const longer = one.length >= other.length ? one : other;
  return longer.map((_, index) => (one[index] ?? 0) + (other[index] ?? 0));
}

function bound(counts: Record<string, number>): Record<string, number> {
  const entries = Object.entries(counts);
  if (entries.length <= MAX_CODES) {
    return counts;
  }
  const ranked = entries.filter(([code]) => code !== OTHER).sort(([, one], [, other]) => other - one);
  const rest = ranked.slice(MAX_CODES - 1).reduce((sum, [, count]) => sum + count, counts[OTHER] ?? 0);
  return { ...Object.fromEntries(ranked.slice(0, MAX_CODES - 1)), [OTHER]: rest };
}
