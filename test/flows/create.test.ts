/** What a shop sends to POST /transactions, and what it gets back. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, createApi, type Problem, terms } from "./support/api.ts";
import { API_KEY, GATEWAY_API_KEY, SECOND_API_KEY, SHOP_ORIGIN } from "./support/system.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let api: Api;

beforeAll(async () => {
  world = await startWorld();
  api = world.api;
});
afterAll(() => world?.stop());

const FIELDS = [
  "id",
  "order_id",
  "status",
  "version",
  "amount",
  "currency",
  "amount_captured",
  "amount_refunded",
  "gateway",
  "gateway_reference",
  "payment_url",
  "status_url",
  "socket_url",
  "client_secret",
  "return_url",
  "description",
  "failure",
  "late",
  "review_reason",
  "metadata",
  "created_at",
  "updated_at",
  "expires_at",
];

const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const lifeOf = (transaction: { created_at: string; expires_at: string }) =>
  (Date.parse(transaction.expires_at) - Date.parse(transaction.created_at)) / 1000;

describe("POST /transactions", () => {
  it("answers 201 with every field of the contract", async () => {
    const request = terms({
      return_url: `${SHOP_ORIGIN}/thanks?order=1`,
      description: "Two mugs, größe L ☕",
      customer: { email: "buyer@example.com", name: "A. Buyer", country: "DE", locale: "de-DE" },
      metadata: { cart: "42" },
    });
    const { status, body, headers } = await api.create(request);
    expect(status).toBe(201);
    expect(headers.get("content-type")).toContain("application/json");
    expect(Object.keys(body).sort()).toEqual([...FIELDS].sort());
    expect(body).toMatchObject({
      order_id: request.order_id,
      status: "pending",
      version: 1,
      amount: 1999,
      currency: "USD",
      amount_captured: 0,
      amount_refunded: 0,
      gateway: "generic",
      payment_url: world.gateway.session(body.id).paymentUrl,
      return_url: `${SHOP_ORIGIN}/thanks?order=1`,
      description: "Two mugs, größe L ☕",
      failure: null,
      late: false,
      review_reason: null,
      metadata: { cart: "42" },
    });
    expect(body.id).toMatch(/^txn_[0-9a-z]{26}$/);
    expect(body.socket_url).toBe(`${world.system.url.replace("http", "ws")}/transactions/${body.id}/socket`);
    expect(new URL(body.status_url).pathname).toBe(`/status/${body.id}`);
    expect(new URL(body.status_url).searchParams.get("client_secret")).toBe(body.client_secret);
    for (const time of [body.created_at, body.updated_at, body.expires_at]) {
      expect(time).toMatch(RFC_3339_UTC);
    }
  });

  it("asks the gateway with our id as its idempotency key and with every term", async () => {
    const { body } = await api.create(terms({ amount: 500, currency: "JPY", description: "Tea" }));
    const session = world.gateway.session(body.id);
    const [call] = world.gateway.callsOf("create", body.id);
    expect(session.idempotencyKey).toBe(body.id);
    expect(call?.authorization).toBe(`Bearer ${GATEWAY_API_KEY}`);
    expect(session.request).toMatchObject({
      transaction_id: body.id,
      order_id: body.order_id,
      amount: 500,
      currency: "JPY",
      description: "Tea",
      callback_url: `${world.system.url}/webhooks/generic`,
      return_url: expect.stringContaining(`${world.system.url}/status/${body.id}`),
      cancel_url: expect.any(String),
      expires_at: expect.any(String),
      capture: "automatic",
    });
  });

  it("lives 1800 s unless it is told otherwise", async () => {
    expect(lifeOf(await api.start())).toBe(1800);
  });

  it.each([1, 60, 604_800])("lives %d s on request", async (seconds) => {
    expect(lifeOf(await api.start({ expires_in: seconds }))).toBe(seconds);
  });

  it.each([1, Number.MAX_SAFE_INTEGER])("takes the amount %d", async (amount) => {
    expect((await api.create(terms({ amount }))).body.amount).toBe(amount);
  });

  it("gives each transaction an id and a secret of its own", async () => {
    const [first, second] = [await api.start(), await api.start()];
    expect(second.id).not.toBe(first.id);
    expect(second.client_secret).not.toBe(first.client_secret);
    expect(second.id > first.id).toBe(true);
  });
});

const badInputs: readonly (readonly [field: string, value: unknown])[] = [
  ["order_id", undefined],
  ["order_id", ""],
  ["order_id", 7],
  ["order_id", "two\nlines"],
  ["order_id", "nul\u0000"],
  ["order_id", "half a pair \ud800"],
  ["amount", undefined],
  ["amount", null],
  ["amount", 19.99],
  ["amount", "1999"],
  ["amount", 0],
  ["amount", -1],
  ["amount", 2 ** 53],
  ["amount", true],
  ["currency", undefined],
  ["currency", "usd"],
  ["currency", "XQX"],
  ["currency", "US"],
  ["currency", 840],
  ["currency", "USD "],
  ["gateway", "nonesuch"],
  ["gateway", "stripe"],
  ["return_url", "https://evil.example/thanks"],
  ["return_url", "https://shop.example.evil.example/"],
  ["return_url", "https://shop.example@evil.example/"],
  ["return_url", "http://shop.example/"],
  ["return_url", "https://shop.example:8443/"],
  ["return_url", "//evil.example/"],
  ["return_url", "javascript:alert(1)"],
  ["return_url", "data:text/html,hello"],
  ["return_url", "not a url"],
  ["description", 5],
  ["description", "bell\u0007"],
  ["customer", "buyer@example.com"],
  ["customer", { email: 5 }],
  ["metadata", { count: 1 }],
  ["metadata", ["a"]],
  ["metadata", "a=b"],
  ["expires_in", 0],
  ["expires_in", -60],
  ["expires_in", 1.5],
  ["expires_in", "60"],
  ["expires_in", 604_801],
  ["capture", "sometimes"],
];

/** Both forms of a JSON pointer, plain and as a fragment, to the field or into it. */
const pointsTo = (problem: Problem, field: string) =>
  (problem.errors ?? []).some(({ pointer }) => new RegExp(`^#?/${field}(/|$)`).test(pointer));

