/** @jsxImportSource hono/jsx */
// The overview: what needs a person, and the numbers that the charts are drawn from.
import { describe, expect, it } from "vitest";
import { OverviewPage } from "../../src/console/overview-page.tsx";
import type { Needs, OverviewView } from "../../src/console/views.ts";
import { HOUR, ID, MINUTE, NOW, OVERVIEW, QUIET, SHELL, toHtml } from "./support.tsx";

const render = (change: Partial<OverviewView> = {}) =>
  toHtml(<OverviewPage shell={SHELL} view={{ ...OVERVIEW, ...change }} />);
const renderNeeds = (change: Partial<Needs>) => render({ needs: { ...QUIET, ...change } });
const needsOf = (html: string) =>
  [...html.matchAll(/<a class="need tone-(\w+)" href="([^"]*)">.*?<strong>(.*?)<\/strong>/gs)].map(
    ([, tone, href, title]) => [tone, href, title],
  );
const count = (value: number, more = false) => ({ value, more });

const NEEDS: readonly (readonly [change: Partial<Needs>, tone: string, href: string, title: string])[] = [
  [{ review: count(1) }, "care", "/console/payments?status=review", "1 payment in review"],
  [{ review: count(100, true) }, "care", "/console/payments?status=review", "100+ payments in review"],
  [{ parked: count(2) }, "care", "/console/webhooks?outcome=parked", "2 webhooks parked"],
  [{ dead: count(1) }, "stop", "/console/deliveries?status=dead", "1 dead delivery"],
  [{ silent: count(3) }, "care", "/console/gateways", "3 payments without an answer"],
  [{ overdueDelivery: NOW - HOUR }, "care", "/console/deliveries?status=owed", "The shop waits for an event"],
  [{ cronFailing: true }, "stop", "/health", "The cron does not run"],
  [{ lastTick: null }, "care", "/health", "The cron has never run"],
  [
    { oldestPending: { id: ID, createdAt: NOW - 2 * HOUR, expiresAt: NOW - HOUR } },
    "care",
    `/console/payments/${ID}`,
    "A payment is pending past its time",
  ],
];

/** Cells of the table of one chart, row by row. */
function tableOf(html: string, title: string): string[][] {
  const [, figure = ""] =
    new RegExp(`<figure[^>]*aria-label="${title}">(.*?)</figure>`, "s").exec(html) ?? [];
  return [...figure.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell = ""]) => cell),
  );
}

describe("OverviewPage: needs", () => {
  it("says kindly that nothing waits", () => {
    const html = renderNeeds({});
    expect(needsOf(html)).toEqual([]);
    expect(html).toContain("<strong>All quiet.</strong> Nothing waits for a person.");
    expect(html).toContain('last ran <time datetime="2026-11-26T05:39:48.000Z">24 s ago</time>');
  });

  it.each(NEEDS)("leads from %j to where it is solved", (change, tone, href, title) => {
    const html = renderNeeds(change);
    expect(needsOf(html)).toEqual([[tone, href, title]]);
    expect(html).not.toContain("All quiet");
  });

  it("puts first what stops everything", () => {
    const html = renderNeeds({ review: count(1), parked: count(1), dead: count(1), cronFailing: true });
    expect(needsOf(html).map(([tone]) => tone)).toEqual(["stop", "stop", "care", "care"]);
  });

  it("does not cry over a payment whose time has just run out", () => {
    const html = renderNeeds({ oldestPending: { id: ID, createdAt: NOW - HOUR, expiresAt: NOW - MINUTE } });
    expect(html).toContain("All quiet");
    expect(html).toContain(`<a href="/console/payments/${ID}">created`);
  });
});

