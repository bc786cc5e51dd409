/** How long a buyer waits for the news: from the gateway's callback to the changed picture on the screen. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorld, type World } from "../flows/support/world.ts";
import { chromiumPath, launch, Profiles } from "./support/browser.ts";

const WARM_UP = 5;
const PAYMENTS = 15;
const LIMIT_MS = 150;
/** Others on the same machine only ever make it slower: the best round is the nearest to the truth. */
const ROUNDS = 5;

describe.skipIf(chromiumPath === null)("from callback to changed pixels", () => {
  let world: World;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    [world, browser] = await Promise.all([startWorld(), launch()]);
    page = await new Profiles(browser).page();
  });
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });

  /** The page of a new payment, with its socket open. @returns the payment's id */
  async function open(): Promise<string> {
    const { id, status_url } = await world.api.start();
    const connected = page.waitForEvent("websocket").then((socket) => socket.waitForEvent("framereceived"));
    await page.goto(status_url);
    await connected;
    return id;
  }

  /** Promises the time (epoch milliseconds) of the first picture after the status has changed. */
  const painted = () =>
    page.evaluateHandle(() => {
      const main = document.querySelector("main");
      const picture = new Promise<number>((resolve) => {
        const observer = new MutationObserver(() => {
          if (main?.dataset.status === "succeeded") {
            observer.disconnect();
            // The first comes before the picture is made, the second after.
            requestAnimationFrame(() =>
              requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now())),
            );
          }
        });
        observer.observe(document, { subtree: true, attributes: true });
      });
      return { picture };
    });

  async function measure(): Promise<number> {
    const id = await open();
    const handle = await painted();
    const sentAt = performance.timeOrigin + performance.now();
    const answer = world.gateway.tell(id, "success");
    const paintedAt = await handle.evaluate(({ picture }) => picture);
    expect(await answer).toMatchObject({ outcome: "applied" });
    return paintedAt - sentAt;
  }

  /** @returns the median, in milliseconds */
  async function round(): Promise<number> {
    const times: number[] = [];
    for (let count = 0; count < PAYMENTS; count += 1) {
      times.push(await measure());
    }
    times.sort((one, other) => one - other);
    const [median = Number.NaN, fastest, slowest] = [
      times[Math.floor(PAYMENTS / 2)],
      times.at(0),
      times.at(-1),
    ];
    console.log(
      `From callback to changed pixels: median ${median.toFixed(0)} ms, fastest ${fastest?.toFixed(0)} ms, ` +
        `slowest ${slowest?.toFixed(0)} ms, of ${PAYMENTS} payments.`,
    );
    return median;
  }

  it(`takes less than ${LIMIT_MS} ms in the middle of ${PAYMENTS} payments`, async () => {
    for (let count = 0; count < WARM_UP; count += 1) {
      await measure();
    }
    let median = await round();
    for (let count = 1; count < ROUNDS && median >= LIMIT_MS; count += 1) {
      median = Math.min(median, await round());
    }
    expect(median).toBeLessThan(LIMIT_MS);
  });
});
