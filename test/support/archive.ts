/** A system with an archive in a real R2 bucket, and payments of years ago. */
import { env } from "cloudflare:workers";
import type { Services } from "../../src/services.ts";
import { type Archive, connectArchive } from "../../src/store/archive-bucket.ts";
import { createPaid, later } from "./money.ts";
import { createSystem, replaceServices, type System, selectRow } from "./system.ts";

export const DAY = 24 * 60 * 60_000;
/** Older than the 730 days after which a payment is archived. */
export const YEARS = 800 * DAY;

export const bucket = (env as unknown as { TEST_ARCHIVE: R2Bucket }).TEST_ARCHIVE;

export async function emptyBucket(): Promise<void> {
  const { objects } = await bucket.list();
  await bucket.delete(objects.map(({ key }) => key));
}

/** Its clock stands years ago. */
export async function createPastSystem(variables: Record<string, unknown> = {}): Promise<System> {
  const system = await createSystem({ ARCHIVE: bucket, ...variables });
  system.advance(-YEARS);
  return system;
}

/** The cron has its days to finish what is under way; then years pass, and a payment of today is paid. */
export async function growOld(system: System): Promise<void> {
  for (let days = 0; days < 5; days += 1) {
    await later(system, DAY);
  }
  system.advance(YEARS - 5 * DAY);
  await offTheHour(system);
  // What was told the shop last stays here.
  await createPaid(system);
}

/** At a full hour the cron has more to do. */
async function offTheHour(system: System): Promise<void> {
  const minute = new Date(system.services.now()).getUTCMinutes();
  system.advance(((67 - minute) % 60) * 60_000);
}

/** To the next midnight, at which the walk begins again. */
export function advanceToMidnight(system: System): void {
  system.advance(DAY - (system.services.now() % DAY));
}

/** Nothing of it is in D1. */
export async function isGone(id: string): Promise<boolean> {
  const counts = [
    "transactions WHERE id",
    ...["events", "refunds", "deliveries", "operator_actions", "metadata_values"].map(
      (table) => `${table} WHERE transaction_id`,
    ),
  ];
  const sum = counts.map((rows) => `(SELECT count(*) FROM ${rows} = ?1)`).join(" + ");
  return (await selectRow<{ count: number }>(`SELECT ${sum} AS count`, id))?.count === 0;
}

/** The lines that the archive has of it; null: nothing. */
export async function linesOf(id: string): Promise<Record<string, unknown>[] | null> {
  const text = await (await bucket.get(`transactions/${id}.jsonl`))?.text();
  const lines = text?.split("\n").filter((line) => line !== "");
  return lines?.map((line) => JSON.parse(line) as Record<string, unknown>) ?? null;
}

/** Puts something else in the place of some of the archive's calls, until the returned function is called. */
export function replaceArchive(system: System, changes: Partial<Archive>): () => void {
  const { archive } = system.services;
  replaceServices(system, { archive: { ...realArchive(), ...changes } });
  return () => replaceServices(system, { archive });
}

export function realArchive(over: object = bucket): Archive {
  return connectArchive({ ARCHIVE: over }) as Archive;
}

/** Errors that were logged while something was done, as `event: error`. */
export async function errorsOf(system: System, work: () => Promise<unknown>): Promise<string[]> {
  const errors: string[] = [];
  const { log } = system.services;
  const error: Services["log"]["error"] = (event, fields) => void errors.push(`${event}: ${fields?.error}`);
  replaceServices(system, { log: { ...log, error } });
  try {
    await work();
  } finally {
    replaceServices(system, { log });
  }
  return errors;
}
