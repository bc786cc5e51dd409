/** The custom element and the React hook in a shop's page: another origin, and the strictest policy. */
import type { Browser, Page, WebSocket } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Api, createApi, type Transaction } from "../flows/support/api.ts";
import { eventually } from "../flows/support/eventually.ts";
import { FakeGateway } from "../flows/support/fake-gateway.ts";
import { gatewayVariables, type System, shopVariables, startSystem } from "../flows/support/system.ts";
import { chromiumPath, picture, sharedBrowser } from "./support/browser.ts";
import { bundlePage, type ShopPages, startShopPages } from "./support/shop-page.ts";

const PATIENCE_MS = 20_000;

describe.skipIf(chromiumPath === null)("the client library in a shop's page", () => {
  let shop: ShopPages;
  let gateway: FakeGateway;
  let system: System;
  let api: Api;
  let browser: Browser;
  let page: Page;
  let errors: string[];
  let sockets: WebSocket[];

  beforeAll(async () => {
    [shop, gateway, browser] = await Promise.all([startShopPages(), FakeGateway.start(), sharedBrowser()]);
    const vars = { ...shopVariables, ...gatewayVariables(gateway.url), ALLOWED_ORIGINS: shop.origin };
    system = await startSystem({ vars });
    shop.allow(system.url);
    api = createApi(system.url);
  });
  afterAll(async () => {
    await system?.stop();
    await gateway?.stop();
    await shop?.stop();
  });
  beforeEach(async () => {
    page = await browser.newPage({ reducedMotion: "reduce" });
    page.setDefaultTimeout(PATIENCE_MS);
    errors = [];
    sockets = [];
    page.on("websocket", (socket) => sockets.push(socket));
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => {
      if (/Content Security Policy|Warning|TrustedHTML/.test(message.text())) {
        errors.push(message.text());
      }
    });
  });
  afterEach(async () => {
    await page.close();
    expect(errors, "no page throws, is warned, or breaks its policy").toEqual([]);
  });

  const open = () => sockets.filter((socket) => !socket.isClosed()).length;
  const opens = (count: number) =>
    eventually(() => {
      expect(open()).toBe(count);
    }, PATIENCE_MS);

  describe("<payment-status>", () => {
    const script = () => `<script type="module" src="${system.url}/element.js"></script>`;
    const tag = ({ id, client_secret }: Transaction, content = "") =>
      `<payment-status url="${system.url}" transaction-id="${id}" client-secret="${client_secret}">${content}</payment-status>`;
    /** Notes the element's events as they come to the document. */
    const LISTEN = `
      window.told = [];
      document.addEventListener("payment-change", ({ detail }) => told.push(detail.version + " " + detail.status));
      document.addEventListener("payment-error", ({ detail }) => told.push(String(detail.status)));`;
    const told = () => page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
    const shows = (status: string) => page.waitForSelector(`payment-status[status=${status}]`);
    /** What a screen reader is given of it. */
    const spoken = async () =>
      (await page.locator("payment-status").ariaSnapshot()).replace("- status: ", "");
    /** Loads a module into the page, as its own script would. */
    const load = (path: string) => page.evaluate(`import(${JSON.stringify(system.url + path)})`);

    async function visit(body: string): Promise<void> {
      await page.addInitScript(LISTEN);
      await page.goto(shop.page(body + script()));
    }

    it("shows each state in its own words, and tells it to the page", async () => {
      const transaction = await api.start();
      await visit(tag(transaction));
      await shows("pending");
      expect(await spoken()).toBe("Waiting for your payment.");
      await gateway.tell(transaction.id, "processing");
      await shows("processing");
      await gateway.tell(transaction.id, "success");
      await shows("succeeded");
      expect(await spoken()).toBe("Your payment has arrived. Thank you!");
      expect(await told()).toEqual(["1 pending", "2 processing", "3 succeeded"]);
      await picture(page, "payment-status");
    });

    it("lets the shop choose the words by slots and the looks by parts", async () => {
      const transaction = await api.start();
      await visit(
        tag(transaction, "Einen Moment … <b slot='pending'>Noch offen</b><b slot='succeeded'>Bezahlt</b>"),
      );
      await shows("pending");
      expect(await spoken()).toBe("Noch offen");
      await page.evaluate(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync(
          "payment-status::part(status) { color: rgb(1, 2, 3) } payment-status::part(failed) { color: rgb(4, 5, 6) }",
        );
        document.adoptedStyleSheets = [sheet];
      });
      const color = () =>
        page.evaluate(() => {
          const region = document.querySelector("payment-status")?.shadowRoot?.querySelector("[role=status]");
          return region ? getComputedStyle(region).color : "";
        });
      expect(await color()).toBe("rgb(1, 2, 3)");
      await gateway.tell(transaction.id, "failure");
      await shows("failed");
      expect(await spoken()).toBe("The payment did not go through. No money was taken.");
      expect(await color()).toBe("rgb(4, 5, 6)");
      await gateway.tell(transaction.id, "success");
      await shows("succeeded");
      expect(await spoken()).toBe("Bezahlt");
    });

    it("shows what the shop put into it until something is known, and on a page without scripts", async () => {
      await visit(tag({ ...(await api.start()), id: "" }, "Einen Moment …"));
      await shows("unknown");
      expect(await spoken()).toBe("Einen Moment …");
      await page.goto(shop.page("<payment-status>Einen Moment …</payment-status>"));
      expect(await page.innerText("payment-status")).toBe("Einen Moment …");
    });

    it("takes properties too, also those set before it was defined, and keeps the secret out of the markup", async () => {
      const { id, client_secret } = await api.start();
      await page.goto(shop.page("<payment-status></payment-status>"));
      const properties = { url: system.url, transactionId: id, clientSecret: client_secret };
      await page.evaluate((given) => {
        Object.assign(document.querySelector("payment-status") ?? {}, given);
      }, properties);
      await load("/element.js");
      await shows("pending");
      expect(await page.content()).not.toContain(client_secret);
      expect(sockets).toHaveLength(1);
    });

    it("is registered once, however often it is loaded", async () => {
      await visit(tag(await api.start()));
      await shows("pending");
      await load("/element.js?again");
      expect(await page.evaluate(() => customElements.get("payment-status")?.name)).toBeTypeOf("string");
    });

    it("hangs up when it is taken off the page, keeps its line when it is moved, and goes on when it is back", async () => {
      const transaction = await api.start();
      await visit(`<main></main>${tag(transaction)}`);
      await shows("pending");
      await page.evaluate(() => {
        document.querySelector("main")?.append(document.querySelector("payment-status") ?? "");
      });
      await page.evaluate(() => {
        const element = document.querySelector("payment-status");
        Object.assign(globalThis, { element });
        element?.remove();
      });
      await opens(0);
      expect(sockets, "a move opens none").toHaveLength(1);
      await gateway.tell(transaction.id, "success");
      await page.evaluate(() => {
        document.body.append((globalThis as unknown as { element: Element }).element);
      });
      await shows("succeeded");
      await opens(1);
      expect(await told()).toEqual(["1 pending", "2 succeeded"]);
    });

    it("starts anew for another transaction", async () => {
      const [one, other] = [await api.start(), await api.start()];
      await gateway.tell(one.id, "success");
      await visit(tag(one));
      await shows("succeeded");
      await page.evaluate(({ id, client_secret }) => {
        const element = document.querySelector("payment-status");
        element?.setAttribute("transaction-id", id);
        element?.setAttribute("client-secret", client_secret);
      }, other);
      await shows("pending");
      await opens(1);
      expect(sockets, "both attributes are one change").toHaveLength(2);
      expect(await told()).toEqual(["2 succeeded", "1 pending"]);
    });

    it("says that there is no such payment where the secret is another's", async () => {
      const [mine, other] = [await api.start(), await api.start()];
      await visit(tag({ ...other, client_secret: mine.client_secret }));
      await shows("refused");
      expect(await spoken()).toBe("This payment was not found.");
      expect(await told()).toEqual(["404"]);
    });
  });

  describe("useTransaction", () => {
    interface Render {
      readonly wanted: string | undefined;
      readonly got: string | undefined;
      readonly version: number | undefined;
    }
    const shows = (text: string) => page.waitForSelector(`#payment:text-is("${text}")`);
    const call = (name: "choose" | "show", argument: unknown) =>
      page.evaluate(
        ([which, value]) =>
          (globalThis as unknown as Record<string, (value: unknown) => void>)[which]?.(value),
        [name, argument] as const,
      );
    const renders = () => page.evaluate(() => (globalThis as unknown as { renders: Render[] }).renders);
    let script: string;

    beforeAll(async () => {
      script = await bundlePage("react-page.js");
    });

    async function visit(...transactions: Pick<Transaction, "id" | "client_secret">[]): Promise<void> {
      const targets = transactions.map(({ id, client_secret }) => ({
        url: system.url,
        id,
        clientSecret: client_secret,
      }));
      const data = `<script type="application/json" id="targets">${JSON.stringify(targets)}</script>`;
      await page.goto(shop.page(`${data}<div id="root"></div>`, script));
    }

    it("follows a payment by one socket, also in strict mode, and hangs up when it is unmounted", async () => {
      const transaction = await api.start();
      await visit(transaction);
      await shows(`${transaction.id} pending`);
      await opens(1);
      const before = sockets.length;
      await gateway.tell(transaction.id, "processing");
      await shows(`${transaction.id} processing`);
      await gateway.tell(transaction.id, "success");
      await shows(`${transaction.id} succeeded`);
      const versions = (await renders()).flatMap(({ version }) => version ?? []);
      expect(versions).toEqual([...versions].sort((one, other) => one - other));
      expect(new Set(versions)).toEqual(new Set([1, 2, 3]));
      expect(sockets, "a render opens none").toHaveLength(before);
      await call("show", false);
      await opens(0);
    });

    it("never shows one transaction's state as another's, and watches nothing with null", async () => {
      const [one, other] = [await api.start(), await api.start()];
      await gateway.tell(one.id, "success");
      await visit(one, other);
      await shows(`${one.id} succeeded`);
      await call("choose", 1);
      await shows(`${other.id} pending`);
      await call("choose", 2);
      await shows("none unknown");
      await opens(0);
      const mixed = (await renders()).filter(({ wanted, got }) => got !== undefined && got !== wanted);
      expect(mixed).toEqual([]);
    });

    it("asks at once when it is told to", async () => {
      const transaction = await api.start();
      await visit(transaction);
      await shows(`${transaction.id} pending`);
      await opens(1);
      const sent: unknown[] = [];
      sockets.at(-1)?.on("framesent", ({ payload }) => sent.push(payload));
      await page.click("#payment");
      await eventually(() => {
        expect(sent).toEqual(['{"type":"sync","version":1}', "ping"]);
      });
    });

    it("tells that the secret is wrong", async () => {
      const { id } = await api.start();
      await visit({ id, client_secret: "nobody_has_this" });
      await shows(`${id} 401`);
    });
  });

  describe("guardNavigation", () => {
    const back = () => page.evaluate("setTimeout(() => history.back())");
    /** By the address: a page from the back-forward cache is not loaded again. */
    const isBack = () =>
      eventually(() => {
        expect(page.url()).toBe(before);
      }, PATIENCE_MS);
    let before: string;
    let guarded: string;

    /** From one page of the shop's to a guarded one, which the buyer has touched: else browsers ask nothing. */
    beforeEach(async () => {
      const script = `
        import { guardNavigation } from "${system.url}/client.js";
        window.paying = true;
        window.release = guardNavigation({ while: () => paying, message: "Leave?" });`;
      before = shop.page("<h1>Cart</h1>");
      guarded = shop.page("<h1>Checkout</h1>", script);
      await page.goto(before);
      await page.goto(guarded);
      await page.waitForFunction("window.release !== undefined");
      await page.click("h1");
    });

    it("asks on the first step back, and lets the second go", async () => {
      const asked = page.waitForEvent("dialog");
      await back();
      const dialog = await asked;
      expect([dialog.type(), dialog.message()]).toEqual(["confirm", "Leave?"]);
      await dialog.dismiss();
      expect(page.url()).toBe(guarded);
      page.once("dialog", (question) => question.accept());
      await back();
      await isBack();
    });

    it("asks once where the answer is to leave", async () => {
      const asked: string[] = [];
      page.on("dialog", (dialog) => {
        asked.push(dialog.type());
        void dialog.accept();
      });
      await back();
      await isBack();
      expect(asked).toEqual(["confirm"]);
    });

    it.each(["release()", "paying = false"])(
      "is out of the way after %s: one step back is one",
      async (end) => {
        await page.evaluate(end);
        await back();
        await isBack();
      },
    );

    it("asks before the page is left", async () => {
      const asked = page.waitForEvent("dialog");
      await page.evaluate("setTimeout(() => location.reload())");
      const dialog = await asked;
      expect(dialog.type()).toBe("beforeunload");
      await dialog.dismiss();
      expect(page.url()).toBe(guarded);
      await page.evaluate("release()");
      await page.goto(before);
    });
  });
});
