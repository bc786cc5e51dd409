/**
 * Drizzle's view of the tables. The migrations are the truth (STRICT, WITHOUT ROWID, CHECKs); a test holds this file
 * against them.
 */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { EventType, Source } from "../transactions/event.ts";
import type { Observation } from "../transactions/observation.ts";
import type { RefundStatus } from "../transactions/refund.ts";
import type { Dispute, Mode, ReviewReason, Status, Transaction } from "../transactions/transaction.ts";

export const transactions = sqliteTable(
  "transactions",
  {
    id: text("id").primaryKey(),
    orderId: text("order_id").notNull(),
    gateway: text("gateway").notNull(),
    status: text("status").$type<Status>().notNull(),
    version: integer("version").notNull(),
    amount: integer("amount").notNull(),
    currency: text("currency").notNull(),
    amountCaptured: integer("amount_captured").notNull().default(0),
    amountRefunded: integer("amount_refunded").notNull().default(0),
    capture: text("capture").$type<Transaction["capture"]>().notNull(),
    gatewayReference: text("gateway_reference"),
    paymentUrl: text("payment_url"),
    returnUrl: text("return_url"),
    description: text("description"),
    metadata: text("metadata", { mode: "json" }).$type<Record<string, string>>().notNull().default({}),
    failureCode: text("failure_code"),
    failureMessage: text("failure_message"),
    late: integer("late", { mode: "boolean" }).notNull().default(false),
    reviewReason: text("review_reason").$type<ReviewReason>(),
    customer: text("customer"),
    openingUntil: integer("opening_until").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    nextCheckAt: integer("next_check_at"),
    silentSince: integer("silent_since"),
    slot: text("slot")
      .notNull()
      .generatedAlwaysAs(
        sql`CASE WHEN status IN ('pending', 'processing', 'authorized') THEN 'open' WHEN status = 'succeeded' AND amount_refunded < amount_captured THEN 'paid' ELSE id END`,
        { mode: "virtual" },
      ),
    capturing: integer("capturing"),
    dispute: text("dispute").$type<Dispute>(),
    mode: text("mode").$type<Mode>(),
  },
  (table) => [
    uniqueIndex("transactions_order").on(table.orderId, table.slot),
    index("transactions_due").on(table.nextCheckAt).where(sql`next_check_at IS NOT NULL`),
    index("transactions_reference").on(table.gatewayReference).where(sql`gateway_reference IS NOT NULL`),
  ],
);

export const events = sqliteTable(
  "events",
  {
    transactionId: text("transaction_id").notNull(),
    version: integer("version").notNull(),
    type: text("type").$type<EventType>().notNull(),
    source: text("source").$type<Source>().notNull(),
    statusBefore: text("status_before").$type<Status>().notNull(),
    status: text("status").$type<Status>().notNull(),
    amountCaptured: integer("amount_captured").notNull(),
    amountRefunded: integer("amount_refunded").notNull(),
    reason: text("reason"),
    occurredAt: integer("occurred_at").notNull(),
    actor: text("actor"),
    note: text("note"),
  },
  (table) => [primaryKey({ columns: [table.transactionId, table.version] })],
);

export const idempotencyKeys = sqliteTable("idempotency_keys", {
  key: text("key").primaryKey(),
  fingerprint: text("fingerprint").notNull(),
  transactionId: text("transaction_id").notNull(),
  createdAt: integer("created_at").notNull(),
});

export const inbox = sqliteTable(
  "inbox",
  {
    transactionId: text("transaction_id").notNull(),
    gateway: text("gateway").notNull(),
    eventId: text("event_id").notNull(),
    outcome: text("outcome").$type<"applied" | "ignored" | "parked">().notNull(),
    reason: text("reason"),
    observation: text("observation", { mode: "json" }).$type<Observation>().notNull(),
    receivedAt: integer("received_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.transactionId, table.gateway, table.eventId] }),
    index("inbox_unapplied").on(table.outcome, table.transactionId).where(sql`outcome <> 'applied'`),
  ],
);

export const refunds = sqliteTable(
  "refunds",
  {
    id: text("id").primaryKey(),
    transactionId: text("transaction_id").notNull(),
    amount: integer("amount").notNull(),
    currency: text("currency").notNull(),
    status: text("status").$type<RefundStatus>().notNull(),
    reason: text("reason"),
    source: text("source").$type<Source>().notNull(),
    gatewayReference: text("gateway_reference"),
    failureCode: text("failure_code"),
    idempotencyKey: text("idempotency_key"),
    fingerprint: text("fingerprint"),
    attempts: integer("attempts").notNull().default(0),
    nextAttemptAt: integer("next_attempt_at"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    uniqueIndex("refunds_key").on(table.transactionId, table.idempotencyKey),
    index("refunds_due").on(table.nextAttemptAt).where(sql`next_attempt_at IS NOT NULL`),
  ],
);

/** Of a delivery: given up. In the words of the index, which is used for no others. */
export const isDeadLetter = sql`next_attempt_at IS NULL AND delivered_at IS NULL AND attempts > 0`;

export const deliveries = sqliteTable(
  "deliveries",
  {
    position: integer("position").primaryKey(),
    transactionId: text("transaction_id").notNull(),
    version: integer("version").notNull(),
    type: text("type").$type<EventType>().notNull(),
    body: text("body").notNull(),
    attempts: integer("attempts").notNull().default(0),
    nextAttemptAt: integer("next_attempt_at"),
    deliveredAt: integer("delivered_at"),
    lastError: text("last_error"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [
    index("deliveries_due").on(table.nextAttemptAt).where(sql`next_attempt_at IS NOT NULL`),
    index("deliveries_dead").on(table.position).where(isDeadLetter),
  ],
);

export const heartbeats = sqliteTable("heartbeats", {
  job: text("job").primaryKey(),
  ranAt: integer("ran_at").notNull(),
});

export const missedEvents = sqliteTable("missed_events", {
  gateway: text("gateway").primaryKey(),
  since: integer("since").notNull(),
});
