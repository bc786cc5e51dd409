/**
 * Tells everybody at once what was committed: browsers by the channel, the shop by the outbox. A shortcut that nothing
 * depends on: the client's `sync` and the outbox row heal whatever is lost here.
 */
import { toStatusUpdate } from "../channel/status-update.ts";
import type { Services } from "../services.ts";
import type { OwedDelivery } from "../store/commit.ts";
import type { Event } from "../transactions/event.ts";
import { type Push, sendDelivery } from "./send-delivery.ts";

/** @param arrivedAt when the webhook came in that brought it; epoch milliseconds, null where none did */
export function announce(
  services: Services,
  events: readonly Event[],
  deliveries: readonly OwedDelivery[],
  positions: readonly number[],
  arrivedAt: number | null,
): void {
  const pushes = new Map(
    events.filter(isWatched).map((event) => [event.transaction.version, publish(services, event, arrivedAt)]),
  );
  deliveries.forEach((delivery, index) => {
    const position = positions[index];
    const transactionId = events[0]?.transaction.id;
    if (delivery.nextAttemptAt !== null && position !== undefined && transactionId !== undefined) {
      const owed = { ...delivery, position, transactionId, attempts: 0, createdAt: services.now() };
      services.defer(sendDelivery(services, owed, pushes.get(delivery.version)));
    }
  });
}

/** Of version 1 nobody knows yet: the shop has its id and its secret from the answer that this belongs to. */
function isWatched({ transaction }: Event): boolean {
  return transaction.version > 1;
}

function publish(
  { channel, defer, now, metrics }: Services,
  { source, transaction }: Event,
  arrivedAt: number | null,
): Push {
  const { gateway, status, updatedAt } = transaction;
  const push: Push = { ms: null };
  const told = channel.publish(toStatusUpdate(transaction)).then((sockets) => {
    const at = now();
    push.ms = at - updatedAt;
    metrics.write("push", {
      ...{ gateway, source, status, since_commit_ms: push.ms },
      sockets: typeof sockets === "number" ? sockets : null,
      since_webhook_ms: arrivedAt === null ? null : at - arrivedAt,
    });
  });
  defer(told);
  return push;
}
