/** The shop, or an operator, calls a transaction off: at the gateway first, then here. */
import { GatewayError } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { Loaded } from "../store/rows.ts";
import type { Origin } from "../transactions/outcome.ts";
import { isOpen, type Transaction } from "../transactions/transaction.ts";
import { endTransaction } from "./end-transaction.ts";
import { findTransaction } from "./find-transaction.ts";
import { OperationError } from "./operation-error.ts";

/**
 * @returns the canceled transaction; one that is called off already, or whose time ran out, is returned as it is: its
 *   page may have been closed by a cancel that died before its commit, and it is over and unpaid either way
 * @throws OperationError "not_found", "not_cancelable" or "gateway_unavailable"
 */
export async function cancelTransaction(
  services: Services,
  id: string,
  origin: Origin,
): Promise<Transaction> {
  const loaded = await findTransaction(services, id);
  if (!loaded) {
    throw new OperationError("not_found", "There is no such transaction.");
  }
  const { transaction } = loaded;
  const ended = isOpen(transaction.status) ? await end(services, loaded, origin) : transaction;
  if (ended.status !== "canceled" && ended.status !== "expired") {
    throw new OperationError("not_cancelable", `The transaction is ${ended.status}: it cannot be canceled.`, {
      transactionId: id,
    });
  }
  return ended;
}

async function end(services: Services, loaded: Loaded, origin: Origin): Promise<Transaction> {
  const { id, status } = loaded.transaction;
  try {
    return await endTransaction(services, loaded, "canceled", origin);
  } catch (error) {
    if (!(error instanceof GatewayError)) {
      throw error;
    }
    throw error.kind === "rejected"
      ? new OperationError("not_cancelable", `The gateway refuses to end this ${status} payment.`, {
          transactionId: id,
        })
      : new OperationError(
          "gateway_unavailable",
          "The gateway did not answer; nothing has changed. Try again.",
          {
            transactionId: id,
            retryAfterSeconds: 5,
          },
        );
  }
}
