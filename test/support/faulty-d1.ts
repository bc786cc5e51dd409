/** A D1 binding in trouble: it throws before or after a call has had its effect, or never answers. */
import { env } from "cloudflare:workers";
import { createStore } from "../../src/store/store.ts";
import { replaceServices, type System } from "./system.ts";

export type Fault = "before" | "after" | "stall" | null;

/** Asked before each call, with the text of its statements. */
export type Decide = (queries: readonly string[]) => Fault;

/** Has what the store calls. @param message what it throws */
export function faultyD1(
  d1: D1Database,
  decide: Decide,
  message = "D1_ERROR: Network connection lost.",
): D1Database {
  const originals = new WeakMap<D1PreparedStatement, { statement: D1PreparedStatement; query: string }>();
  const call = async <T>(queries: readonly string[], work: () => Promise<T>): Promise<T> => {
    const fault = decide(queries);
    if (fault === "before") {
      throw new Error(message);
    }
    if (fault === "stall") {
      return new Promise<never>(() => undefined);
    }
    const result = await work();
    if (fault === "after") {
      throw new Error(message);
    }
    return result;
  };
  const wrap = (statement: D1PreparedStatement, query: string): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values), query),
      run: () => call([query], () => statement.run()),
      all: () => call([query], () => statement.all()),
      raw: () => call([query], () => statement.raw()),
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, { statement, query });
    return wrapped;
  };
  const faulty = {
    prepare: (query: string) => wrap(d1.prepare(query), query),
    batch: (statements: D1PreparedStatement[]) => {
      const known = statements.map((statement) => originals.get(statement) ?? { statement, query: "" });
      return call(
        known.map(({ query }) => query),
        () => d1.batch(known.map(({ statement }) => statement)),
      );
    },
  };
  return faulty as unknown as D1Database;
}

/** The first call that has such a statement fails so, no other. */
export function once(pattern: RegExp, fault: Fault): Decide {
  let due = true;
  return (queries) => {
    if (!due || !queries.some((query) => pattern.test(query))) {
      return null;
    }
    due = false;
    return fault;
  };
}

/** Faults by chance, the same for the same seed. @param chances of each call, from 0 to 1 together */
export function seededFaults(seed: number, chances: Readonly<Record<"before" | "after", number>>): Decide {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const drawn = state / 2 ** 32;
    return drawn < chances.before ? "before" : drawn < chances.before + chances.after ? "after" : null;
  };
}

export interface Trouble {
  /** How many calls have failed so far: a fault that never came proves nothing. */
  count(): number;
  end(): void;
}

/** Puts a system on a D1 that fails as `decide` says. @param deadlines in milliseconds, instead of the usual ones */
export function breakD1(
  system: System,
  decide: Decide,
  { message, deadlines }: { message?: string; deadlines?: Parameters<typeof createStore>[1] } = {},
): Trouble {
  const { store } = system.services;
  let faults = 0;
  const counted: Decide = (queries) => {
    const fault = decide(queries);
    faults += fault === null ? 0 : 1;
    return fault;
  };
  replaceServices(system, { store: createStore(faultyD1(env.DB, counted, message), deadlines) });
  return { count: () => faults, end: () => replaceServices(system, { store }) };
}
