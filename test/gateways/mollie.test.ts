import http from "node:http";
import https from "node:https";
import { createMollieClient, PaymentEmbed } from "@mollie/api-client";
import fc from "fast-check";
import { Client, HTTPClient, InvalidSignatureException, SignatureValidator } from "mollie-api-typescript";
import * as models from "mollie-api-typescript/models";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { GatewayReference } from "../../src/gateways/gateway.ts";
import { mollie } from "../../src/gateways/mollie.ts";
import { readAmount, writeAmount } from "../../src/gateways/mollie-payment.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { newTypeId } from "../../src/lib/id.ts";
import { createRequest, testGateway, withoutPauses } from "../support/gateway-contract.ts";
import { captureRequest, refundRequest } from "../support/money-contract.ts";
import {
  FakeMollie,
  MOLLIE_API_KEY,
  MOLLIE_SECOND_WEBHOOK_SECRET,
  MOLLIE_URL,
  MOLLIE_WEBHOOK_SECRET,
  type PaymentStatus,
  type RefundStatus,
  signMollie,
} from "../support/vendors/mollie.ts";

type Fetch = (request: Request) => Promise<Response>;
type Json = Record<string, unknown>;

const HOUR_MS = 60 * 60_000;
const UNTIMED = { occurredAt: null, signedAt: null };
const CALLBACK_URL = "https://pay.example/webhooks/mollie";
const LOCAL_URL = "http://localhost:8787/webhooks/mollie";
const OTHER_SECRET = "somebodyElsesSecret0123456789abcd";
const fake = new FakeMollie();

function connect(fetch: Fetch = fake.fetch, now: () => number = Date.now, changes = {}) {
  const variables = { ...fake.variables("https://api.mollie.example"), ...changes };
  return mollie.connect(mollie.config.parse(variables), { fetch, now });
}

const bring = (status: PaymentStatus) => (id: string) => fake.settle(id, status);
const readBody = async (request: Request): Promise<Json> => JSON.parse((await request.text()) || "{}");

function eventText(changes: Json = {}): string {
  const links = { self: { href: `${MOLLIE_URL}/events/event_1`, type: "application/hal+json" } };
  const said = { resource: "event", id: "event_1", type: "payment.paid", entityId: "tr_FakeUnheardOf" };
  return JSON.stringify({ ...said, createdAt: "2026-11-22T12:00:00+00:00", _links: links, ...changes });
}

testGateway({
  name: "mollie",
  connect: ({ fetch, now }) => connect(fetch, now),
  modes: { test_fake0123456789abcdefghijklmnop: "test", live_fake0123456789abcdefghijklmnop: "live" },
  connectAs: (MOLLIE_API_KEY) => connect(fake.fetch, Date.now, { MOLLIE_API_KEY }),
  vendor: fake.fetch,
  secrets: [MOLLIE_API_KEY, MOLLIE_WEBHOOK_SECRET, MOLLIE_SECOND_WEBHOOK_SECRET],
  idempotencyKey: ({ headers }) => headers.get("idempotency-key"),
  looksFirst: ["expire", "capture"],
  asked: async (request) => {
    const isCreate = request.method === "POST" && new URL(request.url).pathname === "/v2/payments";
    return isCreate ? (await readBody(request)).amount : undefined;
  },
  amounts: [
    { amount: 1999, currency: "USD", asked: { currency: "USD", value: "19.99" } },
    { amount: 5, currency: "EUR", asked: { currency: "EUR", value: "0.05" } },
    { amount: 500, currency: "JPY", asked: { currency: "JPY", value: "500" } },
    { amount: 700, currency: "ISK", asked: { currency: "ISK", value: "700" } },
    { amount: 12_345, currency: "HUF", asked: { currency: "HUF", value: "123.45" } },
  ],
  states: [
    { name: "open", bring: () => undefined, means: { status: "pending" }, afterExpire: "canceled" },
    { name: "pending", bring: bring("pending"), means: { status: "processing" }, afterExpire: "processing" },
    {
      name: "authorized",
      bring: bring("authorized"),
      means: { status: "authorized" },
      afterExpire: "authorized",
    },
    { name: "paid", bring: bring("paid"), means: { status: "succeeded" }, afterExpire: "succeeded" },
    { name: "canceled", bring: bring("canceled"), means: { status: "canceled" }, afterExpire: "canceled" },
    { name: "expired", bring: bring("expired"), means: { status: "expired" }, afterExpire: "expired" },
    { name: "failed", bring: bring("failed"), means: { status: "failed" }, afterExpire: "failed" },
  ],
  hold: (id) => fake.pay(id),
  pay: (id) => fake.pay(id),
  refunds: { first: "pending", sum: (id) => fake.refunded(id) },
  money: {
    write: writeAmount,
    read: (written) => readAmount(written as { currency: string; value: string }),
    currencies: 27,
  },
  webhook: {
    subscribes: true,
    receipt: {
      field: "createdAt",
      occurredAt: (body) => Date.parse(JSON.parse(body).createdAt),
      signedAt: () => null,
      secret: 1,
    },
    body: ({ eventId, reference }) => eventText({ id: eventId, entityId: reference }),
    sign: async (body, { secret = MOLLIE_WEBHOOK_SECRET }) => ({
      body,
      headers: new Headers({ "x-mollie-signature": await signMollie(body, [secret]) }),
    }),
    secondSecret: MOLLIE_SECOND_WEBHOOK_SECRET,
    otherSecret: OTHER_SECRET,
    malformed: [
      eventText({ resource: "payment" }),
      eventText({ id: undefined }),
      eventText({ id: "" }),
      eventText({ id: "e".repeat(256) }),
      eventText({ type: undefined }),
      eventText({ type: 7 }),
      eventText({ entityId: undefined }),
      eventText({ _embedded: "entity" }),
      `\ufeff${eventText()}`,
      "id=tr_FakeUnheardOf",
    ],
    unknown: [
      eventText({ type: "payment-link.paid", entityId: "pl_Fake1" }),
      eventText({ type: "payout.completed", entityId: "payout_Fake1" }),
      eventText({ type: "something.new", entityId: "smt_Fake1" }),
      eventText({ type: "payment.paid", entityId: "smt_Fake1" }),
    ],
    toleranceMs: null,
  },
});

interface Scene {
  readonly gateway: ReturnType<typeof connect>;
  readonly request: ReturnType<typeof createRequest>;
  readonly transactionId: string;
  readonly reference: GatewayReference & { readonly reference: string };
}

/** An open payment, as Mollie is told it by a Worker with a public address. */
async function open(changes: Partial<ReturnType<typeof createRequest>> = {}): Promise<Scene> {
  const gateway = connect();
  const request = createRequest({ callbackUrl: CALLBACK_URL, ...changes });
  const { observation } = await gateway.create(request);
  const { transactionId } = request;
  return {
    gateway,
    request,
    transactionId,
    reference: { transactionId, reference: observation.reference ?? "" },
  };
}

