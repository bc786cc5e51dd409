/** A person's verdict on a transaction in review: keep the money and fulfil, or call it off and give the money back. */
import { GatewayError } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { Loaded } from "../store/rows.ts";
import type { Source } from "../transactions/event.ts";
import type { Observation } from "../transactions/observation.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { type Advanced, advanceTransaction } from "./advance-transaction.ts";
import { closeSession, gatewayOf } from "./end-transaction.ts";
import { findTransaction } from "./find-transaction.ts";
import { followUp } from "./follow-up.ts";
import { OperationError } from "./operation-error.ts";

export interface Verdict {
  readonly kind: "accepted" | "declined";
  readonly source: Extract<Source, "shop" | "operator">;
  /** Who decided. */
  readonly actor: string | null;
  /** Why. */
  readonly note: string | null;
}

const AIM = { accepted: "succeeded", declined: "canceled" } as const;

/**
 * @returns the transaction as it is then: succeeded, or canceled with its money on the way back
 * @throws OperationError "not_found", "not_in_review", "order_already_paid", "not_settled", "cannot_refund" or
 *   "gateway_unavailable"
 */
export async function reviewTransaction(
  services: Services,
  id: string,
  verdict: Verdict,
): Promise<Transaction> {
  const loaded = await findTransaction(services, id);
  if (!loaded) {
    throw new OperationError("not_found", "There is no such transaction.");
  }
  if (loaded.transaction.status !== "review") {
    throw refusal(loaded.transaction, "not_in_review");
  }
  const observation = await lookNow(services, loaded, verdict);
  const advanced = await advanceTransaction(services, id, { ...verdict, observation });
  const transaction = advanced.transaction ?? loaded.transaction;
  if (advanced.outcome !== "applied") {
    if (transaction.status === AIM[verdict.kind]) {
      // Decided so by somebody else at this moment, or by this very verdict, whose commit's answer was lost.
      return transaction;
    }
    throw refusal(transaction, advanced.reason);
  }
  finish(services, transaction, verdict, advanced, observation);
  return transaction;
}

/** What the gateway says just now. Where it is silent, what is known here must do. */
async function lookNow(
  services: Services,
  { transaction }: Loaded,
  { kind }: Verdict,
): Promise<Observation | null> {
  const { id: transactionId, gatewayReference: reference } = transaction;
  try {
    return await gatewayOf(services, transaction).retrieve({ transactionId, reference });
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      throw error;
    }
    if (kind === "declined" && isSumUnknown(transaction)) {
      throw new OperationError("gateway_unavailable", "The gateway did not answer. Try again.", {
        transactionId,
        retryAfterSeconds: 5,
      });
    }
    return null;
  }
}

/** Money in another currency has no place here: how much of it there is to give back, only the gateway knows. */
function isSumUnknown({ reviewReason, amountCaptured }: Transaction): boolean {
  return reviewReason === "wrong_currency" || (reviewReason === "refund_failed" && amountCaptured === 0);
}

function finish(
  services: Services,
  transaction: Transaction,
  { kind, source }: Verdict,
  advanced: Advanced,
  observation: Observation | null,
): void {
  followUp(services, advanced, source);
  const { id: transactionId, gatewayReference: reference } = transaction;
  const gateway = services.gateways.get(transaction.gateway);
  if (kind === "declined" && observation?.status !== "succeeded" && gateway) {
    // Nobody may pay there any more.
    services.defer(closeSession(gateway, { transactionId, reference }));
  }
}

function refusal({ id: transactionId, status }: Transaction, reason: Advanced["reason"]): OperationError {
  const details = { transactionId };
  switch (reason) {
    case "order_paid": {
      const text = "Another payment of this order is kept. Reject this one, or refund the other first.";
      return new OperationError("order_already_paid", text, details);
    }
    case "not_settled":
      return new OperationError("not_settled", "The gateway says that the money is not there.", details);
    case "cannot_refund": {
      const text = "This gateway cannot refund by its API. Refund it there, then reject again.";
      return new OperationError("cannot_refund", text, details);
    }
    default:
      return new OperationError("not_in_review", `The transaction is ${status}, not in review.`, details);
  }
}
