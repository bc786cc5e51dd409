/**
 * Tells everybody at once what was committed: browsers by the channel, the shop by the outbox. A shortcut that nothing
 * depends on: the client's `sync` and the outbox row heal whatever is lost here.
 */
import { toStatusUpdate } from "../channel/status-update.ts";
import type { Services } from "../services.ts";
import type { OwedDelivery } from "../store/commit.ts";
import type { Event } from "../transactions/event.ts";
import { type Push, sendDelivery } from "./send-delivery.ts";

export function announce(
  services: Services,
  events: readonly Event[],
  deliveries: readonly OwedDelivery[],
  positions: readonly number[],
): void {
  const pushes = new Map(events.map((event) => [event.transaction.version, publish(services, event)]));
  deliveries.forEach((delivery, index) => {
    const position = positions[index];
    const transactionId = events[0]?.transaction.id;
    if (delivery.nextAttemptAt !== null && position !== undefined && transactionId !== undefined) {
      const owed = { ...delivery, position, transactionId, attempts: 0 };
      services.defer(sendDelivery(services, owed, pushes.get(delivery.version)));
    }
  });
}

function publish({ channel, defer, now }: Services, { transaction }: Event): Push {
  const push: Push = { ms: null };
  const told = channel.publish(toStatusUpdate(transaction)).then(() => {
    push.ms = now() - transaction.updatedAt;
  });
  defer(told);
  return push;
}
