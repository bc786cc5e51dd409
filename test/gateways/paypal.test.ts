import { X509Certificate } from "node:crypto";
import { crc32 } from "node:zlib";
import {
  ApiError,
  type CaptureRequest,
  CheckoutPaymentIntent,
  Client,
  Environment,
  type OrderAuthorizeRequest,
  type OrderCaptureRequest,
  type OrderRequest,
  OrdersController,
  PaymentsController,
  type RefundRequest,
} from "@paypal/paypal-server-sdk";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Gateway, GatewayReference, Tools } from "../../src/gateways/gateway.ts";
import { connectPayPal, paypal } from "../../src/gateways/paypal.ts";
import { readPayPalAmount, writePayPalAmount } from "../../src/gateways/paypal-money.ts";
import { PAYPAL_ROOTS } from "../../src/gateways/paypal-roots.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { createRequest, testGateway, withoutPauses } from "../support/gateway-contract.ts";
import { readMissed } from "../support/missed-events.ts";
import { captureRequest, refundRequest } from "../support/money-contract.ts";
import { issueCertificate, makeKeys, type Terms } from "../support/vendors/certificates.ts";
import {
  checksum,
  FakePayPal,
  PAYPAL_CERT_URL,
  PAYPAL_CLIENT_ID,
  PAYPAL_CLIENT_SECRET,
  PAYPAL_URL,
  PAYPAL_WEBHOOK_ID,
  type Payment,
  type Signing,
} from "../support/vendors/paypal.ts";

type Fetch = Tools["fetch"];
type Json = Record<string, unknown>;
type OrderBody = { purchase_units: [{ amount: Json }] };

const WEBHOOK_URL = "http://localhost:8787/webhooks/paypal";
const SECOND_WEBHOOK_ID = "1WH0FAKE00000002";
const OTHER_WEBHOOK_ID = "1WH0FAKE00000009";
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

const fake = new FakePayPal();
const { root, issuer, leaf } = await fake.pki;
const roots: readonly string[] = [root];

function connect(
  fetch: Fetch = fake.fetch,
  now: () => number = Date.now,
  variables: Json = {},
  trusted = roots,
): Gateway {
  const all = {
    ...fake.variables(PAYPAL_URL),
    PAYPAL_WEBHOOK_ID: `${PAYPAL_WEBHOOK_ID}, ${SECOND_WEBHOOK_ID}`,
    ...variables,
  };
  return connectPayPal(paypal.config.parse(all), { fetch, now }, trusted);
}

const event = (changes: Json = {}, resource: Json = {}) =>
  JSON.stringify({
    ...{ id: "WH-1", event_type: "PAYMENT.CAPTURE.COMPLETED", create_time: "2026-11-22T12:00:00.000Z" },
    resource: { id: "3C1", supplementary_data: { related_ids: { order_id: "5O1" } }, ...resource },
    ...changes,
  });

/** Puts an order into a state, as if by PayPal. */
const put = (
  id: string,
  status: string,
  made: Partial<Record<"captures" | "authorizations", string[]>> = {},
) => {
  const order = fake.order(id);
  order.status = status;
  for (const kind of ["captures", "authorizations"] as const) {
    const list = made[kind] ?? [];
    order[kind].push(
      ...list.map((each, index): Payment => payment(`${kind[0]}${order.id}${index}`, each, order.amount)),
    );
  }
};
const payment = (id: string, status: string, amount: Payment["amount"]): Payment => ({
  ...{
    id: id.toUpperCase(),
    status,
    amount,
    up: "/v2/checkout/orders/5O1",
    create_time: "2026-11-22T12:00:00Z",
  },
});
const completed = (made: Parameters<typeof put>[2]) => (id: string) => put(id, "COMPLETED", made);

testGateway({
  name: "connectPayPal",
  connect: ({ fetch, now }) => connect(fetch, now),
  modes: {
    "https://api-m.paypal.com": "live",
    "https://api-m.sandbox.paypal.com": "test",
    "http://127.0.0.1:9999": null,
  },
  connectAs: (PAYPAL_API_URL) => connect(fake.fetch, Date.now, { PAYPAL_API_URL }),
  vendor: fake.fetch,
  secrets: [PAYPAL_CLIENT_SECRET, btoa(`${PAYPAL_CLIENT_ID}:${PAYPAL_CLIENT_SECRET}`), "A21AAFake"],
  idempotencyKey: ({ headers }) => headers.get("paypal-request-id"),
  looksFirst: ["capture", "refund"],
  asked: async (request) =>
    request.url.endsWith("/v2/checkout/orders")
      ? ((await request.json()) as OrderBody).purchase_units[0].amount
      : undefined,
  amounts: [
    { amount: 1999, currency: "USD", asked: { currency_code: "USD", value: "19.99" } },
    { amount: 5, currency: "EUR", asked: { currency_code: "EUR", value: "0.05" } },
    { amount: 500, currency: "JPY", asked: { currency_code: "JPY", value: "500" } },
    { amount: 120_000, currency: "HUF", asked: { currency_code: "HUF", value: "1200" } },
    { amount: 4900, currency: "TWD", asked: { currency_code: "TWD", value: "49" } },
  ],
  money: {
    write: writePayPalAmount,
    read: (text, currency) => readPayPalAmount(String(text), currency),
    currencies: 24,
  },
  states: [
    { name: "CREATED", bring: (id) => put(id, "CREATED"), means: { status: "pending" } },
    { name: "SAVED", bring: (id) => put(id, "SAVED"), means: { status: "pending" } },
    { name: "PAYER_ACTION_REQUIRED", bring: () => undefined, means: { status: "pending" } },
    { name: "APPROVED", bring: (id) => fake.pay(id), means: { status: "approved" } },
    { name: "VOIDED", bring: (id) => put(id, "VOIDED"), means: { status: "canceled" } },
    {
      name: "an order's state that is not documented",
      bring: (id) => put(id, "ON_HOLD"),
      means: { status: "unsaid" },
    },
    { name: "COMPLETED without a payment", bring: (id) => put(id, "COMPLETED"), means: { status: "unsaid" } },
    {
      name: "capture COMPLETED",
      bring: (id) => fake.settle(id),
      means: { status: "succeeded", amountCaptured: 1999, mode: "test" },
    },
    { name: "capture PENDING", bring: completed({ captures: ["PENDING"] }), means: { status: "processing" } },
    { name: "capture DECLINED", bring: completed({ captures: ["DECLINED"] }), means: { status: "failed" } },
    { name: "capture FAILED", bring: completed({ captures: ["FAILED"] }), means: { status: "failed" } },
    { name: "capture ON_HOLD", bring: completed({ captures: ["ON_HOLD"] }), means: { status: "unsaid" } },
    {
      name: "capture DECLINED, then another COMPLETED",
      bring: completed({ captures: ["DECLINED", "COMPLETED"] }),
      means: { status: "succeeded", amountCaptured: 1999 },
    },
    {
      name: "capture PARTIALLY_REFUNDED",
      bring: completed({ captures: ["PARTIALLY_REFUNDED"] }),
      means: { status: "succeeded" },
    },
    {
      name: "capture REFUNDED with no refund, as after a reversal",
      bring: completed({ captures: ["REFUNDED"] }),
      means: { status: "succeeded", amountRefunded: 1999 },
    },
    {
      name: "authorization CREATED",
      bring: completed({ authorizations: ["CREATED"] }),
      means: { status: "authorized" },
    },
    {
      name: "authorization PENDING",
      bring: completed({ authorizations: ["PENDING"] }),
      means: { status: "processing" },
    },
    {
      name: "authorization DENIED",
      bring: completed({ authorizations: ["DENIED"] }),
      means: { status: "failed" },
    },
    {
      name: "authorization VOIDED",
      bring: completed({ authorizations: ["VOIDED"] }),
      means: { status: "canceled" },
    },
    {
      name: "authorization ON_HOLD",
      bring: completed({ authorizations: ["ON_HOLD"] }),
      means: { status: "unsaid" },
    },
    {
      name: "authorization CAPTURED, capture PENDING",
      bring: completed({ authorizations: ["CAPTURED"], captures: ["PENDING"] }),
      means: { status: "processing" },
    },
    {
      name: "authorization PARTIALLY_CAPTURED, capture COMPLETED",
      bring: completed({ authorizations: ["PARTIALLY_CAPTURED"], captures: ["COMPLETED"] }),
      means: { status: "succeeded" },
    },
    {
      name: "authorization CREATED after a capture that was DECLINED",
      bring: completed({ authorizations: ["CREATED"], captures: ["DECLINED"] }),
      means: { status: "authorized" },
    },
  ],
  hold: (id) => fake.hold(id),
  pay: (id) => fake.settle(id),
  refunds: {},
  paidEventId: (id) => fake.paidEventId(id),
  webhook: {
    subscribes: true,
    receipt: {
      field: "create_time",
      occurredAt: (body) => Date.parse(JSON.parse(body).create_time),
      // A repeated one carries the time of the first.
      signedAt: () => null,
      // PayPal's certificate does.
      secret: null,
    },
    body: ({ eventId, reference, transactionId }) =>
      event(
        { id: eventId },
        { custom_id: transactionId, supplementary_data: { related_ids: { order_id: reference } } },
      ),
    sign: async (body, { secret: webhookId = PAYPAL_WEBHOOK_ID, at = Date.now() }) => ({
      body,
      headers: await fake.sign(body, { webhookId, at }),
    }),
    secondSecret: SECOND_WEBHOOK_ID,
    otherSecret: OTHER_WEBHOOK_ID,
    unknown: [
      event({ event_type: "PAYMENT.SALE.COMPLETED" }, { custom_id: `txn_${"0".repeat(26)}` }),
      event({ event_type: "BILLING.PLAN.CREATED" }),
      event({ event_type: "paid" }),
    ],
    malformed: [
      event({ id: undefined }),
      event({ id: "" }),
      event({ id: 7 }),
      event({ id: "W".repeat(256) }),
      event({ event_type: undefined }),
      event({ event_type: "" }),
      event({ resource: undefined }),
      event({ resource: "capture" }),
      event({ resource: null }),
      `\ufeff${event()}`,
    ],
    // Retries come with the first time, for three days: the window's own tests are below.
    toleranceMs: null,
  },
});

