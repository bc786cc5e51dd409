import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "../src/config.ts";
import { GATEWAYS } from "../src/gateways/index.ts";

const REQUIRED = {
  PUBLIC_URL: "https://pay.example",
  API_KEYS: "key_test_0123456789abcdef",
  CLIENT_SECRET_KEY: "client-secret-key-for-tests-only",
};
const SHOP = {
  FULFILMENT_URL: "https://shop.example/hooks",
  FULFILMENT_SECRET: `whsec_${btoa("fulfilment-secret-for-tests-only")}`,
};
const GENERIC = {
  GENERIC_GATEWAY_URL: "https://gateway.example",
  GENERIC_GATEWAY_API_KEY: "gateway-api-key-for-tests-only",
  GENERIC_GATEWAY_WEBHOOK_SECRET: `whsec_${btoa("gateway-webhook-secret-for-tests")}`,
};

/** In a bundle that has it. */
const SANDBOX = { SANDBOX: "on", SANDBOX_SESSIONS: {} };

type Variables = Record<string, unknown>;

const load = (changes: Variables = {}) => loadConfig({ ...REQUIRED, ...changes });

/** What a refusal says; it must be ours, so that the edge can tell it from a fault. */
function refusal(env: Variables): string {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error, "the error's class").toBeInstanceOf(ConfigError);
    return error instanceof Error ? error.message : "";
  }
  return expect.unreachable("the configuration should have been refused");
}

const refusalOf = (changes: Variables) => refusal({ ...REQUIRED, ...changes });

function without(env: Variables, name: string): Variables {
  return Object.fromEntries(Object.entries(env).filter(([key]) => key !== name));
}

describe("loadConfig", () => {
  it("needs three variables, and has defaults for the rest", () => {
    expect(load()).toEqual({
      publicUrl: "https://pay.example",
      apiKeys: [REQUIRED.API_KEYS],
      clientSecretKeys: [REQUIRED.CLIENT_SECRET_KEY],
      fulfilment: null,
      allowedOrigins: [],
      defaultGateway: null,
      ttlMs: 1_800_000,
      policy: { latePayment: "accept", firstCheckMs: 900_000 },
      sandbox: false,
      archiveAfterMs: null,
      metrics: false,
      console: null,
      gateways: [],
      gatewaysOff: GATEWAYS.map(({ id }) => id),
      // Names alone: these are the visibly fake ones of the tests.
      flaws: ["API_KEYS", "CLIENT_SECRET_KEY"].map((name) => ({ name, kind: "example", other: null })),
    });
  });

  it("reads everything that it is given", () => {
    const config = load({
      ...SHOP,
      ...GENERIC,
      API_KEYS: " key_test_0123456789abcdef, key_test_fedcba9876543210 ,",
      CLIENT_SECRET_KEY: "the-new-client-secret-key,the-old-client-secret-key",
      ALLOWED_ORIGINS: "https://shop.example, https://www.shop.example:8443/",
      TRANSACTION_TTL_SECONDS: "60",
      STATUS_CHECK_AFTER_SECONDS: 1,
      LATE_PAYMENT_POLICY: "review",
      ...SANDBOX,
      DEFAULT_GATEWAY: "sandbox",
    });
    expect(config).toMatchObject({
      apiKeys: ["key_test_0123456789abcdef", "key_test_fedcba9876543210"],
      clientSecretKeys: ["the-new-client-secret-key", "the-old-client-secret-key"],
      fulfilment: { kind: "url", url: SHOP.FULFILMENT_URL, secrets: [SHOP.FULFILMENT_SECRET] },
      allowedOrigins: ["https://shop.example", "https://www.shop.example:8443"],
      ttlMs: 60_000,
      policy: { latePayment: "review", firstCheckMs: 1000 },
      sandbox: true,
      defaultGateway: "sandbox",
    });
    expect(config.gateways.map(({ id, verifiers }) => [id, verifiers])).toEqual([
      ["generic", { name: "GENERIC_GATEWAY_WEBHOOK_SECRET", count: 1 }],
    ]);
  });

  it("parses an environment once", () => {
    const env = { ...REQUIRED };
    expect(loadConfig(env)).toBe(loadConfig(env));
  });

  it("refuses again what it has refused", () => {
    const env = without(REQUIRED, "API_KEYS");
    expect(refusal(env)).toBe(refusal(env));
  });

  it("takes an empty variable for one that is not set", () => {
    expect(load({ FULFILMENT_URL: "", TRANSACTION_TTL_SECONDS: "", GENERIC_GATEWAY_URL: "" })).toMatchObject({
      fulfilment: null,
      ttlMs: 1_800_000,
      gateways: [],
    });
  });
});

