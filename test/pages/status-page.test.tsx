/** @jsxImportSource hono/jsx */
// The buyer's page: what it says in each state, and what it must never carry.
import { describe, expect, it } from "vitest";
import { MessagePage, StatusPage } from "../../src/pages/status-page.tsx";
import { english } from "../../src/pages/status-texts.ts";
import type { PageState, StatusView } from "../../src/pages/status-view.ts";

const NOW = Date.UTC(2026, 10, 22, 13, 40);
const MINUTE = 60_000;

const PENDING: StatusView = {
  id: "txn_01kaqk5w0meev9h4x2n8c7d3rt",
  clientSecret: "cs_test",
  status: "pending",
  version: 1,
  final: false,
  amount: 1999,
  currency: "USD",
  description: "Blue teapot",
  late: false,
  amountRefunded: 0,
  returning: false,
  createdAt: NOW - 5 * MINUTE,
  expiresAt: NOW + 25 * MINUTE,
  now: NOW,
  paymentUrl: "https://pay.example/session/1",
  returnUrl: "https://shop.example/thanks?order=7",
  returned: false,
  locale: "en-US",
};

function render(change: Partial<StatusView> = {}): string {
  return (<StatusPage view={{ ...PENDING, ...change }} />).toString() as string;
}

function settled(change: Partial<StatusView>): Partial<StatusView> {
  return { final: true, paymentUrl: null, version: 3, ...change };
}

const STATES: Readonly<Record<PageState, Partial<StatusView>>> = {
  pending: {},
  confirming: { returned: true },
  overdue: { now: NOW + 26 * MINUTE, paymentUrl: null },
  processing: { status: "processing", paymentUrl: null },
  authorized: { status: "authorized", paymentUrl: null },
  review: { status: "review", paymentUrl: null },
  succeeded: settled({ status: "succeeded" }),
  late: settled({ status: "succeeded", late: true }),
  partlyRefunded: settled({ status: "succeeded", amountRefunded: 500 }),
  refunded: settled({ status: "succeeded", amountRefunded: 1999 }),
  returning: settled({ status: "canceled", returning: true }),
  returned: settled({ status: "canceled", amountRefunded: 2500 }),
  failed: settled({ status: "failed" }),
  canceled: settled({ status: "canceled" }),
  expired: settled({ status: "expired" }),
};

const ALL = Object.entries(STATES) as [PageState, Partial<StatusView>][];

