/** Closes a transaction's session at the gateway, then here: never here alone while the gateway might take money. */
import { type Gateway, GatewayError, type GatewayReference } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import type { Loaded } from "../store/rows.ts";
import type { Observation } from "../transactions/observation.ts";
import type { Origin } from "../transactions/outcome.ts";
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

/** What an ended transaction is called: by whoever called it off, or by its time. */
export type Ending = "canceled" | "expired";

/** Closes the page, where the gateway can; says in either case what the gateway says now. @throws GatewayError */
export function closeSession(gateway: Gateway, reference: GatewayReference): Promise<Observation> {
  return gateway.expire ? gateway.expire(reference) : gateway.retrieve(reference);
}

/**
 * @returns the transaction as it is then: not ended, if the gateway has the money or is about to
 * @throws GatewayError
 */
export async function endTransaction(
  services: Services,
  loaded: Loaded,
  as: Ending,
  origin: Origin,
): Promise<Transaction> {
  const { transaction } = loaded;
  const gateway = gatewayOf(services, transaction);
  const reference = { transactionId: transaction.id, reference: transaction.gatewayReference };
  const observation = await closeSession(gateway, reference);
  const advanced = await advanceTransaction(services, loaded, { ...origin, kind: "ended", observation, as });
  return advanced.transaction ?? transaction;
}
