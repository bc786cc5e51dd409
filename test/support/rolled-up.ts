/** What the cron has counted, and what it should have: the books of the events themselves, added up one by one. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { parseFacts, rollUp, SPAN_MS } from "../../src/operations/roll-up.ts";
import { addFacts, ENDINGS, type Facts, type Figures, NO_FIGURES } from "../../src/operations/statistics.ts";
import type { Span } from "../../src/store/statistics.ts";
import { dumpD1 } from "./invariants.ts";
import type { System } from "./system.ts";

/** Older than what may still be on its way. */
export const SETTLED_MS = 31_000;

/** Rolls up until nothing is left. @returns how often that took */
export async function rollUpAll({ services }: System): Promise<number> {
  for (let rounds = 1; ; rounds += 1) {
    if (!(await rollUp(services))) {
      return rounds;
    }
  }
}

/** By the start of each span. */
export async function countedBy({ services }: System, span: Span): Promise<Map<number, Facts>> {
  const rows = await services.store.listStatistics(span, 0);
  return new Map(rows.map((row) => [row.start, parseFacts(row)]));
}

export async function totalOf(system: System, span: Span = "day"): Promise<Facts> {
  return [...(await countedBy(system, span)).values()].reduce<Facts>(addFacts, {});
}

export async function figuresOf(system: System, gateway = "generic"): Promise<Figures> {
  return (await totalOf(system))[gateway] ?? NO_FIGURES;
}

interface Book {
  /** How they stand last. */
  readonly ended: Record<string, number>;
  captured: number;
  refunded: number;
  paid: number;
}

/** Of what is in D1, by the start of each span: when each came to where it is, and when its money moved. */
async function booksBy(span: Span): Promise<Map<number, Book>> {
  const { events } = await dumpD1();
  const { results } = await env.DB.prepare(
    "SELECT transaction_id, version, occurred_at, amount_refunded FROM events",
  ).all<{ transaction_id: string; version: number; occurred_at: number; amount_refunded: number }>();
  const more = new Map(results.map((row) => [`${row.transaction_id} ${row.version}`, row]));
  const books = new Map<number, Book>();
  const bookAt = (at: number): Book => {
    const start = at - (at % SPAN_MS[span]);
    const book = books.get(start) ?? { ended: {}, captured: 0, refunded: 0, paid: 0 };
    books.set(start, book);
    return book;
  };
  for (const history of Map.groupBy(events, (event) => event.transaction_id).values()) {
    const told = history.map((event) => ({
      ...event,
      ...more.get(`${event.transaction_id} ${event.version}`),
    }));
    const last = told.findLast((event) => event.status !== event.status_before);
    if (last && ENDINGS.some((ending) => ending === last.status)) {
      const { ended } = bookAt(last.occurred_at ?? 0);
      ended[last.status] = (ended[last.status] ?? 0) + 1;
    }
    let [captured, refunded] = [0, 0];
    for (const event of told.filter(({ status }) => status === "succeeded")) {
      const book = bookAt(event.occurred_at ?? 0);
      book.paid += event.status_before === "succeeded" ? 0 : 1;
      book.captured += event.amount_captured - captured;
      book.refunded += (event.amount_refunded ?? 0) - refunded;
      [captured, refunded] = [event.amount_captured, event.amount_refunded ?? 0];
    }
  }
  return books;
}

const isSomething = (value: number) => value !== 0;
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function toBook({ ended, money, timeToPaid }: Figures): Book {
  const sums = Object.values(money);
  return {
    ended: Object.fromEntries(Object.entries(ended).filter(([, count]) => isSomething(count))),
    captured: sum(sums.map(({ captured }) => captured)),
    refunded: sum(sums.map(({ refunded }) => refunded)),
    paid: sum(timeToPaid),
  };
}

/** What was counted is what happened, in each hour, six hours and day: for one gateway and one currency. */
export async function expectCounted(system: System): Promise<void> {
  for (const span of Object.keys(SPAN_MS) as Span[]) {
    const counted = await countedBy(system, span);
    const books = [...counted].map(([start, { generic = NO_FIGURES }]) => [start, toBook(generic)] as const);
    const isFull = ([, { ended, ...rest }]: readonly [number, Book]) =>
      Object.keys(ended).length > 0 || Object.values(rest).some(isSomething);
    expect(new Map(books.filter(isFull)), span).toEqual(new Map([...(await booksBy(span))].filter(isFull)));
  }
}
