/**
 * Opens a transaction's session at the gateway. The row was written before, and the gateway knows the call by our id:
 * after a crash, or beside another request, this may be repeated by anybody.
 */
import type { CreateRequest, Customer } from "../gateways/gateway.ts";
import { GatewayError } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { Loaded } from "../store/rows.ts";
import type { Source } from "../transactions/event.ts";
import { isOpen, type Transaction } from "../transactions/transaction.ts";
import { advanceTransaction } from "./advance-transaction.ts";
import { issueClientSecret } from "./client-secret.ts";
import { gatewayOf } from "./end-transaction.ts";
import { returnedUrl, statusUrl } from "./views.ts";

/**
 * @returns the transaction as it is then: failed, if the gateway refused
 * @throws GatewayError when there was no answer
 */
export async function openTransaction(
  services: Services,
  loaded: Loaded,
  source: Source,
): Promise<Transaction> {
  const { transaction } = loaded;
  const gateway = gatewayOf(services, transaction);
  try {
    const { observation, paymentUrl } = await gateway.create(await toCreateRequest(services, loaded));
    const opened = await advanceTransaction(services, loaded, {
      kind: "opened",
      source,
      observation,
      paymentUrl,
    });
    const now = opened.transaction ?? transaction;
    if (!isOpen(now.status) && now.status !== "succeeded" && now.status !== "review") {
      // It ended while the session was being opened: nobody may pay there.
      const reference = { transactionId: now.id, reference: observation.reference };
      services.defer((gateway.expire ?? gateway.retrieve)(reference));
    }
    return now;
  } catch (error) {
    if (error instanceof GatewayError && error.kind === "rejected") {
      const rejected = await advanceTransaction(services, loaded, { kind: "rejected", source });
      return rejected.transaction ?? transaction;
    }
    throw error;
  }
}

async function toCreateRequest({ config }: Services, loaded: Loaded): Promise<CreateRequest> {
  const { transaction, customer } = loaded;
  const { id, orderId, gateway, amount, currency, description, expiresAt, capture } = transaction;
  const page = statusUrl(config, id, await issueClientSecret(config.clientSecretKeys, id));
  return {
    transactionId: id,
    orderId,
    amount,
    currency,
    description,
    callbackUrl: `${config.publicUrl}/webhooks/${gateway}`,
    returnUrl: returnedUrl(page),
    cancelUrl: page,
    expiresAt,
    capture,
    customer: customer === null ? null : (JSON.parse(customer) as Customer),
  };
}