describe("loadConfig, of secrets", () => {
  it.each(Object.keys(REQUIRED))("names %s where it is missing or empty", (name) => {
    expect(refusal(without(REQUIRED, name))).toContain(`${name} is missing.`);
    expect(refusalOf({ [name]: "" })).toContain(`${name} is missing.`);
  });

  it("names everything that is wrong in one message", () => {
    const message = refusal({ FULFILMENT_SECRET: "short", GENERIC_GATEWAY_API_KEY: "short" });
    for (const name of [...Object.keys(REQUIRED), "FULFILMENT_SECRET", ...Object.keys(GENERIC)]) {
      expect(message).toContain(name);
    }
  });

  it("names what does not go together in that message too", () => {
    const message = refusal({
      ...without(REQUIRED, "API_KEYS"),
      FULFILMENT_URL: SHOP.FULFILMENT_URL,
      DEFAULT_GATEWAY: "nobody",
    });
    for (const name of ["API_KEYS", "FULFILMENT_SECRET", "DEFAULT_GATEWAY"]) {
      expect(message).toContain(name);
    }
  });

  const secrets = { ...without(REQUIRED, "PUBLIC_URL"), ...SHOP, ...GENERIC };
  const names = Object.keys(secrets).filter((name) => !name.endsWith("_URL"));

  it.each(names)("refuses a short %s", (name) => {
    const message = refusalOf({ ...SHOP, ...GENERIC, [name]: "hunter2" });
    expect(message).toContain(`${name} must have at least 24 bytes`);
    expect(message).not.toContain("hunter2");
  });

  it.each(names)("refuses a placeholder as %s", (name) => {
    const message = refusalOf({ ...SHOP, ...GENERIC, [name]: "replace-me-with-openssl-rand-base64-32" });
    expect(message).toContain(name);
    expect(message).toContain("placeholder");
    expect(message).not.toContain("replace-me-with");
  });

  it.each(names)("refuses blanks as %s", (name) => {
    expect(refusalOf({ ...SHOP, ...GENERIC, [name]: " ".repeat(40) })).toContain(name);
  });

  it("refuses a list for one short entry", () => {
    expect(refusalOf({ API_KEYS: `${REQUIRED.API_KEYS},hunter2` })).toContain("API_KEYS");
  });

  it.each(["FULFILMENT_SECRET", "GENERIC_GATEWAY_WEBHOOK_SECRET"])(
    "refuses a %s that is no whsec_",
    (name) => {
      const message = refusalOf({ ...SHOP, ...GENERIC, [name]: "long enough, but hunter2 is no base64" });
      expect(message).toContain(`${name} must be "whsec_"`);
      expect(message).not.toContain("hunter2");
    },
  );

  it("repeats no secret's value, whatever else is wrong", () => {
    const env = { ...REQUIRED, ...SHOP, ...GENERIC };
    for (const name of Object.keys(env)) {
      const message = refusal({ ...without(env, name), DEFAULT_GATEWAY: "nobody", SANDBOX: "maybe" });
      for (const secret of names.map((key) => String(secrets[key as keyof typeof secrets]))) {
        expect(message).not.toContain(secret);
      }
    }
  });
});

describe("loadConfig, of gateways", () => {
  const generic = Object.keys(GENERIC);

  it("leaves a gateway off that has none of its variables", () => {
    expect(load().gateways).toEqual([]);
  });

  it.each(generic)("names each missing variable of a gateway that has only %s", (name) => {
    const message = refusalOf({ [name]: GENERIC[name as keyof typeof GENERIC] });
    for (const missing of generic.filter((other) => other !== name)) {
      expect(message).toContain(`${missing} is missing.`);
    }
    expect(message).not.toContain(`${name} `);
  });

  it("takes the only one for the default, the sandbox where there is none", () => {
    expect(load(GENERIC).defaultGateway).toBe("generic");
    expect(load(SANDBOX).defaultGateway).toBe("sandbox");
    expect(load({ ...GENERIC, ...SANDBOX }).defaultGateway).toBe("generic");
    expect(load().defaultGateway).toBeNull();
  });

  it.each(["nobody", "Generic", "sandbox"])(
    "refuses the unknown default %s, and says what there is",
    (id) => {
      const message = refusalOf({ ...GENERIC, DEFAULT_GATEWAY: id });
      expect(message).toContain("DEFAULT_GATEWAY");
      expect(message).toContain("(generic)");
      expect(refusalOf({ DEFAULT_GATEWAY: id })).toContain("(none)");
    },
  );

  it("refuses a gateway's address that is not https", () => {
    const message = refusalOf({ ...GENERIC, GENERIC_GATEWAY_URL: "http://gateway.example" });
    expect(message).toContain("GENERIC_GATEWAY_URL must be https");
  });
});

