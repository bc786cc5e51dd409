/** @jsxImportSource hono/jsx */
// What holds for every page of the console, whatever it shows.
import { describe, expect, it } from "vitest";
import { ConsoleDocument, PlainDocument } from "../../src/console/document.tsx";
import type { Shell } from "../../src/console/views.ts";
import { CSRF, ID, PAGES, SHELL, toHtml } from "./support.tsx";

const ALL = Object.entries(PAGES);

describe("the console's pages", () => {
  it.each(ALL)("%s is a whole document with one heading, and nothing inline", (_, html) => {
    expect(html).toMatch(/^<!DOCTYPE html><html lang="en"><head>/);
    expect(html).toMatch(/<\/main><\/body><\/html>$/);
    expect(html.match(/<h1[ >]/g)).toHaveLength(1);
    expect(html).not.toMatch(/\sstyle=|<style|\son\w+=/i);
    expect(html.match(/<script.*?<\/script>/gs)).toEqual([
      '<script type="module" src="/console.js"></script>',
    ]);
    expect(html).not.toMatch(/undefined|NaN|\[object|>null</);
  });

  it.each(ALL)("%s is kept from search engines, and its addresses from others", (_, html) => {
    expect(html).toContain('<meta name="robots" content="noindex, nofollow"/>');
    expect(html).toContain('<meta name="referrer" content="same-origin"/>');
  });

  it.each(ALL)("%s has the token in each form that changes something", (_, html) => {
    const forms = html.match(/<form[^>]*method="post".*?<\/form>/gs) ?? [];
    expect(forms.length).toBeGreaterThan(0);
    for (const form of forms) {
      expect(form).toContain(`<input type="hidden" name="csrf" value="${CSRF}"/>`);
    }
  });

  it.each(ALL)("%s has no id twice, and a control for each label", (_, html) => {
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(ids).toEqual([...new Set(ids)]);
    const named = html.matchAll(
      /\s(?:(?:for|aria-labelledby|aria-describedby|data-copy)=|href=(?="#))"#?([^"]+)"/g,
    );
    for (const [, names = ""] of named) {
      expect(ids).toEqual(expect.arrayContaining(names.split(" ")));
    }
  });

  it.each(ALL.filter(([name]) => name !== "confirm"))("%s says where it is, once", (name, html) => {
    const place = name === "payment" ? "payments" : name;
    const href = place === "overview" ? "/console" : `/console/${place}`;
    expect(html.match(/aria-current="page"/g)).toHaveLength(1);
    expect(html).toContain(`href="${href}" aria-current="page"`);
  });
});

describe("ConsoleDocument", () => {
  const render = (change: Partial<Shell>, props: Partial<Parameters<typeof ConsoleDocument>[0]> = {}) =>
    toHtml(<ConsoleDocument title="T" shell={{ ...SHELL, ...change }} here={null} {...props} />);

  it("ends a session by a form, and Cloudflare Access's where it keeps the door", () => {
    expect(render({})).toContain('<form method="post" action="/console/sign-out">');
    expect(render({ signOut: "access" })).toContain('href="/cdn-cgi/access/logout"');
    expect(render({ signOut: "access" })).not.toContain("<form");
  });

  it("says who is signed in, whatever the name is", () => {
    expect(render({ actor: "<b>Ada</b>" })).toContain('<bdi class="actor">&lt;b&gt;Ada&lt;/b&gt;</bdi>');
  });

  it("wears a ribbon only while the sandbox is on", () => {
    expect(render({ sandbox: true })).toContain('class="ribbon"');
    expect(render({})).not.toContain("ribbon");
  });

  it("tells an alert from mere news", () => {
    expect(render({}, { flash: { tone: "stop", text: "No <b>" } })).toContain(
      '<p class="flash tone-stop" role="alert" data-flash="true">No &lt;b&gt;</p>',
    );
    expect(render({}, { flash: { tone: "done", text: "Yes" } })).toContain(
      'role="status" data-flash="true">Yes</p>',
    );
  });

  it("leads past the header to the content", () => {
    expect(render({})).toContain('<a class="skip" href="#content">');
    expect(render({})).toContain('<main id="content" tabindex="-1">');
    const live = { id: ID, clientSecret: '"><b>', version: 4 };
    expect(render({}, { live })).toContain(
      `<main id="payment" tabindex="-1" data-id="${ID}" data-client-secret="&quot;&gt;&lt;b&gt;" data-version="4">`,
    );
  });
});

describe("PlainDocument", () => {
  it("needs no script", () => {
    const html = toHtml(<PlainDocument title="Sign in">in</PlainDocument>);
    expect(html).toContain("<title>Sign in · payment-edge</title>");
    expect(html).toContain('<main id="content" class="sheet">in</main>');
    expect(html).not.toContain("<script");
  });
});
