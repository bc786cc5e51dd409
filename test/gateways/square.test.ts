import * as fc from "fast-check";
import { SquareClient, type SquareError, serialization, WebhooksHelper } from "square";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Gateway, Notice, Tools } from "../../src/gateways/gateway.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { square } from "../../src/gateways/square.ts";
import { order as orderForm, toObservation, writeMoney } from "../../src/gateways/square-order.ts";
import { newTypeId } from "../../src/lib/id.ts";
import { createRequest, testGateway, withoutPauses } from "../support/gateway-contract.ts";
import { readMissed } from "../support/missed-events.ts";
import { refundRequest } from "../support/money-contract.ts";
import {
  FakeSquare,
  SQUARE_ACCESS_TOKEN,
  SQUARE_LOCATION_ID,
  SQUARE_OLD_SIGNATURE_KEY,
  SQUARE_SIGNATURE_KEY,
  type SquareOrder,
  type SquarePayment,
  signSquare,
} from "../support/vendors/square.ts";

type Fetch = Tools["fetch"];
type Json = Record<string, unknown>;

const API_URL = "https://square.example";
const WEBHOOK_URL = "http://localhost:8787/webhooks/square";
const HEADERS = { authorization: `Bearer ${SQUARE_ACCESS_TOKEN}`, "square-version": "2026-09-16" };
const OTHER_KEY = "fake_key_of_another_subscription";
let fake = new FakeSquare();

function connect(fetch: Fetch = fake.fetch, variables: Json = fake.variables(API_URL)): Gateway {
  return square.connect(square.config.parse(variables), { fetch, now: Date.now });
}

const event = (changes: Json = {}, data: Json = {}) =>
  JSON.stringify({
    ...{
      merchant_id: "MFAKE",
      type: "payment.updated",
      event_id: "evt_1",
      created_at: "2026-11-22T12:00:00Z",
    },
    data: {
      type: "payment",
      id: "PAYfake1",
      object: { payment: { id: "PAYfake1", order_id: "O1" } },
      ...data,
    },
    ...changes,
  });

const about = (object: Json) => event({}, { object });
const move = (state: string) => (id: string) => fake.moveOrder(fake.orderOf(id), state);
const attempt = (status: string) => (id: string) => void fake.attempt(id, status);
const orderId = (reference: string | null) => reference?.split("/")[0] ?? "";

testGateway({
  name: "square",
  connect: ({ fetch }) => connect(fetch),
  modes: {
    "https://connect.squareup.com": "live",
    "https://connect.squareupsandbox.com": "test",
    "http://127.0.0.1:9999": null,
  },
  connectAs: (SQUARE_API_URL) => connect(fake.fetch, { ...fake.variables(API_URL), SQUARE_API_URL }),
  vendor: (request) => fake.fetch(request),
  secrets: [SQUARE_ACCESS_TOKEN, SQUARE_SIGNATURE_KEY, SQUARE_OLD_SIGNATURE_KEY],
  idempotencyKey: async (request) => {
    const text = await request.text();
    return text === "" ? null : (((JSON.parse(text) as Json).idempotency_key as string | undefined) ?? null);
  },
  looksFirst: ["expire", "refund"],
  asked: async (request) => {
    const { order } = (await request.json()) as { order?: { line_items?: Json[] } };
    return order?.line_items?.[0]?.base_price_money;
  },
  amounts: [
    { amount: 1999, currency: "USD", asked: { amount: 1999, currency: "USD" } },
    { amount: 500, currency: "JPY", asked: { amount: 500, currency: "JPY" } },
    { amount: 1, currency: "EUR", asked: { amount: 1, currency: "EUR" } },
  ],
  states: [
    { name: "a DRAFT order", bring: () => undefined, means: { status: "pending" }, afterExpire: "canceled" },
    {
      name: "an OPEN order with a FAILED payment",
      bring: attempt("FAILED"),
      means: { status: "pending", failureCode: null },
      afterExpire: "canceled",
    },
    {
      name: "an OPEN order with a CANCELED payment",
      bring: attempt("CANCELED"),
      means: { status: "pending" },
      afterExpire: "canceled",
    },
    {
      // A hold that Square itself takes: the shop has nothing to do, and nothing that it could do.
      name: "an OPEN order with an APPROVED payment",
      bring: attempt("APPROVED"),
      means: { status: "processing" },
      afterExpire: "processing",
    },
    {
      name: "an OPEN order with a PENDING payment",
      bring: attempt("PENDING"),
      means: { status: "processing" },
      afterExpire: "processing",
    },
    {
      name: "an OPEN order with a COMPLETED payment",
      bring: (id) => fake.pay(id),
      means: { status: "succeeded", amountCaptured: 1999 },
      afterExpire: "succeeded",
    },
    {
      name: "a COMPLETED order with a COMPLETED payment",
      bring: (id) => {
        fake.pay(id);
        move("COMPLETED")(id);
      },
      means: { status: "succeeded", amountCaptured: 1999 },
      afterExpire: "succeeded",
    },
    {
      name: "a COMPLETED order without a payment",
      bring: move("COMPLETED"),
      means: { status: "succeeded", amountCaptured: null },
      afterExpire: "succeeded",
    },
    {
      name: "a CANCELED order",
      bring: move("CANCELED"),
      means: { status: "canceled" },
      afterExpire: "canceled",
    },
    {
      name: "a CANCELED order that was paid all the same",
      bring: (id) => {
        move("CANCELED")(id);
        fake.payLate(id);
      },
      means: { status: "succeeded" },
      afterExpire: "succeeded",
    },
    {
      name: "a state of an order that is not documented",
      bring: move("FROZEN"),
      means: { status: "unsaid" },
      afterExpire: "unsaid",
    },
    {
      name: "a status of a payment that is not documented",
      bring: attempt("ON_HOLD"),
      means: { status: "unsaid" },
      afterExpire: "unsaid",
    },
  ],
  pay: (id) => fake.pay(id),
  refunds: {},
  money: {
    write: writeMoney,
    read: (total_money, currency) => {
      const order = orderForm.parse({ id: "O1", location_id: "L1", state: "OPEN", total_money });
      const seen = toObservation({ order, payments: [], refunds: [] }, null);
      return seen.currency === currency ? seen.amount : null;
    },
    currencies: 6,
  },
  paidEventId: (id) =>
    fake.eventsOf(id).findLast(({ type, body }) => type === "payment.updated" && body.includes("COMPLETED"))
      ?.eventId ?? "none",
  webhook: {
    subscribes: true,
    receipt: {
      field: "created_at",
      occurredAt: (body) => Date.parse(JSON.parse(body).created_at),
      signedAt: () => null,
      secret: 1,
    },
    body: ({ eventId, reference }) =>
      event({ event_id: eventId }, { object: { payment: { order_id: orderId(reference) } } }),
    sign: async (body, { secret }) => ({
      body,
      headers: new Headers(await signSquare(body, WEBHOOK_URL, secret)),
    }),
    url: () => WEBHOOK_URL,
    secondSecret: SQUARE_OLD_SIGNATURE_KEY,
    otherSecret: OTHER_KEY,
    unknown: [
      event({ type: "webhooks.test_notification", data: { type: "webhooks", id: "bc368e64" } }),
      event(
        { type: "catalog.version.updated" },
        { object: { catalog_version: { updated_at: "2026-11-22" } } },
      ),
      event({ type: "oauth.authorization.revoked" }, { object: { revocation: {} } }),
      event({ type: "order.custom_attribute.owned.updated" }, { id: "a:b/../c", object: null }),
      about({ payment: { id: "PAYfake1" } }),
      about({ payment: { id: "PAYfake1", order_id: "nobodys" } }),
    ],
    malformed: [
      event({ event_id: undefined }),
      event({ event_id: "" }),
      event({ event_id: 7 }),
      event({ event_id: "e".repeat(256) }),
      event({ type: undefined }),
      event({ type: 7 }),
      event({ type: "" }),
      event({ data: undefined }),
      event({ data: null }),
      event({ data: "payment" }),
      about({ payment: "PAYfake1" }),
      about({ payment: { order_id: 7 } }),
      about({ payment: { order_id: "../payments/1" } }),
      about({ refund: { payment_id: {} } }),
      about({ dispute: { disputed_payment: "PAYfake1" } }),
      `\ufeff${event()}`,
    ],
    toleranceMs: null,
  },
});

