/** What each page of the console asks of D1, over a shop's month: its cost follows the page, not the shop's size. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { firstTypeIdAt } from "../../src/lib/id.ts";
import { addFacts, type Facts } from "../../src/operations/statistics.ts";
import { consolePages, type Page } from "../bench/console-pages.ts";
import { openSeededConsole } from "../bench/console-system.ts";
import { type Measured, measure, toTable } from "../bench/measure.ts";
import { checkInvariants } from "../support/invariants.ts";
import { selectRow } from "../support/system.ts";

const SIZE = 3000;
const MAX_ROWS_READ = 200;
/** Who is in, and what the page shows; a list and something beside it. */
const MAX_ROUND_TRIPS = 3;
const measured: (Page & Measured)[] = [];
const statements = new Set<string>();

beforeAll(async () => {
  const seeded = await openSeededConsole(SIZE);
  const pages = await consolePages(seeded);
  const prepare = vi.spyOn(env.DB, "prepare");
  for (const page of pages) {
    measured.push({ ...page, ...(await measure(seeded, page, 1, 0)) });
  }
  for (const [query] of prepare.mock.calls) {
    statements.add(query);
  }
  prepare.mockRestore();
  console.log(`The console over ${SIZE} transactions:\n${toTable(measured, false)}`);
}, 60_000);

describe("a page of the console", () => {
  it("is there", () => {
    expect(measured.map(({ name, status }) => [name, status])).toEqual(
      measured.map(({ name, answer }) => [name, answer]),
    );
  });

  it(`reads at most ${MAX_ROWS_READ} rows, in at most ${MAX_ROUND_TRIPS} round trips`, () => {
    expect(measured.filter(({ rowsRead }) => rowsRead > MAX_ROWS_READ)).toEqual([]);
    expect(measured.filter(({ roundTrips }) => roundTrips > MAX_ROUND_TRIPS)).toEqual([]);
  });

  it("goes through a table only as a list of all, in the list's order and to its limit", async () => {
    expect(statements.size).toBeGreaterThan(20);
    for (const query of statements) {
      const plan = await explain(query);
      if (plan.some(isScan)) {
        expect(query).toMatch(/^(?!.* where ).* order by .* desc limit \?$/s);
        expect(plan.join()).not.toContain("TEMP B-TREE");
      }
    }
  });
});

describe("the seeded month", () => {
  it("holds what must hold whatever happened", async () => {
    const { transactions } = await checkInvariants();
    expect(transactions).toHaveLength(SIZE);
  });

  it("has ids that sort by time, as ours do", async () => {
    const { results } = await env.DB.prepare("SELECT id, created_at FROM transactions ORDER BY id").all<{
      id: string;
      created_at: number;
    }>();
    for (const { id, created_at } of results) {
      expect(id.slice(0, 14)).toBe(firstTypeIdAt("txn", created_at).slice(0, 14));
      expect(id.slice(14)).toMatch(/^[ef][0-9a-z]{2}[89abrstv][0-9a-z]{12}$/);
    }
  });

  it("is counted as it is", async () => {
    const { results } = await env.DB.prepare("SELECT facts FROM statistics WHERE span = 'day'").all<{
      facts: string;
    }>();
    const facts = results.map((row) => JSON.parse(row.facts) as Facts).reduce(addFacts, {});
    const counted = Object.values(facts).reduce((sum, { ended }) => sum + (ended.succeeded ?? 0), 0);
    const row = await selectRow<{ n: number }>(
      "SELECT count(*) AS n FROM transactions WHERE status = 'succeeded'",
    );
    expect(counted).toBe(row?.n);
  });
});

/** Through a table that grows, but for an index that holds only what is rare. */
function isScan(detail: string): boolean {
  return (
    /^SCAN (transactions|events|inbox|deliveries|refunds|statistics|metadata_values|operator_actions)/.test(
      detail,
    ) && !detail.endsWith("USING INDEX deliveries_dead")
  );
}

async function explain(query: string): Promise<string[]> {
  const values = [...query.matchAll(/\?/g)].map(() => 1);
  const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${query}`)
    .bind(...values)
    .all<{ detail: string }>();
  return results.map(({ detail }) => detail);
}
