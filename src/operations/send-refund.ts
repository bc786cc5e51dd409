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

/** The failure codes of a refund that the gateway refused, or has no call for. */
export const REFUND_REJECTED = "gateway_rejected";
export const REFUND_UNSUPPORTED = "cannot_refund";
/** A gateway that asks to be left alone for longer is asked again all the same. */
const LONGEST_ASKED_MS = 24 * 60 * 60 * 1000;

/** @throws StoreError */
export async function sendRefund(services: Services, id: string, source: Source): Promise<void> {
  const found = await services.store.findRefund(id);
  if (found?.refund.status !== "pending") {
    return;
  }
  const { refund, loaded } = found;
  try {
    const seen = await call(services, refund, loaded);
    const total = seen.status === "succeeded" ? await askTotal(services, refund, loaded) : null;
    await (seen.status === "pending"
      ? postpone(services, refund, seen.reference, null)
      : end(services, refund, source, { ...seen, status: seen.status }, total));
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      throw error;
    }
    const fields = { transaction_id: refund.transactionId, gateway: loaded.transaction.gateway };
    services.log.warn("refund.unanswered", { ...fields, reason: error.kind, error: error.message });
    // One that the gateway has taken is under way, even where it is not shown to us now, as after a change of keys.
    await (error.kind === "rejected" && refund.gatewayReference === null
      ? refuse(services, refund, loaded, source)
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
  for (const { id } of await store.claimRefunds(transactionId, now(), now() + REFUND_LEASE_MS)) {
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
  const nextAttemptAt = now() + Math.max(refundPauseMs(attempts), Math.min(askedMs ?? 0, LONGEST_ASKED_MS));
  await store.postponeRefund(refund.id, { attempts, nextAttemptAt, gatewayReference, now: now() });
}

async function end(
  services: Services,
  { id, transactionId, amount, currency, actor, reason }: RefundRow,
  source: Source,
  { status, reference, failureCode }: RefundObservation & { status: "succeeded" | "failed" },
  total: number | null,
): Promise<void> {
  const person = actor === null ? {} : { actor, note: reason };
  const input = { kind: "refund_ended", source, ...person, amount, currency, status, total } as const;
  const refundEnd = { id, status, gatewayReference: reference, failureCode };
  await advanceTransaction(services, transactionId, input, { refundEnd });
  services.log.info("refund.ended", { transaction_id: transactionId, outcome: status });
}

/** Refused, perhaps because somebody was first at the gateway: what it says has gone back counts, if it says. */
async function refuse(services: Services, refund: RefundRow, loaded: Loaded, source: Source): Promise<void> {
  const { gateway } = loaded.transaction;
  const failureCode = services.gateways.get(gateway)?.refund ? REFUND_REJECTED : REFUND_UNSUPPORTED;
  const refused = { status: "failed", reference: null, failureCode } as const;
  const total = await askTotal(services, refund, loaded).catch((error: unknown) => {
    if (error instanceof GatewayError) {
      return null;
    }
    throw error;
  });
  await end(services, refund, source, refused, total);
}

/**
 * Others may have given money back as well, in the gateway's dashboard: its own sum counts.
 * @returns null where that is of another currency, or the gateway does not say
 * @throws GatewayError when it may say later: until then nobody knows how much is left
 */
async function askTotal(
  services: Services,
  { currency }: RefundRow,
  { transaction }: Loaded,
): Promise<number | null> {
  const { id: transactionId, gatewayReference: reference } = transaction;
  try {
    const seen = await gatewayOf(services, transaction).retrieve({ transactionId, reference });
    return seen.currency === currency && currency === transaction.currency ? seen.amountRefunded : null;
  } catch (error) {
    if (error instanceof GatewayError && error.kind === "rejected") {
      return null;
    }
    throw error;
  }
}
