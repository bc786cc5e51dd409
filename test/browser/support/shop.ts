/** What buyers and the shop's people do in the demo shop: with a browser, or faster, by the requests it would send. */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import type { Api, Transaction } from "../../flows/support/api.ts";
import { eventually } from "../../flows/support/eventually.ts";
import { shopVariables, type Variables } from "../../flows/support/system.ts";

const PATIENCE_MS = 15_000;

const { SANDBOX, ALLOWED_ORIGINS, ...keys } = shopVariables;
/** As a newcomer's system, but with keys that the tests know. */
export const demoVariables: Variables = keys;

export interface Order {
  /** Of the order's page. */
  readonly address: string;
  /** Its first one, as it was opened. */
  readonly transaction: Transaction;
}

/** The demo shop without a browser. */
export class Shop {
  readonly #url: string;
  readonly #api: Api;

  constructor(url: string, api: Api) {
    this.#url = url;
    this.#api = api;
  }

  async order(product = "harbour", more: Record<string, string> = {}): Promise<Order> {
    const response = await this.#post("/demo/orders", { product, ...more });
    const address = new URL(response.headers.get("location") ?? "", this.#url).href;
    const [transaction] = await this.transactions(address);
    if (transaction === undefined) {
      throw new Error(`no transaction of the order at ${address}`);
    }
    return { address, transaction };
  }

  /** The newest first, of an order's address; of all orders without one. */
  async transactions(address?: string): Promise<Transaction[]> {
    const query = address === undefined ? "" : `&order_id=${address.split("/").at(-1)}`;
    return (await this.#api.call<{ data: Transaction[] }>(`/transactions?limit=100${query}`)).body.data;
  }

  /** The buyer's choice on the gateway's page. */
  async choose({ transaction }: Order, outcome: string, webhook = "once"): Promise<void> {
    const { status } = await this.#post(transaction.payment_url ?? "", { outcome, webhook });
    expect(status).toBe(303);
  }

  async becomes({ transaction: { id } }: Order, state: Partial<Transaction>): Promise<void> {
    await eventually(async () => expect(await this.#api.get(id)).toMatchObject(state), PATIENCE_MS);
  }

  /** An order whose buyer has chosen this, and whose payment has become that. */
  async settled(outcome: string, status: string, product?: string, webhook?: string): Promise<Order> {
    const order = await this.order(product);
    await this.choose(order, outcome, webhook);
    await this.becomes(order, { status });
    return order;
  }

  /** And fulfilled. */
  async paid(product?: string): Promise<Order> {
    const order = await this.settled("success", "succeeded", product);
    await eventually(async () => {
      expect(await (await fetch(order.address)).text()).toContain("Fulfilled");
    }, PATIENCE_MS);
    return order;
  }

  /** A button of the shop's people on the order's page. */
  async click({ address, transaction }: Order, deed: string): Promise<void> {
    const { version } = await this.#api.get(transaction.id);
    const { status } = await this.#post(`${address}/deeds`, { deed, version: String(version) });
    expect(status).toBe(303);
  }

  #post(path: string, fields: Record<string, string>): Promise<Response> {
    const body = new URLSearchParams(fields);
    return fetch(new URL(path, this.#url), { method: "POST", redirect: "manual", body });
  }
}

/** From the shop's front page to the order's. @returns the order's address */
export async function order(page: Page, url: string, product = "harbour"): Promise<string> {
  await page.goto(`${url}/demo`);
  await page.click(`.product button[value=${product}]`);
  await page.waitForSelector("#pay-now");
  // Its script has run, and remembers the payment.
  await page.waitForLoadState("load");
  return page.url();
}

/** From the order's page to the gateway's. */
export async function toGateway(page: Page): Promise<void> {
  await page.click("#pay-now");
  await page.waitForURL(/\/sandbox\/pay\//);
}

/** The choice on the gateway's page, which leads back. */
export async function choose(page: Page, outcome: string, webhook = "once"): Promise<void> {
  await page.click(`input[name=webhook][value=${webhook}]`);
  await page.click(`button[value=${outcome}]`);
}

/** Until the status page says so. */
export async function turns(page: Page, status: string): Promise<void> {
  await page.waitForSelector(`main[data-status=${status}]`);
}

/** Until the order's page says so. */
export async function isToldOf(page: Page, headline: string): Promise<void> {
  await page.waitForSelector(`.state h2:text("${headline}")`);
}
