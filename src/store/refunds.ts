/** Refunds that were begun here: asked for on the condition that so much is left, then owed until the gateway ends them. */
import { and, asc, eq, gt, inArray, isNotNull, lte, or, sql } from "drizzle-orm";
import type { Source } from "../transactions/event.ts";
import { attempt, type Database, run } from "./database.ts";
import { type Loaded, loadedColumns, toLoaded } from "./rows.ts";
import { refunds, transactions } from "./schema.ts";

export type RefundRow = typeof refunds.$inferSelect;

export interface NewRefund {
  readonly id: string;
  readonly transactionId: string;
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  readonly source: Source;
  /** The person who gives it back, where one does. */
  readonly actor: string | null;
  /** Until then whoever has written the row is taken to be sending it. */
  readonly nextAttemptAt: number;
  readonly now: number;
}

export interface RefundRequest extends Omit<NewRefund, "amount" | "currency"> {
  /** Null: all that is left. */
  readonly amount: number | null;
  readonly idempotencyKey: string | null;
  readonly fingerprint: string;
  /** What was left when it was asked for: it is refused when that has changed. Null: whatever is left. */
  readonly expectedRest: number | null;
}

export interface RefundEnd {
  readonly id: string;
  readonly status: "succeeded" | "failed";
  readonly gatewayReference: string | null;
  readonly failureCode: string | null;
  /** It was done before, and has failed after all. */
  readonly isUndone?: boolean;
}

/** So long after a call without an answer news does not repeat it: a gateway without keys may not list the first yet. */
const SETTLING_MS = 30_000;

export function refundQueries(db: Database) {
  return {
    /**
     * Inserts on conditions: the transaction has its money, so much of it is left, and the key is new.
     * @returns the refund, or null when something stands in its way
     */
    async requestRefund(request: RefundRequest): Promise<RefundRow | null> {
      const result = await attempt(db.insert(refunds).select(conditionalRow(request)).returning());
      return result === "conflict" ? null : (result[0] ?? null);
    },

    /** A refund with its transaction; null when there is none of that id. */
    async findRefund(id: string): Promise<{ refund: RefundRow; loaded: Loaded } | null> {
      // Not a join: columns of one name, such as `status`, are one in what D1 answers.
      const own = db.select({ id: refunds.transactionId }).from(refunds).where(eq(refunds.id, id));
      const [[refund], [row]] = await run(
        db.batch([
          db.select().from(refunds).where(eq(refunds.id, id)),
          db.select(loadedColumns).from(transactions).where(inArray(transactions.id, own)),
        ]),
      );
      return refund && row ? { refund, loaded: toLoaded(row) } : null;
    },

    /** A transaction with its refunds, oldest first; null when there is no such transaction. */
    async findRefunds(transactionId: string): Promise<{ loaded: Loaded; refunds: RefundRow[] } | null> {
      const [[row], rows] = await run(
        db.batch([
          db.select(loadedColumns).from(transactions).where(eq(transactions.id, transactionId)),
          db.select().from(refunds).where(eq(refunds.transactionId, transactionId)).orderBy(asc(refunds.id)),
        ]),
      );
      return row ? { loaded: toLoaded(row), refunds: rows } : null;
    },

    /**
     * Books an end that changes nothing of the transaction.
     * @returns "conflict" when it has ended meanwhile
     */
    async endRefund(end: RefundEnd, now: number): Promise<"conflict" | "kept"> {
      const ended = await run(endRefund(db, end, now).returning({ id: refunds.id }));
      return ended.length > 0 ? "kept" : "conflict";
    },

    /** Books a look that did not end it. @param attempts how many there have been now */
    async postponeRefund(
      id: string,
      { attempts, nextAttemptAt, gatewayReference, now }: Postponement,
    ): Promise<void> {
      await run(
        db
          .update(refunds)
          .set({
            attempts,
            nextAttemptAt,
            updatedAt: now,
            ...(gatewayReference === null ? {} : { gatewayReference }),
          })
          .where(and(eq(refunds.id, id), eq(refunds.status, "pending"))),
      );
    },

    /**
     * Takes the refunds of a transaction that the gateway has not ended, but for those that are being sent just now: who
     * sends has the row until its next attempt, which is due within a lease, and then the cron's.
     * @param until the lease, no shorter than the cron's
     */
    async claimRefunds(transactionId: string, now: number, until: number): Promise<RefundRow[]> {
      return run(
        db
          .update(refunds)
          .set({ nextAttemptAt: until })
          .where(
            and(
              eq(refunds.transactionId, transactionId),
              eq(refunds.status, "pending"),
              gt(refunds.attempts, 0),
              or(
                lte(refunds.nextAttemptAt, now),
                and(
                  gt(refunds.nextAttemptAt, until),
                  or(isNotNull(refunds.gatewayReference), lte(refunds.updatedAt, now - SETTLING_MS)),
                ),
              ),
            ),
          )
          .returning(),
      );
    },
  };
}

interface Postponement {
  readonly attempts: number;
  readonly nextAttemptAt: number;
  readonly gatewayReference: string | null;
  readonly now: number;
}

export function insertRefund(db: Database, { now, ...refund }: NewRefund) {
  return db.insert(refunds).values({ ...refund, status: "pending", createdAt: now, updatedAt: now });
}

/** What the gateway does not say again of its own id stays known. */
export function endRefund(
  db: Database,
  { id, status, gatewayReference, failureCode, isUndone = false }: RefundEnd,
  now: number,
) {
  return db
    .update(refunds)
    .set({
      status,
      failureCode: status === "failed" ? (failureCode ?? "refund_failed") : null,
      ...(gatewayReference === null ? {} : { gatewayReference }),
      ...{ nextAttemptAt: null, updatedAt: now },
    })
    .where(and(eq(refunds.id, id), eq(refunds.status, isUndone ? "succeeded" : "pending")));
}

/** The row's values as a SELECT, so that an INSERT can have conditions; columns in the schema's order. */
function conditionalRow({ id, transactionId, amount, reason, source, now, ...request }: RefundRequest) {
  const { idempotencyKey, fingerprint, nextAttemptAt, actor, expectedRest } = request;
  const rest = sql`SELECT id, currency, amount_captured - amount_refunded - (SELECT coalesce(sum(amount), 0)
    FROM refunds WHERE refunds.transaction_id = transactions.id AND refunds.status = 'pending') AS rest
    FROM transactions WHERE id = ${transactionId} AND status = 'succeeded'`;
  return sql`SELECT ${id}, paid.id, coalesce(${amount}, paid.rest), paid.currency, 'pending', ${reason}, ${source},
    NULL, NULL, ${idempotencyKey}, ${fingerprint}, 0, ${nextAttemptAt}, ${now}, ${now}, ${actor} FROM (${rest}) AS paid
    WHERE paid.rest >= coalesce(${amount}, 1) AND paid.rest = coalesce(${expectedRest}, paid.rest) AND NOT EXISTS (SELECT 1 FROM refunds
      WHERE transaction_id = ${transactionId} AND idempotency_key = ${idempotencyKey})`;
}
