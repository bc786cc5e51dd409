/** The page of the API: all operations are there to be read and tried, from this origin alone. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { API_KEY } from "../flows/support/system.ts";
import { startWorld, type World } from "../flows/support/world.ts";
import { chromiumPath, DESKTOP, launch, overflow, PHONE, Profiles, picture } from "./support/browser.ts";
import { violations } from "./support/examine.ts";

/** Faults of Swagger UI's own markup, which a style cannot mend: its rows are buttons with others inside, its lists have no names. */
const SWAGGERS_OWN = [
  "heading-order",
  "landmark-unique",
  "nested-interactive",
  "region",
  "select-name",
  "target-size",
];

interface Document {
  readonly paths: Readonly<Record<string, object>>;
  readonly webhooks: object;
}

describe.skipIf(chromiumPath === null)("GET /docs", () => {
  let world: World;
  let browser: Browser;
  let profiles: Profiles;

  beforeAll(async () => {
    [world, browser] = await Promise.all([startWorld(), launch()]);
    profiles = new Profiles(browser);
  });
  afterEach(async () => {
    // No exception, and nothing that its own policy forbids.
    expect(await profiles?.close()).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });

  /** @returns the page, and where its requests go */
  const open = async (): Promise<{ page: Page; origins: Set<string> }> => {
    const page = await profiles.page();
    const origins = new Set<string>();
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol !== "data:") {
        origins.add(origin);
      }
    });
    await page.goto(`${world.system.url}/docs`);
    await page.waitForSelector(".opblock");
    return { page, origins };
  };
  const unfold = async (page: Page, operation: string): Promise<void> => {
    await page.click(`#operations-${operation} .opblock-summary-control`);
    await page.waitForSelector(`#operations-${operation} .responses-table`);
  };
  const serious = async (page: Page): Promise<string[]> =>
    (await violations(page)).filter((line) => !SWAGGERS_OWN.some((rule) => line.startsWith(`${rule} at `)));

  it("shows every operation and every event, and asks nobody but this origin", async () => {
    const { page, origins } = await open();
    const { paths, webhooks } = (await (await fetch(`${world.system.url}/openapi.json`)).json()) as Document;
    const count = [...Object.values(paths), ...Object.values(webhooks)].flatMap(Object.keys).length;
    expect(count).toBeGreaterThan(30);
    expect(await page.locator(".opblock").count()).toBe(count);
    expect([...origins]).toEqual([world.system.url]);
    expect(page.url()).toBe(`${world.system.url}/docs`);
  });

  it("can be read on a desk and on a phone", { timeout: 120_000 }, async () => {
    const { page } = await open();
    await picture(page, "docs-desk");
    await unfold(page, "Transactions-createTransaction");
    await unfold(page, "Buyers-watchTransaction");
    for (const [name, size] of [
      ["desk", DESKTOP],
      ["phone", PHONE],
    ] as const) {
      await page.setViewportSize(size);
      expect(await overflow(page), name).toBeLessThanOrEqual(0);
      expect(await serious(page), name).toEqual([]);
    }
    await picture(page, "docs-phone");
  });

  it("lets a newcomer start a payment with the example as it stands", async () => {
    const { page, origins } = await open();
    await page.click(".btn.authorize");
    await page.fill("#auth-bearer-value", API_KEY);
    await page.locator(".auth-btn-wrapper .authorize").first().click();
    await page.click(".btn-done");
    await unfold(page, "Transactions-createTransaction");
    const operation = page.locator("#operations-Transactions-createTransaction");
    await operation.locator(".try-out__btn").click();
    await operation.locator(".execute").click();
    const answer = operation.locator(".live-responses-table .response");
    expect(await answer.locator(".response-col_status").innerText()).toMatch(/^201/);
    expect(await answer.innerText()).toContain('"order_id": "order-1234"');
    expect([...origins]).toEqual([world.system.url]);
  });
});