describe("OverviewPage: figures", () => {
  it("switches the period by links", () => {
    const html = render({ period: "7d" });
    const tabs = [...html.matchAll(/<a class="tab" href="(\/console\?period=\w+)"( aria-current="true")?>/g)];
    expect(tabs.map(([, href, current]) => [href, current !== undefined])).toEqual([
      ["/console?period=24h", false],
      ["/console?period=7d", true],
      ["/console?period=30d", false],
    ]);
  });

  it("shows each gateway's counts, rate, money by currency, and times", () => {
    const html = render();
    const [, row = ""] = /<code[^>]*>stripe<\/code><\/th>(.*?)<\/tr>/s.exec(html) ?? [];
    const cells = [...row.matchAll(/<td data-label="([^"]*)"[^>]*>(.*?)<\/td>/gs)].map(
      ([, head, cell = ""]) => [head, cell.replace(/<[^>]+>/g, "|").replace(/\|+/g, "|")],
    );
    expect(Object.fromEntries(cells)).toMatchObject({
      "Success rate": "90.0\u00a0%",
      Paid: "9",
      Failed: "1",
      Captured: "|KWD\u00a01.234|US$19.99|",
      Refunded: "|US$5.00|",
      "Time to paid (median, 95\u00a0%)": "|≤ 30 s|≤ 2 min|",
      "Push (median, 95\u00a0%)": "|&gt; 5 s|&gt; 5 s|",
    });
  });

  it("says when nothing ended, and draws nothing then", () => {
    const html = render({ totals: {}, buckets: [] });
    expect(html).toContain("No payment ended in the last 24 hours.");
    expect(html).not.toMatch(/<figure|<table/);
  });

  it("says when nothing is counted yet", () => {
    expect(render({ countedUntil: null })).toContain("Nothing is counted yet");
  });
});

describe("OverviewPage: charts", () => {
  it("opens each chart's table, for those without a script", () => {
    const html = render();
    const figures = html.match(/<figure class="chart" data-chart="\w+".*?<\/figure>/gs) ?? [];
    expect(figures).toHaveLength(5);
    for (const figure of figures) {
      expect(figure).toMatch(/<figcaption>.*<details open=""><summary>Numbers<\/summary>.*<table/s);
    }
  });

  it("counts paid payments by time and gateway", () => {
    expect(tableOf(render(), "Paid payments")).toEqual([
      ["From (UTC)", "paypal", "stripe"],
      ['<time datetime="2026-11-26T03:40:12.000Z">26 Nov, 03:40</time>', data(3), data(9)],
      ['<time datetime="2026-11-26T04:40:12.000Z">26 Nov, 04:40</time>', data(0), data(2)],
      ['<time datetime="2026-11-26T05:40:12.000Z">26 Nov, 05:40</time>', data(0), data(0)],
    ]);
  });

  it("never says more than all, where a short while takes a failure back, and nothing where none ended", () => {
    const share = (text: string, value: number) => `<data value="${value}">${text}\u00a0%</data>`;
    expect(tableOf(render(), "Success rate").map((row) => row.slice(1))).toEqual([
      ["All gateways", "paypal", "stripe"],
      [share("92.3", 12 / 13), share("100.0", 1), share("90.0", 0.9)],
      [share("100.0", 1), "–", share("100.0", 1)],
      ["–", "–", "–"],
    ]);
  });

  it("shows what took longest in a class of its own", () => {
    expect(tableOf(render(), "Push to the buyer’s page").at(-1)).toEqual(["&gt; 5 s", data(3)]);
  });

  it("names reasons of failure, the most frequent first", () => {
    const rows = tableOf(render(), "Reasons of failure").slice(1);
    expect(rows.map(([reason = "", number]) => [reason.replace(/<.*/s, ""), number])).toEqual([
      ["Payment failed", "8"],
      ["Card declined", "4"],
    ]);
  });

  it("leaves a chart out of the script's hands where there is nothing to draw", () => {
    const html = render({ totals: { stripe: { ...OVERVIEW.totals.stripe, webhookLag: [] } as never } });
    expect(html).toMatch(
      /<figure class="chart" data-unit="count" aria-label="Webhook lag">.*?Nothing to count/s,
    );
  });
});

function data(value: number): string {
  return `<data value="${value}">${value}</data>`;
}
