import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import * as fc from "fast-check";
import Razorpay from "razorpay";
import type { PaymentLinks } from "razorpay/dist/types/paymentLink.js";
import type { Refunds } from "razorpay/dist/types/refunds.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import type { Gateway, Notice, Tools } from "../../src/gateways/gateway.ts";
import { razorpay, toLinkRequest, toRefundRequest } from "../../src/gateways/razorpay.ts";
import { writeAmount } from "../../src/gateways/razorpay-link.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { createRequest, testGateway, withoutPauses } from "../support/gateway-contract.ts";
import { refundRequest } from "../support/money-contract.ts";
import {
  FakeRazorpay,
  RAZORPAY_KEY_ID,
  RAZORPAY_KEY_SECRET,
  RAZORPAY_OLD_WEBHOOK_SECRET,
  RAZORPAY_WEBHOOK_SECRET,
  signRazorpay,
  toEvent,
  toLinkNews,
  toOrderWire,
} from "../support/vendors/razorpay.ts";

type Fetch = Tools["fetch"];
type Json = Record<string, unknown>;

const API = "https://api.razorpay.example";
const WEBHOOK_URL = "http://localhost:8787/webhooks/razorpay";
const OTHER_SECRET = "fake_somebody_elses_secret_0123456789";
const OURS = `txn_${"0".repeat(26)}`;
const fake = new FakeRazorpay();

function connect(
  fetch: Fetch = fake.fetch,
  variables: Record<string, string> = fake.variables(API),
): Gateway {
  return razorpay.connect(razorpay.config.parse(variables), { fetch, now: Date.now });
}

/** The link as `payment_link.paid` tells it, with what was paid for it. */
function paidNews(transactionId: string): string {
  const link = fake.linkOf(transactionId);
  const payment = link.payments.map((one) => fake.toPaymentWire(one)).at(-1);
  return toEvent("payment_link.paid", { payment_link: toLinkNews(link), order: toOrderWire(link), payment });
}

const SAID = {
  ...{ id: "plink_Fk1", reference_id: OURS, status: "paid", amount: 1999, amount_paid: 1999 },
  ...{ currency: "USD", short_url: "https://rzp.io/rzp/1" },
};
const PAID = { id: "pay_Fk1", status: "captured", captured: true, amount: 1999, amount_refunded: 0 };
const malformed = (link: Json, payment: Json = {}) =>
  toEvent("payment_link.paid", { payment_link: { ...SAID, ...link }, payment: { ...PAID, ...payment } });

const isCreate = ({ method, url }: Request) => method === "POST" && url.endsWith("/v1/payment_links");

testGateway({
  name: "razorpay",
  connect: ({ fetch }) => connect(fetch),
  modes: {
    rzp_test_fake0123456789: "test",
    rzp_live_fake0123456789: "live",
    fake0123456789: null,
  },
  connectAs: (RAZORPAY_KEY_ID) => connect(fake.fetch, { ...fake.variables(API), RAZORPAY_KEY_ID }),
  vendor: fake.fetch,
  secrets: [RAZORPAY_KEY_SECRET, RAZORPAY_WEBHOOK_SECRET, btoa(`${RAZORPAY_KEY_ID}:${RAZORPAY_KEY_SECRET}`)],
  idempotencyKey: async (request) => {
    const { reference_id: reference } = isCreate(request) ? ((await request.json()) as Json) : {};
    return typeof reference === "string" ? reference : request.headers.get("x-refund-idempotency");
  },
  looksFirst: ["expire", "refund"],
  asked: async (request) => {
    if (!isCreate(request)) {
      return undefined;
    }
    const { amount, currency } = (await request.json()) as Json;
    return { amount, currency };
  },
  amounts: [
    { amount: 50_000, currency: "INR", asked: { amount: 50_000, currency: "INR" } },
    { amount: 1999, currency: "USD", asked: { amount: 1999, currency: "USD" } },
    { amount: 500, currency: "JPY", asked: { amount: 500, currency: "JPY" } },
    { amount: 1230, currency: "KWD", asked: { amount: 1230, currency: "KWD" } },
  ],
  states: [
    {
      name: "created",
      bring: () => undefined,
      means: { status: "pending", mode: "test" },
      afterExpire: "canceled",
    },
    {
      name: "created, after a payment that failed",
      bring: (id) => void fake.decline(id),
      means: { status: "pending", failureCode: null },
      afterExpire: "canceled",
    },
    {
      name: "created, with a payment that is only authorized",
      bring: (id) => void fake.authorize(id),
      means: { status: "processing" },
      afterExpire: "processing",
    },
    {
      name: "paid",
      bring: (id) => fake.pay(id),
      means: { status: "succeeded", amountCaptured: 1999, mode: "test" },
      afterExpire: "succeeded",
    },
    {
      name: "partially_paid",
      bring: (id) => fake.capture(fake.authorize(id, 500)),
      means: { status: "succeeded", amountCaptured: 500 },
      afterExpire: "succeeded",
    },
    {
      name: "cancelled",
      bring: (id) => fake.end(id, "cancelled"),
      means: { status: "canceled" },
      afterExpire: "canceled",
    },
    {
      name: "expired",
      bring: (id) => fake.end(id, "expired"),
      means: { status: "expired" },
      afterExpire: "expired",
    },
    {
      name: "expired, with a payment that is authorised late",
      bring: (id) => {
        fake.end(id, "expired");
        fake.authorize(id);
      },
      means: { status: "processing" },
      afterExpire: "processing",
    },
    {
      name: "expired, and paid late",
      bring: (id) => {
        fake.end(id, "expired");
        fake.payLate(id);
      },
      means: { status: "succeeded", amountCaptured: 1999 },
      afterExpire: "succeeded",
    },
    {
      name: "cancelled, and paid late",
      bring: (id) => {
        fake.end(id, "cancelled");
        fake.payLate(id);
      },
      means: { status: "succeeded", amountCaptured: 1999 },
      afterExpire: "succeeded",
    },
    {
      name: "a word of tomorrow",
      bring: (id) => {
        Object.assign(fake.linkOf(id), { status: "paused" });
      },
      means: { status: "unsaid" },
    },
  ],
  pay: (id) => fake.pay(id),
  refunds: {},
  money: {
    write: writeAmount,
    read: (written) => (typeof written === "number" ? written : null),
    currencies: 120,
  },
  webhook: {
    subscribes: true,
    receipt: {
      field: "created_at",
      occurredAt: (body) => JSON.parse(body).created_at * 1000,
      signedAt: () => null,
      secret: 1,
    },
    readsAlone: true,
    body: ({ transactionId }) => paidNews(transactionId),
    sign: async (body, { secret }) => ({ body, headers: new Headers(await signRazorpay(body, secret)) }),
    secondSecret: RAZORPAY_OLD_WEBHOOK_SECRET,
    otherSecret: OTHER_SECRET,
    toleranceMs: null,
    unknown: [
      toEvent("payment_link.shared", { payment_link: SAID }),
      toEvent("payment.downtime.started", { "payment.downtime": { id: "down_F7LroRQAAFuswd" } }),
      toEvent("subscription.charged", { subscription: { id: "sub_DEX6xcJ1HSW4CR" }, payment: PAID }),
      JSON.stringify({ event: "account.app.authorization_revoked", payload: { client_id: "x" } }),
      JSON.stringify({ event: "payout.processed", payload: {}, created_at: "yesterday" }),
    ],
    malformed: [
      JSON.stringify({ payload: {} }),
      JSON.stringify({ event: 7, payload: {} }),
      JSON.stringify({ event: "", payload: {} }),
      JSON.stringify({ event: "Payment Link Paid", payload: {} }),
      JSON.stringify({ event: "payment_link.paid" }),
      JSON.stringify({ event: "payment_link.paid", payload: null }),
      JSON.stringify({ event: "payment_link.paid", payload: [] }),
      malformed({ id: "inv_Fk1" }),
      malformed({ status: undefined }),
      malformed({ status: 1 }),
      malformed({ amount: undefined }),
      malformed({ amount: "1999" }),
      malformed({ amount: 19.99 }),
      malformed({ amount: -1 }),
      malformed({ amount: 2 ** 53 }),
      malformed({ amount_paid: undefined }),
      malformed({ amount_paid: "1999" }),
      malformed({ currency: undefined }),
      malformed({ currency: "DOLLARS" }),
      malformed({}, { id: "rfnd_Fk1" }),
      malformed({}, { captured: "yes" }),
      malformed({}, { amount: 1.5 }),
      malformed({}, { amount_refunded: "0" }),
      `\ufeff${malformed({})}`,
    ],
  },
});

