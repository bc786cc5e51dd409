/** The page of the API: all operations are there to be read and tried, from this origin alone. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { API_KEY } from "../flows/support/system.ts";
import { startWorld, type World } from "../flows/support/world.ts";
import {
  chromiumPath,
  DESKTOP,
  overflow,
  PHONE,
  Profiles,
  picture,
  sharedBrowser,
} from "./support/browser.ts";
import { COLOURS, violations } from "./support/examine.ts";

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
  let page: Page;
  /** Where its requests go. */
  const origins = new Set<string>();

  beforeAll(async () => {
    [world, browser] = await Promise.all([startWorld(), sharedBrowser()]);
    profiles = new Profiles(browser);
    // For all tests: it takes longer to draw than all that is done with it.
    page = await profiles.page();
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol !== "data:") {
        origins.add(origin);
      }
    });
    await page.goto(`${world.system.url}/docs`);
    await page.waitForSelector(".opblock");
  });
  afterEach(() => {
    // No exception, and nothing that its own policy forbids.
    expect(profiles.takeErrors()).toEqual([]);
  });
  afterAll(async () => {
    await profiles?.close();
    await world?.stop();
  });

  const unfold = async (operation: string): Promise<void> => {
    const answers = page.locator(`#operations-${operation} .responses-table`);
    if ((await answers.count()) === 0) {
      await page.click(`#operations-${operation} .opblock-summary-control`);
      await answers.first().waitFor();
    }
  };

  it("shows every operation and every event, and asks nobody but this origin", async () => {
    const { paths, webhooks } = (await (await fetch(`${world.system.url}/openapi.json`)).json()) as Document;
    const count = [...Object.values(paths), ...Object.values(webhooks)].flatMap(Object.keys).length;
    expect(count).toBeGreaterThan(30);
    expect(await page.locator(".opblock").count()).toBe(count);
    expect([...origins]).toEqual([world.system.url]);
    expect(page.url()).toBe(`${world.system.url}/docs`);
  });

  it("can be read on a desk and on a phone", { timeout: 120_000 }, async () => {
    await picture(page, "docs-desk");
    await unfold("Transactions-createTransaction");
    await unfold("Buyers-watchTransaction");
    for (const [name, size, ignored] of [
      ["desk", DESKTOP, SWAGGERS_OWN],
      // In the same colours.
      ["phone", PHONE, [...SWAGGERS_OWN, ...COLOURS]],
    ] as const) {
      await page.setViewportSize(size);
      expect(await overflow(page), name).toBeLessThanOrEqual(0);
      expect(await violations(page, undefined, ignored), name).toEqual([]);
    }
    await picture(page, "docs-phone");
    await page.setViewportSize(DESKTOP);
  });

  it("lets a newcomer start a payment with the example as it stands", async () => {
    await page.click(".btn.authorize");
    await page.fill("#auth-bearer-value", API_KEY);
    await page.locator(".auth-btn-wrapper .authorize").first().click();
    await page.click(".btn-done");
    await unfold("Transactions-createTransaction");
    const operation = page.locator("#operations-Transactions-createTransaction");
    await operation.locator(".try-out__btn").click();
    await operation.locator(".execute").click();
    const answer = operation.locator(".live-responses-table .response");
    expect(await answer.locator(".response-col_status").innerText()).toMatch(/^201/);
    expect(await answer.innerText()).toContain('"order_id": "order-1234"');
    expect([...origins]).toEqual([world.system.url]);
  });
});
