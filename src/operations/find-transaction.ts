/** What is known of a transaction, wherever it is kept: in D1, or, years later, in the archive, where it only can be read. */
import type { Services } from "../services.ts";
import type { ArchivedPayment } from "../store/archive-record.ts";
import type { RefundRow } from "../store/refunds.ts";
import type { Loaded } from "../store/rows.ts";

/** @returns null when there is none of that id, or it is being opened. @throws StoreError */
export async function findTransaction(services: Services, id: string): Promise<Loaded | null> {
  const loaded = await services.store.find(id);
  if (loaded) {
    return loaded.transaction.version > 0 ? loaded : null;
  }
  return (await findArchived(services, id))?.loaded ?? null;
}

/** Its history, oldest first. @returns null when there is no such transaction. @throws StoreError */
export async function findHistory(services: Services, id: string): Promise<ArchivedPayment["events"] | null> {
  return (await services.store.history(id)) ?? (await findArchived(services, id))?.events ?? null;
}

/** With its refunds, oldest first. @returns null when there is no such transaction. @throws StoreError */
export async function findRefunds(
  services: Services,
  id: string,
): Promise<{ loaded: Loaded; refunds: readonly RefundRow[]; isArchived: boolean } | null> {
  const found = await services.store.findRefunds(id);
  if (found) {
    return found.loaded.transaction.version > 0 ? { ...found, isArchived: false } : null;
  }
  const archived = await findArchived(services, id);
  return archived && { ...archived, isArchived: true };
}

/** As the archive has it. @returns null when that has none of this id. @throws StoreError */
export async function findArchived({ archive, now }: Services, id: string): Promise<ArchivedPayment | null> {
  return archive ? archive.find(id, now()) : null;
}
