"use client";
/**
 * The React hook, an entry of its own: React is the shop's, and nothing else of the library needs it. It is built with
 * hooks of React 16.8, renders on a server, and works in React Native.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { type TransactionState, type TransactionTarget, watchTransaction } from "./index.ts";

export interface TransactionView {
  /** The newest state; null as long as nothing is known. */
  readonly state: TransactionState | null;
  /** A `TransactionRefusedError`: the secret is wrong or the transaction unknown, and the watch has ended. */
  readonly error: unknown;
  /** Asks for the present state now, e.g. when a React Native app comes to the front. Always the same function. */
  readonly sync: () => void;
}

/** What was seen, and of which transaction. */
interface Seen {
  readonly key: string | null;
  readonly state: TransactionState | null;
  readonly error: unknown;
}

/**
 * Follows a transaction for as long as the component is there; with null, none. Another target, not merely another
 * object, starts anew, and no state of the old one is shown with it.
 */
export function useTransaction(target: TransactionTarget | null | undefined): TransactionView {
  const { url = "", id = "", clientSecret = "" } = target ?? {};
  const key = target ? JSON.stringify([url, id, clientSecret]) : null;
  const [seen, setSeen] = useState<Seen>({ key: null, state: null, error: null });
  const syncNow = useRef(() => {});
  const sync = useCallback(() => syncNow.current(), []);

  useEffect(() => {
    if (key === null) {
      return;
    }
    const onTarget = (before: Seen): Seen =>
      before.key === key ? before : { key, state: null, error: null };
    const watch = watchTransaction({
      url,
      id,
      clientSecret,
      // An effect may run again for the same target: what it is told first may be older than what is shown.
      onChange: (state) =>
        setSeen((before) => {
          const current = onTarget(before);
          return (current.state?.version ?? 0) < state.version ? { ...current, state } : current;
        }),
      onError: (error) => setSeen((before) => ({ ...onTarget(before), error })),
    });
    syncNow.current = watch.sync;
    return () => {
      syncNow.current = () => {};
      watch.close();
    };
  }, [key, url, id, clientSecret]);

  const known = seen.key === key && key !== null;
  return { state: known ? seen.state : null, error: known ? seen.error : null, sync };
}
