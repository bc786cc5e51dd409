/** One tick of the cron: claims what is due, then works through it, each row in its own try, within a budget. */
import { describeError } from "../lib/log.ts";
import { reconcileTransaction } from "../operations/reconcile-transaction.ts";
import { sendDelivery } from "../operations/send-delivery.ts";
import type { Services } from "../services.ts";

/** Of each kind; what is beyond stays due. */
const MAX_ROWS = 100;
/** Side by side, so that a gateway that hangs delays no delivery; together below six connections at once. */
const PARALLEL_TRANSACTIONS = 3;
const PARALLEL_DELIVERIES = 2;
/** After this no row is begun: its lease lapses, and the next tick takes it. */
const BUDGET_MS = 20_000;

export interface Tick {
  readonly transactions: number;
  readonly deliveries: number;
  readonly failed: number;
}

/**
 * Transactions are reconciled (expired ones ended), owed deliveries sent.
 * @throws when every row failed: something other than a row is wrong
 */
export async function runTick(services: Services): Promise<Tick> {
  const { store, log, now, wallClock } = services;
  const started = wallClock();
  const { transactionIds, deliveries } = await store.claimDue(now(), started, MAX_ROWS);
  let failed = 0;
  const each = async (transactionId: string, run: () => Promise<unknown>) => {
    if (wallClock() - started > BUDGET_MS) {
      return;
    }
    try {
      await run();
    } catch (error) {
      failed += 1;
      log.error("job.failed", { transaction_id: transactionId, error: describeError(error) });
    }
  };
  await Promise.all([
    inParallel(transactionIds, PARALLEL_TRANSACTIONS, (id) =>
      each(id, () => reconcileTransaction(services, id, "cron")),
    ),
    inParallel(deliveries, PARALLEL_DELIVERIES, (delivery) =>
      each(delivery.transactionId, () => sendDelivery(services, delivery)),
    ),
  ]);
  const count = transactionIds.length + deliveries.length;
  const tick = { transactions: transactionIds.length, deliveries: deliveries.length, failed };
  log.info("cron.ticked", { count, duration_ms: wallClock() - started });
  if (failed > 0 && failed === count) {
    throw new Error(`all ${failed} rows of this tick failed`);
  }
  return tick;
}

async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}