async function open(changes: Parameters<typeof createRequest>[0] = {}) {
  const gateway = connect();
  const request = createRequest(changes);
  const { transactionId } = request;
  const { observation, paymentUrl } = await gateway.create(request);
  return { gateway, request, transactionId, paymentUrl, reference: { transactionId, ...observation } };
}

async function paid(changes: Parameters<typeof createRequest>[0] = {}) {
  const opened = await open(changes);
  fake.pay(opened.transactionId);
  await fake.takeWebhooks(WEBHOOK_URL);
  return opened;
}

/** All that the vendor has to tell, as our webhook reads it. */
async function news(gateway = connect()): Promise<Notice[]> {
  const notices: Notice[] = [];
  for (const { url, headers, body } of await fake.takeWebhooks(WEBHOOK_URL)) {
    notices.push(...(await gateway.readWebhook({ url, headers: new Headers(headers), body: utf8(body) })));
  }
  return notices;
}

async function receive(body: string, gateway = connect(), more: Readonly<Record<string, string>> = {}) {
  const headers = new Headers({ ...(await signRazorpay(body)), ...more });
  return gateway.readWebhook({ url: WEBHOOK_URL, headers, body: utf8(body) });
}

/** Lets the calls through, and writes them down. */
function recording(fetch: Fetch = fake.fetch) {
  const calls: Request[] = [];
  const gateway = connect(async (request) => {
    calls.push(request.clone());
    return fetch(request);
  });
  const names = () => calls.map(({ method, url }) => `${method} ${url.slice(API.length)}`);
  return { calls, names, gateway };
}

const unreachable: Fetch = () => expect.unreachable("there was nothing to ask");
const answering = (body: unknown, status = 200) =>
  connect(async () => Response.json(body as Json, { status }));
const refusal = (description: string, code = "BAD_REQUEST_ERROR") => ({ error: { code, description } });
const kindOf = (kind: string) => expect.objectContaining({ name: "GatewayError", kind });

