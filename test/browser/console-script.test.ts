/** What the console's script adds, in a real browser under the pages' own policy: charts, copying, local times. */
import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chromiumPath, overflow, PHONE, Profiles, sharedBrowser } from "./support/browser.ts";
import { violations } from "./support/examine.ts";

const ADDRESS = "http://localhost/console";
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";
const ASSETS = { "/console.css": "text/css", "/console.js": "text/javascript" } as const;

const HOURS = Array.from({ length: 24 }, (_, hour) => Date.UTC(2026, 10, 25, hour));

type Row = readonly [head: string, ...values: (number | null)[]];

/** As the server renders it. */
function figure(kind: string, unit: string, names: readonly string[], rows: readonly Row[]): string {
  const cell = (value: number | null) =>
    `<td class="number">${value === null ? "–" : `<data value="${value}">${value}</data>`}</td>`;
  const body = rows.map(
    ([head, ...values]) => `<tr><th scope="row">${head}</th>${values.map(cell).join("")}</tr>`,
  );
  const heads = ["When", ...names].map((name) => `<th scope="col">${name}</th>`);
  return `<figure class="chart" data-chart="${kind}" data-unit="${unit}" aria-label="Chart of ${kind}">
    <figcaption><h2>Chart of ${kind}</h2></figcaption>
    <details open><summary>Numbers</summary>
    <section class="scroll" aria-label="Numbers of ${kind}" tabindex="0"><table class="numbers">
    <thead><tr>${heads.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></section></details></figure>`;
}

const time = (at: number) => `<time datetime="${new Date(at).toISOString()}">hour ${at}</time>`;
const CHARTS = [
  figure(
    "stacked",
    "count",
    ["stripe", "paypal"],
    HOURS.map((at, hour) => [time(at), hour * 3, hour % 4]),
  ),
  figure(
    "line",
    "share",
    ["stripe", "paypal"],
    HOURS.map((at, hour) => [time(at), 0.9, hour === 7 ? null : 0.8]),
  ),
  figure(
    "bars",
    "count",
    ["All"],
    [
      ["≤ 1 s", 12],
      ["≤ 10 s", 0],
      ["&gt; 10 s", 3],
    ],
  ),
];
const SETUP = `<label for="url">URL</label><input id="url" value="https://pay.example/webhooks/stripe" readonly>
  <button type="button" data-copy="url" hidden><span data-word>Copy</span></button>`;
const HTML = `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Charts</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="/console.css"><script type="module" src="/console.js"></script></head>
  <body><main><h1>Charts</h1><section class="charts">${CHARTS.join("")}</section>${SETUP}</main></body></html>`;

describe.skipIf(chromiumPath === null)("/console.js", () => {
  let browser: Browser;
  let profiles: Profiles;
  let page: Page;

  beforeAll(async () => {
    browser = await sharedBrowser();
  });
  beforeEach(async () => {
    profiles = new Profiles(browser);
    page = await open();
  });
  afterEach(async () => expect(await profiles.close()).toEqual([]));

  async function open(options: Parameters<Profiles["create"]>[0] = {}): Promise<Page> {
    const context: BrowserContext = await profiles.create(options);
    await context.route("**/*", async (route) => {
      const { pathname } = new URL(route.request().url());
      const type = ASSETS[pathname as keyof typeof ASSETS];
      await (type === undefined
        ? route.fulfill({
            contentType: "text/html",
            headers: { "content-security-policy": POLICY },
            body: HTML,
          })
        : route.fulfill({ contentType: type, body: await readFile(`dist/assets${pathname}`, "utf8") }));
    });
    const opened = await context.newPage();
    await opened.goto(ADDRESS);
    return opened;
  }

  const pictures = () =>
    page.$$eval(".plot canvas", (canvases) =>
      canvases.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()),
    );
  const widths = () =>
    page.$$eval(".plot canvas", (canvases) => canvases.map((canvas) => (canvas as HTMLElement).offsetWidth));

  it("draws each table, closes it, and leaves it within reach", async () => {
    await page.waitForSelector(".plot canvas");
    expect(new Set(await pictures()).size).toBe(3);
    expect(await page.locator("details[open]").count()).toBe(0);
    await page.locator("summary").first().press("Enter");
    expect(await page.locator("details[open] table").first().isVisible()).toBe(true);
    expect(await page.locator(".drawing:not([aria-hidden=true])").count()).toBe(0);
    expect(await violations(page)).toEqual([]);
  });

  it("copies what a field holds, and offers it nowhere without a script", async () => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const button = page.locator("button[data-copy]");
    await button.click();
    await page.waitForSelector("text=Copied");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      "https://pay.example/webhooks/stripe",
    );
    const plain = await open({ javaScriptEnabled: false });
    expect(await plain.locator("button[data-copy]").isVisible()).toBe(false);
  });

  it("tells the local time of each moment, whose text stays", async () => {
    const abroad = await open({ timezoneId: "Asia/Tokyo", locale: "en-GB" });
    const moment = abroad.locator("time").first();
    await abroad.waitForSelector("time[title]", { state: "attached" });
    expect(await moment.getAttribute("title")).toMatch(/^25 Nov 2026, 09:00:00 /);
    expect(await moment.textContent()).toBe(`hour ${HOURS[0]}`);
  });

  it("leaves the tables open where there is no script", async () => {
    const plain = await open({ javaScriptEnabled: false });
    expect(await plain.locator("details[open] table").count()).toBe(3);
    expect(await plain.locator("canvas").count()).toBe(0);
  });

  it("names its series in words, and each with a pattern of its own", async () => {
    const legend = page.locator("figure").first().locator(".legend li");
    expect(await legend.allTextContents()).toEqual(["stripe", "paypal"]);
    const swatches = await legend
      .locator("canvas")
      .evaluateAll((all) => all.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()));
    expect(new Set(swatches).size).toBe(2);
  });

  it("tells what the pointer is at, in the table's own words", async () => {
    const plot = page.locator(".plot").nth(2);
    await plot.scrollIntoViewIfNeeded();
    await plot.hover({ position: { x: 100, y: 60 } });
    expect(await page.locator(".readout").nth(2).textContent()).toBe("≤ 1 s: 12");
  });

  it("draws anew when the colours change, and when the room does", async () => {
    await page.waitForSelector(".plot canvas");
    const light = await pictures();
    await page.emulateMedia({ colorScheme: "dark" });
    await expect
      .poll(async () => (await pictures()).filter((one, index) => one === light[index]))
      .toEqual([]);
    const wide = await widths();
    await page.setViewportSize(PHONE);
    await expect
      .poll(async () => (await widths()).every((one, index) => one < (wide[index] ?? 0)))
      .toBe(true);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  });
});
