/** The demo shop, clicked through as a person would. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type System, startSystem } from "../flows/support/system.ts";
import { chromiumPath, isMarked, launch, markDocument, picture } from "./support/browser.ts";

const MINUTE_MS = 60_000;

describe.skipIf(chromiumPath === null)("the demo shop", () => {
  let system: System;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let errors: string[] = [];

  beforeAll(async () => {
    [system, browser] = await Promise.all([startSystem(), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(15_000);
    errors = [];
    page = await newPage();
  });
  afterEach(async () => {
    await context.close();
    expect(errors, "no page throws, or breaks its own policy").toEqual([]);
  });

  async function newPage(): Promise<Page> {
    const opened = await context.newPage();
    opened.on("pageerror", (error) => errors.push(error.message));
    opened.on("console", (message) => {
      if (message.type() === "error" && message.text().includes("Content Security Policy")) {
        errors.push(message.text());
      }
    });
    return opened;
  }

  /** From the shop to the gateway's page. @returns the order's address */
  async function order(product = "harbour"): Promise<string> {
    await page.goto(`${system.url}/demo`);
    await page.click(`button[name=product][value=${product}]`);
    await page.waitForSelector("#pay-now");
    return page.url();
  }

  async function pay(outcome: string, webhook = "once", at: Page = page): Promise<void> {
    await at.click(`input[name=webhook][value=${webhook}]`);
    await at.click(`button[value=${outcome}]`);
  }

  const turns = (status: string, at: Page = page) => at.waitForSelector(`main[data-status=${status}]`);

  it("pays, and sees the page turn green by itself, then the order fulfilled", async () => {
    await order();
    await picture(page, "order");
    await page.click("#pay-now");
    await picture(page, "pay");
    await pay("success", "late");
    await turns("pending");
    expect(await page.title()).toContain("Confirming");
    await markDocument(page);
    await picture(page, "status-confirming");
    await turns("succeeded");
    expect(await isMarked(page), "without a reload").toBe(true);
    expect(await page.title()).toContain("Paid");
    await picture(page, "status-succeeded");
    await page.click("#back");
    await page.waitForSelector(".state-fulfilled");
    await picture(page, "order-fulfilled");
  });

  it("turns the order in another tab, which only watches", async () => {
    const address = await order("fog");
    await markDocument(page);
    const paying = await newPage();
    await paying.goto((await page.getAttribute("#pay-now", "href")) ?? "");
    await pay("success", "thrice", paying);
    await page.waitForSelector(".state-fulfilled");
    expect(await isMarked(page)).toBe(true);
    expect(page.url()).toBe(address);
    expect(await page.locator("text=transaction.succeeded").count(), "told once").toBe(1);
  });

  it("fails, tries again on the same order, and pays", async () => {
    const address = await order("ferry");
    await page.click("#pay-now");
    await pay("failure");
    await turns("failed");
    await picture(page, "status-failed");
    await page.click("#back");
    await page.click("#try-again");
    await page.waitForURL(/\/sandbox\/pay\//);
    await pay("success");
    await turns("succeeded");
    await page.goto(address);
    await page.waitForSelector(".state-fulfilled");
  });

  it("cancels, and nothing was taken", async () => {
    await order();
    await page.click("#pay-now");
    await pay("cancel");
    await turns("canceled");
    await picture(page, "status-canceled");
    expect(await page.textContent("main")).toContain("No money was taken");
  });

  it("finds a payment again whose tab was closed", async () => {
    await order();
    await page.click("#pay-now");
    await page.close();
    page = await newPage();
    await page.goto(`${system.url}/demo`);
    await page.waitForSelector("#open-payments li");
    await picture(page, "left-open");
    await page.click("#open-payments li a");
    await turns("pending");
    await page.click("#pay");
    await pay("success");
    await turns("succeeded");
  });

  it("is repaired by the cron when the webhook is lost", async () => {
    await order();
    await page.click("#pay-now");
    await pay("success", "none");
    await turns("pending");
    await markDocument(page);
    await system.tick(Date.now() + 2 * MINUTE_MS);
    await turns("succeeded");
    expect(await isMarked(page)).toBe(true);
  });

  it("asks the gateway at once by the button when the webhook is lost", async () => {
    await order();
    await page.click("#pay-now");
    await pay("success", "none");
    await turns("pending");
    await page.click("#check");
    await turns("succeeded");
  });

  it("keeps a wrong amount for a person, and fulfils nothing", async () => {
    const address = await order();
    await page.click("#pay-now");
    await pay("success", "wrong_amount");
    await turns("review");
    await picture(page, "status-review");
    await page.goto(address);
    expect(await page.locator(".state-fulfilled").count()).toBe(0);
  });

  it("does not pay again when the buyer goes back in history", async () => {
    const address = await order();
    await page.click("#pay-now");
    await pay("success");
    await turns("succeeded");
    await page.goBack();
    await page.waitForURL(/\/sandbox\/pay\//);
    await page.reload();
    expect(await page.locator("button[value=success]").count(), "the gateway's page is over").toBe(0);
    await page.goForward();
    await turns("succeeded");
    await page.goto(address);
    await page.waitForSelector(".state-fulfilled");
    expect(await page.locator("text=transaction.succeeded").count()).toBe(1);
  });

  it("shows the same state over ten reloads", async () => {
    await order();
    await page.click("#pay-now");
    await pay("success");
    await turns("succeeded");
    for (let count = 0; count < 10; count += 1) {
      await page.reload();
      expect(await page.getAttribute("main", "data-status")).toBe("succeeded");
    }
  });

  it("recovers after the network was gone", async () => {
    await order();
    const address = (await page.getAttribute("#pay-now", "href")) ?? "";
    await page.click("#status-page");
    await turns("pending");
    await markDocument(page);
    await context.setOffline(true);
    await page.waitForSelector("[data-live=off]:not([hidden])");
    const elsewhere = await browser.newContext();
    const paying = await elsewhere.newPage();
    await paying.goto(address);
    await pay("success", "once", paying);
    await turns("succeeded", paying);
    await elsewhere.close();
    await context.setOffline(false);
    await turns("succeeded");
    expect(await isMarked(page)).toBe(true);
  });

  it("works without JavaScript: the page refreshes itself", async () => {
    await context.close();
    context = await browser.newContext({ javaScriptEnabled: false });
    context.setDefaultTimeout(20_000);
    page = await newPage();
    await order();
    await page.click("#pay-now");
    await pay("success");
    await turns("succeeded");
    await page.click("#back");
    await page.waitForSelector(".state-fulfilled");
  });

  it("fits a phone in the dark", async () => {
    await context.close();
    context = await browser.newContext({ viewport: { width: 360, height: 740 }, colorScheme: "dark" });
    page = await newPage();
    await order();
    await page.click("#pay-now");
    await pay("processing");
    await turns("processing");
    await picture(page, "phone-processing");
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
