/**
 * Tells everybody at once what was committed: browsers by the channel, the shop by the outbox. A shortcut that nothing
 * depends on: the client's `sync` and the outbox row heal whatever is lost here.
 */
import { toStatusUpdate } from "../channel/status-update.ts";
import type { Services } from "../services.ts";
import type { OwedDelivery } from "../store/commit.ts";
import type { Event } from "../transactions/event.ts";
import { sendDelivery } from "./send-delivery.ts";

export function announce(
  services: Services,
  events: readonly Event[],
  deliveries: readonly OwedDelivery[],
  positions: readonly number[],
): void {
  for (const { transaction } of events) {
    services.defer(services.channel.publish(toStatusUpdate(transaction)));
  }
  deliveries.forEach((delivery, index) => {
    const position = positions[index];
    const transactionId = events[0]?.transaction.id;
    if (delivery.nextAttemptAt !== null && position !== undefined && transactionId !== undefined) {
      services.defer(sendDelivery(services, { ...delivery, position, transactionId, attempts: 0 }));
    }
  });
}