/** What the adapter asks, and what it is told; `spoil` may change what is told. */
function overhear(spoil: (body: Json, request: Request) => unknown = (body) => body, now = Date.now) {
  const calls: string[] = [];
  const bodies: Json[] = [];
  const fetch: Fetch = async (request) => {
    const { pathname, search } = new URL(request.url);
    calls.push(`${request.method} ${pathname}${search}`);
    bodies.push(request.method === "POST" ? await readBody(request.clone()) : {});
    const answer = await fake.fetch(request.clone());
    const body = (await answer.json()) as Json;
    const told = spoil(body, request);
    return told instanceof Response ? told : Response.json(told, { status: answer.status });
  };
  return { calls, bodies, gateway: connect(fetch, now) };
}

function webhookUrlOf(transactionId: string): string {
  return String(fake.paymentOf(transactionId).request.webhookUrl);
}

function classic(url: string, id: string, gateway = connect()) {
  return gateway.readWebhook({ url, headers: new Headers(), body: utf8(`id=${id}`) });
}

async function next(text: string, secrets = [MOLLIE_WEBHOOK_SECRET], gateway = connect()) {
  const headers = new Headers({ "x-mollie-signature": await signMollie(text, secrets) });
  return gateway.readWebhook({ url: CALLBACK_URL, headers, body: utf8(text) });
}

beforeEach(withoutPauses);
afterEach(() => {
  vi.restoreAllMocks();
  fake.now = Date.now;
  fake.captureStatus = "succeeded";
  fake.refusesEqualRefunds = false;
  fake.capturesInParts = false;
  fake.releasesHolds = true;
  fake.paysMoreBack = false;
});

describe("create", () => {
  it("says what a payment needs, and nothing of the customer", async () => {
    const { bodies, gateway } = overhear();
    const customer = { email: "ada@example.com", name: "Ada", country: "NL", locale: "nl-NL" };
    const request = createRequest({ callbackUrl: CALLBACK_URL, customer, capture: "manual" });
    await gateway.create(request);
    expect(bodies).toEqual([
      {
        amount: { currency: "USD", value: "19.99" },
        description: "Two tickets",
        redirectUrl: request.returnUrl,
        cancelUrl: request.cancelUrl,
        webhookUrl: expect.stringMatching(
          new RegExp(`^${CALLBACK_URL}\\?transaction=${request.transactionId}&proof=[0-9a-f]{64}$`),
        ),
        metadata: { transaction_id: request.transactionId },
        captureMode: "manual",
        locale: "nl_NL",
      },
    ]);
  });

  it.each([LOCAL_URL, "http://127.0.0.1:8787/webhooks/mollie", "http://[::1]:8787/webhooks/mollie"])(
    "leaves out the webhook's address %s, which Mollie would refuse",
    async (callbackUrl) => {
      const { bodies, gateway } = overhear();
      await gateway.create(createRequest({ callbackUrl }));
      expect(bodies[0]).not.toHaveProperty("webhookUrl");
      const body = { ...bodies[0], webhookUrl: callbackUrl, metadata: { transaction_id: "txn_x" } };
      const refused = await fake.fetch(post("/payments", body));
      expect(refused.status).toBe(422);
    },
  );

  it.each([
    ["nl-NL", "nl_NL"],
    ["en-US", "en_US"],
    ["nb-NO", "nb_NO"],
    ["nl", undefined],
    ["zh-Hant-TW", undefined],
    ["en-AU", undefined],
    ["nl-nl", undefined],
  ])("speaks to the buyer of locale %s in %s", async (locale, sent) => {
    const { bodies, gateway } = overhear();
    await gateway.create(createRequest({ customer: { locale } }));
    expect(bodies[0]?.locale).toBe(sent);
  });

  it.each([
    [null, /^Order order-txn_/],
    ["  ", /^Order order-txn_/],
    ["é".repeat(300), /^é{255}$/],
    [`${"x".repeat(254)}🎟🎟`, /^x{254}🎟$/u],
  ])("describes %j within 255 characters", async (description, form) => {
    const { bodies, gateway } = overhear();
    await gateway.create(createRequest({ description }));
    expect(bodies[0]?.description).toMatch(form);
  });

  it.each<[string, (body: Json) => unknown]>([
    ["another transaction", (body) => ({ ...body, metadata: { transaction_id: newTypeId("txn", 1) } })],
    ["no transaction", (body) => ({ ...body, metadata: null })],
    ["another sum", (body) => ({ ...body, amount: { currency: "USD", value: "1.00" } })],
    ["another currency", (body) => ({ ...body, amount: { currency: "EUR", value: "19.99" } })],
    ["no sum", (body) => ({ ...body, amount: { currency: "USD", value: "19.9" } })],
    ["no page", (body) => ({ ...body, _links: {} })],
    ["a script", (body) => ({ ...body, _links: { checkout: { href: "javascript:alert(1)" } } })],
    ["another thing", (body) => ({ ...body, resource: "order" })],
    ["another id", (body) => ({ ...body, id: "tr_../refunds" })],
  ])("believes no answer with %s", async (_, spoil) => {
    const { gateway } = overhear(spoil);
    await expect(gateway.create(createRequest())).rejects.toMatchObject({ kind: "unknown" });
  });

  it.each(["KWD", "BGN", "RUB", "XXX"])(
    "does not ask for %s, which Mollie does not collect",
    async (currency) => {
      const { calls, gateway } = overhear();
      await expect(gateway.create(createRequest({ currency }))).rejects.toMatchObject({ kind: "rejected" });
      expect(calls).toEqual([]);
    },
  );

  it("opens another page once Mollie has forgotten the key, which nobody was told of", async () => {
    const { gateway, request, reference } = await open();
    fake.now = () => Date.now() + HOUR_MS;
    const again = await gateway.create(request);
    expect(again.observation.reference).not.toBe(reference.reference);
  });
});

