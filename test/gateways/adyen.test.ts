import { CheckoutAPI, Client, EnvironmentEnum, hmacValidator as HmacValidator } from "@adyen/api-library";
import * as models from "@adyen/api-library/lib/src/typings/checkout/models.js";
import { ObjectSerializer } from "@adyen/api-library/lib/src/typings/checkout/objectSerializer.js";
import { PaymentLinkResponse } from "@adyen/api-library/lib/src/typings/checkout/paymentLinkResponse.js";
import { UpdatePaymentLinkRequest } from "@adyen/api-library/lib/src/typings/checkout/updatePaymentLinkRequest.js";
import { NotificationRequestItem } from "@adyen/api-library/lib/src/typings/notification/notificationRequestItem.js";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { adyen } from "../../src/gateways/adyen.ts";
import { readAmount, writeAmount } from "../../src/gateways/adyen-money.ts";
import type { Tools } from "../../src/gateways/gateway.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { newTypeId } from "../../src/lib/id.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import { createRequest, testGateway, withoutPauses } from "../support/gateway-contract.ts";
import { refundRequest } from "../support/money-contract.ts";
import {
  ADYEN_API_KEY,
  ADYEN_HMAC_KEY,
  ADYEN_MERCHANT_ACCOUNT,
  ADYEN_SECOND_HMAC_KEY,
  type AdyenItem,
  FakeAdyen,
  type LinkStatus,
  refusal,
  signItem,
  toWebhook,
} from "../support/vendors/adyen.ts";

const API = "https://adyen.example";
const CALLBACK_URL = "http://localhost:8787/webhooks/adyen";
const OTHER_KEY = "0F".repeat(32);
const TRANSACTION = newTypeId("txn", Date.now());
const REFUND = newTypeId("rfd", Date.now());
const DAY_MS = 24 * 60 * 60_000;
const fake = new FakeAdyen();

function connect(fetch: Tools["fetch"] = fake.fetch, now = Date.now(), changes: Record<string, string> = {}) {
  const config = adyen.config.parse({ ...fake.variables(API), ...changes });
  return adyen.connect(config, { fetch, now: () => now });
}

type ItemChanges = Partial<Record<keyof AdyenItem, unknown>>;

/** The form is what some of these tests break. */
const itemOf = (changes: ItemChanges = {}) =>
  ({
    additionalData: {},
    amount: { value: 1999, currency: "USD" },
    eventCode: "AUTHORISATION",
    eventDate: "2026-11-22T12:00:00+01:00",
    merchantAccountCode: ADYEN_MERCHANT_ACCOUNT,
    merchantReference: TRANSACTION,
    paymentMethod: "visa",
    pspReference: "QFQTPCQ8HXSKGK82",
    reason: "",
    success: "true",
    ...changes,
  }) as AdyenItem;

const send = (body: string, gateway = connect()) =>
  gateway.readWebhook({ url: CALLBACK_URL, headers: new Headers(), body: utf8(body) });

/** Brings one item, signed as Adyen does. */
const tell = async (changes: ItemChanges, gateway = connect()) =>
  send(toWebhook([await signItem(itemOf(changes))]), gateway);

const settle = (status: LinkStatus) => (id: string) => fake.settle(id, status);
const payment = (id: string) => fake.paymentOf(id)?.pspReference ?? "QFQTPCQ8HXSKGK82";
const referenceOf = (id: string) => `${fake.linkOf(id).id}/${payment(id)}`;
const webhookOf = (changes: ItemChanges) => toWebhook([itemOf(changes)]);

testGateway({
  name: "adyen",
  connect: ({ fetch, now }) => connect(fetch, now()),
  modes: {
    "https://checkout-test.adyen.com/v71": "test",
    "https://shop-checkout-live.adyenpayments.com/checkout/v71": "live",
    "http://127.0.0.1:9999/v71": null,
  },
  connectAs: (ADYEN_API_URL) => connect(fake.fetch, Date.now(), { ADYEN_API_URL }),
  vendor: fake.fetch,
  secrets: [ADYEN_API_KEY, ADYEN_HMAC_KEY, ADYEN_SECOND_HMAC_KEY],
  idempotencyKey: ({ headers }) => headers.get("idempotency-key"),
  asked: async (request) =>
    request.method === "POST" && request.url.endsWith("/v71/paymentLinks")
      ? ((await request.json()) as Record<string, unknown>).amount
      : undefined,
  amounts: [
    { amount: 1999, currency: "USD", asked: { value: 1999, currency: "USD" } },
    { amount: 500, currency: "JPY", asked: { value: 500, currency: "JPY" } },
    { amount: 1234, currency: "KWD", asked: { value: 1234, currency: "KWD" } },
    { amount: 1999, currency: "CLP", asked: { value: 199_900, currency: "CLP" } },
    { amount: 1999, currency: "ISK", asked: { value: 199_900, currency: "ISK" } },
    { amount: 199_900, currency: "IDR", asked: { value: 1999, currency: "IDR" } },
    { amount: 199_900, currency: "CVE", asked: { value: 1999, currency: "CVE" } },
  ],
  states: [
    { name: "active", bring: () => undefined, means: { status: "pending" }, afterExpire: "expired" },
    {
      name: "paymentPending",
      bring: settle("paymentPending"),
      means: { status: "processing" },
      afterExpire: "processing",
    },
    {
      name: "completed",
      bring: settle("completed"),
      means: { status: "succeeded" },
      afterExpire: "succeeded",
    },
    { name: "paid", bring: settle("paid"), means: { status: "succeeded" }, afterExpire: "succeeded" },
    { name: "expired", bring: settle("expired"), means: { status: "expired" }, afterExpire: "expired" },
  ],
  pay: (id) => fake.pay(id),
  refunds: {
    first: "pending",
    sum: (id) => fake.refunded(id),
    takesExcess: true,
    reference: referenceOf,
  },
  money: {
    write: writeAmount,
    read: (written) => readAmount(written as ReturnType<typeof writeAmount>),
    currencies: 150,
  },
  webhook: {
    subscribes: true,
    receipt: {
      field: "eventDate",
      occurredAt: (body) =>
        Date.parse(JSON.parse(body).notificationItems[0].NotificationRequestItem.eventDate),
      signedAt: () => null,
      secret: 1,
    },
    signsFields: true,
    body: ({ transactionId }) => {
      const paid = fake.paymentOf(transactionId);
      return toWebhook(paid ? [fake.itemOf(paid)] : []);
    },
    sign: async (body, { secret = ADYEN_HMAC_KEY }) => ({
      headers: new Headers({ "content-type": "application/json" }),
      body: await signBody(body, secret),
    }),
    secondSecret: ADYEN_SECOND_HMAC_KEY,
    otherSecret: OTHER_KEY,
    unknown: [
      webhookOf({ eventCode: "NEW_KIND_OF_NEWS" }),
      webhookOf({ eventCode: "CONSTRUCTOR" }),
      webhookOf({ eventCode: "REPORT_AVAILABLE", merchantReference: "", pspReference: "report_1.csv" }),
      webhookOf({ merchantReference: "another-shop's order:7" }),
    ],
    malformed: [
      webhookOf({ pspReference: undefined }),
      webhookOf({ pspReference: "" }),
      webhookOf({ pspReference: "QF:1" }),
      webhookOf({ pspReference: "QF/1" }),
      webhookOf({ originalReference: "a:b" }),
      webhookOf({ amount: {} }),
      webhookOf({ amount: { value: "1999", currency: "USD" } }),
      webhookOf({ amount: { value: 19.99, currency: "USD" } }),
      webhookOf({ amount: { value: -1, currency: "USD" } }),
      webhookOf({ amount: { value: 2 ** 53, currency: "USD" } }),
      webhookOf({ amount: { value: 1999, currency: "usd" } }),
      webhookOf({ eventCode: undefined }),
      webhookOf({ eventCode: "authorisation" }),
      webhookOf({ success: undefined }),
      webhookOf({ success: true }),
      webhookOf({ success: "maybe" }),
      `\ufeff${webhookOf({})}`,
      JSON.stringify({ live: "false", notificationItems: [] }),
      JSON.stringify({ live: "false", notificationItems: [itemOf()] }),
    ],
    toleranceMs: null,
  },
});

