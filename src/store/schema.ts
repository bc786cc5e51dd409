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

/** The gateway's own id of the payment, where its reference names the session first; in the words of the index. */
export const paymentReference = sql`substr(gateway_reference, instr(gateway_reference, '/') + 1)`;
export const hasPaymentReference = sql`instr(gateway_reference, '/') > 0`;

/** Of a transaction: neither on its way nor paid. In the words of the index, which is used for no others. */
export const isUnusual = sql`status <> 'pending' AND status <> 'succeeded'`;

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
    calls: text("calls").notNull().default(""),
  },
  (table) => [
    uniqueIndex("transactions_order").on(table.orderId, table.slot),
    index("transactions_unusual").on(table.status, table.id).where(isUnusual),
    index("transactions_silent").on(table.silentSince).where(sql`silent_since IS NOT NULL`),
    index("transactions_payment").on(paymentReference).where(hasPaymentReference),
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
    position: integer("position"),
    eventId: text("event_id"),
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
    occurredAt: integer("occurred_at"),
    signedAt: integer("signed_at"),
    secret: integer("secret"),
    raw: text("raw"),
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
    actor: text("actor"),
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
    pushedMs: integer("pushed_ms"),
    log: text("log").notNull().default(""),
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

export const metadataValues = sqliteTable(
  "metadata_values",
  { value: text("value").notNull(), transactionId: text("transaction_id").notNull() },
  (table) => [primaryKey({ columns: [table.value, table.transactionId] })],
);

export const statistics = sqliteTable(
  "statistics",
  {
    span: text("span").$type<"hour" | "quarter" | "day">().notNull(),
    start: integer("start").notNull(),
    facts: text("facts").notNull(),
  },
  (table) => [primaryKey({ columns: [table.span, table.start] })],
);

export const rollUp = sqliteTable("roll_up", {
  id: integer("id").primaryKey(),
  position: integer("position").notNull(),
  pendingFrom: text("pending_from").notNull(),
  rolledAt: integer("rolled_at").notNull(),
});

export const gatewayHealth = sqliteTable("gateway_health", {
  gateway: text("gateway").primaryKey(),
  goodAt: integer("good_at"),
  goodSecret: integer("good_secret"),
  skewMs: integer("skew_ms"),
  badAt: integer("bad_at"),
  badReason: text("bad_reason"),
});

export const operatorActions = sqliteTable(
  "operator_actions",
  {
    id: text("id").primaryKey(),
    transactionId: text("transaction_id"),
    action: text("action").notNull(),
    actor: text("actor").notNull(),
    note: text("note"),
    outcome: text("outcome"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [index("operator_actions_of").on(table.transactionId).where(sql`transaction_id IS NOT NULL`)],
);

export const consoleSessions = sqliteTable("console_sessions", {
  id: text("id").primaryKey(),
  actor: text("actor").notNull(),
  expiresAt: integer("expires_at").notNull(),
});

export const signInAttempts = sqliteTable("sign_in_attempts", {
  address: text("address").primaryKey(),
  attempts: integer("attempts").notNull(),
  since: integer("since").notNull(),
});

export const archivedOrders = sqliteTable("archived_orders", {
  orderId: text("order_id").primaryKey(),
  transactionId: text("transaction_id").notNull(),
});

export const archiveWalk = sqliteTable("archive_walk", {
  id: integer("id").primaryKey(),
  after: text("after").notNull(),
  beganOn: integer("began_on").notNull(),
  keyAfter: text("key_after").notNull(),
});
