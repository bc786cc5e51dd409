/** What is known of one delivery to the shop: the same in a payment's timeline and in the list of all. */
import { Ago, Moment, showDuration } from "./moment.tsx";
import type { DeliveryRow } from "./views.ts";

type Delivery = Pick<DeliveryRow, "eventId" | "status" | "attempts" | "nextAttemptAt">;

interface DeliveryDetailsProps {
  readonly delivery: Delivery;
  /** It is not in the outbox any more, and cannot be sent again. */
  readonly isArchived?: boolean;
  readonly now: number;
}

export function DeliveryDetails({ delivery, isArchived = false, now }: DeliveryDetailsProps) {
  const { eventId, attempts, nextAttemptAt } = delivery;
  return (
    <>
      {nextAttemptAt === null ? null : (
        <p class="soft">
          Next attempt <Ago at={nextAttemptAt} now={now} />
        </p>
      )}
      <div class="openers">
        {attempts.length === 0 ? null : (
          <details id={`attempts-${eventId}`}>
            <summary>{attempts.length === 1 ? "1 attempt" : `Last ${attempts.length} attempts`}</summary>
            <ol class="attempts">
              {attempts.map(({ at, durationMs, answer }) => (
                <li>
                  <Moment at={at} />: <bdi>{answer}</bdi>, after {showDuration(durationMs)}
                </li>
              ))}
            </ol>
          </details>
        )}
        {isArchived ? null : (
          <a
            class="act"
            id={`send-${eventId}`}
            href={`/console/deliveries/${encodeURIComponent(eventId)}/replay`}
          >
            Send again
          </a>
        )}
      </div>
    </>
  );
}
