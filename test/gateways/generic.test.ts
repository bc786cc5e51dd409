import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../src/gateways/gateway.ts";
import { connectGeneric, generic } from "../../src/gateways/generic.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import {
  FakeGateway,
  GATEWAY_API_KEY,
  GATEWAY_URL,
  GATEWAY_WEBHOOK_SECRET,
  type GatewayStatus,
  signedCallback,
} from "../support/fake-gateway.ts";
import {
  createRequest,
  standardWebhookHeaders,
  testGateway,
  toSecond,
  withoutPauses,
} from "../support/gateway-contract.ts";

const SECOND_SECRET = `whsec_${btoa("the-second-live-webhook-secret")}`;
const OTHER_SECRET = `whsec_${btoa("somebody-else's-webhook-secret")}`;
const CALLBACK_URL = "http://localhost:8787/webhooks/generic";
const fake = new FakeGateway();

type Fetch = (request: Request) => Promise<Response>;

function connect(fetch: Fetch = fake.fetch, now = Date.now(), webhookSecrets = [GATEWAY_WEBHOOK_SECRET]) {
  const config = { id: "generic", title: "Generic", mode: null, url: GATEWAY_URL, apiKey: GATEWAY_API_KEY };
  return connectGeneric({ ...config, webhookSecrets }, { fetch, now: () => now });
}

function callback(changes: Record<string, unknown> = {}): string {
  const said = { event_id: "evt_1", transaction_id: "txn_1", status: "success", amount: 1999 };
  return JSON.stringify({ ...said, currency: "USD", occurred_at: "2026-11-22T12:00:00Z", ...changes });
}

const variables = {
  GENERIC_GATEWAY_URL: "https://gateway.example/v1/",
  GENERIC_GATEWAY_API_KEY: GATEWAY_API_KEY,
  GENERIC_GATEWAY_WEBHOOK_SECRET: `${OTHER_SECRET}, ${GATEWAY_WEBHOOK_SECRET}`,
};

const bring = (status: GatewayStatus) => (id: string) => fake.settle(id, status);

testGateway({
  name: "connectGeneric",
  connect: ({ fetch, now }) => connect(fetch, now(), [GATEWAY_WEBHOOK_SECRET, SECOND_SECRET]),
  // Whose money it is, only the service's answers tell.
  modes: { [variables.GENERIC_GATEWAY_URL]: null, "http://127.0.0.1:9999": null },
  connectAs: (GENERIC_GATEWAY_URL) =>
    generic.connect(generic.config.parse({ ...variables, GENERIC_GATEWAY_URL }), {
      fetch: fake.fetch,
      now: Date.now,
    }),
  vendor: fake.fetch,
  secrets: [GATEWAY_API_KEY, GATEWAY_WEBHOOK_SECRET, SECOND_SECRET],
  idempotencyKey: ({ headers }) => headers.get("idempotency-key"),
  asked: async (request) => {
    const { amount, currency } = (await request.json()) as Record<string, unknown>;
    return { amount, currency };
  },
  amounts: [
    { amount: 1999, currency: "USD", asked: { amount: 1999, currency: "USD" } },
    { amount: 500, currency: "JPY", asked: { amount: 500, currency: "JPY" } },
    { amount: 1234, currency: "KWD", asked: { amount: 1234, currency: "KWD" } },
  ],
  states: [
    { name: "pending", bring: () => undefined, means: { status: "pending" }, afterExpire: "expired" },
    {
      name: "processing",
      bring: bring("processing"),
      means: { status: "processing" },
      afterExpire: "processing",
    },
    {
      name: "authorized",
      bring: bring("authorized"),
      means: { status: "authorized" },
      afterExpire: "authorized",
    },
    { name: "success", bring: bring("success"), means: { status: "succeeded" }, afterExpire: "succeeded" },
    { name: "failure", bring: bring("failure"), means: { status: "failed" } },
    { name: "cancelled", bring: bring("cancelled"), means: { status: "canceled" } },
    { name: "expired", bring: bring("expired"), means: { status: "expired" }, afterExpire: "expired" },
    {
      name: "refunded",
      bring: (id) => {
        fake.settle(id, "refunded");
        Object.assign(fake.sessions.get(id) ?? {}, { amountRefunded: 1999 });
      },
      means: { status: "succeeded", amountRefunded: 1999 },
      afterExpire: "succeeded",
    },
  ],
  hold: bring("authorized"),
  pay: bring("success"),
  refunds: {},
  webhook: {
    subscribes: false,
    receipt: {
      field: "occurred_at",
      occurredAt: (body) => Date.parse(JSON.parse(body).occurred_at),
      signedAt: toSecond,
      secret: 1,
    },
    body: ({ eventId, transactionId, amount, currency }) =>
      callback({ event_id: eventId, transaction_id: transactionId, amount, currency }),
    readsAlone: true,
    sign: async (body, { secret = GATEWAY_WEBHOOK_SECRET, at = Date.now() }) => ({
      body,
      headers: await standardWebhookHeaders(body, secret, at),
    }),
    secondSecret: SECOND_SECRET,
    otherSecret: OTHER_SECRET,
    malformed: [
      callback({ event_id: undefined }),
      callback({ event_id: "" }),
      callback({ event_id: 7 }),
      callback({ event_id: "e".repeat(256) }),
      callback({ transaction_id: undefined }),
      callback({ transaction_id: "" }),
      callback({ status: undefined }),
      callback({ status: "paid" }),
      callback({ status: "constructor" }),
      callback({ amount: undefined }),
      callback({ amount: "1999" }),
      callback({ amount: 19.99 }),
      callback({ amount: -1 }),
      callback({ amount: 2 ** 53 }),
      callback({ amount_refunded: -1 }),
      callback({ amount_refunded: 0.5 }),
      callback({ currency: undefined }),
      callback({ currency: "DOLLARS" }),
      `\ufeff${callback()}`,
    ],
    toleranceMs: 300_000,
  },
});

