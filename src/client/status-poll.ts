/**
 * Asks for a transaction over and over, for networks that let no socket through.
 * Only here is a wrong secret told from a bad network: a browser hides why a socket was refused.
 */
import { fetchTransaction, isRefusal, type TransactionAnswer } from "./fetch-transaction.ts";
import type { TransactionState, TransactionTarget } from "./transaction-state.ts";

const INTERVAL_MS = 5_000;
const MAX_BACKOFF_MS = 30_000;
const FINAL_INTERVAL_MS = 60_000;

export interface StatusPollEvents {
  readonly onState: (state: TransactionState) => void;
  /** The secret is wrong (401) or the transaction unknown (404); polling has ended. */
  readonly onRefused: (status: 401 | 404) => void;
  /** Whether the newest state known is final: then a change is rare, and so are the looks. */
  readonly isFinal: () => boolean;
}

export interface StatusPoll {
  /** Looks at once, unless a look is under way or the server asked to be left alone. */
  now(): void;
  close(): void;
}

/** Polls at once, then every 5 s; 60 s after a final state; up to 30 s, or `Retry-After`, on errors. */
export function startPolling(target: TransactionTarget, events: StatusPollEvents): StatusPoll {
  let errors = 0;
  let etag: string | null = null;
  let quietUntil = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let request: AbortController | undefined;
  let closed = false;

  async function look(): Promise<void> {
    clearTimeout(timer);
    request = new AbortController();
    const answer = await fetchTransaction(target, request, etag).catch(() => undefined);
    request = undefined;
    if (closed) {
      return;
    }
    if (isRefusal(answer?.status)) {
      events.onRefused(answer.status);
      return;
    }
    take(answer);
  }
  function take(answer: TransactionAnswer | undefined): void {
    const { state, status, retryAfterMs = 0 } = answer ?? {};
    const failed = !state && status !== 304;
    errors = failed ? errors + 1 : 0;
    quietUntil = failed ? Date.now() + retryAfterMs : 0;
    if (state) {
      etag = answer?.etag ?? null;
      events.onState(state);
    }
    // onState may have closed us.
    if (!closed) {
      const waitMs = events.isFinal()
        ? FINAL_INTERVAL_MS
        : Math.min(MAX_BACKOFF_MS, INTERVAL_MS * 2 ** errors);
      timer = setTimeout(look, Math.max(waitMs, quietUntil - Date.now()));
    }
  }

  void look();
  return {
    now() {
      if (!closed && !request && Date.now() >= quietUntil) {
        void look();
      }
    },
    close() {
      closed = true;
      clearTimeout(timer);
      request?.abort();
    },
  };
}
