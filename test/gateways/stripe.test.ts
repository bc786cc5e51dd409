import fc from "fast-check";
import Stripe from "stripe";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CreateRequest, Gateway, Notice, Tools } from "../../src/gateways/gateway.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { stripe } from "../../src/gateways/stripe.ts";
import { readAmount, writeAmount } from "../../src/gateways/stripe-amount.ts";
import { DOCUMENTED, EVENTS } from "../../src/gateways/stripe-event.ts";
import { newTypeId } from "../../src/lib/id.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import { createRequest, testGateway, toSecond, withoutPauses } from "../support/gateway-contract.ts";
import { readMissed } from "../support/missed-events.ts";
import { captureRequest, refundRequest } from "../support/money-contract.ts";
import {
  FakeStripe,
  STRIPE_SECOND_WEBHOOK_SECRET,
  STRIPE_SECRET_KEY,
  STRIPE_WEBHOOK_SECRET,
  SUBSCRIBED,
  sign,
} from "../support/vendors/stripe.ts";
import { hmac } from "../support/vendors/vendor.ts";

const API = "https://stripe.example";
const CALLBACK_URL = "http://localhost:8787/webhooks/stripe";
const OTHER_SECRET = "whsec_fake_of_somebody_else_0123456789";
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TRANSACTION = newTypeId("txn", Date.now());
const fake = new FakeStripe();

function connect(fetch: Tools["fetch"] = fake.fetch, now = Date.now(), changes = {}): Gateway {
  const config = stripe.config.parse({ ...fake.variables(API), ...changes });
  return stripe.connect(config, { fetch, now: () => now });
}

/** A page lives as long as Stripe lets it, as the house sees to it. */
function withLifetime(gateway: Gateway): Gateway {
  const expiries = new Map<string, number>();
  return {
    ...gateway,
    create: (request) => {
      const { transactionId } = request;
      const expiresAt = expiries.get(transactionId) ?? request.expiresAt + 15 * MINUTE_MS;
      return gateway.create({ ...request, expiresAt });
    },
  };
}

const PRODUCT_NAME = "line_items[0][price_data][product_data][name]";

/** The form of a request, with its bracketed names. */
const formOf = async (request: Request) => Object.fromEntries(new URLSearchParams(await request.text()));

const isCreate = ({ method, url }: Request) => method === "POST" && url.endsWith("/v1/checkout/sessions");
const bring = (act: (id: string) => unknown) => (id: string) => {
  act(id);
};

/** As the events hold it; the form is what some of these tests break. */
const sessionOf = (changes: Record<string, unknown> = {}) => ({
  id: "cs_test_1",
  object: "checkout.session",
  amount_total: 1999,
  client_reference_id: TRANSACTION,
  currency: "usd",
  livemode: false,
  metadata: { transaction_id: TRANSACTION },
  payment_intent: "pi_1",
  payment_status: "paid",
  status: "complete",
  url: null,
  ...changes,
});
const eventOf = (object: unknown, changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    id: "evt_1",
    object: "event",
    created: 1_795_000_000,
    livemode: false,
    type: "checkout.session.completed",
    data: { object },
    ...changes,
  });
const paidEvent = (changes: Record<string, unknown> = {}) => eventOf(sessionOf(changes));

testGateway({
  name: "stripe",
  connect: ({ fetch, now }) => withLifetime(connect(fetch, now())),
  modes: {
    sk_test_fake_0123456789abcdef0123456789: "test",
    rk_test_fake_0123456789abcdef0123456789: "test",
    sk_live_fake_0123456789abcdef0123456789: "live",
    rk_live_fake_0123456789abcdef0123456789: "live",
    a_key_of_tomorrow_sk_live_0123456789: null,
  },
  connectAs: (STRIPE_SECRET_KEY) => connect(fake.fetch, Date.now(), { STRIPE_SECRET_KEY }),
  vendor: fake.fetch,
  secrets: [STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_SECOND_WEBHOOK_SECRET],
  idempotencyKey: ({ headers }) => headers.get("idempotency-key"),
  asked: async (request) => {
    if (!isCreate(request)) {
      return undefined;
    }
    const form = await formOf(request);
    const price = "line_items[0][price_data]";
    return [form[`${price}[unit_amount]`], form[`${price}[currency]`]];
  },
  looksFirst: ["capture", "refund"],
  amounts: [
    { amount: 1999, currency: "USD", asked: ["1999", "usd"] },
    { amount: 500, currency: "JPY", asked: ["500", "jpy"] },
    { amount: 1230, currency: "KWD", asked: ["1230", "kwd"] },
    { amount: 5, currency: "ISK", asked: ["500", "isk"] },
    { amount: 5, currency: "UGX", asked: ["500", "ugx"] },
    { amount: 5000, currency: "MGA", asked: ["50", "mga"] },
    { amount: 1045, currency: "HUF", asked: ["1045", "huf"] },
    { amount: 80_045, currency: "TWD", asked: ["80045", "twd"] },
  ],
  states: [
    { name: "open", bring: () => undefined, means: { status: "pending" }, afterExpire: "expired" },
    {
      name: "open, an attempt declined",
      bring: bring((id) => fake.decline(id)),
      means: { status: "pending", failureCode: null },
      afterExpire: "expired",
    },
    {
      name: "complete, processing",
      bring: bring((id) => fake.submit(id)),
      means: { status: "processing" },
      afterExpire: "processing",
    },
    {
      name: "complete, a voucher to pay",
      bring: bring((id) => fake.submit(id, "requires_action")),
      means: { status: "processing" },
      afterExpire: "processing",
    },
    {
      name: "complete, failed later",
      bring: bring((id) => {
        fake.submit(id);
        fake.settle(id, "failed");
      }),
      means: { status: "failed", failureCode: "payment_intent_payment_attempt_failed" },
      afterExpire: "failed",
    },
    {
      name: "complete, paid later",
      bring: bring((id) => {
        fake.submit(id);
        fake.settle(id, "succeeded");
      }),
      means: { status: "succeeded", amountCaptured: 1999, mode: "test", dispute: null },
      afterExpire: "succeeded",
    },
    {
      name: "complete, paid",
      bring: bring((id) => fake.pay(id)),
      means: { status: "succeeded", amountCaptured: 1999 },
      afterExpire: "succeeded",
    },
    {
      name: "expired",
      bring: bring((id) => fake.expire(id)),
      means: { status: "expired" },
      afterExpire: "expired",
    },
    {
      name: "expired after a declined attempt",
      bring: bring((id) => {
        fake.decline(id);
        fake.expire(id);
      }),
      means: { status: "expired" },
      afterExpire: "expired",
    },
    {
      name: "expired, and paid all the same",
      bring: bring((id) => {
        fake.expire(id);
        fake.payLate(id);
      }),
      means: { status: "succeeded", amountCaptured: 1999 },
      afterExpire: "succeeded",
    },
    {
      name: "paid, a part refunded in the Dashboard",
      bring: bring((id) => {
        fake.pay(id);
        fake.refundByHand(id, 500);
      }),
      means: { status: "succeeded", amountRefunded: 500 },
      afterExpire: "succeeded",
    },
  ],
  hold: (id) => fake.pay(id),
  pay: (id) => fake.pay(id),
  refunds: {},
  money: {
    write: writeAmount,
    read: (written, currency) => readAmount(Number(written), currency),
    currencies: 145,
  },
  paidEventId: (id) => fake.eventOf(id, "checkout.session.completed").id,
  webhook: {
    subscribes: true,
    receipt: {
      field: "created",
      occurredAt: (body) => JSON.parse(body).created * 1000,
      signedAt: toSecond,
      secret: 1,
    },
    readsAlone: true,
    body: ({ transactionId }) =>
      JSON.stringify(fake.eventOf(transactionId, "checkout.session.completed"), null, 1),
    sign: async (body, { secret = STRIPE_WEBHOOK_SECRET, at = Date.now() }) => ({
      body,
      headers: new Headers({ "stripe-signature": await sign(body, secret, at) }),
    }),
    secondSecret: STRIPE_SECOND_WEBHOOK_SECRET,
    otherSecret: OTHER_SECRET,
    unknown: [
      eventOf(sessionOf(), { type: "checkout.session.frobnicated" }),
      eventOf(sessionOf(), { type: "constructor" }),
      eventOf({ id: "cus_1", object: "customer", metadata: {} }, { type: "customer.created" }),
      eventOf({ object: "balance" }, { type: "balance.available" }),
      // Of the same account, but not ours.
      eventOf(sessionOf({ metadata: {}, client_reference_id: null, amount_total: null })),
      eventOf({ id: "pi_9", object: "payment_intent", metadata: {} }, { type: "payment_intent.succeeded" }),
      eventOf({ id: "ch_9", object: "charge", payment_intent: null }, { type: "charge.refunded" }),
    ],
    malformed: [
      eventOf(sessionOf(), { id: undefined }),
      eventOf(sessionOf(), { id: "" }),
      eventOf(sessionOf(), { id: 7 }),
      eventOf(sessionOf(), { id: "e".repeat(256) }),
      eventOf(sessionOf(), { type: undefined }),
      eventOf(sessionOf(), { type: "" }),
      eventOf(sessionOf(), { data: undefined }),
      eventOf(undefined),
      eventOf("cs_test_1"),
      eventOf({ id: "cs_test_1" }),
      paidEvent({ id: undefined }),
      paidEvent({ amount_total: undefined }),
      paidEvent({ amount_total: null }),
      paidEvent({ amount_total: "1999" }),
      paidEvent({ amount_total: 19.99 }),
      paidEvent({ amount_total: -1 }),
      paidEvent({ amount_total: 2 ** 53 }),
      paidEvent({ currency: undefined }),
      paidEvent({ currency: "USD" }),
      paidEvent({ currency: "dollars" }),
      paidEvent({ status: undefined }),
      paidEvent({ payment_status: null }),
      paidEvent({ livemode: undefined }),
      paidEvent({ livemode: "false" }),
      `\ufeff${paidEvent()}`,
    ],
    toleranceMs: 300_000,
  },
});

