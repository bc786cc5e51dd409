/**
 * Follows one transaction and tells each new version once, in order, whatever way it came.
 * It shows nothing and stores nothing, and it never takes a final state for the last word: money may come late.
 */
import { onWake } from "./on-wake.ts";
import { openLink } from "./status-link.ts";
import type { TransactionState, TransactionTarget } from "./transaction-state.ts";

export interface WatchOptions extends TransactionTarget {
  /** Called once for each version that is newer than all before it, and never for an older or equal one. */
  readonly onChange: (state: TransactionState) => void;
  /**
   * Gets a `TransactionRefusedError` when the watch has ended because the secret is wrong or the transaction
   * unknown, and whatever `onChange` throws. Without it, that is thrown again where nobody catches it, and the
   * watch goes on.
   */
  readonly onError?: (error: unknown) => void;
  /** Aborting does the same as `close()`. */
  readonly signal?: AbortSignal;
  /** The version that is already shown; only newer ones are told. Default 0: the present state comes first. */
  readonly version?: number;
}

export interface TransactionWatch {
  /** Ends the watch: no call of `onChange`, no timer, no listener and no connection remains. */
  close(): void;
  /** Asks for the present state now, e.g. when a React Native app comes to the front. */
  sync(): void;
}

/** The server does not know the transaction by this secret; trying again is of no use. */
export class TransactionRefusedError extends Error {
  /** 401: the secret is wrong. 404: there is no such transaction for this secret. */
  readonly status: 401 | 404;

  constructor(status: 401 | 404) {
    super(`payment-edge: HTTP ${status}`);
    this.status = status;
  }
}

/**
 * Watches a transaction by the status socket, and by polling where three sockets in a row have failed. Works in
 * browsers, in Node ≥ 22 and in React Native. Goes on after a final state, until it is closed.
 */
export function watchTransaction(options: WatchOptions): TransactionWatch {
  const { onChange, onError, signal } = options;
  let version = options.version ?? 0;
  let final = false;
  if (signal?.aborted) {
    return { close() {}, sync() {} };
  }

  function onState(state: TransactionState): void {
    const isNew = state.version > version;
    if (state.version >= version) {
      ({ version, final } = state);
    }
    if (isNew) {
      attempt(() => onChange(state), onError);
    }
  }
  function onRefused(status: 401 | 404): void {
    close();
    attempt(() => onError?.(new TransactionRefusedError(status)));
  }
  let sync = (): void => link.sync();
  function close(): void {
    sync = () => {};
    stopWaking();
    signal?.removeEventListener("abort", close);
    link.close();
  }

  const link = openLink(options, { onState, onRefused, isFinal: () => final, version: () => version });
  const stopWaking = onWake(() => sync());
  signal?.addEventListener("abort", close);
  return { close, sync: () => sync() };
}

/** Runs the caller's function so that its mistakes stay the caller's. */
function attempt(run: () => void, onError?: (error: unknown) => void): void {
  try {
    run();
  } catch (error) {
    if (onError) {
      attempt(() => onError(error));
    } else {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
