/** S1 and S10: 10,000 requests that nobody sane would send. None breaks anything, and each answer is a proper one. */
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { statusOf } from "../../src/http/problem.ts";
import { createServices } from "../../src/services.ts";
import { createPaid } from "../support/money.ts";
import { openConsole } from "../support/operator.ts";
import { inParallel } from "../support/parallel.ts";
import {
  API_KEY,
  createPending,
  emptyTables,
  ORIGIN,
  replaceServices,
  type System,
} from "../support/system.ts";
import { digestTables } from "./books.ts";
import { type Fuzzed, fuzzedRequests, type Known } from "./fuzzed-request.ts";

const COUNT = 10_000;
const AT_ONCE = 32;
const SEED = 20261126;

/** All adapters, so that each one's door is tried. */
const VENDORS = {
  STRIPE_SECRET_KEY: "sk_test_fake_0123456789abcdef",
  STRIPE_WEBHOOK_SECRET: "whsec_fake_stripe_0123456789abcdef",
  PAYPAL_CLIENT_ID: "paypal-client-id-for-tests-only",
  PAYPAL_CLIENT_SECRET: "paypal-client-secret-for-tests-only",
  PAYPAL_WEBHOOK_ID: "paypalwebhookfortests",
  ADYEN_API_KEY: "adyen-api-key-for-tests-only-0123",
  ADYEN_HMAC_KEY: "C0FFEE".repeat(11).slice(0, 64),
  ADYEN_MERCHANT_ACCOUNT: "Merchant",
  ADYEN_API_URL: "https://checkout-test.adyen.com/v71",
  MOLLIE_API_KEY: "test_mollie_for_tests_only_0123456789",
  MOLLIE_WEBHOOK_SECRET: "mollie-webhook-secret-for-tests-only",
  RAZORPAY_KEY_ID: "rzp_test_fortestsonly",
  RAZORPAY_KEY_SECRET: "razorpay-key-secret-for-tests-only",
  RAZORPAY_WEBHOOK_SECRET: "razorpay-webhook-secret-for-tests",
  PAYSTACK_SECRET_KEY: "sk_test_paystack_for_tests_only_0123",
  SQUARE_ACCESS_TOKEN: "square-access-token-for-tests-only",
  SQUARE_LOCATION_ID: "Location",
  SQUARE_WEBHOOK_SIGNATURE_KEY: "square-signature-key-for-tests-only",
};

let system: System;
let known: Known;
let faults: ReturnType<typeof vi.spyOn>;

beforeAll(async () => {
  await emptyTables();
  const opened = await openConsole();
  ({ system } = opened);
  const real = await createServices({ ...env, ...VENDORS } as unknown as Cloudflare.Env, {
    ...{ requestId: "test", now: Date.now, waitUntil: () => undefined },
  });
  const generic = system.services.gateways.get("generic");
  const doors = [...real.gateways.values()].map(
    // The doctor would ask each of them, and there is no network here.
    (vendor) =>
      [vendor.id, { ...vendor, ...generic, id: vendor.id, readWebhook: vendor.readWebhook }] as const,
  );
  replaceServices(system, { gateways: new Map([...doors, ...system.services.gateways]) });
  const paid = await createPaid(system);
  const { id, client_secret } = await createPending(system);
  await system.settle();
  const event = `evt_${paid.id.slice("txn_".length)}_1`;
  const cookie = [...opened.operator.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  known = { id, event, clientSecret: client_secret, apiKey: API_KEY, cookie };
  faults = vi.spyOn(console, "error").mockImplementation(() => undefined);
});

/** Null for what the platform itself would let nobody send. */
function toRequest({ method, path, headers, body }: Fuzzed): Request | null {
  try {
    return new Request(`${ORIGIN}${path}`, { method, headers, body });
  } catch {
    return null;
  }
}

/** What is wrong with an answer; null for a proper one. */
async function findFault(request: Request, response: Response): Promise<string | null> {
  const { status, headers } = response;
  response.webSocket?.accept();
  response.webSocket?.close();
  if (status === 101) {
    return null;
  }
  const text = await response.text();
  return status >= 500
    ? `answered ${status}: ${text}`
    : (findHeaderFault(headers) ?? findBodyFault(request, response, text));
}

/** S10. */
function findHeaderFault(headers: Headers): string | null {
  const policy = headers.get("content-security-policy") ?? "";
  const checks: readonly (readonly [string, boolean])[] = [
    [
      "content-security-policy",
      policy.startsWith("default-src 'none'") && policy.includes("frame-ancestors 'none'"),
    ],
    ["an unsafe policy", !/unsafe-|\*|data:|https?:/.test(policy)],
    ["x-content-type-options", headers.get("x-content-type-options") === "nosniff"],
    [
      "strict-transport-security",
      /^max-age=\d{8}; includeSubDomains$/.test(headers.get("strict-transport-security") ?? ""),
    ],
    ["referrer-policy", /^(no-referrer|same-origin)$/.test(headers.get("referrer-policy") ?? "")],
    ["cache-control", /no-store|no-cache/.test(headers.get("cache-control") ?? "")],
    ["x-request-id", headers.get("x-request-id") === "test"],
  ];
  return checks.find(([, isGood]) => !isGood)?.[0] ?? null;
}

function findBodyFault({ method }: Request, { status, headers }: Response, text: string): string | null {
  const type = headers.get("content-type") ?? "";
  if (status < 400 || method === "HEAD" || type.startsWith("text/html")) {
    return /RangeError|TypeError|D1_ERROR|\.ts:\d|SQLITE/.test(text) ? `tells of the inside: ${text}` : null;
  }
  const { code } = JSON.parse(text) as { code: Parameters<typeof statusOf>[0] };
  return type === "application/problem+json" && statusOf(code)[0] === status
    ? null
    : `no problem: ${type} ${text}`;
}

describe(`S1 and S10: ${COUNT} requests without sense (seed ${SEED})`, () => {
  it("get no 5xx and the headers of every answer, call nobody, and leave D1 as it was", async () => {
    const before = await digestTables();
    const calls = system.gateway.calls.filter((call) => !call.startsWith("GET")).length;
    const told = system.shop.received.length;
    const sent = fc.sample(fuzzedRequests(known), { seed: SEED, numRuns: COUNT });
    const counts = new Map<number, number>();
    const wrong: string[] = [];
    await inParallel(sent, AT_ONCE, async (fuzzed) => {
      const request = toRequest(fuzzed);
      if (request === null) {
        return;
      }
      const response = await system.fetch(request);
      counts.set(response.status, (counts.get(response.status) ?? 0) + 1);
      const fault = await findFault(request, response);
      if (fault !== null && wrong.length < 5) {
        wrong.push(`${JSON.stringify(fuzzed).slice(0, 2000)} ${fault.slice(0, 500)}`);
      }
    });
    await system.settle();
    expect(wrong).toEqual([]);
    expect(faults.mock.calls.flat()).toEqual([]);
    expect(await digestTables()).toEqual(before);
    expect(system.gateway.calls.filter((call) => !call.startsWith("GET"))).toHaveLength(calls);
    expect(system.shop.received).toHaveLength(told);
    console.log(`fuzzed: ${JSON.stringify(Object.fromEntries([...counts].sort()))}`);
    // They got everywhere: past the door, to what is not there, and to what is read.
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(COUNT * 0.9);
    for (const status of [200, 204, 303, 400, 401, 403, 404, 426]) {
      expect([status, (counts.get(status) ?? 0) > 5]).toEqual([status, true]);
    }
  }, 120_000);
});
