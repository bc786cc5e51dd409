/** A gateway's call: verified by its adapter on the raw bytes, then brought to the one door, item by item. */
import type { RawWebhook } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import { type Advanced, advanceTransaction } from "./advance-transaction.ts";
import { OperationError } from "./operation-error.ts";
import { reconcileTransaction } from "./reconcile-transaction.ts";

/**
 * @returns what became of it; of several items, of the last that changed something
 * @throws GatewayError "unverified" or "malformed", with nothing written
 */
export async function receiveWebhook(
  services: Services,
  gatewayId: string,
  webhook: RawWebhook,
): Promise<Advanced["outcome"]> {
  const gateway = services.gateways.get(gatewayId);
  if (!gateway) {
    throw new OperationError("not_found", "No gateway of this name is configured.");
  }
  const outcomes: Advanced["outcome"][] = [];
  for (const { eventId, transactionId, observation } of await gateway.readWebhook(webhook)) {
    const entry = { gateway: gatewayId, eventId, transactionId, observation };
    const input = { kind: "observed", source: "webhook", observation } as const;
    const { outcome, siblings } = await advanceTransaction(services, transactionId, input, entry);
    services.log.info("webhook.received", {
      gateway: gatewayId,
      transaction_id: transactionId,
      event_id: eventId,
      outcome,
    });
    for (const sibling of siblings) {
      services.defer(reconcileTransaction(services, sibling, "webhook"));
    }
    outcomes.push(outcome);
  }
  return outcomes.findLast((outcome) => outcome === "applied") ?? outcomes.at(-1) ?? "ignored";
}
