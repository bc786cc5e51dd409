/** The Worker's entry with a bad environment: it serves nothing, names what is wrong, and tells no value. */
import { createExecutionContext, createScheduledController, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as withoutSandbox from "../../src/index.ts";
import * as withSandbox from "../../src/index-with-sandbox.ts";
import { GATEWAY_API_KEY, GATEWAY_WEBHOOK_SECRET } from "../support/fake-gateway.ts";
import { emptyTables, selectRow } from "../support/system.ts";

const CANARY = "canary-7f3a";

type Environment = typeof env;

const worker = withSandbox.default;

async function fetchWith(
  variables: Record<string, string | undefined>,
  path = "/health",
  entry = worker,
): Promise<Response> {
  const request = new Request(`http://localhost:8787${path}`) as Parameters<typeof worker.fetch>[0];
  const changed = { ...env, ...variables } as unknown as Environment;
  const ctx = createExecutionContext();
  const response = await entry.fetch(request, changed, ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

let log: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => {
  log.mockRestore();
});

describe("fetch with a bad environment", () => {
  it.each<[string, Record<string, string | undefined>, readonly string[]]>([
    [
      "nothing",
      { PUBLIC_URL: undefined, API_KEYS: undefined, CLIENT_SECRET_KEY: undefined },
      ["PUBLIC_URL", "API_KEYS", "CLIENT_SECRET_KEY"],
    ],
    ["empty secrets", { API_KEYS: "", CLIENT_SECRET_KEY: "" }, ["API_KEYS", "CLIENT_SECRET_KEY"]],
    ["only commas", { API_KEYS: ", ," }, ["API_KEYS"]],
    ["a short key", { API_KEYS: `${CANARY}-short` }, ["API_KEYS"]],
    ["a short second key", { API_KEYS: `key_test_0123456789abcdef,${CANARY}` }, ["API_KEYS"]],
    ["a short client secret key", { CLIENT_SECRET_KEY: CANARY }, ["CLIENT_SECRET_KEY"]],
    ["a placeholder", { CLIENT_SECRET_KEY: `replace-me-${CANARY}-${CANARY}` }, ["CLIENT_SECRET_KEY"]],
    [
      "half a gateway",
      { GENERIC_GATEWAY_URL: "https://gateway.example" },
      ["GENERIC_GATEWAY_API_KEY", "GENERIC_GATEWAY_WEBHOOK_SECRET"],
    ],
    [
      "a gateway over http",
      {
        GENERIC_GATEWAY_URL: `http://${CANARY}.example`,
        GENERIC_GATEWAY_API_KEY: GATEWAY_API_KEY,
        GENERIC_GATEWAY_WEBHOOK_SECRET: GATEWAY_WEBHOOK_SECRET,
      },
      ["GENERIC_GATEWAY_URL"],
    ],
    [
      "a webhook secret that is none",
      {
        GENERIC_GATEWAY_URL: "https://gateway.example",
        GENERIC_GATEWAY_API_KEY: GATEWAY_API_KEY,
        GENERIC_GATEWAY_WEBHOOK_SECRET: `whsec_${CANARY}!`,
      },
      ["GENERIC_GATEWAY_WEBHOOK_SECRET"],
    ],
    [
      "a fulfilment without a secret",
      { FULFILMENT_URL: "https://shop.example/hooks", FULFILMENT_SECRET: "" },
      ["FULFILMENT_SECRET"],
    ],
    ["a fulfilment over http", { FULFILMENT_URL: `http://${CANARY}.example` }, ["FULFILMENT_URL"]],
    [
      "a fulfilment with a user name",
      { FULFILMENT_URL: `https://${CANARY}:x@shop.example` },
      ["FULFILMENT_URL"],
    ],
    ["a fulfilment that is no address", { FULFILMENT_URL: CANARY }, ["FULFILMENT_URL"]],
    ["an own address that is none", { PUBLIC_URL: CANARY }, ["PUBLIC_URL"]],
    ["every origin", { ALLOWED_ORIGINS: "*" }, ["ALLOWED_ORIGINS"]],
    ["an origin with a path", { ALLOWED_ORIGINS: `https://shop.example/${CANARY}` }, ["ALLOWED_ORIGINS"]],
    ["an address with a path", { PUBLIC_URL: `https://pay.example/${CANARY}` }, ["PUBLIC_URL"]],
    ["an address over http", { PUBLIC_URL: "http://pay.example" }, ["PUBLIC_URL"]],
    ["a life of nothing", { TRANSACTION_TTL_SECONDS: "0" }, ["TRANSACTION_TTL_SECONDS"]],
    ["a life that is no number", { TRANSACTION_TTL_SECONDS: CANARY }, ["TRANSACTION_TTL_SECONDS"]],
    ["a policy that is none", { LATE_PAYMENT_POLICY: CANARY }, ["LATE_PAYMENT_POLICY"]],
    ["a gateway that is none", { DEFAULT_GATEWAY: CANARY }, ["DEFAULT_GATEWAY"]],
    ["a sandbox in between", { SANDBOX: CANARY }, ["SANDBOX"]],
    [
      "a sandbox that is not in the bundle",
      { SANDBOX: "on", SANDBOX_SESSIONS: undefined },
      ["SANDBOX", "npm run deploy -- --sandbox"],
    ],
  ])("answers 500 and names the variables of %s", async (_, variables, names) => {
    for (const path of ["/health", "/transactions", "/status/x", "/"]) {
      const response = await fetchWith(variables, path);
      expect(response.status).toBe(500);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      const { code, detail } = (await response.json()) as { code: string; detail: string };
      expect(code).toBe("misconfigured");
      const lines = log.mock.calls.flat().join("\n");
      expect(lines).toContain("config.refused");
      for (const text of [detail, lines]) {
        expect(names.filter((name) => !text.includes(name))).toEqual([]);
        expect(text).not.toContain(CANARY);
        expect(text).not.toContain(String(env.CLIENT_SECRET_KEY));
      }
    }
  });

  it("answers with the headers of every answer", async () => {
    const { headers } = await fetchWith({ API_KEYS: "" });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-request-id")).toMatch(/\w/);
  });

  it("takes development's http origins only in development", async () => {
    expect((await fetchWith({ ALLOWED_ORIGINS: "http://localhost:3000" })).status).toBe(200);
    const production = { PUBLIC_URL: "https://pay.example", ALLOWED_ORIGINS: "http://shop.example" };
    const response = await fetchWith(production);
    expect(response.status).toBe(500);
    expect(((await response.json()) as { detail: string }).detail).toContain("ALLOWED_ORIGINS");
  });
});

describe("scheduled", () => {
  beforeEach(emptyTables);

  it("ticks with the schedule's time, and beats by the wall clock", async () => {
    const ctx = createExecutionContext();
    const scheduledTime = new Date(Date.now() + 3_600_000);
    await worker.scheduled(createScheduledController({ scheduledTime, cron: "* * * * *" }), env, ctx);
    await waitOnExecutionContext(ctx);
    const beat = await selectRow<{ ran_at: number }>("SELECT ran_at FROM heartbeats WHERE job = 'cron'");
    expect(beat?.ran_at).toBeLessThanOrEqual(Date.now());
    expect((await fetchWith({})).status).toBe(200);
  });

  it("fails loudly with a bad environment", async () => {
    const bad = { ...env, API_KEYS: "" } as unknown as Environment;
    const controller = createScheduledController({ cron: "* * * * *" });
    await expect(worker.scheduled(controller, bad, createExecutionContext())).rejects.toThrow("API_KEYS");
  });
});

describe("the two entries", () => {
  it("export the same but for what the sandbox is made of", () => {
    const own = Object.keys(withSandbox).filter((name) => !(name in withoutSandbox));
    expect(own.toSorted()).toEqual(["DemoOrder", "SandboxSession"]);
    expect(Object.keys(withoutSandbox).filter((name) => !(name in withSandbox))).toEqual([]);
  });

  it.each([
    ["/health", 200, 200],
    ["/demo", 200, 404],
    ["/", 302, 404],
    ["/sandbox/status/x", 401, 404],
    ["/demonstration", 404, 404],
    ["/status/x", 404, 404],
  ])("answer on %s with %d and %d", async (path, one, other) => {
    const production = { SANDBOX: "off", SANDBOX_SESSIONS: undefined, DEMO_ORDERS: undefined };
    expect((await fetchWith({}, path)).status).toBe(one);
    expect((await fetchWith(production, path, withoutSandbox.default)).status).toBe(other);
  });
});