/** Answers each call with what the last says from then on. */
function answering(...answers: Response[]) {
  const calls: Request[] = [];
  const fetch: Tools["fetch"] = async (request) => {
    calls.push(request.clone());
    return (answers[Math.min(calls.length, answers.length) - 1] ?? Response.error()).clone();
  };
  return { calls, fetch };
}

/** The fake itself, with a list of what it was asked. */
function listening() {
  const calls: string[] = [];
  const fetch: Tools["fetch"] = (request) => {
    calls.push(`${request.method} ${new URL(request.url).pathname.replace(/\/(cs|pi|re)_\w+/, "/$1")}`);
    return fake.fetch(request);
  };
  return { calls, fetch };
}

/** The words that Stripe's own types list, without the door that they leave open for more. */
type Documented<T> = T extends string ? (string extends T ? never : T) : never;

/** Stripe's own client, with our fetch beneath it. */
function clientOf(fetch: Tools["fetch"] = fake.fetch, key = STRIPE_SECRET_KEY): Stripe {
  const send = (input: string, init?: RequestInit) => fetch(new Request(input, init));
  const httpClient = Stripe.createFetchHttpClient(send as typeof globalThis.fetch);
  return new Stripe(key, { host: "stripe.example", httpClient, maxNetworkRetries: 0, telemetry: false });
}

const refusal = (status: number, error: Record<string, string>) => Response.json({ error }, { status });
const invalid = { type: "invalid_request_error", message: "no" };
const taken = { type: "idempotency_error", message: "no" };

const chargeOf = (changes: Record<string, unknown> = {}) => ({
  amount_refunded: 0,
  disputed: false,
  refunds: { object: "list", data: [], has_more: false },
  ...changes,
});
const intentOf = (changes: Record<string, unknown> = {}) => ({
  id: "pi_1",
  amount_received: 1999,
  last_payment_error: null,
  latest_charge: chargeOf(),
  status: "succeeded",
  ...changes,
});
const sessionAnswer = (changes: Record<string, unknown> = {}) =>
  Response.json(sessionOf({ payment_intent: intentOf(), ...changes }));
const known = { transactionId: TRANSACTION, reference: "cs_test_1" };
const seenOf = async (changes: Record<string, unknown>, ...more: Response[]) =>
  connect(answering(sessionAnswer(changes), ...more).fetch).retrieve(known);

async function open(changes: Partial<CreateRequest> = {}) {
  const request = createRequest({ expiresAt: Date.now() + HOUR_MS, ...changes });
  const { observation } = await connect().create(request);
  const id = request.transactionId;
  return { request, id, reference: { transactionId: id, reference: observation.reference } };
}

async function paid(changes: Partial<CreateRequest> = {}) {
  const opened = await open(changes);
  fake.pay(opened.id);
  return opened;
}

/** Brings an event, signed as Stripe does. */
async function send(body: string, gateway = connect(), header?: string): Promise<readonly Notice[]> {
  const headers = new Headers({ "stripe-signature": header ?? (await sign(body)) });
  return gateway.readWebhook({ url: CALLBACK_URL, headers, body: utf8(body) });
}

/** The newest of this type, as it would be sent. */
const tell = (id: string, type: string, gateway = connect()) =>
  send(JSON.stringify(fake.eventOf(id, type)), gateway);