beforeEach(async () => {
  withoutPauses();
  Object.assign(fake, { showsOrders: true, copiesNotes: true, refundsPend: false, busyKey: null });
  await fake.takeWebhooks(WEBHOOK_URL);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("razorpay", () => {
  it("connects from its variables", async () => {
    const { RAZORPAY_API_URL: _, ...variables } = fake.variables(API);
    expect(razorpay.config.parse(variables).RAZORPAY_API_URL).toBe("https://api.razorpay.com");
    for (const name of Object.keys(variables)) {
      const { error } = razorpay.config.safeParse({ ...variables, [name]: undefined });
      expect(error?.issues.map(({ path }) => path[0])).toEqual([name]);
    }
    const { calls, gateway } = recording();
    await gateway.retrieve({ transactionId: OURS, reference: null });
    const authorization = Buffer.from(`${RAZORPAY_KEY_ID}:${RAZORPAY_KEY_SECRET}`).toString("base64");
    expect(calls[0]?.headers.get("authorization")).toBe(`Basic ${authorization}`);
    expect(gateway).toMatchObject({ id: "razorpay", title: "Razorpay" });
    expect(["capture", "complete", "missedEvents", "needs"].filter((verb) => verb in gateway)).toEqual([]);
  });

  it.each([
    ["rzp_test_fake0123456789", "test"],
    ["rzp_live_fake0123456789", "live"],
    ["fake0123456789", null],
  ])("tells the mode by the key: %s", async (keyId, mode) => {
    const gateway = connect(async () => Response.json(SAID), {
      ...fake.variables(API),
      RAZORPAY_KEY_ID: keyId,
    });
    const seen = await gateway.retrieve({ transactionId: OURS, reference: "plink_Fk1" });
    expect(seen).toMatchObject({ status: "succeeded", mode });
  });

  it("asks for links that live as long as Razorpay lets them", async () => {
    const { minMs = 0, maxMs = 0 } = connect().lifetime ?? {};
    for (const lifetime of [minMs, maxMs]) {
      const { transactionId } = await open({ expiresAt: Date.now() + lifetime });
      expect(fake.isOpen(transactionId)).toBe(true);
    }
    const tooShort = connect().create(createRequest({ expiresAt: Date.now() + 14 * 60_000 }));
    await expect(tooShort).rejects.toEqual(kindOf("rejected"));
  });
});

describe("razorpay.create", () => {
  it("says what is documented, and nothing of the buyer", async () => {
    const { calls, names, gateway } = recording();
    const customer = { email: "ada@example.com", name: "Ada", country: "IN", locale: "en-IN" };
    const request = createRequest({ customer, amount: 50_000, currency: "INR" });
    const { paymentUrl, observation } = await gateway.create(request);
    expect(names()).toEqual(["POST /v1/payment_links"]);
    expect(await calls[0]?.json()).toEqual({
      ...{ amount: 50_000, currency: "INR", reference_id: request.transactionId, description: "Two tickets" },
      ...{ accept_partial: false, expire_by: Math.floor(request.expiresAt / 1000) },
      ...{ notify: { sms: false, email: false }, reminder_enable: false },
      notes: { transaction_id: request.transactionId, order_id: request.orderId },
      ...{ callback_url: request.returnUrl, callback_method: "get" },
    });
    expect(paymentUrl).toMatch(/^https:\/\/rzp\.io\/rzp\//);
    expect(observation.reference).toBe(fake.linkOf(request.transactionId).id);
  });

  it("leaves out a description that there is none of", async () => {
    expect(toLinkRequest(createRequest({ description: null }))).not.toHaveProperty("description");
  });

  it("takes the longest order id, and the longest description, that a shop may send", async () => {
    const { transactionId } = await open({ orderId: "o".repeat(255), description: "d".repeat(1000) });
    expect(fake.linkOf(transactionId).notes.order_id).toHaveLength(255);
  });

  it.each([
    [1234, "KWD"],
    [5, "BHD"],
    [1001, "OMR"],
    [101, "JOD"],
    [1001, "TND"],
    [1999, "HRK"],
    [1999, "KPW"],
    [1999, "CLF"],
  ])("opens nothing for %i %s", async (amount, currency) => {
    const gateway = connect(unreachable);
    await expect(gateway.create(createRequest({ amount, currency }))).rejects.toEqual(kindOf("rejected"));
  });

  it("takes Razorpay's minimum for a refusal", async () => {
    const call = connect().create(createRequest({ amount: 99, currency: "INR" }));
    await expect(call).rejects.toEqual(kindOf("rejected"));
  });

  it("looks up the link of an answer that was lost, by our id", async () => {
    const { request, paymentUrl, reference } = await open();
    const { names, gateway } = recording();
    const repeated = await gateway.create(request);
    expect(names()).toEqual([
      "POST /v1/payment_links",
      `GET /v1/payment_links?reference_id=${request.transactionId}`,
    ]);
    expect(repeated).toMatchObject({ paymentUrl, observation: { reference: reference.reference } });
  });

  it("finds it also where its end has come too near to be asked for again", async () => {
    const { request, paymentUrl } = await open();
    vi.spyOn(Date, "now").mockReturnValue(request.expiresAt - 60_000);
    expect(await connect().create(request)).toMatchObject({ paymentUrl, observation: { status: "pending" } });
  });

  it.each([
    ["paid", "succeeded", (id: string) => fake.pay(id)],
    ["cancelled", "canceled", (id: string) => fake.end(id, "cancelled")],
  ])("says that it is %s already", async (_word, status, bring) => {
    const { request } = await open();
    bring(request.transactionId);
    expect((await connect().create(request)).observation).toMatchObject({ status, amount: 1999 });
  });

  it.each([{ amount: 2000 }, { currency: "EUR" }])(
    "takes no link that asks for something else: %j",
    async (changes) => {
      const { request } = await open();
      await expect(connect().create({ ...request, ...changes })).rejects.toEqual(kindOf("rejected"));
    },
  );

  it("waits for a link that Razorpay knows and does not show yet", async () => {
    const gateway = connect(async ({ method }) =>
      method === "GET"
        ? Response.json({ payment_links: [] })
        : Response.json(refusal("payment link creation with reference ID already attempted"), {
            status: 400,
          }),
    );
    await expect(gateway.create(createRequest())).rejects.toEqual(kindOf("unavailable"));
  });

  it.each([
    { reference_id: `txn_${"1".repeat(26)}` },
    { reference_id: null },
    { amount: 1 },
    { currency: "EUR" },
    { id: "inv_1" },
    { short_url: undefined },
    { short_url: "" },
    { short_url: "/pay/1" },
    { short_url: "javascript:alert(1)" },
  ])("sends no buyer to a link of %j", async (changes) => {
    const request = createRequest();
    const link = { ...SAID, status: "created", amount_paid: 0, reference_id: request.transactionId };
    expect((await answering(link).create(request)).paymentUrl).toBe(SAID.short_url);
    await expect(answering({ ...link, ...changes }).create(request)).rejects.toEqual(kindOf("unknown"));
  });
});

describe("razorpay.retrieve", () => {
  it.each([
    ["The id provided does not exist", "missing"],
    ["The ID provided does not exist", "missing"],
    ["The requested URL was not found on the server.", "rejected"],
    ["invalid input [strippedId] = [x]", "rejected"],
  ])("takes a 400 that says %j for %s", async (description, means) => {
    const call = answering(refusal(description), 400).retrieve({
      transactionId: OURS,
      reference: "plink_Fk1",
    });
    await (means === "missing"
      ? expect(call).resolves.toMatchObject({ status: "missing", reference: "plink_Fk1", amount: null })
      : expect(call).rejects.toEqual(kindOf(means)));
  });

  it.each([
    [404, "missing"],
    [401, "unavailable"],
    [422, "rejected"],
  ])("takes a %i of the same words for %s", async (status, means) => {
    const gateway = answering(refusal("The id provided does not exist"), status);
    const call = gateway.retrieve({ transactionId: OURS, reference: "plink_Fk1" });
    await (means === "missing"
      ? expect(call).resolves.toMatchObject({ status: "missing" })
      : expect(call).rejects.toEqual(kindOf(means)));
  });

  it("finds a link by our id alone, and takes no other", async () => {
    const { transactionId, reference, gateway } = await open();
    expect(await gateway.retrieve({ transactionId, reference: null })).toMatchObject({
      ...{ status: "pending", reference: reference.reference },
    });
    const others = answering({ payment_links: [{ ...SAID, reference_id: `${OURS}0` }] });
    expect(await others.retrieve({ transactionId: OURS, reference: null })).toMatchObject({
      status: "missing",
    });
    expect(
      await answering({ payment_links: null }).retrieve({ transactionId: OURS, reference: null }),
    ).toMatchObject({ status: "missing" });
  });

  it.each([{ id: "plink_Fk2" }, { reference_id: `txn_${"1".repeat(26)}` }, { reference_id: null }])(
    "does not believe an answer about another transaction: %j",
    async (changes) => {
      const gateway = answering({ ...SAID, ...changes });
      const call = gateway.retrieve({ transactionId: OURS, reference: "plink_Fk1" });
      await expect(call).rejects.toEqual(kindOf("unknown"));
    },
  );

  it.each([
    [true, (link: string, order: string) => [`/v1/payment_links/${link}`, `/v1/orders/${order}/payments`]],
    [false, (link: string, _: string, pay: string) => [`/v1/payment_links/${link}`, `/v1/payments/${pay}`]],
  ])("knows the payments by the link's order, or by the link itself: %s", async (showsOrders, paths) => {
    const { transactionId, reference } = await paid();
    fake.showsOrders = showsOrders;
    const { names, gateway } = recording();
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", amountCaptured: 1999 });
    const { id, orderId, payments } = fake.linkOf(transactionId);
    expect(names()).toEqual(paths(id, orderId ?? "", payments[0]?.id ?? "").map((path) => `GET ${path}`));
  });

  it.each([true, false])(
    "counts what went back, once it is processed (orders shown: %s)",
    async (showsOrders) => {
      const { transactionId, reference, gateway } = await paid();
      Object.assign(fake, { showsOrders, refundsPend: true });
      const [payment] = fake.linkOf(transactionId).payments;
      if (!payment) {
        expect.unreachable("nothing was paid");
      }
      const refund = fake.giveBack(payment, 500);
      const lost = fake.giveBack(payment, 100);
      expect(await gateway.retrieve(reference)).toMatchObject({ amountCaptured: 1999, amountRefunded: 0 });
      fake.settle(refund, "processed");
      fake.settle(lost, "failed");
      expect(await gateway.retrieve(reference)).toMatchObject({ amountCaptured: 1999, amountRefunded: 500 });
    },
  );

  it("counts more refunds than fit on a page", async () => {
    const { transactionId, reference } = await paid();
    const [payment] = fake.linkOf(transactionId).payments;
    for (let index = 0; payment && index < 101; index += 1) {
      fake.giveBack(payment, 2);
    }
    const { names, gateway } = recording();
    expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: 202 });
    expect(names().filter((name) => name.includes("/refunds?"))).toHaveLength(2);
  });

  it("does not count another payment's refund", async () => {
    const done = { amount: 100, status: "processed", notes: [] };
    const items = [
      { id: "rfnd_1", payment_id: "pay_Fk1", ...done },
      { id: "rfnd_2", payment_id: "pay_Fk2", ...done },
    ];
    const gateway = connect(async ({ url }) => {
      if (url.includes("/refunds")) {
        return Response.json({ items });
      }
      const touched = { ...PAID, amount_refunded: 100 };
      return Response.json(
        url.includes("/orders/") ? { items: [touched] } : { ...SAID, order_id: "order_1" },
      );
    });
    const seen = await gateway.retrieve({ transactionId: OURS, reference: "plink_Fk1" });
    expect(seen).toMatchObject({ amountRefunded: 100 });
  });

  it("gives up on a list of refunds without an end", async () => {
    const items = Array.from({ length: 100 }, (_, index) => ({
      ...{ id: `rfnd_${index}`, payment_id: "pay_Fk1", amount: 1, status: "processed", notes: [] },
    }));
    const gateway = connect(async ({ url }) => {
      if (url.includes("/refunds")) {
        return Response.json({ items });
      }
      const touched = { ...PAID, amount_refunded: 1 };
      return Response.json(
        url.includes("/orders/") ? { items: [touched] } : { ...SAID, order_id: "order_1" },
      );
    });
    const call = gateway.retrieve({ transactionId: OURS, reference: "plink_Fk1" });
    await expect(call).rejects.toEqual(kindOf("unknown"));
  });

  it("takes an authorisation that lapsed for no money", async () => {
    const { transactionId, reference, gateway } = await open();
    const payment = fake.authorize(transactionId);
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "processing" });
    fake.lapse(payment);
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "pending", amountRefunded: 0 });
    fake.pay(transactionId);
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", amountCaptured: 1999 });
  });

  it("does not count a second payment that went back at once", async () => {
    const { transactionId, reference, gateway } = await paid();
    const second = fake.authorize(transactionId);
    fake.capture(second);
    fake.giveBack(second, second.amount);
    expect(await gateway.retrieve(reference)).toMatchObject({
      ...{ status: "succeeded", amountCaptured: 1999, amountRefunded: 0 },
    });
  });

  it("says that all went back", async () => {
    const { transactionId, reference, gateway } = await paid();
    const [payment] = fake.linkOf(transactionId).payments;
    fake.giveBack(payment ?? expect.unreachable("nothing was paid"), 1999);
    expect(await gateway.retrieve(reference)).toMatchObject({ amountCaptured: 1999, amountRefunded: 1999 });
  });

  it("counts no more back than was asked for, where the buyer bore the fee", async () => {
    const gateway = connect(async ({ url }) => {
      if (url.includes("/refunds")) {
        const refund = { id: "rfnd_1", payment_id: "pay_Fk1", amount: 2046, status: "processed", notes: [] };
        return Response.json({ items: [refund] });
      }
      const payment = { ...PAID, status: "refunded", amount: 2046, amount_refunded: 2046 };
      return Response.json(
        url.includes("/orders/") ? { items: [payment] } : { ...SAID, order_id: "order_1" },
      );
    });
    expect(await gateway.retrieve({ transactionId: OURS, reference: "plink_Fk1" })).toMatchObject({
      ...{ status: "succeeded", amount: 1999, amountCaptured: 1999, amountRefunded: 1999 },
    });
  });

  it("does not believe an answer about another payment", async () => {
    const link = { ...SAID, payments: [{ payment_id: "pay_Fk1", status: "captured" }] };
    const gateway = connect(async ({ url }) =>
      Response.json(url.includes("/v1/payments/") ? { ...PAID, id: "pay_Fk2" } : link),
    );
    const call = gateway.retrieve({ transactionId: OURS, reference: "plink_Fk1" });
    await expect(call).rejects.toEqual(kindOf("unknown"));
  });
});

