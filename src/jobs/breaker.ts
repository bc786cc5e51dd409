/**
 * Lets a gateway rest that has stopped answering, for the rest of a tick: its rows stay due, and those of others are
 * not kept waiting behind its time-outs.
 */
import type { Log } from "../lib/log.ts";
import type { Reconciled } from "../operations/reconcile-transaction.ts";

/** So many in a row, and no answer between. */
const MAX_FAILURES = 5;

export interface Breaker {
  isOpen(gateway: string): boolean;
  book(gateway: string, outcome: Reconciled): void;
}

export function createBreaker(log: Log): Breaker {
  const failures = new Map<string, number>();
  const failuresOf = (gateway: string) => failures.get(gateway) ?? 0;
  return {
    isOpen: (gateway) => failuresOf(gateway) >= MAX_FAILURES,
    book: (gateway, outcome) => {
      failures.set(gateway, outcome === "silent" ? failuresOf(gateway) + 1 : 0);
      if (failuresOf(gateway) === MAX_FAILURES) {
        log.warn("gateway.rested", { gateway, count: MAX_FAILURES });
      }
    },
  };
}