beforeEach(withoutPauses);
afterEach(() => {
  fake.refundsAre = "succeeded";
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("stripe sessions", () => {
  it("says on create what Stripe's own client says of the same session", async () => {
    const customer = { email: "ada@example.com", name: "Ada", country: "NL", locale: "nl-NL" };
    const request = createRequest({ transactionId: TRANSACTION, customer, capture: "manual" });
    const metadata = { transaction_id: TRANSACTION, order_id: request.orderId };
    const params: Stripe.Checkout.SessionCreateParams = {
      mode: "payment",
      client_reference_id: TRANSACTION,
      line_items: [
        {
          quantity: 1,
          price_data: { currency: "usd", unit_amount: 1999, product_data: { name: "Two tickets" } },
        },
      ],
      success_url: request.returnUrl,
      cancel_url: request.cancelUrl,
      expires_at: Math.floor(request.expiresAt / 1000),
      adaptive_pricing: { enabled: false },
      metadata: { ...metadata, capture: "manual" },
      payment_intent_data: { metadata, capture_method: "manual" },
      expand: ["payment_intent.latest_charge.refunds"],
      customer_email: "ada@example.com",
      locale: "nl",
    };
    const { calls, fetch } = answering(
      sessionAnswer({ status: "open", payment_intent: null, url: "https://checkout.stripe.com/c/pay/cs" }),
    );
    await connect(fetch).create(request);
    await clientOf(fetch).checkout.sessions.create(params, { idempotencyKey: TRANSACTION });
    const [ours, theirs] = await Promise.all(calls.map(formOf));
    expect(ours).toEqual(theirs);
    for (const name of ["authorization", "stripe-version", "idempotency-key", "content-type"]) {
      expect(calls[0]?.headers.get(name)).toBe(calls[1]?.headers.get(name));
    }
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(2).fill(`POST ${API}/v1/checkout/sessions`),
    );
    expect(calls[0]?.headers.get("stripe-version")).toBe(Stripe.API_VERSION);
  });

  it("says nothing of the customer but address and language, and of them what there is", async () => {
    const { calls, fetch } = answering(sessionAnswer({ url: "https://checkout.stripe.com/c/pay/cs" }));
    const customer = { name: "Ada", country: "NL" };
    const changes = { transactionId: TRANSACTION, orderId: "order-7", customer, description: null };
    await connect(fetch).create(createRequest(changes));
    const [form = {}] = await Promise.all(calls.map(formOf));
    expect(form[PRODUCT_NAME]).toBe("order-7");
    expect(Object.keys(form).filter((each) => /customer|locale|capture/.test(each))).toEqual([]);
    expect(JSON.stringify(form)).not.toMatch(/Ada|NL/);
  });

  it.each([
    ["de", "de"],
    ["de-AT", "de"],
    ["pt-BR", "pt-BR"],
    ["pt_br", "pt-BR"],
    ["NL_be", "nl"],
    ["zh-TW", "zh-TW"],
    ["en-US", "en"],
    ["xx", null],
    ["ar-EG", null],
    ["auto", null],
    [undefined, null],
  ])("asks for a page in a language that Stripe has: %s as %s", async (locale, asked) => {
    const { reference } = await open({ customer: { locale } });
    expect(fake.sessions.get(reference.reference ?? "")?.locale).toBe(asked);
  });

  it("cuts a description that is too long for a name", async () => {
    const { calls, fetch } = answering(sessionAnswer({ url: "https://checkout.stripe.com/c/pay/cs" }));
    await connect(fetch).create(createRequest({ transactionId: TRANSACTION, description: "x".repeat(255) }));
    const [form] = await Promise.all(calls.map(formOf));
    expect(form?.[PRODUCT_NAME]).toHaveLength(250);
  });

  it("keeps a page's life within Stripe's bounds, also for clocks that differ and a create that comes later", async () => {
    const { minMs = 0, maxMs = 0 } = connect().lifetime ?? {};
    vi.useFakeTimers({ toFake: ["Date"] });
    const start = Date.now();
    for (const [lifeMs, laterMs] of [
      [minMs, 0],
      [minMs, 9 * MINUTE_MS],
      [maxMs, 0],
      [maxMs, -9 * MINUTE_MS],
    ] as const) {
      vi.setSystemTime(start + laterMs);
      await open({ expiresAt: start + lifeMs });
    }
    vi.setSystemTime(start);
    for (const lifeMs of [30 * MINUTE_MS - 1000, 24 * HOUR_MS + 2000]) {
      await expect(open({ expiresAt: start + lifeMs })).rejects.toMatchObject({ kind: "rejected" });
    }
  });

  it("opens one page for a create that is repeated after its time to be opened is over", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const request = createRequest({ expiresAt: Date.now() + HOUR_MS });
    const first = await connect().create(request);
    vi.setSystemTime(Date.now() + 50 * MINUTE_MS);
    expect(await connect().create(request)).toEqual(first);
  });

  it.each([
    { metadata: {} },
    { metadata: null },
    { metadata: { transaction_id: newTypeId("txn", Date.now()) } },
    { client_reference_id: null },
    { client_reference_id: newTypeId("txn", Date.now()) },
    { url: null },
    { url: "javascript:alert(1)" },
    { id: "../refunds" },
    { object: "payment_link" },
    { amount_total: "1999" },
    { payment_intent: "pi_1" },
  ])("believes no new session of which is said %j", async (changes) => {
    const { fetch } = answering(sessionAnswer({ url: "https://checkout.stripe.com/c/pay/cs", ...changes }));
    const call = connect(fetch).create(createRequest({ transactionId: TRANSACTION }));
    await expect(call).rejects.toMatchObject({ kind: "unknown" });
  });

  it("takes no answer about another transaction", async () => {
    const transaction_id = newTypeId("txn", Date.now());
    for (const changes of [{ metadata: { transaction_id } }, { client_reference_id: transaction_id }]) {
      const { fetch } = answering(sessionAnswer(changes));
      await expect(connect(fetch).retrieve(known)).rejects.toMatchObject({ kind: "unknown" });
      await expect(connect(fetch).expire?.(known)).rejects.toMatchObject({ kind: "unknown" });
      const capture = connect(fetch).capture?.(known, captureRequest(createRequest()));
      await expect(capture).rejects.toMatchObject({ kind: "unknown" });
      const refund = connect(fetch).refund?.(known, refundRequest(createRequest()));
      await expect(refund).rejects.toMatchObject({ kind: "unknown" });
    }
  });

  type Row = Record<Documented<Stripe.PaymentIntent.Status>, Observation["status"]>;
  const meanings = {
    open: {
      requires_payment_method: "pending",
      requires_confirmation: "pending",
      requires_action: "pending",
      processing: "processing",
      requires_capture: "authorized",
      succeeded: "succeeded",
      canceled: "pending",
    },
    complete: {
      requires_payment_method: "failed",
      requires_confirmation: "processing",
      requires_action: "processing",
      processing: "processing",
      requires_capture: "authorized",
      succeeded: "succeeded",
      canceled: "canceled",
    },
    expired: {
      requires_payment_method: "expired",
      requires_confirmation: "expired",
      requires_action: "expired",
      processing: "processing",
      requires_capture: "authorized",
      succeeded: "succeeded",
      canceled: "expired",
    },
  } as const satisfies Record<Documented<Stripe.Checkout.Session.Status>, Row>;
  const cells: (readonly [string, string, string])[] = Object.entries(meanings).flatMap(([status, row]) =>
    Object.entries(row).map(([payment, means]) => [status, payment, means] as const),
  );
  cells.push(["open", "none", "pending"], ["complete", "none", "processing"], ["expired", "none", "expired"]);
  // Words that Stripe may add.
  cells.push(["open", "constructor", "unsaid"], ["constructor", "none", "unsaid"]);
  cells.push(["constructor", "canceled", "unsaid"], ["constructor", "succeeded", "succeeded"]);

  it.each(cells)(
    "reads a session that is %s with a payment that is %s as %s",
    async (status, payment, means) => {
      const payment_intent = payment === "none" ? null : intentOf({ status: payment });
      const seen = await seenOf({ status, payment_status: "unpaid", payment_intent });
      expect(seen).toMatchObject({ status: means, amount: 1999, currency: "USD", reference: "cs_test_1" });
      expect(seen.amountCaptured).toBe(means === "succeeded" ? 1999 : null);
    },
  );

  it.each([
    ["paid", "succeeded"],
    ["no_payment_required", "succeeded"],
    ["unpaid", "processing"],
    ["constructor", "unsaid"],
  ])("reads a complete session without a payment that is %s as %s", async (payment_status, status) => {
    expect(await seenOf({ payment_status, payment_intent: null })).toMatchObject({ status });
  });

  it("says what was captured, where that is less than was held", async () => {
    const seen = await seenOf({ payment_intent: intentOf({ amount_received: 500 }) });
    expect(seen).toMatchObject({ status: "succeeded", amount: 1999, amountCaptured: 500 });
  });

  it.each([
    [{ code: "card_declined", decline_code: "insufficient_funds" }, "insufficient_funds"],
    [{ code: "card_declined" }, "card_declined"],
    [{ code: "Card declined" }, null],
    [{ code: "<b>" }, null],
    [{}, null],
    [null, null],
  ])("reads of a failure that %j", async (last_payment_error, failureCode) => {
    const failed = intentOf({ status: "requires_payment_method", last_payment_error });
    expect(await seenOf({ payment_intent: failed })).toMatchObject({ status: "failed", failureCode });
    const still = await seenOf({ status: "open", payment_intent: failed });
    expect(still).toMatchObject({ status: "pending", failureCode: null });
  });

  it("tells real money from play money", async () => {
    expect((await seenOf({ livemode: true })).mode).toBe("live");
    expect((await seenOf({ livemode: false })).mode).toBe("test");
  });

  it("takes a sum for none that our minor units cannot say, and never for the whole", async () => {
    expect(await seenOf({ currency: "isk", amount_total: 150 })).toMatchObject({
      amount: null,
      currency: "ISK",
    });
    const payment_intent = intentOf({ amount_received: 450 });
    expect(await seenOf({ currency: "isk", amount_total: 500, payment_intent })).toMatchObject({
      ...{ status: "succeeded", amount: 5, amountCaptured: 0 },
    });
  });

  it("calls missing only what Stripe itself does not know, not what a wrong address does not", async () => {
    const gone = { ...invalid, code: "resource_missing" };
    for (const ask of ["retrieve", "expire"] as const) {
      const { fetch } = answering(refusal(404, gone));
      expect(await connect(fetch)[ask]?.(known)).toMatchObject({ status: "missing", reference: "cs_test_1" });
      for (const answer of [new Response("<html>", { status: 404 }), refusal(404, invalid)]) {
        const elsewhere = connect(answering(answer).fetch);
        await expect(elsewhere[ask]?.(known)).rejects.toMatchObject({ kind: "rejected" });
      }
    }
  });

  it("looks again where a session cannot be expired, and calls it a refusal where that is still open", async () => {
    const paidMeanwhile = answering(refusal(400, invalid), sessionAnswer());
    expect(await connect(paidMeanwhile.fetch).expire?.(known)).toMatchObject({ status: "succeeded" });
    expect(paidMeanwhile.calls.map(({ method }) => method)).toEqual(["POST", "GET"]);
    const stillOpen = answering(
      refusal(400, invalid),
      sessionAnswer({ status: "open", payment_intent: null }),
    );
    await expect(connect(stillOpen.fetch).expire?.(known)).rejects.toMatchObject({ kind: "rejected" });
  });

  it.each([
    [refusal(400, invalid), "rejected"],
    [refusal(402, { type: "card_error", code: "card_declined" }), "rejected"],
    [refusal(401, invalid), "unavailable"],
    [refusal(403, invalid), "unavailable"],
    [refusal(409, { type: "invalid_request_error", code: "idempotency_key_in_use" }), "unavailable"],
    [refusal(429, { type: "rate_limit_error" }), "unavailable"],
    // It was made with other terms: what became of that is not said.
    [refusal(400, taken), "unknown"],
    [refusal(424, { type: "api_error" }), "unknown"],
    [refusal(500, { type: "api_error" }), "unknown"],
  ])("tells a refusal from what may do later, case %#", async (answer, kind) => {
    const { fetch } = answering(answer);
    await expect(connect(fetch).create(createRequest())).rejects.toMatchObject({ kind });
  });

  it("never takes a key with another request for a refusal", async () => {
    const { request } = await open();
    const other = connect().create({ ...request, amount: 2000 });
    await expect(other).rejects.toMatchObject({ kind: "unknown" });
  });

  it.each([
    [1234, "KWD"],
    [5001, "MGA"],
    [1999, "XYZ"],
    [1990, "IQD"],
    [1990, "LYD"],
    [10_000, "CLF"],
    [10_000, "UYW"],
    [10, "UYI"],
    [Number.MAX_SAFE_INTEGER, "ISK"],
  ])("refuses %i %s before anybody is asked", async (amount, currency) => {
    const { calls, fetch } = answering(sessionAnswer());
    const call = connect(fetch).create(createRequest({ amount, currency }));
    await expect(call).rejects.toMatchObject({ kind: "rejected" });
    expect(calls).toEqual([]);
  });
});

