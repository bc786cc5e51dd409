/** Who is signed in to the console by its password, and how often a stranger has tried. */
import { and, eq, gt, lte, sql } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import { consoleSessions, signInAttempts } from "./schema.ts";

export type ConsoleSession = typeof consoleSessions.$inferSelect;

const WINDOW_MS = 15 * 60_000;
/** In one window, from one address. */
const MAX_ATTEMPTS = 10;
const PRUNED_AT_ONCE = 10_000;

export function sessionQueries(db: Database) {
  return {
    /**
     * Counts an attempt to sign in and says whether it may be made. What is over the limit is not even written: nobody
     * without the password makes more than a few rows.
     * @param address whatever tells one address from another, and no address itself
     * @returns null; or when the next attempt may be made, in epoch milliseconds
     */
    async countAttempt(address: string, now: number): Promise<number | null> {
      const isOver = lte(signInAttempts.since, now - WINDOW_MS);
      const counted = await run(
        db
          .insert(signInAttempts)
          .values({ address, attempts: 1, since: now })
          .onConflictDoUpdate({
            target: signInAttempts.address,
            set: {
              attempts: sql`CASE WHEN ${isOver} THEN 1 ELSE attempts + 1 END`,
              since: sql`CASE WHEN ${isOver} THEN ${now} ELSE since END`,
            },
            setWhere: sql`${isOver} OR attempts < ${MAX_ATTEMPTS}`,
          })
          .returning({ attempts: signInAttempts.attempts }),
      );
      if (counted.length > 0) {
        return null;
      }
      const [row] = await run(db.select().from(signInAttempts).where(eq(signInAttempts.address, address)));
      return (row?.since ?? now) + WINDOW_MS;
    },

    /** Whoever knows the password starts anew. */
    async forgetAttempts(address: string): Promise<void> {
      await run(db.delete(signInAttempts).where(eq(signInAttempts.address, address)));
    },

    /** A repeated write finds its own row. */
    async insertSession(session: ConsoleSession): Promise<void> {
      await run(db.insert(consoleSessions).values(session).onConflictDoNothing());
    },

    /** @param id the digest. @returns null for one that has ended */
    async findSession(id: string, now: number): Promise<ConsoleSession | null> {
      const isLive = and(eq(consoleSessions.id, id), gt(consoleSessions.expiresAt, now));
      const [row] = await run(db.select().from(consoleSessions).where(isLive));
      return row ?? null;
    },

    async deleteSession(id: string): Promise<void> {
      await run(db.delete(consoleSessions).where(eq(consoleSessions.id, id)));
    },

    /** Forgets what has ended; a bounded number at once. */
    async pruneConsole(now: number): Promise<void> {
      const ended = sql`(SELECT id FROM console_sessions WHERE expires_at <= ${now} LIMIT ${PRUNED_AT_ONCE})`;
      const over = sql`(SELECT address FROM sign_in_attempts WHERE since <= ${now - WINDOW_MS} LIMIT ${PRUNED_AT_ONCE})`;
      await run(
        db.batch([
          db.delete(consoleSessions).where(sql`id IN ${ended}`),
          db.delete(signInAttempts).where(sql`address IN ${over}`),
        ]),
      );
    },
  };
}