describe("retrieve", () => {
  it("asks for all that became of a payment", async () => {
    const { reference } = await open();
    const { calls, gateway } = overhear();
    await gateway.retrieve(reference);
    expect(calls).toEqual([`GET /v2/payments/${reference.reference}?embed=captures,refunds,chargebacks`]);
  });

  it("calls nothing where Mollie has given no id: it has no look-up by ours", async () => {
    const { calls, gateway } = overhear();
    const { transactionId } = createRequest();
    for (const seen of [
      await gateway.retrieve({ transactionId, reference: null }),
      await gateway.expire?.({ transactionId, reference: null }),
    ]) {
      expect(seen).toMatchObject({ status: "missing", reference: null });
    }
    expect(calls).toEqual([]);
  });

  it("calls missing what Mollie has lost, and only in Mollie's own words", async () => {
    const { transactionId } = createRequest();
    const reference = { transactionId, reference: "tr_FakeUnheardOf" };
    expect(await connect().retrieve(reference)).toMatchObject({
      status: "missing",
      reference: "tr_FakeUnheardOf",
    });
    const gone = connect(async () => Response.json({ status: 410, title: "Gone" }, { status: 410 }));
    expect(await gone.retrieve(reference)).toMatchObject({ status: "missing" });
    const elsewhere = connect(async () => new Response("no such page", { status: 404 }));
    await expect(elsewhere.retrieve(reference)).rejects.toMatchObject({ kind: "rejected" });
  });

  it("takes no answer about another transaction, or another payment", async () => {
    const { transactionId } = createRequest();
    const { reference } = await open();
    const mixed = connect().retrieve({ ...reference, transactionId });
    await expect(mixed).rejects.toMatchObject({ kind: "unknown" });
    const { gateway } = overhear((body) => ({ ...body, id: "tr_Fake99999999" }));
    await expect(gateway.retrieve(reference)).rejects.toMatchObject({ kind: "unknown" });
  });

  it.each([...Object.values(models.PaymentResponseStatus), "something_new"])(
    "has a word for %s",
    async (word) => {
      const { reference } = await open();
      const { gateway } = overhear((body) => ({ ...body, status: word }));
      const { status } = await gateway.retrieve(reference);
      expect(status === "unsaid").toBe(word === "something_new");
    },
  );

  it("says in which mode it is", async () => {
    const { reference } = await open();
    expect(await connect().retrieve(reference)).toMatchObject({ mode: "test" });
    const { gateway } = overhear((body) => ({ ...body, mode: "live" }));
    expect(await gateway.retrieve(reference)).toMatchObject({ mode: "live" });
  });

  it.each([
    ...Object.values(models.PaymentDetailsFailureReasonResponse).map((code) => [
      { details: { failureReason: code } },
      code,
    ]),
    [{ details: null, statusReason: { code: "insufficient-funds", message: "no" } }, "insufficient_funds"],
    [{ details: null, statusReason: null }, null],
    [{ details: { failureReason: "<b>" } }, null],
    [{ details: { cardNumber: "6787" } }, null],
    [{ details: "none", statusReason: 7 }, null],
  ] as [Json, string | null][])("reads the failure of %j as %j", async (changes, failureCode) => {
    const { reference, transactionId } = await open();
    fake.settle(transactionId, "failed", changes);
    expect(await connect().retrieve(reference)).toMatchObject({ status: "failed", failureCode });
  });

  it("counts what has gone back, not what is about to", async () => {
    const { gateway, request, reference, transactionId } = await open();
    fake.pay(transactionId);
    await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
    for (const status of ["queued", "pending", "processing", "failed", "canceled"] as const) {
      fake.settleRefunds(transactionId, status);
      expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", amountRefunded: 0 });
    }
    fake.settleRefunds(transactionId, "refunded");
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", amountRefunded: 500 });
    const { gateway: terse } = overhear(({ _embedded, ...body }) => body);
    expect(await terse.retrieve(reference)).toMatchObject({ amountRefunded: 500 });
  });

  it("tells a chargeback as a dispute, and one that was reversed as won", async () => {
    const { gateway, reference, transactionId } = await open();
    fake.pay(transactionId);
    expect(await gateway.retrieve(reference)).toMatchObject({ dispute: null });
    fake.chargeBack(transactionId);
    const charged = { status: "succeeded", dispute: "open", amountRefunded: 0 };
    expect(await gateway.retrieve(reference)).toMatchObject(charged);
    const { gateway: terse } = overhear(({ _embedded, ...body }) => body);
    expect(await terse.retrieve(reference)).toMatchObject(charged);
    fake.reverseChargeback(transactionId);
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", dispute: "won" });
  });

  it("tells a chargeback after a reversed one as lost: what has ended does not open again", async () => {
    const { gateway, reference, transactionId } = await open();
    fake.pay(transactionId);
    fake.chargeBack(transactionId);
    fake.reverseChargeback(transactionId);
    fake.chargeBack(transactionId);
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", dispute: "lost" });
    fake.reverseChargeback(transactionId);
    expect(await gateway.retrieve(reference)).toMatchObject({ status: "succeeded", dispute: "won" });
  });

  it.each([
    [1999, 1, 1999],
    [1500, 600, 1999],
    [500, 100, 600],
  ])("counts %i and %i back as %i: more than came is all of it", async (first, second, sum) => {
    const { gateway, request, reference, transactionId } = await open();
    fake.pay(transactionId);
    fake.paysMoreBack = true;
    for (const amount of [first, second]) {
      await gateway.refund?.(reference, refundRequest(request, { amount }));
    }
    fake.settleRefunds(transactionId, "refunded");
    expect(await gateway.retrieve(reference)).toMatchObject({ amountRefunded: sum });
    const { gateway: terse } = overhear(({ _embedded, ...body }) => body);
    expect(await terse.retrieve(reference)).toMatchObject({ amountRefunded: sum });
  });

  it("takes no captured sum of a paid one for none", async () => {
    const { reference, transactionId } = await open();
    fake.pay(transactionId);
    const sum = (value: string) =>
      overhear((body) => ({ ...body, amountCaptured: { currency: "USD", value } }));
    expect(await sum("0.00").gateway.retrieve(reference)).toMatchObject({ amountCaptured: null });
    expect(await sum("5.00").gateway.retrieve(reference)).toMatchObject({ amountCaptured: 500 });
  });
});

describe("expire", () => {
  it("leaves a page open that cannot be canceled", async () => {
    const { reference, transactionId } = await open();
    fake.settle(transactionId, "open", { isCancelable: false });
    const { calls, gateway } = overhear();
    expect(await gateway.expire?.(reference)).toMatchObject({ status: "pending" });
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["GET"]);
    expect(fake.isOpen(transactionId)).toBe(true);
  });

  it.each(["pending", "authorized"] as const)(
    "does not call off what is %s, cancelable or not",
    async (status) => {
      const { gateway, reference, transactionId } = await open();
      fake.settle(transactionId, status, { isCancelable: true });
      await gateway.expire?.(reference);
      expect(fake.paymentOf(transactionId).status).toBe(status);
    },
  );

  it("looks again where the buyer was first", async () => {
    const { reference, transactionId } = await open();
    const { calls, gateway } = overhear((body, { method }) => {
      if (method === "GET" && fake.isOpen(transactionId)) {
        fake.pay(transactionId);
      }
      return body;
    });
    expect(await gateway.expire?.(reference)).toMatchObject({ status: "succeeded" });
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["GET", "DELETE", "GET"]);
  });
});

