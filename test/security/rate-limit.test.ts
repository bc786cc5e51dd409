/** S15: floods. Each request of a caller counts once, by the limit of its kind; what is over it gets 429 and a time. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { app } from "../../src/http/app.ts";
import { networkOf } from "../../src/http/network.ts";
import { LIMITS, type Limiters } from "../../src/http/rate-limit.ts";
import { PASSWORD } from "../support/operator.ts";
import { API_KEY, createPending, createSystem, ORIGIN, type System } from "../support/system.ts";

const ADDRESS = "192.0.2.7";
const ID = "txn_00000000000000000000000000";

/** Counters that tell what was counted, and how they answer. */
function createLimiters(answer: () => Promise<{ success: boolean }>) {
  const counted: string[] = [];
  const names = Object.values(LIMITS).map(({ binding }) => binding);
  const entries = names.map((name) => [
    name,
    {
      limit: ({ key }: { key: string }) => {
        counted.push(`${name} ${key}`);
        return answer();
      },
    },
  ]);
  return { counted, limiters: Object.fromEntries(entries) as Limiters };
}

const refusing = () => createLimiters(async () => ({ success: false }));

function send(
  { services }: System,
  limiters: Limiters | undefined,
  route: string,
  headers: Record<string, string> = {},
) {
  const [method = "", path = ""] = route.split(" ");
  const request = new Request(`${ORIGIN}${path}`, {
    method,
    headers: { "cf-connecting-ip": ADDRESS, ...headers },
  });
  return app.fetch(request, {
    ...{ services, requestId: "test", sandbox: null },
    ...(limiters ? { limiters } : {}),
  });
}

const authorization = `Bearer ${API_KEY}`;

