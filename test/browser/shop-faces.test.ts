/** Every face of the demo shop and of its gateway: nothing for axe to find, and a picture of each. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createApi } from "../flows/support/api.ts";
import { eventually } from "../flows/support/eventually.ts";
import { type System, startSystem } from "../flows/support/system.ts";
import { chromiumPath, Profiles, sharedBrowser } from "./support/browser.ts";
import { examine, examineOnPhone } from "./support/examine.ts";
import { demoVariables, type Order, Shop } from "./support/shop.ts";

describe.skipIf(chromiumPath === null)("the demo shop's faces", () => {
  let system: System;
  let shop: Shop;
  let browser: Browser;
  let profiles: Profiles;
  let page: Page;

  beforeAll(async () => {
    [system, browser] = await Promise.all([startSystem({ vars: demoVariables }), sharedBrowser()]);
    shop = new Shop(system.url, createApi(system.url));
    profiles = new Profiles(browser);
    // For all tests: a new one for each would take longer than all that is done with it.
    page = await profiles.page();
  });
  afterAll(async () => {
    await profiles?.close();
    await system?.stop();
  });
  afterEach(async () => {
    expect(profiles.takeErrors(), "no page throws, or breaks its own policy").toEqual([]);
  });

  async function refunded(product: string, deed: string): Promise<Order> {
    const one = await shop.paid(product);
    await shop.click(one, deed);
    return one;
  }

  async function overdue(): Promise<Order> {
    const one = await shop.order("fog", { expires_in: "1" });
    await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(one.transaction.expires_at)));
    return one;
  }

  async function expired(): Promise<Order> {
    const one = await overdue();
    await system.tick();
    await shop.becomes(one, { status: "expired" });
    return one;
  }

  /** Declined in time, and paid on the same page when it was too late. */
  async function late(): Promise<Order> {
    const one = await shop.order("fog", { expires_in: "3" });
    await shop.choose(one, "failure");
    await shop.becomes(one, { status: "failed" });
    await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(one.transaction.expires_at)));
    await shop.choose(one, "success");
    await shop.becomes(one, { status: "succeeded", late: true });
    return one;
  }

  const faces: Record<string, [headline: string, arrive: () => Promise<Order>]> = {
    // First, before the cron of the first minute can end it.
    overdue: ["The time to pay is over", overdue],
    pending: ["Waiting for your payment", () => shop.order()],
    processing: ["Your payment is on its way", () => shop.settled("processing", "processing", "fog")],
    authorized: ["Your payment is held", () => shop.settled("authorize", "authorized", "ferry")],
    fulfilled: ["Fulfilled", () => shop.paid("harbour")],
    "refunded-in-part": ["A part of your money is back", () => refunded("ferry", "refund 3125")],
    refunded: ["Your money is back", () => refunded("harbour", "refund 1999")],
    late: ["Fulfilled", late],
    failed: ["The payment did not work", () => shop.settled("failure", "failed")],
    canceled: ["The payment was cancelled", () => shop.settled("cancel", "canceled", "fog")],
    expired: ["Time ran out", expired],
    review: [
      "We are checking this payment",
      () => shop.settled("success", "review", "ferry", "wrong_amount"),
    ],
  };

  it.each(Object.entries(faces))("is flawless when an order is %s", async (face, [headline, arrive]) => {
    const { address } = await arrive();
    await page.goto(address);
    await page.waitForSelector(`.state h2:text("${headline}")`);
    await examine(page, `order-${face}`);
    await examineOnPhone(page, `order-${face}-phone`);
  });

  it("is flawless with a problem", async () => {
    const { address } = await shop.settled("authorize", "authorized");
    await page.goto(address);
    await page.evaluate(() => {
      document.querySelector<HTMLInputElement>("button[name=deed]")?.setAttribute("value", "reject");
    });
    await page.click("button[name=deed]");
    await page.waitForSelector("[role=alert]");
    await examine(page, "order-problem");
    await examineOnPhone(page, "order-problem-phone");
  });

  it("is flawless on its front page, with and without an open payment", async () => {
    await page.goto(`${system.url}/demo`);
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await page.waitForSelector("#open-none:not([hidden])");
    await examine(page, "shop");
    await page.goto((await shop.order("ferry")).address);
    await page.click(".back a");
    await page.waitForSelector("#open-payments li");
    await examine(page, "shop-open-payment");
    await examineOnPhone(page, "shop-phone");
  });

  it("is flawless where there is nothing", async () => {
    for (const [name, path] of [
      ["shop-not-found", "/demo/orders/order_x"],
      ["pay-not-found", "/sandbox/pay/txn_x"],
    ] as const) {
      expect((await page.goto(`${system.url}${path}`))?.status()).toBe(404);
      await examine(page, name);
    }
  });

  it.each([
    ["open", () => shop.order()],
    ["declined", () => shop.settled("failure", "failed", "fog")],
    ["processing", () => shop.settled("processing", "processing", "ferry")],
    ["over", () => shop.settled("success", "succeeded")],
  ])("is flawless on the gateway's page when a payment is %s", async (name, arrive) => {
    const { transaction } = await arrive();
    await page.goto(transaction.payment_url ?? "");
    await examine(page, `pay-${name}`);
    await examineOnPhone(page, `pay-${name}-phone`);
  });
});