describe("capture", () => {
  async function held() {
    const scene = await open({ capture: "manual" });
    fake.pay(scene.transactionId);
    return { ...scene, asked: captureRequest(scene.request, { amount: 500 }) };
  }

  it("is under way while Mollie has not taken it, and not done where that fails", async () => {
    const { gateway, reference, transactionId, asked } = await held();
    fake.captureStatus = "pending";
    expect(await gateway.capture?.(reference, asked)).toMatchObject({ status: "processing" });
    expect(await gateway.capture?.(reference, asked)).toMatchObject({ status: "processing" });
    fake.settleCapture(transactionId, "failed");
    expect(await gateway.capture?.(reference, asked)).toMatchObject({ status: "authorized" });
    fake.settleCapture(transactionId, "succeeded");
    expect(await gateway.capture?.(reference, asked)).toMatchObject({
      status: "succeeded",
      amountCaptured: 500,
    });
    expect(fake.paymentOf(transactionId).captures).toHaveLength(1);
  });

  it("takes nothing twice after Mollie has forgotten the key", async () => {
    fake.capturesInParts = true;
    const { gateway, reference, transactionId, asked } = await held();
    const first = await gateway.capture?.(reference, asked);
    expect(first).toMatchObject({ status: "succeeded", amount: 1999, amountCaptured: 500 });
    fake.now = () => Date.now() + 2 * HOUR_MS;
    expect(await gateway.capture?.(reference, asked)).toEqual(first);
    expect(fake.paymentOf(transactionId).captures).toHaveLength(1);
  });

  it("may be tried again after one that failed, once Mollie has forgotten that key", async () => {
    const { gateway, reference, transactionId, asked } = await held();
    fake.captureStatus = "failed";
    expect(await gateway.capture?.(reference, asked)).toMatchObject({ status: "authorized" });
    fake.captureStatus = "succeeded";
    expect(await gateway.capture?.(reference, asked)).toMatchObject({ status: "authorized" });
    fake.now = () => Date.now() + HOUR_MS;
    expect(await gateway.capture?.(reference, asked)).toMatchObject({ status: "succeeded" });
    expect(fake.paymentOf(transactionId).captures.map(({ status }) => status)).toEqual([
      "failed",
      "succeeded",
    ]);
  });

  it("lets go of what a capture leaves, once it is taken", async () => {
    fake.capturesInParts = true;
    const { reference, transactionId, asked } = await held();
    const { calls, gateway } = overhear();
    const release = `POST /v2/payments/${reference.reference}/release-authorization`;
    fake.captureStatus = "pending";
    expect(await gateway.capture?.(reference, asked)).toMatchObject({ status: "processing" });
    expect(calls).not.toContain(release);
    fake.settleCapture(transactionId, "succeeded");
    expect(await gateway.capture?.(reference, asked)).toMatchObject({
      status: "succeeded",
      amountCaptured: 500,
    });
    expect(calls.filter((call) => call === release)).toHaveLength(1);
    expect(fake.paymentOf(transactionId).status).toBe("paid");
    expect(await gateway.capture?.(reference, asked)).toMatchObject({
      status: "succeeded",
      amountCaptured: 500,
    });
    expect(calls.filter((call) => call === release)).toHaveLength(1);
  });

  it.each([422, 500, 503])("is done also where the rest is not let go: %i", async (status) => {
    fake.capturesInParts = true;
    const { reference, transactionId, asked } = await held();
    const { calls, gateway } = overhear((body, { url }) =>
      url.endsWith("/release-authorization") ? new Response("no", { status }) : body,
    );
    expect(await gateway.capture?.(reference, asked)).toMatchObject({
      status: "succeeded",
      amountCaptured: 500,
    });
    expect(calls.at(-1)).toMatch(/release-authorization$/);
    expect(fake.paymentOf(transactionId).captures).toHaveLength(1);
  });

  it("lets go of nothing where another's capture is taken, and this one is not", async () => {
    fake.capturesInParts = true;
    const { request, reference, transactionId, asked } = await held();
    fake.captureStatus = "failed";
    await connect().capture?.(reference, captureRequest(request, { amount: 700 }));
    fake.settleCapture(transactionId, "succeeded");
    const { calls, gateway } = overhear();
    const other = { ...asked, key: `${asked.key}_other` };
    expect(await gateway.capture?.(reference, other)).toMatchObject({ amountCaptured: 700 });
    expect(calls.join()).not.toContain("release");
  });

  it("lets go of nothing where all is taken", async () => {
    fake.capturesInParts = true;
    const { reference, request } = await held();
    const { calls, gateway } = overhear();
    await gateway.capture?.(reference, captureRequest(request));
    expect(calls.join()).not.toContain("release");
  });

  it.each([
    ["paid", "succeeded"],
    ["canceled", "canceled"],
    ["expired", "expired"],
    ["failed", "failed"],
    ["pending", "processing"],
  ] as const)("asks for nothing of what is %s by now, and says so", async (status, means) => {
    const { reference, transactionId, asked } = await held();
    fake.settle(transactionId, status);
    const { calls, gateway } = overhear();
    expect(await gateway.capture?.(reference, asked)).toMatchObject({ status: means });
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["GET"]);
  });

  it("takes nothing where it cannot see what was taken", async () => {
    fake.capturesInParts = true;
    fake.releasesHolds = false;
    const { gateway, reference, transactionId, asked } = await held();
    await gateway.capture?.(reference, asked);
    const { gateway: terse } = overhear(({ _embedded, ...body }) => body);
    await expect(terse.capture?.(reference, asked)).rejects.toMatchObject({ kind: "unknown" });
    expect(fake.paymentOf(transactionId).captures).toHaveLength(1);
  });

  it("believes no answer about another capture", async () => {
    const { reference, asked } = await held();
    const { gateway } = overhear((body, { method }) =>
      method === "POST" ? { ...body, metadata: null } : body,
    );
    await expect(gateway.capture?.(reference, asked)).rejects.toMatchObject({ kind: "unknown" });
  });

  it("is refused where there is no payment", async () => {
    const request = createRequest();
    const { transactionId } = request;
    for (const reference of [null, "tr_FakeUnheardOf"]) {
      const call = connect().capture?.({ transactionId, reference }, captureRequest(request));
      await expect(call).rejects.toMatchObject({ kind: "rejected" });
    }
  });
});

