/** @jsxImportSource hono/jsx */
// The buyer's page: what it says in each state, and what it must never carry.
import { describe, expect, it } from "vitest";
import { MessagePage } from "../../src/pages/status-page.tsx";
import { english } from "../../src/pages/texts/en.ts";
import { ALL_STATES as ALL, MINUTE, NOW, PENDING, render, STATES } from "./support.tsx";

describe("StatusPage", () => {
  it.each(ALL)("says %s in its title, its heading and its notes", (state, change) => {
    const html = render(change);
    const texts = english.states[state];
    expect(html).toContain(`<title>${texts.title}</title>`);
    expect(html).toContain(`<h1 id="state" tabindex="-1">${texts.title}</h1>`);
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
    const html = render({ locale: "de-CH" });
    expect(html).toContain(
      `data-id="${PENDING.id}" data-client-secret="cs_test" data-version="1" data-state="pending" data-status="pending" ` +
        'data-final="false" data-locale="de-CH" data-now="2026-11-22T13:40:00.000Z">',
    );
    expect(render(STATES.failed)).toContain('data-state="failed" data-status="failed" data-final="true"');
  });

  it("brings the script's words along, and shows them to nobody without it", () => {
    const [hint = ""] = /<p data-hint=[^>]*>/.exec(render()) ?? [];
    for (const words of [english.offline, english.online, english.unchanged]) {
      expect(hint).toContain(`="${words}"`);
    }
    expect(hint).toContain('hidden=""');
  });

  it.each(ALL)(
    "has the same parts in the same order when %s, so that they can outlive the change",
    (_, change) => {
      expect([...render(change).matchAll(/data-part="(\w+)"/g)].map(([, name]) => name)).toEqual([
        ...["emblem", "announcement", "summary", "actions", "next"],
      ]);
    },
  );

  it("announces what is new politely and as a whole, and nothing else", () => {
    const regions = [...render().matchAll(/<(\w+)[^>]*aria-live[^>]*>/g)].map(([tag]) => tag);
    expect(regions).toEqual([
      '<div class="connection" role="status" aria-live="polite">',
      '<div data-part="announcement" class="announcement" role="status" aria-live="polite" aria-atomic="true">',
    ]);
  });

  it("says how long a bank may need, and that a person checks", () => {
    expect(render(STATES.processing)).toContain("Your bank usually needs up to five working days");
    expect(render(STATES.review)).toContain("We have your payment on record, and a person is checking it.");
  });

  it("repeats in its form what the address says", () => {
    const fields = (html: string) =>
      [...html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map((field) => field[0]);
    expect(fields(render())).toEqual(['name="client_secret" value="cs_test"']);
    expect(fields(render({ returned: true, locale: "de", askedLocale: "de" }))).toEqual([
      'name="client_secret" value="cs_test"',
      'name="returned" value="1"',
      'name="locale" value="de"',
    ]);
  });

  it("says until when to pay, with the date where it is another day", () => {
    const time = '<time datetime="2026-11-22T14:05:00.000Z" data-expires-at="2026-11-22T14:05:00.000Z">';
    expect(render({ locale: "en-GB" })).toContain(`${time}until 14:05 UTC</time>`);
    expect(render()).toMatch(/>until 2:05\sPM UTC<\/time>/);
    const tomorrow = { expiresAt: NOW + 24 * 60 * MINUTE };
    expect(render({ ...tomorrow, locale: "en-GB" })).toContain(">until 23 Nov 2026, 13:40 UTC</time>");
    expect(render({ ...tomorrow, locale: "de-DE" })).toContain(">bis 23. Nov. 2026, 13:40 UTC</time>");
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
      askedLocale: `"><b>`,
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
    [1999, "CHF", "de-CH", "CHF\u00a019.99"],
    [199950, "EUR", "de-AT", "€\u00a01.999,50"],
    [199950, "EUR", "pt-BR", "€\u00a01.999,50"],
    [199950, "EUR", "ar-EG", "\u200f١٬٩٩٩٫٥٠\u00a0€"],
    [1999, "JPY", "ja-JP", "￥1,999"],
  ])("shows %d %s in %s as %s", (amount, currency, locale, shown) => {
    expect(render({ amount, currency, locale })).toContain(`<bdi>${shown}</bdi>`);
  });
});

describe("MessagePage", () => {
  const message = (name: keyof typeof english.messages, retryUrl?: string) =>
    (<MessagePage message={name} texts={english} retryUrl={retryUrl} />).toString() as string;

  it.each(["notFound", "trouble"] as const)("says that it is %s, and needs no script", (name) => {
    const html = message(name);
    const { title, text } = english.messages[name];
    expect(html).toContain(`<title>${title}</title>`);
    expect(html).toContain(text);
    expect(html).not.toMatch(/<script|\sstyle=|id="payment"/);
  });

  it("tries again by itself in trouble alone", () => {
    expect(message("notFound")).not.toContain("http-equiv");
    expect(message("trouble")).toContain('<meta http-equiv="refresh" content="15"/>');
    expect(message("trouble", "https://pay.example/?a=1&b=2")).toContain(
      '<meta http-equiv="refresh" content="15; url=https://pay.example/?a=1&amp;b=2"/>',
    );
  });
});
