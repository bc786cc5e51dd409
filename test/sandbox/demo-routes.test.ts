import { describe, expect, it } from "vitest";
import { newTypeId } from "../../src/lib/id.ts";
import { signWebhook } from "../../src/lib/standard-webhooks.ts";
import {
  buildSandbox,
  FULFILMENT_SECRET,
  newTransactionId,
  orders,
  PUBLIC_URL,
  postForm,
  SHOP_API_KEY,
} from "./build-sandbox.ts";

interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

function newTransaction({ amount, currency }: { amount: number; currency: string }) {
  const id = newTransactionId();
  return {
    id,
    status: "pending",
    version: 1,
    amount,
    amount_refunded: 0,
    currency,
    payment_url: `https://gateway.test/pay/${id}`,
    status_url: `${PUBLIC_URL}/status/${id}?client_secret=cs`,
    client_secret: "cs",
    expires_at: "2030-01-01T00:00:00.000Z",
    late: false,
  };
}

/** payment-edge's API for the shop: each create makes a transaction, unless it is told to answer otherwise. */
function createFakeApi() {
  const calls: SeenCall[] = [];
  const states = new Map<string, Record<string, unknown>>();
  const failures: Response[] = [];

  const create = (body: { amount: number; currency: string }) => {
    const transaction = newTransaction(body);
    states.set(transaction.id, transaction);
    return transaction;
  };

  return {
    calls,
    async fetch(request: Request): Promise<Response> {
      const { pathname } = new URL(request.url);
      const text = await request.text();
      const body = text === "" ? null : JSON.parse(text);
      calls.push({ method: request.method, path: pathname, headers: request.headers, body });
      return request.method === "POST"
        ? (failures.shift() ?? Response.json(create(body), { status: 201 }))
        : Response.json(states.get(pathname.split("/").at(-1) ?? ""));
    },
    failNext(status: number, problem: Record<string, unknown>): void {
      failures.push(Response.json(problem, { status }));
    },
    /** Changes what is said of the latest transaction. */
    change(state: Record<string, unknown>): void {
      const [id, latest] = [...states].at(-1) ?? ["", {}];
      states.set(id, { ...latest, ...state });
    },
  };
}

function openShop() {
  const api = createFakeApi();
  const app = buildSandbox(api.fetch);
  return {
    api,
    app,
    show: async (id: string) => (await app.request(`/demo/orders/${id}`)).text(),
    payAgain: (id: string) => app.request(postForm(`/demo/orders/${id}/pay`, {})),
    async order(product = "harbour"): Promise<string> {
      const answer = await app.request(postForm("/demo/orders", { product }));
      return answer.headers.get("location")?.split("/").at(-1) ?? "";
    },
  };
}

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
  const keys = (api: ReturnType<typeof createFakeApi>) =>
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
