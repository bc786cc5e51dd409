/**
 * The queries of RUNBOOK.md, "Metrics": their columns are those that the Worker writes, and they answer what they say.
 * Analytics Engine cannot be asked from here, so SQLite answers in its place.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { METRICS, type Metric, type Point } from "../../src/lib/metrics.ts";
import { Dataset, NOW, UNITS } from "./support/dataset.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const runbook = readFileSync(resolve(ROOT, "RUNBOOK.md"), "utf8");
const sectionOf = (title: string) =>
  runbook.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
const metrics = sectionOf("Metrics");
const queries = new Map(
  [...metrics.matchAll(/^`(\w+)`: [^`]+?(?:`\w+`[^`]*?)*\n\n```sql\n([\s\S]+?)\n```$/gm)].map(
    ([, name = "", sql = ""]) => [name, sql] as const,
  ),
);
const namesIn = (text: string) => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name);

/** Of Analytics Engine's reference, https://developers.cloudflare.com/analytics/analytics-engine/sql-reference/. */
const FUNCTIONS = ["toStartOfInterval", "quantileExactWeighted", "sum", "max", "if", "now", "IN"];

/** The metric that a query asks of. */
function metricOf(sql: string): Metric {
  const [, name] = /index1 = '(\w+)'/.exec(sql) ?? [];
  return Object.keys(METRICS).find((metric): metric is Metric => metric === name) ?? expect.unreachable(sql);
}

describe("the layout", () => {
  it("is that of the code, in its order", () => {
    const rows = [...metrics.matchAll(/^\| `(\w+)` \|.*\| ([^|]+) \| ([^|]+) \|$/gm)];
    const told = rows.map(([, name, blobs = "", doubles = ""]) => [
      name,
      { blobs: namesIn(blobs), doubles: namesIn(doubles) },
    ]);
    expect(Object.fromEntries(told)).toEqual(METRICS);
    expect(told.map(([name]) => name)).toEqual(Object.keys(METRICS));
  });
});

