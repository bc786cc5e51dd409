/**
 * Asks the gateway how a transaction stands, and brings the answer to the one door. Expires what is past its time by
 * asking first and closing the session there; never on silence.
 */
import { type Gateway, GatewayError, type GatewayReference } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { Loaded } from "../store/rows.ts";
import type { Source } from "../transactions/event.ts";
import type { Observation } from "../transactions/observation.ts";
import { isOpen, type Transaction } from "../transactions/transaction.ts";
import { advanceTransaction } from "./advance-transaction.ts";
import { canCapture, sendCapture } from "./capture-transaction.ts";
import { type Ending, endTransaction, gatewayOf } from "./end-transaction.ts";
import { openTransaction } from "./open-transaction.ts";

/** How long after a look the buyer's next one is let through. */
const BUYER_PAUSE_MS = 10_000;
/** Where the buyer's return is what takes the money: so short that a look of the cron's soon is no reason to wait. */
const RETURN_PAUSE_MS = 2_000;

export type Reconciled = "changed" | "unchanged" | "silent";

/**
 * @param target its id, or what was read of it just now
 * @returns what came of it; "silent" when the gateway did not answer
 * @throws StoreError
 */
export async function reconcileTransaction(
  services: Services,
  target: string | Loaded,
  source: Source,
): Promise<Reconciled> {
  const loaded = typeof target === "string" ? await services.store.find(target) : target;
  if (!loaded || (loaded.transaction.version === 0 && loaded.openingUntil > services.now())) {
    return "unchanged";
  }
  try {
    return await ask(services, loaded, source);
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      throw error;
    }
    const { id, gateway } = loaded.transaction;
    services.log.warn("gateway.failed", {
      transaction_id: id,
      gateway,
      reason: error.kind,
      error: error.message,
    });
    await advanceTransaction(services, loaded, { kind: "silent", source });
    return "silent";
  }
}

/** The buyer's "check payment status": a look at the gateway now, if there was none just before. */
export async function checkNow(
  services: Services,
  id: string,
  pauseMs: number = BUYER_PAUSE_MS,
): Promise<void> {
  if (await services.store.claimCheck(id, services.now(), pauseMs)) {
    await reconcileTransaction(services, id, "buyer");
  }
}

/** The buyer is back from a gateway that takes what was approved only when it is told to. */
export async function takeApproved(services: Services, id: string): Promise<void> {
  await checkNow(services, id, RETURN_PAUSE_MS);
}

async function ask(services: Services, loaded: Loaded, source: Source): Promise<Reconciled> {
  const { transaction, orderPaid } = loaded;
  if (transaction.version === 0) {
    await openTransaction(services, loaded, source);
    return "changed";
  }
  if (orderPaid && isOpen(transaction.status)) {
    // Another transaction of the order has the money: this page must take none.
    await endTransaction(services, loaded, "canceled", { source });
    return "changed";
  }
  const reference = { transactionId: transaction.id, reference: transaction.gatewayReference };
  const gateway = gatewayOf(services, transaction);
  const seen = await retrieve(gateway, reference, transaction);
  const { capturing, status } = transaction;
  // A capture that was asked for, and whose answer was lost.
  const unfinished = seen.status === "authorized" && capturing !== null && canCapture(gateway);
  const captured = unfinished ? await sendCapture(services, gateway, transaction, capturing) : null;
  const observation = captured ?? seen;
  const ending = whatToEnd(loaded, observation, services.now());
  if (ending) {
    await endTransaction(services, loaded, ending, { source });
    return "changed";
  }
  // How much was to be captured may have been said since the row was read.
  const target = status === "authorized" && observation.status === "succeeded" ? transaction.id : loaded;
  const { outcome } = await advanceTransaction(services, target, { kind: "observed", source, observation });
  return outcome === "applied" ? "changed" : "unchanged";
}

/** What the buyer has approved is taken while it is wanted: approval alone moves no money. */
async function retrieve(
  gateway: Gateway,
  reference: GatewayReference,
  { status }: Transaction,
): Promise<Observation> {
  const seen = await gateway.retrieve(reference);
  return seen.status === "approved" && status === "pending" && gateway.complete
    ? gateway.complete(reference)
    : seen;
}

/** Past its time and unpaid; or over here, while the gateway's page would still take money. */
function whatToEnd({ transaction, orderPaid }: Loaded, seen: Observation, now: number): Ending | null {
  const { status, expiresAt, reviewReason } = transaction;
  const late = now >= expiresAt;
  switch (status) {
    case "pending":
      return late && (seen.status === "pending" || seen.status === "missing") ? "expired" : null;
    case "canceled":
    case "expired":
      return seen.status === "pending" ? status : null;
    case "failed":
      // Its buyer may try again on the same page while there is time.
      return (late || orderPaid) && (seen.status === "pending" || seen.status === "failed")
        ? "expired"
        : null;
    case "review":
      // It answers again: unpaid, so there is nothing to decide once its page is closed.
      return reviewReason === "gateway_silent" && seen.status === "pending" ? "canceled" : null;
    default:
      return null;
  }
}
