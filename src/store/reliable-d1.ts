/**
 * The D1 binding as the store uses it: each call has a deadline, faults of the line are retried, statements are counted.
 * A write may so run twice, when it was committed and its acknowledgement lost. Every write of the store must bear that:
 * it is idempotent, or conditional on what was read, or refused by a primary key; then `attempt` says "conflict", and
 * the caller reads again. It may also be committed after its deadline, as if its sender had died.
 */
import { retry } from "../lib/retry.ts";
import { withDeadline } from "../lib/with-deadline.ts";
import { type Around, aroundD1 } from "./around-d1.ts";

/** Milliseconds. */
export interface Deadlines {
  /** Of a call that only reads. */
  readonly readMs: number;
  readonly writeMs: number;
  /** Of all attempts together. */
  readonly totalMs: number;
}

const DEADLINES: Deadlines = { readMs: 2000, writeMs: 5000, totalMs: 8000 };
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = FIRST_PAUSE_MS * 2 ** (ATTEMPTS - 2);

/**
 * What D1 calls retryable: https://developers.cloudflare.com/d1/observability/debug-d1/. An overload or an exceeded
 * limit is not: it would only grow.
 */
const TRANSIENT = [
  "Network connection lost",
  "storage caused object to be reset",
  "reset because its code was updated",
  "Cannot resolve D1 DB due to transient issue on remote node",
  "Can't read from request stream because client disconnected",
];
const INTERNAL = /Internal error.* caused object to be reset/;
const LIMIT = /overloaded|exceeded/;

export interface ReliableD1 extends D1Database {
  /** How many statements were run so far: each one of a batch, and each attempt again. */
  statementCount(): number;
}

/**
 * Its calls throw as D1 does, or "D1_DEADLINE: …" when there is no answer in time; that is not retried.
 * @param deadlines shorter ones are for tests
 */
export function reliableD1(d1: D1Database, deadlines = DEADLINES): ReliableD1 {
  let count = 0;
  const around: Around = (queries, call) => {
    const deadlineMs = queries.every(isRead) ? deadlines.readMs : deadlines.writeMs;
    // Each attempt has its whole deadline, or is not begun.
    const retryUntil = Date.now() + deadlines.totalMs - deadlineMs - LONGEST_PAUSE_MS;
    return retry(
      () => {
        count += queries.length;
        const late = () => new Error(`D1_DEADLINE: no answer within ${deadlineMs} ms`);
        return withDeadline(call(), deadlineMs, late);
      },
      {
        attempts: ATTEMPTS,
        baseMs: FIRST_PAUSE_MS,
        isRetryable: (error) => isTransient(error) && Date.now() <= retryUntil,
      },
    );
  };
  return { ...aroundD1(d1, around), statementCount: () => count } as ReliableD1;
}

function isRead(query: string): boolean {
  return /^\s*select\b/i.test(query);
}

function isTransient(error: unknown): boolean {
  const text = error instanceof Error ? error.message : "";
  return !LIMIT.test(text) && (INTERNAL.test(text) || TRANSIENT.some((message) => text.includes(message)));
}