describe("razorpay.expire", () => {
  it("cancels only a link that is open", async () => {
    const { reference } = await open();
    const { names, gateway } = recording();
    expect(await gateway.expire?.(reference)).toMatchObject({ status: "canceled" });
    await gateway.expire?.(reference);
    const { reference: id } = reference;
    expect(names().filter((name) => name.startsWith("POST"))).toEqual([
      `POST /v1/payment_links/${id}/cancel`,
    ]);
  });

  it("says what became of a link that was paid in the meantime", async () => {
    const { transactionId, reference } = await open();
    const gateway = connect(async (request) => {
      if (request.method === "POST") {
        fake.pay(transactionId);
      }
      return fake.fetch(request);
    });
    expect(await gateway.expire?.(reference)).toMatchObject({ status: "succeeded", amountCaptured: 1999 });
  });

  it.each([
    [400, "rejected"],
    [409, "unavailable"],
    [200, "unavailable"],
  ])("does not call closed what Razorpay does not close: %i is %s", async (status, kind) => {
    const { reference } = await open();
    const gateway = connect(async (request) =>
      request.method === "POST" ? Response.json(refusal("not now"), { status }) : fake.fetch(request),
    );
    await expect(gateway.expire?.(reference)).rejects.toEqual(kindOf(kind));
    expect(await connect().expire?.(reference)).toMatchObject({ status: "canceled" });
  });

  it("cancels by our id alone", async () => {
    const { transactionId, gateway } = await open();
    const seen = await gateway.expire?.({ transactionId, reference: null });
    expect(seen).toMatchObject({ status: "canceled" });
    expect(fake.isOpen(transactionId)).toBe(false);
  });
});