describe("loadConfig, of addresses", () => {
  it.each([
    ["https://pay.example", "https://pay.example"],
    ["https://pay.example/", "https://pay.example"],
    ["http://localhost:8787", "http://localhost:8787"],
    ["http://127.0.0.1:8787/", "http://127.0.0.1:8787"],
    ["http://[::1]:8787", "http://[::1]:8787"],
  ])("takes PUBLIC_URL %s", (PUBLIC_URL, publicUrl) => {
    expect(load({ PUBLIC_URL }).publicUrl).toBe(publicUrl);
  });

  it.each(["http://pay.example", "http://192.168.0.1:8787", "http://localhost.example"])(
    "refuses PUBLIC_URL %s: http is for this machine only",
    (PUBLIC_URL) => {
      expect(refusalOf({ PUBLIC_URL })).toContain("PUBLIC_URL must be https");
    },
  );

  it("refuses a PUBLIC_URL with a path", () => {
    expect(refusalOf({ PUBLIC_URL: "https://pay.example/payments" })).toContain(
      "PUBLIC_URL must have no path",
    );
  });

  it.each(["https://pay.example?x=1", "https://pay.example/#x", "https://user@pay.example"])(
    "refuses PUBLIC_URL %s: paths are put behind it",
    (PUBLIC_URL) => {
      expect(refusalOf({ PUBLIC_URL })).toContain("PUBLIC_URL");
    },
  );

  it.each(["PUBLIC_URL", "FULFILMENT_URL", "GENERIC_GATEWAY_URL", "ALLOWED_ORIGINS"])(
    "names %s where it is no address at all",
    (name) => {
      expect(refusalOf({ ...SHOP, ...GENERIC, [name]: "nonsense" })).toContain(name);
    },
  );

  it.each(["FULFILMENT_URL", "GENERIC_GATEWAY_URL"])("takes a local %s in development alone", (name) => {
    const local = { ...SHOP, ...GENERIC, [name]: "http://localhost:9000" };
    expect(refusalOf(local)).toContain(`${name} must be https`);
    expect(() => load({ ...local, PUBLIC_URL: "http://localhost:8787" })).not.toThrow();
  });

  it("minds no variable that is not its own", () => {
    expect(() => load({ DOCUMENTATION_URL: "http://docs.example" })).not.toThrow();
  });

  it("wants a secret for the shop's address, and an https one", () => {
    const { FULFILMENT_URL } = SHOP;
    expect(refusalOf({ FULFILMENT_URL })).toContain("FULFILMENT_SECRET is missing");
    expect(refusalOf({ ...SHOP, FULFILMENT_URL: "http://shop.example" })).toContain(
      "FULFILMENT_URL must be https",
    );
    expect(load({ FULFILMENT_SECRET: SHOP.FULFILMENT_SECRET }).fulfilment).toBeNull();
  });

  it.each([
    "https://shop.example/checkout",
    "https://shop.example?x",
    "https://*.shop.example",
    "https://shop.example, https://*",
    "*",
    "shop.example",
    "null",
    "localhost:3000",
    "ftp://shop.example",
    "javascript://",
    "data://",
    "intent://shop.example",
    "blob://",
    "myshop:",
    "myshop:paid",
    "myshop://pay/done",
    "myshop://?x",
    "myshop://*",
    "myshop://someone@pay",
    "://",
  ])("refuses the origins %j", (ALLOWED_ORIGINS) => {
    expect(refusalOf({ ALLOWED_ORIGINS })).toContain("ALLOWED_ORIGINS");
  });

  it("takes the schemes of apps, alone or with a host", () => {
    const ALLOWED_ORIGINS = "https://shop.example, MyShop://, com.example.shop://, capacitor://localhost/";
    expect(load({ ALLOWED_ORIGINS }).allowedOrigins).toEqual([
      "https://shop.example",
      "myshop://",
      "com.example.shop://",
      "capacitor://localhost",
    ]);
  });

  it("takes an http origin in development alone", () => {
    const ALLOWED_ORIGINS = "http://localhost:3000";
    expect(refusalOf({ ALLOWED_ORIGINS })).toContain("ALLOWED_ORIGINS must be https");
    expect(load({ ALLOWED_ORIGINS, PUBLIC_URL: "http://localhost:8787" }).allowedOrigins).toEqual([
      ALLOWED_ORIGINS,
    ]);
  });
});

