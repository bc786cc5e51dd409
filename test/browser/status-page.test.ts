/** The buyer's status page in a real browser: nothing moves under the finger, and the keyboard finds its way. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Transaction } from "../flows/support/api.ts";
import { startWorld, type World } from "../flows/support/world.ts";
import { chromiumPath, PHONE, sharedBrowser } from "./support/browser.ts";

describe.skipIf(chromiumPath === null)("the status page", () => {
  let world: World;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    [world, browser] = await Promise.all([startWorld(), sharedBrowser()]);
  });
  afterAll(async () => {
    await world?.stop();
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: PHONE, reducedMotion: "reduce" });
    context.setDefaultTimeout(15_000);
    page = await context.newPage();
  });
  afterEach(() => context.close());

  async function open(query = "", terms = {}): Promise<Transaction> {
    const transaction = await world.api.start(terms);
    await page.goto(`${transaction.status_url}${query}`);
    return transaction;
  }

  const turns = (state: string) => page.waitForSelector(`main[data-state=${state}]`);
  const focused = () => page.evaluate(() => document.activeElement?.id);

  it.each(["en", "de", "fr", "pl", "ar", "ja"])(
    "keeps what stands below its news in its place on a phone, in %s",
    async (language) => {
      const transaction = await open(`&locale=${language}`);
      const places: number[] = [];
      const measure = async () => {
        places.push(await page.$eval(".summary", (summary) => summary.getBoundingClientRect().top));
      };
      await measure();
      for (const [told, state] of [
        ["processing", "processing"],
        ["failure", "failed"],
        ["success", "succeeded"],
      ] as const) {
        await world.gateway.tell(transaction.id, told);
        await turns(state);
        await measure();
      }
      await context.setOffline(true);
      await page.waitForSelector("[data-hint=offline]:not([hidden])");
      await measure();
      expect(new Set(places).size, places.join()).toBe(1);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(overflow, "nothing is wider than the phone").toBeLessThanOrEqual(0);
    },
  );

  it("is used by the keyboard, says that there is no news, and keeps the focus", async () => {
    await open("", { return_url: "https://shop.example/thanks" });
    const stops: unknown[] = [];
    for (let stop = 0; stop < 3; stop += 1) {
      await page.keyboard.press("Tab");
      stops.push(await focused());
    }
    expect(stops).toEqual(["pay", "check", "back"]);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-hint=unchanged]:not([hidden])");
    expect(await focused()).toBe("check");
  });

  it("hands the focus to the heading when the button that had it is gone", async () => {
    const transaction = await open();
    await page.focus("#check");
    await world.gateway.tell(transaction.id, "success");
    await turns("succeeded");
    expect(await focused()).toBe("state");
  });

  it("says by itself that the time is over, and offers no payment any more", async () => {
    await open("", { expires_in: 9 });
    expect(await page.textContent("[data-expires-at]")).toMatch(/^0:0\d$/);
    await page.waitForSelector("main:not([data-state=pending])");
    expect(await page.locator("#pay").count()).toBe(0);
  });
});
