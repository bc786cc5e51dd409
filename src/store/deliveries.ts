/** The outbox in D1: what the shop is owed, and what came of it. */
import { and, asc, desc, eq, getTableColumns, gt, inArray, lt, type SQL, sql } from "drizzle-orm";
import { readLines, toLine } from "../lib/lines.ts";
import type { Places } from "../lib/places.ts";
import { type Database, run } from "./database.ts";
import { deliveries, isDeadLetter } from "./schema.ts";

export type Delivery = typeof deliveries.$inferSelect;

/** A row as an attempt took it: its time of the next attempt is the lease. */
export type Lease = Pick<Delivery, "transactionId" | "position" | "attempts" | "nextAttemptAt">;

export type DeliveryStatus = "owed" | "delivered" | "dead";

/** One call to the shop. */
export interface Attempt {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  /** Bounded, and without the shop's words. */
  readonly answer: string;
  /** From the commit to the last watching socket, where that is known by then. */
  readonly pushedMs: number | null;
}

/** Of a delivery's log, in characters: the oldest attempts go. */
const MAX_LOG_LENGTH = 2000;

/** Without the body, which may be large. */
export interface ListedDelivery extends Omit<Delivery, "body" | "log"> {
  /** "unsent": there was nobody to tell. */
  readonly status: DeliveryStatus | "unsent";
  /** Oldest first, as far as they are kept. */
  readonly tries: readonly Omit<Attempt, "pushedMs">[];
}

export interface DeliveryFilter {
  readonly status?: DeliveryStatus;
  /** Positions below these. */
  readonly before?: Places;
  readonly limit: number;
}

/** Where a page of what is owed ends; the last row's database tells those apart that have one position. */
export type OwedPlace = Pick<Delivery, "nextAttemptAt" | "position"> & { readonly database: number };

const HAS_STATUS: Readonly<Record<DeliveryStatus, SQL>> = {
  owed: sql`next_attempt_at IS NOT NULL`,
  delivered: sql`delivered_at IS NOT NULL`,
  dead: isDeadLetter,
};
const { body: _body, ...listed } = getTableColumns(deliveries);

export function deliveryQueries(db: Database) {
  return {
    /** Books a success; left alone when others have the row by now, for whom it is to be sent again. */
    async markDelivered(lease: Lease, now: number, attempt: Attempt): Promise<void> {
      await run(
        db
          .update(deliveries)
          .set({ nextAttemptAt: null, deliveredAt: now, lastError: null, ...withAttempt(attempt) })
          .where(isHeld(lease)),
      );
    },

    /**
     * Books a failed attempt; left alone when others have the row by now.
     * @param nextAttemptAt null: a dead letter
     */
    async markFailed(lease: Lease, nextAttemptAt: number | null, attempt: Attempt): Promise<void> {
      const lastError = attempt.answer;
      await run(
        db
          .update(deliveries)
          .set({ attempts: lease.attempts + 1, nextAttemptAt, lastError, ...withAttempt(attempt) })
          .where(isHeld(lease)),
      );
    },

    /** Owes an event again, from the first attempt on. @returns it, or null when there is none */
    async replay(transactionId: string, position: number, nextAttemptAt: number): Promise<Delivery | null> {
      const [row] = await run(
        db
          .update(deliveries)
          .set({ attempts: 0, nextAttemptAt, deliveredAt: null, lastError: null })
          .where(and(eq(deliveries.position, position), eq(deliveries.transactionId, transactionId)))
          .returning(),
      );
      return row ?? null;
    },

    /**
     * Owes dead letters again, the oldest first, from the first attempt on.
     * @param type of the events; null for all
     * @returns how many
     */
    async replayDead(type: string | null, limit: number, nextAttemptAt: number): Promise<number> {
      const dead = db
        .select({ position: deliveries.position })
        .from(deliveries)
        .where(and(isDeadLetter, type === null ? undefined : sql`type = ${type}`))
        .orderBy(asc(deliveries.position))
        .limit(limit);
      const rows = await run(
        db
          .update(deliveries)
          .set({ attempts: 0, nextAttemptAt, lastError: null })
          .where(inArray(deliveries.position, dead))
          .returning({ position: deliveries.position }),
      );
      return rows.length;
    },

    /** Newest first, without their bodies. */
    async listDeliveries({
      status,
      before: [before] = [],
      limit,
    }: DeliveryFilter): Promise<ListedDelivery[]> {
      // With the plus SQLite looks for what is owed in its own index, instead of through all that was delivered.
      const position = status === "owed" ? sql`+${deliveries.position}` : sql`${deliveries.position}`;
      const rows = await run(
        db
          .select(listed)
          .from(deliveries)
          .where(and(status && HAS_STATUS[status], before === undefined ? undefined : lt(position, before)))
          .orderBy(desc(position))
          .limit(limit),
      );
      return rows.map(toListed);
    },

    async hasDelivery(transactionId: string, position: number): Promise<boolean> {
      const rows = await run(
        db
          .select({ position: deliveries.position })
          .from(deliveries)
          .where(and(eq(deliveries.position, position), eq(deliveries.transactionId, transactionId))),
      );
      return rows.length > 0;
    },

    /** What is owed, the longest due first: that is its index's order, so a page reads no more than it shows. */
    async listOwed(after: OwedPlace | undefined, limit: number): Promise<ListedDelivery[]> {
      const place = sql`(${deliveries.nextAttemptAt}, ${deliveries.position})`;
      const rows = await run(
        db
          .select(listed)
          .from(deliveries)
          .where(and(HAS_STATUS.owed, after && sql`${place} > (${after.nextAttemptAt}, ${after.position})`))
          .orderBy(asc(deliveries.nextAttemptAt), asc(deliveries.position))
          .limit(limit),
      );
      return rows.map(toListed);
    },

    /** Outgoing events in the order of commit, after these positions. */
    async listAfter([position = 0]: Places, limit: number): Promise<Delivery[]> {
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

function toListed({ log, ...row }: Omit<Delivery, "body">): ListedDelivery {
  return { ...row, status: statusOf(row), tries: readAttempts(log) };
}

/** The attempts of a row's log, oldest first. */
export function readAttempts(log: string): Omit<Attempt, "pushedMs">[] {
  return readLines(log).map(([at, durationMs, answer]) => ({
    at: Number(at),
    durationMs: Number(durationMs),
    answer: String(answer),
  }));
}

function withAttempt({ at, durationMs, answer, pushedMs }: Attempt) {
  const line = toLine([at, durationMs, answer]);
  return {
    log: sql`substr(${deliveries.log} || ${line}, ${sql.raw(String(-MAX_LOG_LENGTH))})`,
    ...(pushedMs === null ? {} : { pushedMs }),
  };
}

/** Whoever takes a row meanwhile, to send it or to owe it again, moves its time of the next attempt. */
function isHeld({ position, nextAttemptAt }: Lease): SQL | undefined {
  return and(eq(deliveries.position, position), sql`${deliveries.nextAttemptAt} = ${nextAttemptAt}`);
}

export function statusOf({
  nextAttemptAt,
  deliveredAt,
  attempts,
}: Pick<Delivery, "nextAttemptAt" | "deliveredAt" | "attempts">): ListedDelivery["status"] {
  if (nextAttemptAt !== null) {
    return "owed";
  }
  if (deliveredAt !== null) {
    return "delivered";
  }
  return attempts > 0 ? "dead" : "unsent";
}
