/** The adapter against the simulated gateway that is built in: the whole Worker answers, as in production. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RawWebhook } from "../../src/gateways/gateway.ts";
import { connectGeneric } from "../../src/gateways/generic.ts";
import { connectSandbox } from "../../src/mount-sandbox.ts";
import { sandboxCredentials } from "../../src/sandbox/credentials.ts";
import type { SandboxSession } from "../../src/sandbox/sandbox-session.ts";
import { createServices } from "../../src/services.ts";
import { createRequest, standardWebhookHeaders, testGateway, toSecond } from "../support/gateway-contract.ts";

const SANDBOX_URL = "http://localhost:8787/sandbox";
const credentials = await sandboxCredentials(env.CLIENT_SECRET_KEY.split(",")[0] ?? "");
const stranger = await sandboxCredentials("the key of another installation");
const sessions = env.SANDBOX_SESSIONS as unknown as DurableObjectNamespace<SandboxSession>;

/** The Worker itself. What a call makes the sandbox send is sent before it answers, so that no alarm outlives a test. */
async function vendor(request: Request): Promise<Response> {
  const response = await exports.default.fetch(request);
  const [, id] = /\/(?:expire|capture|refund)\/(\w+)$/.exec(new URL(request.url).pathname) ?? [];
  if (id !== undefined) {
    await runDurableObjectAlarm(sessions.getByName(id));
  }
  return response;
}

const connect = (fetch = vendor, now = Date.now()) =>
  connectGeneric(
    {
      id: "sandbox",
      title: "Sandbox",
      mode: "test",
      url: SANDBOX_URL,
      apiKey: credentials.apiKey,
      webhookSecrets: [credentials.webhookSecret],
    },
    { fetch, now: () => now },
  );

/** As the Worker itself has it. */
async function findSandbox() {
  const invocation = { requestId: "test", now: Date.now, waitUntil: () => undefined };
  const { gateways } = await createServices(env, invocation, connectSandbox);
  return gateways.get("sandbox") ?? expect.unreachable("the sandbox is on");
}

/** What the buyer does on the pay page. */
async function pay(id: string, outcome: string, webhook = "none"): Promise<void> {
  const body = new URLSearchParams({ outcome, webhook });
  const request = new Request(`${SANDBOX_URL}/pay/${id}`, { method: "POST", body, redirect: "manual" });
  expect((await vendor(request)).status).toBe(303);
}

/** What the merchant does at the gateway, not through us. */
async function manage(path: string, body: Record<string, unknown>, key: string): Promise<void> {
  const headers = {
    authorization: `Bearer ${credentials.apiKey}`,
    "content-type": "application/json",
    "idempotency-key": key,
  };
  const request = new Request(`${SANDBOX_URL}${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  expect((await vendor(request)).status).toBe(200);
}

const outcome = (name: string) => (id: string) => pay(id, name);

async function refund(id: string, amount: number): Promise<void> {
  await pay(id, "success");
  const refund_id = `rfn_${id}`;
  await manage(`/refund/${id}`, { refund_id, amount, currency: "USD" }, refund_id);
}

testGateway({
  name: "connectGeneric to the sandbox",
  connect: ({ fetch, now }) => connect(fetch, now()),
  modes: { "the built-in one": "test" },
  connectAs: findSandbox,
  vendor,
  secrets: [credentials.apiKey, credentials.webhookSecret],
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
      bring: outcome("processing"),
      means: { status: "processing" },
      afterExpire: "processing",
    },
    {
      name: "authorized",
      bring: outcome("authorize"),
      means: { status: "authorized" },
      afterExpire: "authorized",
    },
    { name: "success", bring: outcome("success"), means: { status: "succeeded" }, afterExpire: "succeeded" },
    {
      name: "failure",
      bring: outcome("failure"),
      means: { status: "failed", failureCode: "card_declined" },
      afterExpire: "expired",
    },
    { name: "cancelled", bring: outcome("cancel"), means: { status: "canceled" }, afterExpire: "canceled" },
    {
      name: "expired",
      bring: (id) => manage(`/expire/${id}`, {}, id),
      means: { status: "expired" },
      afterExpire: "expired",
    },
    {
      name: "success, partly refunded",
      bring: (id) => refund(id, 500),
      means: { status: "succeeded", amountRefunded: 500 },
      afterExpire: "succeeded",
    },
    {
      name: "refunded",
      bring: (id) => refund(id, 1999),
      means: { status: "succeeded", amountRefunded: 1999 },
      afterExpire: "succeeded",
    },
  ],
  hold: outcome("authorize"),
  pay: outcome("success"),
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
      JSON.stringify({
        event_id: eventId,
        transaction_id: transactionId,
        status: "success",
        amount,
        currency,
        amount_refunded: 0,
        occurred_at: "2026-11-22T12:00:00.000Z",
      }),
    readsAlone: true,
    sign: async (body, { secret = credentials.webhookSecret, at = Date.now() }) => ({
      body,
      headers: await standardWebhookHeaders(body, secret, at),
    }),
    otherSecret: stranger.webhookSecret,
    malformed: ['{"event_id":"evt_1"}'],
    toleranceMs: 300_000,
  },
});

describe("the sandbox's own callbacks", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Lets the buyer pay and catches what the sandbox sends then. */
  async function callbacksOf(webhook: string) {
    const caught: RawWebhook[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const request = new Request(input, init);
      caught.push({
        url: request.url,
        headers: request.headers,
        body: new Uint8Array(await request.arrayBuffer()),
      });
      return new Response(null, { status: 200 });
    });
    const request = createRequest({ callbackUrl: "https://elsewhere.example/webhooks/sandbox" });
    await connect().create(request);
    await pay(request.transactionId, "success", webhook);
    await runDurableObjectAlarm(sessions.getByName(request.transactionId));
    await vi.waitFor(() => expect(caught).not.toHaveLength(0));
    return { id: request.transactionId, caught };
  }

  it("verify and read as paid", async () => {
    const { id, caught } = await callbacksOf("once");
    const notices = await Promise.all(caught.map((callback) => connect().readWebhook(callback)));
    expect(notices).toMatchObject([
      [{ transactionId: id, observation: { status: "succeeded", amount: 1999, currency: "USD" } }],
    ]);
  });

  it("carry another sum where the tester asks for wrong_amount", async () => {
    const { caught } = await callbacksOf("wrong_amount");
    const notices = await Promise.all(caught.map((callback) => connect().readWebhook(callback)));
    expect(notices.flat().map(({ observation }) => observation.amount)).not.toContain(1999);
  });

  it("do not verify where the tester asks for bad_signature", async () => {
    const { caught } = await callbacksOf("bad_signature");
    for (const callback of caught) {
      await expect(connect().readWebhook(callback)).rejects.toMatchObject({ kind: "unverified" });
    }
  });
});

describe("connectGeneric with a wrong API key", () => {
  it("may be repeated once the key is right", async () => {
    const config = { id: "sandbox", title: "Sandbox", url: SANDBOX_URL, apiKey: stranger.apiKey };
    const gateway = connectGeneric(
      { ...config, mode: "test", webhookSecrets: [] },
      { fetch: vendor, now: Date.now },
    );
    await expect(gateway.create(createRequest())).rejects.toMatchObject({ kind: "unavailable" });
  });
});
