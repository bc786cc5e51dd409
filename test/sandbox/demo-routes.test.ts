import { describe, expect, it } from "vitest";
import { newTypeId } from "../../src/lib/id.ts";
import { signWebhook } from "../../src/lib/standard-webhooks.ts";
import {
  buildSandbox,
  FULFILMENT_SECRET,
  orders,
  PUBLIC_URL,
  postForm,
  SHOP_API_KEY,
} from "./build-sandbox.ts";
import { openShop } from "./demo-shop.ts";

/** An event as payment-edge sends it. */
async function event(
  orderId: string,
  type: string,
  options: { id?: string; secret?: string; version?: number } = {},
) {
  const { id = newTypeId("evt", Date.now()), secret = FULFILMENT_SECRET, version = 2 } = options;
  const data = { id: "txn_1", order_id: orderId, status: "succeeded", version };
  const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data });
  const headers = { ...(await signWebhook([secret], id, body, Date.now())) };
  return new Request(`${PUBLIC_URL}/demo/fulfilment`, { method: "POST", headers, body });
}

describe("GET /demo", () => {
  it("shows three coffees in their currencies, and a box for open payments", async () => {
    const answer = await openShop().app.request("/demo");
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(html).toContain("$19.99");
    expect(html).toContain("¥2,400");
    expect(html).toMatch(/KWD\s6\.250/);
    expect(html).toContain('id="open-payments"');
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)| on\w+=/);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  });

  it("gives each of its buttons an order of its own", async () => {
    const html = await (await openShop().app.request("/demo")).text();
    const ids = [...html.matchAll(/name="order" value="(order_[0-9a-z]{26})"/g)].map(([, id]) => id);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(4);
  });
});