describe("stripe holds", () => {
  const held = () => paid({ capture: "manual" });

  it("says that a sum is only held, and asks to hold it only where that is wanted", async () => {
    const { reference } = await held();
    const seen = await connect().retrieve(reference);
    expect(seen).toMatchObject({ status: "authorized", amountCaptured: null });
    const other = await paid();
    expect(fake.intentOf(other.id).capture_method).not.toBe("manual");
  });

  it("looks where it is refused: somebody was first, or the hold has ended", async () => {
    const first = await held();
    await connect().capture?.(first.reference, captureRequest(first.request, { amount: 500, key: "other" }));
    const { calls, fetch } = answering(
      sessionAnswer({ payment_intent: intentOf({ status: "requires_capture" }) }),
      refusal(400, { ...invalid, code: "payment_intent_unexpected_state" }),
      sessionAnswer({ payment_intent: intentOf({ status: "canceled" }) }),
    );
    const request = captureRequest(createRequest());
    expect(await connect(fetch).capture?.(known, request)).toMatchObject({ status: "canceled" });
    expect(calls.map(({ method }) => method)).toEqual(["GET", "POST", "GET"]);
    expect(await connect().capture?.(first.reference, captureRequest(first.request))).toMatchObject({
      status: "succeeded",
      amountCaptured: 500,
    });
  });

  it("carries the capture's own key, and its sum in Stripe's units", async () => {
    const { id, request, reference } = await paid({ capture: "manual", amount: 5, currency: "UGX" });
    const sent: Request[] = [];
    const gateway = connect((call) => {
      sent.push(call.clone());
      return fake.fetch(call);
    });
    const asked = captureRequest(request, { amount: 3, key: "key_of_the_capture" });
    expect(await gateway.capture?.(reference, asked)).toMatchObject({ amount: 5, amountCaptured: 3 });
    const [post, ...more] = sent.filter(({ method }) => method === "POST");
    expect(more).toEqual([]);
    expect(new URL(post?.url ?? "").pathname).toBe(`/v1/payment_intents/${fake.intentOf(id).id}/capture`);
    expect(post?.headers.get("idempotency-key")).toBe("key_of_the_capture");
  });

  it("takes no key with another sum for a refusal", async () => {
    const { fetch } = answering(
      sessionAnswer({ payment_intent: intentOf({ status: "requires_capture" }) }),
      refusal(400, taken),
      sessionAnswer({ payment_intent: intentOf({ status: "requires_capture" }) }),
    );
    const call = connect(fetch).capture?.(known, captureRequest(createRequest()));
    await expect(call).rejects.toMatchObject({ kind: "unknown" });
  });

  it("says that a hold was called off", async () => {
    const { id, reference } = await held();
    fake.cancel(id);
    expect(await connect().retrieve(reference)).toMatchObject({ status: "canceled" });
    expect(await tell(id, "payment_intent.canceled")).toMatchObject([
      { transactionId: id, observation: { status: "canceled" } },
    ]);
  });

  it("asks for no capture of what is not held", async () => {
    for (const status of ["processing", "succeeded", "canceled"]) {
      const { calls, fetch } = answering(sessionAnswer({ payment_intent: intentOf({ status }) }));
      const request = captureRequest(createRequest());
      expect(await connect(fetch).capture?.(known, request)).toMatchObject({ status });
      expect(calls.map(({ method }) => method)).toEqual(["GET"]);
    }
  });

  it("says nothing of what it has never heard of", async () => {
    const call = connect().capture?.(
      { transactionId: TRANSACTION, reference: null },
      captureRequest(createRequest()),
    );
    expect(await call).toMatchObject({ status: "missing" });
  });
});

describe("stripe refunds", () => {
  it("names both ids in the refund's metadata", async () => {
    const { id, request, reference } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    const seen = await connect().refund?.(reference, asked);
    expect(fake.refunds.get(seen?.reference ?? "")).toMatchObject({
      metadata: { transaction_id: id, refund_id: asked.refundId },
      payment_intent: fake.intentOf(id).id,
      amount: 500,
    });
  });

  it.each([
    ["pending", undefined, "pending", null],
    ["requires_action", undefined, "pending", null],
    ["succeeded", undefined, "succeeded", null],
    ["failed", "expired_or_canceled_card", "failed", "expired_or_canceled_card"],
    ["failed", undefined, "failed", "refund_failed"],
    ["failed", "What a mess", "failed", "refund_failed"],
    ["canceled", undefined, "failed", "refund_canceled"],
    ["constructor", undefined, "pending", null],
  ])("reads a refund that is %s (%s) as %s", async (status, failure_reason, means, failureCode) => {
    const asked = refundRequest(createRequest(), { reference: "re_1" });
    const refund = { id: "re_1", amount: 1999, currency: "usd", status, failure_reason };
    const answer = Response.json({ ...refund, metadata: { refund_id: asked.refundId } });
    const { calls, fetch } = answering(answer);
    const seen = await connect(fetch).refund?.(known, asked);
    expect(seen).toEqual({ status: means, reference: "re_1", failureCode });
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([`GET ${API}/v1/refunds/re_1`]);
  });

  it("says how a refund stands now, not how it began", async () => {
    const { request, reference } = await paid();
    fake.refundsAre = "pending";
    const asked = refundRequest(request, { amount: 500 });
    const first = await connect().refund?.(reference, asked);
    expect(first).toMatchObject({ status: "pending" });
    expect(await connect().retrieve(reference)).toMatchObject({ amountRefunded: 0 });
    const again = { ...asked, reference: first?.reference ?? null };
    fake.endRefund(first?.reference ?? "", "succeeded");
    expect(await connect().refund?.(reference, again)).toMatchObject({ status: "succeeded" });
    expect(await connect().retrieve(reference)).toMatchObject({ amountRefunded: 500 });
    fake.endRefund(first?.reference ?? "", "failed", "insufficient_funds");
    expect(await connect().refund?.(reference, again)).toMatchObject({
      status: "failed",
      failureCode: "insufficient_funds",
    });
    expect(await connect().retrieve(reference)).toMatchObject({ status: "succeeded", amountRefunded: 0 });
  });

  it("looks a refund up first, once its key may be forgotten", async () => {
    const { request, reference } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    const first = await connect().refund?.(reference, asked);
    for (let index = 0; index < 120; index += 1) {
      await connect().refund?.(reference, refundRequest(request, { amount: 1 }));
    }
    fake.forgetKeys();
    const { calls, fetch } = listening();
    const later = connect(fetch, asked.createdAt + 24 * HOUR_MS);
    expect(await later.refund?.(reference, asked)).toEqual(first);
    expect(calls).toEqual(["GET /v1/checkout/sessions/cs", "GET /v1/refunds", "GET /v1/refunds"]);
    expect(await connect().retrieve(reference)).toMatchObject({ amountRefunded: 620 });
  });

  it("makes a refund, however old, that Stripe has never heard of", async () => {
    const { request, reference } = await paid();
    await connect().refund?.(reference, refundRequest(request, { amount: 1 }));
    const asked = refundRequest(request, { amount: 500 });
    const { calls, fetch } = listening();
    const seen = await connect(fetch, asked.createdAt + 30 * 24 * HOUR_MS).refund?.(reference, asked);
    expect(seen).toMatchObject({ status: "succeeded" });
    expect(calls.at(-1)).toBe("POST /v1/refunds");
    expect(await connect().retrieve(reference)).toMatchObject({ amountRefunded: 501 });
  });

  it("finds a refund behind a fault that Stripe repeats, when it may look", async () => {
    const { request, reference } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    const first = await connect().refund?.(reference, asked);
    fake.spoil(asked.refundId);
    await expect(connect().refund?.(reference, asked)).rejects.toMatchObject({ kind: "unknown" });
    const later = connect(fake.fetch, asked.createdAt + 24 * HOUR_MS);
    expect(await later.refund?.(reference, asked)).toEqual(first);
  });

  it("takes no key with another sum for a refusal: a refund may be on its way", async () => {
    const { request, reference } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    await connect().refund?.(reference, asked);
    const other = connect().refund?.(reference, { ...asked, amount: 501 });
    await expect(other).rejects.toMatchObject({ kind: "unknown" });
  });

  it("believes no answer about another refund", async () => {
    const asked = refundRequest(createRequest(), { reference: "re_1" });
    for (const metadata of [{ refund_id: newTypeId("rfd", Date.now()) }, {}, null]) {
      const answer = Response.json({ id: "re_1", amount: 1, currency: "usd", status: "succeeded", metadata });
      const call = connect(answering(answer).fetch).refund?.(known, asked);
      await expect(call).rejects.toMatchObject({ kind: "unknown" });
    }
  });

  it.each([400, 402, 404])(
    "takes no %i for the end of a refund that Stripe has told of before",
    async (status) => {
      const { calls, fetch } = answering(refusal(status, { ...invalid, code: "resource_missing" }));
      const call = connect(fetch).refund?.(known, refundRequest(createRequest(), { reference: "re_1" }));
      await expect(call).rejects.toMatchObject({ kind: "unavailable" });
      expect(calls).toHaveLength(1);
    },
  );

  it("counts what is back, and of more than a list holds what the charge counts", async () => {
    const refunds = { data: [{ amount: 500, status: "succeeded" }], has_more: false };
    refunds.data.push({ amount: 100, status: "pending" }, { amount: 7, status: "failed" });
    const withRefunds = (more: boolean) => {
      const latest_charge = chargeOf({ amount_refunded: 600, refunds: { ...refunds, has_more: more } });
      return seenOf({ payment_intent: intentOf({ latest_charge }) });
    };
    expect(await withRefunds(false)).toMatchObject({ amountRefunded: 500 });
    expect(await withRefunds(true)).toMatchObject({ amountRefunded: 600 });
  });

  it("gives back in Stripe's own units", async () => {
    const { request, reference } = await paid({ amount: 5, currency: "ISK" });
    await connect().refund?.(reference, refundRequest(request, { amount: 2 }));
    expect([...fake.refunds.values()].at(-1)).toMatchObject({ amount: 200, currency: "isk" });
    expect(await connect().retrieve(reference)).toMatchObject({ amount: 5, amountRefunded: 2 });
  });
});

