/** The migrations are the truth; drizzle's view of them, and what they promise, are held against them here. */
import { env } from "cloudflare:workers";
import { getTableName, is, SQL } from "drizzle-orm";
import { getTableConfig, SQLiteColumn, SQLiteSyncDialect, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import { newTypeId } from "../../src/lib/id.ts";
import * as schema from "../../src/store/schema.ts";

const tables: SQLiteTable[] = [];
for (const value of Object.values<unknown>(schema)) {
  if (is(value, SQLiteTable)) {
    tables.push(value);
  }
}
const names: string[] = tables.map((table) => getTableName(table));
const byName = (name: string) => getTableConfig(tables[names.indexOf(name)] ?? schema.transactions);

async function query<T>(sql: string): Promise<T[]> {
  return (await env.DB.prepare(sql).all<T>()).results;
}

interface TableRow {
  readonly name: string;
  readonly type: string;
  readonly strict: number;
  /** Without a rowid. */
  readonly wr: number;
}

interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  /** The place in the primary key, from 1. */
  readonly pk: number;
  /** 2 for a virtual generated column. */
  readonly hidden: number;
}

interface IndexRow {
  readonly name: string;
  readonly unique: number;
  readonly origin: string;
}

const migratedTables = async () =>
  (await query<TableRow>("PRAGMA table_list")).filter(
    ({ name, type }) => type === "table" && !/^(sqlite_|_cf_|d1_)/.test(name),
  );

const squeeze = (sql: string) => sql.replaceAll(/\s+/g, " ").trim();
const render = (sql: SQL) => squeeze(new SQLiteSyncDialect().sqlToQuery(sql).sql);

/** The text of an object's definition, on one line. */
async function definitionOf(name: string): Promise<string> {
  const [row] = await query<{ sql: string }>(`SELECT sql FROM sqlite_master WHERE name = '${name}'`);
  return squeeze((row?.sql ?? "").replaceAll(/--.*$/gm, ""));
}

/** A default as SQL writes it. */
function writeDefault(column: SQLiteColumn): string | null {
  if (column.default === undefined || column.generated) {
    return null;
  }
  const value = column.mapToDriverValue(column.default);
  return typeof value === "string" ? `'${value}'` : String(value);
}

describe("the tables", () => {
  it("are the same in the migrations and for drizzle", async () => {
    const migrated = (await migratedTables()).map(({ name }) => name);
    expect(migrated.toSorted()).toEqual(names.toSorted());
  });

  it("are all STRICT, and WITHOUT ROWID but where the key is the rowid", async () => {
    for (const { name, strict, wr } of await migratedTables()) {
      const columns = await query<ColumnRow>(`PRAGMA table_xinfo(${name})`);
      const key = columns.filter(({ pk }) => pk > 0);
      const isRowid = key.length === 1 && key[0]?.type === "INTEGER";
      expect({ name, strict, wr }).toEqual({ name, strict: 1, wr: isRowid ? 0 : 1 });
    }
  });
});

