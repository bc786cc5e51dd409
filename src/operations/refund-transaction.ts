/**
 * The shop, or an operator, gives money back: the row first, on the condition that so much is left, then the gateway
 * under the row's id.
 * Whatever happens to the answer, the refund is owed from then on and done once.
 */
import { databaseOf } from "../lib/id.ts";
import { describeError } from "../lib/log.ts";
import type { Services } from "../services.ts";
import type { RefundRow } from "../store/refunds.ts";
import type { Source } from "../transactions/event.ts";
import { REFUND_LEASE_MS } from "./advance-transaction.ts";
import { findRefunds } from "./find-transaction.ts";
import { OperationError } from "./operation-error.ts";
import { REFUND_REJECTED, REFUND_UNSUPPORTED, sendRefund } from "./send-refund.ts";

export interface RefundCommand {
  /** Minor units; null: all that is left. */
  readonly amount: number | null;
  readonly reason: string | null;
  /** The same key for the same transaction is the same refund. */
  readonly idempotencyKey: string | null;
  readonly source: Extract<Source, "shop" | "operator">;
  /** Who gives it back, where it is a person. */
  readonly actor: string | null;
  /** What was left when it was asked for: refused when that has changed since. Null: whatever is left now. */
  readonly expectedRest: number | null;
}

/**
 * @returns the refund as it is then: pending, if the gateway has not ended it yet
 * @throws OperationError "not_found", "not_refundable", "refund_exceeds_rest", "idempotency_mismatch",
 *   "gateway_rejected" or "cannot_refund"; StoreError
 */
export async function refundTransaction(
  services: Services,
  transactionId: string,
  command: RefundCommand,
): Promise<{ refund: RefundRow; created: boolean }> {
  const { store, now, newId } = services;
  const { amount, reason, idempotencyKey, source, actor, expectedRest } = command;
  const fingerprint = JSON.stringify([amount, reason]);
  const id = newId("rfd", databaseOf(transactionId));
  const requested = await store.requestRefund({
    ...{ id, transactionId, amount, reason, source, actor, idempotencyKey, fingerprint, expectedRest },
    ...{ nextAttemptAt: now() + REFUND_LEASE_MS, now: now() },
  });
  const refund = requested ?? (await findEarlier(services, transactionId, command, fingerprint, id));
  if (refund.id !== id) {
    return { refund: refuseRejected(refund), created: false };
  }
  return { refund: refuseRejected(await sendNow(services, refund, source)), created: true };
}

/** It is owed, whatever goes wrong here: to answer with an error would ask for a second one. */
async function sendNow(services: Services, refund: RefundRow, source: Source): Promise<RefundRow> {
  const { store, log } = services;
  try {
    await sendRefund(services, refund.id, source);
    return (await store.findRefund(refund.id))?.refund ?? refund;
  } catch (error) {
    log.error("refund.deferred", { transaction_id: refund.transactionId, error: describeError(error) });
    return refund;
  }
}

/** What stands in the way: the key's refund, or too little that is left. @throws OperationError */
async function findEarlier(
  services: Services,
  transactionId: string,
  { amount, idempotencyKey, expectedRest }: RefundCommand,
  fingerprint: string,
  id: string,
): Promise<RefundRow> {
  const found = await findRefunds(services, transactionId);
  if (!found) {
    throw new OperationError("not_found", "There is no such transaction.");
  }
  const earlier = found.refunds.find(
    (refund) => refund.id === id || (idempotencyKey !== null && refund.idempotencyKey === idempotencyKey),
  );
  if (earlier) {
    if (earlier.fingerprint !== fingerprint) {
      throw new OperationError(
        "idempotency_mismatch",
        "This Idempotency-Key was used with another body; use a new key.",
      );
    }
    return earlier;
  }
  const { transaction, refunds } = found.loaded;
  if (transaction.status !== "succeeded") {
    const advice = transaction.status === "review" ? ": reject it to give the money back" : "";
    const text = `The transaction is ${transaction.status}, so there is nothing to refund${advice}.`;
    throw new OperationError("not_refundable", text, { transactionId });
  }
  // What is under way may be counted at the gateway already.
  const rest = Math.max(0, transaction.amountCaptured - transaction.amountRefunded - refunds.pending);
  if (found.isArchived && rest > 0) {
    const text = "The payment is archived: it can only be read. Give the money back at the gateway itself.";
    throw new OperationError("not_refundable", text, { transactionId });
  }
  if (expectedRest !== null && expectedRest !== rest) {
    const text = `Meanwhile this has changed: ${rest} is left to refund, not ${expectedRest}. Look again.`;
    throw new OperationError("refund_exceeds_rest", text, { transactionId });
  }
  const asked = amount === null || rest === 0 ? "nothing" : `only ${rest}`;
  throw new OperationError("refund_exceeds_rest", `Of this payment ${asked} is left to refund.`, {
    transactionId,
    errors: [{ pointer: "/amount", detail: `must be at most ${rest}` }],
  });
}

function refuseRejected(refund: RefundRow): RefundRow {
  const { failureCode, transactionId } = refund;
  if (failureCode === REFUND_REJECTED) {
    throw new OperationError("gateway_rejected", "The gateway refused to give the money back.", {
      transactionId,
    });
  }
  if (failureCode === REFUND_UNSUPPORTED) {
    throw new OperationError("cannot_refund", "This gateway cannot refund by its API. Refund it there.", {
      transactionId,
    });
  }
  return refund;
}
