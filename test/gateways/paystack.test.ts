import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Gateway, Notice, Tools } from "../../src/gateways/gateway.ts";
import { paystack } from "../../src/gateways/paystack.ts";
import { readAmount, writeAmount } from "../../src/gateways/paystack-state.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { newTypeId } from "../../src/lib/id.ts";
import { createRequest, testGateway, withoutPauses } from "../support/gateway-contract.ts";
import { refundRequest } from "../support/money-contract.ts";
import {
  DISPUTED_AT,
  FakePaystack,
  PAYSTACK_OLD_SECRET_KEY,
  PAYSTACK_SECRET_KEY,
  type PaystackRefund,
  RESOLVED_AT,
  signPaystack,
  toWire,
} from "../support/vendors/paystack.ts";

type Fetch = Tools["fetch"];
type Bytes = Uint8Array<ArrayBuffer>;

const URL_OF_IT = "https://api.paystack.example";
const WEBHOOK_URL = "http://localhost:8787/webhooks/paystack";
const OTHER_SECRET = "sk_test_fake_somebody_elses_0123456789abcdef";
const customer = { email: "ada@example.com", name: "Ada", country: "NG", locale: "en-NG" };
const fake = new FakePaystack();

/** Without types: the Worker's would clash with Node's. */
const load = async <T>(name: string): Promise<T> => (await import(/* @vite-ignore */ name)) as T;

function connect(fetch: Fetch = fake.fetch, variables = fake.variables(URL_OF_IT)): Gateway {
  return paystack.connect(paystack.config.parse(variables), { fetch, now: Date.now });
}

/** Every buyer has an e-mail address here. */
function connectWithCustomer({ fetch }: Pick<Tools, "fetch">): Gateway {
  const gateway = connect(fetch);
  return { ...gateway, create: (request) => gateway.create({ ...request, customer }) };
}

const charge = (transactionId: string, changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    event: "charge.success",
    data: { ...toWire(fake.transactionOf(transactionId)), ...changes },
  });

const bring = (status: string) => (transactionId: string) => {
  Object.assign(fake.transactionOf(transactionId), { status });
};

const said = (changes: Record<string, unknown> = {}) => ({
  ...{ id: 1, domain: "test", status: "success", reference: "txn-1", amount: 1999, currency: "USD" },
  ...{
    gateway_response: "Approved",
    fees: 30,
    requested_amount: 1999,
    metadata: { transaction_id: "txn_1" },
  },
  ...changes,
});
const malformed = (changes: Record<string, unknown>) =>
  JSON.stringify({ event: "charge.success", data: said(changes) });

const bodyOf = async (request: Request): Promise<Record<string, unknown>> =>
  request.method === "POST" ? ((await request.json()) as Record<string, unknown>) : {};

testGateway({
  name: "paystack",
  connect: connectWithCustomer,
  modes: {
    sk_test_fake_0123456789abcdef0123456789abcdef: "test",
    sk_live_fake_0123456789abcdef0123456789abcdef: "live",
    fake_0123456789abcdef0123456789abcdef: null,
  },
  connectAs: (PAYSTACK_SECRET_KEY) =>
    connect(fake.fetch, { ...fake.variables(URL_OF_IT), PAYSTACK_SECRET_KEY }),
  vendor: fake.fetch,
  secrets: [PAYSTACK_SECRET_KEY, PAYSTACK_OLD_SECRET_KEY],
  idempotencyKey: async (request) => {
    const { reference, merchant_note } = await bodyOf(request);
    return String(merchant_note ?? reference ?? "") || null;
  },
  keyOf: (id) => id.replace("txn_", "txn-"),
  repeatsOpenAnother: true,
  asked: async (request) => {
    const { amount, currency } = await bodyOf(request);
    return amount === undefined ? undefined : { amount, currency };
  },
  amounts: [
    { amount: 500_050, currency: "NGN", asked: { amount: 500_050, currency: "NGN" } },
    { amount: 1999, currency: "USD", asked: { amount: 1999, currency: "USD" } },
    { amount: 10, currency: "GHS", asked: { amount: 10, currency: "GHS" } },
    { amount: 300, currency: "KES", asked: { amount: 300, currency: "KES" } },
    { amount: 10_001, currency: "ZAR", asked: { amount: 10_001, currency: "ZAR" } },
    { amount: 1500, currency: "XOF", asked: { amount: 150_000, currency: "XOF" } },
  ],
  states: [
    { name: "abandoned", bring: () => undefined, means: { status: "pending" } },
    { name: "ongoing", bring: bring("ongoing"), means: { status: "pending" } },
    { name: "pending", bring: bring("pending"), means: { status: "processing" } },
    { name: "processing", bring: bring("processing"), means: { status: "processing" } },
    { name: "queued", bring: bring("queued"), means: { status: "processing" } },
    {
      name: "failed",
      bring: (id) => fake.decline(id),
      means: { status: "failed", failureCode: "insufficient_funds", mode: "test" },
    },
    { name: "success", bring: (id) => fake.pay(id), means: { status: "succeeded", mode: "test" } },
    { name: "reversed", bring: bring("reversed"), means: { status: "succeeded", amountRefunded: 1999 } },
    { name: "a word of tomorrow", bring: bring("reversal-pending"), means: { status: "unsaid" } },
  ],
  pay: (id) => fake.pay(id),
  refunds: { first: "pending", unkeyed: true, sum: (id) => fake.refunded(id) },
  money: {
    write: writeAmount,
    read: (written, currency) => readAmount(Number(written), currency),
    currencies: 6,
  },
  webhook: {
    // Paystack tells all.
    subscribes: false,
    receipt: {
      field: "paid_at",
      occurredAt: (body) => Date.parse(JSON.parse(body).data.paid_at),
      signedAt: () => null,
      secret: 1,
    },
    readsAlone: true,
    body: ({ transactionId }) => charge(transactionId),
    sign: async (body, { secret }) => ({ body, headers: new Headers(await signPaystack(body, secret)) }),
    secondSecret: PAYSTACK_OLD_SECRET_KEY,
    otherSecret: OTHER_SECRET,
    toleranceMs: null,
    unknown: [
      JSON.stringify({
        event: "transfer.success",
        data: { id: 1, reference: "1jhbs3ozmen0k7y5efmw", status: "success" },
      }),
      JSON.stringify({ event: "subscription.expiring_cards", data: [{ brand: "visa" }] }),
      JSON.stringify({
        event: "charge.delayed",
        data: { reference: `txn-${"0".repeat(26)}`, status: "late" },
      }),
    ],
    malformed: [
      JSON.stringify({ data: said() }),
      JSON.stringify({ event: 7, data: said() }),
      JSON.stringify({ event: "", data: said() }),
      JSON.stringify({ event: "charge.success" }),
      JSON.stringify({ event: "charge.success", data: null }),
      malformed({ id: "1" }),
      malformed({ id: undefined }),
      malformed({ status: undefined }),
      malformed({ status: 1 }),
      malformed({ reference: undefined }),
      malformed({ amount: undefined }),
      malformed({ amount: "1999" }),
      malformed({ amount: 19.99 }),
      malformed({ amount: -1 }),
      malformed({ amount: 2 ** 53 }),
      malformed({ requested_amount: "1999" }),
      malformed({ currency: undefined }),
      malformed({ currency: "DOLLARS" }),
      malformed({ domain: undefined }),
      `\ufeff${malformed({})}`,
    ],
  },
});