/** Signs every item of a webhook that has some; anything else stays as it is. */
async function signBody(body: Uint8Array<ArrayBuffer>, key: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const webhook = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
    for (const each of webhook.notificationItems) {
      each.NotificationRequestItem = await signItem(each.NotificationRequestItem, key);
    }
    return utf8(JSON.stringify(webhook));
  } catch {
    return body;
  }
}

/** Answers each call with what the last says from then on. */
function answering(...answers: Response[]) {
  const calls: Request[] = [];
  const fetch: Tools["fetch"] = async (request) => {
    calls.push(request.clone());
    return (answers[Math.min(calls.length, answers.length) - 1] ?? Response.error()).clone();
  };
  return { calls, fetch };
}

async function open(changes: Parameters<typeof createRequest>[0] = {}) {
  const request = createRequest(changes);
  const { observation } = await connect().create(request);
  return { request, id: request.transactionId, link: observation.reference ?? "" };
}

const linkAnswer = (changes: Record<string, unknown> = {}) =>
  Response.json({
    id: "PL61C53A8B97E6915A",
    reference: TRANSACTION,
    merchantAccount: ADYEN_MERCHANT_ACCOUNT,
    amount: { value: 1999, currency: "USD" },
    status: "active",
    url: "https://test.adyen.link/PL61C53A8B97E6915A",
    ...changes,
  });
const known = { transactionId: TRANSACTION, reference: "PL61C53A8B97E6915A" };
const paidReference = { ...known, reference: `${known.reference}/QFQTPCQ8HXSKGK82` };

