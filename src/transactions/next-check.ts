/** When the cron looks at a transaction next: one thinning clock for reconciling, expiring and watching for late money. */
import { type Transaction, wasRejected } from "./transaction.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const OPEN_STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY];
/** While nobody has opened it, nobody can pay, and the buyer waits. */
const OPENING_STEPS = [2 * MINUTE, 3 * MINUTE, ...OPEN_STEPS];
/** Money that comes after the end is watched for at these ages, then no more. */
const WATCH_STEPS = [15 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY];
/** A capture that was asked for, and is not known to be done. */
const CAPTURE_PAUSE_MS = 5 * MINUTE;
/** A transaction whose gateway answers nothing for so long after its expiry needs a person. */
export const SILENCE_LIMIT_MS = DAY;

/**
 * @param now epoch milliseconds
 * @param firstCheckMs the first look at the latest, after the creation
 * @returns epoch milliseconds after now; null: never again
 */
export function nextCheckAt(transaction: Transaction, now: number, firstCheckMs: number): number | null {
  const { status, version, createdAt, updatedAt, expiresAt } = transaction;
  const pendingSteps = version === 0 ? OPENING_STEPS : OPEN_STEPS;
  switch (status) {
    case "pending":
      return now < expiresAt
        ? Math.min(expiresAt, stepAfter(createdAt, [firstCheckMs, ...pendingSteps], now))
        : stepAfter(expiresAt, pendingSteps, now);
    case "processing":
      return stepAfter(updatedAt, OPEN_STEPS, now);
    case "authorized":
      return transaction.capturing === null ? stepAfter(updatedAt, OPEN_STEPS, now) : now + CAPTURE_PAUSE_MS;
    case "failed":
    case "canceled":
    case "expired":
      // No session, or its money came and is on its way back: nothing more can come.
      return wasRejected(transaction) || transaction.amountCaptured > 0 ? null : watchAfter(updatedAt, now);
    case "review":
      return transaction.reviewReason === "gateway_silent" ? watchAfter(updatedAt, now) : null;
    case "succeeded":
      return null;
  }
}

/** The first step after now, then once a day. */
function stepAfter(start: number, steps: readonly number[], now: number): number {
  const next = steps.filter((step) => start + step > now);
  return next.length > 0 ? start + Math.min(...next) : now + DAY;
}

function watchAfter(start: number, now: number): number | null {
  const step = WATCH_STEPS.find((ageMs) => start + ageMs > now);
  return step === undefined ? null : start + step;
}