describe("POST /transactions with bad input", () => {
  const expectRefused = (answer: { status: number; headers: Headers; body: Problem }) => {
    expect([400, 422]).toContain(answer.status);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(answer.body).toMatchObject({
      type: expect.any(String),
      title: expect.any(String),
      status: answer.status,
      code: expect.any(String),
      request_id: expect.any(String),
    });
  };

  it.each(badInputs)(
    "refuses %s %j and points to it, before the gateway hears of it",
    async (field, value) => {
      const calls = world.gateway.calls.length;
      const answer = await api.createProblem(terms({ [field]: value }));
      expectRefused(answer);
      expect(pointsTo(answer.body, field), answer.text).toBe(true);
      expect(world.gateway.calls).toHaveLength(calls);
    },
  );

  it("names every bad field at once", async () => {
    const { body } = await api.createProblem({ order_id: "", amount: 1.5, currency: "usd" });
    for (const field of ["order_id", "amount", "currency"]) {
      expect(pointsTo(body, field), field).toBe(true);
    }
  });

  it("refuses a field it does not know and names it", async () => {
    const answer = await api.createProblem(terms({ amuont: 5 }));
    expectRefused(answer);
    expect(JSON.stringify(answer.body.errors)).toContain("amuont");
  });

  it.each(["", "{", "amount=1999", "null", "[]", '"text"', "7"])("refuses the body %j", async (raw) => {
    expectRefused(await api.call<Problem>("/transactions", { raw, method: "POST" }));
  });

  it("refuses an amount that is no number in JSON's sense", async () => {
    const raw = JSON.stringify(terms()).replace("1999", "1e400");
    expectRefused(await api.call<Problem>("/transactions", { raw }));
  });

  it("refuses bytes that are no UTF-8", async () => {
    const raw = Buffer.concat([Buffer.from('{"order_id":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    expectRefused(await api.call<Problem>("/transactions", { raw }));
  });

  it.each(["k".repeat(256), "clé"])("refuses the Idempotency-Key %j", async (key) => {
    expectRefused(await api.createProblem(terms(), key));
  });

  it("takes an Idempotency-Key of 255 printable characters", async () => {
    expect((await api.create(terms(), "k~ ".repeat(84).padEnd(255, "k"))).status).toBe(201);
  });

  it("refuses an oversized body with 413", async () => {
    const answer = await api.createProblem(terms({ description: "x".repeat(1_100_000) }));
    expect(answer.status).toBe(413);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
  });
});

describe("who may call", () => {
  const asShop = (bearer: string | null) => api.call<Problem>("/transactions", { body: terms(), bearer });

  it("lets each of the shop's keys in", async () => {
    expect((await asShop(SECOND_API_KEY)).status).toBe(201);
  });

  it.each([null, "", "key_nobody_has", API_KEY.slice(0, -1), `${API_KEY}x`, `${API_KEY},${SECOND_API_KEY}`])(
    "answers 401 to the bearer %j",
    async (bearer) => {
      const answer = await asShop(bearer);
      expect(answer.status).toBe(401);
      expect(answer.headers.get("content-type")).toContain("application/problem+json");
    },
  );

  it("answers 401 to a key under another scheme", async () => {
    const headers = { authorization: `Basic ${API_KEY}` };
    expect((await api.call("/transactions", { body: terms(), bearer: null, headers })).status).toBe(401);
  });

  it("answers 401 alike for what exists and what does not", async () => {
    const { id } = await api.start();
    for (const path of [`/transactions/${id}`, "/transactions/txn_00000000000000000000000000"]) {
      expect((await api.call(path, { bearer: null })).status, path).toBe(401);
      expect((await api.call(path, { bearer: "key_nobody_has" })).status, path).toBe(401);
    }
  });

  it("shows a browser its own transaction's public view and nothing else of it", async () => {
    const { id, client_secret, payment_url, expires_at } = await api.start();
    const { status, body } = await api.call(`/transactions/${id}`, { bearer: client_secret });
    expect(status).toBe(200);
    expect(body).toEqual({
      id,
      status: "pending",
      version: 1,
      final: false,
      amount: 1999,
      currency: "USD",
      payment_url,
      return_url: null,
      late: false,
      expires_at,
    });
  });

  it("answers 404 to a client secret for anything but its transaction", async () => {
    const [mine, other] = [await api.start(), await api.start()];
    const paths = [`/transactions/${other.id}`, "/transactions/txn_00000000000000000000000000"];
    for (const path of [...paths, `/transactions/${mine.id}/events`, "/transactions", "/events"]) {
      expect((await api.call(path, { bearer: mine.client_secret })).status, path).toBe(404);
    }
  });

  it("answers 401 to a client secret that somebody changed", async () => {
    const { id, client_secret } = await api.start();
    const changed = client_secret.slice(0, -4) + (client_secret.endsWith("AAAA") ? "BBBB" : "AAAA");
    expect((await api.call(`/transactions/${id}`, { bearer: changed })).status).toBe(401);
  });

  it("answers 404 to the shop for what does not exist", async () => {
    const paths = ["/transactions/txn_00000000000000000000000000", "/transactions/nonsense", "/nowhere"];
    for (const path of paths) {
      const answer = await createApi(world.system.url).call<Problem>(path);
      expect(answer.status, path).toBe(404);
      expect(answer.headers.get("content-type")).toContain("application/problem+json");
    }
  });
});