/** Answers each call with what the last says from then on. */
function answering(...answers: Response[]) {
  const calls: Request[] = [];
  const fetch: Fetch = async (request) => {
    calls.push(request.clone());
    return (answers[Math.min(calls.length, answers.length) - 1] ?? new Response(null)).clone();
  };
  return { calls, fetch };
}

const reference = { transactionId: "txn_1", reference: "s_1" };
const state = (changes: Record<string, unknown> = {}) =>
  Response.json({ transaction_id: "txn_1", status: "pending", amount: 1999, currency: "USD", ...changes });

describe("the generic protocol", () => {
  beforeEach(withoutPauses);
  afterEach(() => {
    vi.restoreAllMocks();
    fake.fault = null;
  });

  it("says on create what the contract lists, and nothing of the customer", async () => {
    const { calls, fetch } = answering(Response.json({ payment_url: "https://gateway.example/pay/1" }));
    const request = createRequest({ customer: { email: "ada@example.com", name: "Ada" }, capture: "manual" });
    const created = await connect(fetch).create(request);
    expect(created.observation.reference).toBeNull();
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `POST ${GATEWAY_URL}/create-session`,
    ]);
    expect(calls[0]?.headers.get("authorization")).toBe(`Bearer ${GATEWAY_API_KEY}`);
    expect(await calls[0]?.json()).toEqual({
      transaction_id: request.transactionId,
      order_id: request.orderId,
      amount: 1999,
      currency: "USD",
      description: "Two tickets",
      callback_url: request.callbackUrl,
      return_url: request.returnUrl,
      cancel_url: request.cancelUrl,
      expires_at: new Date(request.expiresAt).toISOString(),
      capture: "manual",
    });
  });

  it("leaves out a description that there is none of", async () => {
    const { calls, fetch } = answering(Response.json({ payment_url: "https://gateway.example/pay/1" }));
    await connect(fetch).create(createRequest({ description: null }));
    expect(await calls[0]?.json()).not.toHaveProperty("description");
  });

  it.each([undefined, "", "nonsense", "/pay/1", "javascript:alert(1)", "data:text/html,x"])(
    "sends no buyer to %j",
    async (payment_url) => {
      const { fetch } = answering(Response.json({ payment_url, session_id: "s_1" }));
      await expect(connect(fetch).create(createRequest())).rejects.toMatchObject({ kind: "unknown" });
    },
  );

  it("takes no answer about another transaction", async () => {
    const { fetch } = answering(state({ transaction_id: "txn_2", status: "success" }));
    await expect(connect(fetch).retrieve(reference)).rejects.toMatchObject({ kind: "unknown" });
    await expect(connect(fetch).expire?.(reference)).rejects.toMatchObject({ kind: "unknown" });
  });

  it.each([404, 405, 501])("looks instead where expire answers %i: it cannot", async (status) => {
    const { calls, fetch } = answering(new Response(null, { status }), state({ status: "processing" }));
    expect(await connect(fetch).expire?.(reference)).toMatchObject({
      status: "processing",
      reference: "s_1",
    });
    expect(calls.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      "POST /expire/txn_1",
      "GET /status/txn_1",
    ]);
  });

  it("leaves a session open that cannot be expired", async () => {
    const request = createRequest();
    await connect().create(request);
    fake.fault = "no_expire";
    const { transactionId } = request;
    const seen = await connect().expire?.({ transactionId, reference: null });
    expect(seen).toMatchObject({ status: "pending" });
  });

  it("reads the state that a 409 of expire carries, and takes a 409 elsewhere for a call that may do later", async () => {
    const conflict = () => new Response(state({ status: "success" }).body, { status: 409 });
    expect(await connect(answering(conflict()).fetch).expire?.(reference)).toMatchObject({
      status: "succeeded",
    });
    const { fetch } = answering(conflict());
    await expect(connect(fetch).retrieve(reference)).rejects.toMatchObject({ kind: "unavailable" });
    await expect(connect(fetch).create(createRequest())).rejects.toMatchObject({ kind: "unavailable" });
  });

  it.each([
    [400, "rejected"],
    [402, "rejected"],
    [410, "rejected"],
    [422, "rejected"],
    // Our key's fault, or the moment's: the payment may still be opened.
    [401, "unavailable"],
    [403, "unavailable"],
    [408, "unavailable"],
    [409, "unavailable"],
    [425, "unavailable"],
  ])("takes %i for %s, and does not ask again at once", async (status, kind) => {
    const { calls, fetch } = answering(Response.json({ error: "no" }, { status }));
    await expect(connect(fetch).create(createRequest())).rejects.toMatchObject({ kind });
    expect(calls).toHaveLength(1);
  });

  it("takes `refunded` for a success of which all went back, unless it says how much", async () => {
    const seen = async (changes: Record<string, unknown>) =>
      connect(answering(state({ status: "refunded", ...changes })).fetch).retrieve(reference);
    expect(await seen({})).toMatchObject({ status: "succeeded", amountRefunded: 1999 });
    expect(await seen({ amount_refunded: 500 })).toMatchObject({ status: "succeeded", amountRefunded: 500 });
  });

  it("reads a part that went back of a success", async () => {
    const { fetch } = answering(state({ status: "success", amount_refunded: 500 }));
    expect(await connect(fetch).retrieve(reference)).toMatchObject({
      status: "succeeded",
      amountRefunded: 500,
    });
  });

  it.each([
    ["card_declined", "card_declined"],
    ["Card declined", null],
    ["<b>", null],
    ["a".repeat(65), null],
    [7, null],
    [undefined, null],
  ])("reads the failure code %j as %j", async (failure_code, failureCode) => {
    const { fetch } = answering(state({ status: "failure", failure_code }));
    expect(await connect(fetch).retrieve(reference)).toMatchObject({ status: "failed", failureCode });
  });

  it("verifies callbacks with any of several live secrets", async () => {
    const body = utf8(callback());
    const live = [OTHER_SECRET, GATEWAY_WEBHOOK_SECRET];
    for (const secret of live) {
      const headers = await standardWebhookHeaders(body, secret, Date.now());
      expect(
        await connect(fake.fetch, Date.now(), live).readWebhook({ url: CALLBACK_URL, headers, body }),
      ).toHaveLength(1);
    }
  });

  it("reads what the standardwebhooks package signed", async () => {
    const { headers, body } = signedCallback(callback());
    const bytes = new Uint8Array(await new Response(body).arrayBuffer());
    expect(await connect().readWebhook({ url: CALLBACK_URL, headers, body: bytes })).toHaveLength(1);
  });

  it("tells a duplicate by the gateway's event id, not by the transport's", async () => {
    const body = utf8(callback({ event_id: "evt_of_the_gateway" }));
    const headers = await standardWebhookHeaders(body, GATEWAY_WEBHOOK_SECRET, Date.now());
    const [notice] = await connect().readWebhook({ url: CALLBACK_URL, headers, body });
    expect(notice?.eventId).toBe("evt_of_the_gateway");
  });
});

describe("generic", () => {
  it("connects from its variables", async () => {
    const { calls, fetch } = answering(state());
    const gateway = generic.connect(generic.config.parse(variables), { fetch, now: Date.now });
    expect(gateway.id).toBe("generic");
    await gateway.retrieve(reference);
    expect(calls[0]?.url).toBe("https://gateway.example/v1/status/txn_1");
    const body = utf8(callback());
    const headers = await standardWebhookHeaders(body, GATEWAY_WEBHOOK_SECRET, Date.now());
    expect(await gateway.readWebhook({ url: CALLBACK_URL, headers, body })).toHaveLength(1);
  });

  it.each(Object.keys(variables))("is not connected without %s", (name) => {
    const result = generic.config.safeParse({ ...variables, [name]: undefined });
    expect(result.error?.issues.map(({ path }) => path[0])).toEqual([name]);
  });

  it("throws its errors as one class", () => {
    expect(new GatewayError("rejected", "no")).toMatchObject({ name: "GatewayError", retryAfterMs: null });
  });
});
