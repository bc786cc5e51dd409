/** The doctor's list: nothing where all is well, and for each thing that is not, what to do. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createClocks } from "../../src/gateways/clocks.ts";
import type { Gateway } from "../../src/gateways/gateway.ts";
import { connectGeneric } from "../../src/gateways/generic.ts";
import { examine } from "../../src/operations/examine.ts";
import type { Finding } from "../../src/operations/finding.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { GATEWAY_URL } from "../support/fake-gateway.ts";
import { createPaid, MINUTE } from "../support/money.ts";
import { RecordedMetrics } from "../support/recorded-metrics.ts";
import { rollUpAll, SETTLED_MS } from "../support/rolled-up.ts";
import {
  createPending,
  deliver,
  dumpTables,
  emptyTables,
  ORIGIN,
  replaceServices,
  replaceStore,
  type System,
} from "../support/system.ts";
import { createWellSystem, soundVariables } from "../support/well-system.ts";

beforeEach(emptyTables);

const PUBLIC = "https://pay.example.com";
const NO_GATEWAY = {
  ...{ GENERIC_GATEWAY_URL: "", GENERIC_GATEWAY_API_KEY: "", GENERIC_GATEWAY_WEBHOOK_SECRET: "" },
};

async function findingsOf(system: System, calledAt = system.services.config.publicUrl) {
  const findings = await examine(system.services, calledAt);
  await system.settle();
  return findings;
}

const wrongOf = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== "ok");

/** The one thing that is wrong. */
async function wrongWith(system: System, calledAt?: string): Promise<Finding> {
  const [wrong, ...others] = wrongOf(await findingsOf(system, calledAt));
  expect(others).toEqual([]);
  return wrong ?? expect.unreachable("something should be wrong");
}

/** The generic gateway with changes. */
function change(system: System, changes: Partial<Gateway>): void {
  const generic = system.services.gateways.get("generic") ?? expect.unreachable("there is one");
  replaceServices(system, { gateways: new Map([["generic", { ...generic, ...changes }]]) });
}

const said = (level: Finding["level"], check: string, says: string, advice: string) => ({
  ...{ level, check, says: expect.stringContaining(says), advice: expect.stringContaining(advice) },
});

describe("examine", () => {
  it("finds nothing wrong where nothing is, writes nothing and tells the shop nothing", async () => {
    const system = await createWellSystem();
    const before = await dumpTables();
    const findings = await findingsOf(system);
    expect(wrongOf(findings)).toEqual([]);
    expect(findings.filter(({ advice }) => advice !== null)).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      ...["configuration", "address", "sandbox", "fulfilment", "console", "origins", "metrics"],
      "secrets",
      ...["migrations", "database", "cron", "outbox", "pending", "dead letters", "parked webhooks"],
      ...["reviews", "silent gateways", "generic: reached", "generic: way in", "generic: webhooks"],
    ]);
    expect(await dumpTables()).toBe(before);
    expect(system.shop.received).toEqual([]);
    expect(system.gateway.calls).toEqual([expect.stringMatching(/^GET \/status\/tst_[0-9a-z]{26}$/)]);
  });

  it("tells no secret, whatever is wrong", async () => {
    const weak = "password-password-password-0";
    const secrets = { ...soundVariables(), API_KEYS: weak, CLIENT_SECRET_KEY: weak };
    const system = await createWellSystem({ ...secrets, ...stripe("live") });
    system.gateway.fault = "refuse";
    const told = JSON.stringify(await findingsOf(system));
    expect(told).toContain("API_KEYS looks like an example");
    for (const value of Object.values({ ...secrets, ...stripe("live") })) {
      expect(told).not.toContain(value);
    }
  });
});

function stripe(mode: "live" | "test") {
  return {
    STRIPE_SECRET_KEY: `sk_${mode}_4eC39HqLyjWDfTzdp7dcXx8N`,
    STRIPE_WEBHOOK_SECRET: "whsec_9vR2mKqT6yHsXc1BnZw8LdFj",
  };
}