async function open(changes: Parameters<typeof createRequest>[0] = {}) {
  const gateway = connect();
  const request = createRequest({ customer, ...changes });
  const { transactionId } = request;
  const { observation } = await gateway.create(request);
  const reference = { transactionId, reference: observation.reference };
  return { gateway, request, transactionId, reference };
}

/** A refund that was made in the dashboard. */
function giveByHand(transactionId: string, changes: Partial<PaystackRefund> = {}): void {
  const transaction = fake.transactionOf(transactionId);
  const made = { merchantNote: "", createdAt: new Date().toISOString(), status: "processed" };
  fake.refunds.push({ id: fake.refunds.length + 1, transaction, amount: 1, ...made, ...changes });
}

async function paid(changes: Parameters<typeof createRequest>[0] = {}) {
  const opened = await open(changes);
  fake.pay(opened.transactionId);
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

async function receive(body: string | Bytes, gateway = connect()): Promise<readonly Notice[]> {
  const bytes = typeof body === "string" ? utf8(body) : body;
  const headers = new Headers(await signPaystack(bytes));
  return gateway.readWebhook({ url: WEBHOOK_URL, headers, body: bytes });
}

/** Lets the calls through, and writes them down. */
function recording(fetch: Fetch = fake.fetch) {
  const calls: Request[] = [];
  const gateway = connect(async (request) => {
    calls.push(request.clone());
    return fetch(request);
  });
  const names = () => calls.map(({ method, url }) => `${method} ${url.slice(URL_OF_IT.length)}`);
  return { calls, names, gateway };
}

const answering = (body: unknown, status = 200) =>
  connect(async () => Response.json(body as Record<string, unknown>, { status }));

/** The refunds of a transaction, since the day before it. */
function firstPage(transactionId: string): string {
  const { id, createdAt } = fake.transactionOf(transactionId);
  const from = new Date(Date.parse(createdAt) - 24 * 60 * 60_000).toISOString();
  const query = { transaction: `${id}`, perPage: "100", from, page: "1" };
  return `GET /refund?${new URLSearchParams(query)}`;
}

/** Takes calls of that path to the vendor, and loses each answer that says that it has done so. */
const losing = (path: string) =>
  connect(async (request) => {
    const answer = await fake.fetch(request);
    if (request.method === "POST" && request.url.endsWith(path) && answer.ok) {
      throw new TypeError("connection reset");
    }
    return answer;
  });

describe("paystack", () => {
  beforeEach(async () => {
    withoutPauses();
    await fake.takeWebhooks(WEBHOOK_URL);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    fake.notFoundStatus = 404;
  });

  it("connects from its variables, calling with the first key", async () => {
    expect(paystack.config.parse({ PAYSTACK_SECRET_KEY }).PAYSTACK_API_URL).toBe("https://api.paystack.co");
    expect(paystack.config.safeParse({ PAYSTACK_SECRET_KEY: "sk_test_short" }).success).toBe(false);
    expect(paystack.config.safeParse({}).success).toBe(false);
    const { calls, gateway } = recording();
    await gateway.retrieve({ transactionId: newTypeId("txn", Date.now()), reference: null });
    expect(calls[0]?.headers.get("authorization")).toBe(`Bearer ${PAYSTACK_SECRET_KEY}`);
    expect(gateway).toMatchObject({ id: "paystack", needs: ["/customer/email"] });
    expect(["expire", "capture", "complete", "missedEvents"].filter((verb) => verb in gateway)).toEqual([]);
  });

  describe("create", () => {
    it("says what is documented, and of the buyer the e-mail address alone", async () => {
      const { calls, names, gateway } = recording();
      const request = createRequest({ customer });
      const { observation } = await gateway.create(request);
      const reference = request.transactionId.replace("_", "-");
      expect(names()).toEqual(["POST /transaction/initialize"]);
      expect(calls[0]?.headers.get("content-type")).toBe("application/json");
      const { metadata, ...body } = await bodyOf(calls[0] ?? new Request(URL_OF_IT));
      expect(body).toEqual({
        ...{ email: customer.email, amount: 1999, currency: "USD", reference },
        callback_url: request.returnUrl,
      });
      expect(JSON.parse(String(metadata))).toEqual({
        ...{ transaction_id: request.transactionId, order_id: request.orderId },
        cancel_action: request.cancelUrl,
      });
      expect(observation).toMatchObject({ reference, mode: "test" });
    });

    it("tells live from test by the key", async () => {
      const live = PAYSTACK_SECRET_KEY.replace("test", "live");
      const fetch: Fetch = (request) => {
        const headers = new Headers(request.headers);
        headers.set("authorization", `Bearer ${PAYSTACK_SECRET_KEY}`);
        return fake.fetch(new Request(request, { headers }));
      };
      const variables = { PAYSTACK_SECRET_KEY: live, PAYSTACK_API_URL: URL_OF_IT };
      const { observation } = await connect(fetch, variables).create(createRequest({ customer }));
      expect(observation.mode).toBe("live");
    });

    it.each([null, {}, { name: "Ada" }])(
      "opens nothing for a buyer without an address: %j",
      async (nobody) => {
        const { calls, gateway } = recording();
        await expect(gateway.create(createRequest({ customer: nobody }))).rejects.toMatchObject({
          kind: "rejected",
        });
        expect(calls).toEqual([]);
      },
    );

    it.each(["EUR", "JPY", "KWD", "XAF"])("opens nothing in %s", async (currency) => {
      const { calls, gateway } = recording();
      await expect(gateway.create(createRequest({ customer, currency }))).rejects.toMatchObject({
        kind: "rejected",
      });
      expect(calls).toEqual([]);
    });

    it("opens the next page where answers were lost, and knows the transaction by it", async () => {
      const request = createRequest({ customer });
      for (const _ of ["first", "second"]) {
        await expect(losing("/initialize").create(request)).rejects.toMatchObject({ kind: "unknown" });
      }
      const { names, gateway } = recording();
      const { observation, paymentUrl } = await gateway.create(request);
      const own = request.transactionId.replace("_", "-");
      expect(names()).toEqual([
        "POST /transaction/initialize",
        `GET /transaction/verify/${own}`,
        "POST /transaction/initialize",
        `GET /transaction/verify/${own}.2`,
        "POST /transaction/initialize",
      ]);
      expect(observation).toMatchObject({ status: "pending", reference: `${own}.3` });
      expect(paymentUrl).toContain(fake.transactions.get(`${own}.3`)?.accessCode);
      fake.pay(request.transactionId);
      const { transactionId } = request;
      expect(await gateway.retrieve({ transactionId, reference: `${own}.3` })).toMatchObject({
        ...{ status: "succeeded", reference: `${own}.3`, amount: 1999 },
      });
    });

    it.each([
      ["success", "succeeded"],
      ["pending", "processing"],
    ])("opens no other page where the lost one is %s already", async (status, means) => {
      const request = createRequest({ customer });
      await losing("/initialize")
        .create(request)
        .catch(() => null);
      bring(status)(request.transactionId);
      const before = fake.transactions.size;
      const { observation, paymentUrl } = await connect().create(request);
      expect(observation).toMatchObject({
        ...{ status: means, amount: 1999, currency: "USD" },
        reference: request.transactionId.replace("_", "-"),
      });
      expect(paymentUrl).toBe(request.returnUrl);
      expect(fake.transactions.size).toBe(before);
    });

    it("gives up after nine pages", async () => {
      const request = createRequest({ customer });
      for (let page = 1; page <= 9; page += 1) {
        await connect().create(request);
      }
      await expect(connect().create(request)).rejects.toMatchObject({ kind: "rejected" });
    });

    it("hears of money that comes on a page whose address was lost", async () => {
      const request = createRequest({ customer });
      await losing("/initialize")
        .create(request)
        .catch(() => null);
      const lost = fake.transactionOf(request.transactionId);
      await connect().create(request);
      fake.payPage(lost);
      expect(await news()).toMatchObject([
        {
          transactionId: request.transactionId,
          observation: { status: "succeeded", reference: lost.reference, amount: 1999 },
        },
      ]);
    });

    it("takes no page of another reference, and no address that is none", async () => {
      const data = {
        authorization_url: "https://checkout.paystack.com/x",
        reference: "txn-2",
        access_code: "x",
      };
      const request = createRequest({ customer });
      await expect(answering({ status: true, data }).create(request)).rejects.toMatchObject({
        kind: "unknown",
      });
      const reference = request.transactionId.replace("_", "-");
      for (const authorization_url of [undefined, "", "/pay/1", "javascript:alert(1)"]) {
        const gateway = answering({ status: true, data: { ...data, reference, authorization_url } });
        await expect(gateway.create(request)).rejects.toMatchObject({ kind: "unknown" });
      }
    });

    it("takes another refusal for what it is", async () => {
      await expect(connect().create(createRequest({ customer, amount: 199 }))).rejects.toMatchObject({
        kind: "rejected",
      });
      const invalidKey = answering({ status: false, message: "Invalid key", code: "invalid_Key" }, 401);
      await expect(invalidKey.create(createRequest({ customer }))).rejects.toMatchObject({
        kind: "unavailable",
      });
    });
  });

  describe("retrieve", () => {
    const ask = (changes: Record<string, unknown>) =>
      connect(async ({ url }) =>
        Response.json({ status: true, message: "", data: url.includes("/refund?") ? [] : said(changes) }),
      ).retrieve({ transactionId: "txn_1", reference: "txn-1" });

    it.each([400, 404])("calls missing what is unknown, by a %i", async (status) => {
      fake.notFoundStatus = status;
      const reference = { transactionId: newTypeId("txn", Date.now()), reference: "txn-1" };
      expect(await connect().retrieve(reference)).toMatchObject({ status: "missing", reference: "txn-1" });
    });

    it("takes no other 400, and no 404 of somebody between, for that", async () => {
      const reference = { transactionId: "txn_1", reference: "txn-1" };
      const refusal = answering({ status: false, message: "Invalid", code: "invalid_params" }, 400);
      await expect(refusal.retrieve(reference)).rejects.toMatchObject({ kind: "rejected" });
      await expect(answering("no such host", 404).retrieve(reference)).rejects.toMatchObject({
        kind: "rejected",
      });
    });

    it.each([
      { reference: "txn-2" },
      { metadata: { transaction_id: "txn_2" } },
      { metadata: '{"transaction_id":"txn_2"}' },
      { metadata: {} },
      { metadata: "" },
      { metadata: 0 },
      { metadata: null },
      { metadata: "{" },
      { metadata: undefined },
    ])("does not believe an answer about another transaction: %j", async (changes) => {
      await expect(ask(changes)).rejects.toMatchObject({ kind: "unknown" });
    });

    it("reads metadata as an object or as text", async () => {
      for (const metadata of [{ transaction_id: "txn_1" }, '{"transaction_id":"txn_1"}']) {
        expect(await ask({ metadata })).toMatchObject({ status: "succeeded", amount: 1999 });
      }
    });

    it.each([
      // The account bears the fees.
      [{ amount: 1999, requested_amount: 1999, fees: 30 }, 1999],
      [{ amount: 1999, requested_amount: null, fees: 30 }, 1999],
      [{ amount: 1999, requested_amount: undefined, fees: null }, 1999],
      // The buyer bears them.
      [{ amount: 40_333, requested_amount: 30_050, fees: 10_283 }, 30_050],
      // More or less than was asked for, whatever the fees.
      [{ amount: 1000, requested_amount: 1999, fees: 30 }, 1000],
      [{ amount: 3000, requested_amount: 1999, fees: 30 }, 3000],
      [{ amount: 3000, requested_amount: 1999, fees: null }, 3000],
    ])("reads %j as %i", async (changes, amount) => {
      expect(await ask(changes)).toMatchObject({ status: "succeeded", amount });
    });

    it("reads francs out of their hundredths, and no part of one", async () => {
      const sums = { requested_amount: null, currency: "XOF" };
      expect(await ask({ ...sums, amount: 150_000 })).toMatchObject({ amount: 1500, currency: "XOF" });
      expect(await ask({ ...sums, amount: 150_050 })).toMatchObject({ amount: null, currency: "XOF" });
    });

    it.each([
      ["live", "live"],
      ["test", "test"],
      ["elsewhere", null],
    ])("reads the domain %s as %s", async (domain, mode) => {
      expect(await ask({ domain })).toMatchObject({ mode });
    });

    it.each([
      ["Declined", "declined"],
      ["Insufficient Funds", "insufficient_funds"],
      ["Card 4081 was refused", null],
      ["<b>", null],
      ["a".repeat(65), null],
      ["", null],
      [null, null],
      [7, null],
    ])("reads the bank's words %j as %j", async (gateway_response, failureCode) => {
      expect(await ask({ status: "failed", gateway_response })).toMatchObject({
        status: "failed",
        failureCode,
      });
    });

    it("succeeds on a second try after a failed one, on the same page", async () => {
      const { gateway, transactionId, reference } = await open();
      fake.decline(transactionId);
      expect(await gateway.retrieve(reference)).toMatchObject({ status: "failed" });
      fake.pay(transactionId);
      expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", failureCode: null });
    });

    it("asks for refunds only where there is money", async () => {
      const { transactionId, reference } = await open();
      const { names, gateway } = recording();
      await gateway.retrieve(reference);
      expect(names()).toHaveLength(1);
      fake.pay(transactionId);
      await gateway.retrieve(reference);
      expect(names().slice(2)).toEqual([firstPage(transactionId)]);
    });

    it("counts what is processed, of its own refunds, and no more than was asked for", async () => {
      const { gateway, request, reference, transactionId } = await paid();
      const other = await paid();
      await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
      await gateway.refund?.(reference, refundRequest(request, { amount: 600 }));
      await gateway.refund?.(reference, refundRequest(request, { amount: 1 }));
      await other.gateway.refund?.(other.reference, refundRequest(other.request));
      const [one, two, three] = fake.refunds.slice(-4);
      expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: 0 });
      if (!one || !two || !three) {
        throw new Error("three refunds were taken");
      }
      fake.settle(one, "processed");
      fake.settle(two, "failed");
      fake.settle(three, "needs-attention");
      expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", amountRefunded: 500 });
      // A list that ignores the filter.
      const all = connect((call) => fake.fetch(new Request(call.url.replace(/transaction=\d+/, ""), call)));
      expect(await all.retrieve(reference)).toMatchObject({ amountRefunded: 500 });
      // The fees that the buyer bore went back too.
      giveByHand(transactionId, { amount: 1600 });
      expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: 1999 });
    });

    it.each([
      ["of as many as were asked for", (url: string) => url],
      ["of fewer", (url: string) => url.replace("perPage=100", "perPage=50")],
    ])("reads more than one page of refunds, %s", async (_, change) => {
      const { reference, transactionId } = await paid();
      for (let id = 1; id <= 120; id += 1) {
        giveByHand(transactionId, { id, amount: 2 });
      }
      const { names, gateway } = recording((call) => fake.fetch(new Request(change(call.url), call)));
      expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: 240 });
      expect(names().length).toBeLessThanOrEqual(4);
    });

    it("reads on to an empty page where nobody says how many there are", async () => {
      const { reference, transactionId } = await paid();
      for (let id = 1; id <= 120; id += 1) {
        giveByHand(transactionId, { id, amount: 2 });
      }
      const { names, gateway } = recording(async (call) => {
        const body = (await (await fake.fetch(call)).json()) as Record<string, unknown>;
        return Response.json({ ...body, meta: { next: null, previous: null, perPage: 100 } });
      });
      expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: 240 });
      expect(names()).toHaveLength(4);
    });

    it("counts a refund once that newer ones have moved to the next page", async () => {
      const { reference, transactionId } = await paid();
      for (let id = 1; id <= 100; id += 1) {
        giveByHand(transactionId, { id, amount: 2 });
      }
      const { gateway } = recording(async (call) => {
        const answer = await fake.fetch(call);
        if (call.url.endsWith("&page=1")) {
          giveByHand(transactionId, { id: 101, amount: 1 });
          return Response.json({ ...((await answer.json()) as Record<string, unknown>), meta: null });
        }
        return answer;
      });
      expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: 200 });
      expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: 201 });
    });

    it.each([
      ["all by a chargeback", [], 1999],
      ["a part by a refund, the rest by a chargeback", [{ amount: 500 }], 1999],
      ["all by a refund", [{ amount: 1999 }], 1999],
      ["nothing yet", [{ amount: 1999, status: "pending" }], 0],
      ["nothing yet, that needs a bank account", [{ amount: 1999, status: "needs-attention" }], 0],
      ["a part, and the rest is on its way", [{ amount: 500 }, { amount: 1499, status: "processing" }], 500],
      ["all, a refund of which failed before", [{ amount: 1999, status: "failed" }], 1999],
      ["nothing yet, and the fees go with it", [{ amount: 2100, status: "pending" }], 0],
    ])("reads of a reversed transaction what is back: %s", async (_, given, amountRefunded) => {
      const { gateway, reference, transactionId } = await paid();
      given.forEach((one) => {
        giveByHand(transactionId, one);
      });
      bring("reversed")(transactionId);
      expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", amountRefunded });
    });

    it.each([null, undefined, "yesterday"])(
      "asks for all refunds where the transaction's age is not said: %j",
      async (created_at) => {
        const { reference, transactionId } = await paid();
        const { names, gateway } = recording(async (call) => {
          const body = (await (await fake.fetch(call)).json()) as { data: Record<string, unknown> };
          return Response.json(
            call.url.includes("/verify/") ? { ...body, data: { ...body.data, created_at } } : body,
          );
        });
        expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: 0 });
        const { id } = fake.transactionOf(transactionId);
        expect(names().at(-1)).toBe(`GET /refund?transaction=${id}&perPage=100&page=1`);
      },
    );

    it("does not count in a list without an end", async () => {
      const { reference } = await paid();
      const row = { id: 1, transaction: 1, amount: 1, status: "processed", merchant_note: "" };
      const endless = connect(async (call) =>
        call.url.includes("/refund?")
          ? Response.json({ status: true, data: Array.from({ length: 100 }, () => row) })
          : fake.fetch(call),
      );
      await expect(endless.retrieve(reference)).rejects.toMatchObject({ kind: "unknown" });
    });
  });

  describe("refund", () => {
    it("looks before it asks, and names the transaction and itself", async () => {
      const { request, reference, transactionId } = await paid();
      const { calls, names, gateway } = recording();
      const asked = refundRequest(request, { amount: 500 });
      await gateway.refund?.(reference, asked);
      const { reference: own } = fake.transactionOf(transactionId);
      expect(names()).toEqual([`GET /transaction/verify/${own}`, firstPage(transactionId), "POST /refund"]);
      expect(await bodyOf(calls[2] ?? new Request(URL_OF_IT))).toEqual({
        ...{ transaction: own, amount: 500, currency: "USD", merchant_note: asked.refundId },
      });
    });

    it.each([
      ["pending", "pending"],
      ["processing", "pending"],
      ["needs-attention", "pending"],
      ["retried-tomorrow", "pending"],
      ["processed", "succeeded"],
      ["failed", "failed"],
    ])("reads %s as %s, when it is asked for again", async (status, means) => {
      const { gateway, request, reference } = await paid();
      const asked = refundRequest(request, { amount: 500 });
      const first = await gateway.refund?.(reference, asked);
      const refund = fake.refunds.at(-1);
      Object.assign(refund ?? {}, { status });
      const again = await gateway.refund?.(reference, { ...asked, reference: first?.reference ?? null });
      expect(again).toEqual({ status: means, reference: String(refund?.id), failureCode: null });
      expect(fake.refunds.at(-1)).toBe(refund);
    });

    it("gives francs back in hundredths", async () => {
      const { gateway, request, reference, transactionId } = await paid({ amount: 1500, currency: "XOF" });
      await gateway.refund?.(reference, refundRequest(request, { amount: 700 }));
      expect(fake.refunds.at(-1)?.amount).toBe(70_000);
      await news();
      expect(fake.refunded(transactionId)).toBe(700);
      expect(await gateway.retrieve(reference)).toMatchObject({ amount: 1500, amountRefunded: 700 });
    });

    it("gives nothing back of what a chargeback took", async () => {
      const { gateway, request, reference, transactionId } = await paid();
      bring("reversed")(transactionId);
      await expect(gateway.refund?.(reference, refundRequest(request))).rejects.toMatchObject({
        kind: "rejected",
      });
    });

    it("asks how a refund stands that was told of before, and for no other, though no list shows it", async () => {
      const { gateway, request, reference } = await paid();
      const asked = refundRequest(request, { amount: 500 });
      const first = await gateway.refund?.(reference, asked);
      const blind = recording((call) =>
        fake.fetch(new Request(call.url.replace(/transaction=\d+/, "transaction=0"), call)),
      );
      const before = fake.refunds.length;
      expect(
        await blind.gateway.refund?.(reference, { ...asked, reference: first?.reference ?? null }),
      ).toEqual(first);
      expect(blind.names()).toEqual([`GET /refund/${first?.reference}`]);
      expect(fake.refunds).toHaveLength(before);
    });

    it("takes no refusal for the end of a refund that was told of before", async () => {
      const { gateway, request, reference } = await paid();
      const gone = gateway.refund?.(reference, refundRequest(request, { reference: "1/../2" }));
      await expect(gone).rejects.toMatchObject({ kind: "unavailable" });
      const asked = refundRequest(request, { reference: "7" });
      const refused = answering({ status: false, message: "no" }, 400).refund?.(reference, asked);
      await expect(refused).rejects.toMatchObject({ kind: "unavailable" });
    });

    it("believes no answer about another refund", async () => {
      const { request, reference } = await paid();
      const asked = refundRequest(request);
      const data = { id: 1, transaction: { id: 7 }, amount: 1999, status: "pending" };
      for (const told of [null, "7"]) {
        for (const [merchant_note, isIts] of [
          [asked.refundId, true],
          ["rfd_other", false],
          [null, false],
        ] as const) {
          const gateway = connect(async (call) =>
            call.method === "POST" || told !== null
              ? Response.json({ status: true, data: { ...data, merchant_note } })
              : fake.fetch(call),
          );
          const call = gateway.refund?.(reference, { ...asked, reference: told });
          await (isIts
            ? expect(call).resolves.toMatchObject({ status: "pending", reference: "1" })
            : expect(call).rejects.toMatchObject({ kind: "unknown" }));
        }
      }
    });
  });

  describe("readWebhook", () => {
    it("tells of a refund what has come back, each step under an id of its own", async () => {
      const { gateway, request, reference, transactionId } = await paid();
      await news();
      await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
      const notices = await news();
      expect(notices).toMatchObject([
        { transactionId, observation: { status: "succeeded", amountRefunded: 500 } },
        { transactionId, observation: { status: "succeeded", amountRefunded: 500 } },
      ]);
      await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
      notices.push(...(await news()));
      expect(notices.map(({ observation }) => observation.amountRefunded)).toEqual([500, 500, 1000, 1000]);
      expect(new Set(notices.map(({ eventId }) => eventId)).size).toBe(4);
    });

    it.each(["processing", "needs-attention", "failed"] as const)("tells of refund.%s", async (status) => {
      const { gateway, request, reference, transactionId } = await paid();
      await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
      await news();
      const refund = fake.refunds.at(-1);
      if (refund) {
        fake.settle(refund, status);
      }
      const [told, ...more] = await news();
      expect(told).toMatchObject({ transactionId, observation: { status: "succeeded", amountRefunded: 0 } });
      expect(told?.eventId).toContain(`refund.${status}`);
      expect(told?.receipt).toEqual({ occurredAt: null, signedAt: null, secret: 1 });
      expect(more).toEqual([]);
    });

    it.each([
      ["create", null, "open"],
      ["remind", null, "open"],
      ["resolve", "declined", "won"],
      ["resolve", "merchant-accepted", "lost"],
      ["resolve", "auto-accepted", "lost"],
      ["resolve", "a word of tomorrow", null],
      ["resolve", null, null],
    ] as const)("reads a dispute's %s with %j as %j", async (word, resolution, dispute) => {
      const { transactionId } = await paid();
      await news();
      fake.dispute(transactionId, word, resolution);
      fake.dispute(transactionId, word, resolution);
      const [told, again] = await news();
      expect(told).toMatchObject({
        transactionId,
        observation: { status: "succeeded", amount: 1999, dispute },
      });
      expect(again).toEqual(told);
    });

    it.each([
      ["create", Date.parse(DISPUTED_AT)],
      // Of a reminder, and of what is none of these, no time is told.
      ["remind", null],
      ["resolve", Date.parse(RESOLVED_AT)],
    ] as const)("says of a dispute's %s when that was: %s", async (word, occurredAt) => {
      const { transactionId } = await paid();
      await news();
      fake.dispute(transactionId, word);
      expect(await news()).toMatchObject([{ receipt: { occurredAt } }]);
    });

    it("takes all for gone where a lost dispute reversed it", async () => {
      const { transactionId } = await paid();
      await news();
      bring("reversed")(transactionId);
      fake.dispute(transactionId, "resolve", "auto-accepted");
      expect(await news()).toMatchObject([
        { observation: { status: "succeeded", amountRefunded: 1999, dispute: "lost" } },
      ]);
    });

    it("asks where charge.success tells of another state by now", async () => {
      const { gateway, request, reference, transactionId } = await paid();
      await gateway.refund?.(reference, refundRequest(request));
      await news();
      expect(fake.transactionOf(transactionId).status).toBe("reversed");
      expect(await receive(charge(transactionId))).toMatchObject([
        { observation: { status: "succeeded", amountRefunded: 1999 } },
      ]);
    });

    it("says nothing of payments that are not ours", async () => {
      const { transactionId } = await paid();
      const { reference } = fake.transactionOf(transactionId);
      const other = newTypeId("txn", Date.now());
      const offline = connect(() => expect.unreachable("nothing is asked"));
      for (const changes of [
        { reference: "T685312322670591" },
        { reference: other.replace("_", "-") },
        { reference: `${reference}.2.3` },
        { metadata: { transaction_id: other } },
        { metadata: 0 },
        { metadata: "" },
      ]) {
        expect(await receive(charge(transactionId, changes), offline)).toEqual([]);
      }
      for (const event of ["refund.processed", "charge.dispute.create", "charge.delayed"]) {
        for (const data of [{ reference: "T68" }, { transaction: { reference: "T68" } }, {}, null, [], 7]) {
          expect(await receive(JSON.stringify({ event, data }), offline)).toEqual([]);
        }
      }
    });

    it("keeps an event that it does not know, if it is about one of ours", async () => {
      const { transactionId } = await open();
      const { reference } = fake.transactionOf(transactionId);
      for (const data of [
        { reference },
        { transaction_reference: reference },
        { transaction: { reference } },
      ]) {
        expect(await receive(JSON.stringify({ event: "charge.delayed", data }))).toMatchObject([
          { transactionId, observation: { status: "unsaid", reference, amount: null } },
        ]);
      }
    });

    it("passes on that Paystack could not be asked", async () => {
      const { transactionId } = await paid();
      await news();
      fake.dispute(transactionId, "create");
      const offline = connect(async () => {
        throw new TypeError("connection refused");
      });
      await expect(news(offline)).rejects.toMatchObject({ kind: "unavailable" });
    });

    it.each([
      ["upper case", (hex: string) => hex.toUpperCase(), true],
      ["cut short", (hex: string) => hex.slice(0, -2), false],
      ["prolonged", (hex: string) => `${hex}00`, false],
      ["no hexadecimal", (hex: string) => `${hex.slice(0, -1)}g`, false],
      ["prefixed", (hex: string) => `sha512=${hex}`, false],
      ["twice", (hex: string) => `${hex}, ${hex}`, false],
    ])("reads a signature strictly: %s", async (_, change, isGood) => {
      const { transactionId } = await paid();
      const body = utf8(charge(transactionId));
      const { "x-paystack-signature": hex } = await signPaystack(body);
      const headers = new Headers({ "x-paystack-signature": change(hex) });
      const read = connect().readWebhook({ url: WEBHOOK_URL, headers, body });
      await (isGood
        ? expect(read).resolves.toHaveLength(1)
        : expect(read).rejects.toMatchObject({ kind: "unverified" }));
    });
  });
});

