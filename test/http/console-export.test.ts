/** Payments as CSV and JSON lines: the same that GET /transactions tells, streamed, and never a file that only looks whole. */
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createPaid, refund, tell } from "../support/money.ts";
import { lastAction, type Operator, openConsole } from "../support/operator.ts";
import {
  createPending,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  replaceStore,
  type System,
} from "../support/system.ts";

const PATH = "/console/payments";

type Told = Record<string, unknown>;

/** By RFC 4180: cells in quotes hold anything, a quote doubled. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain = "", end = ""] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g,
  )) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ",") {
      rows.push(row);
      row = [];
    }
    if (end === "") {
      break;
    }
  }
  // A line break ends the last line, too.
  expect(rows.pop()).toEqual([""]);
  return rows;
}

async function exportText(operator: Operator, name: string): Promise<string> {
  const response = await operator.send("GET", `${PATH}.${name}`);
  expect(response.status).toBe(200);
  return new TextDecoder().decode(await response.arrayBuffer());
}

const exportLines = async (operator: Operator, query = "") =>
  (await exportText(operator, `jsonl${query}`))
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Told);

/** All that the shop is told, without what opens a payment. */
async function listAll(system: System, query = ""): Promise<Told[]> {
  const all: Told[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const response = await system.call(
      "GET",
      `/transactions?limit=100${query}${cursor && `&cursor=${cursor}`}`,
    );
    const page = (await response.json()) as { data: Told[]; next_cursor: string | null };
    all.push(...page.data);
    cursor = page.next_cursor;
  }
  return all.map(({ payment_url: _, status_url: __, socket_url: ___, client_secret: ____, ...told }) => told);
}