interface Opened {
  readonly id: string;
  readonly reference: GatewayReference;
  readonly request: ReturnType<typeof createRequest>;
}

async function open(changes: Partial<ReturnType<typeof createRequest>> = {}): Promise<Opened> {
  const request = createRequest(changes);
  const { observation } = await connect().create(request);
  const { transactionId } = request;
  return { id: transactionId, reference: { transactionId, reference: observation.reference }, request };
}

/** Records the calls on their way to the fake, but for those about tokens and certificates. */
function recording(answer: (request: Request) => Response | undefined = () => undefined) {
  const calls: Request[] = [];
  const fetch: Fetch = async (request) => {
    if (request.url.startsWith(`${PAYPAL_URL}/v2/`)) {
      calls.push(request.clone());
    }
    return answer(request) ?? fake.fetch(request);
  };
  return { fetch, calls, said: () => calls.map(({ method, url }) => `${method} ${new URL(url).pathname}`) };
}

/** Tells of an order for ever what it told first. */
function stale(post: Fetch = fake.fetch): Fetch {
  let told: string | undefined;
  return async (request) => {
    if (!request.url.includes("/v2/checkout/orders/")) {
      return fake.fetch(request);
    }
    if (request.method === "POST") {
      return post(request);
    }
    told ??= await (await fake.fetch(request)).text();
    return new Response(told);
  };
}

const posts = (calls: readonly Request[]) => calls.filter(({ method }) => method === "POST");

async function deliver(body: string, signing: Signing = {}, gateway = connect()) {
  const bytes = utf8(body);
  return gateway.readWebhook({ url: WEBHOOK_URL, headers: await fake.sign(bytes, signing), body: bytes });
}

beforeEach(withoutPauses);
afterEach(() => {
  vi.restoreAllMocks();
  fake.refusal = null;
  fake.captureEnds = { status: "COMPLETED" };
  fake.refundsEnd = "COMPLETED";
  fake.now = Date.now;
});

describe("create", () => {
  it("says what PayPal needs, and nothing of the customer", async () => {
    const { fetch, calls } = recording();
    const request = createRequest({ customer: { email: "ada@example.com", name: "Ada" } });
    const { paymentUrl } = await connect(fetch).create(request);
    expect(paymentUrl).toMatch(/^https:\/\/www\.sandbox\.paypal\.com\/checkoutnow\?token=/);
    expect(calls.map(({ headers }) => headers.get("prefer"))).toEqual(["return=representation"]);
    expect(await calls[0]?.json()).toEqual({
      intent: "CAPTURE",
      purchase_units: [
        {
          custom_id: request.transactionId,
          amount: { currency_code: "USD", value: "19.99" },
          description: "Two tickets",
        },
      ],
      payment_source: {
        paypal: {
          experience_context: {
            return_url: request.returnUrl,
            cancel_url: request.cancelUrl,
            user_action: "PAY_NOW",
            shipping_preference: "NO_SHIPPING",
          },
        },
      },
    });
  });

  it.each([
    ["x".repeat(200), "x".repeat(127)],
    ["ü".repeat(100), "ü".repeat(63)],
    [`${"x".repeat(125)}😀`, "x".repeat(125)],
    ["ü".repeat(63), "ü".repeat(63)],
  ])("cuts a description to 127 bytes, and no character in two: %s", async (description, cut) => {
    const { fetch, calls } = recording();
    await connect(fetch).create(createRequest({ description }));
    expect(await calls[0]?.json()).toMatchObject({ purchase_units: [{ description: cut }] });
  });

  it("asks for an authorization where the shop captures, and leaves out a description that there is none of", async () => {
    const { fetch, calls } = recording();
    await connect(fetch).create(createRequest({ capture: "manual", description: null }));
    const body = (await calls[0]?.json()) as OrderBody;
    expect(body).toMatchObject({ intent: "AUTHORIZE" });
    expect(body.purchase_units[0]).not.toHaveProperty("description");
  });

  it.each(["payer-action", "approve"])("sends the buyer to the link that is called %s", async (rel) => {
    const request = createRequest();
    const created = answered({
      transactionId: request.transactionId,
      links: [{ rel, href: "https://pay.example/1" }],
    });
    expect((await connect(created).create(request)).paymentUrl).toBe("https://pay.example/1");
  });

  it.each([
    ["no page", { links: [] }],
    ["a page that is none", { links: [{ rel: "payer-action", href: "javascript:alert(1)" }] }],
    ["another transaction", { transactionId: "txn_2" }],
    ["an id with a path in it", { id: "5O1/../6" }],
  ])("believes no answer with %s", async (_what, changes) => {
    const request = createRequest();
    const created = answered({ transactionId: request.transactionId, ...changes });
    await expect(connect(created).create(request)).rejects.toMatchObject({ kind: "unknown" });
  });

  it.each([
    ["KWD", 1000],
    ["INR", 1000],
    ["HUF", 1050],
    ["TWD", 199],
  ])("refuses what PayPal cannot collect, before it is asked: %s %i", async (currency, amount) => {
    const { fetch, calls } = recording();
    await expect(connect(fetch).create(createRequest({ currency, amount }))).rejects.toMatchObject({
      kind: "rejected",
    });
    expect(calls).toEqual([]);
  });

  it("lives no longer than PayPal remembers its key", () => {
    expect(connect().lifetime?.maxMs).toBe(3 * HOUR_MS);
    expect(connect().expire).toBeUndefined();
  });
});

/** An order as PayPal tells it, whatever is asked. */
function answered({ transactionId = "txn_1", ...changes }: Json & { transactionId?: string }): Fetch {
  const order = {
    ...{ id: "5O1", status: "CREATED", intent: "CAPTURE" },
    purchase_units: [{ custom_id: transactionId, amount: { currency_code: "USD", value: "19.99" } }],
    links: [{ rel: "payer-action", href: "https://pay.example/1" }],
    ...changes,
  };
  return async ({ url }) =>
    Response.json(url.endsWith("/token") ? { access_token: "t", expires_in: 9 } : order);
}