describe("refund", () => {
  async function paid() {
    const scene = await open();
    fake.pay(scene.transactionId);
    return scene;
  }

  it("says whose it is, and goes at once", async () => {
    const { request, reference, transactionId } = await paid();
    const { calls, bodies, gateway } = overhear();
    const asked = refundRequest(request, { amount: 500 });
    const told = await gateway.refund?.(reference, asked);
    expect(told).toEqual({ status: "pending", reference: expect.stringMatching(/^re_/), failureCode: null });
    expect(calls).toEqual([`POST /v2/payments/${reference.reference}/refunds`]);
    expect(bodies).toEqual([
      {
        amount: { currency: "USD", value: "5.00" },
        description: `Refund ${asked.refundId}`,
        metadata: { transaction_id: transactionId, refund_id: asked.refundId },
      },
    ]);
  });

  it.each<[RefundStatus | "something_new", string, string | null]>([
    ["queued", "pending", null],
    ["pending", "pending", null],
    ["processing", "pending", null],
    ["refunded", "succeeded", null],
    ["failed", "failed", null],
    ["canceled", "failed", "canceled"],
    ["something_new", "pending", null],
  ])("that is %s is %s", async (word, status, failureCode) => {
    const { gateway, request, reference, transactionId } = await paid();
    const asked = refundRequest(request);
    const first = await gateway.refund?.(reference, asked);
    fake.settleRefunds(transactionId, word as RefundStatus);
    const known = first?.reference ?? "";
    const { calls, gateway: later } = overhear();
    expect(await later.refund?.(reference, { ...asked, reference: known })).toEqual({
      status,
      reference: known,
      failureCode,
    });
    expect(calls).toEqual([`GET /v2/payments/${reference.reference}/refunds/${known}`]);
    fake.now = () => Date.now() + 2 * HOUR_MS;
    const old = overhear(
      (body) => body,
      () => Date.now() + 2 * HOUR_MS,
    );
    expect(await old.gateway.refund?.(reference, asked)).toEqual({ status, reference: known, failureCode });
    expect(fake.paymentOf(transactionId).refunds).toHaveLength(1);
  });

  it("knows every status that Mollie's own client knows", () => {
    const known = ["queued", "pending", "processing", "refunded", "failed", "canceled"];
    expect(Object.values(models.RefundResponseStatus).sort()).toEqual(known.sort());
  });

  it("is made later where it was never made, and then once", async () => {
    const { request, reference, transactionId } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    const later = () => Date.now() + 30 * HOUR_MS;
    fake.now = later;
    const gateway = connect(fake.fetch, later);
    const first = await gateway.refund?.(reference, asked);
    fake.now = () => Date.now() + 40 * HOUR_MS;
    expect(await gateway.refund?.(reference, asked)).toEqual(first);
    expect(fake.refunded(transactionId)).toBe(500);
  });

  it("asks for nothing where an old one may be there, and Mollie does not show", async () => {
    const { gateway, request, reference } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    await gateway.refund?.(reference, asked);
    const { calls, gateway: terse } = overhear(
      ({ _embedded, ...body }) => body,
      () => Date.now() + 2 * HOUR_MS,
    );
    await expect(terse.refund?.(reference, asked)).rejects.toMatchObject({ kind: "unknown" });
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["GET"]);
  });

  it("that was called off and is gone has failed", async () => {
    const { gateway, request, reference } = await paid();
    const asked = refundRequest(request, { reference: "re_FakeGone" });
    expect(await gateway.refund?.(reference, asked)).toEqual({
      status: "failed",
      reference: "re_FakeGone",
      failureCode: "canceled",
    });
  });

  it("is for later where Mollie takes it for a mistake: the same sum within an hour", async () => {
    const { gateway, request, reference, transactionId } = await paid();
    fake.refusesEqualRefunds = true;
    await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
    const second = refundRequest(request, { amount: 500 });
    await expect(gateway.refund?.(reference, second)).rejects.toMatchObject({ kind: "unavailable" });
    const later = () => Date.now() + HOUR_MS + 1000;
    fake.now = later;
    await connect(fake.fetch, later).refund?.(reference, second);
    expect(fake.refunded(transactionId)).toBe(1000);
  });

  it("is never asked for under the same key with other terms", async () => {
    const { gateway, request, reference } = await paid();
    const asked = refundRequest(request, { amount: 500 });
    await gateway.refund?.(reference, asked);
    const other = gateway.refund?.(reference, { ...asked, amount: 600 });
    await expect(other).rejects.toMatchObject({ kind: "rejected" });
  });

  it.each<[string, (body: Json) => Json]>([
    ["another refund", (body) => ({ ...body, metadata: { transaction_id: "txn_x", refund_id: "rfd_x" } })],
    ["another payment", (body) => ({ ...body, paymentId: "tr_Fake99999999" })],
    ["another sum", (body) => ({ ...body, amount: { currency: "USD", value: "1.00" } })],
    ["another currency", (body) => ({ ...body, amount: { currency: "EUR", value: "19.99" } })],
    ["another id", (body) => ({ ...body, id: "../payments" })],
  ])("believes no answer about %s", async (_, spoil) => {
    const { request, reference } = await paid();
    const { gateway } = overhear(spoil);
    const call = gateway.refund?.(reference, refundRequest(request));
    await expect(call).rejects.toMatchObject({ kind: "unknown" });
  });
});

