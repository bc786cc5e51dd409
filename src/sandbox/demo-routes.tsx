/** The demo shop: what a shop's own server does around payment-edge. */
import { type Context, Hono } from "hono";
import { receiveFulfilment } from "./demo-fulfilment.ts";
import type { DemoOrder, Order } from "./demo-order.ts";
import { OrderPage } from "./demo-order-page.tsx";
import { ShopFrontPage, ShopNotice } from "./demo-pages.tsx";
import { findProduct } from "./demo-products.ts";
import { readDeed } from "./demo-staff.tsx";
import { answerPage, type PageStatus } from "./html.ts";
import { createPaymentsApi, type PaymentsApi, type PaymentsResult, type Problem } from "./payments-api.ts";

export interface DemoOptions {
  readonly publicUrl: string;
  readonly shopApiKey: string;
  readonly fulfilmentSecrets: readonly string[];
  readonly fetch: (request: Request) => Promise<Response>;
  readonly orders: DurableObjectNamespace<DemoOrder>;
  readonly now: () => number;
  readonly newId: (prefix: string) => string;
}

/** What a request needs to serve an order. */
interface Shop extends DemoOptions {
  readonly payments: PaymentsApi;
}

/** As the front page hands them out. */
const ORDER_ID = /^order_[0-9a-z]{26}$/;

export function createDemoRoutes(options: DemoOptions): Hono {
  const app = new Hono();
  const shop: Shop = { ...options, payments: createPaymentsApi(options) };

  app.get("/", (c) =>
    answerPage(c, <ShopFrontPage paymentsUrl={shop.publicUrl} newOrderId={() => shop.newId("order")} />),
  );

  app.post("/orders", async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const product = findProduct(form.get("product"));
    if (!product) {
      return showNotice(c, 400, "We do not roast that one", "Choose one of our three coffees.");
    }
    const { amount, currency } = product;
    const asked = form.get("order") ?? "";
    const id = ORDER_ID.test(asked) ? asked : shop.newId("order");
    const expires_in = form.get("expires_in") === null ? null : Number(form.get("expires_in"));
    const placed = { id, product_id: product.id, amount, currency, expires_in };
    const order = await shop.orders.getByName(id).place(placed);
    // A second click, or one after the back button, finds what the first has made.
    const { problem } = order.attempts > 0 ? { problem: null } : await pay(shop, order);
    return problem ? showOrder(c, shop, id, problem) : c.redirect(`/demo/orders/${id}`, 303);
  });

  app.get("/orders/:id", (c) => showOrder(c, shop, c.req.param("id")));

  app.post("/orders/:id/pay", async (c) => {
    const id = c.req.param("id");
    const order = await shop.orders.getByName(id).read();
    if (!order) {
      return showUnknown(c);
    }
    const { transaction, problem } = await pay(shop, order);
    return problem
      ? showOrder(c, shop, id, problem)
      : c.redirect(transaction.payment_url ?? `/demo/orders/${id}`, 303);
  });

  app.post("/orders/:id/deeds", async (c) => {
    const id = c.req.param("id");
    const deed = readDeed(new URLSearchParams(await c.req.text()));
    const order = await shop.orders.getByName(id).read();
    if (!order?.transaction || !deed) {
      return order ? showNotice(c, 400, "That is not a choice", "Nothing has been changed.") : showUnknown(c);
    }
    const problem = await shop.payments.perform(order.transaction.id, deed);
    return problem ? showOrder(c, shop, id, problem) : c.redirect(`/demo/orders/${id}`, 303);
  });

  app.post("/fulfilment", receiveFulfilment(options));
  return app;
}

/** Makes the order's next attempt, or repeats the one that has no answer yet. */
async function pay({ orders, payments }: Shop, order: Order): Promise<PaymentsResult> {
  const attempt = order.attempts + 1;
  const result = await payments.create(order, attempt, findProduct(order.product_id)?.name ?? "Coffee");
  if (result.transaction) {
    const { id, client_secret, status_url, payment_url } = result.transaction;
    await orders.getByName(order.id).spend(attempt, { id, client_secret, status_url, payment_url });
  } else if (result.problem.code === "gateway_rejected") {
    await orders.getByName(order.id).spend(attempt, null);
  }
  return result;
}

/** @param problem why the attempt that was just made did not work */
async function showOrder(c: Context, shop: Shop, id: string, problem: Problem | null = null) {
  const order = await shop.orders.getByName(id).read();
  if (!order) {
    return showUnknown(c);
  }
  const kept = order.transaction;
  const payment = kept && (await shop.payments.read(kept.id));
  const page = (
    <OrderPage
      order={order}
      transaction={payment?.transaction ?? null}
      problem={problem ?? payment?.problem ?? null}
      paymentsUrl={shop.publicUrl}
    />
  );
  return answerPage(c, page, {
    status: problem ? statusOf(problem) : 200,
    formTargets: [shop.publicUrl, ...(kept?.payment_url ? [kept.payment_url] : [])],
  });
}

function statusOf(problem: Problem): PageStatus {
  const passedOn: readonly PageStatus[] = [409, 422, 503];
  return passedOn.find((status) => status === problem.status) ?? 502;
}

function showUnknown(c: Context) {
  return showNotice(c, 404, "No such order", "We looked behind every sack.");
}

function showNotice(c: Context, status: PageStatus, title: string, text: string) {
  return answerPage(c, <ShopNotice title={title} text={text} />, { status });
}