describe("retrieve", () => {
  const reference = { transactionId: "txn_1", reference: "5O1" };

  it("takes no answer about another order or transaction", async () => {
    for (const changes of [{ transactionId: "txn_2" }, { id: "5O2" }]) {
      await expect(connect(answered(changes)).retrieve(reference)).rejects.toMatchObject({ kind: "unknown" });
    }
  });

  it("calls an order missing that has lapsed, but not for a 404 by somebody else", async () => {
    const opened = await open();
    fake.now = () => Date.now() + 4 * HOUR_MS;
    expect(await connect().retrieve(opened.reference)).toMatchObject({ status: "missing" });
    const { fetch } = recording(() => new Response("<h1>Not found</h1>", { status: 404 }));
    await expect(connect(fetch).retrieve(opened.reference)).rejects.toMatchObject({ kind: "rejected" });
  });

  it.each([
    ["DECLINED_BY_RISK_FRAUD_FILTERS", "declined_by_risk_fraud_filters"],
    ["<b>", null],
    [undefined, null],
  ])("reads the reason %j of a failure as %j", async (reason, failureCode) => {
    const opened = await open();
    fake.captureEnds = { status: "DECLINED", ...(reason === undefined ? {} : { reason }) };
    fake.settle(opened.id);
    expect(await connect().retrieve(opened.reference)).toMatchObject({ status: "failed", failureCode });
  });

  it.each([
    ["19.990", "USD", 1999],
    ["19.9", "USD", 1990],
    ["20", "USD", 2000],
    ["1000.00", "JPY", 1000],
    ["1200.00", "HUF", 120_000],
    ["1200", "HUF", 120_000],
    ["19.999", "USD", null],
    ["1000.50", "JPY", null],
    ["-1.00", "USD", null],
    ["1e3", "USD", null],
    [" 1.00", "USD", null],
    ["", "USD", null],
    [".50", "USD", null],
    ["99999999999999999999.00", "USD", null],
    ["1.00", "XXX", null],
    ["1.00", "constructor", null],
  ])("reads the sum %j %s as %j", (text, currency, amount) => {
    expect(readPayPalAmount(text, currency)).toBe(amount);
  });

  it("believes no sum that cannot be read, nor one of another currency", async () => {
    const capture = (amount: Json) => ({ captures: [{ id: "3C1", status: "COMPLETED", amount }] });
    for (const amount of [
      { currency_code: "EUR", value: "19.99" },
      { currency_code: "USD", value: "much" },
    ]) {
      const unit = {
        custom_id: "txn_1",
        amount: { currency_code: "USD", value: "19.99" },
        payments: capture(amount),
      };
      const told = answered({ status: "COMPLETED", purchase_units: [unit] });
      await expect(connect(told).retrieve(reference)).rejects.toMatchObject({ kind: "unknown" });
    }
  });

  it.each([
    ["what PayPal took back of the rest", "COMPLETED", "REFUNDED", 1999],
    ["nothing that is only on its way", "PENDING", "REFUNDED", 0],
    ["a part", "COMPLETED", "PARTIALLY_REFUNDED", 500],
  ])("counts %s", async (_what, refund, capture, amountRefunded) => {
    const opened = await open();
    put(opened.id, "COMPLETED", { captures: [capture] });
    fake.order(opened.id).refunds.push(payment("R1", refund, { currency_code: "USD", value: "5.00" }));
    expect(await connect().retrieve(opened.reference)).toMatchObject({ amountRefunded });
  });

  it.each([
    ["https://api-m.paypal.com", "live"],
    ["https://api-m.sandbox.paypal.com", "test"],
    ["http://127.0.0.1:9999", null],
  ])("is of the mode of its address: %s is %s", async (PAYPAL_API_URL, mode) => {
    const gateway = connect(answered({}), Date.now, { PAYPAL_API_URL });
    expect(await gateway.retrieve(reference)).toMatchObject({ mode });
  });
});

describe("complete", () => {
  const complete = (gateway: Gateway, { reference }: Opened) => gateway.complete?.(reference);

  it.each([
    ["automatic", "capture", "succeeded"],
    ["manual", "authorize", "authorized"],
  ] as const)("takes what was approved, for %s capture by %s", async (capture, verb, status) => {
    const opened = await open({ capture });
    fake.pay(opened.id);
    const { fetch, said } = recording();
    const seen = { status, amount: 1999, currency: "USD", reference: opened.reference.reference };
    expect(await complete(connect(fetch), opened)).toMatchObject(seen);
    const order = `/v2/checkout/orders/${opened.reference.reference}`;
    expect(said()).toEqual([`GET ${order}`, `POST ${order}/${verb}`, `GET ${order}`]);
  });

  it("takes it once, however often and by how many it is called", async () => {
    const opened = await open();
    fake.pay(opened.id);
    const seen = await Promise.all([1, 2, 3, 4].map(() => complete(connect(), opened)));
    expect(new Set(seen.map((each) => each?.status))).toEqual(new Set(["succeeded"]));
    expect(await complete(connect(), opened)).toEqual(seen[0]);
    expect(fake.order(opened.id).captures).toHaveLength(1);
  });

  it.each([
    ["automatic", "succeeded"],
    ["manual", "authorized"],
  ] as const)("looks at the order where somebody else was first, for %s capture", async (capture, status) => {
    const opened = await open({ capture });
    fake.pay(opened.id);
    const { fetch, calls } = recording(({ method }) => {
      if (method === "POST") {
        capture === "manual" ? fake.hold(opened.id) : fake.settle(opened.id);
      }
      return undefined;
    });
    expect(await complete(connect(fetch), opened)).toMatchObject({ status });
    expect(posts(calls)).toHaveLength(1);
    expect([...fake.order(opened.id).captures, ...fake.order(opened.id).authorizations]).toHaveLength(1);
  });

  it("takes nothing that is not approved, and asks for nothing", async () => {
    const opened = await open();
    const { fetch, calls } = recording();
    expect(await complete(connect(fetch), opened)).toMatchObject({ status: "pending" });
    const unknown = { transactionId: opened.id, reference: null };
    expect(await connect(fetch).complete?.(unknown)).toMatchObject({ status: "missing" });
    expect(posts(calls)).toEqual([]);
  });

  it.each(["INSTRUMENT_DECLINED", "ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED", "TRANSACTION_REFUSED"])(
    "is still pending after %s, and another instrument gets another answer",
    async (issue) => {
      const opened = await open();
      fake.pay(opened.id);
      fake.refusal = issue;
      expect(await complete(connect(), opened)).toMatchObject({ status: "pending" });
      fake.refusal = null;
      fake.pay(opened.id);
      expect(await complete(connect(), opened)).toMatchObject({ status: "succeeded" });
      expect(fake.order(opened.id).captures).toHaveLength(1);
    },
  );

  const refusing = (issue: string) => {
    const details = [{ issue, description: "No." }];
    return Response.json({ name: "UNPROCESSABLE_ENTITY", details }, { status: 422 });
  };

  it.each([
    ["PayPal has just taken", fake.fetch],
    ["somebody else has just captured", async () => refusing("ORDER_ALREADY_CAPTURED")],
    ["somebody else has just authorized", async () => refusing("ORDER_ALREADY_AUTHORIZED")],
    ["is just being completed", async () => refusing("ORDER_COMPLETION_IN_PROGRESS")],
  ])("says nothing of an order that %s, and that does not show it yet", async (_what, post) => {
    const opened = await open();
    fake.pay(opened.id);
    await expect(complete(connect(stale(post)), opened)).rejects.toMatchObject({ kind: "unavailable" });
  });

  it.each([
    ["PENDING", "processing"],
    ["DECLINED", "failed"],
  ])("reads a capture that is %s as %s", async (end, status) => {
    const opened = await open();
    fake.pay(opened.id);
    fake.captureEnds = { status: end };
    expect(await complete(connect(), opened)).toMatchObject({ status });
  });

  it("does not know what became of it when no answer came, and finds it by the next call", async () => {
    const opened = await open();
    fake.pay(opened.id);
    const lossy: Fetch = async (request) => {
      const response = await fake.fetch(request);
      if (request.method === "POST") {
        throw new TypeError("connection reset");
      }
      return response;
    };
    await expect(complete(connect(lossy), opened)).rejects.toMatchObject({ kind: "unknown" });
    expect(await complete(connect(), opened)).toMatchObject({ status: "succeeded" });
    expect(fake.order(opened.id).captures).toHaveLength(1);
  });
});

