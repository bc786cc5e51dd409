/** Payments found by what a person knows of them: all of them, once, in order, and never by looking through many at once. */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { newTypeId } from "../../src/lib/id.ts";
import type { Found, SearchFilter } from "../../src/store/search.ts";
import { STATUSES, type Status, type Transaction } from "../../src/transactions/transaction.ts";
import { createPaid, refund } from "../support/money.ts";
import {
  createPending,
  createSystem,
  emptyTables,
  initiate,
  newOrder,
  type System,
} from "../support/system.ts";

beforeEach(emptyTables);

const ALL: SearchFilter = {
  status: null,
  gateway: null,
  amount: null,
  currency: null,
  from: null,
  before: null,
};
const T0 = Date.UTC(2026, 10, 22);

/** What a filter asks about. */
type Row = Pick<Transaction, "id" | "status" | "gateway" | "amount" | "currency" | "version">;

const idAt = (seconds: number) => newTypeId("txn", T0 + seconds * 1000);

/** Rows that nobody has brought there by the front door, for there are many. */
async function insertRows(rows: readonly Row[]): Promise<void> {
  const insert = env.DB.prepare(
    `INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, capture, created_at, updated_at,
       expires_at, failure_code, review_reason)
     SELECT value ->> 'id', value ->> 'id', value ->> 'gateway', value ->> 'status', value ->> 'version',
       value ->> 'amount', value ->> 'currency', 'automatic', 1, 1, 2, iif(value ->> 'status' = 'failed', 'x', NULL),
       iif(value ->> 'status' = 'review', 'wrong_amount', NULL) FROM json_each(?)`,
  );
  await insert.bind(JSON.stringify(rows)).run();
}

/** Newest first. */
function expected(rows: readonly Row[], filter: SearchFilter): string[] {
  const { status, gateway, amount, currency, from, before } = filter;
  return rows
    .filter(
      (row) =>
        row.version > 0 &&
        (status === null || row.status === status) &&
        (gateway === null || row.gateway === gateway) &&
        (amount === null || row.amount === amount) &&
        (currency === null || row.currency === currency) &&
        (from === null || row.id >= from) &&
        (before === null || row.id < before),
    )
    .map(({ id }) => id)
    .sort()
    .reverse();
}

interface Walk {
  readonly pages: readonly Found[];
  readonly ids: readonly string[];
  /** The most that one page has read. */
  readonly rowsRead: number;
}

/** Page by page to the end. */
async function walk({ services, counts }: System, filter: SearchFilter, limit = 25): Promise<Walk> {
  const pages: Found[] = [];
  let [place, rowsRead] = [filter.before, 0];
  do {
    const before = counts.rowsRead;
    const page = await services.store.search({ ...filter, before: place }, limit);
    rowsRead = Math.max(rowsRead, counts.rowsRead - before);
    expect(page.transactions.length).toBeLessThanOrEqual(limit);
    expect(page.next === null || place === null || page.next < place, "it goes on").toBe(true);
    // Less than a page, and there is more: it says how far it has looked.
    const isShort = page.next !== null && page.transactions.length < limit;
    expect(page.lookedBackTo?.id ?? null).toBe(isShort ? page.next : null);
    pages.push(page);
    place = page.next;
  } while (place !== null);
  return { pages, rowsRead, ids: pages.flatMap(({ transactions }) => transactions.map(({ id }) => id)) };
}

const anyRow = fc.record({
  status: fc.constantFrom<Status>(...STATUSES, "succeeded", "succeeded"),
  gateway: fc.constantFrom("generic", "stripe", "stripe"),
  amount: fc.constantFrom(100, 1999),
  currency: fc.constantFrom("USD", "EUR"),
  version: fc.constantFrom(0, 1, 2, 2),
  seconds: fc.nat(400),
});
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 2 });