describe("examine, of settings", () => {
  it.each<[string, Record<string, unknown>, Finding["level"], string, string, string]>([
    ["no fulfilment", { FULFILMENT_URL: "" }, "warning", "fulfilment", "GET /events", "FULFILMENT_URL"],
    ["no console", { CONSOLE_PASSWORD: "" }, "warning", "console", "Closed", "CONSOLE_PASSWORD"],
    ["no origins", { ALLOWED_ORIGINS: "" }, "warning", "origins", "is empty", "ALLOWED_ORIGINS"],
    [
      "a weak secret on this machine",
      { CLIENT_SECRET_KEY: "ababababababababababababababab" },
      ...(["warning", "secrets", "CLIENT_SECRET_KEY is long enough", "openssl rand"] as const),
    ],
    [
      "a weak secret in public",
      { PUBLIC_URL: PUBLIC, CLIENT_SECRET_KEY: "ababababababababababababababab" },
      ...(["fault", "secrets", "CLIENT_SECRET_KEY is long enough", "openssl rand"] as const),
    ],
    [
      "an example in public",
      { PUBLIC_URL: PUBLIC, CONSOLE_PASSWORD: "the-example-of-the-manual-0" },
      ...(["fault", "secrets", "CONSOLE_PASSWORD looks like an example", "openssl rand"] as const),
    ],
    [
      "one secret for two purposes",
      { API_KEYS: "q8Zt-3xWv_Lm92KdRsYbNfHc", CLIENT_SECRET_KEY: "q8Zt-3xWv_Lm92KdRsYbNfHc" },
      ...(["warning", "secrets", "are the same secret", "of its own"] as const),
    ],
    [
      "the sandbox in public, beside a real gateway",
      { PUBLIC_URL: PUBLIC, SANDBOX: "on" },
      ...(["fault", "sandbox", "play money", "SANDBOX to off"] as const),
    ],
    [
      "the sandbox in public, alone",
      { PUBLIC_URL: PUBLIC, SANDBOX: "on", DEFAULT_GATEWAY: "", ...NO_GATEWAY },
      ...(["warning", "sandbox", "play money", "npm run deploy"] as const),
    ],
    [
      "an address on this machine in public",
      { PUBLIC_URL: PUBLIC, FULFILMENT_URL: "https://localhost/hooks" },
      ...(["fault", "addresses", "FULFILMENT_URL is an address on this machine", "Cloudflare"] as const),
    ],
  ])("says what to do about %s", async (_name, variables, level, check, says, advice) => {
    expect(await wrongWith(await createWellSystem(variables))).toEqual(said(level, check, says, advice));
  });

  it("says whether figures are written, and blames nobody who wants none", async () => {
    for (const [variables, says] of [
      [{}, "Off"],
      [{ METRICS: new RecordedMetrics() }, "Analytics Engine"],
    ] as const) {
      const findings = await findingsOf(await createWellSystem(variables));
      expect(wrongOf(findings)).toEqual([]);
      const found = findings.filter(({ check }) => check === "metrics");
      expect(found).toEqual([{ ...said("ok", "metrics", says, ""), advice: null }]);
    }
  });

  it("warns where it was called by another address than gateways are told", async () => {
    const system = await createWellSystem({ PUBLIC_URL: PUBLIC });
    expect(await wrongWith(system, ORIGIN)).toEqual(
      said("warning", "address", `told ${PUBLIC}, but this call came in by ${ORIGIN}`, "PUBLIC_URL"),
    );
  });

  it("says so where no gateway is on, or none is the default", async () => {
    const system = await createWellSystem();
    const { gateways, config } = system.services;
    replaceServices(system, { gateways: new Map() });
    expect(await wrongWith(system)).toEqual(
      said("fault", "configuration", "no payment can begin", "docs/gateways.md"),
    );
    replaceServices(system, { gateways, config: { ...config, defaultGateway: null } });
    expect(await wrongWith(system)).toEqual(
      said("warning", "configuration", "none is the default", "DEFAULT_GATEWAY"),
    );
  });

  it("warns of real money beside play money, and of real money on this machine", async () => {
    const system = await createWellSystem();
    const generic = system.services.gateways.get("generic") ?? expect.unreachable("there is one");
    const live = { ...generic, mode: "live" } as const;
    const other = { ...generic, id: "other", mode: "test" } as const;
    replaceServices(system, { gateways: new Map([["generic", live]]) });
    expect(await wrongWith(system)).toEqual(
      said("warning", "modes", "real money on this machine", "test keys"),
    );
    replaceServices(system, {
      gateways: new Map<string, Gateway>([
        ["generic", live],
        ["other", other],
      ]),
    });
    const mixed = wrongOf(await findingsOf(system)).filter(({ check }) => check === "modes");
    expect(mixed).toEqual([
      said("warning", "modes", "generic: real money; other: play money", "Give other live"),
    ]);
  });
});