describe("capture", () => {
  it("refuses more than is held, although PayPal would take up to 115 %", async () => {
    const { id, reference, request } = await open({ capture: "manual" });
    fake.hold(id);
    const { fetch, calls } = recording();
    const more = connect(fetch).capture?.(reference, captureRequest(request, { amount: 2000 }));
    await expect(more).rejects.toMatchObject({ kind: "rejected" });
    expect(posts(calls)).toEqual([]);
  });

  it("says nothing of a capture that the order does not show yet", async () => {
    const { id, reference, request } = await open({ capture: "manual" });
    fake.hold(id);
    const asked = captureRequest(request, { amount: 500 });
    await expect(connect(stale()).capture?.(reference, asked)).rejects.toMatchObject({ kind: "unavailable" });
    expect(await connect().capture?.(reference, asked)).toMatchObject({ amountCaptured: 500 });
    expect(fake.order(id).captures).toHaveLength(1);
  });

  it("is rejected where PayPal refuses and still holds, and tells what a hold has become otherwise", async () => {
    const { id, reference, request } = await open({ capture: "manual" });
    fake.hold(id);
    fake.refusal = "TRANSACTION_REFUSED";
    await expect(connect().capture?.(reference, captureRequest(request))).rejects.toMatchObject({
      kind: "rejected",
    });
    const { fetch } = recording(({ method }) => {
      if (method === "POST") {
        fake.void(id);
      }
      return undefined;
    });
    expect(await connect(fetch).capture?.(reference, captureRequest(request))).toMatchObject({
      status: "canceled",
    });
  });
});

describe("refund", () => {
  async function paid() {
    const opened = await open();
    fake.settle(opened.id);
    return { ...opened, asked: refundRequest(opened.request, { amount: 500 }) };
  }

  it.each([
    ["PENDING", "pending", null],
    ["FAILED", "failed", null],
    ["CANCELLED", "failed", "canceled"],
  ])("reads %s as %s, which is no money back", async (end, status, failureCode) => {
    const { reference, asked, id } = await paid();
    fake.refundsEnd = end;
    expect(await connect().refund?.(reference, asked)).toMatchObject({ status, failureCode });
    expect(await connect().retrieve(reference)).toMatchObject({ status: "succeeded", amountRefunded: 0 });
    expect(fake.refunded(id)).toBe(0);
  });

  it("does not know a state that is not documented", async () => {
    const { reference, asked } = await paid();
    fake.refundsEnd = "ON_HOLD";
    await expect(connect().refund?.(reference, asked)).rejects.toMatchObject({ kind: "unknown" });
  });

  it("tells how a pending one has ended, by PayPal's own id of it", async () => {
    const { reference, asked, id } = await paid();
    fake.refundsEnd = "PENDING";
    const first = await connect().refund?.(reference, asked);
    const [refund] = fake.order(id).refunds;
    expect(first?.reference).toBe(refund?.id);
    if (refund) {
      fake.endRefund(refund, "COMPLETED");
    }
    const { fetch, said } = recording();
    const again = { ...asked, reference: first?.reference ?? null };
    expect(await connect(fetch).refund?.(reference, again)).toMatchObject({ status: "succeeded" });
    expect(said()).toEqual([`GET /v2/payments/refunds/${refund?.id}`]);
    expect(await connect().retrieve(reference)).toMatchObject({ amountRefunded: 500 });
  });

  it("is one refund also when PayPal has forgotten the key", async () => {
    const { reference, asked, id } = await paid();
    const first = await connect().refund?.(reference, asked);
    fake.now = () => Date.now() + 46 * DAY_MS;
    expect(await connect(fake.fetch, fake.now).refund?.(reference, asked)).toEqual(first);
    const elsewhere = { ...asked, reference: "3CGONE" };
    expect(await connect(fake.fetch, fake.now).refund?.(reference, elsewhere)).toEqual(first);
    expect(fake.refunded(id)).toBe(500);
  });

  it("is not begun once more when one that was taken does not show", async () => {
    const { reference, asked, id } = await paid();
    const hidden = { ...asked, reference: "3CGONE" };
    await expect(connect().refund?.(reference, hidden)).rejects.toMatchObject({ kind: "unavailable" });
    expect(fake.refunded(id)).toBe(0);
  });

  it("takes no answer about another refund", async () => {
    const { reference, asked } = await paid();
    const first = await connect().refund?.(reference, asked);
    const other = { ...asked, refundId: "rfd_other", reference: first?.reference ?? null };
    await expect(connect().refund?.(reference, other)).rejects.toMatchObject({ kind: "unknown" });
  });

  it("gives nothing back of money that has not come yet", async () => {
    const opened = await open();
    fake.captureEnds = { status: "PENDING", reason: "ECHECK" };
    fake.settle(opened.id);
    const call = connect().refund?.(opened.reference, refundRequest(opened.request));
    await expect(call).rejects.toMatchObject({ kind: "rejected" });
  });
});

