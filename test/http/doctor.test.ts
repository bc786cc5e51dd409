/** The doctor over HTTP: for the shop alone; and its probes of every gateway, which change nothing. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { connectSandbox } from "../../src/mount-sandbox.ts";
import { createServices } from "../../src/services.ts";
import { signIn } from "../support/operator.ts";
import {
  createPending,
  createSystem,
  dumpTables,
  emptyTables,
  ORIGIN,
  replaceServices,
  type System,
} from "../support/system.ts";
import { FakeAdyen } from "../support/vendors/adyen.ts";
import { FakeMollie } from "../support/vendors/mollie.ts";
import { FakePayPal } from "../support/vendors/paypal.ts";
import { FakePaystack } from "../support/vendors/paystack.ts";
import { FakeRazorpay } from "../support/vendors/razorpay.ts";
import { FakeSquare } from "../support/vendors/square.ts";
import { FakeStripe } from "../support/vendors/stripe.ts";
import { createWellSystem, loopBack } from "../support/well-system.ts";

beforeEach(emptyTables);

const VENDORS = [
  ...[new FakeStripe(), new FakePayPal(), new FakeAdyen(), new FakeMollie(), new FakeRazorpay()],
  ...[new FakePaystack(), new FakeSquare()],
];
const IDS = [...VENDORS.map(({ id }) => id), "generic", "sandbox"];

interface Probe {
  readonly gateway: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly expects: number;
}

/** Every gateway that there is, each before the fake of its vendor. */
async function createFullSystem(): Promise<System> {
  const system = await createSystem();
  const variables = Object.assign({}, ...VENDORS.map((vendor) => vendor.variables("https://vendor.example")));
  const bindings = { ...env, ...variables, SANDBOX: "on" } as unknown as Cloudflare.Env;
  const invocation = { requestId: "test", now: Date.now, waitUntil: () => undefined };
  const real = await createServices(bindings, invocation, connectSandbox);
  replaceServices(system, { gateways: new Map([...real.gateways, ...system.services.gateways]) });
  loopBack(system);
  return system;
}

async function probesOf(system: System): Promise<Probe[]> {
  const answer = await system.call("POST", "/doctor/probes");
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { probes: Probe[] }).probes;
}

const ROUTES = [
  ["GET", "/doctor"],
  ["POST", "/doctor/probes"],
] as const;

describe.each(ROUTES)("%s %s", (method, path) => {
  it("is closed to strangers", async () => {
    const system = await createWellSystem();
    for (const authorization of [undefined, "Bearer nobody", "Basic a2V5"]) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await system.fetch(new Request(`${ORIGIN}${path}`, { method, headers }));
      expect(answer.status).toBe(401);
    }
  });

  it("does not exist for a buyer", async () => {
    const system = await createWellSystem();
    const { client_secret } = await createPending(system);
    const headers = { authorization: `Bearer ${client_secret}` };
    const answer = await system.fetch(new Request(`${ORIGIN}${path}`, { method, headers }));
    expect(answer.status).toBe(404);
  });

  it("is not to be stored", async () => {
    const system = await createWellSystem();
    expect((await system.call(method, path)).headers.get("cache-control")).toBe("no-store");
  });
});

describe("GET /doctor", () => {
  it("gives the list, and the worst of it as its status", async () => {
    const system = await createWellSystem();
    const well = await (await system.call("GET", "/doctor")).json();
    expect(well).toMatchObject({ status: "ok", findings: expect.any(Array) });
    system.gateway.fault = "refuse";
    const warned = await system.call("GET", "/doctor");
    expect(warned.status).toBe(200);
    expect(await warned.json()).toMatchObject({
      status: "warning",
      findings: expect.arrayContaining([
        {
          ...{ check: "generic: reached", level: "warning", says: expect.stringContaining("422") },
          advice: expect.stringContaining("GENERIC_GATEWAY_URL"),
        },
      ]),
    });
    system.gateway.fault = "down";
    expect(await (await system.call("GET", "/doctor")).json()).toMatchObject({ status: "fault" });
  });
});

describe("POST /doctor/probes", () => {
  it("gives a forged one of each gateway, and a signed one but of PayPal, which alone can sign", async () => {
    const probes = await probesOf(await createFullSystem());
    const gatewaysOf = (status: number) =>
      probes.filter(({ expects }) => expects === status).map(({ gateway }) => gateway);
    expect(new Set(gatewaysOf(401))).toEqual(new Set(IDS));
    expect(new Set(gatewaysOf(200))).toEqual(new Set(IDS.filter((id) => id !== "paypal")));
    expect(probes.filter(({ url, gateway }) => url !== `${ORIGIN}/webhooks/${gateway}`)).toEqual([]);
  });

  it("gives such as are answered as they expect, change nothing and leave no trace of a refusal", async () => {
    const system = await createFullSystem();
    const before = await dumpTables();
    for (const { url, headers, body, expects, gateway } of await probesOf(system)) {
      const answer = await system.fetch(new Request(url, { method: "POST", headers, body }));
      expect([gateway, answer.status]).toEqual([gateway, expects]);
      expect(await answer.json()).toMatchObject(
        expects === 200 ? { outcome: "ignored" } : { code: "unauthorized" },
      );
    }
    await system.settle();
    expect(await dumpTables()).toBe(before);
  });

  it("gives none that tells the shop's own secrets, or serves after a change", async () => {
    const system = await createFullSystem();
    const probes = await probesOf(system);
    expect(JSON.stringify(probes)).not.toMatch(/key_test_|client-secret-key|gateway-webhook-secret/);
    for (const { url, headers, body, expects } of probes.filter((probe) => probe.expects === 200)) {
      const changed = body.replace("tst_", "tsr_");
      expect([changed === body, expects]).toEqual([false, 200]);
      const answer = await system.fetch(new Request(url, { method: "POST", headers, body: changed }));
      expect(answer.status).toBe(401);
    }
  });
});

describe("GET /console/doctor", () => {
  it("shows the same list, what is wrong first; the overview leads there", async () => {
    const system = await createWellSystem({ CONSOLE_PASSWORD: "console-password-for-tests-only" });
    system.gateway.fault = "down";
    const operator = await signIn(system);
    expect((await operator.open("/console")).links).toContain("/console/doctor");
    const page = await operator.open("/console/doctor");
    expect(page.status).toBe(200);
    expect(page.text).toMatch(
      /generic: reached Fault No payment can begin: .*GENERIC_GATEWAY_URL.* secrets Warning CONSOLE_PASSWORD looks like an example.* Well .*configuration Complete\./,
    );
  });

  it("says so where all is well, and is closed to whoever is not signed in", async () => {
    const system = await createWellSystem();
    const { config } = system.services;
    replaceServices(system, {
      config: { ...config, console: { password: "console-password-for-tests-only", access: null } },
    });
    const stranger = await system.fetch(new Request(`${ORIGIN}/console/doctor`));
    expect(stranger.status).toBe(303);
    const page = await (await signIn(system)).open("/console/doctor");
    expect(page.text).toContain("All is well.");
    expect(page.text).not.toMatch(/Fault|Warning/);
  });
});
