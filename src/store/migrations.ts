/** Which migrations this Worker was written for, and which D1 has seen. */
import { sql } from "drizzle-orm";
import { type Database, run } from "./database.ts";

/** By the names of their files; a test holds the list against the folder. */
export const MIGRATIONS: readonly string[] = [
  "0001_transactions.sql",
  "0002_refunds.sql",
  "0003_inbox.sql",
  "0004_dead_letters.sql",
  "0005_missed_events.sql",
  "0006_console.sql",
  "0007_archive.sql",
];

export function migrationQueries(db: Database) {
  return {
    /** Those that this Worker needs and D1 lacks, in their order. */
    async listMissingMigrations(): Promise<string[]> {
      // The table is wrangler's own.
      const rows = await run(db.select({ name: sql<string>`name` }).from(sql`d1_migrations`));
      const applied = new Set(rows.map(({ name }) => name));
      return MIGRATIONS.filter((name) => !applied.has(name));
    },
  };
}
