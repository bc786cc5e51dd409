/**
 * Opens a transaction's session at the gateway. The row was written before, and the gateway knows the call by our id:
 * after a crash, or beside another request, this may be repeated by anybody.
 */
import type { CreateRequest, Customer } from "../gateways/gateway.ts";
import { GatewayError } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { Loaded } from "../store/rows.ts";
import type { Input } from "../transactions/decide.ts";
import type { Source } from "../transactions/event.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { advanceTransaction } from "./advance-transaction.ts";
import { issueClientSecret } from "./client-secret.ts";
import { closeSession, gatewayOf } from "./end-transaction.ts";
import { localizedUrl, returnedUrl, statusUrl } from "./views.ts";

/**
 * @returns the transaction as it is then: failed, if the gateway refused
 * @throws GatewayError when there was no answer
 */
export async function openTransaction(
  services: Services,
  loaded: Loaded,
  source: Source,
): Promise<{ transaction: Transaction; orderPaid: boolean }> {
  const gateway = gatewayOf(services, loaded.transaction);
  const advance = async (input: Input) => {
    const { transaction, orderPaid } = await advanceTransaction(services, loaded, input);
    return { transaction: transaction ?? loaded.transaction, orderPaid };
  };
  try {
    const { observation, paymentUrl } = await gateway.create(await toCreateRequest(services, loaded));
    const opened = await advance({ kind: "opened", source, observation, paymentUrl });
    const { id, status } = opened.transaction;
    if (status === "failed" || status === "canceled" || status === "expired") {
      // It ended while the session was being opened: nobody may pay there.
      services.defer(closeSession(gateway, { transactionId: id, reference: observation.reference }));
    }
    return opened;
  } catch (error) {
    if (error instanceof GatewayError && error.kind === "rejected") {
      return advance({ kind: "rejected", source });
    }
    throw error;
  }
}

async function toCreateRequest({ config }: Services, loaded: Loaded): Promise<CreateRequest> {
  const { transaction } = loaded;
  const customer = loaded.customer === null ? null : (JSON.parse(loaded.customer) as Customer);
  const { id, orderId, gateway, amount, currency, description, expiresAt, capture } = transaction;
  const address = statusUrl(config, id, await issueClientSecret(config.clientSecretKeys, id));
  const page = localizedUrl(address, customer?.locale);
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
    customer,
  };
}