describe("loadConfig, of the binding METRICS", () => {
  it("knows whether it is there", () => {
    expect(load({}).metrics).toBe(false);
    expect(load({ METRICS: "" }).metrics).toBe(false);
    expect(load({ METRICS: { writeDataPoint: () => undefined } }).metrics).toBe(true);
  });

  it.each(["payment_edge", 1, true, null, {}])("refuses %j: a variable, or another binding", (METRICS) => {
    expect(refusalOf({ METRICS })).toContain("METRICS must be a binding to Analytics Engine");
  });
});

describe("loadConfig, of the binding ARCHIVE", () => {
  const ARCHIVE = { put: () => undefined };
  const DAY = 24 * 60 * 60_000;

  it("archives after two years where it is there, or after as many days as are set", () => {
    expect(load({}).archiveAfterMs).toBeNull();
    expect(load({ ARCHIVE: "", ARCHIVE_AFTER_DAYS: "365" }).archiveAfterMs).toBeNull();
    expect(load({ ARCHIVE }).archiveAfterMs).toBe(730 * DAY);
    expect(load({ ARCHIVE, ARCHIVE_AFTER_DAYS: "180" }).archiveAfterMs).toBe(180 * DAY);
  });

  it.each(["payments", 1, true, null, {}])("refuses %j: a variable, or another binding", (value) => {
    expect(refusalOf({ ARCHIVE: value })).toContain("ARCHIVE must be a binding to an R2 bucket");
  });

  it.each(["179", "0", "-1", "1.5", "two years", "36501"])("refuses to archive after %s days", (days) => {
    expect(refusalOf({ ARCHIVE, ARCHIVE_AFTER_DAYS: days })).toContain("ARCHIVE_AFTER_DAYS");
  });
});

describe("loadConfig, of the binding FULFILMENT", () => {
  it("needs neither an address nor a secret with it, and minds no secret", () => {
    expect(load({ FULFILMENT: {} }).fulfilment).toEqual({ kind: "worker" });
    const { FULFILMENT_SECRET } = SHOP;
    expect(load({ FULFILMENT: {}, FULFILMENT_SECRET }).fulfilment).toEqual({ kind: "worker" });
    expect(load({ FULFILMENT: {}, FULFILMENT_URL: "" }).fulfilment).toEqual({ kind: "worker" });
  });

  it("refuses it together with an address: set either", () => {
    for (const shop of [SHOP, without(SHOP, "FULFILMENT_SECRET")]) {
      const message = refusalOf({ ...shop, FULFILMENT: {} });
      expect(message).toMatch(/FULFILMENT_URL and the binding FULFILMENT .*set either/);
    }
  });

  it.each(["https://shop.example/hooks", "hunter2", 1, true, null])(
    "refuses %j: it is no binding",
    (FULFILMENT) => {
      const message = refusalOf({ FULFILMENT });
      expect(message).toContain("FULFILMENT must be a service binding");
      expect(message).not.toContain(String(FULFILMENT));
    },
  );
});

