/**
 * Sends money back, or looks how far it is: the same call under the same id, until the gateway has ended it. Whoever
 * calls this holds the row's lease.
 */
import { GatewayError, type RefundObservation } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { RefundRow } from "../store/refunds.ts";
import type { Loaded } from "../store/rows.ts";
import type { Source } from "../transactions/event.ts";
import { refundPauseMs } from "../transactions/refund.ts";
import { advanceTransaction, REFUND_LEASE_MS } from "./advance-transaction.ts";
import { gatewayOf } from "./end-transaction.ts";

/** The failure code of a refund that the gateway refused. */
export const REFUND_REJECTED = "gateway_rejected";

/** @throws StoreError */
export async function sendRefund(services: Services, id: string, source: Source): Promise<void> {
  const found = await services.store.findRefund(id);
  if (found?.refund.status !== "pending") {
    return;
  }
  const { refund, loaded } = found;
  try {
    const seen = await call(services, refund, loaded);
    await (seen.status === "pending"
      ? postpone(services, refund, seen.reference, null)
      : end(services, refund, loaded, source, { ...seen, status: seen.status }));
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      throw error;
    }
    const fields = { transaction_id: refund.transactionId, gateway: loaded.transaction.gateway };
    services.log.warn("refund.unanswered", { ...fields, reason: error.kind, error: error.message });
    await (error.kind === "rejected"
      ? end(services, refund, loaded, source, {
          ...{ status: "failed", reference: null, failureCode: REFUND_REJECTED },
        })
      : postpone(services, refund, null, error.retryAfterMs));
  }
}

/** After news of a transaction: how do its refunds stand now? */
export async function followRefunds(
  services: Services,
  transactionId: string,
  source: Source,
): Promise<void> {
  const { store, now } = services;
  for (const { id } of await store.claimRefunds(transactionId, now() + REFUND_LEASE_MS)) {
    await sendRefund(services, id, source);
  }
}

async function call(services: Services, refund: RefundRow, loaded: Loaded): Promise<RefundObservation> {
  const gateway = gatewayOf(services, loaded.transaction);
  if (!gateway.refund) {
    throw new GatewayError("rejected", "this gateway cannot refund by its API");
  }
  const { id: transactionId, gatewayReference: reference } = loaded.transaction;
  const { id: refundId, amount, currency, gatewayReference, createdAt } = refund;
  const request = { refundId, amount, currency, reference: gatewayReference, createdAt };
  return gateway.refund({ transactionId, reference }, request);
}

async function postpone(
  { store, now }: Services,
  refund: RefundRow,
  gatewayReference: string | null,
  askedMs: number | null,
): Promise<void> {
  const attempts = refund.attempts + 1;
  const nextAttemptAt = now() + Math.max(refundPauseMs(attempts), askedMs ?? 0);
  await store.postponeRefund(refund.id, { attempts, nextAttemptAt, gatewayReference, now: now() });
}

async function end(
  services: Services,
  { id, amount, currency }: RefundRow,
  loaded: Loaded,
  source: Source,
  { status, reference, failureCode }: RefundObservation & { status: "succeeded" | "failed" },
): Promise<void> {
  const total = status === "succeeded" ? await askTotal(services, loaded, currency) : null;
  const input = { kind: "refund_ended", source, amount, currency, status, total } as const;
  const code = status === "failed" ? (failureCode ?? "refund_failed") : null;
  const refundEnd = { id, status, gatewayReference: reference, failureCode: code };
  await advanceTransaction(services, loaded.transaction.id, input, { refundEnd });
  services.log.info("refund.ended", { transaction_id: loaded.transaction.id, outcome: status });
}

/** Others may have given money back as well, at the gateway: its own sum counts. Best effort. */
async function askTotal(
  services: Services,
  { transaction }: Loaded,
  currency: string,
): Promise<number | null> {
  const { id: transactionId, gatewayReference: reference } = transaction;
  try {
    const seen = await gatewayOf(services, transaction).retrieve({ transactionId, reference });
    return seen.currency === currency && currency === transaction.currency ? seen.amountRefunded : null;
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      throw error;
    }
    return null;
  }
}
