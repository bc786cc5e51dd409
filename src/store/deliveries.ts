/** The outbox in D1: what the shop is owed, and what came of it. */
import { and, asc, desc, eq, getTableColumns, gt, inArray, lt, type SQL, sql } from "drizzle-orm";
import { type Database, run } from "./database.ts";
import { deliveries, isDeadLetter } from "./schema.ts";

export type Delivery = typeof deliveries.$inferSelect;

/** A row as an attempt took it: its time of the next attempt is the lease. */
export type Lease = Pick<Delivery, "position" | "attempts" | "nextAttemptAt">;

export type DeliveryStatus = "owed" | "delivered" | "dead";

/** Without the body, which may be large. */
export interface ListedDelivery extends Omit<Delivery, "body"> {
  /** "unsent": there was nobody to tell. */
  readonly status: DeliveryStatus | "unsent";
}

export interface DeliveryFilter {
  readonly status?: DeliveryStatus;
  /** Positions below this one. */
  readonly before?: number;
  readonly limit: number;
}

const HAS_STATUS: Readonly<Record<DeliveryStatus, SQL>> = {
  owed: sql`next_attempt_at IS NOT NULL`,
  delivered: sql`delivered_at IS NOT NULL`,
  dead: isDeadLetter,
};
const { body: _body, ...listed } = getTableColumns(deliveries);

export function deliveryQueries(db: Database) {
  return {
    /** Books a success; left alone when others have the row by now, for whom it is to be sent again. */
    async markDelivered(lease: Lease, now: number): Promise<void> {
      await run(
        db
          .update(deliveries)
          .set({ nextAttemptAt: null, deliveredAt: now, lastError: null })
          .where(isHeld(lease)),
      );
    },

    /**
     * Books a failed attempt; left alone when others have the row by now.
     * @param nextAttemptAt null: a dead letter
     */
    async markFailed(lease: Lease, nextAttemptAt: number | null, error: string): Promise<void> {
      await run(
        db
          .update(deliveries)
          .set({ attempts: lease.attempts + 1, nextAttemptAt, lastError: error })
          .where(isHeld(lease)),
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
    async listDeliveries({ status, before, limit }: DeliveryFilter): Promise<ListedDelivery[]> {
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
      return rows.map((row) => ({ ...row, status: statusOf(row) }));
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

/** Whoever takes a row meanwhile, to send it or to owe it again, moves its time of the next attempt. */
function isHeld({ position, nextAttemptAt }: Lease): SQL | undefined {
  return and(eq(deliveries.position, position), sql`${deliveries.nextAttemptAt} = ${nextAttemptAt}`);
}

function statusOf({
  nextAttemptAt,
  deliveredAt,
  attempts,
}: Omit<Delivery, "body">): ListedDelivery["status"] {
  if (nextAttemptAt !== null) {
    return "owed";
  }
  if (deliveredAt !== null) {
    return "delivered";
  }
  return attempts > 0 ? "dead" : "unsent";
}
