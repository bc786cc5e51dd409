/** Verified webhooks, kept with what became of them: the de-duplication, the audit, and what can be replayed. */
import { and, desc, eq, sql } from "drizzle-orm";
import { firstTypeIdAt } from "../lib/id.ts";
import type { Observation } from "../transactions/observation.ts";
import { attempt, type Database, run } from "./database.ts";
import { inbox } from "./schema.ts";

/** A verified webhook's identity and content. */
export interface InboxEntry {
  readonly gateway: string;
  readonly eventId: string;
  /** Our transaction's id; or, as long as it is not known, what `referenceKey` makes of the gateway's. */
  readonly transactionId: string;
  readonly observation: Observation;
  /** How it came; absent where it is in the inbox already. */
  readonly arrival?: Arrival;
}

/** Times are the gateway's own; null where nobody says. */
export interface Arrival {
  /** Epoch milliseconds. */
  readonly occurredAt: number | null;
  readonly signedAt: number | null;
  /** Which of the live secrets verified it: 1 is the first. */
  readonly secret: number | null;
  /** What it said, redacted: at most 4,096 characters. */
  readonly raw: string | null;
}

/** By which a duplicate is told. */
export type InboxKey = Omit<InboxEntry, "observation" | "arrival">;
export type InboxRow = typeof inbox.$inferSelect;
export type InboxOutcome = InboxRow["outcome"];

/** Kept for so long; parked ones too. */
const RETENTION_MS = 90 * 24 * 60 * 60 * 1000;
const PRUNED_AT_ONCE = 10_000;

/** Where a webhook waits that names only the gateway's own id. */
export function referenceKey(gateway: string, reference: string): string {
  return `${gateway}:${reference}`;
}

export function isEntry({ transactionId, gateway, eventId }: InboxKey) {
  return and(eq(inbox.transactionId, transactionId), eq(inbox.gateway, gateway), eq(inbox.eventId, eventId));
}

const UNKNOWN: Arrival = { occurredAt: null, signedAt: null, secret: null, raw: null };

/** @param now epoch milliseconds, when it came in */
export function toInboxRow(
  { arrival = UNKNOWN, ...entry }: InboxEntry,
  outcome: InboxOutcome,
  reason: string | null,
  now: number,
): InboxRow {
  const { transactionId, gateway, eventId, observation } = entry;
  return { transactionId, gateway, eventId, observation, outcome, reason, receivedAt: now, ...arrival };
}

export function inboxQueries(db: Database) {
  return {
    /**
     * Keeps a webhook that changes nothing; one that is kept already is settled by it, if it was parked.
     * @returns "conflict" when it came in meanwhile
     */
    async ignore(
      { stored, ...entry }: InboxEntry & { readonly stored: boolean },
      reason: string,
      now: number,
    ): Promise<"conflict" | "kept"> {
      const result = await attempt(
        stored
          ? db
              .update(inbox)
              .set({ outcome: "ignored", reason })
              .where(and(isEntry(entry), eq(inbox.outcome, "parked")))
          : db.insert(inbox).values(toInboxRow(entry, "ignored", reason, now)),
      );
      return result === "conflict" ? "conflict" : "kept";
    },

    /**
     * Keeps a webhook until its transaction is there, which takes it up in the commit that opens it.
     * @param reason why it will never be; null: it may
     * @returns "conflict" when the transaction, or this very webhook, came in meanwhile
     */
    async park(entry: InboxEntry, now: number, reason: string | null = null): Promise<"conflict" | "kept"> {
      const { gateway, eventId, transactionId, observation, arrival = UNKNOWN } = entry;
      const { occurredAt, signedAt, secret, raw } = arrival;
      const known =
        observation.reference !== null && transactionId === referenceKey(gateway, observation.reference)
          ? sql`gateway_reference = ${observation.reference} AND gateway = ${gateway}`
          : sql`id = ${transactionId}`;
      const row = sql`SELECT ${transactionId}, ${gateway}, ${eventId}, 'parked', ${reason},
        ${JSON.stringify(observation)}, ${now}, ${occurredAt}, ${signedAt}, ${secret}, ${raw}
        WHERE NOT EXISTS (SELECT 1 FROM transactions WHERE ${known} AND version > 0)`;
      const parked = db.insert(inbox).select(row).onConflictDoNothing().returning({ id: inbox.eventId });
      return (await run(parked)).length > 0 ? "kept" : "conflict";
    },

    /** What was kept of a webhook; null when it was not. */
    async findInbox(key: InboxKey): Promise<InboxRow | null> {
      const [row] = await run(db.select().from(inbox).where(isEntry(key)));
      return row ?? null;
    },

    /** Newest transactions first. @param after the last one of the page before */
    async listInbox(
      outcome: InboxOutcome | undefined,
      after: InboxKey | undefined,
      limit: number,
    ): Promise<InboxRow[]> {
      const place = sql`(${inbox.transactionId}, ${inbox.gateway}, ${inbox.eventId})`;
      return run(
        db
          .select()
          .from(inbox)
          .where(
            and(
              outcome === undefined ? undefined : eq(inbox.outcome, outcome),
              // Says to the planner that the partial index holds them all.
              outcome === undefined || outcome === "applied" ? undefined : sql`outcome <> 'applied'`,
              after && sql`${place} < (${after.transactionId}, ${after.gateway}, ${after.eventId})`,
            ),
          )
          .orderBy(desc(inbox.transactionId), desc(inbox.gateway), desc(inbox.eventId))
          .limit(limit),
      );
    },

    /** Forgets what is older than the retention; a bounded number at once. */
    async pruneInbox(now: number): Promise<void> {
      const before = now - RETENTION_MS;
      const oldest = sql`(SELECT transaction_id, gateway, event_id FROM inbox WHERE transaction_id >= 'txn_'
        AND transaction_id < ${firstTypeIdAt("txn", Math.max(0, before))} AND received_at < ${before} LIMIT ${PRUNED_AT_ONCE})`;
      const unmatched = sql`(SELECT transaction_id, gateway, event_id FROM inbox WHERE outcome = 'parked'
        AND outcome <> 'applied' AND received_at < ${before} LIMIT ${PRUNED_AT_ONCE})`;
      const place = sql`(transaction_id, gateway, event_id)`;
      await run(
        db.batch([
          db.delete(inbox).where(sql`${place} IN ${oldest}`),
          db.delete(inbox).where(sql`${place} IN ${unmatched}`),
        ]),
      );
    },
  };
}