describe("S15: limitRate", () => {
  it.each([
    [`GET /transactions/${ID}`, {}, `LIMIT_READS ${ADDRESS}`],
    [`GET /transactions/${ID}`, { authorization: "Bearer unknown" }, `LIMIT_READS ${ADDRESS}`],
    ["GET /transactions", { authorization }, "LIMIT_CALLS key 0"],
    ["POST /transactions", { authorization }, "LIMIT_CALLS key 0"],
    ["POST /transactions", { authorization: "Bearer key_test_fedcba9876543210" }, "LIMIT_CALLS key 1"],
    [`POST /transactions/${ID}/refunds`, { authorization }, "LIMIT_CALLS key 0"],
    ["GET /events", { authorization }, "LIMIT_CALLS key 0"],
    ["POST /events/x/replay", {}, `LIMIT_READS ${ADDRESS}`],
    ["GET /inbox", { authorization }, "LIMIT_CALLS key 0"],
    ["GET /deliveries", { authorization }, "LIMIT_CALLS key 0"],
    ["GET /doctor", { authorization }, "LIMIT_CALLS key 0"],
    [`GET /transactions/${ID}/socket`, { authorization }, `LIMIT_SOCKETS ${ADDRESS}`],
    [`GET /status/${ID}`, {}, `LIMIT_READS ${ADDRESS}`],
    [`POST /status/${ID}`, {}, `LIMIT_CHECKS ${ADDRESS}`],
    ["POST /webhooks/stripe", {}, `LIMIT_WEBHOOKS stripe ${ADDRESS}`],
    ["GET /health", {}, `LIMIT_READS ${ADDRESS}`],
    ["GET /console/payments", {}, `LIMIT_READS ${ADDRESS}`],
    ["POST /console/sign-in", {}, `LIMIT_SIGN_INS ${ADDRESS}`],
    ["POST /console/sign-out", {}, `LIMIT_READS ${ADDRESS}`],
    // However the address is written.
    [`POST /%73tatus/${ID}`, {}, `LIMIT_CHECKS ${ADDRESS}`],
  ])("counts %s once, %j", async (route, headers, expected) => {
    const system = await createSystem({ CONSOLE_PASSWORD: PASSWORD });
    const { counted, limiters } = createLimiters(async () => ({ success: true }));
    expect((await send(system, limiters, route, headers)).status).not.toBe(429);
    expect(counted).toEqual([expected]);
  });

  const routes = app.routes
    .filter(({ method, path }) => method !== "ALL" && path !== "/")
    .map(({ method, path }) => `${method} ${path.replace(/:\w+/g, "x")}`);

  it.each([...new Set(routes)])(
    "refuses %s before anything is done, in the form of its kind",
    async (route) => {
      const system = await createSystem({ CONSOLE_PASSWORD: PASSWORD });
      const { counted, limiters } = refusing();
      const { roundTrips } = system.counts;
      const response = await send(system, limiters, route, { authorization });
      expect(response.status).toBe(429);
      expect(counted).toHaveLength(1);
      const period = /POST \/console\/sign-in/.test(route) ? "60" : "10";
      expect(response.headers.get("retry-after")).toBe(period);
      const isPage = /\/(status|console)\b/.test(route);
      expect(response.headers.get("content-type")).toMatch(
        isPage ? /^text\/html/ : /^application\/problem\+json$/,
      );
      const text = await response.text();
      expect(text).toMatch(isPage ? /<h1/ : /"code":"rate_limited"/);
      expect(system.counts.roundTrips).toBe(roundTrips);
    },
  );

  it("tells the shop's page when to come back, which CORS would hide", async () => {
    const headers = { origin: "https://shop.example" };
    const response = await send(
      await createSystem(),
      refusing().limiters,
      `GET /transactions/${ID}`,
      headers,
    );
    expect(response.status).toBe(429);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(response.headers.get("access-control-expose-headers")).toContain("Retry-After");
  });

  it("counts no question of a browser before its request", async () => {
    const { counted, limiters } = refusing();
    const headers = { origin: "https://shop.example", "access-control-request-method": "GET" };
    const response = await send(await createSystem(), limiters, `OPTIONS /transactions/${ID}`, headers);
    expect([response.status, counted]).toEqual([204, []]);
  });

  it.each([undefined, "127.0.0.1", "::1"])("limits nobody who comes from %s", async (address) => {
    const { counted, limiters } = refusing();
    const request = new Request(`${ORIGIN}/health`, {
      headers: address === undefined ? {} : { "cf-connecting-ip": address },
    });
    const { services } = await createSystem();
    const response = await app.fetch(request, { services, requestId: "test", sandbox: null, limiters });
    expect([response.status, counted]).toEqual([200, []]);
  });

  it("limits nobody without a binding, and lets everybody pass while the counter fails", async () => {
    const system = await createSystem();
    expect((await send(system, undefined, "GET /health")).status).toBe(200);
    expect((await send(system, {}, "GET /health")).status).toBe(200);
    const { limiters } = createLimiters(() => Promise.reject(new Error("no counter")));
    expect((await send(system, limiters, "GET /health")).status).toBe(200);
  });

  it("is the platform's own counter in the end: 20 checks pass, and another address is not held up", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    const post = (address: string) => {
      const request = new Request(`${ORIGIN}/status/${id}`, {
        method: "POST",
        headers: { "cf-connecting-ip": address },
        body: `client_secret=${client_secret}`,
      });
      return app.fetch(request, {
        ...{ services: system.services, requestId: "test", sandbox: null, limiters: env },
      });
    };
    const statuses: number[] = [];
    for (let count = 0; count < 50; count += 1) {
      statuses.push((await post(ADDRESS)).status);
    }
    expect(new Set(statuses)).toEqual(new Set([303, 429]));
    // A period may end in between.
    expect(statuses.filter((status) => status === 303).length).toBeLessThanOrEqual(40);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(303));
    expect((await post("192.0.2.8")).status).toBe(303);
  });
});

describe("networkOf", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:DB8:1:2::", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["::1:2:3:4:5", "0:0:0:1"],
    ["no address", "no address"],
  ])("takes %s for a caller in %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
