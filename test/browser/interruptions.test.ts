/** What comes between a buyer and the news: no network, a sleeping tab, a dead server, reloads, the browser's history. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Api, createApi, type Transaction } from "../flows/support/api.ts";
import { eventually } from "../flows/support/eventually.ts";
import { freePort } from "../flows/support/http-server.ts";
import { createDirectory, removeDirectory, type System, startSystem } from "../flows/support/system.ts";
import {
  chromiumPath,
  isMarked,
  launchWindow,
  markDocument,
  Profiles,
  picture,
  sharedBrowser,
} from "./support/browser.ts";
import { demoVariables, turns } from "./support/shop.ts";

const RELOADS = 10;
/** Longer than a page waits before it asks whether the network is there, or connects again. */
const A_WHILE_MS = 31_000;

describe.skipIf(chromiumPath === null)("an interruption", () => {
  let directory: string;
  let system: System;
  let api: Api;
  let start: () => Promise<System>;
  let browser: Browser;
  let real: Awaited<ReturnType<typeof launchWindow>>;
  let profiles: Profiles;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    directory = await createDirectory();
    const port = await freePort();
    start = () => startSystem({ vars: demoVariables, port, directory });
    [system, browser, real] = await Promise.all([start(), sharedBrowser(), launchWindow()]);
    api = createApi(system.url);
    profiles = new Profiles(browser);
  });
  afterAll(async () => {
    await profiles?.close();
    await real?.close();
    await system?.stop();
    await removeDirectory(directory);
  });
  beforeEach(async () => {
    context = await profiles.create();
    page = await context.newPage();
  });
  afterEach(async () => {
    expect(await profiles.close(), "no page throws, or breaks its own policy").toEqual([]);
  });

  /** A new payment, and its page in front of the buyer. */
  async function open(at = page): Promise<Transaction> {
    const transaction = await api.start({ gateway: "sandbox" });
    await at.goto(transaction.status_url);
    await turns(at, "pending");
    await markDocument(at);
    return transaction;
  }

  /** Pays elsewhere, and waits until it is known. */
  async function pay({ id, payment_url }: Transaction): Promise<void> {
    const body = new URLSearchParams({ outcome: "success" });
    await fetch(payment_url ?? "", { method: "POST", redirect: "manual", body });
    await eventually(async () => expect((await api.get(id)).status).toBe("succeeded"), 15_000);
  }

  const hint = (about: string) => page.waitForSelector(`[data-hint=${about}]:not([hidden])`);

  async function turnsWithoutReload(at = page): Promise<void> {
    await turns(at, "succeeded");
    expect(await isMarked(at), "without a reload").toBe(true);
  }

  it("of the network is told, and what was missed is shown", async () => {
    const transaction = await open();
    await context.setOffline(true);
    await hint("offline");
    await pay(transaction);
    expect(await page.getAttribute("main", "data-status")).toBe("pending");
    await context.setOffline(false);
    await hint("online");
    await turnsWithoutReload();
  });

  it("by ten reloads in a row changes nothing, before and after", async () => {
    const transaction = await open();
    const reload = async (status: string) => {
      for (let count = 0; count < RELOADS; count += 1) {
        await page.reload();
        expect(await page.getAttribute("main", "data-status")).toBe(status);
      }
    };
    await reload("pending");
    expect(await api.get(transaction.id)).toMatchObject({ status: "pending", version: 1 });
    await pay(transaction);
    await reload("succeeded");
    expect(await api.get(transaction.id)).toMatchObject({ status: "succeeded", version: 2 });
  });

  it("by a step back in history shows what has become of the payment", async () => {
    const transaction = await open();
    await page.click("#pay");
    await page.waitForURL(/\/sandbox\/pay\//);
    await pay(transaction);
    await page.goBack({ waitUntil: "commit" });
    await turns(page, "succeeded");
    await page.goForward({ waitUntil: "commit" });
    await page.waitForURL(/\/sandbox\/pay\//);
    await page.goBack({ waitUntil: "commit" });
    await turns(page, "succeeded");
  });

  /** A tab behind another; then, as on a phone, its timers stand still and it gets no messages. */
  async function fallAsleep(): Promise<{ transaction: Transaction; tab: Page; wake: () => Promise<void> }> {
    const tab = await real.window.newPage();
    const cdp = await real.window.newCDPSession(tab);
    const is = (visibility: string) =>
      eventually(async () => expect(await tab.evaluate(() => document.visibilityState)).toBe(visibility));
    const transaction = await open(tab);
    await (await real.window.newPage()).bringToFront();
    await is("hidden");
    await cdp.send("Page.setWebLifecycleState", { state: "frozen" });
    const wake = async () => {
      await cdp.send("Page.setWebLifecycleState", { state: "active" });
      await tab.bringToFront();
      await is("visible");
    };
    return { transaction, tab, wake };
  }

  it("of a hidden and frozen tab ends with the news, as soon as it is looked at", async () => {
    const { transaction, tab, wake } = await fallAsleep();
    await pay(transaction);
    await wake();
    await turnsWithoutReload(tab);
  });

  it("of a frozen tab ends with the news, although the network was gone meanwhile", async () => {
    const { transaction, tab, wake } = await fallAsleep();
    await real.window.setOffline(true);
    await pay(transaction);
    await real.window.setOffline(false);
    await wake();
    await turnsWithoutReload(tab);
  });

  it("by a killed server is told, and healed when it is back, also in a tab that slept meanwhile", async () => {
    await page.clock.install();
    const transaction = await open();
    const sleeper = await fallAsleep();
    await system.kill();
    await page.clock.fastForward(A_WHILE_MS);
    await hint("offline");
    await picture(page, "status-server-gone");
    system = await start();
    await Promise.all([transaction, sleeper.transaction].map(pay));
    await page.clock.fastForward(A_WHILE_MS);
    await turnsWithoutReload();
    await page.waitForSelector("[data-hint=offline]", { state: "detached" });
    await sleeper.wake();
    await turnsWithoutReload(sleeper.tab);
  });
});
