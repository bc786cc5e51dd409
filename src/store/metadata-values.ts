/** What of the shop's own words a payment can be found by. */
import { sql } from "drizzle-orm";
import type { Transaction } from "../transactions/transaction.ts";
import type { Database } from "./database.ts";
import { metadataValues } from "./schema.ts";

/** So many at most, each a row. */
const MAX_WORDS = 10;

/** Short values, none that looks like an e-mail address. */
export function findableValues(metadata: Transaction["metadata"]): string[] {
  // No control character either: at a NUL, a text ends for SQLite.
  const values = Object.values(metadata).filter((value) => /^[^@＠﹫\p{Cc}]{1,100}$/u.test(value));
  return [...new Set(values)].slice(0, MAX_WORDS);
}

/** The words, if the transaction's row was written. */
export function insertWords(db: Database, words: readonly string[], id: string) {
  return db.insert(metadataValues).select(sql`SELECT value, ${id} FROM json_each(${JSON.stringify(words)})
    WHERE EXISTS (SELECT 1 FROM transactions WHERE id = ${id})`);
}
