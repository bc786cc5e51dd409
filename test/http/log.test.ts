/** What is written to the log, on every way through the house: never a secret, a body, or a person. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StoreError } from "../../src/store/store-error.ts";
import { GATEWAY_API_KEY, GATEWAY_WEBHOOK_SECRET, signedCallback } from "../support/fake-gateway.ts";
import { FULFILMENT_SECRET } from "../support/fake-shop.ts";
import {
  API_KEY,
  createPending,
  createSystem,
  deliver,
  initiate,
  newOrder,
  ORIGIN,
  replaceServices,
  replaceStore,
} from "../support/system.ts";

const CANARIES = {
  email: "canary.person@mail.example",
  name: "Canary Person",
  description: "canary-description",
  note: "canary-metadata-value",
  key: "canary-idempotency-key",
  orderId: "canary-order",
  returnUrl: "https://shop.example/canary-path?canary-query=1",
  query: "canary-query-value",
  bearer: "canary-bearer-0123456789abcdef",
  webhook: "canary-webhook-body",
  shopAnswer: "canary-shop-answer",
  pan: "4242424242424242",
} as const;

const spies = () =>
  (["log", "info", "warn", "error", "debug"] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation(() => undefined),
  );
let consoles: ReturnType<typeof spies>;

beforeEach(() => {
  consoles = spies();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const written = () => consoles.flatMap(({ mock }) => mock.calls.map((call) => call.map(String).join(" ")));

/** Nothing of a person, no secret and no body in the lines; each one JSON, of known fields. */
function expectClean(secrets: readonly string[]): void {
  const lines = written();
  expect(lines.length).toBeGreaterThan(0);
  const text = lines.join("\n");
  const forbidden = [...Object.values(CANARIES), ...secrets, API_KEY, GATEWAY_API_KEY, "_secret_", "canary"];
  for (const word of [
    ...forbidden,
    GATEWAY_WEBHOOK_SECRET,
    FULFILMENT_SECRET,
    "client-secret-key-for-tests",
  ]) {
    expect(text).not.toContain(word);
  }
  for (const line of lines) {
    const { time, level, event } = JSON.parse(line) as Record<string, string>;
    expect(Date.parse(time ?? "")).not.toBeNaN();
    expect(["info", "warn", "error"]).toContain(level);
    expect(event).toMatch(/^[a-z_]+\.[a-z_]+$/);
  }
}

const order = () =>
  newOrder({
    ...{ order_id: `${CANARIES.orderId}-${crypto.randomUUID()}`, description: CANARIES.description },
    ...{ return_url: CANARIES.returnUrl, metadata: { note: CANARIES.note, pan: CANARIES.pan } },
    customer: { email: CANARIES.email, name: CANARIES.name },
  });

describe("the log", () => {
  it("is clean on the way to success", async () => {
    const system = await createSystem();
    const { body } = await initiate(system, order(), CANARIES.key);
    await deliver(system, system.gateway.callback(body.id, "success", { note: CANARIES.webhook }));
    await system.call("GET", `/transactions/${body.id}?x=${CANARIES.query}`);
    await system.fetch(new Request(`${ORIGIN}/status/${body.id}?client_secret=${body.client_secret}`));
    await system.call("GET", "/events");
    await system.settle();
    system.advance(3_600_000);
    await system.tick();
    expectClean([body.client_secret]);
    expect(written().join("\n")).toContain('"event":"delivery.succeeded"');
  });

  it.each(["down", "busy", "refuse", "lost_answer", "nonsense"] as const)(
    "is clean when the gateway is %s",
    async (fault) => {
      const system = await createSystem();
      const { id, client_secret } = await createPending(system, { ...order() });
      system.gateway.fault = fault;
      await initiate(system, order(), crypto.randomUUID());
      await system.call("POST", `/transactions/${id}/cancel`);
      system.advance(61_000);
      await system.tick().catch(() => undefined);
      expectClean([client_secret]);
    },
  );

  it("is clean of what is refused at the door", async () => {
    const system = await createSystem();
    await initiate(system, { ...order(), amount: -1, [CANARIES.note]: 1 }, `${CANARIES.key}\u0007`);
    await system.call("GET", `/transactions?cursor=${CANARIES.query}`);
    await system.call("GET", `/${CANARIES.query}`);
    await system.call("GET", "/transactions/x", undefined, { authorization: `Bearer ${CANARIES.bearer}` });
    await system.call("GET", "/transactions/x/socket", undefined, {
      ...{ upgrade: "websocket", origin: `https://${CANARIES.query}.example` },
      "sec-websocket-protocol": `payment-edge.v1, secret.${CANARIES.bearer}`,
    });
    const unsigned = JSON.stringify({ event_id: CANARIES.webhook, transaction_id: CANARIES.webhook });
    await system.fetch(new Request(`${ORIGIN}/webhooks/generic`, { method: "POST", body: unsigned }));
    await system.fetch(signedCallback(unsigned));
    await system.fetch(new Request(`${ORIGIN}/webhooks/${CANARIES.query}`, { method: "POST", body: "x" }));
    await system.fetch(new Request(`${ORIGIN}/status/x?client_secret=${CANARIES.bearer}`));
    expectClean([]);
  });

  it("is clean when D1 fails, or something that nobody foresaw", async () => {
    const system = await createSystem();
    const failures = [new StoreError("D1_ERROR: connection lost"), new RangeError("out of range")];
    for (const failure of failures) {
      const heal = replaceStore(system, {
        insert: () => Promise.reject(failure),
        commit: () => Promise.reject(failure),
      });
      expect((await initiate(system, order(), CANARIES.key)).status).toBeGreaterThanOrEqual(500);
      heal();
      const { id, client_secret } = await createPending(system, { ...order() });
      const broken = replaceStore(system, { commit: () => Promise.reject(failure) });
      await deliver(system, system.gateway.callback(id, "success", { note: CANARIES.webhook }));
      broken();
      expectClean([client_secret]);
    }
    expect(written().filter((line) => line.includes("request.failed"))).toHaveLength(4);
  });

  it("is clean when the shop fails, whatever it answers", async () => {
    const system = await createSystem({
      FULFILMENT_URL: "https://shop.example/hooks?token=canary-hook-token",
    });
    for (const status of [302, 410, 500]) {
      system.shop.answer = () => new Response(CANARIES.shopAnswer, { status });
      const { id } = await createPending(system, { ...order() });
      await deliver(system, system.gateway.callback(id, "success"));
      await system.settle();
    }
    replaceServices(system, { fetch: () => Promise.reject(new TypeError("connection refused")) });
    const { id } = await createPending(system, { ...order() });
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    expectClean([]);
    expect(written().join("\n")).toContain('"event":"delivery.failed"');
  });

  it("says of each request what it was, and not where to", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await system.call("GET", `/transactions/${id}?x=1`);
    const line = written().findLast((entry) => entry.includes("request.completed")) ?? "{}";
    expect(JSON.parse(line)).toMatchObject({
      ...{ event: "request.completed", request_id: "test", method: "GET", http_status: 200 },
      ...{ route: "/transactions/:id", duration_ms: expect.any(Number) },
    });
    expect(line).not.toContain("?x=1");
  });
});