describe("stripe disputes", () => {
  const meanings = {
    warning_needs_response: "open",
    warning_under_review: "open",
    warning_closed: "won",
    needs_response: "open",
    under_review: "open",
    appeal_needs_response: "open",
    appeal_under_review: "open",
    won: "won",
    lost: "lost",
    prevented: "won",
  } as const satisfies Record<Documented<Stripe.Dispute.Status>, Observation["dispute"]>;

  it.each([...Object.entries(meanings), ["constructor", null] as const])(
    "reads one that is %s as %s",
    async (status, dispute) => {
      const latest_charge = chargeOf({ disputed: true });
      const list = Response.json({ object: "list", data: [{ id: "du_1", status }], has_more: false });
      const seen = await seenOf({ payment_intent: intentOf({ latest_charge }) }, list);
      expect(seen).toMatchObject({ status: "succeeded", dispute });
    },
  );

  it("asks for disputes only where the charge tells of one", async () => {
    const { id, reference } = await paid();
    const { calls, fetch } = listening();
    expect(await connect(fetch).retrieve(reference)).toMatchObject({ dispute: null });
    expect(calls).toHaveLength(1);
    fake.dispute(id);
    expect(await connect(fetch).retrieve(reference)).toMatchObject({ dispute: "open" });
    expect(calls.slice(1)).toEqual(["GET /v1/checkout/sessions/cs", "GET /v1/disputes"]);
  });

  it("tells of an inquiry, which is no dispute of the charge yet, by its own events", async () => {
    const { id, reference } = await paid();
    fake.dispute(id, "warning_needs_response");
    expect(await connect().retrieve(reference)).toMatchObject({ dispute: null });
    expect(await tell(id, "charge.dispute.created")).toMatchObject([
      { transactionId: id, observation: { status: "succeeded", dispute: "open" } },
    ]);
    fake.dispute(id, "warning_closed");
    expect(await tell(id, "charge.dispute.closed")).toMatchObject([{ observation: { dispute: "won" } }]);
  });

  it("follows a dispute to its end", async () => {
    const { id } = await paid();
    for (const [status, type, dispute] of [
      ["needs_response", "charge.dispute.created", "open"],
      ["under_review", "charge.dispute.updated", "open"],
      ["lost", "charge.dispute.closed", "lost"],
    ] as const) {
      fake.dispute(id, status);
      expect(await tell(id, type)).toMatchObject([{ transactionId: id, observation: { dispute } }]);
    }
  });
});

