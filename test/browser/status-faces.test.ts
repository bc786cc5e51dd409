/** Every face of the status page: nothing for axe to find, nothing wider than a phone, and a picture of each. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../flows/support/eventually.ts";
import { startWorld, type World } from "../flows/support/world.ts";
import { chromiumPath, PHONE, Profiles, sharedBrowser } from "./support/browser.ts";
import { examine, examineOnPhone, violations } from "./support/examine.ts";

const AMOUNT = 1999;
/** In Arabic too: one of each look. */
const SPOKEN = ["pending", "succeeded", "partlyRefunded", "failed", "review"];

describe.skipIf(chromiumPath === null)("the status page's faces", () => {
  let world: World;
  let browser: Browser;
  let profiles: Profiles;
  let page: Page;
  let arabic: Page;

  beforeAll(async () => {
    [world, browser] = await Promise.all([startWorld(), sharedBrowser()]);
    profiles = new Profiles(browser);
    // For all tests: a new one for each would take longer than all that is done with it.
    page = await profiles.page();
    arabic = await profiles.page({ viewport: PHONE, locale: "ar", colorScheme: "dark" });
  });
  afterAll(async () => {
    await profiles?.close();
    await world?.stop();
  });
  afterEach(async () => {
    world.gateway.recover();
    expect(profiles.takeErrors(), "no page throws, or breaks its own policy").toEqual([]);
  });

  const start = (more: Record<string, unknown> = {}) =>
    world.api.start({
      ...{
        amount: AMOUNT,
        description: "Harbour Espresso, 250 g",
        return_url: "https://shop.example/orders/7",
      },
      ...more,
    });

  /** @returns the page's address after the gateway has told all this */
  async function after(...told: Parameters<World["gateway"]["tell"]>[1][]): Promise<string> {
    const { id, status_url } = await start();
    for (const status of told) {
      await world.gateway.tell(id, status);
    }
    return status_url;
  }

  async function refunded(amount: number): Promise<string> {
    const { id, status_url } = await start();
    await world.gateway.tell(id, "success");
    const { status } = await world.api.call(`/transactions/${id}/refunds`, { body: { amount } });
    expect(status).toBe(201);
    return status_url;
  }

  /** Another amount than was asked for has come. */
  async function inReview() {
    const transaction = await start();
    world.gateway.session(transaction.id).amount += 1;
    await world.gateway.tell(transaction.id, "success");
    return transaction;
  }

  async function rejected(): Promise<string> {
    const { id, status_url } = await inReview();
    const { status } = await world.api.call(`/transactions/${id}/reject`, { method: "POST", body: {} });
    expect(status).toBe(200);
    return status_url;
  }

  async function overdue(): Promise<string> {
    // The cron may look meanwhile: then it must not find that nothing was paid.
    world.gateway.behave("down", ["status", "expire"]);
    const { id, expires_at, status_url } = await start({ expires_in: 1 });
    await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(expires_at)));
    expect((await world.api.get(id)).status).toBe("pending");
    return status_url;
  }

  async function returning(): Promise<string> {
    world.gateway.behave("down", ["refund"]);
    return rejected();
  }

  const faces: Record<string, () => Promise<string>> = {
    pending: () => after(),
    confirming: async () => `${await after()}&returned=1`,
    overdue,
    processing: () => after("processing"),
    authorized: () => after("authorized"),
    succeeded: () => after("success"),
    late: () => after("expired", "success"),
    partlyRefunded: () => refunded(500),
    refunded: () => refunded(AMOUNT),
    failed: () => after("failure"),
    canceled: () => after("cancelled"),
    expired: () => after("expired"),
    review: async () => (await inReview()).status_url,
    returning,
    returned: rejected,
  };

  it.each(Object.entries(faces))("is flawless when %s", async (face, arrive) => {
    const address = await arrive();
    await page.goto(address);
    await page.waitForSelector(`main[data-state=${face}]`);
    await examine(page, `status-${face}`);
    await examineOnPhone(page, `status-${face}-phone`);
    await arabic.goto(address);
    expect(await arabic.getAttribute("html", "dir")).toBe("rtl");
    await examineOnPhone(arabic, `status-${face}-arabic`);
    if (SPOKEN.includes(face)) {
      expect(await violations(arabic), "in Arabic").toEqual([]);
    }
  });

  it("is flawless when nothing is found", async () => {
    const answer = await page.goto(`${await after()}x`);
    expect(answer?.status()).toBe(404);
    await examine(page, "status-not-found");
    await examineOnPhone(page, "status-not-found-phone");
  });

  it("is flawless while there is no network", async () => {
    await page.goto(await after());
    await page.context().setOffline(true);
    await page.waitForSelector("[data-hint=offline]:not([hidden])");
    await examine(page, "status-offline");
    await page.context().setOffline(false);
  });
});
