/** The whole loop on one machine: the demo shop, the simulated gateway and we, started as a newcomer starts them. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, createApi, type Transaction } from "./support/api.ts";
import { fetchDescribed } from "./support/contract.ts";
import { eventually } from "./support/eventually.ts";
import { forms, submit } from "./support/html.ts";
import { type System, shopVariables, startSystem } from "./support/system.ts";

/** The gateway's messages come up to 10 s after the click. */
const PATIENCE_MS = 20_000;

describe("SANDBOX on", () => {
  let system: System;
  let api: Api;

  beforeAll(async () => {
    const { SANDBOX, ALLOWED_ORIGINS, ...vars } = shopVariables;
    system = await startSystem({ vars, args: [] });
    api = createApi(system.url);
  });
  afterAll(() => system?.stop());

  interface Order {
    readonly page: string;
    readonly transaction: Transaction;
  }

  const order = async (): Promise<Order> => {
    const shop = `${system.url}/demo`;
    const front = await fetch(shop);
    expect(front.status).toBe(200);
    const html = await front.text();
    const form = forms(html).find(({ action }) => action.endsWith("/demo/orders"));
    const product = /name="product" value="([^"]+)"/.exec(html)?.[1];
    if (form === undefined || product === undefined) {
      throw new Error("the demo shop sells nothing");
    }
    const response = await submit(shop, form, { product });
    expect(response.status).toBe(303);
    const page = new URL(response.headers.get("location") ?? "", shop).href;
    const id = page.split("/").at(-1);
    const { body } = await api.call<{ data: Transaction[] }>(`/transactions?order_id=${id}`);
    expect(body.data).toHaveLength(1);
    const [transaction] = body.data;
    if (transaction === undefined) {
      throw new Error(`no transaction of the order at ${page}`);
    }
    return { page, transaction: await api.get(transaction.id) };
  };

  const pay = ({ transaction }: Order, outcome: string, webhook?: string): Promise<Response> =>
    fetch(transaction.payment_url ?? "", {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ outcome, ...(webhook === undefined ? {} : { webhook }) }),
    });

  const becomes = ({ transaction }: Order, status: string) =>
    eventually(async () => {
      const now = await api.get(transaction.id);
      expect(now.status).toBe(status);
      return now;
    }, PATIENCE_MS);

  const isFulfilled = async ({ page }: Order) =>
    /data-headline="Fulfilled/.test(await (await fetch(page)).text());
  const becomesFulfilled = (one: Order) =>
    eventually(async () => {
      expect(await isFulfilled(one)).toBe(true);
    }, PATIENCE_MS);

  /** How many times the shop was owed the good news. */
  const successesOf = async ({ transaction }: Order) => {
    const { body } = await api.call<{ data: { type: string; data: { id: string } }[] }>("/events?limit=100");
    return body.data.filter(
      ({ type, data }) => type === "transaction.succeeded" && data.id === transaction.id,
    );
  };

  const check = async ({ transaction }: Order) => {
    const html = await (await fetchDescribed(transaction.status_url)).text();
    const form = forms(html).find(({ method }) => method === "post");
    if (form === undefined) {
      throw new Error("the status page has no form that asks the gateway");
    }
    expect((await submit(transaction.status_url, form)).status).toBe(303);
  };

  describe.concurrent("an order of the demo shop", () => {
    it("is fulfilled when it is paid, and the buyer is led back to the status page", async () => {
      const one = await order();
      expect(one.transaction).toMatchObject({ status: "pending", gateway: "sandbox" });
      expect(await isFulfilled(one)).toBe(false);
      const response = await pay(one, "success");
      expect(response.status).toBe(303);
      const back = new URL(response.headers.get("location") ?? "");
      expect(back.pathname).toBe(`/status/${one.transaction.id}`);
      expect((await fetchDescribed(back)).status).toBe(200);
      await becomes(one, "succeeded");
      await becomesFulfilled(one);
    });

    it.each([
      ["failure", "failed"],
      ["cancel", "canceled"],
      ["processing", "processing"],
      ["authorize", "authorized"],
    ])("is not fulfilled after %s", async (outcome, status) => {
      const one = await order();
      expect((await pay(one, outcome)).status).toBe(303);
      await becomes(one, status);
      expect(await isFulfilled(one)).toBe(false);
    });

    it("is fulfilled after a failure and a second try on the same page", async () => {
      const one = await order();
      await pay(one, "failure");
      await becomes(one, "failed");
      await pay(one, "success");
      expect(await becomes(one, "succeeded")).toMatchObject({ late: false });
      await becomesFulfilled(one);
    });

    it.each(["once", "thrice", "late"])("is fulfilled once when the webhook comes %s", async (webhook) => {
      const one = await order();
      await pay(one, "success", webhook);
      await becomes(one, "succeeded");
      await becomesFulfilled(one);
      expect(await successesOf(one)).toHaveLength(1);
    });

    it("stays paid when an older message comes after", async () => {
      const one = await order();
      await pay(one, "success", "reordered");
      const { version } = await becomes(one, "succeeded");
      // Nothing tells that an ignored message has come.
      await sleep(3_000);
      expect(await api.get(one.transaction.id)).toMatchObject({ status: "succeeded", version });
    });

    it("goes to a person when the gateway names a wrong amount", async () => {
      const one = await order();
      await pay(one, "success", "wrong_amount");
      await becomes(one, "review");
      expect(await isFulfilled(one)).toBe(false);
    });

    it.each(["none", "bad_signature"])(
      "waits when the webhook is %s, until the buyer asks",
      async (webhook) => {
        const one = await order();
        await pay(one, "success", webhook);
        // Nothing tells that a forged message has come.
        await sleep(2_000);
        expect((await api.get(one.transaction.id)).status).toBe("pending");
        await check(one);
        expect((await api.get(one.transaction.id)).status).toBe("succeeded");
        await becomesFulfilled(one);
      },
    );
  });

  it("repairs a lost webhook by the cron", async () => {
    const one = await order();
    await pay(one, "success", "none");
    await system.tick(Date.now() + 15 * 60_000);
    await becomes(one, "succeeded");
    await becomesFulfilled(one);
  });

  it("expires what nobody pays, and its pay page takes no money any more", async () => {
    const one = await order();
    await system.tick(Date.parse(one.transaction.expires_at) + 1_000);
    await becomes(one, "expired");
    expect((await pay(one, "success")).status).toBeGreaterThanOrEqual(400);
    expect((await api.get(one.transaction.id)).status).toBe("expired");
  });

  it("refuses a choice that there is not, and a payment that nobody opened", async () => {
    const one = await order();
    expect((await pay(one, "steal")).status).toBe(400);
    expect((await pay(one, "success", "by_pigeon")).status).toBe(400);
    const unknown = {
      ...one,
      transaction: { ...one.transaction, payment_url: `${one.transaction.payment_url}x` },
    };
    expect((await pay(unknown, "success")).status).toBe(404);
    expect((await api.get(one.transaction.id)).status).toBe("pending");
  });
});
