/** The callbacks that the simulated gateway owes after a change, in every way in which real ones go wrong. Pure. */
import { report, type Session } from "./session.ts";

export const WEBHOOK_MODES = [
  "once",
  "none",
  "thrice",
  "late",
  "reordered",
  "wrong_amount",
  "bad_signature",
] as const;

export type WebhookMode = (typeof WEBHOOK_MODES)[number];

export interface Callback {
  /** Epoch milliseconds: when to send it. */
  readonly at: number;
  readonly event_id: string;
  /** The JSON as it goes out; the same at each try. */
  readonly body: string;
  readonly signature: "good" | "bad";
  /** How often it was tried in vain. */
  readonly tries: number;
}

/** A bank takes a moment, so the buyer sees the page turn. */
const DELAY_MS = 800;
const LATE_MS = 10_000;
/** After each failed try; then it is given up. */
const RETRY_DELAYS_MS: readonly number[] = [5_000, 30_000, 120_000];

/**
 * @param session as it is after the change
 * @param now epoch milliseconds of the change
 * @param newEventId called once for each distinct event
 */
export function planCallbacks(
  session: Session,
  mode: WebhookMode,
  now: number,
  newEventId: () => string,
): readonly Callback[] {
  const event = (deviation: { status?: "processing"; amount?: number }, occurredAt = now) => {
    const event_id = newEventId();
    const occurred_at = new Date(occurredAt).toISOString();
    const body = JSON.stringify({ event_id, ...report(session), ...deviation, occurred_at });
    return { at: now + DELAY_MS, event_id, body, signature: "good", tries: 0 } as const;
  };
  switch (mode) {
    case "once":
      return [event({})];
    case "none":
      return [];
    case "thrice": {
      const callback = event({});
      return [callback, callback, callback];
    }
    case "late":
      return [{ ...event({}), at: now + LATE_MS }];
    case "reordered":
      return [event({}), { ...event({ status: "processing" }, now - 2 * DELAY_MS), at: now + 2 * DELAY_MS }];
    case "wrong_amount":
      return [event({ amount: session.amount + 1 })];
    case "bad_signature":
      return [{ ...event({}), signature: "bad" }];
  }
}

/**
 * What becomes of a callback after a try: the next try, or null when it has arrived, was refused or is given up.
 * @param httpStatus null when there was no answer
 */
export function afterTry(callback: Callback, httpStatus: number | null, now: number): Callback | null {
  const delay = RETRY_DELAYS_MS[callback.tries];
  const retryable = httpStatus === null || httpStatus >= 500;
  return retryable && delay !== undefined
    ? { ...callback, at: now + delay, tries: callback.tries + 1 }
    : null;
}
