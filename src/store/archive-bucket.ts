/**
 * The archive in R2: one object for each payment, by its id. Optional: without the binding ARCHIVE nothing is archived,
 * and nothing found there.
 */
import { firstTypeIdAt } from "../lib/id.ts";
import { withDeadline } from "../lib/with-deadline.ts";
import { type ArchivedPayment, parseArchived } from "./archive-record.ts";
import { StoreError } from "./store-error.ts";

/** What is younger is never archived, however it is set: nobody looks for it there. */
const MIN_ARCHIVE_AGE_MS = 180 * 24 * 60 * 60_000;

export interface Archive {
  /** Of what is there, the tag of its content; null: nothing is. @throws StoreError */
  head(id: string): Promise<string | null>;
  /**
   * @param seen the tag of what is there
   * @returns false when something else is there by now
   * @throws StoreError
   */
  put(id: string, text: string, seen: string | null): Promise<boolean>;
  /**
   * Null when there is no such payment, or it cannot be here yet; of a young id nobody is asked.
   * @param now epoch milliseconds
   * @throws StoreError
   */
  find(id: string, now: number): Promise<ArchivedPayment | null>;
}

const DEADLINE_MS = 5000;
const ID = /^txn_[0-9a-z]{26}$/;

/** Whether it is old enough to be archived. @param now epoch milliseconds */
export function mayBeArchived(id: string, now: number): boolean {
  return ID.test(id) && id < firstTypeIdAt("txn", Math.max(0, now - MIN_ARCHIVE_AGE_MS));
}

/** @param env the Worker's bindings; the one for this is no part of their generated types */
export function connectArchive(env: object): Archive | null {
  const { ARCHIVE: bucket } = env as { readonly ARCHIVE?: R2Bucket };
  if (!bucket) {
    return null;
  }
  return {
    head: async (id) => (await ask(bucket.head(keyOf(id))))?.etag ?? null,
    put: async (id, text, seen) => {
      const onlyIf = new Headers(seen === null ? { "if-none-match": "*" } : { "if-match": `"${seen}"` });
      const httpMetadata = { contentType: "application/jsonl" };
      return (await ask(bucket.put(keyOf(id), text, { onlyIf, httpMetadata }))) !== null;
    },
    find: async (id, now) => {
      if (!mayBeArchived(id, now)) {
        return null;
      }
      const text = await ask(bucket.get(keyOf(id)).then((found) => found?.text() ?? null));
      return text === null ? null : read(text);
    },
  };
}

function keyOf(id: string): string {
  return `transactions/${id}.jsonl`;
}

async function ask<T>(answer: Promise<T>): Promise<T> {
  try {
    return await withDeadline(answer, DEADLINE_MS, () => new Error("no answer"));
  } catch {
    throw new StoreError("the archive did not answer");
  }
}

function read(text: string): ArchivedPayment {
  try {
    return parseArchived(text);
  } catch {
    throw new StoreError("the archive holds something else there");
  }
}
