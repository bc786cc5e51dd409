/** Verified webhooks that changed nothing: ignored ones, and those that wait for their transaction. */
import { sql } from "drizzle-orm";
import type { Observation } from "../transactions/observation.ts";
import { attempt, type Database } from "./database.ts";
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
    /** Keeps a webhook that changes nothing (again). @returns "conflict" when it came in meanwhile */
    async setAside(
      { parked, ...entry }: InboxEntry & { readonly parked: boolean },
      outcome: "ignored" | "parked",
      reason: string,
      now: number,
    ): Promise<"conflict" | "kept"> {
      const insert = db.insert(inbox).values({ ...entry, outcome, reason, receivedAt: now });
      const result = await attempt(
        parked
          ? insert.onConflictDoUpdate({
              target: [inbox.gateway, inbox.eventId],
              set: { outcome, reason },
              setWhere: sql`outcome = 'parked'`,
            })
          : insert,
      );
      return result === "conflict" ? "conflict" : "kept";
    },
  };
}
