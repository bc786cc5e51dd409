/** Every way to fail, over HTTP: one shape, one status for each code. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Gateway } from "../../src/gateways/gateway.ts";
import { app } from "../../src/http/app.ts";
import type { ProblemCode } from "../../src/http/problem.ts";
import worker from "../../src/index.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { signedCallback } from "../support/fake-gateway.ts";
import {
  createPending,
  createSystem,
  deliver,
  newOrder,
  ORIGIN,
  replaceServices,
  replaceStore,
  type System,
} from "../support/system.ts";

const create = (system: System, order: unknown, key = crypto.randomUUID()) =>
  system.call("POST", "/transactions", order, { "idempotency-key": key });

/** A second create of an order, after a callback about the first. */
async function createAfter(
  system: System,
  status: Parameters<System["gateway"]["callback"]>[1],
  changes: { readonly callback?: Record<string, unknown>; readonly order?: object } = {},
) {
  const { id, order_id } = await createPending(system);
  system.gateway.settle(id, status);
  await deliver(system, system.gateway.callback(id, status, changes.callback));
  return create(system, { ...newOrder({ order_id }), ...changes.order });
}

const PROBLEMS: Readonly<Record<ProblemCode, readonly [number, (system: System) => Promise<Response>]>> = {
  invalid_request: [400, (system) => create(system, {})],
  malformed_webhook: [400, (system) => system.fetch(signedCallback("{}"))],
  unauthorized: [401, (system) => system.fetch(new Request(`${ORIGIN}/transactions`))],
  origin_not_allowed: [
    403,
    (system) =>
      system.call("GET", "/transactions/x/socket", undefined, {
        ...{ upgrade: "websocket", origin: "https://evil.example" },
      }),
  ],
  not_found: [404, (system) => system.call("GET", "/transactions/x")],
  order_already_paid: [409, (system) => createAfter(system, "success")],
  order_in_review: [409, (system) => createAfter(system, "success", { callback: { amount: 1 } })],
  order_in_progress: [409, (system) => createAfter(system, "processing", { order: { amount: 1 } })],
  idempotency_in_progress: [
    409,
    async (system) => {
      const [order, meanwhile] = [newOrder(), [] as Response[]];
      system.gateway.before = async () => {
        meanwhile.push(await create(system, order, "same-key"));
      };
      await create(system, order, "same-key");
      return meanwhile[0] ?? Response.error();
    },
  ],
  not_cancelable: [
    409,
    async (system) => {
      const { id } = await createPending(system);
      await deliver(system, system.gateway.callback(id, "success"));
      return system.call("POST", `/transactions/${id}/cancel`);
    },
  ],
  not_capturable: [
    409,
    async (system) => system.call("POST", `/transactions/${(await createPending(system)).id}/capture`),
  ],
  not_refundable: [
    409,
    async (system) => system.call("POST", `/transactions/${(await createPending(system)).id}/refunds`),
  ],
  refund_exceeds_rest: [
    409,
    async (system) => {
      const { id } = await createPending(system);
      await deliver(system, system.gateway.callback(id, "success"));
      return system.call("POST", `/transactions/${id}/refunds`, { amount: 2000 });
    },
  ],
  not_in_review: [
    409,
    async (system) => system.call("POST", `/transactions/${(await createPending(system)).id}/accept`),
  ],
  not_settled: [
    409,
    async (system) => {
      const { id } = await createPending(system);
      await deliver(system, system.gateway.callback(id, "authorized", { amount: 1 }));
      return system.call("POST", `/transactions/${id}/accept`);
    },
  ],
  cannot_refund: [
    409,
    async (system) => {
      const { id } = await createPending(system);
      await deliver(system, system.gateway.callback(id, "success", { amount: 1 }));
      system.gateway.settle(id, "success");
      const { refund: _, ...gateway } = system.services.gateways.get("generic") as Gateway;
      replaceServices(system, { gateways: new Map([["generic", gateway]]) });
      return system.call("POST", `/transactions/${id}/reject`);
    },
  ],
  payload_too_large: [413, (system) => create(system, { description: "x".repeat(70_000) })],
  idempotency_mismatch: [
    422,
    async (system) => {
      const key = crypto.randomUUID();
      await create(system, newOrder(), key);
      return create(system, newOrder(), key);
    },
  ],
  upgrade_required: [426, (system) => system.call("GET", "/transactions/x/socket")],
  rate_limited: [
    429,
    async ({ services }) => {
      const request = new Request(`${ORIGIN}/health`, { headers: { "cf-connecting-ip": "192.0.2.1" } });
      const limiters = { LIMIT_READS: { limit: async () => ({ success: false }) } };
      return app.fetch(request, { services, requestId: "test", sandbox: null, limiters });
    },
  ],
  internal: [
    500,
    (system) => {
      replaceStore(system, { find: () => Promise.reject(new RangeError("SELECT secret_of_the_inside")) });
      return system.call("GET", "/transactions/x");
    },
  ],
  misconfigured: [
    500,
    () => {
      const request = new Request(`${ORIGIN}/health`) as Parameters<typeof worker.fetch>[0];
      return worker.fetch(
        request,
        { ...env, API_KEYS: "" } as unknown as typeof env,
        createExecutionContext(),
      );
    },
  ],
  gateway_rejected: [
    502,
    (system) => {
      system.gateway.fault = "refuse";
      return create(system, newOrder());
    },
  ],
  gateway_unavailable: [
    503,
    (system) => {
      system.gateway.fault = "busy";
      return create(system, newOrder());
    },
  ],
  database_unavailable: [
    503,
    (system) => {
      replaceStore(system, { find: () => Promise.reject(new StoreError("D1_ERROR: secret_of_the_inside")) });
      return system.call("GET", "/transactions/x");
    },
  ],
  contention: [
    503,
    async (system) => {
      const { id } = await createPending(system);
      replaceStore(system, { commit: async () => "conflict" });
      return system.call("POST", `/transactions/${id}/cancel`);
    },
  ],
};

describe("problemResponse", () => {
  it.each(Object.entries(PROBLEMS))("answers %s in the one shape", async (code, [status, provoke]) => {
    const system = await createSystem();
    const response = await provoke(system);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const text = await response.text();
    expect(text).not.toContain("secret_of_the_inside");
    const body = JSON.parse(text) as Record<string, unknown>;
    expect(body).toMatchObject({
      ...{ code, status, type: `urn:payment-edge:problem:${code}` },
      ...{ title: expect.stringMatching(/\w/), detail: expect.stringMatching(/\w/) },
      request_id: expect.stringMatching(/\w/),
    });
    const known = ["type", "title", "status", "detail", "code", "request_id", "errors", "transaction_id"];
    expect(Object.keys(body).filter((name) => !known.includes(name))).toEqual([]);
    expect(response.headers.has("retry-after")).toBe(
      [429, 503].includes(status) || code === "idempotency_in_progress",
    );
    expect(response.headers.has("www-authenticate")).toBe(status === 401);
  });

  it.each(["order_already_paid", "order_in_review", "order_in_progress", "gateway_rejected"] as const)(
    "names the transaction that %s is about",
    async (code) => {
      const response = await PROBLEMS[code][1](await createSystem());
      expect(await response.json()).toMatchObject({ transaction_id: expect.stringMatching(/^txn_\w{26}$/) });
    },
  );
});