describe("examine, of D1 and what it keeps", () => {
  it("names the migrations that are missing", async () => {
    const system = await createWellSystem();
    replaceStore(system, { listMissingMigrations: async () => ["0006_console.sql"] });
    expect(await wrongWith(system)).toEqual(
      said("fault", "migrations", "0006_console.sql", "npm run db:migrate:remote"),
    );
  });

  it("says that D1 cannot be read, and looks at all the rest", async () => {
    const system = await createWellSystem();
    replaceStore(system, { readOverview: () => Promise.reject(new StoreError("D1_ERROR: down")) });
    const findings = await findingsOf(system);
    expect(wrongOf(findings)).toEqual([said("fault", "database", "D1_ERROR: down", "RUNBOOK.md")]);
    expect(findings.map(({ check }) => check)).toContain("generic: way in");
  });

  it("warns before the cron's first run, and calls its silence a fault", async () => {
    const system = await createWellSystem();
    await emptyTables();
    expect(await wrongWith(system)).toEqual(said("warning", "cron", "never run", "first deploy"));
    await system.tick();
    replaceServices(system, { wallClock: () => Date.now() + 6 * MINUTE });
    expect(await wrongWith(system)).toEqual(said("fault", "cron", "It ran last at", "RUNBOOK.md"));
  });

  it("warns of events that are overdue, and of dead letters", async () => {
    const system = await createWellSystem();
    system.shop.answer = () => new Response(null, { status: 503 });
    await createPaid(system);
    await system.settle();
    expect(wrongOf(await findingsOf(system))).toEqual([]);
    system.advance(12 * MINUTE);
    expect(await wrongWith(system)).toEqual(
      said("warning", "outbox", "has been due for", "Events are overdue"),
    );
    system.shop.answer = () => new Response(null, { status: 410 });
    await system.tick();
    await system.settle();
    expect(await wrongWith(system)).toEqual(
      said("warning", "dead letters", "nobody sends again: 1.", "/deliveries/replay"),
    );
  });

  it("warns of parked webhooks, reviews, and a payment that is pending past its time", async () => {
    const system = await createWellSystem();
    await deliver(system, system.gateway.callback("txn_00000000000000000000000000", "success"));
    expect(await wrongWith(system)).toEqual(
      said("warning", "parked webhooks", "no payment is known: 1.", "Webhooks"),
    );
    await emptyTables();
    await system.tick();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success", { amount: 5 }));
    await system.settle();
    expect(await wrongWith(system)).toEqual(said("warning", "reviews", "decision: 1.", "In review"));
    await emptyTables();
    await createPending(system);
    await system.tick();
    system.advance(40 * MINUTE);
    expect(await wrongWith(system)).toEqual(
      said("warning", "pending", "A payment past its time", "RUNBOOK.md"),
    );
  });

  it("tells no payment's id and no buyer", async () => {
    const system = await createWellSystem();
    const { id } = await createPending(system, { customer: { email: "canary@shop.example" } });
    system.advance(40 * MINUTE);
    const told = JSON.stringify(await findingsOf(system));
    expect(told).not.toContain(id);
    expect(told).not.toContain("canary");
    expect((await env.DB.prepare("SELECT count(*) AS n FROM inbox").first<{ n: number }>())?.n).toBe(0);
  });
});

