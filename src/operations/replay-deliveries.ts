/** Owes the shop its dead letters again, each with the same id and body and a fresh schedule. The cron sends them. */
import type { Services } from "../services.ts";
import { requireShop } from "./fulfil.ts";

/**
 * @param type of the events; null for all
 * @param limit of the oldest so many
 * @returns how many there were
 * @throws OperationError "invalid_request" when there is nobody to tell
 */
export async function replayDeliveries(
  services: Services,
  type: string | null,
  limit: number,
): Promise<number> {
  requireShop(services);
  const { store, log, now } = services;
  const count = await store.replayDead(type, limit, now());
  log.info("deliveries.replayed", { count });
  return count;
}
