/** Double clicks, two tabs, the back button: one order, one payment, and the same state everywhere. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createApi } from "../flows/support/api.ts";
import { type System, startSystem } from "../flows/support/system.ts";
import { chromiumPath, isMarked, markDocument, Profiles, sharedBrowser } from "./support/browser.ts";
import { choose, demoVariables, isToldOf, order, Shop, turns } from "./support/shop.ts";

const PAY_PAGE = /\/sandbox\/pay\//;

describe.skipIf(chromiumPath === null)("whatever is done twice", () => {
  let system: System;
  let shop: Shop;
  let browser: Browser;
  let profiles: Profiles;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    [system, browser] = await Promise.all([startSystem({ vars: demoVariables }), sharedBrowser()]);
    shop = new Shop(system.url, createApi(system.url));
    profiles = new Profiles(browser);
    // For all tests: a new one for each would take longer than all that is done with it.
    context = await profiles.create();
    page = await context.newPage();
  });
  afterAll(async () => {
    await profiles?.close();
    await system?.stop();
  });
  afterEach(async () => {
    await Promise.all(context.pages().map((tab) => (tab === page ? null : tab.close())));
    expect(profiles.takeErrors(), "no page throws, or breaks its own policy").toEqual([]);
  });

  const payments = async (address: string) =>
    (await shop.transactions(address)).map(({ status, amount_refunded }) => [status, amount_refunded]);

  /** How often the shop was told of money, by the order's page. */
  async function timesPaid(address: string): Promise<number> {
    await page.goto(address);
    await page.waitForSelector(".state-fulfilled");
    return page.locator("code:text('transaction.succeeded')").count();
  }

  async function openTab(address: string): Promise<Page> {
    const tab = await context.newPage();
    await tab.goto(address);
    return tab;
  }

  it("makes one order and one payment of a double click on Buy", async () => {
    const before = (await shop.transactions()).length;
    await page.goto(`${system.url}/demo`);
    await page.dblclick(".product button[value=harbour]");
    await isToldOf(page, "Waiting for your payment");
    expect(await payments(page.url())).toEqual([["pending", 0]]);
    expect((await shop.transactions()).length - before).toBe(1);
  });

  it("finds the same order after the back button, and makes another by the front page's link", async () => {
    const address = await order(page, system.url);
    await page.goBack({ waitUntil: "commit" });
    await page.click(".product button[value=harbour]");
    await isToldOf(page, "Waiting for your payment");
    expect(page.url()).toBe(address);
    await page.click(".back a");
    await page.click(".product button[value=harbour]");
    await page.waitForURL((url) => url.pathname.startsWith("/demo/orders/") && url.href !== address);
  });

  it("makes one new payment of a double click on Try again", async () => {
    const { address } = await shop.settled("failure", "failed");
    await page.goto(address);
    await page.dblclick("#try-again");
    await page.waitForURL(PAY_PAGE);
    expect(await payments(address)).toEqual([
      ["pending", 0],
      ["failed", 0],
    ]);
  });

  it("leads two tabs that try again at once to the same payment", async () => {
    const { address } = await shop.settled("failure", "failed");
    const tabs = await Promise.all([openTab(address), openTab(address)]);
    await Promise.all(tabs.map((tab) => tab.click("#try-again")));
    await Promise.all(tabs.map((tab) => tab.waitForURL(PAY_PAGE)));
    expect(new Set(tabs.map((tab) => tab.url())).size).toBe(1);
    expect(await payments(address)).toHaveLength(2);
  });

  it("takes the money once for a double click on Pay", async () => {
    const { address, transaction } = await shop.order();
    await page.goto(transaction.payment_url ?? "");
    await page.dblclick("button[value=success]");
    await turns(page, "succeeded");
    expect(await timesPaid(address)).toBe(1);
    expect(await payments(address)).toEqual([["succeeded", 0]]);
  });

  it("gives money back once for a double click", async () => {
    const { address } = await shop.paid();
    await page.goto(address);
    await page.dblclick("#refund-999");
    await isToldOf(page, "A part of your money is back");
    expect(await payments(address)).toEqual([["succeeded", 999]]);
  });

  it("shows in the second tab what was paid in the first, on every page", async () => {
    const { address, transaction } = await shop.order("fog");
    await page.goto(address);
    const watching = await Promise.all([openTab(transaction.status_url), openTab(transaction.status_url)]);
    await Promise.all([page, ...watching].map(markDocument));
    const paying = await openTab(transaction.payment_url ?? "");
    await choose(paying, "success", "thrice");
    await Promise.all(watching.map((tab) => turns(tab, "succeeded")));
    await page.waitForSelector(".state-fulfilled");
    expect(await Promise.all([page, ...watching].map(isMarked))).toEqual([true, true, true]);
    expect(await timesPaid(address)).toBe(1);
  });

  it("does not pay again when the buyer goes back in history, to the button as it was", async () => {
    const { address, transaction } = await shop.order();
    await page.goto(transaction.payment_url ?? "");
    await choose(page, "success");
    await turns(page, "succeeded");
    await page.goBack({ waitUntil: "commit" });
    await page.click("button[value=success]");
    await turns(page, "succeeded");
    expect(await timesPaid(address)).toBe(1);
  });

  it("shows in the second tab that another attempt was made, when it is looked at again", async () => {
    const { address } = await shop.settled("failure", "failed");
    const second = await openTab(address);
    await page.goto(address);
    await page.click("#try-again");
    await page.waitForURL(PAY_PAGE);
    await second.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await second.waitForSelector("#pay-now");
    await choose(page, "success");
    await second.waitForSelector(".state-fulfilled");
  });

  it("opens no second payment of an order that is paid, from a tab that does not know it yet", async () => {
    const { address } = await shop.settled("failure", "failed");
    const stale = await openTab(address);
    await page.goto(address);
    await page.click("#try-again");
    await page.waitForURL(PAY_PAGE);
    await choose(page, "success");
    await turns(page, "succeeded");
    await stale.click("#try-again");
    await stale.waitForSelector("[role=alert]:has-text('paid')");
    expect(await payments(address)).toEqual([
      ["succeeded", 0],
      ["failed", 0],
    ]);
  });
});