describe.each(names)("the table %s", (name) => {
  const config = byName(name);
  const compositeKey = config.primaryKeys.flatMap(({ columns }) => columns.map((column) => column.name));

  it("has the columns that drizzle knows, of the same types, nullability, defaults and key", async () => {
    const migrated = (await query<ColumnRow>(`PRAGMA table_xinfo(${name})`)).map((column) => ({
      name: column.name,
      type: column.type,
      // An INTEGER PRIMARY KEY is the rowid, which is never null whatever PRAGMA says.
      notNull: column.notnull === 1 || (column.pk > 0 && column.type === "INTEGER"),
      default: column.dflt_value,
      key: column.pk,
      generated: column.hidden === 2,
    }));
    const known = config.columns.map((column) => ({
      name: column.name,
      type: column.getSQLType().toUpperCase(),
      notNull: column.notNull,
      default: writeDefault(column),
      key: column.primary ? 1 : compositeKey.indexOf(column.name) + 1,
      generated: column.generated !== undefined,
    }));
    expect(migrated).toEqual(known);
  });

  it("computes its generated columns by the same expressions", async () => {
    const definition = await definitionOf(name);
    for (const { generated } of config.columns) {
      if (generated && is(generated.as, SQL)) {
        const expression = render(generated.as);
        expect(definition).toContain(
          `GENERATED ALWAYS AS ( ${expression} ) ${generated.mode?.toUpperCase()}`,
        );
      }
    }
  });

  it("has the indexes that drizzle knows, on the same columns, under the same conditions", async () => {
    const made = (await query<IndexRow>(`PRAGMA index_list(${name})`)).filter(({ origin }) => origin === "c");
    const migrated = await Promise.all(
      made.map(async (index) => {
        const columns = await query<{ name: string; key: number; desc: number }>(
          `PRAGMA index_xinfo(${index.name})`,
        );
        const definition = await definitionOf(index.name);
        return {
          name: index.name,
          unique: index.unique === 1,
          columns: columns.filter(({ key }) => key === 1).map((column) => column.name),
          where: definition.split(" WHERE ")[1] ?? null,
        };
      }),
    );
    const known = config.indexes.map((index) => ({
      name: index.config.name,
      unique: index.config.unique,
      columns: index.config.columns.map((column) => (is(column, SQLiteColumn) ? column.name : null)),
      where: index.config.where ? render(index.config.where) : null,
    }));
    const inOrder = (one: { name: string }, other: { name: string }) => one.name.localeCompare(other.name);
    expect(migrated.toSorted(inOrder)).toEqual(known.toSorted(inOrder));
  });

  it("has no constraints that drizzle knows and the migrations do not", () => {
    expect({ ...config, columns: [], indexes: [], primaryKeys: [] }).toMatchObject({
      foreignKeys: [],
      checks: [],
      uniqueConstraints: [],
    });
  });
});

type Row = Record<string, unknown>;

const NOW = Date.UTC(2026, 10, 22, 12);

function aTransactionRow(changes: Row = {}): Row {
  const id = newTypeId("txn", NOW);
  return {
    id,
    order_id: `order-${id}`,
    gateway: "generic",
    status: "pending",
    version: 1,
    amount: 1999,
    currency: "USD",
    capture: "automatic",
    created_at: NOW,
    updated_at: NOW,
    expires_at: NOW + 1,
    ...changes,
  };
}

