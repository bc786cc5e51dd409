/** GET /console: what needs a person now, and the figures that the cron has rolled up. */
import { Hono } from "hono";
import { OverviewPage } from "../../console/overview-page.tsx";
import { type Bucket, PERIODS, type Period } from "../../console/views.ts";
import { isCronFailing } from "../../operations/check-health.ts";
import { parseFacts, SPAN_MS } from "../../operations/roll-up.ts";
import { addFacts, type Facts } from "../../operations/statistics.ts";
import type { Services } from "../../services.ts";
import type { AppEnv } from "../app-env.ts";
import { consolePage } from "../console-page.ts";
import { shellOf } from "../console-shell.ts";

export const consoleOverviewRoutes = new Hono<AppEnv>();

/** Which figures a period is made of. */
const SPANS = {
  "24h": { span: "hour", count: 24 },
  "7d": { span: "quarter", count: 28 },
  "30d": { span: "day", count: 30 },
} as const satisfies Record<Period, object>;
/** A delivery that is due for so long is late: the cron comes each minute. */
const OVERDUE_MS = 3 * 60_000;

consoleOverviewRoutes.get("/", async (c) => {
  const { services } = c.env;
  const asked = c.req.query("period");
  const period = PERIODS.find((name) => name === asked) ?? "24h";
  const { span, count } = SPANS[period];
  const bucketMs = SPAN_MS[span];
  const now = services.now();
  const since = now - (now % bucketMs) - (count - 1) * bucketMs;
  const found = await services.store.readOverview(span, since, now - OVERDUE_MS);
  const buckets = toBuckets(found.figures, since, bucketMs, count);
  const totals = buckets.reduce<Facts>((sum, { figures }) => addFacts(sum, figures), {});
  const { countedUntil, review, parked, dead, silent, oldestPending, lastTick } = found;
  const needs = {
    ...{ review, parked, dead, silent, oldestPending, lastTick, overdueDelivery: found.overdueSince },
    cronFailing: isCronFailing(lastTick, services.wallClock()),
  };
  const view = { period, needs, buckets, bucketMs, totals, countedUntil };
  return consolePage(c, <OverviewPage shell={shellOf(c)} view={view} />);
});

type Rows = Awaited<ReturnType<Services["store"]["readOverview"]>>["figures"];

/** Without gaps: nothing happened where there is no row. */
function toBuckets(rows: Rows, since: number, bucketMs: number, count: number): Bucket[] {
  const known = new Map<number, Facts>();
  for (const row of rows) {
    known.set(row.start, addFacts(known.get(row.start) ?? {}, parseFacts(row)));
  }
  return Array.from({ length: count }, (_, index) => {
    const start = since + index * bucketMs;
    return { start, figures: known.get(start) ?? {} };
  });
}
