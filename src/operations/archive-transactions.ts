/**
 * Moves payments to which nothing has happened for years from D1 to the archive, each into an object of its own: written
 * first, then deleted here on the condition that nobody has touched it meanwhile. Who dies in between has written what
 * the next one writes again.
 */
import { inParallel } from "../lib/in-parallel.ts";
import { describeError } from "../lib/log.ts";
import type { Services } from "../services.ts";
import type { Archivable } from "../store/archive.ts";
import type { Archive } from "../store/archive-bucket.ts";

/** Rows that are looked at in one go, and in one tick: each that can go is two calls to R2. */
const MAX_ROWS = 50;
const MAX_ROWS_OF_TICK = 200;
const PARALLEL = 5;
/** Of the shop's keys, in one go. */
const MAX_KEYS = 10_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * The walk goes on where the last tick left it, and begins again each day: what has to stay is read once a day.
 * @throws when D1 or R2 does not answer; whatever was done until then is whole
 */
export async function archiveTransactions(services: Services, hasBudget: () => boolean): Promise<void> {
  const { archive, config, store, log, now } = services;
  if (!archive || config.archiveAfterMs === null) {
    return;
  }
  const before = now() - config.archiveAfterMs;
  const minute = Math.floor(now() / MINUTE_MS);
  let [looked, count, isAtEnd] = [0, 0, false];
  while (!isAtEnd && looked < MAX_ROWS_OF_TICK && hasBudget()) {
    const rows = await store.listArchivable(before, MAX_ROWS);
    count += await archiveRows(services, archive, rows, before);
    looked += rows.length;
    isAtEnd = rows.length < MAX_ROWS;
  }
  if (count > 0) {
    log.info("transactions.archived", { count });
  }
  if (isAtEnd) {
    await store.restartArchiveWalk(dayOf(services));
  }
  if (minute % 60 === 0 && hasBudget()) {
    await store.pruneKeys(before, MAX_KEYS);
  }
}

function dayOf({ now }: Services): number {
  return Math.floor(now() / DAY_MS);
}

type Row = Awaited<ReturnType<Services["store"]["listArchivable"]>>[number];

/** @returns how many have gone */
async function archiveRows(
  services: Services,
  archive: Archive,
  rows: readonly Row[],
  before: number,
): Promise<number> {
  const { store } = services;
  const day = dayOf(services);
  const last = rows.at(-1);
  const ids = rows.filter(({ isAtRest }) => isAtRest).map(({ id }) => id);
  const written = await write(services, archive, ids, before);
  if (written.length > 0 && last) {
    return store.deleteArchived(written, last.id, day);
  }
  if (last) {
    await store.moveArchiveWalk(last.id, day);
  }
  return 0;
}

/**
 * What was there is looked at before the payments are read: of two ticks at once the later one does not write over what
 * the other has read after it.
 * @returns those that are in the archive now
 * @throws when none of them could be written: the walk stays where it is
 */
async function write(
  { store, log }: Services,
  archive: Archive,
  ids: readonly string[],
  before: number,
): Promise<Archivable[]> {
  const failures: unknown[] = [];
  /** One that fails stops nobody: it stays until the walk comes by again. */
  const each = <T>(items: readonly T[], idOf: (item: T) => string, work: (item: T) => Promise<void>) =>
    inParallel(items, PARALLEL, (item) =>
      work(item).catch((error: unknown) => {
        failures.push(error);
        log.error("archive.failed", { transaction_id: idOf(item), error: describeError(error) });
      }),
    );
  const seen = new Map<string, string | null>();
  await each(
    ids,
    (id) => id,
    async (id) => void seen.set(id, await archive.head(id)),
  );
  const read = seen.size > 0 ? await store.readArchivable([...seen.keys()], before) : [];
  const written: Archivable[] = [];
  await each(
    read,
    ({ id }) => id,
    async (payment) => {
      if (await archive.put(payment.id, payment.text, seen.get(payment.id) ?? null)) {
        written.push(payment);
      }
    },
  );
  if (failures.length > 0 && written.length === 0) {
    throw failures[0];
  }
  return written;
}
