/**
 * What one database is asked on behalf of a payment in another: an order's home changes with a new generation of
 * databases, and a webhook that names no payment of ours waits wherever its reference belongs.
 */
import { and, eq, sql } from "drizzle-orm";
import type { Transaction } from "../transactions/transaction.ts";
import { nudgeSiblings } from "./commit.ts";
import { attempt, type Database, run } from "./database.ts";
import { type InboxKey, type InboxRow, isEntry } from "./inbox.ts";
import { inbox } from "./schema.ts";

export function elsewhereQueries(db: Database) {
  return {
    /** Whether there is or was a payment of the order. */
    async hasOrder(orderId: string): Promise<boolean> {
      return exists(db, orderId, sql`true`);
    },

    async isOrderPaid(orderId: string): Promise<boolean> {
      return exists(db, orderId, sql`slot = 'paid'`);
    },

    /** The cron looks at the order's payments now that may still take money. @returns their ids */
    async nudgeOrder(order: Pick<Transaction, "orderId" | "id">, now: number): Promise<string[]> {
      return (await run(nudgeSiblings(db, order, now))).map(({ sibling }) => sibling);
    },

    async listParkedAt(place: string): Promise<InboxRow[]> {
      return run(
        db
          .select()
          .from(inbox)
          .where(and(eq(inbox.transactionId, place), eq(inbox.outcome, "parked"))),
      );
    },

    /** Takes over an entry of another database; one that is here already stays as it is. */
    async adoptInbox(row: InboxRow): Promise<void> {
      await attempt(db.insert(inbox).values(row).onConflictDoNothing());
    },

    async forgetInbox(key: InboxKey): Promise<void> {
      await run(db.delete(inbox).where(isEntry(key)));
    },
  };
}

/** Whether a payment of the order is such, or in the archive, and so was paid. */
async function exists(db: Database, orderId: string, isSuch: ReturnType<typeof sql>): Promise<boolean> {
  const found = sql<number>`EXISTS (SELECT 1 FROM transactions WHERE order_id = ${orderId} AND ${isSuch})
    OR EXISTS (SELECT 1 FROM archived_orders WHERE order_id = ${orderId})`;
  const [row] = await run(db.select({ found: found.as("found") }).from(sql`(SELECT 1)`));
  return row?.found === 1;
}
