/** One tick of the cron: claims what is due, then works through it, each row in its own try, within a budget. */
import { describeError } from "../lib/log.ts";
import { reconcileTransaction } from "../operations/reconcile-transaction.ts";
import { sendDelivery } from "../operations/send-delivery.ts";
import type { Services } from "../services.ts";

/** Of each kind; what is beyond stays due. */
const MAX_ROWS = 100;
/** Below the platform's six connections at once. */
const PARALLEL = 5;
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
  const work = [
    ...transactionIds.map((id) => ({ id, run: () => reconcileTransaction(services, id, "cron") })),
    ...deliveries.map((delivery) => ({
      id: delivery.transactionId,
      run: () => sendDelivery(services, delivery),
    })),
  ];
  let failed = 0;
  await inParallel(work, PARALLEL, async ({ id, run }) => {
    if (wallClock() - started > BUDGET_MS) {
      return;
    }
    try {
      await run();
    } catch (error) {
      failed += 1;
      log.error("job.failed", { transaction_id: id, error: describeError(error) });
    }
  });
  const tick = { transactions: transactionIds.length, deliveries: deliveries.length, failed };
  log.info("cron.ticked", { count: work.length, duration_ms: wallClock() - started });
  if (failed > 0 && failed === work.length) {
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
