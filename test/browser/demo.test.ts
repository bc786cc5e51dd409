/** The demo shop, clicked through as a person would: every outcome of a payment, from the shop and back to it. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createApi } from "../flows/support/api.ts";
import { type System, startSystem } from "../flows/support/system.ts";
import { chromiumPath, isMarked, markDocument, Profiles, sharedBrowser } from "./support/browser.ts";
import { choose, demoVariables, isToldOf, order, Shop, toGateway, turns } from "./support/shop.ts";

const HOUR_MS = 3_600_000;

describe.skipIf(chromiumPath === null)("the demo shop", () => {
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

  /** An order whose buyer chooses this on the gateway's page. @returns the order's address */
  async function pay(outcome: string, webhook?: string, product?: string): Promise<string> {
    const { address, transaction } = await shop.order(product);
    await page.goto(transaction.payment_url ?? "");
    await choose(page, outcome, webhook);
    return address;
  }

  it("pays, and sees the page turn green by itself, then the order fulfilled", async () => {
    await order(page, system.url);
    await toGateway(page);
    await choose(page, "success", "late");
    await turns(page, "pending");
    expect(await page.title()).toContain("Confirming");
    await markDocument(page);
    await turns(page, "succeeded");
    expect(await isMarked(page), "without a reload").toBe(true);
    expect(await page.title()).toContain("Paid");
    await page.click("#back");
    await page.waitForSelector(".state-fulfilled");
  });

  it("fails, tries again on the same order, and pays", async () => {
    const address = await pay("failure", "once", "ferry");
    await turns(page, "failed");
    await page.click("#back");
    await page.click("#try-again");
    await page.waitForURL(/\/sandbox\/pay\//);
    await choose(page, "success");
    await turns(page, "succeeded");
    await page.goto(address);
    await page.waitForSelector(".state-fulfilled");
  });

  it("cancels, and nothing was taken", async () => {
    await pay("cancel");
    await turns(page, "canceled");
    expect(await page.textContent("main")).toContain("No money was taken");
  });

  it("pays by a slow bank, and leaves without harm meanwhile", async () => {
    const address = await pay("processing");
    await turns(page, "processing");
    await page.goto(address);
    await page.click("#gateway-page");
    await choose(page, "success");
    await turns(page, "succeeded");
  });

  it("holds the money until the shop takes it, which the buyer's page says by itself", async () => {
    const address = await pay("authorize");
    await turns(page, "authorized");
    const counter = await context.newPage();
    await counter.goto(address);
    await isToldOf(counter, "Your payment is held");
    await counter.click("#capture-all");
    await counter.waitForSelector(".state-fulfilled");
    await turns(page, "succeeded");
  });

  it("gives a part back, then the rest, which the buyer's page says by itself", async () => {
    const address = await pay("success");
    await turns(page, "succeeded");
    await markDocument(page);
    const counter = await context.newPage();
    await counter.goto(address);
    await counter.waitForSelector(".state-fulfilled");
    await counter.click("#refund-999");
    await isToldOf(counter, "A part of your money is back");
    await page.waitForSelector("main[data-state=partlyRefunded]");
    await counter.click("#refund-1000");
    await isToldOf(counter, "Your money is back");
    await page.waitForSelector("main[data-state=refunded]");
    expect(await isMarked(page)).toBe(true);
  });

  it("keeps a wrong amount for a person, and fulfils when that one accepts", async () => {
    const address = await pay("success", "wrong_amount");
    await turns(page, "review");
    await page.goto(address);
    await isToldOf(page, "We are checking this payment");
    await page.click("#accept-all");
    await page.waitForSelector(".state-fulfilled");
  });

  it("runs out of time, and the order's page says so by itself", async () => {
    await page.goto(`${system.url}/demo`);
    await page.evaluate(() => {
      document.querySelector("input[name=expires_in]")?.setAttribute("value", "2");
    });
    await page.click("#short-order");
    await isToldOf(page, "Waiting for your payment");
    await markDocument(page);
    // The second, if the cron of the minute is quick.
    await page.waitForSelector(".state h2:text-matches('^(The time to pay is over|Time ran out)$')");
    await system.tick();
    await isToldOf(page, "Time ran out");
    expect(await isMarked(page)).toBe(true);
  });

  it("finds a payment again whose tab was closed", async () => {
    const browsing = await profiles.create();
    const closed = await browsing.newPage();
    await order(closed, system.url);
    await toGateway(closed);
    await closed.close();
    const later = await browsing.newPage();
    await later.goto(`${system.url}/demo`);
    await later.click("#open-payments li a");
    await turns(later, "pending");
    await later.click("#pay");
    await choose(later, "success");
    await turns(later, "succeeded");
  });

  it("is repaired by the cron when the webhook is lost", async () => {
    await pay("success", "none");
    await turns(page, "pending");
    await markDocument(page);
    await system.tick(Date.now() + HOUR_MS);
    await turns(page, "succeeded");
    expect(await isMarked(page)).toBe(true);
  });

  it("asks the gateway at once by the button when the webhook is lost", async () => {
    await pay("success", "none");
    await turns(page, "pending");
    await page.click("#check");
    await turns(page, "succeeded");
  });

  it("works without JavaScript: the pages load themselves anew", async () => {
    const plain = await profiles.page({ javaScriptEnabled: false });
    await order(plain, system.url);
    await toGateway(plain);
    await choose(plain, "success");
    await turns(plain, "succeeded");
    await plain.click("#back");
    await plain.waitForSelector(".state-fulfilled");
    await plain.click("#refund-1999");
    await isToldOf(plain, "Your money is back");
    await plain.click("text=All coffees");
    await plain.waitForSelector(".products");
    expect(await plain.isVisible("main noscript p"), "what does not work is said").toBe(true);
  });
});