describe("POST /demo/orders", () => {
  it("opens a transaction with the shop's key and leads to the order", async () => {
    const { api, app } = openShop();
    const answer = await app.request(postForm("/demo/orders", { product: "ferry" }));
    expect(answer.status).toBe(303);
    const location = answer.headers.get("location") ?? "";
    const id = location.split("/").at(-1);
    expect(location).toMatch(/^\/demo\/orders\/order_[0-9a-z]{26}$/);
    const [call] = api.calls;
    expect(call).toMatchObject({ method: "POST", path: "/transactions" });
    expect(call?.headers.get("authorization")).toBe(`Bearer ${SHOP_API_KEY}`);
    expect(call?.headers.get("idempotency-key")).toBe(`${id}:1`);
    expect(call?.body).toEqual({
      gateway: "sandbox",
      order_id: id,
      amount: 6250,
      currency: "KWD",
      description: "Night Ferry Decaf",
      return_url: `${PUBLIC_URL}${location}`,
      metadata: { product: "ferry" },
    });
  });

  it("makes one order and one transaction of a form that is sent twice", async () => {
    const { api, app, order } = openShop();
    const id = /name="order" value="(order_[0-9a-z]{26})"/.exec(
      await (await app.request("/demo")).text(),
    )?.[1];
    expect(await order("harbour", { order: id ?? "" })).toBe(id);
    expect(await order("harbour", { order: id ?? "" })).toBe(id);
    expect(api.calls.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it("waits for the answer of a first click that is still under way", async () => {
    const { api, order, show } = openShop();
    api.failNext(409, { title: "A request with this key is under way", code: "idempotency_in_progress" });
    expect(await show(await order())).toContain("Waiting for your payment");
    expect(api.calls.map(({ headers }) => headers.get("idempotency-key")).slice(0, 2)).toEqual([
      expect.stringMatching(/:1$/),
      expect.stringMatching(/:1$/),
    ]);
  });

  it("takes no order's id but one of its own form", async () => {
    expect(await openShop().order("fog", { order: "order_x" })).toMatch(/^order_[0-9a-z]{26}$/);
  });

  it("gives a short time to the first attempt, and the usual one to the next", async () => {
    const { api, order, payAgain } = openShop();
    await payAgain(await order("fog", { expires_in: "10" }));
    const [first, second] = api.calls.filter(({ method }) => method === "POST").map(({ body }) => body);
    expect(first).toMatchObject({ expires_in: 10 });
    expect(second).not.toHaveProperty("expires_in");
  });

  it("refuses what it does not sell", async () => {
    const { api, app } = openShop();
    expect((await app.request(postForm("/demo/orders", { product: "tea" }))).status).toBe(400);
    expect(api.calls).toEqual([]);
  });

  it("shows why a payment cannot be opened, escaped, and keeps the order", async () => {
    const { api, app } = openShop();
    const title = "<script>alert(1)</script>";
    api.failNext(503, { title, detail: "Try again in 5 s.", code: "gateway_unavailable" });
    const answer = await app.request(postForm("/demo/orders", { product: "fog" }));
    const html = await answer.text();
    expect(answer.status).toBe(503);
    expect(html).toContain("Try again in 5 s.");
    expect(html).toContain("&lt;script&gt;alert(1)");
    expect(html).not.toContain("<script>alert");
    expect(html).toContain("Try again</button>");
  });
});

describe("GET /demo/orders/:id", () => {
  it("leads to the gateway while it is pending", async () => {
    const shop = openShop();
    const html = await shop.show(await shop.order());
    expect(html).toContain("Waiting for your payment");
    expect(html).toMatch(/href="https:\/\/gateway\.test\/pay\/txn_[^"]*">\s*Pay now/);
    expect(html).toMatch(/href="https:\/\/pay\.test\/status\/[^"]*"/);
    expect(html).toContain('data-client-secret="cs"');
    expect(html).not.toContain("Try again</button>");
  });

  it.each(["failed", "canceled", "expired"])("offers another attempt after %s", async (status) => {
    const shop = openShop();
    const id = await shop.order();
    shop.api.change({ status, payment_url: null, version: 2 });
    const html = await shop.show(id);
    expect(html).toContain("Try again</button>");
    expect(html).not.toContain("Pay now");
  });

  it("does not take a paid transaction for a fulfilled order", async () => {
    const shop = openShop();
    const id = await shop.order();
    shop.api.change({ status: "succeeded", payment_url: null, version: 2 });
    const html = await shop.show(id);
    expect(html).toContain("Paid. Thank you!");
    expect(html).toContain("data-awaits-word");
    expect(html).not.toContain("your parcel is packed");
    expect(html).not.toContain("Try again</button>");
  });

  it.each([
    [{ status: "pending", payment_url: null }, "The time to pay is over"],
    [{ status: "processing" }, "Open the bank’s page"],
    [{ status: "authorized" }, "Your payment is held"],
    [{ status: "review", review_reason: "amount_mismatch" }, "amount_mismatch"],
    [{ status: "succeeded", amount_captured: 1999, amount_refunded: 999 }, "A part of your money is back"],
    [{ status: "succeeded", amount_captured: 1999, amount_refunded: 1999 }, "Your money is back"],
  ])("says of %o: %s", async (state, words) => {
    const shop = openShop();
    const id = await shop.order();
    shop.api.change({ payment_url: null, version: 2, ...state });
    expect(await shop.show(id)).toContain(words);
  });

  it("loads itself anew without a script only while the shop's word is awaited", async () => {
    const shop = openShop();
    const id = await shop.order();
    expect(await shop.show(id)).not.toContain("http-equiv");
    shop.api.change({ status: "succeeded", payment_url: null, version: 2 });
    expect(await shop.show(id)).toMatch(/<noscript><meta http-equiv="refresh" content="\d+"/);
  });

  it("shows the order although its payment cannot be read", async () => {
    const shop = openShop();
    const id = await shop.order();
    const app = buildSandbox(async () => {
      throw new TypeError("network down");
    });
    const answer = await app.request(`/demo/orders/${id}`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("Payments cannot be reached");
  });

  it("does not know an unknown one", async () => {
    expect((await openShop().app.request("/demo/orders/order_x")).status).toBe(404);
  });
});

describe("POST /demo/orders/:id/pay", () => {
  const keys = (api: ReturnType<typeof openShop>["api"]) =>
    api.calls.filter((call) => call.method === "POST").map((call) => call.headers.get("idempotency-key"));

  it("makes a new attempt and leads to its payment page", async () => {
    const shop = openShop();
    const id = await shop.order();
    const answer = await shop.payAgain(id);
    expect(answer.status).toBe(303);
    expect(answer.headers.get("location")).toMatch(/^https:\/\/gateway\.test\/pay\/txn_/);
    expect(keys(shop.api)).toEqual([`${id}:1`, `${id}:2`]);
  });

  it("repeats the attempt that has no answer, and leaves the one that was refused", async () => {
    const shop = openShop();
    const id = await shop.order();
    shop.api.failNext(503, { title: "No answer", code: "gateway_unavailable" });
    expect((await shop.payAgain(id)).status).toBe(503);
    shop.api.failNext(502, { title: "Refused", code: "gateway_rejected" });
    expect((await shop.payAgain(id)).status).toBe(502);
    await shop.payAgain(id);
    expect(keys(shop.api)).toEqual([`${id}:1`, `${id}:2`, `${id}:2`, `${id}:3`]);
  });

  it("says so when the order is already paid", async () => {
    const shop = openShop();
    const id = await shop.order();
    shop.api.failNext(409, {
      title: "Already paid",
      detail: "This order is paid.",
      code: "order_already_paid",
    });
    const answer = await shop.payAgain(id);
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("This order is paid.");
  });

  it("does not know an unknown order", async () => {
    expect((await openShop().payAgain("order_x")).status).toBe(404);
  });
});

describe("POST /demo/fulfilment", () => {
  it("fulfils an order once, however often it is told", async () => {
    const { app, order, show } = openShop();
    const id = await order();
    for (const eventId of ["evt_1", "evt_1", "evt_2"]) {
      const answer = await app.request(await event(id, "transaction.succeeded", { id: eventId }));
      expect(answer.status).toBe(200);
    }
    const kept = await orders.getByName(id).read();
    expect(kept?.fulfilled_at).toBe(kept?.told[0]?.received_at);
    expect(kept?.told).toMatchObject([
      { webhook_id: "evt_1", times: 2 },
      { webhook_id: "evt_2", times: 1 },
    ]);
    const html = await show(id);
    expect(html).toContain("Fulfilled: your parcel is packed");
    expect(html).toContain("2 deliveries, counted once");
  });

  it("fulfils nothing by another event, and shows what it was told, escaped", async () => {
    const { app, order, show } = openShop();
    const id = await order();
    await app.request(await event(id, "transaction.failed"));
    await app.request(await event(id, "<script>alert(1)</script>"));
    const html = await show(id);
    expect(html).not.toContain("your parcel is packed");
    expect(html).toContain("transaction.failed");
    expect(html).not.toContain("<script>alert");
  });

  it("keeps the latest fifty", async () => {
    const { app, order } = openShop();
    const id = await order();
    for (let version = 1; version <= 52; version += 1) {
      await app.request(await event(id, "transaction.processing", { version }));
    }
    const told = (await orders.getByName(id).read())?.told ?? [];
    expect(told).toHaveLength(50);
    expect(told.at(-1)?.version).toBe(52);
  });

  it("refuses a signature that is not ours, and bytes that were changed", async () => {
    const { app, order } = openShop();
    const id = await order();
    const secret = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgcXVpdGUgbG9uZw==";
    expect((await app.request(await event(id, "transaction.succeeded", { secret }))).status).toBe(401);
    const signed = await event(id, "transaction.succeeded");
    const changed = new Request(signed, { body: `${await signed.clone().text()} ` });
    expect((await app.request(changed)).status).toBe(401);
    expect((await orders.getByName(id).read())?.told).toEqual([]);
  });

  it("refuses signed nonsense, and lets a stranger's order be", async () => {
    const { app } = openShop();
    const headers = { ...(await signWebhook([FULFILMENT_SECRET], "evt_1", "{", Date.now())) };
    const nonsense = new Request(`${PUBLIC_URL}/demo/fulfilment`, { method: "POST", headers, body: "{" });
    expect((await app.request(nonsense)).status).toBe(400);
    const answer = await app.request(await event("order-of-another-shop", "transaction.succeeded"));
    expect([answer.status, await answer.json()]).toEqual([200, { outcome: "ignored" }]);
  });
});