describe("search", () => {
  it("visits each payment that matches once, the newest first, whatever there is and whatever is asked", async () => {
    const system = await createSystem();
    const filters = fc.record({
      status: maybe(fc.constantFrom<Status>(...STATUSES)),
      gateway: maybe(fc.constantFrom("generic", "stripe", "nobody")),
      amount: maybe(fc.constantFrom(100, 1999, 7)),
      currency: maybe(fc.constantFrom("USD", "JPY")),
      from: maybe(fc.nat(400).map(idAt)),
      before: maybe(fc.nat(400).map(idAt)),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRow, { maxLength: 400, size: "max" }),
        fc.array(filters, { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 40 }),
        async (drawn, asked, limit) => {
          await emptyTables();
          const rows = drawn.map(({ seconds, ...row }) => ({ ...row, id: idAt(seconds) }));
          await insertRows(rows);
          for (const filter of asked) {
            const walked = await walk(system, filter, limit);
            expect(walked.ids).toEqual(expected(rows, filter));
            expect(walked.rowsRead).toBeLessThanOrEqual(200);
            const scanned: string[] = [];
            for (let place = filter.before; ; ) {
              const part = await system.services.store.scan({ ...filter, before: place }, 50 + limit);
              scanned.push(...part.transactions.map(({ id }) => id));
              place = part.next;
              if (place === null) {
                break;
              }
            }
            expect(scanned).toEqual(walked.ids);
          }
        },
      ),
      { numRuns: 8 },
    );
  }, 60_000);

  it("shows none that is being opened, however many there are", async () => {
    const system = await createSystem();
    const opening = Array.from({ length: 60 }, (_, index) => idAt(100 + index));
    const shared = { status: "pending", gateway: "generic", amount: 100, currency: "EUR" } as const;
    const rows: Row[] = [
      ...opening.map((id) => ({ id, ...shared, version: 0 })),
      { id: idAt(1), ...shared, version: 1 },
    ];
    await insertRows(rows);
    expect((await walk(system, ALL)).ids).toEqual(expected(rows, ALL));
    expect((await walk(system, { ...ALL, status: "pending" })).ids).toHaveLength(1);
  });

  it("finds payments as they were made, with all that is known of them", async () => {
    const system = await createSystem();
    const paid = await createPaid(system, { metadata: { cart: "7" } });
    const [found] = (await system.services.store.search({ ...ALL, status: "succeeded" }, 25)).transactions;
    expect(found).toEqual((await system.services.store.find(paid.id))?.transaction);
  });
});

describe("search, in a shop of 5,000 payments", () => {
  const statuses = [
    "succeeded",
    "succeeded",
    "succeeded",
    "expired",
    "failed",
    "canceled",
    "review",
    "pending",
  ];
  /** All at once; each kind is spread over all of the time. */
  async function insertShop(): Promise<void> {
    const at = (list: readonly string[]) =>
      `json_extract('${JSON.stringify(list)}', '$[' || (n % ${list.length}) || ']')`;
    await env.DB.prepare(
      `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 4999),
         shop AS (SELECT n, ${at(statuses)} AS status FROM numbers)
       INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, capture, created_at, updated_at,
         expires_at, failure_code, review_reason, gateway_reference)
       SELECT 'txn_' || printf('%026d', n), 'order-' || n, iif(n % 100 = 7, 'stripe', 'generic'), status, 2, 100 + n % 500,
         iif(n % 3 = 0, 'JPY', 'EUR'), 'automatic', n, n, n + 1, iif(status = 'failed', 'x', NULL),
         iif(status = 'review', 'wrong_amount', NULL), 'session_' || n || '/payment_' || n FROM shop`,
    ).run();
  }

  const from = `txn_${"1000".padStart(26, "0")}`;
  const before = `txn_${"3000".padStart(26, "0")}`;

  it.each<[string, Partial<SearchFilter>, number]>([
    ["nothing", {}, 5000],
    ...STATUSES.map((status): [string, Partial<SearchFilter>, number] => [
      status,
      { status },
      statuses.filter((each) => each === status).length * 625,
    ]),
    ["a gateway", { gateway: "stripe" }, 50],
    ["a gateway that nobody has", { gateway: "nobody" }, 0],
    ["an amount", { amount: 107 }, 10],
    ["a currency", { currency: "JPY" }, 1667],
    ["a time", { from, before }, 2000],
    ["a status and a gateway", { status: "review", gateway: "stripe" }, 0],
    ["a usual status and an amount", { status: "succeeded", amount: 108 }, 5],
    [
      "everything",
      { status: "succeeded", gateway: "generic", amount: 109, currency: "EUR", from, before },
      2,
    ],
  ])("reads at most 200 rows a page for %s, and finds all", async (_, changes, count) => {
    const system = await createSystem();
    await insertShop();
    const { ids, rowsRead } = await walk(system, { ...ALL, ...changes });
    expect(rowsRead).toBeLessThanOrEqual(200);
    expect(ids).toHaveLength(count);
    expect(new Set(ids).size).toBe(count);
    expect(ids).toEqual(ids.toSorted().reverse());
  });

  it.each(["order-4321", "session_4321", "payment_4321", "session_4321/payment_4321", "nothing of the kind"])(
    "reads at most 200 rows for the words %j",
    async (text) => {
      const system = await createSystem();
      await insertShop();
      const { rowsRead } = system.counts;
      const found = await system.services.store.findByText(text);
      expect(found.map(({ orderId }) => orderId)).toEqual(text.startsWith("nothing") ? [] : ["order-4321"]);
      expect(system.counts.rowsRead - rowsRead).toBeLessThanOrEqual(20);
    },
  );
});