/** Payments without a history, of which every tenth has failed, and every thousandth is of another sum. */
async function seed(count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, amount_captured, capture,
       failure_code, created_at, updated_at, expires_at)
     SELECT 'txn_' || printf('%026d', i), 'order-' || i, 'generic', iif(i % 10 = 0, 'failed', 'succeeded'), 2,
       iif(i % 1000 = 0, 777, 1999), 'USD', iif(i % 10 = 0, 0, iif(i % 1000 = 0, 777, 1999)), 'automatic',
       iif(i % 10 = 0, 'payment_failed', NULL), 1000 + i, 2000 + i, 100000 FROM n`,
  )
    .bind(count)
    .run();
}

const HOSTILE = [
  "=1+1",
  "+1",
  "-1",
  "@SUM(A1)",
  "＝1",
  'a "quoted", cell',
  "semi;colon, comma",
  "שלום, 世界 🦆",
  "\u202eevil",
  "<script>alert(1)</script>",
  "' OR 1=1 --",
];

describe("an export of all kinds of payments", () => {
  let system: System;
  let operator: Operator;

  beforeAll(async () => {
    await emptyTables();
    ({ system, operator } = await openConsole());
    for (const text of HOSTILE) {
      await createPending(system, {
        order_id: text,
        description: text,
        metadata: { [text]: `${text}\r\n${text}` },
      });
    }
    await initiate(
      system,
      newOrder({ return_url: "https://shop.example/back", amount: 500, currency: "JPY" }),
    );
    const { id } = await createPaid(system, { amount: 1234, currency: "KWD" });
    await refund(system, id, { amount: 234 });
    Object.assign(system.gateway.session(id), { dispute: "open" });
    await tell(system, id);
    const { id: failed } = await createPending(system);
    await deliver(system, system.gateway.callback(failed, "failure", { failure_code: "card_declined" }));
    const { id: late } = await createPending(system);
    await deliver(system, system.gateway.callback(late, "expired"));
    await deliver(system, system.gateway.callback(late, "success"));
    const { id: wrong } = await createPending(system);
    await deliver(system, system.gateway.callback(wrong, "success", { amount: 5 }));
  });

  it("tells as JSON lines just what GET /transactions tells", async () => {
    const told = await listAll(system);
    expect(told).toHaveLength(HOSTILE.length + 5);
    expect(await exportLines(operator)).toEqual(told);
  });

  it("tells as CSV the same, sums of money as whole numbers and as people write them", async () => {
    const [head = [], ...rows] = parseCsv(await exportText(operator, "csv"));
    expect(head.slice(0, 4)).toEqual(["id", "created_at", "order_id", "status"]);
    const told = await listAll(system);
    expect(rows).toHaveLength(told.length);
    for (const [index, row] of rows.entries()) {
      const cells = Object.fromEntries(head.map((name, column) => [name, row[column]]));
      const { metadata, failure, version: _, return_url: __, dispute = null, ...one } = told[index] ?? {};
      const { code = null } = (failure ?? {}) as { code?: string };
      const { amount_decimal, metadata: written, failure_code, dispute: disputed, ...rest } = cells;
      expect(JSON.parse(written ?? "")).toEqual(metadata);
      expect([failure_code, disputed]).toEqual([code ?? "", dispute ?? ""]);
      const isFormula = (text: string) => /^[=+\-@＝]/.test(text);
      const safe = (value: unknown) =>
        typeof value === "string" && isFormula(value) ? `'${value}` : value === null ? "" : String(value);
      expect(rest).toEqual(
        Object.fromEntries(Object.entries(one).map(([name, value]) => [name, safe(value)])),
      );
      expect(amount_decimal).toMatch(
        { JPY: /^\d+$/, KWD: /^\d+\.\d{3}$/, USD: /^\d+\.\d\d$/ }[rest.currency ?? ""] ?? /^$/,
      );
    }
  });

  it("begins no cell of text with what a spreadsheet would run", async () => {
    const rows = parseCsv(await exportText(operator, "csv"));
    expect(rows.flat().filter((cell) => /^[=+\-@\t\r\n＝＋－＠]/.test(cell))).toEqual([]);
    expect(rows.flat()).toContain("'=1+1");
  });

  it.each([
    ["?status=review", "&status=review"],
    ["?status=pending", "&status=pending"],
    ["?status=expired", "&status=expired"],
    ["?gateway=generic", "&gateway=generic"],
    ["?gateway=stripe", "&gateway=stripe"],
  ])("honours the filters: %s", async (query, same) => {
    expect(await exportLines(operator, query)).toEqual(await listAll(system, same));
  });

  it("honours those that the shop has not", async () => {
    const all = await listAll(system);
    expect(await exportLines(operator, "?amount=19.99&currency=USD")).toEqual(
      all.filter(({ amount, currency }) => amount === 1999 && currency === "USD"),
    );
    expect(await exportLines(operator, "?currency=KWD")).toHaveLength(1);
    expect(await exportLines(operator, "?until=2020-01-01T00:00")).toEqual([]);
    expect(await exportLines(operator, "?from=2020-01-01T00:00")).toEqual(all);
  });

  it("has a head also where nothing matches", async () => {
    expect(parseCsv(await exportText(operator, "csv?gateway=stripe"))).toHaveLength(1);
    expect(await exportText(operator, "jsonl?gateway=stripe")).toBe("");
  });

  it("is a file to keep, which no cache does", async () => {
    for (const [name, type] of [
      ["csv", "text/csv; charset=utf-8"],
      ["jsonl", "application/jsonl"],
    ]) {
      const response = await operator.send("GET", `${PATH}.${name}`);
      await response.body?.cancel();
      expect(response.headers.get("content-type")).toBe(type);
      expect(response.headers.get("content-disposition")).toMatch(
        new RegExp(`^attachment; filename="payments-\\d{4}-\\d\\d-\\d\\dT\\d{4}Z\\.${name}"$`),
      );
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  it("is recorded: who, what, and by which filters", async () => {
    await exportText(operator, "csv?status=failed&q=&amount=19%2C99");
    expect(await lastAction()).toEqual({
      ...{ action: "export", actor: "Ada", note: "status=failed&amount=19%2C99", outcome: "csv" },
      transaction_id: null,
    });
    await exportText(operator, "jsonl");
    expect(await lastAction()).toMatchObject({ note: null, outcome: "jsonl" });
  });

  it.each(["q=order-1", "amount=nonsense", "status=lost", "from=yesterday"])(
    "is refused with %s",
    async (query) => {
      for (const name of ["csv", "jsonl"]) {
        const response = await operator.send("GET", `${PATH}.${name}?${query}`);
        expect(response.status).toBe(400);
        expect(response.headers.get("content-disposition")).toBeNull();
      }
    },
  );
});

describe("an export of many payments", () => {
  beforeEach(emptyTables);

  it("has each of them once, newest first, and streams: what is read first goes out first", async () => {
    const { system, operator } = await openConsole();
    await seed(4500);
    const scans: number[] = [];
    const { scan } = system.services.store;
    replaceStore(system, {
      scan: async (filter, rows) => {
        const found = await scan(filter, rows);
        scans.push(found.transactions.length);
        return found;
      },
    });
    const response = await operator.send("GET", `${PATH}.jsonl`);
    const reader = (response.body ?? expect.unreachable("no body"))
      .pipeThrough(new TextDecoderStream())
      .getReader();
    let text = (await reader.read()).value ?? "";
    expect(text).toMatch(/^\{"id":"txn_0+4500",/);
    expect(scans.length).toBeLessThan(3);
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value;
    }
    expect(scans).toEqual([2000, 2000, 500]);
    const ids = text
      .split("\n")
      .slice(0, -1)
      .map((line) => Number((JSON.parse(line) as { id: string }).id.slice(4)));
    expect(ids).toEqual(Array.from({ length: 4500 }, (_, index) => 4500 - index));
  });

  it("reads no further than somebody takes it", async () => {
    const { system, operator } = await openConsole();
    await seed(4500);
    const scan = vi.spyOn(system.services.store, "scan");
    const response = await operator.send("GET", `${PATH}.csv`);
    const reader = (response.body ?? expect.unreachable("no body")).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^id,created_at,/);
    await reader.cancel();
    await system.settle();
    expect(scan.mock.calls.length).toBeLessThan(3);
  });

  it("goes on over rows of which none matches", async () => {
    const { operator } = await openConsole();
    await seed(4500);
    const found = await exportLines(operator, "?amount=7.77");
    expect(found.map(({ order_id }) => order_id)).toEqual([
      "order-4000",
      "order-3000",
      "order-2000",
      "order-1000",
    ]);
    expect(await exportLines(operator, "?status=failed")).toHaveLength(450);
  });

  it("is what it was when it began, but for what is newer", async () => {
    const { system, operator } = await openConsole();
    await seed(2500);
    const { scan } = system.services.store;
    let scans = 0;
    replaceStore(system, {
      scan: async (filter, rows) => {
        scans += 1;
        if (scans === 2) {
          await createPending(system);
        }
        return scan(filter, rows);
      },
    });
    expect(await exportLines(operator)).toHaveLength(2500);
  });

  it.each(["csv", "jsonl"])(
    "breaks off where D1 fails on the way, so that it does not look whole: %s",
    async (name) => {
      const { system, operator } = await openConsole();
      await seed(2500);
      const logged: string[] = [];
      vi.spyOn(console, "error").mockImplementation((line) => void logged.push(String(line)));
      const { scan } = system.services.store;
      let scans = 0;
      replaceStore(system, {
        scan: async (filter, rows) => {
          scans += 1;
          if (scans > 1) {
            throw new Error("D1 is gone");
          }
          return scan(filter, rows);
        },
      });
      const response = await operator.send("GET", `${PATH}.${name}`);
      expect(response.status).toBe(200);
      await expect(response.arrayBuffer()).rejects.toThrow();
      vi.restoreAllMocks();
      expect(logged.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(["export.broken"]);
      expect(await lastAction()).toMatchObject({ action: "export" });
    },
  );
});
