/** The operator's view of the gateways, and the try of a test account. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type Gateway, GatewayError } from "../../src/gateways/gateway.ts";
import { formOf, lastAction, type Operator, openConsole } from "../support/operator.ts";
import { deliver, dumpTables, emptyTables, replaceServices, type System } from "../support/system.ts";

beforeEach(emptyTables);

const PATH = "/console/gateways";
const TEST = `${PATH}/generic/test`;

/** The console, before the system's own gateway with changes. */
async function openWith(
  changes: Partial<Gateway>,
): Promise<{ system: System; operator: Operator; gateway: Gateway }> {
  const { system, operator } = await openConsole();
  const generic = system.services.gateways.get("generic") ?? expect.unreachable("there is one");
  const gateway = { ...generic, ...changes };
  replaceServices(system, { gateways: new Map([["generic", gateway]]) });
  return { system, operator, gateway };
}

/** All of D1 but what signing in leaves and what is recorded of the operator. */
async function books(): Promise<string> {
  await env.DB.prepare("DELETE FROM console_sessions").run();
  return dumpTables("operator_actions");
}

describe("GET /console/gateways", () => {
  it("shows what is on, what to set up there, and what it can do", async () => {
    const { operator, gateway } = await openWith({
      lifetime: { minMs: 60_000, maxMs: 3_600_000 },
      needs: ["/customer/email"],
      webhook: { events: ["payment.paid", "payment.failed"], advice: "In the dashboard, under Webhooks." },
    });
    const page = await operator.open(PATH);
    expect(page.status).toBe(200);
    for (const text of [gateway.title, "Default", "In the dashboard, under Webhooks.", "/customer/email"]) {
      expect(page.text).toContain(text);
    }
    expect(page.html).toContain('value="http://localhost:8787/webhooks/generic"');
    expect(page.html).toMatch(/payment\.paid\npayment\.failed<\/textarea>/);
    expect(page.text).toContain("A payment page lives 1 min to 1 h.");
    expect(page.text).toMatch(
      /Yes Closes payment pages .* Yes Captures held money .* Yes Refunds .* No Lists missed events/,
    );
    expect(page.text).toContain("None has come yet.");
    expect(page.text).toMatch(/Built in, but off.* stripe/);
  });

  it.each([
    ["test", true],
    ["live", false],
    [null, false],
  ] as const)("offers a try in mode %s: %s", async (mode, offered) => {
    const { operator } = await openWith({ mode });
    expect((await operator.open(PATH)).links.includes(TEST)).toBe(offered);
  });
});