beforeEach(async () => {
  withoutPauses();
  await fake.takeWebhooks(CALLBACK_URL);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("adyen links", () => {
  it("asks for one payment, captured at once, and for nothing of the customer but country and language", async () => {
    const { calls, fetch } = answering(linkAnswer());
    const customer = { email: "ada@example.com", name: "Ada", country: "NL", locale: "nl-NL" };
    const request = createRequest({ transactionId: TRANSACTION, customer });
    await connect(fetch).create(request);
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([`POST ${API}/v71/paymentLinks`]);
    expect(calls[0]?.headers.get("x-api-key")).toBe(ADYEN_API_KEY);
    expect(await calls[0]?.json()).toEqual({
      merchantAccount: ADYEN_MERCHANT_ACCOUNT,
      reference: TRANSACTION,
      amount: { value: 1999, currency: "USD" },
      returnUrl: request.returnUrl,
      expiresAt: new Date(request.expiresAt).toISOString().replace(/\.\d+/, ""),
      reusable: false,
      captureDelayHours: 0,
      description: "Two tickets",
      countryCode: "NL",
      shopperLocale: "nl-NL",
    });
  });

  it.each(["de", "de-Latn-DE", undefined])("names no language that Adyen cannot take: %s", async (locale) => {
    const { calls, fetch } = answering(linkAnswer());
    await connect(fetch).create(createRequest({ transactionId: TRANSACTION, customer: { locale } }));
    expect(await calls[0]?.json()).not.toHaveProperty("shopperLocale");
  });

  it("cuts a description that is too long for the page, and leaves out none", async () => {
    const { link } = await open({ description: "x".repeat(300) });
    expect(fake.links.get(link)?.request.description).toBe("x".repeat(280));
    const halved = await open({ description: `${"x".repeat(279)}🎟` });
    expect(fake.links.get(halved.link)?.request.description).toBe("x".repeat(279));
    const other = await open({ description: null });
    expect(fake.links.get(other.link)?.request).not.toHaveProperty("description");
  });

  it.each([
    { reference: newTypeId("txn", Date.now()) },
    { merchantAccount: "AnotherMerchant" },
    { amount: { value: 1998, currency: "USD" } },
    { amount: { value: 1999, currency: "EUR" } },
    { id: "PL1/2" },
    { url: "javascript:alert(1)" },
    { url: undefined },
    { status: undefined },
  ])("believes no new link of which is said %j", async (changes) => {
    const { fetch } = answering(linkAnswer(changes));
    const call = connect(fetch).create(createRequest({ transactionId: TRANSACTION }));
    await expect(call).rejects.toMatchObject({ kind: "unknown" });
  });

  it.each([{ reference: newTypeId("txn", Date.now()) }, { id: "PL0000000000000000" }])(
    "takes no answer about another transaction or another link: %j",
    async (changes) => {
      const { fetch } = answering(linkAnswer({ ...changes, status: "completed" }));
      await expect(connect(fetch).retrieve(known)).rejects.toMatchObject({ kind: "unknown" });
      await expect(connect(fetch).expire?.(known)).rejects.toMatchObject({ kind: "unknown" });
    },
  );

  it("calls a state unsaid that Adyen does not document", async () => {
    const { fetch } = answering(linkAnswer({ status: "constructor" }));
    expect(await connect(fetch).retrieve(known)).toMatchObject({ status: "unsaid", amount: 1999 });
  });

  it("names a link by either form of its reference, and asks for the link alone", async () => {
    const { calls, fetch } = answering(linkAnswer({ status: "completed" }));
    expect((await connect(fetch).retrieve(known)).reference).toBe(known.reference);
    expect((await connect(fetch).retrieve(paidReference)).reference).toBe(paidReference.reference);
    const address = `${API}/v71/paymentLinks/${known.reference}`;
    expect(calls.map(({ url }) => url)).toEqual([address, address]);
  });

  it("calls missing only what Adyen itself does not know, not what a wrong address does not", async () => {
    const { fetch } = answering(refusal(404, "904", "Not Found"));
    expect(await connect(fetch).retrieve(known)).toMatchObject({ status: "missing" });
    for (const body of ["<html>not here</html>", '{"error":"not found"}']) {
      const elsewhere = answering(new Response(body, { status: 404 }));
      await expect(connect(elsewhere.fetch).retrieve(known)).rejects.toMatchObject({ kind: "rejected" });
    }
  });

  it.each([400, 404, 422])("looks again where expire answers %i", async (status) => {
    const { calls, fetch } = answering(refusal(status, "14_019", "no"), linkAnswer({ status: "completed" }));
    expect(await connect(fetch).expire?.(known)).toMatchObject({ status: "succeeded" });
    expect(calls.map(({ method }) => method)).toEqual(["PATCH", "GET"]);
    expect(await calls[0]?.json()).toEqual({ status: "expired" });
  });

  it.each([
    [refusal(422, "704", "request already processed or in progress"), "unavailable"],
    [refusal(403, "901", "Invalid Merchant Account", "security"), "unavailable"],
    [refusal(401, "000", "HTTP Status Response - Unauthorized", "security"), "unavailable"],
    [refusal(422, "14_030", "Return URL is missing."), "rejected"],
    [refusal(400, "702", "Unexpected input"), "rejected"],
    [refusal(500, "905", "Payment details are not supported"), "unknown"],
  ])("tells a refusal from what may do later, case %#", async (answer, kind) => {
    const { fetch } = answering(answer);
    await expect(connect(fetch).create(createRequest())).rejects.toMatchObject({ kind });
  });

  it.each([
    ["https://checkout-test.adyen.com/v71", "test"],
    ["https://1797a841fbb37ca7-AdyenDemo-checkout-live.adyenpayments.com/checkout/v71", "live"],
    ["https://checkout-live.adyenpayments.com.evil.example/v71", null],
    [`${API}/v71`, null],
  ])("knows by the address whether money is real: %s", async (url, mode) => {
    const { fetch } = answering(linkAnswer());
    const gateway = connect(fetch, Date.now(), { ADYEN_API_URL: url });
    expect((await gateway.retrieve(known)).mode).toBe(mode);
    const created = await gateway.create(createRequest({ transactionId: TRANSACTION }));
    expect(created.observation.mode).toBe(mode);
  });

  it("refuses a sum that Adyen's minor units cannot say, before anybody is asked", async () => {
    const { calls, fetch } = answering(linkAnswer());
    for (const [amount, currency] of [
      [1999, "IDR"],
      [150, "CVE"],
      [Number.MAX_SAFE_INTEGER, "CLP"],
      [1999, "XYZ"],
    ] as const) {
      const call = connect(fetch).create(createRequest({ amount, currency }));
      await expect(call).rejects.toMatchObject({ kind: "rejected" });
    }
    expect(calls).toEqual([]);
  });

  it("has no capture, since a completed link does not tell held money from taken", () => {
    expect(connect()).not.toHaveProperty("capture");
  });
});

describe("adyen refunds", () => {
  it("names both ids in the refund's reference, so that its news finds the way back", async () => {
    const { id, request } = await open();
    fake.pay(id);
    await fake.takeWebhooks(CALLBACK_URL);
    const asked = refundRequest(request, { amount: 500 });
    const reference = { transactionId: id, reference: referenceOf(id) };
    const answer = await connect().refund?.(reference, asked);
    expect(fake.refundRequests.at(-1)).toEqual({
      merchantAccount: ADYEN_MERCHANT_ACCOUNT,
      amount: { value: 500, currency: "USD" },
      reference: `${id}.${asked.refundId}`,
    });
    const [sent] = await fake.takeWebhooks(CALLBACK_URL);
    expect(await send(sent?.body ?? "")).toMatchObject([
      {
        transactionId: id,
        observation: {
          status: "unsaid",
          currency: "USD",
          refund: { id: asked.refundId, reference: answer?.reference, amount: 500, status: "succeeded" },
        },
      },
    ]);
  });

  it("tells by webhook that there was not so much to give back", async () => {
    const { id, request } = await open();
    fake.pay(id);
    await fake.takeWebhooks(CALLBACK_URL);
    const asked = refundRequest(request, { amount: 2000 });
    const reference = { transactionId: id, reference: referenceOf(id) };
    expect(await connect().refund?.(reference, asked)).toMatchObject({ status: "pending" });
    const [sent] = await fake.takeWebhooks(CALLBACK_URL);
    const [notice] = await send(sent?.body ?? "");
    expect(notice?.observation.refund).toMatchObject({
      id: asked.refundId,
      status: "failed",
      failureCode: "refund_refused",
    });
    expect(fake.refunded(id)).toBe(0);
  });

  it("counts what a person gave back in the Customer Area, as no refund of ours", async () => {
    const { id } = await open({ amount: 1999, currency: "CLP" });
    fake.pay(id);
    await fake.takeWebhooks(CALLBACK_URL);
    fake.refundByHand(id, 50_000);
    const [sent] = await fake.takeWebhooks(CALLBACK_URL);
    const [notice] = await send(sent?.body ?? "");
    expect(notice).toMatchObject({
      transactionId: id,
      observation: { status: "unsaid", refund: { id: null, amount: 500, status: "succeeded" } },
    });
  });

  it("waits while no webhook has told the payment", async () => {
    for (const status of ["completed", "paid", "paymentPending"]) {
      const { calls, fetch } = answering(linkAnswer({ status }));
      const asked = refundRequest(createRequest());
      const name = `${TRANSACTION}.${asked.refundId}`;
      const call = connect(fetch).refund?.(known, asked);
      const message = expect.stringMatching(
        new RegExp(`no webhook .* made there under ${name} ends this one$`),
      );
      await expect(call).rejects.toMatchObject({ kind: "unavailable", message });
      expect(calls.map(({ method }) => method)).toEqual(["GET"]);
    }
  });

  it.each(["active", "expired"])("gives nothing back of a link that is %s", async (status) => {
    const { fetch } = answering(linkAnswer({ status }));
    const call = connect(fetch).refund?.(known, refundRequest(createRequest()));
    await expect(call).rejects.toMatchObject({ kind: "rejected" });
  });

  it("does not ask again for what Adyen has taken", async () => {
    const { calls, fetch } = answering(linkAnswer());
    const asked = refundRequest(createRequest(), { reference: "QF0000000000REFUND", createdAt: 0 });
    expect(await connect(fetch).refund?.(paidReference, asked)).toEqual({
      status: "pending",
      reference: "QF0000000000REFUND",
      failureCode: null,
    });
    expect(calls).toEqual([]);
  });

  it("does not repeat a call whose key may be forgotten: a person must look", async () => {
    const { calls, fetch } = answering(linkAnswer());
    const late = refundRequest(createRequest(), { createdAt: Date.now() - 7 * DAY_MS });
    const message = expect.stringContaining(`made there under ${TRANSACTION}.${late.refundId} ends this one`);
    const call = connect(fetch).refund?.(paidReference, late);
    await expect(call).rejects.toMatchObject({ kind: "unknown", message });
    expect(calls).toEqual([]);
    const { id, request } = await open();
    fake.pay(id);
    const inTime = refundRequest(request, { createdAt: Date.now() - 5 * DAY_MS });
    const reference = { transactionId: id, reference: referenceOf(id) };
    expect(await connect().refund?.(reference, inTime)).toMatchObject({ status: "pending" });
  });

  const received = {
    paymentPspReference: "QFQTPCQ8HXSKGK82",
    pspReference: "QF0000000000REFUND",
    amount: { value: 1999, currency: "USD" },
    status: "received",
  };

  it.each([
    { paymentPspReference: "ANOTHERPAYMENT00" },
    { amount: { value: 1998, currency: "USD" } },
    { amount: { value: 1999, currency: "EUR" } },
    { pspReference: undefined },
  ])("believes no answer of which is said %j", async (changes) => {
    const { fetch } = answering(Response.json({ ...received, ...changes }, { status: 201 }));
    const call = connect(fetch).refund?.(paidReference, refundRequest(createRequest()));
    await expect(call).rejects.toMatchObject({ kind: "unknown" });
  });

  it("takes a call that is still under way for one to repeat", async () => {
    const { fetch } = answering(refusal(422, "704", "request already processed or in progress"));
    const call = connect(fetch).refund?.(paidReference, refundRequest(createRequest()));
    await expect(call).rejects.toMatchObject({ kind: "unavailable" });
  });
});

describe("adyen webhooks", () => {
  async function paid() {
    const { id, link } = await open();
    fake.pay(id);
    const [sent] = await fake.takeWebhooks(CALLBACK_URL);
    const webhook = JSON.parse(sent?.body ?? "");
    const item: AdyenItem = webhook.notificationItems[0].NotificationRequestItem;
    return { id, link, item, psp: item.pspReference };
  }

  const nobody: Tools["fetch"] = () => expect.unreachable("this item is read without the network");

  it("tells which payment it is of our transaction, and asks nobody", async () => {
    const { id, item, psp } = await paid();
    expect(await send(toWebhook([item]), connect(nobody))).toEqual([
      {
        eventId: `${psp}_AUTHORISATION_true`,
        transactionId: id,
        observation: {
          ...{ status: "succeeded", reference: `/${psp}`, amount: 1999, currency: "USD" },
          ...{ amountCaptured: null, amountRefunded: 0, failureCode: null, dispute: null, mode: null },
        },
        receipt: { occurredAt: Date.parse("2026-11-22T11:00:00Z"), signedAt: null, secret: 1 },
      },
    ]);
  });

  it("says of each item which of the live keys has signed it", async () => {
    const items = await Promise.all(
      [ADYEN_SECOND_HMAC_KEY, ADYEN_HMAC_KEY, ADYEN_SECOND_HMAC_KEY].map((key, index) =>
        signItem(itemOf({ pspReference: `QFQTPCQ8HXSKGK8${index}` }), key),
      ),
    );
    const notices = await send(toWebhook(items));
    expect(notices.map(({ receipt }) => receipt.secret)).toEqual([2, 1, 2]);
  });

  it("trusts nothing that is not signed: another's link, a reason, a date", async () => {
    const { id, item, psp } = await paid();
    const other = await open();
    const forged = {
      ...item,
      ...{ reason: "Refused", eventDate: "1999-01-01T00:00:00Z", operations: ["CANCEL"] },
      additionalData: { ...item.additionalData, paymentLinkId: other.link, refusalReasonRaw: "05" },
    };
    expect(await send(toWebhook([forged]))).toMatchObject([
      { transactionId: id, observation: { status: "succeeded", reference: `/${psp}`, failureCode: null } },
    ]);
  });

  it.each(["PLDOESNOTEXIST", "../payments", "PL1/2", "", undefined])(
    "hears of the money also where the link is named as %j",
    async (paymentLinkId) => {
      const { id, item, psp } = await paid();
      const additionalData = { ...item.additionalData, paymentLinkId };
      expect(await send(toWebhook([{ ...item, additionalData }]))).toMatchObject([
        { transactionId: id, observation: { status: "succeeded", reference: `/${psp}` } },
      ]);
    },
  );

  it("names another payment where one page is paid twice, and of what follows which of the two it is", async () => {
    const { id, psp } = await paid();
    fake.payLate(id);
    const [sent] = await fake.takeWebhooks(CALLBACK_URL);
    const [second] = await send(sent?.body ?? "");
    expect(second).toMatchObject({ transactionId: id, observation: { status: "succeeded" } });
    expect(second?.observation.reference).not.toBe(`/${psp}`);
    const attempt = await tell({ success: "false" });
    expect(attempt).toMatchObject([{ observation: { status: "pending", reference: null } }]);
    for (const eventCode of [
      "REFUND",
      "CANCELLATION",
      "CHARGEBACK",
      "CHARGEBACK_REVERSED",
      "CAPTURE_FAILED",
    ]) {
      const [notice] = await tell({ eventCode, originalReference: psp, pspReference: "QF00000000000002" });
      expect(notice?.observation.reference).toBe(`/${psp}`);
    }
  });

  describe("under a reference of somebody's own", () => {
    async function givenBack(changes: ItemChanges = {}) {
      const { id, link, psp } = await paid();
      fake.refundByHand(id, 500, "our clerk's: 7");
      const [sent] = await fake.takeWebhooks(CALLBACK_URL);
      const item = JSON.parse(sent?.body ?? "").notificationItems[0].NotificationRequestItem;
      return { id, link, psp, item: { ...item, ...changes } as AdyenItem };
    }

    it("is told by the link and the payment, which are known together or not at all", async () => {
      const { link, psp, item } = await givenBack();
      expect(await send(toWebhook([item]))).toMatchObject([
        {
          transactionId: null,
          observation: {
            ...{ status: "unsaid", reference: `${link}/${psp}`, currency: "USD" },
            refund: { id: null, amount: 500, status: "succeeded" },
          },
        },
      ]);
    });

    it.each(["PLDOESNOTEXIST", "../payments", "", undefined])(
      "is of no concern where the link is named as %j",
      async (paymentLinkId) => {
        const { item } = await givenBack();
        const additionalData = { ...item.additionalData, paymentLinkId };
        expect(await send(toWebhook([{ ...item, additionalData }]))).toEqual([]);
      },
    );

    it("is of no concern where the link is another shop's, or Adyen refuses to show it", async () => {
      const { item, link } = await givenBack();
      for (const answer of [linkAnswer({ id: link, reference: "order-7" }), refusal(422, "14_018", "no")]) {
        const { calls, fetch } = answering(answer);
        expect(await send(toWebhook([item]), connect(fetch))).toEqual([]);
        expect(calls.map(({ url }) => url)).toEqual([`${API}/v71/paymentLinks/${link}`]);
      }
    });

    it("is for later while the link cannot be looked at, and believes no answer about another", async () => {
      const { item } = await givenBack();
      for (const [answer, kind] of [
        [new Response(null, { status: 503 }), "unavailable"],
        [linkAnswer({ id: "PL0000000000000000" }), "unknown"],
      ] as const) {
        const call = send(toWebhook([item]), connect(answering(answer).fetch));
        await expect(call).rejects.toMatchObject({ kind });
      }
    });

    it("is no reason to call where it follows no payment, or is of another account", async () => {
      const { item, link } = await givenBack();
      for (const changes of [{ originalReference: "" }, { merchantAccountCode: "AnotherMerchant" }]) {
        const additionalData = { paymentLinkId: link };
        const signed = await signItem({ ...item, ...changes, additionalData });
        expect(await send(toWebhook([signed]), connect(nobody))).toEqual([]);
      }
    });
  });

  it("refuses the whole call for one item with another's signature, and asks nobody", async () => {
    const good = await signItem(itemOf());
    const bad = await signItem(itemOf(), OTHER_KEY);
    const { calls, fetch } = answering(linkAnswer());
    for (const items of [
      [good, bad],
      [bad, good],
    ]) {
      const call = send(toWebhook(items), connect(fetch));
      await expect(call).rejects.toMatchObject({ kind: "unverified" });
    }
    expect(calls).toEqual([]);
    expect(await send(toWebhook([good, good]))).toHaveLength(2);
  });

  const signedFields: ItemChanges[] = [
    { pspReference: "QFQTPCQ8HXSKGK83" },
    { originalReference: "QFQTPCQ8HXSKGK82" },
    { merchantAccountCode: "FakeMerchantECON" },
    { merchantReference: newTypeId("txn", Date.now()) },
    { amount: { value: 2000, currency: "USD" } },
    { amount: { value: 1999, currency: "EUR" } },
    { eventCode: "REFUND" },
    { success: "false" },
  ];

  it.each(signedFields)("refuses an item in which was changed %j", async (changes) => {
    const changed = { ...(await signItem(itemOf())), ...changes };
    await expect(send(toWebhook([changed]))).rejects.toMatchObject({ kind: "unverified" });
  });

  it("lets no word move from one signed field to another, though the signature stays good", async () => {
    const validator = new HmacValidator();
    const foreign = await signItem(
      itemOf({ merchantReference: `a:${ADYEN_MERCHANT_ACCOUNT}:${TRANSACTION}` }),
    );
    for (const changes of [
      { originalReference: `:${ADYEN_MERCHANT_ACCOUNT}:a` },
      { pspReference: "QFQTPCQ8HXSKGK82:", originalReference: `${ADYEN_MERCHANT_ACCOUNT}:a` },
      { pspReference: `QFQTPCQ8HXSKGK82::${ADYEN_MERCHANT_ACCOUNT}`, originalReference: "a" },
    ]) {
      const forged = { ...foreign, ...changes, merchantReference: TRANSACTION };
      expect(validator.validateHMAC(forged as never, ADYEN_HMAC_KEY)).toBe(true);
      await expect(send(toWebhook([forged]))).rejects.toMatchObject({ kind: "malformed" });
    }
    expect(await send(toWebhook([foreign]))).toEqual([]);
  });

  it.each(["", "####", "AAAA", " ", "é"])("refuses the signature %j", async (hmacSignature) => {
    const call = send(toWebhook([itemOf({ additionalData: { hmacSignature } })]));
    await expect(call).rejects.toMatchObject({ kind: "unverified" });
  });

  it("has no concern with other accounts and other references, if they are signed", async () => {
    const others: ItemChanges[] = [
      { merchantAccountCode: "AnotherMerchant" },
      { merchantReference: "order-7" },
      { merchantReference: "" },
      { merchantReference: undefined },
      { merchantReference: `${TRANSACTION}-2` },
      { merchantReference: `order:${TRANSACTION}` },
      { merchantReference: `${TRANSACTION}.${TRANSACTION}` },
      { merchantReference: REFUND },
    ];
    for (const changes of others) {
      expect(await tell(changes)).toEqual([]);
    }
  });

  it("refuses news of Adyen's other environment, and passes it on as no news of the mode", async () => {
    const signed = await signItem(itemOf());
    const test = { ADYEN_API_URL: "https://checkout-test.adyen.com/v71" };
    const live = { ADYEN_API_URL: "https://shop-checkout-live.adyenpayments.com/checkout/v71" };
    for (const [told, changes, other] of [
      ["false", test, live],
      ["true", live, test],
    ] as const) {
      const body = toWebhook([signed], told);
      const [notice] = await send(body, connect(fake.fetch, Date.now(), changes));
      expect(notice?.observation.mode).toBeNull();
      const call = send(body, connect(fake.fetch, Date.now(), other));
      await expect(call).rejects.toMatchObject({ kind: "unverified" });
    }
  });

  it("leaves the page open after an attempt that failed", async () => {
    const { id } = await open();
    fake.decline(id);
    const [sent] = await fake.takeWebhooks(CALLBACK_URL);
    const [notice] = await send(sent?.body ?? "");
    expect(notice).toMatchObject({
      transactionId: id,
      observation: { status: "pending", failureCode: null },
    });
    expect(notice?.eventId).toMatch(/_AUTHORISATION_false$/);
    expect(fake.isOpen(id)).toBe(true);
  });

  const refund = (status: "succeeded" | "failed", failureCode: string | null = null) => ({
    status: "unsaid" as const,
    refund: { id: REFUND, reference: "QFQTPCQ8HXSKGK82", amount: 1999, status, failureCode },
  });
  const dispute = (stage: Observation["dispute"]) => ({ status: "unsaid" as const, dispute: stage });
  const unsaid = { status: "unsaid" as const, dispute: null };

  /** Every event code of the SDK and of the Webhooks specification: its meaning when true, and when false. */
  const MEANINGS: Record<string, readonly [Partial<Observation>, Partial<Observation>]> = {
    AUTHORISATION: [
      { status: "succeeded", amount: 1999 },
      { status: "pending", amount: 1999 },
    ],
    PENDING: [{ status: "processing", amount: 1999 }, unsaid],
    OFFER_CLOSED: [{ status: "pending" }, { status: "pending" }],
    REFUND: [refund("succeeded"), refund("failed", "refund_refused")],
    REFUND_FAILED: [refund("failed", "refund_failed"), unsaid],
    REFUNDED_REVERSED: [refund("failed", "refunded_reversed"), unsaid],
    CANCEL_OR_REFUND: [refund("succeeded"), unsaid],
    CANCELLATION: [refund("succeeded"), unsaid],
    TECHNICAL_CANCEL: [refund("succeeded"), unsaid],
    REQUEST_FOR_INFORMATION: [dispute("open"), unsaid],
    NOTIFICATION_OF_CHARGEBACK: [dispute("open"), unsaid],
    CHARGEBACK: [dispute("open"), unsaid],
    PREARBITRATION_OPEN: [dispute("open"), unsaid],
    CAPTURE_FAILED: [dispute("open"), unsaid],
    SCHEME_ARBITRATION: [dispute("open"), unsaid],
    CHARGEBACK_REVERSED: [dispute("won"), unsaid],
    ISSUER_RESPONSE_TIMEFRAME_EXPIRED: [dispute("won"), unsaid],
    PREARBITRATION_WON: [dispute("won"), unsaid],
    PREARBITRATION_ISSUER_WITHDRAWN: [dispute("won"), unsaid],
    SCHEME_ARBITRATION_WON: [dispute("won"), unsaid],
    DISPUTE_DEFENSE_PERIOD_ENDED: [dispute("lost"), unsaid],
    SECOND_CHARGEBACK: [dispute("lost"), unsaid],
    PREARBITRATION_LOST: [dispute("lost"), unsaid],
    SCHEME_ARBITRATION_LOST: [dispute("lost"), unsaid],
    ...Object.fromEntries(
      [
        ...["ACH_NOTIFICATION_OF_CHANGE", "AUTHORISATION_ADJUSTMENT", "AUTORESCUE", "CANCEL_AUTORESCUE"],
        ...["CAPTURE", "DIRECT_DEBIT_NOTICE_OF_CHANGE_NOTIFICATION", "DONATION", "EXPIRE"],
        ...["HANDLED_EXTERNALLY", "INFORMATION_SUPPLIED", "ISSUER_COMMENTS", "MANUAL_REVIEW_ACCEPT"],
        ...["MANUAL_REVIEW_REJECT", "NOTIFICATION_OF_FRAUD", "ORDER_CLOSED", "ORDER_OPENED"],
        ...["PAIDOUT_REVERSED", "PAYOUT_DECLINE", "PAYOUT_EXPIRE", "PAYOUT_THIRDPARTY"],
        ...["POSTPONED_REFUND", "PREARBITRATION_ACCEPTED", "PREARBITRATION_DECLINED", "PROCESS_RETRY"],
        ...["RECURRING_CONTRACT", "REFUND_WITH_DATA", "REPORT_AVAILABLE", "VOID_PENDING_REFUND"],
      ].map((code) => [code, [unsaid, unsaid]]),
    ),
  };

  it("has a meaning for each event code that the SDK lists", () => {
    const listed = Object.values(NotificationRequestItem.EventCodeEnum);
    expect(listed.length).toBeGreaterThan(40);
    expect(listed.filter((code) => !(code in MEANINGS))).toEqual([]);
  });

  it("subscribes to just those that mean something", () => {
    const meant = Object.keys(MEANINGS).filter((code) => MEANINGS[code]?.some((means) => means !== unsaid));
    expect(connect().webhook.events.toSorted()).toEqual(meant.toSorted());
  });

  it.each(Object.entries(MEANINGS))("reads %s", async (eventCode, [whenTrue, whenFalse]) => {
    const item = { eventCode, merchantReference: `${TRANSACTION}.${REFUND}` };
    for (const [success, means] of [
      ["true", whenTrue],
      ["false", whenFalse],
    ] as const) {
      const [notice] = await tell({ ...item, success });
      expect(notice).toMatchObject({ transactionId: TRANSACTION, observation: means });
      expect(notice?.eventId).toBe(`QFQTPCQ8HXSKGK82_${eventCode}_${success}`);
      expect("refund" in (notice?.observation ?? {})).toBe("refund" in means);
    }
  });

  it("makes no refund of nothing, or of a part of a unit that we do not count", async () => {
    for (const amount of [
      { value: 0, currency: "USD" },
      { value: 199_950, currency: "CLP" },
    ]) {
      const [notice] = await tell({ eventCode: "REFUND", amount });
      expect(notice?.observation).not.toHaveProperty("refund");
    }
  });

  it("says no sum for money that it cannot count, which then never passes for ours", async () => {
    const [odd] = await tell({ amount: { value: 199_950, currency: "CLP" } });
    expect(odd?.observation).toMatchObject({ status: "succeeded", amount: null, currency: "CLP" });
    const [strange] = await tell({ amount: { value: 100, currency: "CNH" } });
    expect(strange?.observation).toMatchObject({ status: "succeeded", amount: null, currency: "CNH" });
  });
});

describe("adyen beside its SDK's HmacValidator", () => {
  const validator = new HmacValidator();
  const word = fc.stringMatching(/^[A-Z0-9]{1,16}$/);
  const items = fc.record({
    additionalData: fc.constant({}),
    amount: fc.record({ value: fc.nat(), currency: fc.stringMatching(/^[A-Z]{3}$/) }),
    eventCode: fc.constantFrom(...Object.values(NotificationRequestItem.EventCodeEnum)),
    eventDate: fc.constant("2026-11-22T12:00:00+01:00"),
    merchantAccountCode: fc.constantFrom(ADYEN_MERCHANT_ACCOUNT, "AnotherMerchant"),
    merchantReference: fc.oneof(fc.constant(TRANSACTION), fc.string(), fc.string({ unit: "binary" })),
    originalReference: fc.option(word, { nil: "" }),
    pspReference: word,
    success: fc.constantFrom(...Object.values(NotificationRequestItem.SuccessEnum)),
  });
  const hexKeys = fc.stringMatching(/^([0-9A-F]{2}){24,64}$/);
  const gatewayOf = (ADYEN_HMAC_KEY: string) => connect(fake.fetch, Date.now(), { ADYEN_HMAC_KEY });
  const verdict = (item: unknown, key: string) =>
    send(toWebhook([item]), gatewayOf(key)).then(
      () => true,
      (error: { kind: string }) => (error.kind === "unverified" ? false : Promise.reject(error)),
    );

  it("accepts what the SDK signed", async () => {
    await fc.assert(
      fc.asyncProperty(items, hexKeys, async (item, key) => {
        const hmacSignature = validator.calculateHmac(item, key);
        expect(await verdict({ ...item, additionalData: { hmacSignature } }, key)).toBe(true);
      }),
    );
  });

  it("is accepted by the SDK, as the fake signs", async () => {
    await fc.assert(
      fc.asyncProperty(items, hexKeys, async (item, key) => {
        expect(validator.validateHMAC(await signItem(item, key), key)).toBe(true);
      }),
    );
  });

  it("refuses with the SDK what has one byte of the signature or of the key changed", async () => {
    const bytes = fc.nat({ max: 31 });
    await fc.assert(
      fc.asyncProperty(items, hexKeys, bytes, fc.boolean(), async (item, key, index, ofKey) => {
        const flip = (all: Uint8Array<ArrayBuffer>) => {
          const at = index % all.length;
          return all.with(at, (all[at] ?? 0) ^ 1);
        };
        const used = ofKey ? flip(Uint8Array.fromHex(key)).toHex() : key;
        const mac = Uint8Array.fromBase64(validator.calculateHmac(item, used));
        const hmacSignature = (ofKey ? mac : flip(mac)).toBase64();
        const forged = { ...item, additionalData: { hmacSignature } };
        expect(validator.validateHMAC(forged, key)).toBe(false);
        expect(await verdict(forged, key)).toBe(false);
      }),
    );
  });
});

describe("the fake, beside Adyen's own client", () => {
  /** The client takes anybody's transport; it is written for v72, whose payment links are those of v71. */
  function checkout(): CheckoutAPI {
    const client = new Client({ apiKey: ADYEN_API_KEY, environment: EnvironmentEnum.TEST });
    client.httpClient = {
      async request(endpoint, json, { apiKey = "" }, _required, options = {}) {
        const { method = "POST", idempotencyKey } = options;
        const headers: Record<string, string> = { "x-api-key": apiKey, "content-type": "application/json" };
        Object.assign(headers, idempotencyKey ? { "idempotency-key": idempotencyKey } : {});
        const body = method === "GET" ? {} : { body: String(json) };
        const url = endpoint.replace("/v72/", "/v71/");
        const response = await fake.fetch(new Request(url, { method, headers, ...body }));
        const text = await response.text();
        if (!response.ok) {
          throw new Error(text);
        }
        return text;
      },
    };
    return new CheckoutAPI(client);
  }

  const { Active, Completed, Expired } = PaymentLinkResponse.StatusEnum;

  it("is read by it through a link's whole life", async () => {
    const { PaymentLinksApi: links, ModificationsApi: modifications } = checkout();
    const id = newTypeId("txn", Date.now());
    const amount = { value: 1999, currency: "EUR" };
    const asked = { merchantAccount: ADYEN_MERCHANT_ACCOUNT, reference: id, amount };
    const made = await links.paymentLinks(asked, { idempotencyKey: id });
    expect(made).toBeInstanceOf(PaymentLinkResponse);
    expect(made).toMatchObject({ ...asked, status: Active });
    expect(made.expiresAt).toBeInstanceOf(Date);
    expect(await links.paymentLinks(asked, { idempotencyKey: id })).toEqual(made);
    fake.pay(id);
    expect(await links.getPaymentLink(made.id)).toMatchObject({ id: made.id, status: Completed });
    const end = { status: UpdatePaymentLinkRequest.StatusEnum.Expired };
    await expect(links.updatePaymentLink(made.id, end)).rejects.toThrow(/"status":422/);
    const refund = { merchantAccount: ADYEN_MERCHANT_ACCOUNT, reference: `${id}.${REFUND}`, amount };
    const taken = await modifications.refundCapturedPayment(payment(id), refund, { idempotencyKey: REFUND });
    expect(taken).toMatchObject({ ...refund, paymentPspReference: payment(id), status: "received" });
    expect(taken.pspReference).toMatch(/^[A-Z0-9]{16}$/);
  });

  it("is closed by it", async () => {
    const { PaymentLinksApi: links } = checkout();
    const { id, link } = await open();
    const end = { status: UpdatePaymentLinkRequest.StatusEnum.Expired };
    expect(await links.updatePaymentLink(link, end)).toMatchObject({ id: link, status: Expired });
    expect(fake.isOpen(id)).toBe(false);
  });

  interface Model {
    getAttributeTypeMap(): { baseName: string; type: string }[];
  }

  /** What a model of the SDK does not have, or has as something else. */
  function misfits(value: unknown, type: string): string[] {
    const [name = "", inner = ""] = type.split(".");
    const model = (models as unknown as Record<string, Model & Record<string, object>>)[name];
    if (!model || inner) {
      const words: unknown[] = Object.values(model?.[inner] ?? {});
      const isTime = type === "Date" && typeof value === "string" && /^\d{4}-\d\d-\d\dT.*Z$/.test(value);
      return typeof value === type || isTime || words.includes(value) ? [] : [`${value} is no ${type}`];
    }
    return Object.entries(value ?? {}).flatMap(([key, each]) => {
      const found = model.getAttributeTypeMap().find(({ baseName }) => baseName === key);
      return found ? misfits(each, found.type) : [`no ${key} in ${type}`];
    });
  }

  it("finds what does not fit", () => {
    const body = { reference: 7, expiresAt: "soon", reusable: "no", amounts: [], amount: { value: "1" } };
    expect(misfits(body, "PaymentLinkRequest")).toEqual([
      ...["7 is no string", "soon is no Date", "no is no boolean"],
      ...["no amounts in PaymentLinkRequest", "1 is no number"],
    ]);
    const state = { status: "closed" };
    expect(misfits(state, "UpdatePaymentLinkRequest")).toEqual([
      "closed is no UpdatePaymentLinkRequest.StatusEnum",
    ]);
  });

  it("gets from the adapter what the SDK's models hold, and nothing else", async () => {
    const [bodies, answers] = [new Map<string, unknown>(), new Map<string, unknown>()];
    const gateway = connect(async (request) => {
      const path = new URL(request.url).pathname.replace(/.*\//, "");
      const name = ["GET", "PATCH"].includes(request.method) ? request.method : path;
      bodies.set(name, name === "GET" ? {} : await request.clone().json());
      const response = await fake.fetch(request);
      answers.set(name, await response.clone().json());
      return response;
    });
    const request = createRequest({ customer: { country: "NL", locale: "nl-NL" } });
    const { observation } = await gateway.create(request);
    const { transactionId } = request;
    await gateway.expire?.({ transactionId, reference: observation.reference });
    fake.payLate(transactionId);
    const paid = { transactionId, reference: referenceOf(transactionId) };
    await gateway.refund?.(paid, refundRequest(request));
    await gateway.retrieve(paid);
    expect(answers.get("GET")).toMatchObject({ reference: transactionId });
    expect(misfits(answers.get("GET"), "PaymentLinkResponse")).toEqual([]);
    for (const [name, type, answer] of [
      ["paymentLinks", "PaymentLinkRequest", "PaymentLinkResponse"],
      ["PATCH", "UpdatePaymentLinkRequest", "PaymentLinkResponse"],
      ["refunds", "PaymentRefundRequest", "PaymentRefundResponse"],
    ] as const) {
      const body = bodies.get(name);
      expect(body).toBeDefined();
      expect([misfits(body, type), misfits(answers.get(name), answer)]).toEqual([[], []]);
      const through = ObjectSerializer.serialize(ObjectSerializer.deserialize(body, type), type);
      const written: unknown = JSON.parse(JSON.stringify(through).replaceAll(".000Z", "Z"));
      expect(written).toEqual(body);
    }
  });

  it("refuses as Adyen does", async () => {
    const body = {
      ...{ merchantAccount: ADYEN_MERCHANT_ACCOUNT, reference: "r", returnUrl: "https://shop.example/" },
      amount: { value: 100, currency: "EUR" },
    };
    const post = async (changes: Record<string, unknown>, headers: Record<string, string> = {}) => {
      const init = {
        method: "POST",
        headers: { "x-api-key": ADYEN_API_KEY, ...headers },
        body: JSON.stringify({ ...body, ...changes }),
      };
      const response = await fake.fetch(new Request(`${API}/v71/paymentLinks`, init));
      const { errorCode } = (await response.json()) as { errorCode?: string };
      return [response.status, errorCode];
    };
    expect(await post({})).toEqual([201, undefined]);
    expect(await post({}, { "x-api-key": "wrong" })).toEqual([401, "000"]);
    expect(await post({}, { "idempotency-key": "k".repeat(65) })).toEqual([422, "705"]);
    expect(await post({ merchantAccount: "Another" })).toEqual([403, "901"]);
    expect(await post({ cancelUrl: "https://shop.example/" })).toEqual([400, "702"]);
    expect(await post({ amount: { value: 19.99, currency: "EUR" } })).toEqual([422, "137"]);
    expect(await post({ reference: "r".repeat(81) })).toEqual([422, "131"]);
    const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString().replace(/\.\d+/, "");
    expect(await post({ expiresAt: inDays(71) })).toEqual([422, "14_020"]);
    expect(await post({ expiresAt: inDays(-1) })).toEqual([422, "14_020"]);
    expect(await post({ expiresAt: inDays(69) })).toEqual([201, undefined]);
  });
});

describe("adyen's variables", () => {
  const variables = fake.variables("https://checkout-test.adyen.com");

  it("connects from them", () => {
    const gateway = adyen.connect(adyen.config.parse(variables), { fetch: fake.fetch, now: Date.now });
    expect(gateway).toMatchObject({ id: "adyen", lifetime: { maxMs: 70 * DAY_MS } });
  });

  it.each(Object.keys(variables))("is not connected without %s", (name) => {
    const result = adyen.config.safeParse({ ...variables, [name]: undefined });
    expect(result.error?.issues.map(({ path }) => path[0])).toEqual([name]);
  });

  it.each([
    ["ADYEN_API_KEY", "short"],
    ["ADYEN_HMAC_KEY", "G".repeat(64)],
    ["ADYEN_HMAC_KEY", "AB".repeat(23)],
    ["ADYEN_HMAC_KEY", `${"AB".repeat(32)}A`],
    ["ADYEN_HMAC_KEY", `${ADYEN_HMAC_KEY},not-hexadecimal-at-all-but-long-enough`],
    ["ADYEN_API_URL", "https://checkout-test.adyen.com"],
    ["ADYEN_API_URL", "https://checkout-test.adyen.com/v70"],
    ["ADYEN_API_URL", "http://checkout-test.adyen.com/v71"],
    ["ADYEN_MERCHANT_ACCOUNT", "two words"],
  ])("refuses %s that is %s", (name, value) => {
    const result = adyen.config.safeParse({ ...variables, [name]: value });
    expect(result.error?.issues.map(({ path }) => path[0])).toContain(name);
  });

  it("says which addresses there are", () => {
    const result = adyen.config.safeParse({ ...variables, ADYEN_API_URL: "https://checkout.adyen.com" });
    expect(result.error?.issues[0]?.message).toContain("https://checkout-test.adyen.com/v71");
    expect(result.error?.issues[0]?.message).toContain("-checkout-live.adyenpayments.com/checkout/v71");
  });
});