describe("findByText", () => {
  const find = async ({ services }: System, text: string) =>
    (await services.store.findByText(text)).map(({ id }) => id);

  async function withReference(reference: string): Promise<string> {
    const id = newTypeId("txn", T0);
    const base = {
      id,
      status: "succeeded",
      gateway: "stripe",
      amount: 100,
      currency: "EUR",
      version: 2,
    } as const;
    await insertRows([base]);
    await env.DB.prepare("UPDATE transactions SET gateway_reference = ? WHERE id = ?")
      .bind(reference, id)
      .run();
    return id;
  }

  it("finds the payments of an order, the newest first", async () => {
    const system = await createSystem();
    const order = newOrder();
    const first = await createPending(system, order);
    await system.call("POST", `/transactions/${first.id}/cancel`);
    system.advance(1000);
    const second = await createPending(system, order);
    expect(await find(system, order.order_id)).toEqual([second.id, first.id]);
  });

  it("finds the newest ones, and the one that is open or paid, of an order that was tried very often", async () => {
    const system = await createSystem();
    const ids = Array.from({ length: 80 }, (_, index) => idAt(index));
    const shared = { gateway: "generic", amount: 100, currency: "EUR", version: 1 } as const;
    await insertRows(
      ids.map((id, index) => ({ id, ...shared, status: index === 3 ? "succeeded" : "expired" })),
    );
    await env.DB.prepare(
      "UPDATE transactions SET order_id = 'again', amount_captured = iif(status = 'succeeded', 1, 0)",
    ).run();
    const { rowsRead } = system.counts;
    const found = await find(system, "again");
    expect(found).toEqual([...ids.slice(-24).reverse(), ids[3]]);
    expect(system.counts.rowsRead - rowsRead).toBeLessThanOrEqual(200);
  });

  it("finds a payment by the gateway's reference, whole or either part of it", async () => {
    const system = await createSystem();
    const id = await withReference("cs_1/pi_2");
    for (const text of ["cs_1", "pi_2", "cs_1/pi_2"]) {
      expect(await find(system, text), text).toEqual([id]);
    }
    for (const text of ["cs_", "cs_1/", "/pi_2", "pi_", "cs_1/pi", "cs_%", "cs_1/pi_2/", "CS_1"]) {
      expect(await find(system, text), text).toEqual([]);
    }
  });

  it("finds a payment by a reference of one part, and takes no longer one for it", async () => {
    const system = await createSystem();
    const [short] = [
      await withReference("cs_1"),
      await withReference("cs_10"),
      await withReference("cs_1.x"),
    ];
    expect(await find(system, "cs_1")).toEqual([short]);
  });

  it("finds a payment by a value of its metadata, and by no key", async () => {
    const system = await createSystem();
    const { id } = await createPending(system, {
      metadata: { cart: "cart 7", again: "cart 7", gift: "für Ümit 🎁" },
    });
    expect(await find(system, "cart 7")).toEqual([id]);
    expect(await find(system, "für Ümit 🎁")).toEqual([id]);
    for (const text of ["cart", "gift", "cart 8", "CART 7", ""]) {
      expect(await find(system, text), text).toEqual([]);
    }
  });

  it("finds one by nothing that looks like an e-mail address, nor by what is long, and keeps neither as a word", async () => {
    const system = await createSystem();
    const values = ["ada@example.com", "Ada <ada@example.com>", "@", "ada＠example.com", "x".repeat(101), ""];
    const metadata = Object.fromEntries(values.map((value, index) => [`key_${index}`, value]));
    await createPending(system, { metadata: { ...metadata, kept: "x".repeat(100) } });
    for (const value of values) {
      expect(await find(system, value)).toEqual([]);
    }
    const { results } = await env.DB.prepare("SELECT value FROM metadata_values").all();
    expect(results).toEqual([{ value: "x".repeat(100) }]);
  });

  it.each([
    "\u0000",
    "\u0000 and more",
    "half\u0000way",
    "\u0007",
    "\u2028",
    "🎁".repeat(60),
    "'; DROP TABLE events --",
  ])("lets a shop pay with the metadata %j", async (value) => {
    const system = await createSystem();
    const { status, body } = await initiate(system, newOrder({ metadata: { value } }));
    expect(status).toBe(201);
    const hasControl = /\p{Cc}/u.test(value);
    expect(await find(system, value)).toEqual(hasControl ? [] : [body.id]);
  });

  it("finds at most ten words of one payment, so that it costs no more rows", async () => {
    const system = await createSystem();
    const metadata = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`key_${index}`, `word ${index}`]),
    );
    const { id } = await createPending(system, { metadata });
    expect(await find(system, "word 9")).toEqual([id]);
    expect(await find(system, "word 10")).toEqual([]);
  });

  it("shows the newest of very many of the same word, and reads no more for them", async () => {
    const system = await createSystem();
    const ids = Array.from({ length: 300 }, (_, index) => idAt(index));
    const shared = {
      status: "succeeded",
      gateway: "generic",
      amount: 100,
      currency: "EUR",
      version: 1,
    } as const;
    await insertRows(ids.map((id) => ({ id, ...shared })));
    await env.DB.prepare(
      "INSERT INTO metadata_values (value, transaction_id) SELECT 'summer', id FROM transactions",
    ).run();
    const { rowsRead } = system.counts;
    expect(await find(system, "summer")).toEqual(ids.slice(-25).reverse());
    expect(system.counts.rowsRead - rowsRead).toBeLessThanOrEqual(200);
  });

  it("reads at most 200 rows where each way brings very many", async () => {
    const system = await createSystem();
    const ids = Array.from({ length: 120 }, (_, index) => idAt(index));
    const shared = {
      status: "expired",
      gateway: "generic",
      amount: 100,
      currency: "EUR",
      version: 1,
    } as const;
    await insertRows(ids.map((id) => ({ id, ...shared })));
    await env.DB.batch([
      env.DB.prepare(
        "INSERT INTO metadata_values (value, transaction_id) SELECT 'all', id FROM transactions",
      ),
      env.DB.prepare("UPDATE transactions SET order_id = 'all'"),
      env.DB.prepare(
        `UPDATE transactions SET gateway_reference = CASE rowno % 3 WHEN 0 THEN 'all' WHEN 1 THEN 'all/x' ELSE 'x/all' END
         FROM (SELECT id AS one, row_number() OVER (ORDER BY id) AS rowno FROM transactions) WHERE one = id`,
      ),
    ]);
    const { rowsRead } = system.counts;
    expect(await find(system, "all")).toHaveLength(25);
    expect(system.counts.rowsRead - rowsRead).toBeLessThanOrEqual(200);
  });

  it("shows none that is being opened", async () => {
    const system = await createSystem();
    system.gateway.fault = "busy";
    const order = newOrder();
    await initiate(system, order);
    expect(await find(system, order.order_id)).toEqual([]);
  });
});

describe("findRefundOwner", () => {
  it("tells whose refund it is", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const { body } = await refund(system, id, { amount: 5 });
    expect(await system.services.store.findRefundOwner(body.id)).toBe(id);
    expect(await system.services.store.findRefundOwner(newTypeId("rfd", T0))).toBeNull();
  });
});