describe("events", () => {
  const told = (kind: string) =>
    JSON.stringify(fake.events.findLast(({ event_type }) => event_type === kind));

  it("makes an approval known, which is no payment", async () => {
    const { id, reference } = await open();
    fake.pay(id);
    const [notice] = await deliver(told("CHECKOUT.ORDER.APPROVED"));
    const seen = { status: "approved", reference: reference.reference };
    expect(notice).toMatchObject({ transactionId: null, observation: seen });
  });

  it("reads what the fake sends, each under its own id", async () => {
    await fake.takeWebhooks(WEBHOOK_URL);
    const { id, reference } = await open();
    fake.settle(id);
    const observation = { status: "succeeded", reference: reference.reference };
    const sent = await fake.takeWebhooks(WEBHOOK_URL);
    const notices = await Promise.all(
      sent.map(({ url, headers, body }) =>
        connect().readWebhook({ url, headers: new Headers(headers), body: utf8(body) }),
      ),
    );
    expect(notices.flat()).toMatchObject(
      fake.events.slice(-2).map(({ id: eventId }) => ({ eventId, transactionId: null, observation })),
    );
    expect(sent).toHaveLength(2);
  });

  it.each(connect().webhook.events)("tells of %s, to which it subscribes", async (event_type) => {
    const { id, reference } = await open();
    fake.settle(id);
    const named = {
      id: reference.reference,
      supplementary_data: { related_ids: { order_id: reference.reference } },
    };
    const observation = { status: "succeeded", reference: reference.reference };
    expect(await deliver(event({ event_type }, named))).toMatchObject([{ observation }]);
  });

  it.each([
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.ORDER.COMPLETED",
    "CHECKOUT.ORDER.SAVED",
    "CHECKOUT.ORDER.VOIDED",
  ])("asks for the order that %s is about", async (event_type) => {
    const { id, reference } = await open();
    fake.settle(id);
    const body = event({ event_type }, { id: reference.reference, supplementary_data: undefined });
    const told = { reference: reference.reference };
    expect(await deliver(body)).toMatchObject([{ observation: { ...told, status: "succeeded" } }]);
  });

  it("asks for the order whose approval was reversed", async () => {
    const { id, reference } = await open();
    put(id, "VOIDED");
    const resource = { id: undefined, order_id: reference.reference, supplementary_data: undefined };
    const body = event({ event_type: "CHECKOUT.PAYMENT-APPROVAL.REVERSED" }, resource);
    const observation = { status: "canceled", reference: reference.reference };
    expect(await deliver(body)).toMatchObject([{ observation }]);
  });

  it.each(["COMPLETED", "PENDING", "DECLINED", "DENIED", "REFUNDED", "REVERSED"])(
    "asks for the order of PAYMENT.CAPTURE.%s, by its relations or by its link",
    async (kind) => {
      const { id, reference } = await open();
      fake.settle(id);
      const event_type = `PAYMENT.CAPTURE.${kind}`;
      const observation = { status: "succeeded", reference: reference.reference };
      const notice = [{ eventId: "WH-1", observation }];
      const related = { supplementary_data: { related_ids: { order_id: reference.reference } } };
      expect(await deliver(event({ event_type }, related))).toMatchObject(notice);
      const href = `https://api.paypal.com/v2/checkout/orders/${reference.reference}`;
      const linked = {
        supplementary_data: undefined,
        links: [
          { rel: "self", href: "x" },
          { rel: "up", href },
        ],
      };
      expect(await deliver(event({ event_type }, linked))).toMatchObject(notice);
    },
  );

  it("finds the order of a refund over its capture, and says what has gone back", async () => {
    const opened = await open();
    fake.settle(opened.id);
    await connect().refund?.(opened.reference, refundRequest(opened.request, { amount: 500 }));
    const observation = { status: "succeeded", amountRefunded: 500, reference: opened.reference.reference };
    expect(await deliver(told("PAYMENT.CAPTURE.REFUNDED"))).toMatchObject([{ observation }]);
    const pending = told("PAYMENT.CAPTURE.REFUNDED").replace("CAPTURE.REFUNDED", "REFUND.PENDING");
    expect(await deliver(pending)).toMatchObject([{ observation }]);
  });

  it("finds the order of a hold's refund over capture and authorization, where none names the order", async () => {
    const opened = await open({ capture: "manual" });
    fake.hold(opened.id);
    await connect().capture?.(opened.reference, captureRequest(opened.request));
    await connect().refund?.(opened.reference, refundRequest(opened.request, { amount: 500 }));
    const terse: Fetch = async (request) => {
      const response = await fake.fetch(request);
      return /\/(captures|authorizations)\//.test(request.url)
        ? Response.json({ ...((await response.json()) as Json), supplementary_data: undefined })
        : response;
    };
    const notices = await deliver(told("PAYMENT.CAPTURE.REFUNDED"), {}, connect(terse));
    const observation = { amountRefunded: 500, reference: opened.reference.reference };
    expect(notices).toMatchObject([{ observation }]);
  });

  it("follows the path of a link alone, and none in circles", async () => {
    const hosts = new Set<string>();
    let calls = 0;
    const circle: Fetch = async (request) => {
      if (!request.url.includes("/v2/payments/")) {
        return fake.fetch(request);
      }
      calls += 1;
      hosts.add(new URL(request.url).host);
      return Response.json({ links: [{ rel: "up", href: "https://evil.example/v2/payments/captures/3C1" }] });
    };
    const resource = {
      supplementary_data: undefined,
      links: [{ rel: "up", href: "https://evil.example/v2/payments/captures/3C1" }],
    };
    expect(await deliver(event({}, resource), {}, connect(circle))).toEqual([]);
    expect([...hosts]).toEqual([new URL(PAYPAL_URL).host]);
    expect(calls).toBeLessThanOrEqual(4);
  });

  it.each([
    ["CREATED", { status: "OPEN" }, "open"],
    ["UPDATED", { status: "WAITING_FOR_SELLER_RESPONSE" }, "open"],
    ["UPDATED", { status: "WAITING_FOR_BUYER_RESPONSE" }, "open"],
    ["UPDATED", { status: "UNDER_REVIEW" }, "open"],
    ["UPDATED", { status: "OTHER" }, "open"],
    ["RESOLVED", { status: "RESOLVED", dispute_outcome: { outcome_code: "RESOLVED_BUYER_FAVOUR" } }, "lost"],
    ["RESOLVED", { status: "RESOLVED", dispute_outcome: { outcome_code: "ACCEPTED" } }, "lost"],
    ["RESOLVED", { status: "RESOLVED", dispute_outcome: { outcome_code: "RESOLVED_SELLER_FAVOUR" } }, "won"],
    ["RESOLVED", { status: "RESOLVED", dispute_outcome: { outcome_code: "RESOLVED_WITH_PAYOUT" } }, "won"],
    ["RESOLVED", { status: "RESOLVED", dispute_outcome: { outcome_code: "CANCELED_BY_BUYER" } }, "won"],
    ["RESOLVED", { status: "RESOLVED", dispute_outcome: { outcome_code: "DENIED" } }, "won"],
    ["RESOLVED", { status: "RESOLVED", dispute_outcome: { outcome_code: "NONE" } }, null],
    ["RESOLVED", { status: "RESOLVED" }, null],
  ])("reads a dispute that is %s with %j as %s", async (kind, state, dispute) => {
    const { id, reference } = await open();
    fake.settle(id);
    const body = JSON.stringify(fake.tellDispute(id, kind, state));
    const observation = { status: "succeeded", amount: 1999, dispute, reference: reference.reference };
    expect(await deliver(body)).toMatchObject([{ observation }]);
  });

  it("passes over the orders of others who use the same account, and what cannot be found", async () => {
    const { id, reference } = await open();
    fake.settle(id);
    const foreign = recording(({ url }) =>
      url.includes("/v2/checkout/orders/")
        ? Response.json({
            ...{ id: reference.reference, status: "COMPLETED", intent: "CAPTURE" },
            purchase_units: [
              { amount: { currency_code: "XXX", value: "?" } },
              { amount: { currency_code: "XXX", value: "?" } },
            ],
          })
        : undefined,
    );
    const related = { supplementary_data: { related_ids: { order_id: reference.reference } } };
    expect(await deliver(event({}, related), {}, connect(foreign.fetch))).toEqual([]);
    expect(await deliver(event())).toEqual([]);
    expect(await deliver(event({}, { supplementary_data: undefined }))).toEqual([]);
    const link = { rel: "up", href: `${PAYPAL_URL}/v2/payments/captures/3CGONE` };
    expect(await deliver(event({}, { supplementary_data: undefined, links: [link] }))).toEqual([]);
  });

  it("takes no order of somebody else's for the one that it has made, though it carries our id", async () => {
    const { id, reference } = await open();
    const other = fake.imitate(id);
    fake.settle(id);
    expect(other.captures).toHaveLength(1);
    const notices = await deliver(told("PAYMENT.CAPTURE.COMPLETED"));
    expect(notices).toMatchObject([
      { transactionId: null, observation: { status: "succeeded", reference: other.id } },
    ]);
    expect(await connect().retrieve(reference)).toMatchObject({ status: "pending" });
  });

  it.each(["../payments/1", "5o1", "5".repeat(37)])(
    "asks for no order that is called %s",
    async (order_id) => {
      const { fetch, calls } = recording();
      const related = { supplementary_data: { related_ids: { order_id } } };
      expect(await deliver(event({}, related), {}, connect(fetch))).toEqual([]);
      expect(
        await deliver(event({ event_type: "CHECKOUT.ORDER.APPROVED" }, { id: order_id, ...related })),
      ).toEqual([]);
      expect(calls).toEqual([]);
    },
  );

  it("is heard later where PayPal cannot be asked", async () => {
    const { fetch } = recording(({ url }) =>
      url.includes("/orders/") ? new Response("oops", { status: 500 }) : undefined,
    );
    await expect(deliver(event(), {}, connect(fetch))).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("missedEvents", () => {
  const AT = Date.parse("2026-11-22T12:00:00.500Z");
  const list = (fetch: Fetch, since = 0, until = Date.now() + HOUR_MS) =>
    readMissed(connect(fetch).missedEvents?.(since, until));
  /** One page of PayPal's list, and all else from the fake. */
  const listing = (
    events: unknown[],
    links: Json[] = [],
    answer: (url: string) => Response | undefined = () => undefined,
  ) =>
    recording(({ url }) =>
      url.includes("webhooks-events") ? Response.json({ events, links }) : answer(url),
    );
  const told = async (changes: Json = {}) => {
    const { id } = await open();
    fake.settle(id);
    return { ...fake.events.at(-1), ...changes };
  };

  it("passes over an item of another form", async () => {
    const good = await told();
    expect(await list(listing([null, { id: 7 }, good]).fetch)).toMatchObject([{ eventId: good.id }]);
  });

  it("asks for whole seconds, and tells what lies between", async () => {
    const at = async (offMs: number) => told({ create_time: new Date(AT + offMs).toISOString() });
    const events = [await at(1000), await at(999), await at(0), await at(-1)];
    const queries: (string | null)[][] = [];
    const { fetch } = listing(events);
    const noting: Fetch = async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname.endsWith("webhooks-events")) {
        queries.push(["start_time", "end_time", "page_size"].map((name) => searchParams.get(name)));
      }
      return fetch(request);
    };
    const notices = await list(noting, AT, AT + 1000);
    expect(notices.map(({ createdAt }) => createdAt - AT)).toEqual([0, 999]);
    expect(queries).toEqual([["2026-11-22T12:00:00Z", "2026-11-22T12:00:02Z", "100"]]);
  });

  it("tells what says no time as if it were the first", async () => {
    const events = [
      await told({ create_time: new Date(AT + 1).toISOString() }),
      await told({ create_time: "soon" }),
    ];
    const notices = await list(listing(events).fetch, AT, AT + 1000);
    expect(notices.map(({ eventId, createdAt }) => [eventId, createdAt - AT])).toEqual([
      [events[1]?.id, 0],
      [events[0]?.id, 1],
    ]);
  });

  it("looks once at an order, however many events there are of it", async () => {
    const { id } = await open();
    fake.settle(id);
    const { fetch, said } = listing(fake.events.slice(-2).toReversed());
    expect(await list(fetch)).toHaveLength(2);
    expect(said()).toHaveLength(1);
  });

  it("hides nothing behind what PayPal refuses to show, and waits where it does not answer", async () => {
    const [first, hidden] = [await told(), await told()];
    const order = ({ resource }: Json) =>
      (resource as ReturnType<typeof JSON.parse>).supplementary_data.related_ids.order_id;
    const with_ = (status: number) =>
      listing([hidden, first], [], (url) =>
        url.endsWith(order(hidden)) ? Response.json({ name: "NO" }, { status }) : undefined,
      ).fetch;
    expect(await list(with_(400))).toMatchObject([{ eventId: first.id }]);
    await expect(list(with_(500))).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("ends with an empty page, and gives up on a list without an end", async () => {
    const next = [{ rel: "next", href: `${PAYPAL_URL}/v1/x?next=1` }];
    expect(await list(listing([], next).fetch)).toEqual([]);
    const event = await told();
    await expect(list(listing([event], next).fetch)).rejects.toMatchObject({ kind: "unknown" });
  });
});

describe("the signature", () => {
  const body = event({ event_type: "BILLING.PLAN.CREATED" });
  const refused = { kind: "unverified" };
  let address = 0;

  /** An address that no certificate was fetched from yet. */
  const newAddress = () => {
    address += 1;
    return `https://api.sandbox.paypal.com/v1/notifications/certs/CERT-test-${address}`;
  };

  /** Serves certificates there, and the fake elsewhere. */
  function serving(certUrl: string, answer: () => Response | Promise<Response>) {
    const fetched: Request[] = [];
    const fetch: Fetch = async (request) => {
      fetched.push(request);
      return request.url === certUrl ? answer() : fake.fetch(request);
    };
    return { fetch, fetched };
  }

  const terms = (changes: Partial<Terms> = {}): Terms => ({
    subject: "messageverificationcerts.paypal.com",
    names: ["messageverificationcerts.paypal.com"],
    from: Math.floor(Date.now() / 1000) * 1000 - DAY_MS,
    until: Math.floor(Date.now() / 1000) * 1000 + DAY_MS,
    ...changes,
  });
  const issue = (changes: Partial<Terms> = {}, by: typeof issuer | null = issuer) =>
    issueCertificate(terms(changes), leaf.keys, by);

  const withChain = (pem: string, now?: () => number) => {
    const certUrl = newAddress();
    return deliver(body, { certUrl }, connect(serving(certUrl, () => new Response(pem)).fetch, now));
  };

  it("is PayPal's checksum: CRC-32 in decimal digits, as zlib computes it", async () => {
    expect(crc32(utf8("123456789"))).toBe(3_421_780_262);
    await fc.assert(fc.property(fc.uint8Array(), (bytes) => String(crc32(bytes)) === checksum(bytes)));
  });

  it("holds for any body, and for none with one bit flipped", async () => {
    const gateway = connect();
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.nat(), async (text, at) => {
        const bytes = utf8(event({ event_type: "BILLING.PLAN.CREATED", summary: text }));
        const headers = await fake.sign(bytes);
        expect(await gateway.readWebhook({ url: WEBHOOK_URL, headers, body: bytes })).toEqual([]);
        const index = at % bytes.length;
        const flipped = bytes.with(index, (bytes[index] ?? 0) ^ 1);
        await expect(gateway.readWebhook({ url: WEBHOOK_URL, headers, body: flipped })).rejects.toMatchObject(
          refused,
        );
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    "paypal-transmission-id",
    "paypal-transmission-time",
    "paypal-transmission-sig",
    "paypal-cert-url",
    "paypal-auth-algo",
  ])("needs the header %s, and that very one", async (name) => {
    const bytes = utf8(body);
    const read = (headers: Headers) => connect().readWebhook({ url: WEBHOOK_URL, headers, body: bytes });
    const signed = await fake.sign(bytes);
    expect(await read(signed)).toEqual([]);
    const without = new Headers(signed);
    without.delete(name);
    await expect(read(without)).rejects.toMatchObject(refused);
    const other = new Headers(signed);
    other.set(name, (await fake.sign(utf8("{}"), { at: Date.now() - HOUR_MS })).get(name) ?? "");
    if (name !== "paypal-cert-url" && name !== "paypal-auth-algo") {
      await expect(read(other)).rejects.toMatchObject(refused);
    }
    other.set(name, "SHA1withRSA");
    await expect(read(other)).rejects.toMatchObject(refused);
  });

  it("is good for the three days of PayPal's retries, which keep the first time; not longer, nor from the future", async () => {
    const now = Math.floor(Date.now() / 1000) * 1000;
    const gateway = connect(fake.fetch, () => now);
    for (const at of [now - 3 * DAY_MS, now - HOUR_MS, now, now + 290_000]) {
      expect(await deliver(body, { at }, gateway)).toEqual([]);
    }
    for (const at of [now - 3 * DAY_MS - 2 * HOUR_MS, now + 310_000, 0]) {
      await expect(deliver(body, { at }, gateway)).rejects.toMatchObject(refused);
    }
  });

  it.each([
    "http://api.paypal.com/v1/notifications/certs/CERT-1",
    "https://paypal.com.evil.example/CERT-1",
    "https://evilpaypal.com/CERT-1",
    "https://api.paypal.com@evil.example/CERT-1",
    "https://user:pass@api.paypal.com/CERT-1",
    "https://api.paypal.com:8443/CERT-1",
    "https://evil.example/?.paypal.com",
    "https://api.paypal.com./CERT-1",
    "https://api.paypal.com/CERT-1?another",
    "https://api.paypal.com/CERT-1#another",
    "//api.paypal.com/CERT-1",
    "file:///etc/ssl/certs.paypal.com",
    "nonsense",
  ])("fetches no certificate from %s", async (certUrl) => {
    const { fetch, fetched } = serving(certUrl, () => new Response(leaf.pem));
    await expect(deliver(body, { certUrl }, connect(fetch))).rejects.toMatchObject(refused);
    expect(fetched).toEqual([]);
  });

  it("accepts a certificate of paypal.com itself, and one that brings its issuer", async () => {
    const alone = await issue();
    expect(await withChain(`${alone.pem}${issuer.pem}`)).toEqual([]);
    expect(await withChain((await issue({ names: ["paypal.com"] })).pem + issuer.pem)).toEqual([]);
    await expect(withChain(alone.pem)).rejects.toMatchObject(refused);
  });

  it.each([
    ["another's name", { names: ["messageverificationcerts.paypal.com.evil.example"] }],
    ["a name that only ends so", { names: ["evilpaypal.com"] }],
    ["a common name alone", { names: [] }],
    ["a name that holds a list of names", { names: ["a.example, DNS:paypal.com, b.example"] }],
    ["a time that is over", { until: Math.floor(Date.now() / 1000) * 1000 - HOUR_MS }],
    ["a time to come", { from: Math.floor(Date.now() / 1000) * 1000 + HOUR_MS }],
  ])("refuses a certificate with %s", async (_what, changes) => {
    await expect(withChain((await issue(changes)).pem + issuer.pem)).rejects.toMatchObject(refused);
  });

  it("refuses one that leads to no pinned root, or by a way that does not hold", async () => {
    const keys = await makeKeys();
    const authority = { subject: "Fake Server CA", names: [], isAuthority: true };
    const otherRoot = await issueCertificate(terms(authority), keys, null);
    const forged = await issueCertificate(terms(), leaf.keys, otherRoot);
    const server = await issueCertificate(
      terms({ subject: "shop.example", names: ["shop.example"] }),
      keys,
      issuer,
    );
    const byServer = await issueCertificate(terms(), leaf.keys, server);
    const late = await issueCertificate(terms({ ...authority, until: Date.now() - HOUR_MS }), keys, issuer);
    const byLate = await issueCertificate(terms(), leaf.keys, late);
    const selfSigned = await issue({}, null);
    const ways = [
      ["another root", forged.pem + otherRoot.pem],
      ["the right issuer's name, but not its signature", forged.pem + issuer.pem],
      ["a server that issues", byServer.pem + server.pem + issuer.pem],
      ["an issuer whose time is over", byLate.pem + late.pem + issuer.pem],
      ["nobody", selfSigned.pem],
      ["a certificate that is none", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
      ["no certificate", "<html>"],
      ["nothing", ""],
    ] as const;
    for (const [what, pem] of ways) {
      await expect(withChain(pem), what).rejects.toMatchObject(refused);
    }
    await expect(deliver(body, {}, connect(fake.fetch, Date.now, {}, PAYPAL_ROOTS))).rejects.toMatchObject(
      refused,
    );
  });

  it("takes for the issuer only who has its name, not just its key", async () => {
    const [rootKeys, keys] = await Promise.all([makeKeys(), makeKeys()]);
    const authority = { names: [], isAuthority: true };
    const top = await issueCertificate(terms({ ...authority, subject: "Top" }), rootKeys, null);
    const right = await issueCertificate(terms({ ...authority, subject: "Right" }), keys, top);
    const wrong = await issueCertificate(terms({ ...authority, subject: "Wrong" }), keys, top);
    const { pem } = await issueCertificate(terms(), leaf.keys, right);
    const through = (by: string) => {
      const certUrl = newAddress();
      const { fetch } = serving(certUrl, () => new Response(pem + by));
      return deliver(body, { certUrl }, connect(fetch, Date.now, {}, [top.der.toBase64()]));
    };
    expect(await through(right.pem)).toEqual([]);
    await expect(through(wrong.pem)).rejects.toMatchObject(refused);
  });

  it("refuses another's key under PayPal's certificate", async () => {
    const keys = await makeKeys();
    await expect(deliver(body, { keys })).rejects.toMatchObject(refused);
  });

  it("fetches a certificate and its issuer once, and looks at the time each time", async () => {
    const certUrl = newAddress();
    const { fetch, fetched } = serving(certUrl, () => new Response(leaf.pem));
    for (let times = 0; times < 3; times += 1) {
      expect(await deliver(body, { certUrl }, connect(fetch))).toEqual([]);
    }
    expect(fetched.map(({ url }) => url)).toEqual([
      certUrl,
      "https://cacerts.digicert.com/FakeServerCA-1.crt",
    ]);
    expect(new Set(fetched.map(({ redirect }) => redirect))).toEqual(new Set(["manual"]));
    const later = Date.now() + 2 * 365 * DAY_MS;
    await expect(
      deliver(
        body,
        { certUrl, at: later },
        connect(fetch, () => later),
      ),
    ).rejects.toMatchObject(refused);
    expect(fetched.length).toBeGreaterThan(2);
  });

  it("keeps nothing that it has refused, nor what another root stands for", async () => {
    const certUrl = newAddress();
    let pem = "<html>";
    const { fetch } = serving(certUrl, () => new Response(pem));
    await expect(deliver(body, { certUrl }, connect(fetch))).rejects.toMatchObject(refused);
    ({ pem } = leaf);
    expect(await deliver(body, { certUrl }, connect(fetch))).toEqual([]);
    const others = connect(fetch, Date.now, {}, [...PAYPAL_ROOTS]);
    await expect(deliver(body, { certUrl }, others)).rejects.toMatchObject(refused);
  });

  it.each([
    ["cannot be reached", () => Promise.reject(new TypeError("connection refused")), "unavailable"],
    ["is at fault", async () => new Response(null, { status: 500 }), "unavailable"],
    ["asks for patience", async () => new Response(null, { status: 429 }), "unavailable"],
    ["has no such certificate", async () => new Response(leaf.pem, { status: 404 }), "unverified"],
    [
      "sends elsewhere",
      async () => new Response(null, { status: 302, headers: { location: "https://x.example" } }),
      "unverified",
    ],
    ["sends too much", async () => new Response(`${leaf.pem}${" ".repeat(70_000)}`), "unverified"],
  ])("is %s where the certificate's host %s", async (_what, answer, kind) => {
    const certUrl = newAddress();
    const { fetch } = serving(certUrl, answer);
    await expect(deliver(body, { certUrl }, connect(fetch))).rejects.toMatchObject({ kind });
  });

  it("trusts DigiCert's roots alone, which sign themselves", () => {
    const certificates = PAYPAL_ROOTS.map((each) => new X509Certificate(Uint8Array.fromBase64(each)));
    expect(certificates.map(({ fingerprint256 }) => fingerprint256.slice(0, 23))).toEqual([
      "CB:3C:CB:B7:60:31:E5:E0",
      "31:AD:66:48:F8:10:41:38",
      "37:1A:00:DC:05:33:B3:72",
      "43:48:A0:E9:44:4C:78:CB",
      "74:31:E5:F4:C3:C1:CE:46",
    ]);
    for (const certificate of certificates) {
      expect(certificate.subject).toMatch(/^O=DigiCert(\\?,)? Inc\.?$/m);
      expect(certificate.ca && certificate.verify(certificate.publicKey)).toBe(true);
      expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
    }
  });
});

describe("the access token", () => {
  function counting(now: () => number = Date.now) {
    let url = 0;
    let tokens = 0;
    const fetch: Fetch = async (request) => {
      tokens += request.url.endsWith("/v1/oauth2/token") ? 1 : 0;
      return fake.fetch(request);
    };
    // An address of its own: nothing is cached for it.
    url = address += 1;
    const PAYPAL_API_URL = `http://127.0.0.1:${10_000 + url}`;
    return { gateway: connect(fetch, now, { PAYPAL_API_URL }), tokens: () => tokens, PAYPAL_API_URL, fetch };
  }
  let address = 0;

  it("is fetched once for many calls, also by another connection", async () => {
    const { gateway, tokens, fetch, PAYPAL_API_URL } = counting();
    await gateway.create(createRequest());
    await gateway.create(createRequest());
    await connect(fetch, Date.now, { PAYPAL_API_URL }).create(createRequest());
    expect(tokens()).toBe(1);
  });

  it("is renewed before it ends", async () => {
    let now = Date.now();
    const { gateway, tokens } = counting(() => now);
    await gateway.create(createRequest());
    now += 32_400_000 - 31_000;
    await gateway.create(createRequest());
    expect(tokens()).toBe(1);
    now += 2000;
    await gateway.create(createRequest());
    expect(tokens()).toBe(2);
  });

  it("is renewed once when PayPal takes it no more", async () => {
    const { gateway, tokens } = counting();
    await gateway.create(createRequest());
    fake.revokeTokens();
    await gateway.create(createRequest());
    expect(tokens()).toBe(2);
  });

  it("gives up where a new one is refused as well", async () => {
    const { fetch, calls } = recording(({ url }) =>
      url.includes("/v2/") ? Response.json({ name: "AUTHENTICATION_FAILURE" }, { status: 401 }) : undefined,
    );
    await expect(connect(fetch).create(createRequest())).rejects.toMatchObject({ kind: "unavailable" });
    expect(calls.length).toBeLessThanOrEqual(2);
  });

  it("is never another account's, secret's or address's", async () => {
    const { gateway, fetch, PAYPAL_API_URL } = counting();
    await gateway.create(createRequest());
    for (const other of [
      { PAYPAL_API_URL, PAYPAL_CLIENT_ID: "another-client" },
      { PAYPAL_API_URL, PAYPAL_CLIENT_SECRET: "another-secret-fake-0123456789" },
    ]) {
      const stranger = connect(fetch, Date.now, other);
      await expect(stranger.create(createRequest())).rejects.toMatchObject({ kind: "unavailable" });
    }
    const before = counting();
    await before.gateway.create(createRequest());
    expect(before.tokens()).toBe(1);
  });
});

/** PayPal's own client, with the fake in the network's place. */
function createSdk() {
  const wire: { method: string; path: string; body: unknown; headers: Headers }[] = [];
  const adapter = async (config: {
    method: string;
    url: string;
    data?: string;
    headers: { toJSON(): Record<string, string> };
  }) => {
    const { method, url, data } = config;
    const headers = new Headers(config.headers.toJSON());
    const path = new URL(url).pathname;
    wire.push({
      method: method.toUpperCase(),
      path,
      headers,
      body: data && !path.endsWith("/token") ? JSON.parse(data) : data,
    });
    const response = await fake.fetch(
      new Request(url, { method, headers, ...(data === undefined ? {} : { body: data }) }),
    );
    return {
      data: await response.text(),
      status: response.status,
      statusText: "",
      headers: Object.fromEntries(response.headers),
      config,
    };
  };
  const client = new Client({
    environment: Environment.Sandbox,
    clientCredentialsAuthCredentials: {
      oAuthClientId: PAYPAL_CLIENT_ID,
      oAuthClientSecret: PAYPAL_CLIENT_SECRET,
    },
    unstable_httpClientOptions: { adapter },
  });
  return { wire, orders: new OrdersController(client), payments: new PaymentsController(client) };
}

/** What the SDK takes: the wire's names in camel case. */
function toCamel(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(toCamel);
  }
  return value !== null && typeof value === "object"
    ? Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key.replace(/_([a-z])/g, (_, char: string) => char.toUpperCase()),
          toCamel(inner),
        ]),
      )
    : value;
}

describe("PayPal's own client", () => {
  const prefer = "return=representation";

  it("goes through the fake's whole life of an order, and understands each answer", async () => {
    const { orders, payments } = createSdk();
    const created = await orders.createOrder({
      prefer,
      paypalRequestId: "sdk-1",
      body: {
        intent: CheckoutPaymentIntent.Capture,
        purchaseUnits: [{ customId: "txn_sdk", amount: { currencyCode: "USD", value: "19.99" } }],
        paymentSource: {
          paypal: {
            experienceContext: { returnUrl: "https://shop.example/a", cancelUrl: "https://shop.example/b" },
          },
        },
      },
    });
    expect(created.result).toMatchObject({ status: "PAYER_ACTION_REQUIRED", intent: "CAPTURE" });
    const id = created.result.id ?? "";
    await expect(orders.captureOrder({ id, body: {} })).rejects.toMatchObject({
      statusCode: 422,
      result: { details: [{ issue: "ORDER_NOT_APPROVED" }] },
    });
    fake.pay("txn_sdk");
    expect((await orders.getOrder({ id })).result.status).toBe("APPROVED");
    const captured = await orders.captureOrder({ id, prefer, paypalRequestId: "sdk-2", body: {} });
    const [capture] = captured.result.purchaseUnits?.[0]?.payments?.captures ?? [];
    expect(capture).toMatchObject({ status: "COMPLETED", amount: { currencyCode: "USD", value: "19.99" } });
    await expect(orders.captureOrder({ id, body: {} })).rejects.toBeInstanceOf(ApiError);
    const captureId = capture?.id ?? "";
    const seen = await payments.getCapturedPayment({ captureId });
    expect(seen.result.supplementaryData?.relatedIds?.orderId).toBe(id);
    const body = { customId: "rfd_sdk", amount: { currencyCode: "USD", value: "5.00" } };
    const refund = await payments.refundCapturedPayment({
      captureId,
      prefer,
      paypalRequestId: "sdk-3",
      body,
    });
    expect(refund.result).toMatchObject({ status: "COMPLETED", customId: "rfd_sdk" });
    const again = await payments.refundCapturedPayment({ captureId, prefer, paypalRequestId: "sdk-3", body });
    expect([again.statusCode, again.result.id]).toEqual([200, refund.result.id]);
    expect((await payments.getRefund({ refundId: refund.result.id ?? "" })).result.status).toBe("COMPLETED");
    const [unit] = (await orders.getOrder({ id })).result.purchaseUnits ?? [];
    expect(unit?.payments?.refunds).toMatchObject([{ customId: "rfd_sdk", status: "COMPLETED" }]);
  });

  it("understands the fake's authorizations and their captures", async () => {
    const { orders, payments } = createSdk();
    const opened = await open({ capture: "manual" });
    fake.pay(opened.id);
    const id = opened.reference.reference ?? "";
    const held = await orders.authorizeOrder({ id, prefer, body: {} });
    const [hold] = held.result.purchaseUnits?.[0]?.payments?.authorizations ?? [];
    expect(hold?.status).toBe("CREATED");
    const body = { finalCapture: true, amount: { currencyCode: "USD", value: "5.00" } };
    const authorizationId = hold?.id ?? "";
    const captured = await payments.captureAuthorizedPayment({ authorizationId, prefer, body });
    expect(captured.result).toMatchObject({ status: "COMPLETED", amount: { value: "5.00" } });
    expect((await payments.getAuthorizedPayment({ authorizationId })).result.status).toBe("CAPTURED");
    expect(await connect().retrieve(opened.reference)).toMatchObject({
      status: "succeeded",
      amountCaptured: 500,
    });
  });

  it("would send the very requests that the adapter sends, by its schemas", async () => {
    const ours = recording();
    const gateway = connect(ours.fetch);
    const [paid, held] = [createRequest(), createRequest({ capture: "manual", amount: 700 })];
    const opened = await Promise.all(
      [paid, held].map(async (request) => ({ request, ...(await gateway.create(request)) })),
    );
    for (const { request, observation } of opened) {
      const reference = { transactionId: request.transactionId, reference: observation.reference };
      fake.pay(request.transactionId);
      await gateway.complete?.(reference);
      await gateway.capture?.(reference, captureRequest(request, { amount: 600 }));
      await gateway.refund?.(reference, refundRequest(request, { amount: 100 }));
    }
    const sent = await Promise.all(
      posts(ours.calls).map(async (call) => ({
        path: new URL(call.url).pathname,
        headers: call.headers,
        body: await call.json(),
      })),
    );
    expect(sent).toHaveLength(7);
    const { wire, orders, payments } = createSdk();
    for (const { path, headers, body } of sent) {
      const args = {
        paypalRequestId: headers.get("paypal-request-id") ?? "",
        prefer: headers.get("prefer") ?? "",
      };
      await sendAs(path, { ...args, body: toCamel(body) }, orders, payments).catch((error: unknown) => {
        // The fake's refusals are no matter here: what was sent is.
        expect(error).toBeInstanceOf(ApiError);
      });
      expect(wire.at(-1)).toMatchObject({ method: "POST", path });
      expect(wire.at(-1)?.body).toEqual(body);
      for (const name of ["paypal-request-id", "prefer", "content-type"]) {
        expect(wire.at(-1)?.headers.get(name)).toBe(headers.get(name));
      }
    }
  });
});

/** By the SDK's method for a path; its own runtime schemas refuse what is not of their form, and drop what they do not know. */
function sendAs(
  path: string,
  { body, ...args }: { paypalRequestId: string; prefer: string; body: unknown },
  orders: OrdersController,
  payments: PaymentsController,
): Promise<unknown> {
  const [, , , kind = "", id = "", verb = ""] = path.split("/");
  switch (`${kind} ${verb}`) {
    case "orders ":
      return orders.createOrder({ ...args, body: body as OrderRequest });
    case "orders capture":
      return orders.captureOrder({ ...args, id, body: body as OrderCaptureRequest });
    case "orders authorize":
      return orders.authorizeOrder({ ...args, id, body: body as OrderAuthorizeRequest });
    case "authorizations capture":
      return payments.captureAuthorizedPayment({
        ...args,
        authorizationId: id,
        body: body as CaptureRequest,
      });
    case "captures refund":
      return payments.refundCapturedPayment({ ...args, captureId: id, body: body as RefundRequest });
    default:
      throw new Error(`the SDK has no method for ${path}`);
  }
}

describe("paypal", () => {
  const variables = fake.variables(PAYPAL_URL);

  it("connects from its variables, by default to the live address and PayPal's roots", async () => {
    const { PAYPAL_API_URL: _, ...needed } = variables;
    const config = paypal.config.parse({
      ...needed,
      PAYPAL_WEBHOOK_ID: `${PAYPAL_WEBHOOK_ID},${SECOND_WEBHOOK_ID}`,
    });
    expect(config).toMatchObject({
      PAYPAL_API_URL: "https://api-m.paypal.com",
      PAYPAL_WEBHOOK_ID: [PAYPAL_WEBHOOK_ID, SECOND_WEBHOOK_ID],
    });
    const gateway = paypal.connect(config, { fetch: fake.fetch, now: Date.now });
    expect(gateway).toMatchObject({ id: "paypal", title: "PayPal" });
    await expect(deliver(event(), { certUrl: PAYPAL_CERT_URL }, gateway)).rejects.toMatchObject({
      kind: "unverified",
    });
  });

  it.each(["PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID"])(
    "is not connected without %s",
    (name) => {
      const result = paypal.config.safeParse({ ...variables, [name]: undefined });
      expect(result.error?.issues.map(({ path }) => path[0])).toEqual([name]);
    },
  );
});