/** A session, and what is between it and the fake. */
async function opened(changes: Parameters<typeof createRequest>[0] = {}) {
  const request = createRequest(changes);
  const { transactionId } = request;
  const { observation, paymentUrl } = await connect().create(request);
  return {
    request,
    transactionId,
    paymentUrl,
    reference: { transactionId, reference: observation.reference },
  };
}

async function paid(changes: Parameters<typeof createRequest>[0] = {}) {
  const session = await opened(changes);
  fake.pay(session.transactionId);
  return session;
}

/** The fake, and a note of each call. */
function recording(change: (request: Request) => Promise<Response | null> | Response | null = () => null) {
  const calls: string[] = [];
  const bodies: Json[] = [];
  const fetch: Fetch = async (request) => {
    calls.push(`${request.method} ${new URL(request.url).pathname}`);
    const text = await request.clone().text();
    bodies.push(text === "" ? {} : (JSON.parse(text) as Json));
    return (await change(request)) ?? fake.fetch(request);
  };
  return { calls, bodies, fetch };
}

async function read(
  body: string,
  { url = WEBHOOK_URL, fetch = fake.fetch } = {},
): Promise<readonly Notice[]> {
  const headers = new Headers(await signSquare(body, url));
  return connect(fetch).readWebhook({ url, headers, body: utf8(body) });
}

const told = (transactionId: string, type: string) =>
  fake.eventsOf(transactionId).findLast((each) => each.type === type);