interface NodeCrypto {
  createHmac(hash: string, key: string): { update(data: Uint8Array): { digest(form: "hex"): string } };
}

describe("Node's HMAC, by which Paystack's documentation verifies", () => {
  const sign = async (body: Uint8Array, key = PAYSTACK_SECRET_KEY) =>
    (await load<NodeCrypto>("node:crypto")).createHmac("sha512", key).update(body).digest("hex");
  const gateway = connect(() => expect.unreachable("nothing is asked"));
  const verdict = (body: Bytes, hex: string) =>
    gateway
      .readWebhook({ url: WEBHOOK_URL, headers: new Headers({ "x-paystack-signature": hex }), body })
      .then(
        () => "verified",
        ({ kind }: { kind: string }) => kind,
      );
  const event = fc.record({ event: fc.constant("transfer.success"), data: fc.jsonValue() });
  const text = fc.oneof(
    event.map((value) => JSON.stringify(value)),
    fc.string(),
  );

  it("is what our verifier accepts, under each live key and no other", async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.constantFrom(PAYSTACK_SECRET_KEY, PAYSTACK_OLD_SECRET_KEY),
        async (one, key) => {
          const body = utf8(one);
          expect(await verdict(body, await sign(body, key))).not.toBe("unverified");
          expect(await verdict(body, await sign(body, OTHER_SECRET))).toBe("unverified");
        },
      ),
    );
  });

  it("is what the fake signs", async () => {
    await fc.assert(
      fc.asyncProperty(text, async (one) => {
        const signed = await signPaystack(one);
        expect(signed["x-paystack-signature"]).toBe(await sign(utf8(one)));
      }),
    );
  });

  it("falls with one bit of the body or of the signature", async () => {
    await fc.assert(
      fc.asyncProperty(event, fc.nat(), fc.integer({ min: 0, max: 7 }), async (one, at, bit) => {
        const body = utf8(JSON.stringify(one));
        const hex = await sign(body);
        const flip = (bytes: Bytes) => {
          const index = at % bytes.length;
          return bytes.with(index, (bytes[index] ?? 0) ^ (1 << bit));
        };
        expect(await sign(flip(body))).not.toBe(hex);
        expect(await verdict(flip(body), hex)).toBe("unverified");
        expect(await verdict(body, flip(Uint8Array.fromHex(hex)).toHex())).toBe("unverified");
      }),
    );
  });
});