describe("loadConfig, of the console", () => {
  const CONSOLE_PASSWORD = "console-password-for-tests-only";
  const ACCESS = {
    ACCESS_TEAM_DOMAIN: "my-team.cloudflareaccess.example",
    ACCESS_AUD: "4714c1358e65fe4b408ad6d432a5f878",
  };
  const access = { teamUrl: "https://my-team.cloudflareaccess.example", audience: ACCESS.ACCESS_AUD };

  it("is closed where nothing is set, or set to nothing", () => {
    expect(load().console).toBeNull();
    expect(load({ CONSOLE_PASSWORD: "", ACCESS_TEAM_DOMAIN: "", ACCESS_AUD: "" }).console).toBeNull();
  });

  it("opens it by the password, by Cloudflare Access, or by either", () => {
    expect(load({ CONSOLE_PASSWORD }).console).toEqual({ password: CONSOLE_PASSWORD, access: null });
    expect(load(ACCESS).console).toEqual({ password: null, access });
    expect(load({ ...ACCESS, CONSOLE_PASSWORD }).console).toEqual({ password: CONSOLE_PASSWORD, access });
  });

  it("takes a password of 24 bytes, with blanks in it and whatever letters", () => {
    expect(load({ CONSOLE_PASSWORD: "ein Käse, zwei Brote, ü" }).console?.password).toHaveLength(23);
    expect(load({ CONSOLE_PASSWORD: "one,two,three,four,five," }).console?.password).toHaveLength(24);
  });

  it.each(["hunter2", "x".repeat(23), "ü".repeat(11), `hunter2${" ".repeat(40)}`])(
    "refuses the short password %j, and does not repeat it",
    (short) => {
      const message = refusalOf({ CONSOLE_PASSWORD: short });
      expect(message).toContain("CONSOLE_PASSWORD must have at least 24 bytes");
      expect(message).not.toContain(short);
    },
  );

  it.each([
    ["CONSOLE_PASSWORD", "replace-me-with-openssl-rand-base64-32"],
    ["ACCESS_AUD", "replace-me-with-the-audience-tag"],
  ])("refuses a placeholder as %s", (name, value) => {
    const message = refusalOf({ ...ACCESS, CONSOLE_PASSWORD, [name]: value });
    expect(message).toContain(name);
    expect(message).toContain("placeholder");
  });

  it.each([
    ["ACCESS_AUD", "ACCESS_TEAM_DOMAIN"],
    ["ACCESS_TEAM_DOMAIN", "ACCESS_AUD"],
  ] as const)("refuses %s alone, also beside a password: a half-set lock opens nothing", (name, missing) => {
    for (const more of [{}, { CONSOLE_PASSWORD }, { [missing]: "" }]) {
      expect(refusalOf({ [name]: ACCESS[name], ...more })).toContain(`${missing} is missing`);
    }
  });

  it.each([
    "my-team.cloudflareaccess.example",
    "https://my-team.cloudflareaccess.example",
    "https://my-team.cloudflareaccess.example/",
    " My-Team.CloudflareAccess.Example ",
    "https://my-team.cloudflareaccess.example:443",
  ])("takes the team's domain as %j", (ACCESS_TEAM_DOMAIN) => {
    expect(load({ ...ACCESS, ACCESS_TEAM_DOMAIN }).console?.access).toEqual(access);
  });

  it.each([
    "my-team",
    "https://my-team",
    "http://my-team.cloudflareaccess.example",
    "https://my-team.cloudflareaccess.example/cdn-cgi/access/certs",
    "my-team.cloudflareaccess.example?x",
    "my-team.cloudflareaccess.example#x",
    "somebody@my-team.cloudflareaccess.example",
    "my team.cloudflareaccess.example",
    "javascript://my-team.cloudflareaccess.example",
    "://",
    " ",
  ])("refuses the team's domain %j", (ACCESS_TEAM_DOMAIN) => {
    expect(refusalOf({ ...ACCESS, ACCESS_TEAM_DOMAIN })).toContain("ACCESS_TEAM_DOMAIN");
  });

  it.each(["two words", "x".repeat(256), "ключ", " "])("refuses the audience %j", (ACCESS_AUD) => {
    expect(refusalOf({ ...ACCESS, ACCESS_AUD })).toContain("ACCESS_AUD");
  });

  it("takes a local team in development alone", () => {
    const local = { ...ACCESS, ACCESS_TEAM_DOMAIN: "http://localhost:9000" };
    expect(refusalOf(local)).toContain("ACCESS_TEAM_DOMAIN must be https");
    const { console } = load({ ...local, PUBLIC_URL: "http://localhost:8787" });
    expect(console?.access?.teamUrl).toBe("http://localhost:9000");
  });
});

describe("loadConfig, of numbers and choices", () => {
  it.each(["TRANSACTION_TTL_SECONDS", "STATUS_CHECK_AFTER_SECONDS"])("refuses a bad %s", (name) => {
    for (const value of ["0", "-1", "1.5", "soon", "NaN", "Infinity", "604801", " "]) {
      expect(refusalOf({ [name]: value })).toContain(name);
    }
    expect(() => load({ [name]: "1" })).not.toThrow();
    expect(() => load({ [name]: "604800" })).not.toThrow();
  });

  it.each([
    ["LATE_PAYMENT_POLICY", "ignore"],
    ["LATE_PAYMENT_POLICY", "ACCEPT"],
    ["SANDBOX", "true"],
    ["SANDBOX", "1"],
  ])("refuses %s=%s, and says what may stand there", (name, value) => {
    const message = refusalOf({ [name]: value });
    expect(message).toContain(name);
    expect(message).toMatch(/accept.*refund.*review|on.*off/);
  });

  it("refuses a sandbox that is not in the bundle, and says how there would be one", () => {
    const message = refusalOf({ SANDBOX: "on" });
    expect(message).toContain("SANDBOX is on, but this Worker has no sandbox in it");
    expect(message).toContain("npm run deploy -- --sandbox");
    expect(load({ SANDBOX: "off" }).sandbox).toBe(false);
    expect(load({ SANDBOX_SESSIONS: {} }).sandbox).toBe(false);
  });
});
