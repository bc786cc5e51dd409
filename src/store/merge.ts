/** Answers of several databases as one. Pure. */
import { databaseOf } from "../lib/id.ts";
import type { ListedDelivery, OwedPlace } from "./deliveries.ts";
import type { InboxKey } from "./inbox.ts";
import type { Found } from "./search.ts";
import type { GatewayHealthRow } from "./statistics.ts";
import { type Count, MAX_COUNTED, type Overview } from "./timeline.ts";

/** By id, whose order is time's. */
export function mergeNewest<T extends { readonly id: string }>(answers: readonly (readonly T[])[]): T[] {
  return answers.flat().sort((one, other) => (one.id < other.id ? 1 : -1));
}

/** What one has not looked through yet may hold newer ones than what another has found: it is left for the next page. */
export function mergeFound(
  answers: readonly (Pick<Found, "transactions" | "next"> & Partial<Found>)[],
  limit: number,
): Found {
  const [horizon] = answers
    .filter(({ next }) => next !== null)
    .sort((one, other) => compare(other.next, one.next));
  const seen = mergeNewest(answers.map(({ transactions }) => transactions)).filter(
    ({ id }) => horizon === undefined || id >= (horizon.next ?? ""),
  );
  if (seen.length > limit) {
    const transactions = seen.slice(0, limit);
    return { transactions, next: transactions.at(-1)?.id ?? null, lookedBackTo: null };
  }
  const lookedBackTo = seen.length < limit ? (horizon?.lookedBackTo ?? null) : null;
  return { transactions: seen, next: horizon?.next ?? null, lookedBackTo };
}

/**
 * By time, as far as each keeps its own order: a place is the last position of each, and nothing before it may be left
 * out. Times were taken before the commits, so they are not in the order of positions.
 * @param isBefore whether the first one comes first
 */
export function mergeInOrder<T>(
  answers: readonly (readonly T[])[],
  isBefore: (one: T, other: T) => boolean,
  limit: number,
): T[] {
  const queues = answers.map((answer) => [...answer]);
  const merged: T[] = [];
  while (merged.length < limit) {
    const [next] = queues
      .filter(([head]) => head !== undefined)
      .sort(([one], [other]) => (isBefore(one as T, other as T) ? -1 : 1));
    const head = next?.shift();
    if (head === undefined) {
      return merged;
    }
    merged.push(head);
  }
  return merged;
}

/** Newest transactions first, as each database has them. */
export function mergeInbox<T extends InboxKey>(answers: readonly (readonly T[])[], limit: number): T[] {
  return answers
    .flat()
    .sort(
      (one, other) =>
        compare(other.transactionId, one.transactionId) ||
        compare(other.gateway, one.gateway) ||
        compare(other.eventId, one.eventId),
    )
    .slice(0, limit);
}

/** The longest due first; of one time and one position, by database. */
export function mergeOwed(answers: readonly (readonly ListedDelivery[])[], limit: number): ListedDelivery[] {
  return answers
    .flat()
    .sort(
      (one, other) =>
        (one.nextAttemptAt ?? 0) - (other.nextAttemptAt ?? 0) ||
        one.position - other.position ||
        databaseOf(one.transactionId) - databaseOf(other.transactionId),
    )
    .slice(0, limit);
}

/** Where a database goes on: one behind the last row's also with its row of the same time and position. */
export function owedPlaceIn(after: OwedPlace | undefined, database: number): OwedPlace | undefined {
  return after && database > after.database ? { ...after, position: after.position - 1 } : after;
}

export function addCounts(counts: readonly Count[]): Count {
  const value = counts.reduce((sum, count) => sum + count.value, 0);
  return {
    value: Math.min(value, MAX_COUNTED),
    more: value > MAX_COUNTED || counts.some(({ more }) => more),
  };
}

export function mergeOverviews(overviews: readonly Overview[]): Overview {
  const counted = (name: "review" | "parked" | "dead" | "silent") =>
    addCounts(overviews.map((overview) => overview[name]));
  const [oldestPending = null] = overviews
    .flatMap(({ oldestPending }) => oldestPending ?? [])
    .sort((one, other) => compare(one.id, other.id));
  return {
    ...{
      review: counted("review"),
      parked: counted("parked"),
      dead: counted("dead"),
      silent: counted("silent"),
    },
    oldestPending,
    overdueSince: earliest(overviews.map(({ overdueSince }) => overdueSince)),
    lastTick: earliest(overviews.map(({ lastTick }) => lastTick)),
    countedUntil: earliest(overviews.map(({ countedUntil }) => countedUntil)),
    figures: overviews.flatMap(({ figures }) => figures),
  };
}

/** Of each gateway the last good and the last refused webhook, wherever they were written down. */
export function mergeHealth(rows: readonly GatewayHealthRow[]): GatewayHealthRow[] {
  const merged = new Map<string, GatewayHealthRow>();
  for (const row of rows) {
    const before = merged.get(row.gateway) ?? row;
    const { goodAt, goodSecret, skewMs } = (row.goodAt ?? 0) > (before.goodAt ?? 0) ? row : before;
    const { badAt, badReason } = (row.badAt ?? 0) > (before.badAt ?? 0) ? row : before;
    merged.set(row.gateway, { gateway: row.gateway, goodAt, goodSecret, skewMs, badAt, badReason });
  }
  return [...merged.values()];
}

/** Null where nobody knows one. */
export function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

function compare(one: string | null, other: string | null): number {
  return one === other ? 0 : (one ?? "") < (other ?? "") ? -1 : 1;
}