describe("the queries", () => {
  it("are there, and each block of SQL is one of them", () => {
    expect(queries.size).toBe(metrics.match(/^```sql$/gm)?.length);
    expect(queries.size).toBeGreaterThanOrEqual(10);
  });

  it("are named by every alert that figures know of", () => {
    const rows = [...sectionOf("Alerts").matchAll(/^\| (?!signal|---)(.+) \|$/gm)].map(([, row = ""]) =>
      row.split(" | "),
    );
    expect(rows.filter((cells) => cells.length !== 4)).toEqual([]);
    const named = rows.flatMap((cells) => namesIn(cells[2] ?? ""));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !queries.has(name ?? ""))).toEqual([]);
    expect(rows.filter((cells) => cells[2] === "–")).toHaveLength(rows.length - named.length);
  });

  it.each([...queries])(
    "%s asks of one metric, for a bounded time, and for columns that it has",
    (_, sql) => {
      expect(sql.match(/\bFROM (\w+)/g)).toEqual(["FROM payment_edge"]);
      expect(sql.match(/index1/g)).toHaveLength(1);
      expect(sql).toMatch(/AND timestamp > now\(\) - INTERVAL '1' (HOUR|DAY)\n/);
      const { blobs, doubles } = METRICS[metricOf(sql)];
      const used = [...sql.matchAll(/\b(blob|double)(\d+)\b/g)];
      for (const [column, kind, place] of used) {
        const names = kind === "blob" ? blobs : doubles;
        expect([column, names.length]).toSatisfy(() => Number(place) >= 1 && Number(place) <= names.length);
      }
      expect(sql).toMatch(/blob|double/);
    },
  );

  it.each([...queries])("%s calls no column by another's name", (_, sql) => {
    const { blobs, doubles } = METRICS[metricOf(sql)];
    const words = [...sql.matchAll(/^ *blob(\d+) AS (\w+)/gm)];
    expect(words.map(([, place]) => blobs[Number(place) - 1])).toEqual(words.map(([, , alias]) => alias));
    for (const [, place, alias = ""] of sql.matchAll(/\bmax\(double(\d+)\) AS (\w+)/g)) {
      const named = (doubles as readonly string[]).indexOf(alias);
      expect([-1, Number(place) - 1]).toContain(named);
    }
  });

  it.each([...queries])("%s uses functions that there are, and weighs what may be thinned", (_, sql) => {
    const called = [...sql.matchAll(/(\w+) ?\(/g)].map(([, name]) => name);
    expect(called.filter((name) => !FUNCTIONS.includes(name ?? "") && !/^\d/.test(name ?? ""))).toEqual([]);
    for (const [, summed] of sql.matchAll(/\bsum\(((?:[^()]|\([^()]*\))*)\)/g)) {
      expect(summed).toContain("_sample_interval");
    }
    for (const [, weighed] of sql.matchAll(/quantileExactWeighted\([\d.]+\)\(([^)]+)\)/g)) {
      expect(weighed).toMatch(/^double\d+, _sample_interval$/);
    }
  });
});

const PUSH: Point<"push"> = {
  ...{ gateway: "stripe", source: "webhook", status: "succeeded" },
  ...{ sockets: 1, since_commit_ms: 5, since_webhook_ms: 100 },
};
const TICK: Point<"tick"> = {
  ...{ outcome: "ok", duration_ms: 200, transactions: 1, deliveries: 0, refunds: 0, missed: 0, failed: 0 },
  ...{ changes: 0, statements: 9, points_dropped: 0, oldest_pending_ms: 120_000, pending_overdue_ms: 0 },
  ...{ outbox_age_ms: 0, outbox_overdue_ms: 0, owed: 0, dead_letters: 0, reviews: 0, parked: 0, silent: 0 },
};
const REQUEST: Point<"request"> = { method: "GET", route: "/health", http_status: 200, duration_ms: 4 };
const WEBHOOK: Point<"webhook"> = {
  ...{ gateway: "stripe", outcome: "applied", via: "webhook", duration_ms: 30, lag_ms: 900 },
};
const ADVANCE: Point<"advance"> = {
  ...{ gateway: "stripe", source: "webhook", status_before: "pending", status: "succeeded" },
  ...{ event: "transaction.succeeded", age_ms: 60_000 },
};
const CALL: Point<"gateway_call"> = {
  ...{ gateway: "stripe", call: "create", outcome: "pending", duration_ms: 300, failed: 0 },
};
const DELIVERY: Point<"delivery"> = {
  ...{ outcome: "delivered", answer: "2xx", attempt: 1, duration_ms: 80, age_ms: 2000 },
};

const ask = (data: Dataset, name: string) => data.ask(queries.get(name) ?? expect.unreachable(name));

describe("the answers", () => {
  it("latency: of browsers that watched, by webhooks that came in, each row by its weight", () => {
    const data = new Dataset();
    data.write("push", PUSH, { weight: 9 });
    data.write("push", { ...PUSH, since_webhook_ms: 4000 });
    data.write("push", { ...PUSH, since_webhook_ms: 9000, sockets: 0 });
    data.write("push", { ...PUSH, since_webhook_ms: null });
    data.write("push", PUSH, { ago: 2 * UNITS.DAY });
    data.write("push", { ...PUSH, since_webhook_ms: 70 }, { ago: 2 * UNITS.HOUR });
    expect(ask(data, "latency")).toEqual([
      { hour: NOW - 2 * UNITS.HOUR, p50_ms: 70, p99_ms: 70, pushes: 1 },
      { hour: NOW - UNITS.HOUR, p50_ms: 100, p99_ms: 4000, pushes: 10 },
    ]);
  });

  it("signatures: what was refused, and no other webhook", () => {
    const data = new Dataset();
    data.write("webhook", WEBHOOK);
    data.write("webhook", { ...WEBHOOK, outcome: "unverified" }, { weight: 30 });
    data.write("webhook", { ...WEBHOOK, outcome: "malformed" });
    data.write("webhook", { ...WEBHOOK, outcome: "unverified", gateway: "adyen" });
    const minute = NOW - 60;
    expect(ask(data, "signatures")).toEqual([
      { minute, gateway: "adyen", unverified: 1, malformed: 0 },
      { minute, gateway: "stripe", unverified: 30, malformed: 1 },
    ]);
  });

  it("webhooks: by outcome, without what was read from lists", () => {
    const data = new Dataset();
    data.write("webhook", WEBHOOK, { weight: 2 });
    data.write("webhook", { ...WEBHOOK, outcome: "parked", duration_ms: 70 });
    data.write("webhook", { ...WEBHOOK, via: "list" });
    expect(ask(data, "webhooks")).toEqual([
      { gateway: "stripe", outcome: "applied", webhooks: 2, p99_ms: 30 },
      { gateway: "stripe", outcome: "parked", webhooks: 1, p99_ms: 70 },
    ]);
  });

  it("pending, outbox, waiting: the most of five minutes, and nothing that was not read", () => {
    const data = new Dataset();
    const ages = { pending_overdue_ms: 660_000, outbox_age_ms: 7_200_000, outbox_overdue_ms: 90_000 };
    data.write("tick", TICK);
    data.write("tick", { ...TICK, ...ages, oldest_pending_ms: 2_460_000, owed: 3 }, { ago: 120 });
    data.write("tick", { ...TICK, dead_letters: 1, reviews: 2, parked: 3, silent: 4 }, { ago: 180 });
    const unread = { oldest_pending_ms: null, outbox_age_ms: null, dead_letters: null };
    data.write("tick", { ...TICK, ...unread }, { ago: 600 });
    const five_minutes = NOW - 300;
    expect(ask(data, "pending")).toEqual([{ five_minutes, oldest_min: 41, overdue_min: 11 }]);
    expect(ask(data, "outbox")).toEqual([{ five_minutes, oldest_min: 120, overdue_min: 1.5, owed: 3 }]);
    expect(ask(data, "waiting")).toEqual([
      { five_minutes, dead_letters: 1, reviews: 2, parked: 3, silent: 4 },
    ]);
  });

  it("errors: shares by route, the worst first", () => {
    const data = new Dataset();
    data.write("request", REQUEST, { weight: 5 });
    data.write(
      "request",
      { ...REQUEST, method: "POST", route: "/transactions", http_status: 201 },
      { weight: 6 },
    );
    data.write(
      "request",
      { ...REQUEST, method: "POST", route: "/transactions", http_status: 503 },
      { weight: 3 },
    );
    data.write("request", {
      ...REQUEST,
      method: "POST",
      route: "/transactions",
      http_status: 422,
      duration_ms: 9,
    });
    expect(ask(data, "errors")).toEqual([
      { method: "POST", route: "/transactions", requests: 10, failed: 0.3, refused: 0.1, p99_ms: 9 },
      { method: "GET", route: "/health", requests: 5, failed: 0, refused: 0, p99_ms: 4 },
    ]);
  });

  it("success: paid ones of those that ended, by changes of status alone", () => {
    const data = new Dataset();
    data.write("advance", ADVANCE, { weight: 3 });
    data.write("advance", { ...ADVANCE, status: "failed" });
    data.write("advance", { ...ADVANCE, status: "processing" });
    data.write("advance", { ...ADVANCE, status_before: "succeeded", event: "transaction.refunded" });
    expect(ask(data, "success")).toEqual([{ gateway: "stripe", ended: 4, paid: 0.75 }]);
  });

  it("calls: what failed, and how long they took", () => {
    const data = new Dataset();
    data.write("gateway_call", CALL, { weight: 3 });
    data.write("gateway_call", { ...CALL, outcome: "unavailable", failed: 1, duration_ms: 10_000 });
    data.write("gateway_call", { ...CALL, call: "refund" });
    expect(ask(data, "calls")).toEqual([
      { gateway: "stripe", call: "create", calls: 4, failed: 0.25, p50_ms: 300, p99_ms: 10_000 },
      { gateway: "stripe", call: "refund", calls: 1, failed: 0, p50_ms: 300, p99_ms: 300 },
    ]);
  });

  it("deliveries: by what the shop answered", () => {
    const data = new Dataset();
    data.write("delivery", DELIVERY, { weight: 2 });
    data.write("delivery", { ...DELIVERY, outcome: "failed", answer: "5xx", age_ms: 300_000 });
    expect(ask(data, "deliveries")).toEqual([
      { outcome: "delivered", answer: "2xx", attempts: 2, p99_ms: 80, p99_age_s: 2 },
      { outcome: "failed", answer: "5xx", attempts: 1, p99_ms: 80, p99_age_s: 300 },
    ]);
  });

  it("ticks: how many came, how long they took, and what they left", () => {
    const data = new Dataset();
    data.write("tick", TICK);
    data.write("tick", { ...TICK, duration_ms: 900, failed: 2, points_dropped: 40 }, { ago: 120 });
    expect(ask(data, "ticks")).toEqual([
      { five_minutes: NOW - 300, ticks: 2, p50_ms: 200, longest_ms: 900, failed_rows: 2, dropped: 40 },
    ]);
  });

  it("are tried for every query", () => {
    const source = readFileSync(import.meta.filename, "utf8");
    expect([...queries.keys()].filter((name) => !source.includes(`ask(data, "${name}")`))).toEqual([]);
  });
});