describe("examine, of a gateway", () => {
  it.each([
    ["down", "fault", "could not be reached"],
    ["busy", "fault", "the gateway answered 503"],
    ["nonsense", "fault", "is not this transaction's state"],
    ["refuse", "warning", "the gateway answered 422"],
  ] as const)("says what to do where it is %s", async (kind, level, says) => {
    const system = await createWellSystem();
    system.gateway.fault = kind;
    expect(await wrongWith(system)).toEqual(said(level, "generic: reached", says, "GENERIC_GATEWAY_URL"));
  });

  it("says what to do where it does not know our key", async () => {
    const system = await createWellSystem();
    const stranger = connectGeneric(
      { id: "generic", title: "Generic", mode: null, url: GATEWAY_URL, apiKey: "wrong", webhookSecrets: [] },
      { fetch: system.gateway.fetch, now: Date.now },
    );
    change(system, { retrieve: stranger.retrieve });
    expect(await wrongWith(system)).toEqual(
      said("fault", "generic: reached", "the gateway answered 401", "Check the keys of Generic"),
    );
  });

  it.each([
    [-20_000, "ok", "agree", ""],
    [60_000, "warning", "s ahead of ours", "tell Generic"],
    [-3 * MINUTE, "warning", "3 min behind ours", "tell Generic"],
    [6 * MINUTE, "fault", "6 min ahead of ours", "tell Generic"],
  ] as const)("judges a clock that is off by %i ms as %s", async (ms, level, says, advice) => {
    const system = await createWellSystem();
    const clocks = createClocks(Date.now);
    const fetch = clocks.watch("generic", async () => {
      const date = new Date(Date.now() + ms).toUTCString();
      return Response.json({}, { status: 404, headers: { date } });
    });
    const { retrieve } = connectGeneric(
      { id: "generic", title: "Generic", mode: null, url: GATEWAY_URL, apiKey: "any", webhookSecrets: [] },
      { fetch, now: Date.now },
    );
    replaceServices(system, { clocks });
    change(system, { retrieve });
    const found = (await findingsOf(system)).filter(({ check }) => check === "generic: clock");
    expect(found).toEqual([
      { ...said(level, "generic: clock", says, advice), ...(level === "ok" ? { advice: null } : {}) },
    ]);
  });

  it("warns of a last webhook that was refused, until a good one comes", async () => {
    const system = await createWellSystem();
    const { store, now } = system.services;
    await store.noteBadWebhook("generic", "the callback's signature does not verify", now());
    expect(await wrongWith(system)).toEqual(
      said("warning", "generic: webhooks", "refused", "Compare GENERIC_GATEWAY_WEBHOOK_SECRET"),
    );
    system.advance(2000);
    await createPaid(system);
    system.advance(SETTLED_MS);
    await rollUpAll(system);
    expect(wrongOf(await findingsOf(system))).toEqual([]);
  });

  it("says when the second of two secrets can go", async () => {
    const both = [soundVariables(), soundVariables()].map((one) => one.GENERIC_GATEWAY_WEBHOOK_SECRET).join();
    const system = await createWellSystem({ GENERIC_GATEWAY_WEBHOOK_SECRET: both });
    const found = async () => (await findingsOf(system)).find(({ check }) => check === "generic: secrets");
    expect(await found()).toMatchObject({ level: "ok", says: expect.stringContaining("says which it uses") });
    await createPaid(system);
    await system.settle();
    system.advance(SETTLED_MS);
    await rollUpAll(system);
    expect(await found()).toEqual(
      said(
        "warning",
        "generic: secrets",
        "only the first has verified webhooks for 7 days",
        "leave the first alone",
      ),
    );
    await env.DB.prepare('UPDATE statistics SET facts = replace(facts, \'"1":1\', \'"1":1,"2":1\')').run();
    expect(await found()).toMatchObject({ level: "ok", says: expect.stringContaining("keep them") });
  });

  it.each([
    [60_000, 3_600_000, "ok"],
    [40 * MINUTE, 60 * MINUTE, "warning"],
    [MINUTE, 20 * MINUTE, "warning"],
  ])("compares the life of a payment with its limits, %i to %i ms: %s", async (minMs, maxMs, level) => {
    const system = await createWellSystem();
    change(system, { lifetime: { minMs, maxMs } });
    const found = (await findingsOf(system)).find(({ check }) => check === "generic: expiry");
    expect(found?.level).toBe(level);
    expect(found?.advice ?? "").toContain(
      level === "ok" ? "" : `between ${minMs / 1000} and ${maxMs / 1000}`,
    );
  });

  it("calls it a fault that a forged webhook is taken", async () => {
    const system = await createWellSystem();
    change(system, { readWebhook: async () => [] });
    expect(await wrongWith(system)).toEqual(
      said("fault", "generic: way in", "nobody signed got 200 ignored", "Take generic out of service"),
    );
  });

  it("calls it a fault that a signed one is refused", async () => {
    const system = await createWellSystem();
    change(system, { probe: async () => ({ headers: {}, body: "tst_" }) });
    expect(await wrongWith(system)).toEqual(
      said("fault", "generic: way in", "got 401, where 200 ignored was expected", "npx wrangler tail"),
    );
  });

  it("asks only for a refusal where nobody else can sign", async () => {
    const system = await createWellSystem();
    const { probe: _probe, ...generic } =
      system.services.gateways.get("generic") ?? expect.unreachable("there is one");
    replaceServices(system, { gateways: new Map([["generic", generic]]) });
    const found = (await findingsOf(system)).find(({ check }) => check === "generic: way in");
    expect(found).toMatchObject({ level: "ok", says: expect.stringContaining("Only Generic itself") });
  });

  it("finds what it can of the others where one cannot be examined", async () => {
    const system = await createWellSystem();
    change(system, { retrieve: () => Promise.reject(new RangeError("a bug")) });
    expect(await wrongWith(system)).toEqual(
      said("fault", "generic", "could not be examined", "doctor.failed"),
    );
  });
});
