/** Closes a transaction's session at the gateway, then here: never here alone while the gateway might take money. */
import { type Gateway, GatewayError } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { Loaded } from "../store/rows.ts";
import type { Source } from "../transactions/event.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { advanceTransaction } from "./advance-transaction.ts";

/** @throws GatewayError when the gateway is not configured any more */
export function gatewayOf({ gateways }: Services, { gateway: id }: Transaction): Gateway {
  const gateway = gateways.get(id);
  if (!gateway) {
    throw new GatewayError("unavailable", `the gateway ${id} is not configured`);
  }
  return gateway;
}

/**
 * @returns the transaction as it is then: not ended, if the gateway has the money or is about to
 * @throws GatewayError
 */
export async function endTransaction(
  services: Services,
  loaded: Loaded,
  as: "canceled" | "expired",
  source: Source,
): Promise<Transaction> {
  const { transaction } = loaded;
  const gateway = gatewayOf(services, transaction);
  const reference = { transactionId: transaction.id, reference: transaction.gatewayReference };
  const observation = await (gateway.expire ?? gateway.retrieve)(reference);
  const advanced = await advanceTransaction(services, loaded, { kind: "ended", source, observation, as });
  return advanced.transaction ?? transaction;
}
