/** The sandbox as a test drives it: the real routes and Durable Objects, a recording `fetch`, and a test's own ids. */
import { env } from "cloudflare:workers";
import { type MockInstance, vi } from "vitest";
import { newTypeId } from "../../src/lib/id.ts";
import { verifyWebhook } from "../../src/lib/standard-webhooks.ts";
import { sandboxCredentials } from "../../src/sandbox/credentials.ts";
import type { DemoOrder } from "../../src/sandbox/demo-order.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import type { SandboxSession } from "../../src/sandbox/sandbox-session.ts";

export const PUBLIC_URL = "https://pay.test";
export const SHOP_API_KEY = "sk_test_0123456789abcdefghijkl";
export const FULFILMENT_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

export const sessions = env.SANDBOX_SESSIONS as unknown as DurableObjectNamespace<SandboxSession>;
export const orders = env.DEMO_ORDERS as unknown as DurableObjectNamespace<DemoOrder>;
export const credentials = await sandboxCredentials(env.CLIENT_SECRET_KEY.split(",")[0] ?? "");

/** @param api stands for payment-edge's own API, as the demo shop calls it */
export function buildSandbox(api: (request: Request) => Promise<Response> = refuseCalls) {
  return createSandbox({
    publicUrl: PUBLIC_URL,
    credentials,
    shopApiKey: SHOP_API_KEY,
    fulfilmentSecrets: [FULFILMENT_SECRET],
    fetch: api,
    sessions,
    orders,
    now: Date.now,
    newId: (prefix) => newTypeId(prefix, Date.now()),
  });
}

async function refuseCalls(request: Request): Promise<Response> {
  throw new Error(`the test expects no call to ${request.url}`);
}

export function newTransactionId(): string {
  return newTypeId("txn", Date.now());
}

export function terms(transactionId: string) {
  return {
    transaction_id: transactionId,
    order_id: "order-1",
    amount: 1999,
    currency: "USD",
    callback_url: "https://shop.test/webhooks/sandbox",
    return_url: "https://shop.test/back?client_secret=s",
    cancel_url: "https://shop.test/cancelled",
    expires_at: "2030-01-01T00:00:00.000Z",
    capture: "automatic",
  };
}

/** A call of the gateway's API with its key, and with the Idempotency-Key that the body asks for. */
export function callGateway(path: string, body?: Record<string, unknown>): Request {
  const key = body?.transaction_id ?? body?.refund_id;
  return new Request(`${PUBLIC_URL}/sandbox${path}`, {
    method: path.startsWith("/status/") ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${credentials.apiKey}`,
      ...(body && { "content-type": "application/json" }),
      ...(typeof key === "string" && { "idempotency-key": key }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
}

export function postForm(path: string, fields: Record<string, string>): Request {
  return new Request(`${PUBLIC_URL}${path}`, { method: "POST", body: new URLSearchParams(fields) });
}

/** The sessions of this file so far. */
const opened = new Set<string>();

/** Opens a session. */
export async function openSession(extra: Record<string, unknown> = {}): Promise<string> {
  const id = newTransactionId();
  opened.add(id);
  const answer = await buildSandbox().request(callGateway("/create-session", { ...terms(id), ...extra }));
  if (answer.status !== 201) {
    throw new Error(await answer.text());
  }
  return id;
}

/** Opens a session and lets its buyer choose. */
export async function openSettled(
  outcome: string,
  webhook = "none",
  extra: Record<string, unknown> = {},
): Promise<string> {
  const id = await openSession(extra);
  const answer = await buildSandbox().request(postForm(`/sandbox/pay/${id}`, { outcome, webhook }));
  if (answer.status !== 303) {
    throw new Error(await answer.text());
  }
  return id;
}

export interface ReceivedCallback {
  readonly url: string;
  readonly verified: boolean;
  readonly webhookId: string | null;
  readonly body: Record<string, unknown>;
}

/** Takes callbacks in the place of the network. Answers with each of `statuses` in turn, then with 200. */
export function receiveCallbacks(...statuses: number[]): {
  readonly received: ReceivedCallback[];
  readonly spy: MockInstance<typeof fetch>;
} {
  const received: ReceivedCallback[] = [];
  const earlier = new Set(opened);
  const spy = vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const bytes = new Uint8Array(await request.arrayBuffer());
    const body = JSON.parse(new TextDecoder().decode(bytes));
    if (earlier.has(body.transaction_id)) {
      // An alarm that an earlier test has left behind.
      return new Response(null, { status: 200 });
    }
    const { webhookSecret } = credentials;
    const verified = await verifyWebhook([webhookSecret], request.headers, bytes, Date.now());
    received.push({
      url: request.url,
      verified: verified !== null,
      webhookId: request.headers.get("webhook-id"),
      body,
    });
    const status = statuses.shift() ?? 200;
    if (status === 0) {
      throw new TypeError("network down");
    }
    return new Response(null, { status });
  });
  return { received, spy };
}