async function insert(table: string, row: Row): Promise<void> {
  const columns = Object.keys(row);
  const places = columns.map(() => "?").join(", ");
  await env.DB.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${places})`)
    .bind(...Object.values(row))
    .run();
}

/** Refused by a rule of the table, and not because the test is wrong about it. */
const refuse = (table: string, row: Row) =>
  expect(insert(table, row)).rejects.toThrow(/constraint failed|cannot store/);

describe("a row of transactions", () => {
  it.each<Row>([
    {},
    { version: 0 },
    { amount: 1 },
    { amount: Number.MAX_SAFE_INTEGER },
    { status: "processing" },
    { status: "authorized", capture: "manual" },
    { status: "succeeded", amount_captured: 1999 },
    { status: "succeeded", amount_captured: 1999, amount_refunded: 1999 },
    { status: "failed", failure_code: "card_declined" },
    { status: "canceled" },
    { status: "expired" },
    { status: "review", review_reason: "wrong_amount", amount_captured: 5000, late: 1 },
    { metadata: '{"a":"b"}', customer: '{"email":"a@b.example"}' },
  ])("may be %o", async (changes) => {
    await insert("transactions", aTransactionRow(changes));
  });

  it.each<Row>([
    { id: "txn_short" },
    { id: `pay_${"0".repeat(26)}` },
    { id: null },
    { order_id: "" },
    { order_id: "o".repeat(256) },
    { order_id: null },
    { gateway: "" },
    { gateway: "g".repeat(33) },
    { status: "paid" },
    { status: "PENDING" },
    { status: null },
    { version: -1 },
    { amount: 0 },
    { amount: -1 },
    { amount: 19.99 },
    { amount: "nineteen" },
    { amount: null },
    { currency: "usd" },
    { currency: "US" },
    { currency: "USDT" },
    { currency: "" },
    { amount_captured: -1 },
    { status: "succeeded", amount_captured: 1999, amount_refunded: -1 },
    { status: "succeeded", amount_captured: 1999, amount_refunded: 2000 },
    { amount_refunded: 1 },
    { capture: "later" },
    { metadata: "not json" },
    { customer: "not json" },
    { late: 2 },
    { status: "failed" },
    { failure_code: "card_declined" },
    { status: "succeeded", failure_code: "card_declined" },
    { status: "review" },
    { review_reason: "wrong_amount" },
    { status: "canceled", review_reason: "wrong_amount" },
    { expires_at: NOW },
    { expires_at: NOW - 1 },
    { created_at: null },
  ])("is never %o", async (changes) => {
    await refuse("transactions", aTransactionRow(changes));
  });

  it("holds an amount beyond what a JavaScript number can count for an error", async () => {
    const { amount: _amount, ...row } = aTransactionRow();
    const columns = Object.keys(row);
    const values = columns.map(() => "?").join(", ");
    const statement = env.DB.prepare(
      `INSERT INTO transactions (amount, ${columns.join(", ")}) VALUES (9007199254740992, ${values})`,
    );
    await expect(statement.bind(...Object.values(row)).run()).rejects.toThrow(/CHECK constraint failed/);
  });

  it("keeps its id to itself", async () => {
    const row = aTransactionRow();
    await insert("transactions", row);
    await refuse("transactions", { ...row, order_id: "another" });
  });
});

describe("the order's guards", () => {
  const OPEN = ["pending", "processing", "authorized"] as const;
  const pairs = OPEN.flatMap((one) => OPEN.map((other) => [one, other] as const));
  const paid = (order_id: string) =>
    aTransactionRow({ order_id, status: "succeeded", amount_captured: 1999 });

  it.each(pairs)("refuse a second open transaction: %s and %s", async (one, other) => {
    const order_id = crypto.randomUUID();
    await insert("transactions", aTransactionRow({ order_id, status: one }));
    await refuse("transactions", aTransactionRow({ order_id, status: other }));
  });

  it("refuse a second paid transaction, also by an update", async () => {
    const order_id = crypto.randomUUID();
    const second = aTransactionRow({ order_id });
    await insert("transactions", paid(order_id));
    await refuse("transactions", paid(order_id));
    await insert("transactions", second);
    const update = env.DB.prepare(
      "UPDATE transactions SET status = 'succeeded', amount_captured = amount WHERE id = ?",
    );
    await expect(update.bind(second.id).run()).rejects.toThrow(/UNIQUE constraint failed/);
  });

  it("keep the place of what is refunded in part, and free that of what is refunded whole", async () => {
    const order_id = crypto.randomUUID();
    const first = paid(order_id);
    await insert("transactions", first);
    const refund = env.DB.prepare("UPDATE transactions SET amount_refunded = ? WHERE id = ?");
    await refund.bind(1998, first.id).run();
    await refuse("transactions", paid(order_id));
    await refund.bind(1999, first.id).run();
    await insert("transactions", paid(order_id));
    // And the place is not given back twice.
    await expect(refund.bind(0, first.id).run()).rejects.toThrow(/UNIQUE constraint failed/);
  });

  it("allow any number of others, and one open beside the paid one", async () => {
    const order_id = crypto.randomUUID();
    const over: Row[] = [
      ...(["canceled", "canceled", "expired", "expired"] as const).map((status) => ({ status })),
      ...["a", "b"].map((failure_code) => ({ status: "failed", failure_code })),
      ...["a", "b"].map((review_reason) => ({ status: "review", review_reason, amount_captured: 1999 })),
    ];
    for (const changes of over) {
      await insert("transactions", aTransactionRow({ order_id, ...changes }));
    }
    await insert("transactions", paid(order_id));
    await insert("transactions", aTransactionRow({ order_id }));
  });

  it("do not hold one order against another", async () => {
    await insert("transactions", aTransactionRow());
    await insert("transactions", aTransactionRow());
  });

  it("are one index, which the look-up by order and the due query use theirs of", async () => {
    const plan = async (sql: string) =>
      (await query<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)).map(({ detail }) => detail).join();
    expect(await plan("SELECT * FROM transactions WHERE order_id = 'x'")).toContain("transactions_order");
    const due = "SELECT id FROM transactions WHERE next_check_at <= 5 ORDER BY next_check_at";
    expect(await plan(due)).toContain("transactions_due");
    expect(await plan(due)).not.toContain("TEMP B-TREE");
    const owed = "SELECT position FROM deliveries WHERE next_attempt_at <= 5";
    expect(await plan(owed)).toContain("deliveries_due");
    const dead =
      "SELECT * FROM deliveries WHERE next_attempt_at IS NULL AND delivered_at IS NULL AND attempts > 0 AND position < 9 ORDER BY position DESC";
    expect(await plan(dead)).toContain("deliveries_dead");
    expect(await plan(dead)).not.toContain("TEMP B-TREE");
    const parked = "SELECT * FROM inbox WHERE transaction_id = 'x' AND outcome = 'parked'";
    expect(await plan(parked)).toContain("PRIMARY KEY (transaction_id=?)");
    const listed = `SELECT * FROM inbox WHERE outcome = 'parked' AND outcome <> 'applied'
      ORDER BY transaction_id DESC, gateway DESC, event_id DESC LIMIT 50`;
    expect(await plan(listed)).toContain("inbox_unapplied");
    expect(await plan(listed)).not.toContain("TEMP B-TREE");
    expect(await plan("SELECT id FROM transactions WHERE gateway_reference = 'x'")).toContain(
      "transactions_reference",
    );
  });
});

const rows: Record<string, Row> = {
  events: {
    transaction_id: newTypeId("txn", NOW),
    version: 1,
    type: "transaction.created",
    source: "shop",
    status_before: "pending",
    status: "pending",
    amount_captured: 0,
    amount_refunded: 0,
    occurred_at: NOW,
  },
  idempotency_keys: { key: "key-1", fingerprint: "f", transaction_id: "txn", created_at: NOW },
  inbox: {
    gateway: "generic",
    event_id: "evt_1",
    transaction_id: "txn",
    outcome: "applied",
    observation: "{}",
    received_at: NOW,
  },
  deliveries: {
    position: 1,
    transaction_id: "txn",
    version: 1,
    type: "transaction.succeeded",
    body: "{}",
    created_at: NOW,
  },
  heartbeats: { job: "tick", ran_at: NOW },
  missed_events: { gateway: "stripe", since: NOW },
};

describe("the other tables", () => {
  it.each(Object.keys(rows))("hold each key of %s once: it is the lock", async (table) => {
    const row = rows[table] ?? {};
    await insert(table, row);
    await refuse(table, row);
  });

  it.each<[string, Row]>([
    ["events", { version: 0 }],
    ["events", { source: "gateway" }],
    ["events", { type: null }],
    ["events", { occurred_at: "now" }],
    ["idempotency_keys", { key: "" }],
    ["idempotency_keys", { key: "k".repeat(256) }],
    ["inbox", { event_id: "evt_2", outcome: "duplicate" }],
    ["inbox", { event_id: "evt_2", observation: "not json" }],
    ["inbox", { event_id: null }],
    ["deliveries", { position: 2, body: "not json" }],
    ["deliveries", { position: 2, attempts: "many" }],
    ["heartbeats", { job: null }],
    ["missed_events", { gateway: null }],
    ["missed_events", { gateway: "paypal", since: null }],
  ])("refuse a row of %s with %o", async (table, changes) => {
    await refuse(table, { ...rows[table], ...changes });
  });

  it("number deliveries in the order of their commits, and give no number twice", async () => {
    const { position: _position, ...row } = rows.deliveries ?? {};
    await insert("deliveries", row);
    await insert("deliveries", row);
    const numbers = await query<{ position: number }>("SELECT position FROM deliveries ORDER BY rowid");
    const positions = numbers.map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b));
  });
});
