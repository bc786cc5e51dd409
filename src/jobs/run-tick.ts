/**
 * One tick of the cron: claims what is due, works through it, each row in its own try, and claims again until nothing
 * is left or its budget is spent. What it leaves stays due.
 */
import { inParallel } from "../lib/in-parallel.ts";
import { describeError } from "../lib/log.ts";
import { archiveTransactions } from "../operations/archive-transactions.ts";
import { keepCalls } from "../operations/keep-calls.ts";
import { readMissedEvents } from "../operations/read-missed-events.ts";
import { reconcileTransaction } from "../operations/reconcile-transaction.ts";
import { rollUp } from "../operations/roll-up.ts";
import { sendDelivery } from "../operations/send-delivery.ts";
import { sendRefund } from "../operations/send-refund.ts";
import type { Services } from "../services.ts";
import { refundPauseMs } from "../transactions/refund.ts";
import { createBreaker } from "./breaker.ts";
import { countTick } from "./count-tick.ts";

/** Of each kind, in one claim. */
const MAX_ROWS = 100;
/** Side by side, so that a gateway that hangs delays no delivery; together below six connections at once. */
const PARALLEL_TRANSACTIONS = 3;
const PARALLEL_DELIVERIES = 2;
/** After any of these no row is begun: its lease lapses, and the next tick takes it. D1 allows 1,000 statements. */
const BUDGET_MS = 20_000;
const BUDGET_STATEMENTS = 800;
/** Changes and attempts to send; a look that finds nothing new is cheap. Below 200 by what is under way. */
const BUDGET_CHANGES = 190;
const MINUTE_MS = 60_000;

export interface Tick {
  readonly transactions: number;
  readonly deliveries: number;
  readonly refunds: number;
  /** Items of gateways' own lists, after an outage. */
  readonly missed: number;
  readonly failed: number;
  /** Of the transactions and what was missed, those that were not as before. */
  readonly changes: number;
}

type Counts = { -readonly [Key in keyof Tick]: number };
type Claim = Awaited<ReturnType<Services["store"]["claimDue"]>>;

/**
 * Transactions are reconciled (expired ones ended), owed deliveries and refunds sent.
 * @throws when every row failed: something other than a row is wrong
 */
export async function runTick(services: Services): Promise<Tick> {
  const { store, log, metrics, now, wallClock } = services;
  const [started, began] = [wallClock(), now()];
  const statementsBefore = store.statementCount();
  const counts: Counts = { transactions: 0, deliveries: 0, refunds: 0, missed: 0, failed: 0, changes: 0 };
  const listing = [...services.gateways].flatMap(([id, { missedEvents }]) => (missedEvents ? [id] : []));
  const hasBudget = () =>
    wallClock() - started <= BUDGET_MS &&
    store.statementCount() - statementsBefore <= BUDGET_STATEMENTS &&
    counts.changes + counts.deliveries + counts.refunds <= BUDGET_CHANGES;
  const workThrough = createWorker(services, counts, hasBudget);
  let claim: Claim;
  let waiting: Claim["waiting"] = null;
  do {
    claim = await store.claimDue(now(), started, MAX_ROWS, listing, metrics.isBound && waiting === null);
    waiting ??= claim.waiting;
    await workThrough(claim);
    await aside(services, "console.failed", () => keepCalls(services));
  } while (isFull(claim) && hasBudget());
  for (const missed of claim.missed) {
    await readMissedEvents(services, missed, counts, hasBudget);
  }
  await aside(services, "console.failed", async () => {
    for (let hasMore = true; hasMore && hasBudget(); ) {
      hasMore = await rollUp(services);
    }
  });
  if (Math.floor(now() / MINUTE_MS) % 60 === 0) {
    await store.pruneInbox(now());
    await store.pruneConsole(wallClock());
  }
  await aside(services, "archive.failed", () => archiveTransactions(services, hasBudget));
  const count = counts.transactions + counts.deliveries + counts.refunds + counts.missed;
  const durationMs = wallClock() - started;
  const hasFailed = counts.failed > 0 && counts.failed === count;
  const statements = store.statementCount() - statementsBefore;
  log.info("cron.ticked", { count, duration_ms: durationMs });
  countTick(services, { counts, hasFailed, durationMs, statements, waiting, began });
  if (hasFailed) {
    throw new Error(`all ${counts.failed} rows of this tick failed`);
  }
  return counts;
}

/** What only people look at, or nobody waits for: its trouble is none of the payments'. */
async function aside({ log }: Services, event: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => log.error(event, { error: describeError(error) }));
}

function isFull({ transactions, deliveries, refunds }: Claim): boolean {
  return Math.max(transactions.length, deliveries.length, refunds.length) === MAX_ROWS;
}

function createWorker(services: Services, counts: Counts, hasBudget: () => boolean) {
  const { store, log, now } = services;
  const breaker = createBreaker(log);
  const each = async (
    kind: "transactions" | "deliveries" | "refunds",
    id: string,
    run: () => Promise<unknown>,
  ) => {
    if (!hasBudget()) {
      return;
    }
    counts[kind] += 1;
    try {
      await run();
    } catch (error) {
      counts.failed += 1;
      log.error("job.failed", { transaction_id: id, error: describeError(error) });
    }
  };
  const reconcile = async (loaded: Claim["transactions"][number]) => {
    const { transaction } = loaded;
    if (breaker.isOpen(transaction.gateway)) {
      return;
    }
    await each("transactions", transaction.id, async () => {
      try {
        const outcome = await reconcileTransaction(services, loaded, "cron");
        breaker.book(transaction.gateway, outcome);
        counts.changes += outcome === "changed" ? 1 : 0;
      } catch (error) {
        await store.postpone(transaction, now());
        throw error;
      }
    });
  };
  const refund = ({ id, transactionId, attempts: before }: Claim["refunds"][number]) =>
    each("refunds", transactionId, async () => {
      try {
        await sendRefund(services, id, "cron");
      } catch (error) {
        const attempts = before + 1;
        const nextAttemptAt = now() + refundPauseMs(attempts);
        await store.postponeRefund(id, { attempts, nextAttemptAt, gatewayReference: null, now: now() });
        throw error;
      }
    });
  return async ({ transactions, deliveries, refunds }: Claim) => {
    await Promise.all([
      inParallel(transactions, PARALLEL_TRANSACTIONS, reconcile),
      inParallel(deliveries, PARALLEL_DELIVERIES, (delivery) =>
        each("deliveries", delivery.transactionId, () => sendDelivery(services, delivery)),
      ),
      inParallel(refunds, 1, refund),
    ]);
  };
}