describe("stripe events", () => {
  it("knows each kind that Stripe documents of these objects, and asks for no more than a list takes", () => {
    const types: Record<RelevantType, true> = {
      "charge.captured": true,
      "charge.dispute.closed": true,
      "charge.dispute.created": true,
      "charge.dispute.funds_reinstated": true,
      "charge.dispute.funds_withdrawn": true,
      "charge.dispute.updated": true,
      "charge.expired": true,
      "charge.failed": true,
      "charge.pending": true,
      "charge.refund.updated": true,
      "charge.refunded": true,
      "charge.succeeded": true,
      "charge.updated": true,
      "checkout.session.async_payment_failed": true,
      "checkout.session.async_payment_succeeded": true,
      "checkout.session.completed": true,
      "checkout.session.expired": true,
      "payment_intent.amount_capturable_updated": true,
      "payment_intent.canceled": true,
      "payment_intent.created": true,
      "payment_intent.partially_funded": true,
      "payment_intent.payment_failed": true,
      "payment_intent.processing": true,
      "payment_intent.requires_action": true,
      "payment_intent.succeeded": true,
      "refund.created": true,
      "refund.failed": true,
      "refund.updated": true,
    };
    expect([...DOCUMENTED].sort()).toEqual(Object.keys(types).sort());
    expect(EVENTS.length).toBeLessThanOrEqual(20);
    expect([...SUBSCRIBED].sort()).toEqual([...EVENTS].sort());
    expect(connect().webhook.events).toEqual(EVENTS);
  });

  it.each([...DOCUMENTED])("makes of %s the whole state of the transaction", async (type) => {
    const { id, reference } = await paid();
    fake.refundByHand(id, 500);
    fake.dispute(id);
    const [refund] = [...fake.refunds.values()].slice(-1);
    const [dispute] = [...fake.disputes.values()].slice(-1);
    const { id: payment_intent, latest_charge, metadata } = fake.intentOf(id);
    const objects: readonly [RegExp, unknown][] = [
      [/^checkout/, { ...fake.sessionOf(id), payment_status: "unpaid" }],
      [/^payment_intent/, fake.intentOf(id)],
      [/^charge\.dispute/, dispute],
      [/refund\.\w+$/, refund],
      [/^charge/, { id: latest_charge, object: "charge", payment_intent, metadata }],
    ];
    const [, object] = objects.find(([pattern]) => pattern.test(type)) ?? [];
    const [notice, ...more] = await send(eventOf(object, { type, id: "evt_7" }));
    expect(more).toEqual([]);
    expect(notice).toEqual({
      eventId: "evt_7",
      transactionId: id,
      observation: await connect().retrieve(reference),
      receipt: { occurredAt: 1_795_000_000_000, signedAt: expect.any(Number), secret: 1 },
    });
    expect(notice?.observation).toMatchObject({ status: "succeeded", amountRefunded: 500, dispute: "open" });
  });

  it("tells by itself that a session is paid, also later", async () => {
    const alone = connect(() => expect.unreachable("nobody is asked"));
    const { id, reference } = await paid();
    const observation = { ...(await connect().retrieve(reference)), amountCaptured: null };
    expect(await tell(id, "checkout.session.completed", alone)).toMatchObject([
      { eventId: fake.eventOf(id, "checkout.session.completed").id, transactionId: id, observation },
    ]);
    const later = await open();
    fake.submit(later.id);
    expect(await tell(later.id, "checkout.session.completed")).toMatchObject([
      { observation: { status: "processing" } },
    ]);
    fake.settle(later.id, "succeeded");
    expect(await tell(later.id, "checkout.session.async_payment_succeeded", alone)).toMatchObject([
      { observation: { status: "succeeded" } },
    ]);
  });

  it("takes a failed attempt on an open page for no failure, and a failed payment for one", async () => {
    const { id } = await open();
    fake.decline(id);
    expect(await tell(id, "payment_intent.payment_failed")).toMatchObject([
      { transactionId: id, observation: { status: "pending", failureCode: null } },
    ]);
    fake.submit(id);
    fake.settle(id, "failed");
    for (const type of ["payment_intent.payment_failed", "checkout.session.async_payment_failed"]) {
      expect(await tell(id, type)).toMatchObject([{ observation: { status: "failed" } }]);
    }
  });

  it("says of an expired session what has become of it since", async () => {
    const { id } = await open();
    fake.expire(id);
    expect(await tell(id, "checkout.session.expired")).toMatchObject([
      { observation: { status: "expired" } },
    ]);
    fake.payLate(id);
    for (const type of ["checkout.session.expired", "payment_intent.succeeded"]) {
      expect(await tell(id, type)).toMatchObject([{ observation: { status: "succeeded" } }]);
    }
  });

  it("says that a sum is held", async () => {
    const { id } = await paid({ capture: "manual" });
    for (const type of ["checkout.session.completed", "payment_intent.amount_capturable_updated"]) {
      expect(await tell(id, type)).toMatchObject([{ observation: { status: "authorized" } }]);
    }
  });

  it("tells that a refund of ours has failed after all, without a question", async () => {
    const { id, request, reference } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    const seen = await connect().refund?.(reference, asked);
    fake.endRefund(seen?.reference ?? "", "failed", "lost_or_stolen_card");
    const refund = JSON.stringify([...fake.refunds.values()].at(-1));
    for (const type of ["refund.failed", "refund.updated", "charge.refund.updated"]) {
      const alone = connect(() => expect.unreachable("nobody is asked"));
      expect(await send(eventOf(JSON.parse(refund), { type }), alone)).toMatchObject([
        {
          transactionId: id,
          observation: {
            status: "unsaid",
            currency: "USD",
            refund: {
              id: asked.refundId,
              reference: seen?.reference,
              amount: 500,
              status: "failed",
              failureCode: "lost_or_stolen_card",
            },
          },
        },
      ]);
    }
  });

  it("gives the whole state for a refund that is done, and for one that was not begun here", async () => {
    const { id, request, reference } = await paid();
    fake.refundsAre = "pending";
    const seen = await connect().refund?.(reference, refundRequest(request, { amount: 500 }));
    fake.endRefund(seen?.reference ?? "", "succeeded");
    const byHand = fake.refundByHand(id, 100);
    const states = [];
    for (const refund of [fake.refunds.get(seen?.reference ?? ""), byHand]) {
      states.push(await send(eventOf(refund, { type: "refund.updated" })));
    }
    expect(states).toMatchObject([
      [{ transactionId: id, observation: { status: "succeeded", amountRefunded: 500 } }],
      [{ transactionId: id, observation: { status: "succeeded", amountRefunded: 500 } }],
    ]);
    fake.endRefund(byHand.id, "failed");
    expect(await tell(id, "refund.failed")).toMatchObject([
      { transactionId: id, observation: { status: "succeeded", amountRefunded: 500 } },
    ]);
  });

  it.each([
    eventOf(sessionOf({ status: "expired" }), { type: "checkout.session.expired" }),
    eventOf(sessionOf({ status: "constructor" })),
    eventOf(sessionOf({ payment_status: "no_payment_required" })),
    eventOf(sessionOf({ payment_status: "constructor" })),
    // Held money is never taken by an event's word.
    eventOf(sessionOf({ metadata: { transaction_id: TRANSACTION, capture: "manual" } })),
  ])("asks what became of a session that is not simply paid, case %#", async (event) => {
    const { calls, fetch } = answering(sessionAnswer());
    expect(await send(event, connect(fetch))).toMatchObject([
      { transactionId: TRANSACTION, observation: { status: "succeeded", amountCaptured: 1999 } },
    ]);
    expect(calls).toHaveLength(1);
  });

  it.each([{ transaction_id: TRANSACTION }, { refund_id: newTypeId("rfd", Date.now()) }, {}, null])(
    "asks how things stand where a failed refund's metadata is %j",
    async (metadata) => {
      const data = [await sessionAnswer().json()];
      const { calls, fetch } = answering(Response.json({ object: "list", data, has_more: false }));
      const refund = {
        object: "refund",
        payment_intent: "pi_1",
        amount: 1,
        currency: "usd",
        status: "failed",
      };
      const event = eventOf({ id: "re_1", metadata, ...refund }, { type: "refund.failed" });
      expect(await send(event, connect(fetch))).toMatchObject([
        { transactionId: TRANSACTION, observation: { status: "succeeded" } },
      ]);
      expect(calls).toHaveLength(1);
    },
  );

  it("says nothing of ours for a kind that Stripe does not document, and whose it is", async () => {
    const alone = connect(() => expect.unreachable("nobody is asked"));
    for (const object of [sessionOf(), { object: "refund", metadata: { transaction_id: TRANSACTION } }]) {
      expect(await send(eventOf(object, { type: "checkout.session.frobnicated" }), alone)).toMatchObject([
        { eventId: "evt_1", transactionId: TRANSACTION, observation: { status: "unsaid", amount: null } },
      ]);
    }
  });

  it("is not concerned with other payments of the account", async () => {
    const { calls, fetch } = listening();
    const gateway = connect(fetch);
    const stranger = { id: "pi_9", object: "payment_intent", metadata: { order: "7" } };
    expect(await send(eventOf(stranger, { type: "payment_intent.succeeded" }), gateway)).toEqual([]);
    expect(calls).toEqual([]);
    for (const object of ["charge", "refund", "dispute"]) {
      const event = eventOf({ id: "xx_9", object, payment_intent: "pi_9" }, { type: "charge.refunded" });
      expect(await send(event, gateway)).toEqual([]);
    }
    expect(calls).toEqual(Array(3).fill("GET /v1/checkout/sessions"));
    const theirs = { object: "list", data: [sessionOf({ metadata: {} })], has_more: false };
    const object = { id: "re_9", object: "refund", payment_intent: "pi_9" };
    const gone = refusal(400, { ...invalid, code: "resource_missing", param: "payment_intent" });
    for (const answer of [Response.json(theirs), gone]) {
      const event = eventOf(object, { type: "refund.updated" });
      expect(await send(event, connect(answering(answer).fetch))).toEqual([]);
    }
  });

  it("takes a payment link's session for none of ours, whatever reference its buyer has put there", async () => {
    const alone = connect(() => expect.unreachable("nobody is asked"));
    for (const metadata of [{}, null, { transaction_id: "txn_1" }, { order_id: TRANSACTION }]) {
      expect(await send(paidEvent({ metadata, payment_link: "plink_1" }), alone)).toEqual([]);
    }
  });

  it("takes a session for none of ours that has our metadata and another's reference", async () => {
    const alone = connect(() => expect.unreachable("nobody is asked"));
    for (const client_reference_id of [null, "7", newTypeId("txn", Date.now())]) {
      expect(await send(paidEvent({ client_reference_id }), alone)).toEqual([]);
      const data = [sessionOf({ client_reference_id, payment_intent: intentOf() })];
      const { fetch } = answering(Response.json({ object: "list", data, has_more: false }));
      const refund = { id: "re_9", object: "refund", payment_intent: "pi_1" };
      expect(await send(eventOf(refund, { type: "refund.updated" }), connect(fetch))).toEqual([]);
    }
  });

  it("says that it could not ask, so that Stripe tells it again", async () => {
    const { id } = await paid();
    fake.refundByHand(id, 1);
    const down = connect(async () => new Response("oops", { status: 500 }));
    await expect(tell(id, "charge.refunded", down)).rejects.toMatchObject({ kind: "unavailable" });
    const odd = connect(async () => Response.json({ object: "list" }));
    await expect(tell(id, "charge.refunded", odd)).rejects.toMatchObject({ kind: "unknown" });
  });

  it("reads the webhooks that the fake sends, each of them", async () => {
    await fake.takeWebhooks(CALLBACK_URL);
    const { id, request, reference } = await paid();
    await connect().refund?.(reference, refundRequest(request));
    fake.dispute(id);
    const sent = await fake.takeWebhooks(CALLBACK_URL);
    expect(sent).toHaveLength(4);
    for (const { url, headers, body } of sent) {
      const notices = await connect().readWebhook({ url, headers: new Headers(headers), body: utf8(body) });
      expect(notices).toMatchObject([{ transactionId: id, observation: { status: "succeeded" } }]);
    }
  });
});

type RelevantType = Extract<
  Documented<Stripe.Event.Type>,
  `checkout.session.${string}` | `payment_intent.${string}` | `charge.${string}` | `refund.${string}`
>;

