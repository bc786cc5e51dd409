/**
 * What the adapter says to PayPal, and what the fake answers and tells, by PayPal's own OpenAPI documents. (Their package
 * names the tools that it is written with as dependencies; the overrides in package.json leave those out.)
 */
import { describe, expect, it } from "vitest";
import type { CreateRequest, Gateway, Tools } from "../../src/gateways/gateway.ts";
import { connectPayPal, paypal } from "../../src/gateways/paypal.ts";
import { utf8 } from "../../src/gateways/signature.ts";
import { createRequest } from "../support/gateway-contract.ts";
import { captureRequest, refundRequest } from "../support/money-contract.ts";
import { createJudge, type OpenApi } from "../support/openapi.ts";
import { FakePayPal, PAYPAL_URL } from "../support/vendors/paypal.ts";

type Json = Record<string, unknown>;
type Exchange = readonly [Request, Response];

const NAMES = [
  "checkout_orders_v2",
  "payments_payment_v2",
  "notifications_webhooks_v1",
  "customer_disputes_v1",
];
const TOKENS = `${PAYPAL_URL}/v1/oauth2/token`;
const more = (name: string) => `,{"name":"${name}","in":"query","schema":{"type":"string"}}`;

/** Where the documents are behind the API or contradict themselves: what they say, and what is meant. */
const AMENDMENTS: readonly (readonly [said: RegExp, meant: string])[] = [
  // "return=representation", which the same parameter describes, has 21 characters.
  [/"maxLength":20,"pattern":"\^\[a-z=\]\*\$"/g, '"maxLength":21,"pattern":"^[a-z=]*$"'],
  // A refusal's `issues` are its `details`, and it has links: CustomError of @paypal/paypal-server-sdk.
  [/"issues":\{/g, '"links":{"type":"array"},"details":{'],
  // How an issue is worded "can change over the lifetime of an API", says error_details.
  [/"description":\{"type":"string","enum":\[("(\\.|[^"\\])*",?)+\]\}/g, '"description":{"type":"string"}'],
  // The next page's address says more: the sample for webhooks-events in PayPal's REST reference.
  [
    /\{"\$ref":"#\/components\/parameters\/event_type"\}/g,
    `$&${["move_to", "index_time", "index_id"].map(more).join("")}`,
  ],
];

/** Without types: the Worker's would clash with Node's. */
const load = async <T>(name: string): Promise<T> => (await import(/* @vite-ignore */ name)) as T;
const { createRequire } = await load<{ createRequire(from: string): (name: string) => object }>(
  "node:module",
);
const require = createRequire(import.meta.url);
const texts = NAMES.map((name) =>
  JSON.stringify(require(`@paypal/paypal-rest-api-specifications/openapi/${name}.json`)),
);
const amend = (text: string) => AMENDMENTS.reduce((all, [said, meant]) => all.replace(said, meant), text);
const judge = createJudge(texts.map((text): OpenApi => JSON.parse(amend(text))));

const fake = new FakePayPal();
const { root } = await fake.pki;

/** The calls to PayPal's API; those for certificates go to another host. */
function recording() {
  const said: Exchange[] = [];
  const fetch: Tools["fetch"] = async (request) => {
    const copy = request.clone();
    const response = await fake.fetch(request);
    if (request.url.startsWith(PAYPAL_URL)) {
      said.push([copy, response.clone()]);
    }
    return response;
  };
  const settings = paypal.config.parse(fake.variables(PAYPAL_URL));
  return { said, gateway: connectPayPal(settings, { fetch, now: Date.now }, [root]) };
}

/** From the page to the money back, and much that goes wrong on the way. @returns our id */
async function live(gateway: Gateway, capture: CreateRequest["capture"]): Promise<string> {
  const request = createRequest({ capture });
  const { transactionId } = request;
  const { observation } = await gateway.create(request);
  const reference = { transactionId, reference: observation.reference };
  fake.pay(transactionId);
  fake.refusal = "TRANSACTION_REFUSED";
  await gateway.complete?.(reference);
  fake.refusal = null;
  await Promise.all([1, 2].map(() => gateway.complete?.(reference)));
  await gateway.capture?.(reference, captureRequest(request, { amount: 1500 }));
  const asked = refundRequest(request, { amount: 500 });
  const given = await gateway.refund?.(reference, asked);
  for (const known of [given?.reference ?? null, "3CGONE"]) {
    expect(await gateway.refund?.(reference, { ...asked, reference: known })).toEqual(given);
  }
  await expect(gateway.refund?.(reference, refundRequest(request, { amount: 5000 }))).rejects.toThrow("422");
  expect(await gateway.retrieve({ ...reference, reference: "5OGONE" })).toMatchObject({ status: "missing" });
  return transactionId;
}

/** Without its relations: the order is found over the links. */
async function deliver(gateway: Gateway, kind: string) {
  const told = fake.events.findLast(({ event_type }) => event_type === kind);
  const resource = { ...(told?.resource as Json), supplementary_data: undefined };
  const body = utf8(JSON.stringify({ ...told, resource }));
  const [url, headers] = ["http://localhost:8787/webhooks/paypal", await fake.sign(body)];
  expect(await gateway.readWebhook({ url, headers, body })).toHaveLength(1);
}

async function verdictsOn(said: readonly Exchange[]) {
  const calls = said.filter(([{ url }]) => url !== TOKENS);
  const all = await Promise.all(calls.map(([request, response]) => judge(request, response)));
  const faults = all.flatMap((each) => each.faults.map((fault) => `${each.operation}: ${fault}`));
  return { faults, operations: [...new Set(all.map(({ operation }) => operation))].toSorted() };
}

describe("PayPal's OpenAPI documents", () => {
  it("know what the adapter asks in the lives of orders, and what the fake answers", async () => {
    const { said, gateway } = recording();
    for (const capture of ["automatic", "manual"] as const) {
      await live(gateway, capture);
      await deliver(gateway, "PAYMENT.CAPTURE.COMPLETED");
      await deliver(gateway, "PAYMENT.CAPTURE.REFUNDED");
    }
    fake.events.push(...Array.from({ length: 100 }, () => ({ ...fake.events.at(-1) })));
    const missed = gateway.missedEvents?.(Date.now() - 60_000, Date.now() + 60_000) ?? [];
    expect((await Array.fromAsync(missed)).length).toBeGreaterThan(100);
    expect(await verdictsOn(said)).toEqual({
      faults: [],
      operations: [
        "GET /v1/notifications/webhooks-events",
        "GET /v2/checkout/orders/{id}",
        "GET /v2/payments/authorizations/{authorization_id}",
        "GET /v2/payments/captures/{capture_id}",
        "GET /v2/payments/refunds/{refund_id}",
        "POST /v2/checkout/orders",
        "POST /v2/checkout/orders/{id}/authorize",
        "POST /v2/checkout/orders/{id}/capture",
        "POST /v2/payments/authorizations/{authorization_id}/capture",
        "POST /v2/payments/captures/{capture_id}/refund",
      ],
    });
  });

  it("know an order in each currency, with much and with little said in it", async () => {
    const { said, gateway } = recording();
    // The token is asked for anew, as their security schemes have it (RFC 6749, 4.4.2).
    fake.revokeTokens();
    const customer = { email: "ada@example.com", name: "Ada", country: "NL", locale: "nl-NL" };
    for (const currency of Intl.supportedValuesOf("currency")) {
      const much = { currency, amount: 100_000_000, description: "ü".repeat(200), customer };
      const little = { currency, amount: 100, description: null, capture: "manual" } as const;
      await Promise.allSettled([much, little].map((each) => gateway.create(createRequest(each))));
    }
    const orders = said.filter(([{ url }, { status }]) => url !== TOKENS && status === 201);
    expect(orders).toHaveLength(48);
    expect((await verdictsOn(said)).faults).toEqual([]);
    const [token] = said.find(([{ url }]) => url === TOKENS) ?? [];
    expect(texts[0]).toContain(`"clientCredentials":{"tokenUrl":"${new URL(TOKENS).pathname}"`);
    expect([token?.method, await token?.text()]).toEqual(["POST", "grant_type=client_credentials"]);
    expect(token?.headers.get("content-type")).toBe("application/x-www-form-urlencoded");
  });

  it("know the events that the fake tells, and what they are about", async () => {
    for (const capture of ["automatic", "manual"] as const) {
      const id = await live(recording().gateway, capture);
      fake.void(id);
      fake.tellDispute(id, "RESOLVED", { status: "RESOLVED", dispute_outcome: { outcome_code: "ACCEPTED" } });
    }
    const places = new Map([
      ["authorization", "/v2/payments/authorizations/5O1"],
      ["capture", "/v2/payments/captures/5O1"],
      ["checkout-order", "/v2/checkout/orders/5O1"],
      ["dispute", "/v1/customer/disputes/5O1"],
      ["refund", "/v2/payments/refunds/5O1"],
    ]);
    const kinds = new Set(fake.events.map(({ resource_type }) => String(resource_type)));
    expect([...kinds].toSorted()).toEqual([...places.keys()]);
    const answer = (path: string | undefined, told: unknown): Exchange => {
      const headers = { authorization: "Bearer A21AAFake" };
      return [new Request(`${PAYPAL_URL}${path}`, { headers }), Response.json(told)];
    };
    const shown = fake.events.flatMap((event) => [
      answer(places.get(String(event.resource_type)), event.resource),
      answer("/v1/notifications/webhooks-events/58D3295", event),
    ]);
    expect((await verdictsOn(shown)).faults).toEqual([]);
  });

  const paying = (payment_source: Json) => ({ body: { payment_source } });
  const amount = { currency_code: "USD", value: 19.99 };

  it.each<[string, RegExp, { body?: Json; headers?: Record<string, string>; path?: string }]>([
    ["a misspelt property", /"intend"/, { body: { intend: "CAPTURE" } }],
    ["one that is deep in it", /"returnUrl"/, paying({ paypal: { experience_context: { returnUrl: "/" } } })],
    ["a sum that is a number", /value must be string/, { body: { purchase_units: [{ amount }] } }],
    ["what only PayPal says", /"last_digits"/, paying({ card: { last_digits: "1111" } })],
    ["no key", /'paypal-request-id'/, { headers: { "paypal-request-id": "" } }],
    ["a misspelt header", /"preferred"/, { headers: { preferred: "return=minimal" } }],
    ["no access token", /no access token/, { headers: { authorization: "Basic Zm9v" } }],
    ["another form", /not called JSON/, { headers: { "content-type": "text/plain" } }],
    ["an unknown query", /"fields"/, { path: "/v2/checkout/orders?fields=id" }],
    ["an unknown path", /no operation/, { path: "/v2/checkout/order" }],
  ])("refuse %s", async (_what, fault, { body, headers: changes = {}, path = "/v2/checkout/orders" }) => {
    const { said, gateway } = recording();
    await gateway.create(createRequest());
    const [request] = said.at(-1) ?? [];
    const headers = Object.entries({ ...Object.fromEntries(request?.headers ?? []), ...changes });
    const spoilt = new Request(`${PAYPAL_URL}${path}`, {
      method: "POST",
      headers: headers.filter(([, value]) => value !== ""),
      body: JSON.stringify({ ...((await request?.json()) as Json), ...body }),
    });
    expect(await judge(spoilt)).toMatchObject({ faults: [expect.stringMatching(fault)] });
  });

  it("refuse an answer that is not as they have it", async () => {
    const headers = { authorization: "Bearer A21AAFake" };
    const answer = Response.json({ id: "5O1", status: "DONE", state: 1, links: [{ rel: "self" }] });
    const { faults } = await judge(new Request(`${PAYPAL_URL}/v2/checkout/orders/5O1`, { headers }), answer);
    const wrong = [
      /^answer: {2}must NOT .*"state"/,
      /^answer: \/links\/0 .*'href'/,
      /^answer: \/status must be/,
    ];
    expect(faults.toSorted()).toEqual(wrong.map((each) => expect.stringMatching(each)));
  });

  it.each(AMENDMENTS)("still say what is amended: %s", (said) => {
    expect(texts.join().search(said)).toBeGreaterThan(0);
  });
});
