/** Owes the shop an event again, now: the same id and body, a fresh schedule. */
import type { Services } from "../services.ts";
import { OperationError } from "./operation-error.ts";
import { FIRST_LEASE_MS, parseEventId, sendDelivery } from "./send-delivery.ts";

/** @throws OperationError "not_found", or "invalid_request" when there is nobody to tell */
export async function replayEvent(services: Services, id: string): Promise<void> {
  const { store, config, now, defer } = services;
  const position = parseEventId(id);
  if (position && !config.fulfilment) {
    throw new OperationError(
      "invalid_request",
      "FULFILMENT_URL is not set: there is nobody to tell. Pull from GET /events.",
    );
  }
  const delivery =
    position && (await store.replay(position.position, position.transactionId, now() + FIRST_LEASE_MS));
  if (!delivery) {
    throw new OperationError("not_found", "There is no such event.");
  }
  defer(sendDelivery(services, delivery));
}
