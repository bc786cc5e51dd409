/** @jsxImportSource hono/jsx */
// The list of payments: its search, its rows, its ways on.
import { describe, expect, it } from "vitest";
import { TransactionsPage } from "../../src/console/transactions-page.tsx";
import type { SearchFields, TransactionRow, TransactionsView } from "../../src/console/views.ts";
import { STATUSES } from "../../src/transactions/transaction.ts";
import { NOW, PAYMENTS, ROW, SHELL, toHtml } from "./support.tsx";

const render = (change: Partial<TransactionsView> = {}) =>
  toHtml(<TransactionsPage shell={SHELL} view={{ ...PAYMENTS, ...change }} />);
const renderRow = (change: Partial<TransactionRow>) => render({ rows: [{ ...ROW, ...change }] });
const renderFields = (change: Partial<SearchFields>, more: Partial<TransactionsView> = {}) =>
  render({ fields: { ...PAYMENTS.fields, ...change }, ...more });
const badgesOf = (html: string) =>
  [...html.matchAll(/<span class="badge tone-(\w+)">.*?<\/svg>(.*?)<\/span>/gs)].map(([, tone, text]) => [
    tone,
    text,
  ]);

describe("TransactionsPage: rows", () => {
  it("leads from each row to its payment", () => {
    expect(render()).toContain(`<a class="row-link" href="/console/payments/${ROW.id}">`);
    expect(render()).toContain('<bdi class="money">US$19.99</bdi>');
    expect(render()).toContain('<time datetime="2026-11-26T04:40:12.000Z">26 Nov, 04:40</time>');
  });

  it.each(STATUSES)("has a badge for %s", (status) => {
    expect(badgesOf(renderRow({ status }))).toHaveLength(1);
  });

  it.each([
    [{ status: "succeeded", amountCaptured: 1999, amountRefunded: 500 }, ["quiet", "Partly refunded"]],
    [{ status: "succeeded", amountCaptured: 1999, amountRefunded: 1999 }, ["quiet", "Refunded"]],
    [{ status: "succeeded", late: true }, ["care", "Late"]],
    [{ status: "succeeded", dispute: "open" }, ["care", "Dispute open"]],
    [{ status: "succeeded", dispute: "won" }, ["done", "Dispute won"]],
    [{ status: "succeeded", dispute: "lost" }, ["stop", "Dispute lost"]],
  ] as const)("adds to the status what %j means", (change, badge) => {
    expect(badgesOf(renderRow(change))).toEqual([["done", "Paid"], [...badge]]);
  });

  it("says why a person must decide, or why it failed", () => {
    expect(renderRow({ status: "review", reviewReason: "wrong_amount" })).toContain(
      "Another amount was paid",
    );
    expect(renderRow({ status: "failed", failureCode: "card_declined" })).toContain("Card declined");
  });

  it("escapes what a shop and a gateway have named", () => {
    const html = renderRow({ orderId: "<img src=x onerror=alert(1)>", gatewayReference: '"><b>' });
    expect(html).not.toMatch(/<img src=x|"><b>/);
    expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });

  it("says the year only where it is another one", () => {
    expect(renderRow({ createdAt: Date.UTC(2025, 9, 22, 5, 40) })).toContain(">22 Oct 2025, 05:40</time>");
  });
});

describe("TransactionsPage: search", () => {
  it("keeps what was typed, and opens the filters that are used", () => {
    const html = renderFields({ q: '"x"', status: "review", currency: "USD" });
    expect(html).toContain('value="&quot;x&quot;"');
    expect(html).toContain('<option value="review" selected="">In review</option>');
    expect(html).toContain('<details class="filters" id="filters" open=""><summary>Filters (2)</summary>');
    expect(render()).toContain('<details class="filters" id="filters"><summary>Filters</summary>');
  });

  it("ties what is wrong to its field", () => {
    const html = renderFields({ amount: "x" }, { errors: { amount: "Not a sum." } });
    expect(html).toMatch(/name="amount"[^>]*aria-invalid="true" aria-describedby="error-amount"/);
    expect(html).toContain('<p class="error" id="error-amount">Not a sum.</p>');
  });

  it("says what to try where nothing is found, and so where there is nothing at all", () => {
    expect(renderFields({ q: "x" }, { rows: [] })).toMatch(/No payment matches\..*Show all payments/s);
    expect(render({ rows: [] })).toContain("There are no payments yet.");
    expect(render({ rows: [], isFirstPage: false })).toContain("There are no older payments.");
  });

  it("exports what is asked for, and no search for text", () => {
    expect(render()).toContain('href="/console/payments.csv"');
    expect(render({ exportQuery: "status=paid&gateway=x" })).toContain(
      'href="/console/payments.jsonl?status=paid&amp;gateway=x"',
    );
    expect(render({ exportQuery: null })).not.toContain("Export");
  });
});

describe("TransactionsPage: ways on", () => {
  it("leads to older ones, and back to the newest", () => {
    expect(render()).toContain('rel="next" href="/console/payments?cursor=older"');
    expect(render()).not.toContain(">Newest<");
    expect(render({ isFirstPage: false, next: null })).toContain('<a href="/console/payments">Newest</a>');
    expect(render({ next: null })).not.toContain('rel="next"');
  });

  it("says how far it has looked, and offers to look further", () => {
    const html = render({ lookedBackTo: NOW });
    expect(html).toMatch(/Looked back to <time[^>]*>26 Nov 2026, 05:40 UTC<\/time>/);
    expect(html).toContain('<a href="/console/payments?cursor=older">Look further</a>');
    expect(html).not.toContain('rel="next"');
  });
});
