/** The console as an operator uses it: from the sign-in to money that goes back, in a browser, on a desk and on a phone. */
import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Api, createApi, type Transaction } from "../flows/support/api.ts";
import { eventually } from "../flows/support/eventually.ts";
import { FakeShop } from "../flows/support/fake-shop.ts";
import { CONSOLE_PASSWORD, type System, startSystem } from "../flows/support/system.ts";
import {
  chromiumPath,
  isMarked,
  markDocument,
  overflow,
  PHONE,
  Profiles,
  picture,
  sharedBrowser,
} from "./support/browser.ts";
import { examine, examineOnPhone } from "./support/examine.ts";
import { demoVariables } from "./support/shop.ts";

const PATIENCE_MS = 15_000;
const GONE = 410;

describe.skipIf(chromiumPath === null)("the console", () => {
  let system: System;
  let shop: FakeShop;
  let api: Api;
  let browser: Browser;
  let profiles: Profiles;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    shop = await FakeShop.start();
    [system, browser] = await Promise.all([
      startSystem({ vars: { ...demoVariables, FULFILMENT_URL: shop.url } }),
      sharedBrowser(),
    ]);
    api = createApi(system.url);
    profiles = new Profiles(browser);
    context = await profiles.create({ acceptDownloads: true });
    page = await context.newPage();
    await signIn(page, "Ada");
  });
  afterAll(async () => {
    await profiles?.close();
    await system?.stop();
    await shop?.stop();
  });
  afterEach(() => {
    shop.answer(200);
    expect(profiles.takeErrors(), "no page throws, or breaks its own policy").toEqual([]);
  });

  async function signIn(tab: Page, name: string): Promise<void> {
    await tab.goto(`${system.url}/console`);
    await tab.fill("input[name=name]", name);
    await tab.fill("input[name=password]", CONSOLE_PASSWORD);
    await tab.click("button[type=submit]");
    await tab.waitForSelector("nav [aria-current=page]");
  }

  /** A payment whose buyer has chosen this at the gateway, once it is so here. */
  async function pay(outcome: string, status: string, webhook = "once", amount = 2000): Promise<Transaction> {
    const transaction = await api.start({
      amount,
      currency: "EUR",
      metadata: { cart: `cart-${Date.now()}` },
    });
    await choose(transaction, outcome, webhook);
    return becomes(transaction, { status });
  }

  async function choose({ payment_url }: Transaction, outcome: string, webhook = "once"): Promise<void> {
    const body = new URLSearchParams({ outcome, webhook });
    const { status } = await fetch(payment_url ?? "", { method: "POST", redirect: "manual", body });
    expect(status).toBe(303);
  }

  async function becomes({ id }: Transaction, state: Partial<Transaction>): Promise<Transaction> {
    await eventually(async () => expect(await api.get(id)).toMatchObject(state), PATIENCE_MS);
    return api.get(id);
  }

  const open = (path: string) => page.goto(`${system.url}/console${path}`);
  const text = () => page.innerText("main");
  const confirm = () => page.click("form.confirm button[type=submit]");

  it("lets nobody in without the password, and everybody out who wants to go", async () => {
    const stranger = await profiles.page();
    await stranger.goto(`${system.url}/console/payments?status=review`);
    expect(new URL(stranger.url()).pathname).toBe("/console/sign-in");
    await examine(stranger, "console-sign-in");
    await stranger.fill("input[name=name]", "Eve");
    await stranger.fill("input[name=password]", "a fake guess of a password, and wrong");
    await stranger.click("button[type=submit]");
    expect(await stranger.inputValue("input[name=name]")).toBe("Eve");
    await stranger.fill("input[name=password]", CONSOLE_PASSWORD);
    await stranger.click("button[type=submit]");
    await stranger.waitForURL(/\/console\/payments\?status=review$/);
    await stranger.click("text=Sign out");
    await stranger.goto(`${system.url}/console/activity`);
    expect(new URL(stranger.url()).pathname).toBe("/console/sign-in");
    await stranger.context().close();
  });

  it("finds a payment by its order, and refunds part of it in two steps, with who and why", async () => {
    const paid = await pay("success", "succeeded");
    await open("/payments");
    await page.fill("input[name=q]", paid.order_id);
    await page.keyboard.press("Enter");
    await page.click(`a[href="/console/payments/${paid.id}"]`);
    await page.click("#action-refund");
    await page.fill("input[name=amount]", "5");
    await page.fill("textarea[name=note]", "Damaged in transit");
    await confirm();
    expect(await text()).toContain("€15.00 stays");
    await examine(page, "console-refund-step-two");
    await confirm();
    await page.waitForSelector(".flash");
    expect(await api.get(paid.id)).toMatchObject({ amount_refunded: 500, status: "succeeded" });
    expect(await text()).toContain("Damaged in transit");
    const { body } = await api.call<{ data: { type: string; by: string | null }[] }>(
      `/transactions/${paid.id}/events`,
    );
    expect(body.data.at(-1)).toMatchObject({ type: "transaction.refunded", source: "operator", by: "Ada" });
    await open("/activity");
    expect(await text()).toContain("Damaged in transit");
  });

  it("gives money back once when two tabs confirm it at the same moment, and tells the other", async () => {
    const paid = await pay("success", "succeeded");
    const tabs = await Promise.all([context.newPage(), context.newPage()]);
    for (const tab of tabs) {
      await tab.goto(`${system.url}/console/payments/${paid.id}/refund`);
      await tab.fill("input[name=amount]", "12");
      await tab.fill("textarea[name=note]", "Asked for by phone");
      await tab.click("form.confirm button[type=submit]");
      await tab.waitForSelector("text=Step 2 of 2");
    }
    await Promise.all(tabs.map((tab) => tab.click("form.confirm button[type=submit]")));
    await Promise.all(tabs.map((tab) => tab.waitForLoadState("load")));
    const told = await Promise.all(tabs.map((tab) => tab.innerText("main")));
    expect(told.filter((each) => each.includes("changed"))).toHaveLength(1);
    expect(await api.get(paid.id)).toMatchObject({ amount_refunded: 1200 });
    await Promise.all(tabs.map((tab) => tab.close()));
  });

  it("accepts a payment in review, which the shop is told to fulfil", async () => {
    const wrong = await pay("success", "review", "wrong_amount");
    await open("");
    await page.click("a[href='/console/payments?status=review']");
    await page.click(`a[href="/console/payments/${wrong.id}"]`);
    expect(await text()).toContain("A person decides");
    await examine(page, "console-review");
    await page.click("#action-accept");
    await confirm();
    expect(page.url(), "without a reason nothing is done").toContain("/accept");
    expect(await api.get(wrong.id)).toMatchObject({ status: "review" });
    await page.fill("textarea[name=note]", "A cent too much is fine");
    await confirm();
    await becomes(wrong, { status: "succeeded" });
    await eventually(() => expect(shop.of(wrong.id, "transaction.succeeded")).toHaveLength(1), PATIENCE_MS);
  });

  it("replays a dead letter", async () => {
    shop.answer(GONE);
    const paid = await pay("success", "succeeded");
    await eventually(() => expect(shop.of(paid.id)).toHaveLength(1), PATIENCE_MS);
    shop.answer(200);
    await eventually(async () => {
      await open("/deliveries?status=dead");
      expect(await text()).toContain("HTTP 410");
    }, PATIENCE_MS);
    await examine(page, "console-dead-letters");
    await open(`/payments/${paid.id}`);
    await page.click("a[id^=send-]");
    await confirm();
    await eventually(
      () =>
        expect(shop.of(paid.id, "transaction.succeeded").map(({ answered }) => answered)).toEqual([410, 200]),
      PATIENCE_MS,
    );
  });

  it("exports what a filter shows as CSV", async () => {
    const failed = await pay("failure", "failed");
    await open("/payments?status=failed");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=CSV")]);
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
    expect(lines[0]).toContain("order_id");
    expect(lines.slice(1).every((line) => line.includes("failed"))).toBe(true);
    expect(lines.some((line) => line.startsWith(failed.id))).toBe(true);
  });

  it("shows a payment move while it is looked at, without a reload", async () => {
    const pending = await api.start({ currency: "EUR" });
    await open(`/payments/${pending.id}`);
    await page.waitForSelector("[data-live]:text('Live')");
    await markDocument(page);
    expect(await text()).toContain("has not paid yet");
    await choose(pending, "success");
    await page.waitForSelector("h1 :text('Paid')");
    await page.waitForSelector("[data-part=timeline] :text('Delivered')");
    expect(await text()).toContain("said so by a webhook");
    expect(await isMarked(page)).toBe(true);
  });

  it("is readable and usable on every page, in light and dark and on a phone", async () => {
    await pay("success", "succeeded");
    await pay("success", "succeeded", "bad_signature").catch(() => undefined);
    await system.tick(Date.now() + 120_000);
    for (const path of ["", "/payments", "/webhooks", "/deliveries", "/gateways", "/activity"]) {
      await open(path);
      const name = `console${path.replace("/", "-") || "-overview"}`;
      await examine(page, name);
      await examineOnPhone(page, `${name}-phone`);
    }
  });

  it("tries a gateway's test account", async () => {
    await open("/gateways/sandbox/test");
    await confirm();
    expect(await text()).toContain("Closed the payment page");
    const { body } = await api.call<{ data: unknown[] }>("/inbox?outcome=parked");
    expect(body.data).toEqual([]);
  });

  it("refunds on a phone, without a script", async () => {
    const paid = await pay("success", "succeeded");
    const phone = await profiles.page({ viewport: PHONE, javaScriptEnabled: false });
    await signIn(phone, "Grace");
    await phone.goto(`${system.url}/console/payments/${paid.id}`);
    expect(await overflow(phone)).toBeLessThanOrEqual(0);
    await phone.click("#action-refund");
    await phone.fill("textarea[name=note]", "Whole order returned");
    await phone.click("form.confirm button[type=submit]");
    await phone.waitForSelector("text=Step 2 of 2");
    await phone.waitForLoadState("load");
    const button = await phone.locator("form.confirm button[type=submit]").boundingBox();
    expect(button?.height).toBeGreaterThanOrEqual(44);
    await picture(phone, "console-refund-phone");
    await phone.click("form.confirm button[type=submit]");
    await becomes(paid, { amount_refunded: 2000 });
    await phone.context().close();
  });
});
