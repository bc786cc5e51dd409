/**
 * Counts what has happened since the last time, each outgoing event once, in the order of commit, so that the console
 * never looks through all payments.
 */
import type { Services } from "../services.ts";
import type { Span, StatisticsRow } from "../store/statistics.ts";
import { addFact, addFacts, type Fact, type Facts, withdrawEnding } from "./statistics.ts";

/** Lengths of the spans in milliseconds; they begin at multiples of them. */
export const SPAN_MS: Readonly<Record<Span, number>> = {
  hour: 60 * 60_000,
  quarter: 6 * 60 * 60_000,
  day: 24 * 60 * 60_000,
};
const SPANS = Object.keys(SPAN_MS) as Span[];

/** So many events at once, in so many spans: each is a row to read and to write. */
const MAX_EVENTS = 500;
const MAX_PLACES = 60;
/** A younger one may still be on its way to the shop and to browsers, and what that took is counted too. */
const SETTLED_MS = 30_000;

type Uncounted = Awaited<ReturnType<Services["store"]["readUncounted"]>>["uncounted"][number];

/** @returns whether there is more to count */
export async function rollUp(services: Services): Promise<boolean> {
  const { store, wallClock, now } = services;
  const { position, uncounted, pendingFrom, isMoved } = await store.readUncounted(MAX_EVENTS, wallClock());
  const fresh = uncounted.findIndex(({ owedAt }) => owedAt > now() - SETTLED_MS);
  const settled = fresh === -1 ? uncounted : uncounted.slice(0, fresh);
  const { counted, events } = countBySpan(settled);
  if (events.length === 0 && !isMoved) {
    return false;
  }
  const before = await store.readStatistics(
    [...counted.values()].map(({ span, start }) => ({ span, start })),
  );
  const known = new Map(before.map((row) => [placeOf(row), parseFacts(row)]));
  await store.writeStatistics({
    from: position,
    to: events.at(-1)?.position ?? position,
    pendingFrom,
    rows: [...counted].map(([place, { span, start, facts }]) => {
      const sum = addFacts(known.get(place) ?? {}, facts);
      return { span, start, facts: JSON.stringify(sum) };
    }),
    good: lastWebhooks(events),
    now: wallClock(),
  });
  return events.length < settled.length || settled.length === MAX_EVENTS;
}

export function parseFacts({ facts }: Pick<StatisticsRow, "facts">): Facts {
  return JSON.parse(facts) as Facts;
}

type Counted = Omit<StatisticsRow, "facts"> & { readonly facts: Facts };

function placeOf({ span, start }: Omit<StatisticsRow, "facts">): string {
  return `${span} ${start}`;
}

/** Counts as many as fit into the spans that are written at once. */
function countBySpan(uncounted: readonly Uncounted[]) {
  const counted = new Map<string, Counted>();
  const add = (at: number, addTo: (facts: Facts) => Facts) => {
    for (const span of SPANS) {
      const start = at - (at % SPAN_MS[span]);
      const place = placeOf({ span, start });
      counted.set(place, { span, start, facts: addTo(counted.get(place)?.facts ?? {}) });
    }
  };
  for (const [index, event] of uncounted.entries()) {
    const { gateway, statusBefore, occurredAt, movedBeforeAt } = event;
    if (counted.size > MAX_PLACES - 2 * SPANS.length) {
      return { counted, events: uncounted.slice(0, index) };
    }
    add(occurredAt, (facts) => addFact(facts, toFact(event)));
    if (movedBeforeAt !== null) {
      // Where it was counted: no span takes back what it has not brought.
      add(movedBeforeAt, (facts) => withdrawEnding(facts, gateway, statusBefore));
    }
  }
  return { counted, events: uncounted };
}

function toFact(event: Uncounted): Fact {
  const { gateway, statusBefore, status, currency, occurredAt, receivedAt, reportedAt } = event;
  const isPaid = status === "succeeded";
  const brought = isWebhook(event) && !event.isFollower;
  return {
    ...{ gateway, statusBefore, status, currency },
    captured: isPaid ? event.captured - event.capturedBefore : 0,
    refunded: isPaid ? event.refunded - event.refundedBefore : 0,
    failureCode: status === "failed" ? event.reason : null,
    timeToPaidMs: isPaid && statusBefore !== "succeeded" ? occurredAt - event.createdAt : null,
    webhookLagMs: brought && receivedAt !== null && reportedAt !== null ? receivedAt - reportedAt : null,
    pushMs: event.pushedMs,
    secret: brought ? String(event.secret ?? "none") : null,
  };
}

function isWebhook({ source, webhookId }: Uncounted): boolean {
  return source === "webhook" && webhookId !== null;
}

/** By gateway, the one that came in last. */
function lastWebhooks(events: readonly Uncounted[]) {
  const byTime = events
    .filter(isWebhook)
    .sort((one, other) => (one.receivedAt ?? 0) - (other.receivedAt ?? 0));
  const last = new Map(
    byTime.map(({ gateway, receivedAt: goodAt, secret: goodSecret, signedAt }) => {
      const skewMs = goodAt !== null && signedAt !== null ? signedAt - goodAt : null;
      return [gateway, { gateway, goodAt, goodSecret, skewMs }] as const;
    }),
  );
  return [...last.values()];
}
