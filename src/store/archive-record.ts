/**
 * A payment as the archive keeps it: JSON lines, each a row of D1 under the names of its columns, and `kind`. The
 * transaction is the first; what is not known here is passed over, what is missing takes its column's default.
 */
import { getTableColumns, type InferSelectModel, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Delivery } from "./deliveries.ts";
import type { InboxRow } from "./inbox.ts";
import type { OperatorAction } from "./operator-actions.ts";
import type { RefundRow } from "./refunds.ts";
import { type Loaded, toLoaded } from "./rows.ts";
import { deliveries, events, inbox, operatorActions, refunds, transactions } from "./schema.ts";

/** A row as SQLite has it. */
export type RawRow = Readonly<Record<string, string | number | null>>;

/** All of a payment, oldest first. */
export interface ArchivedPayment {
  readonly loaded: Loaded;
  /** To the gateway, in the form of the row. */
  readonly calls: string;
  readonly events: readonly InferSelectModel<typeof events>[];
  readonly refunds: readonly RefundRow[];
  readonly deliveries: readonly Delivery[];
  readonly webhooks: readonly InboxRow[];
  readonly actions: readonly OperatorAction[];
}

const KINDS = {
  event: events,
  refund: refunds,
  delivery: deliveries,
  webhook: inbox,
  action: operatorActions,
} as const;
export type Kind = keyof typeof KINDS;

/** All columns of a table, just as they are. */
export function rawColumns(table: SQLiteTable) {
  return Object.fromEntries(
    Object.values(getTableColumns(table)).map((column) => [
      column.name,
      sql<string | number | null>`${column}`.as(column.name),
    ]),
  );
}

/** @param beside the rows of the other tables, in their order */
export function formatArchived(
  transaction: RawRow,
  beside: Readonly<Record<Kind, readonly RawRow[]>>,
): string {
  const others = (Object.keys(KINDS) as Kind[]).flatMap((kind) =>
    beside[kind].map((row) => ({ kind, ...row })),
  );
  return [{ kind: "transaction", ...transaction }, ...others]
    .map((row) => `${JSON.stringify(row)}\n`)
    .join("");
}

/** @throws SyntaxError, or TypeError, for what is no such text */
export function parseArchived(text: string): ArchivedPayment {
  const lines = text.split("\n").filter((line) => line !== "");
  const rows = lines.map((line) => JSON.parse(line) as RawRow);
  const of = <T extends SQLiteTable>(kind: string, table: T) =>
    rows.filter((row) => row.kind === kind).map((row) => toRow(table, row));
  const own = rows.find((row) => row.kind === "transaction");
  if (!own) {
    throw new TypeError("the archive has no transaction there");
  }
  const { slot: _slot, calls, ...row } = toRow(transactions, own);
  const back = of("refund", refunds);
  const sum = (status: RefundRow["status"]) =>
    back.reduce((total, refund) => total + (refund.status === status ? refund.amount : 0), 0);
  return {
    loaded: toLoaded({
      ...row,
      orderPaid: Number(own.order_paid ?? 0),
      refundsPending: sum("pending"),
      refundsSucceeded: sum("succeeded"),
    }),
    calls,
    events: of("event", events),
    refunds: back,
    deliveries: of("delivery", deliveries),
    webhooks: of("webhook", inbox),
    actions: of("action", operatorActions),
  };
}

/** What drizzle would have made of the row. */
function toRow<T extends SQLiteTable>(table: T, raw: RawRow): InferSelectModel<T> {
  const entries = Object.entries(getTableColumns(table)).map(([name, column]) => {
    const value = raw[column.name];
    const isMissing = value === undefined || value === null;
    return [name, isMissing ? (column.default ?? null) : column.mapFromDriverValue(value)];
  });
  return Object.fromEntries(entries) as InferSelectModel<T>;
}