type Answer = Record<string, unknown> & { status: boolean; data: Record<string, unknown> };
type Call = (parameters: Record<string, unknown>) => Promise<Answer>;
interface Sdk {
  readonly Paystack: new (key: string) => Record<string, Record<string, Call>>;
}
interface NodeHttps {
  readonly default: { request(...sent: Parameters<ReturnType<typeof requestOf>>): unknown };
}
interface NodeModule {
  syncBuiltinESMExports(): void;
}
interface NodeFiles {
  readFileSync(url: URL, encoding: "utf8"): string;
}

/** Node's https.request as far as the SDK uses it, answered by the fake; what it sends is written down. */
function requestOf(sent: Request[]) {
  return (
    base: string,
    { method, path, headers }: { method: string; path: string; headers: Record<string, string> },
    answered: (response: unknown) => void,
  ) => {
    let body = "";
    const listeners: Record<string, (value?: unknown) => void> = {};
    const exchange = async () => {
      const request = new Request(`${base}${path}`, { method, headers, ...(body === "" ? {} : { body }) });
      sent.push(request.clone());
      const bytes = new Uint8Array(await (await fake.fetch(request)).arrayBuffer());
      const heard: Record<string, (value?: unknown) => void> = {};
      answered({ on: (name: string, listener: () => void) => Object.assign(heard, { [name]: listener }) });
      heard.data?.(bytes);
      heard.end?.();
    };
    return {
      on: (name: string, listener: () => void) => Object.assign(listeners, { [name]: listener }),
      write: (text: string) => {
        body += text;
      },
      end: () => void exchange().catch((error: unknown) => listeners.error?.(error)),
    };
  };
}

