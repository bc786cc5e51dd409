/** What operators did: written before it is done, and what came of it after. */
import { desc, eq, lt } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import { operatorActions } from "./schema.ts";

export type OperatorAction = typeof operatorActions.$inferSelect;

export function operatorActionQueries(db: Database) {
  return {
    async beginAction(action: Omit<OperatorAction, "outcome">): Promise<void> {
      await run(db.insert(operatorActions).values(action).onConflictDoNothing());
    },

    async endAction(id: string, outcome: string): Promise<void> {
      await run(db.update(operatorActions).set({ outcome }).where(eq(operatorActions.id, id)));
    },

    /** Newest first. @param before ids below this one */
    async listActions(before: string | null, limit: number): Promise<OperatorAction[]> {
      return run(
        db
          .select()
          .from(operatorActions)
          .where(before === null ? undefined : lt(operatorActions.id, before))
          .orderBy(desc(operatorActions.id))
          .limit(limit),
      );
    },
  };
}

/** Of one transaction, oldest first: the newest so many. */
export function selectActions(db: Database, transactionId: string, limit: number) {
  return db
    .select()
    .from(operatorActions)
    .where(eq(operatorActions.transactionId, transactionId))
    .orderBy(desc(operatorActions.id))
    .limit(limit);
}