describe("stripe's list of events", () => {
  const list = (gateway: Gateway, since = Date.now() - 1000, until = Date.now() + 1000) =>
    readMissed(gateway.missedEvents?.(since, until));

  it("asks for the kinds that an endpoint subscribes to, within whole seconds", async () => {
    const { calls, fetch } = answering(Response.json({ object: "list", data: [], has_more: false }));
    expect(await list(connect(fetch), 1_795_000_000_999, 1_795_000_060_001)).toEqual([]);
    const query = new URL(calls[0]?.url ?? "").searchParams;
    const types = [...query].flatMap(([name, value]) => (name.startsWith("types[") ? [value] : []));
    expect(types).toEqual(EVENTS);
    const created = { gte: 1_795_000_000, lt: 1_795_000_061 };
    await clientOf(fetch).events.list({ types, created, limit: 100 });
    expect(Object.fromEntries(new URL(calls[1]?.url ?? "").searchParams)).toEqual(Object.fromEntries(query));
    expect(calls).toHaveLength(2);
  });

  /** Stripe's list of these alone, and the fake behind it. */
  function listing(events: readonly { readonly id: string; readonly created: number }[]) {
    const spans: [number, number][] = [];
    const fetch: Tools["fetch"] = async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== "/v1/events") {
        return fake.fetch(request);
      }
      const [from, to] = ["created[gte]", "created[lt]"].map((name) => Number(searchParams.get(name)));
      const span: [number, number] = [from ?? 0, to ?? 0];
      spans.push(span);
      const newest = events.filter(({ created }) => created >= span[0] && created < span[1]).toReversed();
      const start = newest.findIndex(({ id }) => id === searchParams.get("starting_after")) + 1;
      const data = newest.slice(start, start + 100);
      return Response.json({ object: "list", data, has_more: start + 100 < newest.length });
    };
    return { spans, gateway: connect(fetch) };
  }

  it("reads any number of events, oldest first, a page of them at a time", async () => {
    const since = 1_795_000_000;
    // A fake event of ours each time, or one of another's that costs no question.
    const { id } = await paid();
    const ours = fake.eventOf(id, "checkout.session.completed");
    const theirs = { type: "payment_intent.succeeded", data: { object: { object: "payment_intent" } } };
    const events = Array.from({ length: 12_000 }, (_, at) => ({
      ...(at % 500 === 0 ? ours : theirs),
      ...{ id: `evt_${at}`, created: since + Math.floor(at * 0.29) },
    }));
    const { spans, gateway } = listing(events);
    const notices = await list(gateway, since * 1000, (since + 3600) * 1000);
    expect(notices.map(({ eventId }) => eventId)).toEqual(
      events.flatMap((event, at) => (at % 500 === 0 ? [event.id] : [])),
    );
    expect(notices.map(({ createdAt }) => createdAt)).toEqual(
      events.flatMap(({ created }, at) => (at % 500 === 0 ? [created * 1000] : [])),
    );
    expect(spans.length).toBeLessThan(600);
  });

  it("reads more than a page of one second", async () => {
    const { id } = await paid();
    const ours = fake.eventOf(id, "checkout.session.completed");
    const created = 1_795_000_007;
    const events = Array.from({ length: 250 }, (_, at) => ({ ...ours, id: `evt_${at}`, created }));
    const { gateway } = listing(events);
    const notices = await list(gateway, (created - 7) * 1000, (created + 7) * 1000);
    expect(notices.map(({ eventId }) => eventId)).toEqual(events.map((event) => event.id));
  });

  it("asks for no more than is read of it", async () => {
    const { id } = await paid();
    const ours = fake.eventOf(id, "checkout.session.completed");
    const since = 1_795_000_000;
    const events = Array.from({ length: 800 }, (_, at) => ({
      ...ours,
      id: `evt_${at}`,
      created: since + at,
    }));
    const { spans, gateway } = listing(events);
    for await (const first of gateway.missedEvents?.(since * 1000, (since + 800) * 1000) ?? []) {
      expect(await first.read()).toMatchObject([{ eventId: "evt_0" }]);
      break;
    }
    expect(spans).toEqual([
      [since, since + 800],
      [since, since + 400],
      [since, since + 200],
      [since, since + 100],
    ]);
  });

  it("passes over what is not ours, and what nobody can read", async () => {
    const { id, reference } = await paid();
    fake.refundByHand(id, 1);
    const created = fake.eventOf(id, "charge.refunded").created;
    const odd = { id: "cs_test_9", object: "checkout.session", client_reference_id: TRANSACTION };
    const { gateway } = listing([
      fake.eventOf(id, "checkout.session.completed"),
      { ...JSON.parse(eventOf({ ...odd, metadata: { transaction_id: TRANSACTION } })), id: "evt_6", created },
      { ...JSON.parse(eventOf({ object: "charge", payment_intent: null })), id: "evt_7", created },
      { id: "evt_8", created },
      { ...fake.eventOf(id, "payment_intent.succeeded"), id: "evt_9", created },
      fake.eventOf(id, "charge.refunded"),
    ]);
    const notices = await list(gateway, created * 1000, (created + 1) * 1000);
    const ids = ["checkout.session.completed", "charge.refunded"].map((type) => fake.eventOf(id, type).id);
    expect(notices.map(({ eventId }) => eventId)).toEqual([ids[0], "evt_9", ids[1]]);
    expect(notices.at(-1)?.observation).toEqual(await connect().retrieve(reference));
  });

  it.each([
    [new Response("<html>", { status: 404 }), null],
    [refusal(400, invalid), null],
    [refusal(403, invalid), "unavailable"],
    [new Response("oops", { status: 500 }), "unavailable"],
    [Response.json({ object: "list" }), "unknown"],
  ])(
    "goes on after one that Stripe refuses to tell more of, not after silence, case %#",
    async (answer, kind) => {
      const { id } = await paid();
      const created = fake.eventOf(id, "payment_intent.succeeded").created;
      const events = ["payment_intent.succeeded", "checkout.session.completed"].map((type) =>
        fake.eventOf(id, type),
      );
      const gateway = connect(async ({ url }) =>
        url.includes("/v1/events")
          ? Response.json({ object: "list", data: events.toReversed(), has_more: false })
          : answer.clone(),
      );
      const found = list(gateway, created * 1000, (created + 1) * 1000);
      await (kind === null
        ? expect(found).resolves.toMatchObject([{ eventId: events[1]?.id }])
        : expect(found).rejects.toMatchObject({ kind }));
    },
  );

  it("says so where the list itself is refused", async () => {
    const { fetch } = answering(refusal(400, invalid));
    await expect(list(connect(fetch))).rejects.toMatchObject({ kind: "rejected" });
  });

  it("looks again for a dispute that the charge does not tell of", async () => {
    const { id } = await paid();
    fake.refundByHand(id, 1);
    fake.dispute(id, "warning_needs_response");
    const { gateway } = listing(
      ["charge.refunded", "charge.dispute.created"].map((type) => fake.eventOf(id, type)),
    );
    expect((await list(gateway)).map(({ observation }) => observation.dispute)).toEqual([null, "open"]);
  });

  it("ends with a page that is empty", async () => {
    const { calls, fetch } = answering(Response.json({ object: "list", data: [], has_more: true }));
    expect(await list(connect(fetch), 0, HOUR_MS)).toEqual([]);
    expect(calls).toHaveLength(1);
  });

  it("gives up on a list that does not end", async () => {
    const data = [{ id: "evt_1", type: "charge.refunded", data: { object: { object: "charge" } } }];
    const { calls, fetch } = answering(Response.json({ object: "list", data, has_more: true }));
    await expect(list(connect(fetch), 0, 1000)).rejects.toMatchObject({ kind: "unknown" });
    expect(calls).toHaveLength(101);
    expect(new URL(calls[2]?.url ?? "").searchParams.get("starting_after")).toBe("evt_1");
    const longer = answering(Response.json({ object: "list", data, has_more: true }));
    await expect(list(connect(longer.fetch), 0, HOUR_MS)).rejects.toMatchObject({ kind: "unknown" });
    expect(longer.calls.length).toBeLessThan(120);
  });
});

describe("stripe signatures, by Stripe's own code", () => {
  const { webhooks } = clientOf();
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 400 });
  const anything = fc.oneof(fc.json(), fc.string({ unit: "binary", minLength: 1 }));
  const accepts = async (body: string, header: string) =>
    (
      webhooks.signature?.verifyHeaderAsync(body, header, STRIPE_WEBHOOK_SECRET, 300) ??
      expect.unreachable("Stripe's verifier is there")
    ).then(
      () => true,
      () => false,
    );
  /** Ours: what it verifies, it reads or calls malformed. */
  const verifies = async (body: Uint8Array<ArrayBuffer>, header: string, gateway = connect()) =>
    gateway
      .readWebhook({ url: CALLBACK_URL, headers: new Headers({ "stripe-signature": header }), body })
      .then(
        () => true,
        ({ kind }: { kind: string }) => kind === "malformed",
      );

  it("verifies what Stripe's signer signs, and not with a byte flipped", async () => {
    const of = fc.constantFrom(STRIPE_WEBHOOK_SECRET, STRIPE_SECOND_WEBHOOK_SECRET);
    await fc.assert(
      fc.asyncProperty(anything, of, fc.nat(), async (payload, secret, place) => {
        const header = await webhooks.generateTestHeaderStringAsync({ payload, secret });
        const body = utf8(payload);
        const at = place % body.length;
        expect(await verifies(body, header)).toBe(true);
        expect(await verifies(body.with(at, (body[at] ?? 0) ^ 1), header)).toBe(false);
      }),
    );
  });

  it("verifies the fake's signature as Stripe's verifier does, and neither with one digit changed", async () => {
    await fc.assert(
      fc.asyncProperty(anything, fc.nat({ max: 63 }), async (payload, place) => {
        const header = await sign(payload);
        const at = header.indexOf("v1=") + 3 + place;
        const digit = header[at] === "0" ? "1" : "0";
        const flipped = `${header.slice(0, at)}${digit}${header.slice(at + 1)}`;
        expect([await accepts(payload, header), await verifies(utf8(payload), header)]).toEqual([true, true]);
        expect([await accepts(payload, flipped), await verifies(utf8(payload), flipped)]).toEqual([
          false,
          false,
        ]);
      }),
    );
  });

  it("signs bytes, also those that are no text", async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (body) => {
        expect(await verifies(new Uint8Array(body), await sign(new Uint8Array(body)))).toBe(true);
      }),
    );
  });

  it("reads an event as Stripe's own constructor does", async () => {
    const { id } = await paid();
    const payload = JSON.stringify(fake.eventOf(id, "checkout.session.completed"));
    const header = await webhooks.generateTestHeaderStringAsync({ payload, secret: STRIPE_WEBHOOK_SECRET });
    const event = await webhooks.constructEventAsync(payload, header, STRIPE_WEBHOOK_SECRET);
    const [notice] = await send(payload, connect(), header);
    expect(event.type).toBe("checkout.session.completed");
    expect(notice?.eventId).toBe(event.id);
    const session = event.data.object as Stripe.Checkout.Session;
    expect(notice?.observation).toMatchObject({ reference: session.id, amount: session.amount_total });
  });

  it("takes any of several signatures, and any order of the header's parts", async () => {
    const payload = paidEvent({ metadata: {} });
    const [t, v1, v0] = (await sign(payload)).split(",");
    const [, other] = (await sign(payload, OTHER_SECRET)).split(",");
    for (const header of [
      [t, other, v1],
      [v1, t],
      [t, v0, v1],
      [t, v1, "v2=a"],
      [t, "v1=nonsense", v1],
    ]) {
      expect(await accepts(payload, header.join())).toBe(true);
      expect(await verifies(utf8(payload), header.join())).toBe(true);
    }
  });

  it("works no harder for a thousand signatures than for one", async () => {
    const body = paidEvent({ metadata: {} });
    const [t = "", v1 = ""] = (await sign(body)).split(",");
    const work = [vi.spyOn(crypto.subtle, "sign"), vi.spyOn(crypto.subtle, "verify")];
    const many = [
      t,
      ...Array.from({ length: 1000 }, (_, at) => `v1=${at.toString(16).padStart(64, "0")}`),
      v1,
    ];
    expect(await verifies(utf8(body), many.join())).toBe(true);
    expect(work.reduce((sum, { mock }) => sum + mock.calls.length, 0)).toBeLessThanOrEqual(2);
  });

  it("takes a time only in whole seconds, however well it is signed", async () => {
    const body = paidEvent();
    const now = Math.floor(Date.now() / 1000);
    const verdicts = [`${now}`, `${now}.0`, ` ${now}`, `+${now}`, `0x${now.toString(16)}`].map(
      async (time) => {
        const mac = await hmac("SHA-256", STRIPE_WEBHOOK_SECRET, `${time}.${body}`);
        return verifies(utf8(body), `t=${time},v1=${mac.toHex()}`);
      },
    );
    expect(await Promise.all(verdicts)).toEqual([true, false, false, false, false]);
  });

  it("takes no other scheme, no second time, and no time that is none", async () => {
    const payload = paidEvent();
    const [t = "", v1 = ""] = (await sign(payload)).split(",");
    const headers = [
      "",
      t,
      v1,
      `${t},${v1.replace("v1", "v0")}`,
      `${t},v1=`,
      `${t},${v1.slice(0, -2)}`,
      `${t},${v1}00`,
      `${t},t=1,${v1}`,
      `t=,${v1}`,
      `${t}.0,${v1}`,
      `t=-${t.slice(2)},${v1}`,
      `${t},${v1.replace("=", " =")}`,
    ];
    for (const header of headers) {
      expect(await verifies(utf8(payload), header)).toBe(false);
    }
  });
});

