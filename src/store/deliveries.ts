/** The outbox in D1: what the shop is owed, and what came of it. */
import { and, asc, eq, gt, isNotNull } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import { deliveries } from "./schema.ts";

export type Delivery = typeof deliveries.$inferSelect;

export function deliveryQueries(db: Database) {
  return {
    async markDelivered(position: number, now: number): Promise<void> {
      await run(
        db
          .update(deliveries)
          .set({ nextAttemptAt: null, deliveredAt: now, lastError: null })
          .where(eq(deliveries.position, position)),
      );
    },

    /**
     * Books a failed attempt.
     * @param attempts how many have failed now; a row that another attempt has booked meanwhile is left alone
     * @param nextAttemptAt null: a dead letter
     */
    async markFailed(
      position: number,
      attempts: number,
      nextAttemptAt: number | null,
      error: string,
    ): Promise<void> {
      await run(
        db
          .update(deliveries)
          .set({ attempts, nextAttemptAt, lastError: error })
          .where(
            and(
              eq(deliveries.position, position),
              eq(deliveries.attempts, attempts - 1),
              isNotNull(deliveries.nextAttemptAt),
            ),
          ),
      );
    },

    /** Owes an event again, from the first attempt on. @returns it, or null when there is none */
    async replay(position: number, transactionId: string, nextAttemptAt: number): Promise<Delivery | null> {
      const [row] = await run(
        db
          .update(deliveries)
          .set({ attempts: 0, nextAttemptAt, deliveredAt: null, lastError: null })
          .where(and(eq(deliveries.position, position), eq(deliveries.transactionId, transactionId)))
          .returning(),
      );
      return row ?? null;
    },

    /** Outgoing events in the order of commit. */
    async listAfter(position: number, limit: number): Promise<Delivery[]> {
      return await run(
        db
          .select()
          .from(deliveries)
          .where(gt(deliveries.position, position))
          .orderBy(asc(deliveries.position))
          .limit(limit),
      );
    },
  };
}