describe("a classic webhook", () => {
  it("leads to a look at the payment", async () => {
    const { reference, transactionId } = await open();
    fake.pay(transactionId);
    const { calls, gateway } = overhear();
    const notices = await classic(webhookUrlOf(transactionId), reference.reference, gateway);
    expect(notices).toMatchObject([
      { transactionId, observation: { status: "succeeded", amount: 1999, reference: reference.reference } },
    ]);
    expect(calls).toEqual([`GET /v2/payments/${reference.reference}?embed=captures,refunds,chargebacks`]);
  });

  it("is what the vendor sends to the address that it was told", async () => {
    const vendor = new FakeMollie();
    const gateway = connect(vendor.fetch);
    const request = createRequest({ callbackUrl: CALLBACK_URL });
    await gateway.create(request);
    vendor.pay(request.transactionId);
    const sent = await vendor.takeWebhooks(CALLBACK_URL);
    expect(sent.map(({ url }) => new URL(url).search !== "")).toEqual([false, true]);
    for (const { url, headers, body } of sent) {
      const notices = await gateway.readWebhook({ url, headers: new Headers(headers), body: utf8(body) });
      expect(notices).toMatchObject([
        { transactionId: request.transactionId, observation: { status: "succeeded" } },
      ]);
    }
  });

  it("has the same event id for the same state, and another for any other", async () => {
    const { gateway, request, reference, transactionId } = await open();
    const url = webhookUrlOf(transactionId);
    const look = async () => (await classic(url, reference.reference))[0]?.eventId;
    const ids: (string | undefined)[] = [await look()];
    const after = async (change: () => unknown) => {
      await change();
      const id = await look();
      expect(await look()).toBe(id);
      ids.push(id);
    };
    await after(() => fake.pay(transactionId));
    await after(() => gateway.refund?.(reference, refundRequest(request, { amount: 500 })));
    await after(() => fake.settleRefunds(transactionId, "processing"));
    await after(() => fake.settleRefunds(transactionId, "refunded"));
    await after(() => fake.settleRefunds(transactionId, "failed"));
    await after(() => fake.chargeBack(transactionId));
    await after(() => fake.reverseChargeback(transactionId));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id === undefined || id.length > 255)).toEqual([]);
  });

  it("is refused with a wrong proof, and Mollie is not called", async () => {
    const { reference, transactionId } = await open();
    const { calls, gateway } = overhear();
    const good = new URL(webhookUrlOf(transactionId));
    const bad = (change: (query: URLSearchParams) => void) => {
      const url = new URL(good);
      change(url.searchParams);
      return classic(url.href, reference.reference, gateway);
    };
    const proof = good.searchParams.get("proof") ?? "";
    const forgeries: ((query: URLSearchParams) => void)[] = [
      (query) =>
        query.set(
          "proof",
          proof.replace(/^./, (first) => (first === "0" ? "1" : "0")),
        ),
      (query) => query.set("proof", proof.slice(0, 32)),
      (query) => query.set("proof", ""),
      (query) => query.delete("proof"),
      (query) => query.delete("transaction"),
      (query) => query.set("transaction", newTypeId("txn", Date.now())),
    ];
    for (const forge of forgeries) {
      await expect(bad(forge)).rejects.toMatchObject({ kind: "unverified" });
    }
    expect(calls).toEqual([]);
  });

  it("speaks of no other transaction than its address does", async () => {
    const [one, other] = [await open(), await open()];
    expect(await classic(webhookUrlOf(one.transactionId), other.reference.reference)).toEqual([]);
  });

  it("is nothing where Mollie does not know the id, or nobody could", async () => {
    const { transactionId } = await open();
    for (const id of ["tr_FakeUnheardOf", "ord_Fake1", "", "tr_../payments", `tr_${"x".repeat(65)}`]) {
      expect(await classic(webhookUrlOf(transactionId), id)).toEqual([]);
      expect(await classic(LOCAL_URL, id)).toEqual([]);
    }
  });

  it("without a proof is a stranger's, and no reason to call Mollie", async () => {
    const { reference, transactionId } = await open();
    fake.pay(transactionId);
    const { calls, gateway } = overhear();
    expect(await classic(CALLBACK_URL, reference.reference, gateway)).toEqual([]);
    expect(calls).toEqual([]);
  });

  it("without a proof is a hint in development, where Mollie is told no address", async () => {
    const { reference, transactionId } = await open({ callbackUrl: LOCAL_URL });
    fake.pay(transactionId);
    expect(await classic(LOCAL_URL, reference.reference)).toMatchObject([
      { transactionId, observation: { status: "succeeded" }, receipt: { ...UNTIMED, secret: null } },
    ]);
  });

  it("about a payment that is not ours is nothing", async () => {
    for (const metadata of [null, "order 7", { order: 7 }, { transaction_id: "their own" }, ["txn"]]) {
      const { reference } = await open({ callbackUrl: LOCAL_URL });
      const { gateway } = overhear((body) => ({ ...body, metadata, amount: "of a form of its own" }));
      expect(await classic(LOCAL_URL, reference.reference, gateway)).toEqual([]);
    }
  });

  it("is proven by any live secret, so that one can be rotated", async () => {
    const { reference, transactionId } = await open();
    const variables = fake.variables("https://api.mollie.example");
    const rotated = (...secrets: string[]) =>
      mollie.connect(mollie.config.parse({ ...variables, MOLLIE_WEBHOOK_SECRET: secrets.join() }), {
        fetch: fake.fetch,
        now: Date.now,
      });
    const url = webhookUrlOf(transactionId);
    const { reference: id } = reference;
    expect(await classic(url, id, rotated(OTHER_SECRET, MOLLIE_WEBHOOK_SECRET))).toMatchObject([
      { transactionId, receipt: { ...UNTIMED, secret: 2 } },
    ]);
    expect(await classic(url, id)).toMatchObject([{ receipt: { ...UNTIMED, secret: 1 } }]);
    await expect(classic(url, id, rotated(OTHER_SECRET))).rejects.toMatchObject({ kind: "unverified" });
  });

  it.each(["<html>", "{}", '{"resource":"payment-link"}'])(
    "believes no answer that says %j",
    async (text) => {
      const { reference, transactionId } = await open();
      const gateway = connect(async () => new Response(text));
      const call = classic(webhookUrlOf(transactionId), reference.reference, gateway);
      await expect(call).rejects.toMatchObject({ kind: "unknown" });
    },
  );

  it.each([
    [503, "unavailable"],
    [500, "unavailable"],
    [401, "unavailable"],
  ])("is for later while Mollie answers %i", async (status, kind) => {
    const { reference, transactionId } = await open();
    const gateway = connect(async () => new Response("oops", { status }));
    const call = classic(webhookUrlOf(transactionId), reference.reference, gateway);
    await expect(call).rejects.toMatchObject({ kind });
  });
});

describe("a next-gen webhook", () => {
  const families = ["payment", "refund", "chargeback", "capture"];
  const types = Object.values(models.WebhookEventTypes).filter((type) => type !== "*");
  const isOurs = (type: string) => families.includes(type.split(".")[0] ?? "");

  it("subscribes to just those that it is concerned with", () => {
    expect(connect().webhook.events.toSorted()).toEqual(types.filter(isOurs).toSorted());
  });

  it.each(types.filter(isOurs))("%s is told under its own id, with what Mollie says now", async (type) => {
    const { reference, transactionId } = await open();
    fake.pay(transactionId);
    const [family = ""] = type.split(".");
    const { reference: paymentId } = reference;
    const isPayment = family === "payment";
    const entityId = isPayment ? paymentId : "xx_Fake1";
    const entity = isPayment
      ? fake.write(fake.paymentOf(transactionId))
      : { resource: family, id: entityId, paymentId };
    const text = eventText({ type, entityId, _embedded: { entity } });
    expect(await next(text)).toMatchObject([
      { eventId: "event_1", transactionId, observation: { status: "succeeded", reference: paymentId } },
    ]);
  });

  it.each(types.filter((type) => !isOurs(type)))(
    "%s is of no concern, and no reason to call",
    async (type) => {
      const { reference } = await open();
      const { calls, gateway } = overhear();
      const entity = { paymentId: reference.reference };
      const text = eventText({ type, entityId: "xx_Fake1", _embedded: { entity } });
      expect(await next(text, [MOLLIE_WEBHOOK_SECRET], gateway)).toEqual([]);
      expect(calls).toEqual([]);
    },
  );

  it("that is thin is read by its link, and passed over where that names no payment", async () => {
    const { reference } = await open();
    const thin = (href: string) =>
      eventText({
        type: "refund.refunded",
        entityId: "re_Fake1",
        _embedded: null,
        _links: { entity: { href } },
      });
    const href = `${MOLLIE_URL}/payments/${reference.reference}/refunds/re_Fake1`;
    expect(await next(thin(href))).toHaveLength(1);
    expect(await next(thin(`${MOLLIE_URL}/refunds/re_Fake1`))).toEqual([]);
  });

  it("about a refund or a chargeback brings the sums", async () => {
    const { gateway, request, reference, transactionId } = await open();
    const vendor = fake;
    vendor.pay(transactionId);
    await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
    await vendor.takeWebhooks(CALLBACK_URL);
    vendor.chargeBack(transactionId);
    const sent = await vendor.takeWebhooks(CALLBACK_URL);
    const [news] = sent;
    expect(JSON.parse(news?.body ?? "{}")).toMatchObject({ type: "chargeback.received" });
    expect(await next(news?.body ?? "")).toMatchObject([
      { transactionId, observation: { status: "succeeded", amountRefunded: 500, dispute: "open" } },
    ]);
  });

  it("carries two signatures for a day after a rotation, either of which will do", async () => {
    const text = eventText();
    expect(await next(text, [OTHER_SECRET, MOLLIE_WEBHOOK_SECRET])).toEqual([]);
    expect(await next(text, [MOLLIE_SECOND_WEBHOOK_SECRET, OTHER_SECRET])).toEqual([]);
    await expect(next(text, [OTHER_SECRET, `${OTHER_SECRET}x`])).rejects.toMatchObject({
      kind: "unverified",
    });
  });

  it.each(["", ",", "sha256=", "sha256=zz", "sha1=00", "nonsense"])(
    "is refused with %j",
    async (signature) => {
      const headers = new Headers({ "x-mollie-signature": signature });
      const call = connect().readWebhook({ url: CALLBACK_URL, headers, body: utf8(eventText()) });
      await expect(call).rejects.toMatchObject({ kind: "unverified" });
    },
  );

  it("is for later while Mollie cannot be asked", async () => {
    const gateway = connect(async () => new Response("oops", { status: 502 }));
    const call = next(eventText(), [MOLLIE_WEBHOOK_SECRET], gateway);
    await expect(call).rejects.toMatchObject({ kind: "unavailable" });
  });
});

