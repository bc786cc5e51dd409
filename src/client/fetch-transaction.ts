/**
 * One look at a transaction over HTTP. It decides nothing about what an answer means for the caller, and it never
 * sends cookies: the client secret is all that a browser shows.
 */
import {
  bearer,
  type TransactionState,
  type TransactionTarget,
  toState,
  transactionUrl,
} from "./transaction-state.ts";

const TIMEOUT_MS = 10_000;
/** Longer than anybody waits for a payment, and far below the 2^31 ms at which timers fire at once. */
const MAX_RETRY_AFTER_MS = 3_600_000;

export interface TransactionAnswer {
  /** The HTTP status. */
  readonly status: number;
  /** Only with a 200 that is a transaction. */
  readonly state: TransactionState | undefined;
  readonly etag: string | null;
  /** From `Retry-After`, in seconds or as a date; 0 without one, at most an hour. */
  readonly retryAfterMs: number;
}

/**
 * `GET /transactions/:id`, given up after 10 s or when `request` is aborted.
 * Rejects if there was no answer, or a 200 whose body is no JSON.
 */
export async function fetchTransaction(
  target: TransactionTarget,
  request = new AbortController(),
  etag: string | null = null,
): Promise<TransactionAnswer> {
  const timeout = setTimeout(() => request.abort(), TIMEOUT_MS);
  // At once, not with the rejection: nothing may be left running after close().
  request.signal.addEventListener("abort", () => clearTimeout(timeout));
  try {
    const response = await fetch(transactionUrl(target), {
      headers: { ...bearer(target), ...(etag && { "If-None-Match": etag }) },
      cache: "no-store",
      credentials: "omit",
      signal: request.signal,
    });
    return {
      status: response.status,
      state: response.ok ? toState(await response.json()) : undefined,
      etag: response.headers.get("ETag"),
      retryAfterMs: readRetryAfter(response.headers.get("Retry-After")),
    };
  } finally {
    clearTimeout(timeout);
  }
}

/** True for the answers that no later try will change: the secret is wrong, or there is no such transaction. */
export function isRefusal(status: number | undefined): status is 401 | 404 {
  return status === 401 || status === 404;
}

function readRetryAfter(header: string | null): number {
  const seconds = Number(header);
  const waitMs = Number.isNaN(seconds) ? Date.parse(header ?? "") - Date.now() : seconds * 1000;
  return Math.min(MAX_RETRY_AFTER_MS, Math.max(0, waitMs || 0));
}
