/** What was committed, for whoever runs this: in the log by its payment, in the figures without. */
import type { Services } from "../services.ts";
import type { Event } from "../transactions/event.ts";

export function noteEvents({ log, metrics }: Services, events: readonly Event[]): void {
  for (const { type, source, from, transaction } of events) {
    const { gateway, status, createdAt, updatedAt } = transaction;
    metrics.write("advance", {
      ...{ gateway, source, status_before: from, status, event: type, age_ms: updatedAt - createdAt },
    });
    log.info("transaction.advanced", {
      transaction_id: transaction.id,
      status: transaction.status,
      version: transaction.version,
      outcome: type,
      source,
    });
  }
}