describe("Paystack's own SDK", () => {
  const sent: Request[] = [];
  let sdk: InstanceType<Sdk["Paystack"]>;

  const call = async (resource: string, method: string, parameters: Record<string, unknown>) => {
    const answer = await sdk[resource]?.[method]?.(parameters);
    if (!answer) {
      throw new Error(`the SDK has no ${resource}.${method}`);
    }
    return answer;
  };

  /** It takes https.request as it finds it when it is loaded, and its address is fixed. */
  beforeAll(async () => {
    const https = (await load<NodeHttps>("node:https")).default;
    vi.spyOn(https, "request").mockImplementation(requestOf(sent));
    (await load<NodeModule>("node:module")).syncBuiltinESMExports();
    const { Paystack } = await load<Sdk>("@paystack/paystack-sdk").catch((cause: unknown) => {
      throw new Error("this version of @paystack/paystack-sdk holds no code; 1.2.1-beta.1 does", { cause });
    });
    sdk = new Paystack(PAYSTACK_SECRET_KEY);
  });
  beforeEach(() => {
    sent.length = 0;
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    (await load<NodeModule>("node:module")).syncBuiltinESMExports();
  });

  it("opens at the fake what the adapter retrieves, and reads what the adapter opened", async () => {
    const transactionId = newTypeId("txn", Date.now());
    const reference = transactionId.replace("_", "-");
    const metadata = JSON.stringify({ transaction_id: transactionId });
    const asked = { email: customer.email, amount: 1999, currency: "USD", reference, metadata };
    const opened = await call("transaction", "initialize", asked);
    expect(opened).toMatchObject({ status: true, data: { reference } });
    expect(await connect().retrieve({ transactionId, reference })).toMatchObject({
      status: "pending",
      amount: 1999,
    });

    const { transactionId: other } = await paid();
    const seen = await call("transaction", "verify", { reference: other.replace("_", "-") });
    expect(seen).toMatchObject({ status: true, data: { status: "success", amount: 1999, currency: "USD" } });
    const again = await call("transaction", "initialize", asked);
    expect(again).toMatchObject({ status: false, message: "Duplicate Transaction Reference" });
  });

  it("finds the adapter's refund, and makes one that the adapter finds", async () => {
    const { gateway, request, reference, transactionId } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    const first = await gateway.refund?.(reference, asked);
    const shown = await call("refund", "fetch", { id: first?.reference });
    expect(shown).toMatchObject({ status: true, data: { merchant_note: asked.refundId, amount: 500 } });
    const list = await call("refund", "list", {});
    expect(list).toMatchObject({ status: true });
    expect(JSON.stringify(list.data)).toContain(asked.refundId);
    const other = refundRequest(request, { amount: 600 });
    const made = await call("refund", "create", {
      ...{ transaction: fake.transactionOf(transactionId).reference, amount: 600 },
      merchant_note: other.refundId,
    });
    expect(await gateway.refund?.(reference, other)).toMatchObject({ reference: String(made.data.id) });
    expect(first?.reference).not.toBe(String(made.data.id));
    expect(fake.refunded(transactionId)).toBe(1100);
  });

  /** The SDK's own types of what is asked, which are nowhere but in its source. */
  async function typesIn(file: string, name: string): Promise<Record<string, string>> {
    const { readFileSync } = await load<NodeFiles>("node:fs");
    const root = "../../node_modules/@paystack/paystack-sdk/src/";
    const text = readFileSync(new URL(`${root}${file}`, import.meta.url), "utf8");
    const inside = text.split(`interface ${name} {`)[1]?.split(/^\}/m)[0] ?? "";
    const fields = inside.matchAll(/^ +(\w+)\??: (\w+);$/gm);
    return Object.fromEntries([...fields].map(([, field = "", type = ""]) => [toSnake(field), type]));
  }
  const toSnake = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

  it("knows each field that the adapter sends, and misses none", async () => {
    const { calls, gateway } = recording();
    const request = createRequest({ customer });
    const { observation } = await gateway.create(request);
    fake.pay(request.transactionId);
    const { transactionId } = request;
    await gateway.refund?.({ transactionId, reference: observation.reference }, refundRequest(request));
    const posts = calls.filter(({ method }) => method === "POST");
    expect(posts).toHaveLength(2);
    for (const post of posts) {
      const path = new URL(post.url).pathname;
      const body = await bodyOf(post);
      await (path === "/refund" ? call("refund", "create", body) : call("transaction", "initialize", body));
      const repeated = sent.at(-1);
      expect(repeated && new URL(repeated.url).pathname).toBe(path);
      expect(repeated && (await bodyOf(repeated))).toEqual(body);
      const types = await (path === "/refund"
        ? typesIn("models/RefundCreate.ts", "RefundCreate")
        : typesIn("apis/Transaction.ts", "InitializeRequest"));
      const sentTypes = Object.entries(body).map(([name, value]) => [name, typeof value]);
      expect(types).toMatchObject(Object.fromEntries(sentTypes));
    }
    await expect(call("transaction", "initialize", { amount: 1 })).rejects.toThrow("email");
    await expect(call("refund", "create", { amount: 1 })).rejects.toThrow("transaction");
  });
});