describe("the try of a gateway", () => {
  it("says what will happen, opens a page and closes it, and writes nothing but who tried", async () => {
    const { system, operator } = await openWith({ mode: "test" });
    const page = await operator.open(TEST);
    expect(page.text).toContain("A payment page is opened in Generic’s test account and closed again");
    expect(formOf(page)).toMatchObject({ button: "Try it", fields: { amount: "1.00 EUR" } });
    expect(system.gateway.calls).toEqual([]);

    const done = await operator.submit(page, { amount: " 2,5  usd " });
    await system.settle();
    expect(done.status).toBe(200);
    expect(done.text).toMatch(/Test of generic ?: passed/);
    const [id, ...others] = system.gateway.sessions.keys();
    expect(others).toEqual([]);
    expect(id).toMatch(/^tst_[0-9a-z]{26}$/);
    expect(system.gateway.calls).toEqual(["POST /create-session", `POST /expire/${id}`]);
    expect(system.gateway.session(id ?? "")).toMatchObject({
      status: "expired",
      request: { amount: 250, currency: "USD", order_id: id },
    });
    expect(await lastAction()).toEqual({
      ...{ action: "test_gateway", actor: "Ada", note: "generic 2.50 USD", outcome: "passed" },
      transaction_id: null,
    });
    expect(system.shop.received).toEqual([]);
    // Tables by their names, and no row in any.
    expect(await books()).toMatch(/^\[(\["\w+",\[\]\],?)+\]$/);
  });

  it("is followed by no payment: a webhook about it is ignored", async () => {
    const { system, operator } = await openWith({ mode: "test" });
    await operator.confirm(TEST);
    const [id = ""] = system.gateway.sessions.keys();
    for (const status of ["success", "expired"] as const) {
      expect(await deliver(system, system.gateway.callback(id, status))).toBe("ignored");
    }
    await system.settle();
    expect(await books()).toMatch(/^\[(\["\w+",\[\]\],?)+\]$/);
  });

  it.each([
    ["refuse", "create"],
    ["down", "create"],
    ["down", "expire"],
    ["broken", "expire"],
  ] as const)("says at which call it failed: %s at %s", async (fault, call) => {
    const { system, operator } = await openWith({ mode: "test" });
    system.gateway.faulty = new RegExp(`/${call}`);
    system.gateway.fault = fault;
    const page = await operator.confirm(TEST);
    expect(page.status).toBe(200);
    expect(page.text).toMatch(/Test of generic ?: failed/);
    const words = { create: "Opened a payment page", expire: "Closed the payment page" }[call];
    expect(page.text).toMatch(new RegExp(`Failed ${words}`));
    expect(await lastAction()).toMatchObject({ action: "test_gateway", outcome: "failed" });
  });

  it("looks how the page stands where the gateway cannot close it", async () => {
    const { system, operator, gateway } = await openWith({ mode: "test" });
    const { expire: _, ...without } = gateway;
    replaceServices(system, { gateways: new Map([["generic", without]]) });
    const page = await operator.confirm(TEST);
    expect(page.text).toMatch(/Test of generic ?: passed/);
    expect(system.gateway.calls.at(-1)).toMatch(/^GET \/status\/tst_/);
  });

  it("sends an address of nobody's where the gateway needs one", async () => {
    const asked: unknown[] = [];
    const { operator } = await openWith({
      mode: "test",
      needs: ["/customer/email"],
      create: async ({ customer }) => {
        asked.push(customer);
        throw new GatewayError("rejected", "no <b>keys</b>");
      },
    });
    const page = await operator.confirm(TEST);
    expect(asked).toEqual([{ email: "test@example.com" }]);
    expect(page.text).toMatch(/failed/);
    expect(page.html).not.toContain("<b>keys");
  });

  it.each([
    "",
    "1.00",
    "EUR",
    "1.00 XXX",
    "0 EUR",
    "-1 EUR",
    "1.001 EUR",
    "1.5 JPY",
    "<b> EUR",
    "1.00 EUR EUR",
  ])("asks for a sum and a currency: %j", async (amount) => {
    const { system, operator } = await openWith({ mode: "test" });
    const page = await operator.confirm(TEST, { amount });
    expect(page.status).toBe(422);
    expect(page.text).toContain("A sum and a currency, such as 1.00 EUR.");
    expect(formOf(page).fields.amount).toBe(amount);
    expect(system.gateway.calls).toEqual([]);
    expect(await lastAction()).toBeNull();
  });

  it.each([
    ["live", TEST],
    [null, TEST],
    ["test", `${PATH}/stripe/test`],
    ["test", `${PATH}/constructor/test`],
  ] as const)("is of a test account that is configured: not in mode %s at %s", async (mode, path) => {
    const { system, operator } = await openWith({ mode });
    const page = await operator.open(path);
    expect(page.status).toBe(404);
    expect(page.text).toContain("No gateway of this name is configured with a test account.");
    const { csrf } = (await operator.open(PATH)).forms[0]?.fields ?? {};
    expect((await operator.post(path, { csrf, amount: "1.00 EUR" })).status).toBe(404);
    expect(system.gateway.calls).toEqual([]);
    expect(await lastAction()).toBeNull();
  });
});