describe("StatusPage", () => {
  it.each(ALL)("says %s in its title, its heading and its notes", (state, change) => {
    const html = render(change);
    const texts = english.states[state];
    expect(html).toContain(`<title>${texts.title}</title>`);
    expect(html).toContain(`<h1>${texts.title}</h1>`);
    for (const note of texts.notes) {
      expect(html).toContain(`<li>${note}</li>`);
    }
    expect(html).not.toMatch(/\{\w+\}|undefined|\[object/);
  });

  it.each(ALL)("is a whole document without inline style or script when %s", (_state, change) => {
    const html = render(change);
    expect(html).toMatch(/^<!DOCTYPE html><html lang="en" dir="ltr"><head>/);
    expect(html).toMatch(/<\/main><\/body><\/html>$/);
    expect(html).not.toMatch(/\sstyle=|<style|\son\w+=/i);
    expect(html.match(/<script.*?<\/script>/gs)).toEqual([
      '<script type="module" src="/status.js"></script>',
    ]);
  });

  it.each(ALL)("refreshes itself without JavaScript only while %s is not final", (_state, change) => {
    const refresh = '<noscript><meta http-equiv="refresh" content="5"/></noscript></head>';
    expect(render(change).includes(refresh)).toBe(change.final !== true);
    expect(render(change).includes("http-equiv")).toBe(change.final !== true);
  });

  it.each(ALL)("offers to ask the gateway only while %s may still move by itself", (_state, change) => {
    const form =
      `<form data-check="true" method="post" action="/status/${PENDING.id}">` +
      '<input type="hidden" name="client_secret" value="cs_test"/>';
    expect(render(change).includes(form)).toBe(change.final !== true);
  });

  it("gives the script what it binds to", () => {
    const html = render();
    expect(html).toContain(
      `data-id="${PENDING.id}" data-client-secret="cs_test" data-version="1" data-status="pending" data-final="false"`,
    );
    expect(html).toMatch(/<p data-live="true" hidden="">/);
    expect(render(STATES.failed)).toContain('data-status="failed" data-final="true"');
  });

  it("announces politely, from a region that outlives what the script replaces", () => {
    const html = render();
    expect(html).toMatch(/<main id="payment" [^>]*aria-live="polite"/);
    expect(html).toContain(
      '<div class="announcement" role="status" aria-live="polite" aria-atomic="true"><h1>',
    );
    for (const quiet of ['<dl class="summary"', '<div class="actions"', '<section class="next"']) {
      expect(html).toContain(`${quiet} aria-live="off"`);
    }
  });

  it("says until when to pay, with the date where it is another day", () => {
    const time = '<time datetime="2026-11-22T14:05:00.000Z" data-expires-at="2026-11-22T14:05:00.000Z">';
    expect(render()).toContain(`${time}until 14:05 UTC</time>`);
    expect(render({ expiresAt: NOW + 24 * 60 * MINUTE })).toContain(">until Nov 23, 2026, 13:40 UTC</time>");
    expect(render({ locale: "de-DE" })).toContain(">until 14:05 UTC</time>");
  });

  it("leads to the payment only while it can still be paid", () => {
    const link = 'href="https://pay.example/session/1"';
    expect(render()).toContain(link);
    expect(render({ now: PENDING.expiresAt })).not.toContain(link);
    expect(render({ now: PENDING.expiresAt })).not.toContain("data-expires-at");
    expect(render({ status: "processing" })).not.toContain(link);
    expect(render({ paymentUrl: null })).not.toContain('id="pay"');
  });

  it("makes the way back to the shop the main one at the end", () => {
    const href = 'id="back" href="https://shop.example/thanks?order=7"';
    expect(render()).toContain(`<a class="button" ${href}>`);
    expect(render(STATES.succeeded)).toContain(`<a class="button primary" ${href}>`);
    expect(render({ ...STATES.succeeded, returnUrl: null })).toContain("You may close this page.</p>");
    expect(render({ ...STATES.succeeded, returnUrl: "com.shop.app://paid?order=7" })).toContain(
      'href="com.shop.app://paid?order=7"',
    );
  });

  it("never says that no money was taken where money was sent back", () => {
    expect(render(STATES.canceled)).toContain("No money was taken");
    expect(render(STATES.returned)).not.toContain("No money was taken");
    expect(render(STATES.returning)).not.toContain("No money was taken");
    expect(render(STATES.returned)).toContain("\u2068$25.00\u2069 was sent back");
  });
});

describe("StatusPage with hostile input", () => {
  it("escapes what a shop sends", () => {
    const html = render({
      description: `<img src=x onerror="alert(1)">{amount}`,
      returnUrl: `https://shop.example/?a="><script>alert(1)</script>`,
      clientSecret: `"><b>`,
    });
    expect(html).not.toMatch(/<img|<script>|<b>/);
    expect(html).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;{amount}");
  });

  it.each([
    "javascript:alert(1)",
    " JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "\u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "blob:https://shop.example/1",
    "file:///etc/passwd",
    "/relative",
    "",
  ])("makes no link of %j", (url) => {
    for (const html of [
      render({ returnUrl: url, paymentUrl: url }),
      render({ ...STATES.failed, returnUrl: url }),
    ]) {
      expect(html).not.toMatch(/<a[\s>]/);
      expect(html).not.toContain("alert(1)");
    }
  });

  it("pays only on the web", () => {
    expect(render({ paymentUrl: "com.evil.app://pay" })).not.toContain('id="pay"');
  });
});

describe("amounts on the page", () => {
  it.each([
    [1999, "USD", "en-US", "$19.99"],
    [500, "JPY", "en-US", "¥500"],
    [1234, "KWD", "en-US", "KWD\u00a01.234"],
    [1999, "RSD", "en-US", "RSD\u00a019.99"],
    [1999, "EUR", "de-DE", "19,99\u00a0€"],
    [9_007_199_254_740_991, "USD", "en-US", "$90,071,992,547,409.91"],
    [1999, "USD", "not a locale", "$19.99"],
    [1999, "USD", "en_US", "$19.99"],
  ])("shows %d %s in %s as %s", (amount, currency, locale, shown) => {
    expect(render({ amount, currency, locale })).toContain(`<bdi>${shown}</bdi>`);
  });
});

describe("MessagePage", () => {
  it.each(Object.values(english.messages))("says: $title", (message) => {
    const html = (<MessagePage {...message} />).toString() as string;
    expect(html).toContain(`<title>${message.title}</title>`);
    expect(html).toContain(message.text);
    expect(html).not.toMatch(/<script|http-equiv|\sstyle=|id="payment"/);
  });

  it("escapes its text", () => {
    expect((<MessagePage title="<i>" text="<b>" />).toString()).not.toMatch(/<i>|<b>/);
  });
});
