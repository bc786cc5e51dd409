/**
 * A shop's month in D1: so many transactions over 30 days, oldest first, with all that the rooms would have written
 * beside them. Everything follows from a transaction's number, so two seeds of one time are alike; nothing is due.
 */
import { seedBusy } from "./seed-busy.ts";
import type { Month } from "./seed-facts.ts";
import { rowsOf } from "./seed-rows.ts";
import { seedStatistics } from "./seed-statistics.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Of all, those that are not paid yet: the newest, of a rush in the last minutes. */
const PENDING_SHARE = 0.003;
/** Before them the shop was in trouble. */
const TROUBLED_SHARE = 0.002;
const LEAST_TROUBLED = 600;
const RUSH_MS = 25 * 60_000;
const QUIET_MS = 5 * 60_000;
/** Transactions at once: a statement that takes long holds everybody up. */
const BATCH = 20_000;

/**
 * Fills an empty database that is up to date.
 * @param now epoch milliseconds: the month ends there, and everything that is to come comes later
 * @returns the id of a payment that much has happened to
 */
export async function seed(d1: D1Database, count: number, now: number): Promise<string> {
  const month = toMonth(count, now);
  for (let from = 0; from < count; from += BATCH) {
    const inserts = rowsOf(month, from, Math.min(count, from + BATCH));
    await d1.batch(inserts.map((insert) => d1.prepare(insert)));
  }
  const busy = await seedBusy(d1);
  await seedStatistics(d1);
  await seedLast(d1, month);
  return busy;
}

function toMonth(count: number, now: number): Month {
  const pending = Math.ceil(count * PENDING_SHARE);
  const recent = count - pending;
  const start = now - 30 * DAY_MS;
  return {
    ...{ now, recent, start },
    owedFrom: recent - Math.max(LEAST_TROUBLED, Math.floor(count * TROUBLED_SHARE)),
    stepMs: Math.floor((30 * DAY_MS - RUSH_MS - QUIET_MS) / recent),
    rush: now - RUSH_MS,
    rushStepMs: Math.floor(RUSH_MS / pending),
  };
}

/** Where the cron is, and how the gateways fare. */
async function seedLast(d1: D1Database, { now }: Month): Promise<void> {
  const health =
    "INSERT INTO gateway_health (gateway, good_at, good_secret, skew_ms, bad_at, bad_reason) VALUES";
  await d1.batch([
    d1.prepare("INSERT INTO heartbeats (job, ran_at) VALUES ('cron', ?)").bind(now - 20_000),
    d1
      .prepare(
        `INSERT INTO roll_up (id, position, pending_from, rolled_at) SELECT 1, (SELECT max(position) FROM deliveries),
        (SELECT min(id) FROM transactions WHERE status = 'pending'), ?`,
      )
      .bind(now - 20_000),
    d1.prepare(`${health} ('generic', ?, 1, -40, NULL, NULL)`).bind(now - 30_000),
    d1.prepare(`${health} ('adyen', ?, 1, NULL, ?, 'wrong signature')`).bind(now - 90_000, now - DAY_MS),
    d1.prepare(`${health} ('stripe', ?, 2, 250, NULL, NULL)`).bind(now - 300_000),
  ]);
}