describe("razorpay.refund", () => {
  it("names the refund to Razorpay in its key and its notes", async () => {
    const { request, reference, transactionId } = await paid();
    const { calls, names, gateway } = recording();
    const asked = refundRequest(request, { amount: 500 });
    const answer = await gateway.refund?.(reference, asked);
    const { id: pay = "", refunds } = fake.linkOf(transactionId).payments[0] ?? {};
    expect(names().at(-1)).toBe(`POST /v1/payments/${pay}/refund`);
    expect(calls.at(-1)?.headers.get("x-refund-idempotency")).toBe(asked.refundId);
    expect(await calls.at(-1)?.json()).toEqual({
      ...{ amount: 500, speed: "normal", notes: { refund_id: asked.refundId } },
    });
    expect(answer).toEqual({ status: "succeeded", reference: refunds?.[0]?.id, failureCode: null });
  });

  it.each([
    ["processed", "succeeded"],
    ["failed", "failed"],
  ] as const)("is looked up when it is repeated: %s means %s", async (word, status) => {
    fake.refundsPend = true;
    const { request, reference, transactionId } = await paid();
    const asked = refundRequest(request);
    const { names, gateway } = recording();
    expect(await gateway.refund?.(reference, asked)).toMatchObject({ status: "pending", failureCode: null });
    expect(await gateway.refund?.(reference, asked)).toMatchObject({ status: "pending" });
    const [first] = fake.linkOf(transactionId).payments[0]?.refunds ?? [];
    const refund = first ?? expect.unreachable("nothing was given back");
    fake.settle(refund, word);
    expect(await gateway.refund?.(reference, asked)).toMatchObject({ status, reference: refund.id });
    expect(names().filter((name) => name.startsWith("POST"))).toHaveLength(1);
  });

  it("is one refund by its key, where the list does not show it yet", async () => {
    const { request, reference, transactionId } = await paid();
    const blind = connect(async (call) =>
      call.url.includes("/refunds?") ? Response.json({ items: [] }) : fake.fetch(call),
    );
    const asked = refundRequest(request, { amount: 500 });
    const first = await blind.refund?.(reference, asked);
    expect(await blind.refund?.(reference, asked)).toEqual(first);
    expect(fake.refunded(transactionId)).toBe(500);
  });

  it("waits while the same one is under way", async () => {
    const { request, reference, gateway } = await paid();
    const asked = refundRequest(request);
    fake.busyKey = asked.refundId;
    await expect(gateway.refund?.(reference, asked)).rejects.toEqual(kindOf("unavailable"));
    fake.busyKey = null;
    expect(await gateway.refund?.(reference, asked)).toMatchObject({ status: "succeeded" });
  });

  it("gives back what came late, of the payment that counts", async () => {
    const { request, reference, transactionId } = await open();
    fake.decline(transactionId);
    fake.end(transactionId, "expired");
    fake.payLate(transactionId);
    const { names, gateway } = recording();
    expect(await gateway.refund?.(reference, refundRequest(request))).toMatchObject({ status: "succeeded" });
    expect(fake.refunded(transactionId)).toBe(1999);
    // Of the payment that failed, nothing can have gone back.
    expect(names().filter((name) => name.includes("/refunds?"))).toHaveLength(1);
  });

  it.each([{ currency: "EUR" }, { currency: "USD", amount: 2000 }])(
    "gives nothing back that was not paid so: %j",
    async (changes) => {
      const { request, reference, transactionId, gateway } = await paid();
      const call = gateway.refund?.(reference, refundRequest(request, changes));
      await expect(call).rejects.toEqual(kindOf("rejected"));
      expect(fake.refunded(transactionId)).toBe(0);
    },
  );

  it("gives back no sum that cannot be written", async () => {
    const { request, reference, transactionId, gateway } = await paid({ amount: 1230, currency: "KWD" });
    const call = gateway.refund?.(reference, refundRequest(request, { amount: 1229 }));
    await expect(call).rejects.toEqual(kindOf("rejected"));
    expect(fake.refunded(transactionId)).toBe(0);
  });

  it.each([
    { payment_id: "pay_Fk2" },
    { amount: 1 },
    { notes: [] },
    { notes: { refund_id: "rfd_other" } },
    { status: undefined },
  ])("does not believe an answer about another refund: %j", async (changes) => {
    const { request, reference, transactionId } = await paid();
    const asked = refundRequest(request);
    const [payment] = fake.linkOf(transactionId).payments;
    const gateway = connect(async (call) =>
      call.method === "GET"
        ? fake.fetch(call)
        : Response.json({
            ...{ id: "rfnd_Fk1", payment_id: payment?.id, amount: 1999, status: "processed" },
            ...{ notes: { refund_id: asked.refundId }, ...changes },
          }),
    );
    await expect(gateway.refund?.(reference, asked)).rejects.toEqual(kindOf("unknown"));
  });
});