beforeEach(() => {
  fake = new FakeSquare();
  withoutPauses();
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("square.create", () => {
  it("says what the contract lists, and no more of the customer than an address for the receipt", async () => {
    const { calls, bodies, fetch } = recording();
    const customer = { email: "ada@example.com", name: "Ada", country: "US", locale: "en-US" };
    const request = createRequest({ customer });
    const { observation, paymentUrl } = await connect(fetch).create(request);
    expect(calls).toEqual(["POST /v2/online-checkout/payment-links"]);
    expect(bodies).toEqual([
      {
        idempotency_key: request.transactionId,
        order: {
          location_id: SQUARE_LOCATION_ID,
          reference_id: request.transactionId,
          line_items: [
            { name: "Two tickets", quantity: "1", base_price_money: { amount: 1999, currency: "USD" } },
          ],
          metadata: { transaction_id: request.transactionId, order_id: request.orderId },
        },
        checkout_options: {
          redirect_url: request.returnUrl,
          allow_tipping: false,
          ask_for_shipping_address: false,
          enable_coupon: false,
          enable_loyalty: false,
        },
        pre_populated_data: { buyer_email: "ada@example.com" },
        payment_note: request.transactionId,
      },
    ]);
    const { id, orderId: order, url } = fake.linkOf(request.transactionId);
    expect(observation.reference).toBe(`${order}/${id}`);
    expect(paymentUrl).toBe(url);
  });

  it("pins Square's version", async () => {
    const versions: (string | null)[] = [];
    const { fetch } = recording(({ headers }) => {
      versions.push(headers.get("square-version"));
      return null;
    });
    await connect(fetch).create(createRequest());
    expect(versions).toEqual(["2026-09-16"]);
  });

  it("names the order where there is no description, and leaves out an e-mail address that is not known", async () => {
    const { bodies, fetch } = recording();
    await connect(fetch).create(createRequest({ description: null, orderId: "A-7" }));
    expect(bodies[0]).toMatchObject({ order: { line_items: [{ name: "Order A-7" }] } });
    expect(bodies[0]).not.toHaveProperty("pre_populated_data");
  });

  it("fits each id into Square's limits", () => {
    expect(newTypeId("txn", Date.now()).length).toBeLessThanOrEqual(40);
    expect(newTypeId("rfd", Date.now()).length).toBeLessThanOrEqual(45);
  });

  it("asks for no currency that Square does not have", async () => {
    const { calls, fetch } = recording();
    await expect(connect(fetch).create(createRequest({ currency: "KWD" }))).rejects.toMatchObject({
      kind: "rejected",
    });
    expect(calls).toEqual([]);
  });

  it("believes no link of another order", async () => {
    const order = {
      id: "O1",
      location_id: "L1",
      state: "DRAFT",
      total_money: { amount: 1999, currency: "USD" },
    };
    const link = { id: "L1", order_id: "O1", url: "https://square.link/u/1" };
    const answer = (reference_id: string) =>
      Response.json({ payment_link: link, related_resources: { orders: [{ ...order, reference_id }] } });
    const request = createRequest();
    const { paymentUrl } = await connect(async () => answer(request.transactionId)).create(request);
    expect(paymentUrl).toBe(link.url);
    const other = connect(async () => answer("txn_other")).create(request);
    await expect(other).rejects.toMatchObject({ kind: "unknown" });
  });

  it.each([
    { url: "javascript:alert(1)" },
    { url: "/u/1" },
    { url: undefined },
    { id: "../1" },
    { order_id: undefined },
    { order_id: "a/b" },
  ])("sends no buyer to a link of %j", async (changes) => {
    const link = { id: "L1", order_id: "O1", url: "https://square.link/u/1", ...changes };
    const created = connect(async () => Response.json({ payment_link: link })).create(createRequest());
    await expect(created).rejects.toMatchObject({ kind: "unknown" });
  });

  it("is refused when its key is known with other terms", async () => {
    const { request } = await opened();
    await expect(connect().create({ ...request, amount: 2000 })).rejects.toMatchObject({ kind: "rejected" });
  });
});

describe("square.retrieve", () => {
  it("keeps one reference in every observation", async () => {
    const { reference, transactionId } = await opened();
    expect((await connect().retrieve(reference)).reference).toBe(reference.reference);
    fake.pay(transactionId);
    expect((await connect().retrieve(reference)).reference).toBe(reference.reference);
    expect((await connect().expire?.(reference))?.reference).toBe(reference.reference);
  });

  it("calls missing what Square says it does not have, and not what something on the way does not find", async () => {
    const reference = { transactionId: newTypeId("txn", Date.now()), reference: "O1/L1" };
    expect(await connect().retrieve(reference)).toMatchObject({ status: "missing", reference: "O1/L1" });
    const lost = connect(async () => new Response("<html>not found</html>", { status: 404 }));
    await expect(lost.retrieve(reference)).rejects.toMatchObject({ kind: "rejected" });
  });

  it("takes no answer about another transaction, another order, or another order's payment", async () => {
    const one = await paid();
    const other = await paid();
    const crossed = { transactionId: one.transactionId, reference: other.reference.reference };
    await expect(connect().retrieve(crossed)).rejects.toMatchObject({ kind: "unknown" });
    const swapped = (part: string, to: string) => (request: Request) =>
      request.url.includes(part) ? fake.fetch(new Request(`${API_URL}/v2/${to}`, request)) : null;
    const ofOther = fake.orderOf(other.transactionId);
    for (const swap of [
      swapped("/orders/", `orders/${ofOther.id}`),
      swapped("/payments/", `payments/${ofOther.payments[0]?.id}`),
      swapped("/payments/", "payments/none"),
    ]) {
      const { fetch } = recording(swap);
      await expect(connect(fetch).retrieve(one.reference)).rejects.toMatchObject({ kind: "unknown" });
    }
  });

  it("takes no other transaction's order for the one that an event names", async () => {
    const [one, other] = [await opened(), await opened()];
    const order = fake.orderOf(other.transactionId).id;
    const { fetch } = recording(() =>
      fake.fetch(new Request(`${API_URL}/v2/orders/${order}`, { headers: HEADERS })),
    );
    const body = told(one.transactionId, "order.created")?.body ?? "";
    await expect(read(body, { fetch })).rejects.toMatchObject({ kind: "unknown" });
  });

  it.each([{ amount: 19.99 }, { amount: -1 }, { amount: "1999" }, { amount: null }, { currency: "DOLLARS" }])(
    "believes no sum of %j",
    async (changes) => {
      const { reference, transactionId } = await opened();
      Object.assign(fake.orderOf(transactionId).total, changes);
      await expect(connect().retrieve(reference)).rejects.toMatchObject({ kind: "unknown" });
    },
  );

  it("believes no sums of another currency than the order's", async () => {
    const { transactionId, reference } = await paid();
    const [payment] = fake.orderOf(transactionId).payments;
    Object.assign(payment ?? {}, { amount: { amount: 1999, currency: "CAD" } });
    await expect(connect().retrieve(reference)).rejects.toMatchObject({ kind: "unknown" });
  });

  it("asks nothing of an attempt that failed", async () => {
    const { transactionId, reference } = await opened();
    fake.attempt(transactionId, "FAILED");
    fake.pay(transactionId);
    const { calls, fetch } = recording();
    expect(await connect(fetch).retrieve(reference)).toMatchObject({ status: "succeeded" });
    expect(calls.filter((call) => call.includes("/payments/"))).toHaveLength(1);
  });

  it("adds up what several payments have paid, once all of it is there", async () => {
    const { transactionId, reference } = await opened();
    const card = fake.attempt(transactionId, "APPROVED", { amount: 1499 });
    const giftCard = fake.attempt(transactionId, "APPROVED", { amount: 500 });
    expect(await connect().retrieve(reference)).toMatchObject({ status: "processing", amount: 1999 });
    fake.settle(giftCard, "COMPLETED");
    expect(await connect().retrieve(reference)).toMatchObject({ status: "processing" });
    fake.settle(card, "COMPLETED");
    expect(await connect().retrieve(reference)).toMatchObject({ status: "succeeded", amountCaptured: 1999 });
  });

  it("tells of money that is not the whole sum, and of a tip on top of it", async () => {
    const part = await opened();
    fake.attempt(part.transactionId, "COMPLETED", { amount: 500 });
    const taken = { status: "succeeded", amount: 1999 };
    expect(await connect().retrieve(part.reference)).toMatchObject({ ...taken, amountCaptured: 500 });
    const tipped = await opened();
    fake.attempt(tipped.transactionId, "COMPLETED", { tip: 200 });
    expect(await connect().retrieve(tipped.reference)).toMatchObject({ ...taken, amountCaptured: 2199 });
  });

  it.each([
    ["PENDING", 0],
    ["COMPLETED", 500],
    ["REJECTED", 0],
    ["FAILED", 0],
    ["ON_HOLD", 0],
  ])("counts a refund that is %s as %i", async (status, amountRefunded) => {
    const { request, reference } = await paid();
    fake.slowRefunds = true;
    await connect().refund?.(reference, refundRequest(request, { amount: 500 }));
    fake.settleRefunds(status);
    expect(await connect().retrieve(reference)).toMatchObject({ status: "succeeded", amountRefunded });
  });

  it("says nothing of a mode: Square does not", async () => {
    const { reference } = await paid();
    expect(await connect().retrieve(reference)).toMatchObject({ mode: null, dispute: null });
  });
});

describe("square.expire", () => {
  it("deletes the link, and with it the order", async () => {
    const { reference, transactionId } = await opened();
    const { calls, fetch } = recording();
    expect(await connect(fetch).expire?.(reference)).toMatchObject({ status: "canceled" });
    expect(calls.filter((call) => !call.startsWith("GET"))).toEqual([
      `DELETE /v2/online-checkout/payment-links/${fake.linkOf(transactionId).id}`,
    ]);
    expect(fake.isOpen(transactionId)).toBe(false);
  });

  it("cancels the order itself where a failed attempt keeps it payable after the link is gone", async () => {
    const { reference, transactionId } = await opened();
    fake.attempt(transactionId, "FAILED");
    const { calls, bodies, fetch } = recording();
    expect(await connect(fetch).expire?.(reference)).toMatchObject({ status: "canceled" });
    const { id } = fake.orderOf(transactionId);
    const put = calls.indexOf(`PUT /v2/orders/${id}`);
    expect(bodies[put]).toEqual({
      order: { location_id: SQUARE_LOCATION_ID, version: 2, state: "CANCELED" },
    });
    expect(fake.isOpen(transactionId)).toBe(false);
  });

  it("touches nothing of a paid one", async () => {
    const { reference } = await paid();
    const { calls, fetch } = recording();
    expect(await connect(fetch).expire?.(reference)).toMatchObject({ status: "succeeded" });
    expect(calls.filter((call) => !call.startsWith("GET"))).toEqual([]);
  });

  it.each(["DELETE", "PUT"])("lets a payment win that comes just before the %s", async (method) => {
    const { reference, transactionId } = await opened();
    if (method === "PUT") {
      fake.attempt(transactionId, "FAILED");
    }
    let isPaid = false;
    const { fetch } = recording((request) => {
      if (request.method === method && !isPaid) {
        isPaid = true;
        fake.pay(transactionId);
      }
      return null;
    });
    expect(await connect(fetch).expire?.(reference)).toMatchObject({ status: "succeeded" });
    expect(isPaid).toBe(true);
    expect(fake.orderOf(transactionId).state).toBe("OPEN");
  });

  it.each([
    [400, "rejected"],
    [409, "unavailable"],
    [200, "unavailable"],
  ])("does not call closed what Square does not close: %i is %s", async (status, kind) => {
    const { reference, transactionId } = await opened();
    fake.attempt(transactionId, "FAILED");
    const { fetch } = recording(({ method }) =>
      method === "PUT" ? Response.json({ errors: [{ code: "BAD_REQUEST" }] }, { status }) : null,
    );
    await expect(connect(fetch).expire?.(reference)).rejects.toMatchObject({ kind });
    expect(await connect().expire?.(reference)).toMatchObject({ status: "canceled" });
  });

  it("goes on where an answer was lost", async () => {
    const { reference, transactionId } = await opened();
    fake.attempt(transactionId, "FAILED");
    const { fetch } = recording(async (request) => {
      if (request.method !== "DELETE") {
        return null;
      }
      await fake.fetch(request);
      throw new TypeError("connection reset");
    });
    await expect(connect(fetch).expire?.(reference)).rejects.toMatchObject({ kind: "unknown" });
    expect(await connect().expire?.(reference)).toMatchObject({ status: "canceled" });
  });

  it("believes no deletion of another link", async () => {
    const { reference } = await opened();
    const { fetch } = recording(({ method }) =>
      method === "DELETE" ? Response.json({ id: "LNKother" }) : null,
    );
    await expect(connect(fetch).expire?.(reference)).rejects.toMatchObject({ kind: "unknown" });
  });
});

describe("square.refund", () => {
  it("names the payment, and carries our id as key and as reason", async () => {
    const { request, reference, transactionId } = await paid();
    const { calls, bodies, fetch } = recording();
    const asked = refundRequest(request, { amount: 500 });
    await connect(fetch).refund?.(reference, asked);
    expect(bodies[calls.indexOf("POST /v2/refunds")]).toEqual({
      idempotency_key: asked.refundId,
      payment_id: fake.orderOf(transactionId).payments[0]?.id,
      amount_money: { amount: 500, currency: "USD" },
      reason: asked.refundId,
    });
  });

  it.each([
    ["PENDING", "pending", null],
    ["COMPLETED", "succeeded", null],
    ["REJECTED", "failed", "refund_rejected"],
    ["FAILED", "failed", "refund_failed"],
    ["ON_HOLD", "pending", null],
  ])("reads %s as %s, by Square's id of it and without it", async (word, status, failureCode) => {
    const { request, reference } = await paid();
    fake.slowRefunds = true;
    const asked = refundRequest(request);
    const first = await connect().refund?.(reference, asked);
    expect(first).toMatchObject({ status: "pending" });
    fake.settleRefunds(word);
    const seen = { status, failureCode, reference: first?.reference };
    expect(await connect().refund?.(reference, { ...asked, reference: first?.reference ?? null })).toEqual(
      seen,
    );
    expect(await connect().refund?.(reference, asked)).toEqual(seen);
  });

  it("is one refund when its answer was lost, also after Square has forgotten the key", async () => {
    const { request, reference, transactionId } = await paid();
    const asked = refundRequest(request, { amount: 500, createdAt: Date.now() - 30 * 24 * 3_600_000 });
    const { fetch } = recording(async (call) => {
      if (call.method !== "POST") {
        return null;
      }
      await fake.fetch(call);
      throw new TypeError("connection reset");
    });
    await expect(connect(fetch).refund?.(reference, asked)).rejects.toMatchObject({ kind: "unknown" });
    fake.forgetKeys();
    expect(await connect().refund?.(reference, asked)).toMatchObject({ status: "succeeded" });
    expect(fake.refunded(transactionId)).toBe(500);
  });

  it("is not taken for refused where the key is known with another request, or another refund is under way", async () => {
    const { request, reference } = await paid();
    const refusal = (code: string) =>
      recording(({ method }) =>
        method === "POST"
          ? Response.json({ errors: [{ category: "INVALID_REQUEST_ERROR", code }] }, { status: 400 })
          : null,
      ).fetch;
    const kindOf = (code: string) => connect(refusal(code)).refund?.(reference, refundRequest(request));
    await expect(kindOf("IDEMPOTENCY_KEY_REUSED")).rejects.toMatchObject({ kind: "unknown" });
    await expect(kindOf("REFUND_ALREADY_PENDING")).rejects.toMatchObject({ kind: "unavailable" });
    await expect(kindOf("REFUND_DECLINED")).rejects.toMatchObject({ kind: "rejected" });
  });

  it("is not taken for failed where Square does not find it by its id", async () => {
    const { request, reference } = await paid();
    const lost = connect().refund?.(reference, refundRequest(request, { reference: "REFnone" }));
    await expect(lost).rejects.toMatchObject({ kind: "unknown" });
  });

  it("believes no answer about another sum, or another payment", async () => {
    const { request, reference } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    const { reference: id = null } = (await connect().refund?.(reference, asked)) ?? {};
    for (const wrong of [
      { ...asked, amount: 501 },
      { ...asked, amount: 501, reference: id },
      { ...asked, currency: "CAD" },
    ]) {
      await expect(connect().refund?.(reference, wrong)).rejects.toMatchObject({ kind: "unknown" });
    }
    const { fetch } = recording(async (call) => {
      if (call.method !== "POST") {
        return null;
      }
      const { refund } = (await (await fake.fetch(call)).json()) as { refund: Json };
      return Response.json({ refund: { ...refund, payment_id: "PAYother" } });
    });
    const other = connect(fetch).refund?.(reference, refundRequest(request, { amount: 1 }));
    await expect(other).rejects.toMatchObject({ kind: "unknown" });
  });

  it("takes it of a payment that has as much left, where two have paid", async () => {
    const { request, reference, transactionId } = await opened();
    const small = fake.attempt(transactionId, "COMPLETED", { amount: 500 });
    const large = fake.attempt(transactionId, "COMPLETED", { amount: 1499 });
    const back = ({ refunds }: SquarePayment) => refunds.reduce((all, { amount }) => all + amount.amount, 0);
    for (const amount of [1000, 400, 499]) {
      await connect().refund?.(reference, refundRequest(request, { amount }));
    }
    expect([back(small), back(large)]).toEqual([400, 1499]);
    // 100 are left in all: more than that Square refuses.
    const excess = connect().refund?.(reference, refundRequest(request, { amount: 101 }));
    await expect(excess).rejects.toMatchObject({ kind: "rejected" });
  });

  it.each(["REJECTED", "FAILED"])("does not count against a payment what was %s of it", async (status) => {
    const { request, reference, transactionId } = await opened();
    const small = fake.attempt(transactionId, "COMPLETED", { amount: 500 });
    fake.attempt(transactionId, "COMPLETED", { amount: 1499 });
    fake.slowRefunds = true;
    await connect().refund?.(reference, refundRequest(request, { amount: 500 }));
    fake.settleRefunds(status);
    await connect().refund?.(reference, refundRequest(request, { amount: 500 }));
    expect(small.refunds.map((refund) => refund.status)).toEqual([status, "PENDING"]);
  });
});

describe("square.readWebhook", () => {
  it("reads everything that the fake sends, under Square's own ids", async () => {
    const { request, reference, transactionId } = await paid();
    await connect().refund?.(reference, refundRequest(request, { amount: 500 }));
    fake.dispute(transactionId, "EVIDENCE_REQUIRED", "dispute.created");
    const types = fake.eventsOf(transactionId).map(({ type }) => type);
    expect(new Set(types)).toEqual(
      new Set([
        ...["order.created", "order.updated", "payment.created", "payment.updated"],
        ...["refund.created", "refund.updated", "dispute.created"],
      ]),
    );
    for (const { url, headers, body } of await fake.takeWebhooks(WEBHOOK_URL)) {
      const sent = { url, headers: new Headers(headers), body: utf8(body) };
      const state = { status: "succeeded", amount: 1999, currency: "USD", amountRefunded: 500 };
      const { event_id, type } = JSON.parse(body) as Json;
      const dispute = type === "dispute.created" ? "open" : null;
      expect(await connect().readWebhook(sent)).toMatchObject([
        { eventId: event_id, transactionId, observation: { ...state, dispute, reference: null } },
      ]);
    }
  });

  it("asks Square, whatever the event says", async () => {
    const { transactionId } = await opened();
    const body = about({ payment: { order_id: fake.orderOf(transactionId).id, status: "COMPLETED" } });
    expect(await read(body)).toMatchObject([{ transactionId, observation: { status: "pending" } }]);
  });

  it("finds the order of a refund by its payment: the refund's own is another", async () => {
    const { request, reference, transactionId } = await paid();
    await connect().refund?.(reference, refundRequest(request));
    const body = told(transactionId, "refund.updated")?.body ?? "";
    const { refund } = JSON.parse(body).data.object;
    expect(refund.order_id).not.toBe(fake.orderOf(transactionId).id);
    expect(await read(body)).toMatchObject([{ transactionId, observation: { amountRefunded: 1999 } }]);
  });

  it.each([
    ["INQUIRY_EVIDENCE_REQUIRED", "open"],
    ["INQUIRY_PROCESSING", "open"],
    ["INQUIRY_CLOSED", "won"],
    ["EVIDENCE_REQUIRED", "open"],
    ["PROCESSING", "open"],
    ["WON", "won"],
    ["LOST", "lost"],
    ["ACCEPTED", "lost"],
    ["MEDIATED", null],
  ])("reads a dispute that is %s as %s", async (state, dispute) => {
    const { transactionId } = await paid();
    fake.dispute(transactionId, state);
    const body = told(transactionId, "dispute.state.updated")?.body ?? "";
    expect(await read(body)).toMatchObject([
      { transactionId, observation: { status: "succeeded", dispute } },
    ]);
  });

  it.each(["dispute.state.changed", "dispute.evidence.created", "payment.something", "refund.something"])(
    "follows %s too, by what it names",
    async (type) => {
      const { transactionId } = await paid();
      const [{ id, orderId: order }] = fake.orderOf(transactionId).payments as [SquarePayment];
      const objects: Json = {
        dispute: { dispute: { state: "PROCESSING", disputed_payment: { payment_id: id } } },
        payment: { payment: { id, order_id: order } },
        refund: { refund: { payment_id: id } },
      };
      const object = objects[type.split(".")[0] ?? ""];
      expect(await read(event({ type }, { object }))).toMatchObject([
        { transactionId, observation: { status: "succeeded" } },
      ]);
    },
  );

  it("passes over what others sell there, without a look at how that was paid", async () => {
    const till = fake.sellAtTill();
    const { body } = fake.events.at(-1) ?? { body: "" };
    expect(await read(body)).toEqual([]);
    expect(
      await read(event({ type: "refund.updated" }, { object: { refund: { payment_id: till.id } } })),
    ).toEqual([]);
    const { transactionId } = await paid();
    const order = fake.orderOf(transactionId);
    for (const referenceId of [null, "PMO-3-3320", `${transactionId}x`]) {
      Object.assign(order, { referenceId });
      const { calls, fetch } = recording();
      expect(await read(about({ payment: { order_id: order.id } }), { fetch })).toEqual([]);
      expect(calls).toEqual([`GET /v2/orders/${order.id}`]);
    }
  });

  it("verifies the address as Square was told it", async () => {
    const { transactionId } = await paid();
    const body = told(transactionId, "payment.updated")?.body ?? "";
    const headers = new Headers(await signSquare(body, WEBHOOK_URL));
    for (const url of [`${WEBHOOK_URL}/`, WEBHOOK_URL.replace("http", "https"), `${WEBHOOK_URL}?x`]) {
      const moved = connect().readWebhook({ url, headers, body: utf8(body) });
      await expect(moved).rejects.toMatchObject({ kind: "unverified" });
    }
  });

  it("refuses a signature in another form than Square's, though of the same bytes", async () => {
    const body = event();
    const { "x-square-hmacsha256-signature": good } = await signSquare(body, WEBHOOK_URL);
    const forms = [
      good.replace("=", ""),
      `${good}=`,
      ` ${good.slice(0, 8)} ${good.slice(8)}`,
      Uint8Array.fromBase64(good).toHex(),
    ];
    for (const signature of ["", ...forms]) {
      const headers = new Headers({ "x-square-hmacsha256-signature": signature });
      const sent = connect().readWebhook({ url: WEBHOOK_URL, headers, body: utf8(body) });
      await expect(sent).rejects.toMatchObject({ kind: "unverified" });
    }
    const sha1 = new Headers({ "x-square-signature": good });
    const old = connect().readWebhook({ url: WEBHOOK_URL, headers: sha1, body: utf8(body) });
    await expect(old).rejects.toMatchObject({ kind: "unverified" });
  });

  it("is an error, to be sent again, while Square does not answer", async () => {
    const { transactionId } = await paid();
    const body = told(transactionId, "payment.updated")?.body ?? "";
    const away: Fetch = async () => new Response("", { status: 503 });
    await expect(read(body, { fetch: away })).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("square.missedEvents", () => {
  const AT = Date.parse("2026-11-22T12:00:00.500Z");
  const list = (fetch: Fetch = fake.fetch, since = Date.now() - 60_000, until = Date.now() + 60_000) =>
    readMissed(connect(fetch).missedEvents?.(since, until));
  /** Square's list as it is put, and all else from the fake. */
  const listing = (answer: Json, change: (request: Request) => Response | null = () => null) =>
    recording((request) => (request.url.endsWith("/v2/events") ? Response.json(answer) : change(request)));
  const news = async (changes: Json = {}) => {
    const { transactionId } = await paid();
    return { ...JSON.parse(told(transactionId, "payment.updated")?.body ?? ""), ...changes };
  };

  it("looks once at an order, however many events there are of it", async () => {
    const { transactionId, request, reference } = await paid();
    await connect().refund?.(reference, refundRequest(request));
    const { calls, fetch } = recording();
    const notices = await list(fetch);
    expect(notices.length).toBeGreaterThan(4);
    expect(new Set(notices.map((notice) => notice.transactionId))).toEqual(new Set([transactionId]));
    expect(calls.filter((call) => call.includes("/orders/"))).toHaveLength(1);
  });

  it("tells of disputes, and of nothing twice", async () => {
    const { transactionId } = await paid();
    fake.dispute(transactionId, "LOST");
    const notices = await list();
    expect(notices.at(-1)).toMatchObject({ transactionId, observation: { dispute: "lost" } });
    expect(new Set(notices.map(({ eventId }) => eventId)).size).toBe(notices.length);
  });

  it("asks for what concerns it, oldest first, with the same query on each page", async () => {
    for (let index = 0; index < 40; index += 1) {
      await paid();
    }
    const { bodies, calls, fetch } = recording();
    await list(fetch);
    const asked = bodies.filter((_, index) => calls[index] === "POST /v2/events");
    expect(asked.length).toBeGreaterThan(1);
    expect(new Set(asked.map(({ query }) => JSON.stringify(query))).size).toBe(1);
    expect(asked[0]).toMatchObject({
      limit: 100,
      query: {
        filter: { event_types: connect().webhook.events },
        sort: { field: "DEFAULT", order: "ASC" },
      },
    });
    expect(asked.map(({ cursor }) => cursor)).toEqual([undefined, "100"]);
  });

  it("tells what lies in the time that it was asked for, whatever Square takes for its ends", async () => {
    const at = async (offMs: number) => news({ created_at: new Date(AT + offMs).toISOString() });
    const { bodies, fetch } = listing({ events: [await at(-1), await at(0), await at(999), await at(1000)] });
    const notices = await list(fetch, AT, AT + 1000);
    expect(notices.map(({ createdAt }) => createdAt - AT)).toEqual([0, 999]);
    expect(bodies[0]).toMatchObject({
      query: {
        filter: { created_at: { start_at: "2026-11-22T12:00:00.499Z", end_at: "2026-11-22T12:00:01.500Z" } },
      },
    });
  });

  it("hides nothing behind what Square refuses to show, and waits where it does not answer", async () => {
    const [hidden, good] = [await news(), await news()];
    const refusing = (status: number) =>
      listing({ events: [hidden, good] }, ({ url }) =>
        url.endsWith(hidden.data.object.payment.order_id) ? Response.json({ errors: [] }, { status }) : null,
      ).fetch;
    expect(await list(refusing(400))).toMatchObject([{ eventId: good.event_id }]);
    await expect(list(refusing(500))).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("passes over an item of another form, and is empty where there is nothing", async () => {
    const good = await news();
    const bad = [null, { type: 7 }, { ...good, created_at: undefined }, { ...good, created_at: "soon" }];
    const { fetch } = listing({ events: [...bad, good] });
    expect(await list(fetch)).toMatchObject([{ eventId: good.event_id }]);
    expect(await list(async () => Response.json({}))).toEqual([]);
  });

  it("gives up on a list without an end", async () => {
    const { calls, fetch } = listing({ events: [], cursor: "again" });
    await expect(list(fetch)).rejects.toMatchObject({ kind: "unknown" });
    expect(calls).toHaveLength(100);
  });
});

describe("square, by Square's own SDK", () => {
  const verify = (body: string, signature: string, key: string, url: string) =>
    WebhooksHelper.verifySignature({
      requestBody: body,
      signatureHeader: signature,
      signatureKey: key,
      notificationUrl: url,
    });
  const reads = async (bytes: Uint8Array<ArrayBuffer>, signature: string, key: string, url: string) => {
    const variables = { ...fake.variables(API_URL), SQUARE_WEBHOOK_SIGNATURE_KEY: key };
    const headers = new Headers({ "x-square-hmacsha256-signature": signature });
    return connect(fake.fetch, variables).readWebhook({ url, headers, body: bytes });
  };
  const anyKey = fc.stringMatching(/^[A-Za-z0-9_-]{22,43}$/).filter((key) => !key.startsWith("replace-me"));
  const anyUrl = fc.stringMatching(
    /^https:\/\/[a-z0-9-]{1,30}\.example(:\d{1,4})?\/[\w/%.-]{0,40}(\?[\w=&]{1,20})?$/,
  );
  const anyEvent = fc
    .record({ text: fc.string({ unit: "binary" }), event_id: fc.uuid() })
    .map(({ text, event_id }) => event({ type: "catalog.version.updated", event_id }, { object: { text } }));

  it("accepts what its verifier accepts, and refuses with it what has a byte changed", async () => {
    await fc.assert(
      fc.asyncProperty(anyKey, anyUrl, anyEvent, fc.nat(), async (key, url, body, at) => {
        const { "x-square-hmacsha256-signature": signature } = await signSquare(body, url, key);
        expect(await verify(body, signature, key, url)).toBe(true);
        expect(await reads(utf8(body), signature, key, url)).toEqual([]);

        const bytes = Uint8Array.fromBase64(signature);
        const index = at % bytes.length;
        const forged = bytes.with(index, (bytes[index] ?? 0) ^ 1).toBase64();
        expect(await verify(body, forged, key, url)).toBe(false);
        await expect(reads(utf8(body), forged, key, url)).rejects.toMatchObject({ kind: "unverified" });

        const place = at % 20;
        const changed = `${body.slice(0, place)}${body[place] === " " ? "x" : " "}${body.slice(place + 1)}`;
        expect(await verify(changed, signature, key, url)).toBe(false);
        await expect(reads(utf8(changed), signature, key, url)).rejects.toMatchObject({ kind: "unverified" });

        expect(await verify(body, signature, key, `${url}x`)).toBe(false);
        await expect(reads(utf8(body), signature, key, `${url}x`)).rejects.toMatchObject({
          kind: "unverified",
        });
      }),
      { numRuns: 60 },
    );
  });

  it("accepts the signature that Square's SDKs are tested with", async () => {
    const url = "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9";
    const key = "Ibxx_5AKakO-3qeNVR61Dw";
    const signature = "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4=";
    const body = JSON.stringify({
      ...{ merchant_id: "MLEFBHHSJGVHD", type: "webhooks.test_notification" },
      ...{ event_id: "ac3ac95b-f97d-458c-a6e6-18981597e05f", created_at: "2022-07-13T20:30:59.037339943Z" },
      data: { type: "webhooks", id: "bc368e64-01aa-407e-b46e-3231809b1129" },
    });
    expect(await verify(body, signature, key, url)).toBe(true);
    expect(await reads(utf8(body), signature, key, url)).toEqual([]);
  });

  const client = (token = SQUARE_ACCESS_TOKEN) =>
    new SquareClient({
      ...{ token, baseUrl: API_URL, maxRetries: 0 },
      fetch: async (input: string | URL | Request, init?: RequestInit) =>
        fake.fetch(new Request(input, init)),
    });

  it("is served by the fake as by Square: its client opens, pays, refunds, lists and deletes there", async () => {
    const txn = newTypeId("txn", Date.now());
    const square = client();
    const money = { amount: 1999n, currency: "USD" } as const;
    const { paymentLink, relatedResources } = await square.checkout.paymentLinks.create({
      idempotencyKey: txn,
      order: {
        ...{ locationId: SQUARE_LOCATION_ID, referenceId: txn },
        lineItems: [{ name: "Two tickets", quantity: "1", basePriceMoney: money }],
      },
    });
    expect(relatedResources?.orders?.[0]).toMatchObject({
      state: "DRAFT",
      referenceId: txn,
      totalMoney: money,
    });
    expect(paymentLink?.url).toMatch(/^https:/);
    fake.pay(txn);
    const { order } = await square.orders.get({ orderId: paymentLink?.orderId ?? "" });
    expect(order).toMatchObject({ state: "OPEN", tenders: [{ cardDetails: { status: "CAPTURED" } }] });
    const paymentId = order?.tenders?.[0]?.paymentId ?? "";
    const { refund } = await square.refunds.refundPayment({
      ...{ idempotencyKey: "rfd_1", paymentId, amountMoney: { amount: 500n, currency: "USD" } },
    });
    expect(refund).toMatchObject({ status: "COMPLETED", paymentId, amountMoney: { amount: 500n } });
    expect(await square.refunds.get({ refundId: refund?.id ?? "" })).toEqual({ refund });
    const { payment } = await square.payments.get({ paymentId });
    expect(payment).toMatchObject({
      ...{ status: "COMPLETED", refundIds: [refund?.id], refundedMoney: { amount: 500n } },
      orderId: order?.id,
    });
    const { events = [] } = await square.events.searchEvents({
      query: { filter: { createdAt: { startAt: new Date(Date.now() - 60_000).toISOString() } } },
    });
    expect(events.map(({ type }) => type)).toContain("refund.updated");
  });

  it("is served by the fake with Square's refusals, and its cancellations", async () => {
    const { transactionId } = await opened();
    const { id, orderId: order } = fake.linkOf(transactionId);
    expect(await client().checkout.paymentLinks.delete({ id })).toMatchObject({
      id,
      cancelledOrderId: order,
    });
    const errorOf = (call: PromiseLike<unknown>): Promise<SquareError> =>
      Promise.resolve(call).then(
        () => expect.unreachable(),
        (error: SquareError) => error,
      );
    const gone = await errorOf(client().checkout.paymentLinks.delete({ id }));
    expect([gone.statusCode, gone.errors[0]?.code]).toEqual([404, "NOT_FOUND"]);
    const stranger = await errorOf(client("EAAA_of_somebody_else").orders.get({ orderId: order }));
    expect([stranger.statusCode, stranger.errors[0]?.code]).toEqual([401, "UNAUTHORIZED"]);
    const open = await opened();
    fake.attempt(open.transactionId, "FAILED");
    const { id: orderId, locationId, version }: SquareOrder = fake.orderOf(open.transactionId);
    const cancel = { locationId, state: "CANCELED" } as const;
    const stale = await errorOf(
      client().orders.update({ orderId, order: { ...cancel, version: version - 1 } }),
    );
    expect([stale.statusCode, stale.errors[0]?.code]).toEqual([409, "CONFLICT"]);
    const { order: canceled } = await client().orders.update({ orderId, order: { ...cancel, version } });
    expect(canceled).toMatchObject({ state: "CANCELED" });
  });

  it("finds the adapter's requests in its own form, without a field that it does not know", async () => {
    const { calls, bodies, fetch } = recording();
    const gateway = connect(fetch);
    const customer = { email: "ada@example.com" };
    const request = createRequest({ customer });
    const { observation } = await gateway.create(request);
    const { transactionId } = request;
    fake.pay(transactionId);
    await gateway.refund?.({ transactionId, reference: observation.reference }, refundRequest(request));
    const other = await opened();
    fake.attempt(other.transactionId, "FAILED");
    await gateway.expire?.(other.reference);
    for await (const _ of gateway.missedEvents?.(Date.now() - 60_000, Date.now() + 60_000) ?? []) {
      break;
    }
    const forms = {
      "POST /v2/online-checkout/payment-links": serialization.checkout.CreatePaymentLinkRequest,
      "POST /v2/refunds": serialization.refunds.RefundPaymentRequest,
      [`PUT /v2/orders/${fake.orderOf(other.transactionId).id}`]: serialization.UpdateOrderRequest,
      "POST /v2/events": serialization.SearchEventsRequest,
    };
    for (const [call, form] of Object.entries(forms)) {
      const body = bodies[calls.indexOf(call)];
      expect(form.parse(body, { unrecognizedObjectKeys: "fail" }), call).toMatchObject({ ok: true });
      const misspelt = { ...body, idempotencyKey: "x" };
      expect(form.parse(misspelt, { unrecognizedObjectKeys: "fail" }), call).toMatchObject({ ok: false });
    }
  });

  it("finds the fake's events and answers in its own form", async () => {
    const { transactionId, request, reference } = await paid();
    await connect().refund?.(reference, refundRequest(request));
    fake.dispute(transactionId, "WON");
    const forms = {
      "payment.created": serialization.PaymentCreatedEvent,
      "payment.updated": serialization.PaymentUpdatedEvent,
      "order.created": serialization.OrderCreatedEvent,
      "order.updated": serialization.OrderUpdatedEvent,
      "refund.created": serialization.RefundCreatedEvent,
      "refund.updated": serialization.RefundUpdatedEvent,
    };
    for (const [type, form] of Object.entries(forms)) {
      const body = JSON.parse(told(transactionId, type)?.body ?? "");
      expect(form.parse(body, { unrecognizedObjectKeys: "fail" }), type).toMatchObject({ ok: true });
    }
    const { dispute } = JSON.parse(told(transactionId, "dispute.state.updated")?.body ?? "").data.object;
    expect(serialization.Dispute.parse(dispute, { unrecognizedObjectKeys: "fail" })).toMatchObject({
      ok: true,
    });
  });

  it("has no word that the adapter does not know", async () => {
    const states = Object.values((await import("square")).OrderState);
    expect(states.toSorted()).toEqual(["CANCELED", "COMPLETED", "DRAFT", "OPEN"]);
    const disputes = Object.values((await import("square")).DisputeState);
    for (const state of disputes) {
      const { transactionId } = await paid();
      fake.dispute(transactionId, state);
      const [notice] = await read(told(transactionId, "dispute.state.updated")?.body ?? "");
      expect(notice?.observation.dispute, state).not.toBeNull();
    }
  });
});

describe("square.config", () => {
  const variables: Json = fake.variables(`${API_URL}/`);

  it.each(["SQUARE_ACCESS_TOKEN", "SQUARE_LOCATION_ID", "SQUARE_WEBHOOK_SIGNATURE_KEY"])(
    "is nothing without %s",
    (name) => {
      const { error } = square.config.safeParse({ ...variables, [name]: undefined });
      expect(error?.issues.map(({ path }) => path[0])).toEqual([name]);
    },
  );

  it("speaks to the live Square unless it is told otherwise", async () => {
    const urls: string[] = [];
    const fetch: Fetch = async ({ url }) => {
      urls.push(url);
      return Response.json({}, { status: 404 });
    };
    for (const url of [undefined, "https://connect.squareupsandbox.com/"]) {
      const gateway = connect(fetch, { ...variables, SQUARE_API_URL: url });
      await gateway.retrieve({ transactionId: "txn_1", reference: "O1/L1" }).catch(() => null);
    }
    expect(urls).toEqual([
      "https://connect.squareup.com/v2/orders/O1",
      "https://connect.squareupsandbox.com/v2/orders/O1",
    ]);
  });

  it.each([
    ["Ibxx_5AKakO-3qeNVR61Dw", true],
    ["zvJH0S1JpIfake_key_of_43_characters_wyv1KQ00", true],
    ["Ibxx_5AKakO-3qeNVR61Dw, fake_signature_key_023", true],
    ["Ibxx_5AKakO-3qeNVR61D", false],
    ["two words, each of them too short", false],
    ["replace-me-with-the-signature-key", false],
    ["", false],
  ])("takes the signature keys %j: %s", (keys, isTaken) => {
    const parsed = square.config.safeParse({ ...variables, SQUARE_WEBHOOK_SIGNATURE_KEY: keys });
    expect(parsed.success).toBe(isTaken);
  });
});
