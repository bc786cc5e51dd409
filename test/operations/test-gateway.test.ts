/** A try of a gateway's test account: a page is opened and closed again, and nothing comes of it here. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Gateway, GatewayError } from "../../src/gateways/gateway.ts";
import { connectGeneric } from "../../src/gateways/generic.ts";
import { type GatewayTest, testGateway } from "../../src/operations/test-gateway.ts";
import type { Mode } from "../../src/transactions/transaction.ts";
import { type Fault, GATEWAY_API_KEY, GATEWAY_URL, GATEWAY_WEBHOOK_SECRET } from "../support/fake-gateway.ts";
import {
  createSystem,
  deliver,
  dumpTables,
  emptyTables,
  replaceServices,
  type System,
} from "../support/system.ts";

beforeEach(async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  await emptyTables();
});

/** A system whose gateway is of that mode, with such a change. */
async function withMode(mode: Mode | null, changes: Partial<Gateway> = {}): Promise<System> {
  const system = await createSystem();
  const config = { id: "generic", title: "Generic", url: GATEWAY_URL, apiKey: GATEWAY_API_KEY, mode };
  const generic = connectGeneric(
    { ...config, webhookSecrets: [GATEWAY_WEBHOOK_SECRET] },
    { fetch: system.gateway.fetch, now: Date.now },
  );
  const watched = system.services.journal.watch({ ...generic, ...changes });
  replaceServices(system, { gateways: new Map([["generic", watched]]) });
  return system;
}

const test = ({ services }: System, amount = 100, currency = "EUR") =>
  testGateway(services, "generic", amount, currency);

const stepsOf = ({ calls }: GatewayTest) =>
  calls.map(({ call, outcome, failed }) => `${call}: ${outcome}${failed ? "!" : ""}`);

const requestOf = ({ gateway }: System) => [...gateway.sessions.values()].at(-1)?.request;

describe("testGateway", () => {
  it("opens a page at a test account and closes it, and tells each step", async () => {
    const system = await withMode("test");
    const before = await dumpTables();
    const result = await test(system);
    expect(result).toMatchObject({ passed: true, problem: null });
    expect(stepsOf(result)).toEqual(["create: pending", "expire: expired"]);
    expect(result.calls.every(({ durationMs }) => durationMs >= 0)).toBe(true);
    expect([...system.gateway.sessions.values()].map(({ status }) => status)).toEqual(["expired"]);
    await system.settle();
    expect(await dumpTables()).toBe(before);
    expect(system.shop.received).toEqual([]);
  });

  it("asks in words that are a test's, and of no buyer", async () => {
    const system = await withMode("test");
    await test(system, 500, "JPY");
    expect(requestOf(system)).toMatchObject({
      amount: 500,
      currency: "JPY",
      description: "Test of the gateway",
    });
    expect(requestOf(system)?.transaction_id).toMatch(/^tst_[0-9a-z]{26}$/);
    expect(requestOf(system)?.callback_url).toBe("http://localhost:8787/webhooks/generic");
  });

  it("opens another page each time", async () => {
    const system = await withMode("test");
    await Promise.all([test(system), test(system), test(system)]);
    expect(system.gateway.sessions.size).toBe(3);
  });

  it.each(["live", null] as const)(
    "touches no account whose mode is %s: it may take real money",
    async (mode) => {
      const system = await withMode(mode);
      await expect(test(system)).rejects.toMatchObject({ code: "invalid_request" });
      expect(system.gateway.calls).toEqual([]);
    },
  );

  it("knows no gateway that is not configured", async () => {
    const { services } = await withMode("test");
    await expect(testGateway(services, "stripe", 1, "EUR")).rejects.toMatchObject({ code: "not_found" });
  });

  it.each<[Fault, string[], string]>([
    ["refuse", ["create: rejected!"], "the gateway answered 422"],
    ["busy", ["create: unavailable!"], "the gateway answered 503"],
    ["broken", ["create: unknown!"], "the gateway answered 500"],
    ["slow", ["create: unknown!"], "the gateway did not answer in time"],
    ["down", ["create: unknown!"], "the gateway could not be reached"],
  ])("fails, and says why, where the gateway is %s", async (fault, steps, problem) => {
    const system = await withMode("test");
    system.gateway.fault = fault;
    const result = await test(system);
    expect(result).toMatchObject({ passed: false, problem });
    expect(stepsOf(result)).toEqual(steps);
  });

  it("fails where the page can be opened, but not closed", async () => {
    const system = await withMode("test");
    Object.assign(system.gateway, { fault: "refuse", faulty: /expire/ });
    const result = await test(system);
    expect(result).toMatchObject({ passed: false, problem: "the gateway answered 422" });
    expect(stepsOf(result)).toEqual(["create: pending", "expire: rejected!"]);
  });

  it("asks how it stands where a gateway cannot close a page", async () => {
    const system = await withMode("test");
    const { expire: _, ...unable } =
      system.services.gateways.get("generic") ?? expect.unreachable("it is there");
    replaceServices(system, { gateways: new Map([["generic", unable]]) });
    const result = await test(system);
    expect(result.passed).toBe(true);
    expect(stepsOf(result)).toEqual(["create: pending", "retrieve: pending"]);
  });

  it("gives what a gateway needs, and a page's life within its bounds", async () => {
    const asked: { expiresAt: number; customer: unknown }[] = [];
    const create = (request: { expiresAt: number; customer: unknown }) => {
      asked.push(request);
      return Promise.reject(new GatewayError("rejected", "seen"));
    };
    for (const [minMs, maxMs] of [
      [3_600_000, 7_200_000],
      [1, 60_000],
      [1, 7_200_000],
    ] as const) {
      const system = await withMode("test", {
        create,
        needs: ["/customer/email"],
        lifetime: { minMs, maxMs },
      });
      const now = system.services.now();
      replaceServices(system, { now: () => now });
      await test(system);
      expect(asked.at(-1)?.customer).toEqual({ email: "test@example.com" });
      expect((asked.at(-1)?.expiresAt ?? 0) - now).toBe(Math.min(Math.max(1_800_000, minMs), maxMs));
    }
  });

  it("throws what is no answer of a gateway's", async () => {
    const system = await withMode("test", { create: () => Promise.reject(new RangeError("ours")) });
    await expect(test(system)).rejects.toThrow(RangeError);
  });

  it("leaves what the gateway says of the test aside", async () => {
    const system = await withMode("test");
    await test(system);
    const [id = ""] = system.gateway.sessions.keys();
    const before = await dumpTables();
    for (const status of ["success", "expired"] as const) {
      expect(await deliver(system, system.gateway.callback(id, status))).toBe("ignored");
    }
    expect(await dumpTables()).toBe(before);
  });
});