/** Mollie's own SDKs, which nobody here wrote. */
const typed = new Client({
  security: { apiKey: MOLLIE_API_KEY },
  serverURL: "https://api.mollie.example",
  retryConfig: { strategy: "none" },
  httpClient: new HTTPClient({ fetcher: async (input, init) => fake.fetch(new Request(input, init)) }),
});

describe("the official SDKs", () => {
  const secret = fc
    .string({ unit: "binary", minLength: 24, maxLength: 64 })
    .map((text) => text.replaceAll(",", "-"));
  const text = fc.json().map((data) => eventText({ type: "payout.completed", data }));
  const flip = (hex: string, at: number) => {
    const digit = Number.parseInt(hex[at] ?? "0", 16) ^ 1;
    return hex.slice(0, at) + digit.toString(16) + hex.slice(at + 1);
  };
  const connectWith = (webhookSecret: string) =>
    mollie.connect(
      { MOLLIE_API_KEY, MOLLIE_WEBHOOK_SECRET: [webhookSecret], MOLLIE_API_URL: MOLLIE_URL },
      { fetch: fake.fetch, now: Date.now },
    );
  const read = (webhookSecret: string, body: string, signature: string) =>
    connectWith(webhookSecret).readWebhook({
      url: CALLBACK_URL,
      headers: new Headers({ "x-mollie-signature": signature }),
      body: utf8(body),
    });

  it("sign what we accept; one digit flipped, both refuse", async () => {
    await fc.assert(
      fc.asyncProperty(secret, text, fc.nat(63), async (key, body, at) => {
        const hex = await SignatureValidator.createSignature(body, key);
        expect(await read(key, body, `sha256=${hex}`)).toEqual([]);
        expect(await read(key, body, hex)).toEqual([]);
        const forged = flip(hex, at);
        await expect(read(key, body, `sha256=${forged}`)).rejects.toMatchObject({ kind: "unverified" });
        await expect(SignatureValidator.validate(body, key, `sha256=${forged}`)).rejects.toThrow(
          InvalidSignatureException,
        );
      }),
      { numRuns: 100 },
    );
  });

  it("accept what our fake signs, also one of two; one byte of the body flipped, both refuse", async () => {
    await fc.assert(
      fc.asyncProperty(secret, secret, text, fc.nat(), async (key, other, body, at) => {
        const signed = await signMollie(body, [other, key]);
        expect(await SignatureValidator.validate(body, key, signed.split(", "))).toBe(true);
        expect(await read(key, body, signed)).toEqual([]);
        const index = at % body.length;
        const changed = `${body.slice(0, index)}\u0001${body.slice(index + 1)}`;
        await expect(read(key, changed, signed)).rejects.toMatchObject({ kind: "unverified" });
        await expect(SignatureValidator.validate(changed, key, signed.split(", "))).rejects.toThrow(
          InvalidSignatureException,
        );
      }),
      { numRuns: 100 },
    );
  });

  it("take our requests for theirs: nothing is lost or refused by their schemas", async () => {
    const { bodies, gateway } = overhear();
    const customer = { locale: "de-AT" };
    const request = createRequest({ callbackUrl: CALLBACK_URL, capture: "manual", customer });
    const { observation } = await gateway.create(request);
    const reference = { transactionId: request.transactionId, reference: observation.reference };
    fake.pay(request.transactionId);
    await gateway.capture?.(reference, { amount: 1999, currency: "USD", key: "k" });
    await gateway.refund?.(reference, refundRequest(request));
    const [create, , capture, , refund] = bodies;
    expect(models.PaymentRequest$outboundSchema.parse(create)).toEqual(create);
    expect(models.EntityCapture$outboundSchema.parse(capture)).toEqual(capture);
    expect(models.RefundRequest$outboundSchema.parse(refund)).toEqual(refund);
    expect(fake.posted.slice(-3).map(({ body }) => body)).toEqual([create, capture, refund]);
  });

  it("know the locales that we know", async () => {
    const { bodies, gateway } = overhear();
    for (const locale of Object.values(models.Locale2)) {
      await gateway.create(createRequest({ customer: { locale: locale.replace("_", "-") } }));
    }
    expect(bodies.map(({ locale }) => locale)).toEqual(Object.values(models.Locale2));
  });

  it("know no currency of balances that we cannot write", () => {
    for (const currency of Object.values(models.Currencies)) {
      expect(writeAmount(1234, currency)).toEqual({ currency, value: "12.34" });
    }
  });

  it("read what the fake answers (mollie-api-typescript)", async () => {
    const { reference, transactionId } = await open({ capture: "manual" });
    const paymentId = reference.reference;
    fake.pay(transactionId);
    const amount = { currency: "USD", value: "19.99" };
    const captured = await typed.captures.create({
      paymentId,
      entityCapture: { amount, metadata: { a: 1 } },
    });
    expect(captured).toMatchObject({ status: "pending", paymentId, amount });
    const refunded = await typed.refunds.create({ paymentId, refundRequest: { amount, metadata: { b: 2 } } });
    expect(refunded).toMatchObject({ status: "pending", paymentId, amount });
    const seen = await typed.payments.get({ paymentId, embed: "refunds" });
    expect(seen).toMatchObject({
      ...{ id: paymentId, status: "paid", mode: "test", amount, amountCaptured: amount },
      ...{ amountRefunded: amount, amountRemaining: { currency: "USD", value: "0.00" } },
      metadata: { transaction_id: transactionId },
    });
    await expect(typed.payments.get({ paymentId: "tr_FakeUnheardOf" })).rejects.toMatchObject({
      ...{ statusCode: 404, title: "Not Found" },
    });
    await expect(typed.payments.cancel({ paymentId })).rejects.toMatchObject({ statusCode: 422 });
  });

  it("let go of what is held as we do (mollie-api-typescript)", async () => {
    const { reference, transactionId } = await open({ capture: "manual" });
    const { reference: paymentId } = reference;
    await expect(typed.payments.releaseAuthorization({ paymentId })).rejects.toMatchObject({
      statusCode: 422,
    });
    fake.pay(transactionId);
    await typed.payments.releaseAuthorization({ paymentId });
    expect(await typed.payments.get({ paymentId })).toMatchObject({ status: "canceled" });
  });

  it("read the fake's events (mollie-api-typescript)", async () => {
    const { gateway, request, reference, transactionId } = await open();
    await fake.takeWebhooks(CALLBACK_URL);
    fake.pay(transactionId);
    await gateway.refund?.(reference, refundRequest(request, { amount: 500 }));
    fake.chargeBack(transactionId);
    const sent = await fake.takeWebhooks(CALLBACK_URL);
    const events = sent
      .filter(({ url }) => url === CALLBACK_URL)
      .map(({ body }) => models.EntityWebhookEvent$inboundSchema.parse(JSON.parse(body)));
    expect(events.map(({ webhookEventTypes }) => webhookEventTypes)).toEqual([
      "payment.paid",
      "chargeback.received",
      "refund.refunded",
    ]);
    expect(events[0]?.embedded?.entity).toMatchObject({ id: reference.reference, status: "paid" });
    for (const { body, headers } of sent.filter(({ url }) => url === CALLBACK_URL)) {
      const signature = headers["x-mollie-signature"];
      expect(await SignatureValidator.validate(body, MOLLIE_WEBHOOK_SECRET, signature ?? "")).toBe(true);
    }
  });

  it("drive the fake over the network, and see what we see (@mollie/api-client)", async () => {
    const server = http.createServer(async (incoming, outgoing) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of incoming) {
        chunks.push(chunk as Uint8Array);
      }
      const { method = "GET", url = "/", headers } = incoming;
      const body = method === "POST" ? Buffer.concat(chunks).toString() : null;
      const wanted = ["authorization", "idempotency-key"].flatMap((name) => {
        const value = headers[name];
        return typeof value === "string" ? [[name, value] as [string, string]] : [];
      });
      const answer = await fake.fetch(
        new Request(`http://localhost${url}`, { method, headers: wanted, body }),
      );
      outgoing.writeHead(answer.status, { "content-type": "application/hal+json" });
      outgoing.end(await answer.text());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    try {
      await drive(withoutTls(`http://127.0.0.1:${port}/v2/`));
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  /** Their client insists on an agent for https. */
  function withoutTls(apiEndpoint: string) {
    const { Agent } = https;
    https.Agent = http.Agent as typeof https.Agent;
    try {
      return createMollieClient({ apiKey: MOLLIE_API_KEY, apiEndpoint });
    } finally {
      https.Agent = Agent;
    }
  }

  async function drive(client: ReturnType<typeof createMollieClient>) {
    const transactionId = newTypeId("txn", Date.now());
    const amount = { currency: "EUR", value: "19.99" };
    const asked = {
      ...{ amount, description: "Two tickets", redirectUrl: "https://shop.example/back" },
      metadata: { transaction_id: transactionId },
      idempotencyKey: transactionId,
    };
    const created = await client.payments.create(asked);
    expect((await client.payments.create(asked)).id).toBe(created.id);
    expect(created.getCheckoutUrl()).toMatch(/^https:/);
    const { id: paymentId } = created;
    fake.pay(transactionId);
    const refund = await client.paymentRefunds.create({
      ...{ paymentId, amount: { currency: "EUR", value: "5.00" }, metadata: { refund_id: "rfd_1" } },
    });
    expect(refund).toMatchObject({ status: "pending", metadata: { refund_id: "rfd_1" } });
    fake.settleRefunds(transactionId, "refunded");
    expect((await client.paymentRefunds.get(refund.id, { paymentId })).status).toBe("refunded");
    expect(await client.paymentRefunds.page({ paymentId })).toHaveLength(1);
    const seen = await client.payments.get(paymentId, {
      embed: [PaymentEmbed.refunds, PaymentEmbed.captures],
    });
    expect(seen).toMatchObject({ status: "paid", amountRefunded: { value: "5.00" } });
    expect(seen._embedded?.refunds).toMatchObject([{ id: refund.id, status: "refunded" }]);
    expect(await connect().retrieve({ transactionId, reference: paymentId })).toMatchObject({
      ...{ status: "succeeded", amount: 1999, currency: "EUR", amountRefunded: 500 },
    });
    await expect(client.payments.cancel(paymentId)).rejects.toMatchObject({ statusCode: 422 });
  }
});

describe("mollie", () => {
  const variables = { MOLLIE_API_KEY, MOLLIE_WEBHOOK_SECRET };

  it("talks to the live address unless it is told another", () => {
    expect(mollie.config.parse(variables).MOLLIE_API_URL).toBe("https://api.mollie.com/v2");
  });

  it.each(Object.keys(variables))("is not connected without %s", (name) => {
    const result = mollie.config.safeParse({ ...variables, [name]: undefined });
    expect(result.error?.issues.map(({ path }) => path[0])).toEqual([name]);
  });

  it.each(["access_fake0123456789abcdefghijklmno", "fake_0123456789abcdefghijklmnopqrs", "test_short"])(
    "takes %s for no API key",
    (key) => {
      expect(mollie.config.safeParse({ ...variables, MOLLIE_API_KEY: key }).success).toBe(false);
    },
  );

  it("has no event list to catch up from, and bounds no life: Mollie offers neither", () => {
    expect(connect()).not.toHaveProperty("missedEvents");
    expect(connect()).not.toHaveProperty("lifetime");
    // When their SDK learns to list events, this one may learn to catch up.
    const calls = Object.getOwnPropertyNames(Object.getPrototypeOf(typed.webhookEvents));
    expect(calls).toEqual(["constructor", "get"]);
  });
});

function post(path: string, body: unknown): Request {
  return new Request(`${MOLLIE_URL}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${MOLLIE_API_KEY}` },
    body: JSON.stringify(body),
  });
}