describe("the fake Stripe, by Stripe's own client", () => {
  const client = clientOf();
  const params = (id: string): Stripe.Checkout.SessionCreateParams => ({
    mode: "payment",
    client_reference_id: id,
    line_items: [
      { quantity: 1, price_data: { currency: "eur", unit_amount: 1999, product_data: { name: "Tea" } } },
    ],
    success_url: "https://shop.example/back",
    metadata: { transaction_id: id },
    payment_intent_data: { metadata: { transaction_id: id } },
  });

  it("opens, shows, pays, refunds and lists", async () => {
    const id = newTypeId("txn", Date.now());
    const since = Math.floor(Date.now() / 1000);
    const created = await client.checkout.sessions.create(params(id), { idempotencyKey: id });
    expect(created).toMatchObject({ status: "open", payment_status: "unpaid", payment_intent: null });
    expect(await client.checkout.sessions.create(params(id), { idempotencyKey: id })).toEqual(created);
    fake.pay(id);
    const expand = ["payment_intent.latest_charge.refunds"];
    const seen = await client.checkout.sessions.retrieve(created.id, { expand });
    const payment = seen.payment_intent as Stripe.PaymentIntent;
    expect(payment).toMatchObject({
      status: "succeeded",
      amount_received: 1999,
      latest_charge: { refunds: {} },
    });
    const refund = await client.refunds.create({ payment_intent: payment.id, amount: 500 });
    expect(refund).toMatchObject({ object: "refund", status: "succeeded", amount: 500, currency: "eur" });
    expect(await client.refunds.retrieve(refund.id)).toEqual(refund);
    fake.dispute(id);
    expect((await client.disputes.list({ payment_intent: payment.id })).data).toHaveLength(1);
    const found = await client.checkout.sessions.list({ payment_intent: payment.id });
    expect(found.data.map((each) => each.id)).toEqual([created.id]);
    const types: string[] = [];
    for await (const event of client.events.list({ created: { gte: since }, limit: 2 })) {
      if (JSON.stringify(event.data.object).includes(payment.id)) {
        types.unshift(event.type);
      }
    }
    expect(types).toEqual([
      ...["payment_intent.created", "payment_intent.succeeded", "checkout.session.completed"],
      ...["refund.created", "charge.refunded", "charge.dispute.created"],
    ]);
  });

  it("lets a page lapse when its time is over, and tells of it", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { id, reference } = await open();
    await fake.takeWebhooks(CALLBACK_URL);
    vi.setSystemTime(Date.now() + HOUR_MS + 1000);
    expect(fake.isOpen(id)).toBe(false);
    expect(() => fake.pay(id)).toThrow("expired");
    expect(await connect().retrieve(reference)).toMatchObject({ status: "expired" });
    const sent = await fake.takeWebhooks(CALLBACK_URL);
    expect(sent.map(({ body }) => JSON.parse(body))).toContainEqual(
      expect.objectContaining({ type: "checkout.session.expired", data: { object: fake.sessionOf(id) } }),
    );
    fake.payLate(id);
    expect(await connect().retrieve(reference)).toMatchObject({ status: "succeeded" });
    expect(await fake.takeWebhooks(CALLBACK_URL)).toHaveLength(1);
  });

  it("expires an open session, once", async () => {
    const created = await client.checkout.sessions.create(params(newTypeId("txn", Date.now())));
    expect(await client.checkout.sessions.expire(created.id)).toMatchObject({ status: "expired", url: null });
    const again = client.checkout.sessions.expire(created.id);
    await expect(again).rejects.toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
  });

  it("holds and captures", async () => {
    const id = newTypeId("txn", Date.now());
    const held = params(id);
    held.payment_intent_data = { ...held.payment_intent_data, capture_method: "manual" };
    await client.checkout.sessions.create(held);
    fake.pay(id);
    const { id: payment } = fake.intentOf(id);
    const captured = await client.paymentIntents.capture(payment, { amount_to_capture: 500 });
    expect(captured).toMatchObject({ status: "succeeded", amount_received: 500, amount_capturable: 0 });
  });

  it("refuses as Stripe does, so that its client knows the error", async () => {
    const { errors } = Stripe;
    const id = newTypeId("txn", Date.now());
    await client.checkout.sessions.create(params(id), { idempotencyKey: id });
    const sessions = clientOf().checkout.sessions;
    const wrongKey = clientOf(fake.fetch, "sk_test_fake_of_somebody_else");
    const soon = Math.floor(Date.now() / 1000) + 60;
    const refusals: readonly [Promise<unknown>, new (...args: never[]) => Error, Record<string, unknown>][] =
      [
        [sessions.retrieve("cs_test_0"), errors.StripeInvalidRequestError, { code: "resource_missing" }],
        [
          sessions.create({ ...params(id), locale: "de" }, { idempotencyKey: id }),
          errors.StripeIdempotencyError,
          { type: "StripeIdempotencyError" },
        ],
        [
          sessions.create({ ...params(id), expires_at: soon }),
          errors.StripeInvalidRequestError,
          { param: "expires_at" },
        ],
        [
          sessions.create({ ...params(id), frobnicate: "1" } as Stripe.Checkout.SessionCreateParams),
          errors.StripeInvalidRequestError,
          { code: "parameter_unknown" },
        ],
        [wrongKey.events.list(), errors.StripeAuthenticationError, { statusCode: 401 }],
      ];
    for (const [call, kind, details] of refusals) {
      const error: unknown = await call.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject(details);
    }
  });
});

describe("stripe", () => {
  const variables = fake.variables(`${API}/`);

  it("connects from its variables, by default to Stripe itself", async () => {
    const { calls, fetch } = answering(sessionAnswer());
    for (const STRIPE_API_URL of [`${API}/`, undefined]) {
      const config = stripe.config.parse({ ...variables, STRIPE_API_URL });
      await stripe.connect(config, { fetch, now: Date.now }).retrieve(known);
    }
    expect(calls.map(({ url }) => new URL(url).origin)).toEqual([API, "https://api.stripe.com"]);
    expect(stripe.connect(stripe.config.parse(variables), { fetch, now: Date.now }).id).toBe("stripe");
  });

  it.each([
    ["STRIPE_SECRET_KEY", undefined],
    ["STRIPE_SECRET_KEY", "sk_test_short"],
    ["STRIPE_WEBHOOK_SECRET", undefined],
    ["STRIPE_WEBHOOK_SECRET", ""],
    ["STRIPE_WEBHOOK_SECRET", "whsec_short"],
    ["STRIPE_API_URL", "http://stripe.example"],
  ])("is not connected with %s = %s", (name, value) => {
    const result = stripe.config.safeParse({ ...variables, [name]: value });
    expect(result.error?.issues.map(({ path }) => path[0])).toEqual([name]);
  });
});
