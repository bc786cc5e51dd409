/** Owes the shop an event again, now: the same id and body, a fresh schedule. */
import type { Services } from "../services.ts";
import { requireShop } from "./fulfil.ts";
import { OperationError } from "./operation-error.ts";
import { FIRST_LEASE_MS, parseEventId, sendDelivery } from "./send-delivery.ts";

/** @throws OperationError "not_found", or "invalid_request" when there is nobody to tell */
export async function replayEvent(services: Services, id: string): Promise<void> {
  const { store, now, defer } = services;
  const event = parseEventId(id);
  if (event) {
    requireShop(services);
  }
  const delivery = event && (await store.replay(event.transactionId, event.position, now() + FIRST_LEASE_MS));
  if (!delivery) {
    throw new OperationError("not_found", "There is no such event.");
  }
  defer(sendDelivery(services, delivery));
}