describe("razorpay.readWebhook", () => {
  it("reads what Razorpay tells of a payment, in any order", async () => {
    const { transactionId, reference } = await open();
    fake.pay(transactionId);
    const told = await news();
    expect(told.map(({ eventId }) => eventId.split(":")[0])).toEqual([
      ...["payment.authorized", "payment.captured", "order.paid", "payment_link.paid"],
    ]);
    for (const notice of told) {
      expect(notice).toMatchObject({
        transactionId,
        observation: {
          ...{ status: "succeeded", reference: reference.reference, amount: 1999, currency: "USD" },
          ...{ amountCaptured: 1999, amountRefunded: 0, dispute: null, mode: "test" },
        },
      });
    }
    expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(4);
  });

  it.each([
    ["payment.failed", "pending", (id: string): unknown => fake.decline(id)],
    ["payment.authorized", "processing", (id: string): unknown => fake.authorize(id)],
    ["payment_link.expired", "expired", (id: string) => fake.end(id, "expired")],
    ["payment_link.cancelled", "canceled", (id: string) => fake.end(id, "cancelled")],
  ] as const)("asks what %s has come to: %s", async (type, status, bring) => {
    const { transactionId, reference } = await open();
    bring(transactionId);
    const [notice, ...others] = await news();
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ transactionId, observation: { status, reference: reference.reference } });
    expect(notice?.eventId.startsWith(`${type}:`)).toBe(true);
  });

  it.each(connect().webhook.events)("tells of %s, to which it subscribes", async (type) => {
    const { transactionId } = await paid();
    const link = fake.linkOf(transactionId);
    const payment = { ...PAID, order_id: link.orderId, notes: { transaction_id: transactionId } };
    const body = toEvent(
      type,
      type.startsWith("payment_link.") ? { payment_link: toLinkNews(link) } : { payment },
    );
    expect(await receive(body)).toMatchObject([{ transactionId, observation: { status: "succeeded" } }]);
  });

  it("leads part of the money to a person: it is told as what it is", async () => {
    const { transactionId } = await open();
    fake.capture(fake.authorize(transactionId, 500));
    const told = (await news()).filter(({ eventId }) => eventId.startsWith("payment_link.partially_paid:"));
    expect(told).toMatchObject([
      { observation: { status: "succeeded", amount: 1999, amountCaptured: 500, amountRefunded: 0 } },
    ]);
  });

  it("hears of money that comes after a link's end, and does not call it off while it is on its way", async () => {
    const { transactionId } = await open();
    const payment = fake.authorize(transactionId);
    fake.end(transactionId, "expired");
    expect((await news()).map(({ observation }) => observation.status)).toEqual(["processing", "processing"]);
    fake.capture(payment);
    expect(await news()).toMatchObject([
      { transactionId, observation: { status: "succeeded", amountCaptured: 1999 } },
    ]);
  });

  it.each([true, false])(
    "hears of refunds, with or without notes on the payment: %s",
    async (copiesNotes) => {
      const { transactionId, reference } = await paid();
      Object.assign(fake, { copiesNotes, refundsPend: true });
      const [payment] = fake.linkOf(transactionId).payments;
      const paidOne = payment ?? expect.unreachable("nothing was paid");
      const lost = fake.giveBack(paidOne, 300);
      fake.settle(lost, "failed");
      fake.giveBack(paidOne, 500);
      const told = await news();
      expect(told.map(({ eventId }) => eventId.split(":")[0])).toEqual([
        ...["refund.created", "refund.failed", "refund.created", "refund.processed"],
      ]);
      for (const { observation, transactionId: id } of told) {
        expect(id).toBe(transactionId);
        expect(observation).toMatchObject({ status: "succeeded", amountRefunded: 500 });
        expect(observation.reference).toBe(reference.reference);
      }
      expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(4);
    },
  );

  it.each([
    ["created", "open"],
    ["under_review", "open"],
    ["action_required", "open"],
    ["won", "won"],
    ["closed", "won"],
    ["lost", "lost"],
  ])("reads a dispute that is %s as %s", async (word, dispute) => {
    const { transactionId } = await paid();
    fake.dispute(transactionId, word);
    fake.copiesNotes = false;
    fake.dispute(transactionId, word);
    const told = await news();
    expect(told).toHaveLength(2);
    for (const notice of told) {
      expect(notice).toMatchObject({
        transactionId,
        observation: { status: "succeeded", amount: 1999, dispute },
      });
    }
  });

  it("tells of a refund's speed what it knows", async () => {
    const { transactionId } = await paid();
    const [payment] = fake.linkOf(transactionId).payments;
    fake.tell("refund.speed_changed", { payment: payment && fake.toPaymentWire(payment) });
    expect(await news()).toMatchObject([{ transactionId, observation: { status: "succeeded" } }]);
  });

  it("asks where money went back before it was told that it came", async () => {
    const { transactionId } = await paid();
    const [payment] = fake.linkOf(transactionId).payments;
    fake.giveBack(payment ?? expect.unreachable("nothing was paid"), 1999);
    expect(await receive(paidNews(transactionId))).toMatchObject([
      { transactionId, observation: { status: "succeeded", amountCaptured: 1999, amountRefunded: 1999 } },
    ]);
  });

  it("makes no sure thing of an event that it does not know", async () => {
    const link = { ...SAID, id: "plink_Fk9" };
    const [notice] = await receive(
      toEvent("payment_link.shared", { payment_link: link }),
      connect(unreachable),
    );
    expect(notice).toMatchObject({
      ...{ transactionId: OURS, observation: { status: "unsaid", reference: "plink_Fk9", amount: null } },
    });
    const lacking = { id: "plink_Fk9", reference_id: OURS };
    expect(await receive(toEvent("payment_link.paused", { payment_link: lacking }))).toHaveLength(1);
  });

  it.each([
    [
      "a link of the dashboard",
      toEvent("payment_link.paid", { payment_link: { ...SAID, reference_id: "" } }),
    ],
    ["somebody's link", toEvent("payment_link.paid", { payment_link: { ...SAID, reference_id: "TS1989" } })],
    [
      "a link without an id of theirs",
      toEvent("payment_link.expired", { payment_link: { id: "plink_Fk1" } }),
    ],
    [
      "their link, with our id on its payment",
      toEvent("payment_link.paid", {
        payment_link: { ...SAID, reference_id: "TS1989" },
        payment: { ...PAID, notes: { transaction_id: OURS } },
      }),
    ],
    ["an event that names nothing", toEvent("payment.captured", {})],
    ["entities that are none", toEvent("payment.captured", { payment: null, order: 7 })],
    ["another product", toEvent("subscription.charged", { payment: PAID })],
  ])("passes over %s without a question", async (_what, body) => {
    expect(await receive(body, connect(unreachable))).toEqual([]);
  });

  it.each([
    ["by its notes", true, true, 0],
    ["by the link's order", false, true, 1],
    ["by the link's list", false, false, 1],
  ])("knows the link of a payment %s", async (_by, copiesNotes, showsOrders, questions) => {
    const { transactionId } = await paid();
    Object.assign(fake, { copiesNotes, showsOrders });
    const [payment] = fake.linkOf(transactionId).payments;
    const { payments: _, ...link } = fake.toLinkWire(fake.linkOf(transactionId));
    const { names, gateway } = recording(async (request) =>
      showsOrders && request.url.includes("payment_id=")
        ? Response.json({ payment_links: [link] })
        : fake.fetch(request),
    );
    fake.tell("payment.captured", { payment: payment && fake.toPaymentWire(payment) });
    expect(await news(gateway)).toMatchObject([{ transactionId, observation: { status: "succeeded" } }]);
    expect(names().filter((name) => name.includes("payment_id="))).toHaveLength(questions);
  });

  it("knows the link of an order by its receipt", async () => {
    const { transactionId } = await paid();
    fake.copiesNotes = false;
    const link = fake.linkOf(transactionId);
    const [payment] = link.payments;
    fake.tell("order.paid", { order: toOrderWire(link), payment: payment && fake.toPaymentWire(payment) });
    const { names, gateway } = recording();
    expect(await news(gateway)).toMatchObject([{ transactionId, observation: { status: "succeeded" } }]);
    expect(names()[0]).toBe(`GET /v1/payment_links?reference_id=${transactionId}`);
  });

  it("takes no id that is longer than an id", async () => {
    const payment = { ...PAID, id: `pay_${"1".repeat(29)}`, notes: { transaction_id: OURS } };
    expect(await receive(toEvent("payment.captured", { payment }), connect(unreachable))).toEqual([]);
  });

  it("passes over a payment that belongs to none of our links", async () => {
    const { names, gateway } = recording();
    const body = toEvent("payment.captured", { payment: { ...PAID, id: "pay_Other1", notes: [] } });
    expect(await receive(body, gateway)).toEqual([]);
    expect(names()).toEqual(["GET /v1/payment_links?payment_id=pay_Other1"]);
  });

  it.each([
    ["that has another order", { order_id: "order_2" }],
    ["that lists another payment", { payments: [{ payment_id: "pay_Fk2", status: "captured" }] }],
    ["that is not ours", { order_id: "order_1", reference_id: "TS1989" }],
  ])("takes no link for a payment's %s", async (_what, changes) => {
    const body = toEvent("payment.dispute.lost", { payment: { ...PAID, order_id: "order_1", notes: [] } });
    expect(await receive(body, answering({ payment_links: [{ ...SAID, ...changes }] }))).toEqual([]);
  });

  it("fails where Razorpay cannot be asked, so that it tells again", async () => {
    const body = toEvent("payment.captured", { payment: { ...PAID, notes: { transaction_id: OURS } } });
    await expect(receive(body, answering({}, 503))).rejects.toEqual(kindOf("unavailable"));
  });

  it("tells events apart by what is signed: another's id on an old body suppresses nothing", async () => {
    const { transactionId } = await paid();
    const body = paidNews(transactionId);
    const ids = await Promise.all(
      [{}, { "x-razorpay-event-id": "evt_1" }, { "x-razorpay-event-id": "evt_2" }].map(
        async (more) => (await receive(body, connect(), more))[0]?.eventId,
      ),
    );
    const { id, orderId, payments } = fake.linkOf(transactionId);
    const { created_at: at } = JSON.parse(body) as Json;
    const order = orderId?.slice("order_".length);
    expect(new Set(ids)).toEqual(new Set([`payment_link.paid:${id}:${payments[0]?.id}:${order}:${at}`]));
  });

  it.each(["", "zz", "00", "not hex"])("refuses the signature %j", async (signature) => {
    const headers = new Headers({ "x-razorpay-signature": signature });
    const call = connect().readWebhook({ url: WEBHOOK_URL, headers, body: utf8(malformed({})) });
    await expect(call).rejects.toEqual(kindOf("unverified"));
  });
});

