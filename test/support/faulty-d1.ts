/** A D1 binding in trouble: it throws before or after a call has had its effect, or never answers. */
import { env } from "cloudflare:workers";
import { aroundD1 } from "../../src/store/around-d1.ts";
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
  return aroundD1(d1, async (queries, call) => {
    const fault = decide(queries);
    if (fault === "before") {
      throw new Error(message);
    }
    if (fault === "stall") {
      return new Promise<never>(() => undefined);
    }
    const result = await call();
    if (fault === "after") {
      throw new Error(message);
    }
    return result;
  });
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
