/** Verified webhooks that changed nothing: ignored ones, and those that wait for their transaction. */
import { sql } from "drizzle-orm";
import type { Observation } from "../transactions/observation.ts";
import { attempt, type Database, run } from "./database.ts";
import { inbox } from "./schema.ts";

/** A verified webhook's identity and content. */
export interface InboxEntry {
  readonly gateway: string;
  readonly eventId: string;
  readonly transactionId: string;
  readonly observation: Observation;
}

export function inboxQueries(db: Database) {
  return {
    /**
     * Keeps a webhook that changes nothing; one that was parked is settled by it.
     * @returns "conflict" when it came in meanwhile
     */
    async ignore(
      { parked, ...entry }: InboxEntry & { readonly parked: boolean },
      reason: string,
      now: number,
    ): Promise<"conflict" | "kept"> {
      const insert = db.insert(inbox).values({ ...entry, outcome: "ignored", reason, receivedAt: now });
      const result = await attempt(
        parked
          ? insert.onConflictDoUpdate({
              target: [inbox.gateway, inbox.eventId],
              set: { outcome: "ignored", reason },
              setWhere: sql`outcome = 'parked'`,
            })
          : insert,
      );
      return result === "conflict" ? "conflict" : "kept";
    },

    /**
     * Keeps a webhook until its transaction is there, which takes it up in the commit that opens it.
     * @returns "conflict" when the transaction, or this very webhook, came in meanwhile
     */
    async park(entry: InboxEntry, now: number): Promise<"conflict" | "kept"> {
      const { gateway, eventId, transactionId, observation } = entry;
      const row = sql`SELECT ${gateway}, ${eventId}, ${transactionId}, 'parked', NULL,
        ${JSON.stringify(observation)}, ${now}
        WHERE NOT EXISTS (SELECT 1 FROM transactions WHERE id = ${transactionId} AND version > 0)`;
      const parked = db.insert(inbox).select(row).onConflictDoNothing().returning({ id: inbox.eventId });
      return (await run(parked)).length > 0 ? "kept" : "conflict";
    },
  };
}