describe("Razorpay's own SDK", () => {
  const server = createServer(async (incoming, outgoing) => {
    const chunks = await Array.fromAsync(incoming as AsyncIterable<Uint8Array>);
    const body = Buffer.concat(chunks);
    const { authorization = "" } = incoming.headers;
    const method = incoming.method ?? "GET";
    const answer = await fake.fetch(
      new Request(`${API}${incoming.url}`, {
        ...{ method, headers: { authorization, "content-type": "application/json" } },
        ...(method === "GET" ? {} : { body }),
      }),
    );
    outgoing.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  });
  const client = new Razorpay({ key_id: RAZORPAY_KEY_ID, key_secret: RAZORPAY_KEY_SECRET });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : expect.unreachable("no port");
    // Its address is fixed, but for the axios instance that it keeps.
    const { defaults } = Reflect.get(client.api, "rq") as { defaults: { baseURL: string; proxy: boolean } };
    expect(defaults.baseURL).toBe("https://api.razorpay.com");
    Object.assign(defaults, { baseURL: `http://127.0.0.1:${port}`, proxy: false });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const characters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
  const secrets = fc
    .string({ unit: fc.constantFrom(...characters), minLength: 24, maxLength: 64 })
    .filter((text) => !text.includes(",") && !text.startsWith("replace-me"));
  const bodies = fc
    .record({ note: fc.string({ unit: "binary" }), created_at: fc.nat() })
    .map((more) => JSON.stringify({ event: "invoice.expired", payload: {}, ...more }));

  /** What they say, and what we say, of a signature. */
  async function judge(body: Uint8Array<ArrayBuffer>, signature: string, secret: string) {
    const variables = { ...fake.variables(API), RAZORPAY_WEBHOOK_SECRET: `${OTHER_SECRET},${secret}` };
    const headers = new Headers({ "x-razorpay-signature": signature });
    const ours = await connect(unreachable, variables)
      .readWebhook({ url: WEBHOOK_URL, headers, body })
      .then(
        () => true,
        (error: unknown) => {
          expect(error).toEqual(kindOf("unverified"));
          return false;
        },
      );
    return {
      theirs: Razorpay.validateWebhookSignature(new TextDecoder().decode(body), signature, secret),
      ours,
    };
  }

  it("accepts what the fake signs and refuses one flipped bit of it, as our webhook does", async () => {
    const property = fc.asyncProperty(
      ...([bodies, secrets, fc.nat(), fc.nat({ max: 6 })] as const),
      async (text, secret, place, bit) => {
        const body = utf8(text);
        const { "x-razorpay-signature": signature } = await signRazorpay(body, secret);
        expect(await judge(body, signature, secret)).toEqual({ theirs: true, ours: true });
        const index = place % body.length;
        const flipped = body.with(index, (body[index] ?? 0) ^ (1 << bit));
        expect(await judge(flipped, signature, secret)).toEqual({ theirs: false, ours: false });
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it("accepts what Node signs, and not with one digit changed, as our webhook does", async () => {
    const property = fc.asyncProperty(
      ...([bodies, secrets, fc.nat({ max: 63 })] as const),
      async (text, secret, place) => {
        const signature = createHmac("sha256", secret).update(text).digest("hex");
        expect(await judge(utf8(text), signature, secret)).toEqual({ theirs: true, ours: true });
        const digit = signature[place] === "0" ? "1" : "0";
        const other = signature.slice(0, place) + digit + signature.slice(place + 1);
        expect(await judge(utf8(text), other, secret)).toEqual({ theirs: false, ours: false });
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it("reads the links that our adapter opens", async () => {
    const { transactionId, reference } = await paid();
    const id = reference.reference ?? "";
    const link = await client.paymentLink.fetch(id);
    expect(link).toMatchObject({
      ...{
        id,
        reference_id: transactionId,
        status: "paid",
        amount: 1999,
        amount_paid: 1999,
        currency: "USD",
      },
    });
    const query = { reference_id: transactionId } as Parameters<typeof client.paymentLink.all>[0];
    expect((await client.paymentLink.all(query)).payment_links.map((one) => one.id)).toEqual([id]);
    const [payment] = fake.linkOf(transactionId).payments;
    const seen = await client.payments.fetch(payment?.id ?? "");
    expect(seen).toMatchObject({ entity: "payment", status: "captured", captured: true, amount_refunded: 0 });
    const { items } = await client.orders.fetchPayments(seen.order_id);
    expect(items.map((one) => one.id)).toEqual([payment?.id]);
  });

  it("opens, cancels and is refused a second link of one id", async () => {
    const request = createRequest();
    const body = { ...toLinkRequest(request), customer: {} };
    const opened = await client.paymentLink.create(body);
    expect(opened).toMatchObject({ status: "created", reference_id: request.transactionId, amount: 1999 });
    await expect(client.paymentLink.create(body)).rejects.toMatchObject({
      statusCode: 400,
      error: {
        code: "BAD_REQUEST_ERROR",
        description: "payment link creation with reference ID already attempted",
      },
    });
    expect(await client.paymentLink.cancel(opened.id)).toMatchObject({ id: opened.id, status: "cancelled" });
    await expect(client.paymentLink.cancel(opened.id)).rejects.toMatchObject({ statusCode: 400 });
    const { transactionId } = request;
    expect(await connect().retrieve({ transactionId, reference: opened.id })).toMatchObject({
      status: "canceled",
    });
  });

  it("gives back, and reads the refunds that our adapter makes", async () => {
    const { transactionId, request, reference, gateway } = await paid();
    const { id: pay = "" } = fake.linkOf(transactionId).payments[0] ?? {};
    const asked = refundRequest(request, { amount: 500 });
    const done = await gateway.refund?.(reference, asked);
    const theirs = await client.payments.refund(pay, { amount: 300 });
    expect(theirs).toMatchObject({ entity: "refund", amount: 300, status: "processed", payment_id: pay });
    const { items } = await client.payments.fetchMultipleRefund(pay, {});
    expect(items.map((one) => one.id)).toEqual([theirs.id, done?.reference]);
    expect(await client.refunds.fetch(done?.reference ?? "")).toMatchObject({
      ...{ amount: 500, status: "processed", notes: { refund_id: asked.refundId } },
    });
    expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: 800 });
  });

  it("has types for what we send", () => {
    // The customer is optional by the documentation.
    type Create = Omit<PaymentLinks.RazorpayPaymentLinkCreateRequestBody, "customer">;
    expectTypeOf(toLinkRequest).returns.toExtend<Create>();
    expectTypeOf<Exclude<keyof ReturnType<typeof toLinkRequest>, keyof Create>>().toBeNever();
    expectTypeOf(toRefundRequest).returns.toExtend<Refunds.RazorpayRefundCreateRequestBody>();
    expectTypeOf<
      Exclude<keyof ReturnType<typeof toRefundRequest>, keyof Refunds.RazorpayRefundCreateRequestBody>
    >().toBeNever();
    expectTypeOf<PaymentLinks.RazorpayPaymentLink["status"]>().toEqualTypeOf<
      "created" | "partially_paid" | "expired" | "cancelled" | "paid"
    >();
    expectTypeOf<Refunds.RazorpayRefund["status"]>().toEqualTypeOf<"pending" | "processed" | "failed">();
  });
});
