import { describe, expect, it } from "vitest";
import type * as z from "zod/mini";
import {
  baseUrl,
  isLoopback,
  isSecureUrl,
  listOf,
  secret,
  serviceUrl,
  webhookSecret,
} from "../../src/lib/variables.ts";

const LONG = "0123456789abcdefghijklmn";
const WEBHOOK = `whsec_${btoa("a-webhook-secret-for-these-tests")}`;

/** What is wrong with a value, in our words; null where nothing is. */
function complaint(schema: z.ZodMiniType, value: unknown): string | null {
  const result = schema.safeParse(value);
  return result.success ? null : result.error.issues.map(({ message }) => message).join("; ");
}

describe("secret", () => {
  it("takes 24 bytes and more, without the blanks around them", () => {
    expect(secret.parse(LONG)).toBe(LONG);
    expect(secret.parse(`  ${LONG}\n`)).toBe(LONG);
    expect(secret.parse("é".repeat(12))).toBe("é".repeat(12));
  });

  it.each(["", "x", LONG.slice(1), `   ${LONG.slice(1)}   `, " ".repeat(40)])(
    "refuses %j as too short",
    (value) => {
      expect(complaint(secret, value)).toContain("at least 24 bytes");
    },
  );

  it("refuses a placeholder, and says how to make one", () => {
    const message = complaint(secret, "replace-me-with-something-long-enough");
    expect(message).toContain("placeholder");
    expect(message).toContain("openssl rand");
  });

  it("repeats no value in what it says", () => {
    expect(complaint(secret, "hunter2")).not.toContain("hunter2");
    expect(complaint(secret, "replace-me-hunter2-hunter2")).not.toContain("hunter2");
  });
});

describe("webhookSecret", () => {
  it("takes whsec_ and the base64 of at least 24 bytes", () => {
    expect(webhookSecret.parse(WEBHOOK)).toBe(WEBHOOK);
    expect(webhookSecret.parse(`whsec_${btoa("x".repeat(24))}`)).toBeTruthy();
  });

  it.each([
    `whsec_${btoa("x".repeat(23))}`,
    "whsec_this is not base64, but long enough",
    `whsec_${"*".repeat(40)}`,
    "whsec_",
    "replace-me-replace-me-replace-me-replace-me-",
  ])("refuses %j", (value) => {
    expect(complaint(webhookSecret, value)).not.toBeNull();
  });
});

describe("listOf", () => {
  const secrets = listOf(secret);

  it("splits at commas, and minds no blanks or empty places", () => {
    expect(secrets.parse(LONG)).toEqual([LONG]);
    expect(secrets.parse(` ${LONG} ,, ${LONG}2,`)).toEqual([LONG, `${LONG}2`]);
  });

  it.each(["", " ", ",", " , ,"])("refuses %j, which lists nothing", (value) => {
    expect(complaint(secrets, value)).toContain("is empty");
  });

  it("refuses the whole list for one bad entry", () => {
    expect(complaint(secrets, `${LONG},short`)).toContain("24 bytes");
  });
});

describe("serviceUrl", () => {
  it.each([
    ["https://gateway.example", "https://gateway.example"],
    ["https://gateway.example/", "https://gateway.example"],
    ["https://gateway.example/v1/", "https://gateway.example/v1"],
    ["https://gateway.example:8443/v1", "https://gateway.example:8443/v1"],
    ["http://localhost:8787", "http://localhost:8787"],
    ["http://127.0.0.1:8787/", "http://127.0.0.1:8787"],
    ["http://[::1]:8787", "http://[::1]:8787"],
  ])("takes %s, without a slash at its end", (value, address) => {
    expect(baseUrl.parse(value)).toBe(address);
  });

  it.each([
    "http://gateway.example",
    "http://localhost.example",
    "http://127.0.0.1.example",
    "http://10.0.0.1",
    "http://0.0.0.0:8787",
  ])("refuses %s: http is for this machine only", (value) => {
    expect(complaint(serviceUrl, value)).toContain("must be https");
  });

  it.each(["ftp://gateway.example", "javascript:alert(1)", "data:text/plain,x"])("refuses %s", (value) => {
    expect(complaint(serviceUrl, value)).not.toBeNull();
  });

  it.each(["", "gateway.example", "/v1", "nonsense", "https://"])(
    "refuses %j, which is no address",
    (value) => {
      expect(complaint(serviceUrl, value)).not.toBeNull();
    },
  );

  it.each(["https://user@gateway.example", "https://user:password@gateway.example"])(
    "refuses %s, which carries a user name",
    (value) => {
      expect(complaint(serviceUrl, value)).toContain("user name");
    },
  );

  it("refuses a password without a user name", () => {
    expect(complaint(serviceUrl, "https://:password@gateway.example")).not.toBeNull();
  });
});

describe("isSecureUrl", () => {
  it.each([
    ["https://shop.example/back", true],
    ["http://localhost/back", true],
    ["http://shop.example/back", false],
    ["ws://localhost", false],
    ["javascript:alert(1)", false],
    ["nonsense", false],
    ["", false],
  ])("says of %j: %s", (value, secure) => {
    expect(isSecureUrl(value)).toBe(secure);
  });
});

describe("isLoopback", () => {
  it.each([
    ["http://localhost:1", true],
    ["http://127.0.0.1", true],
    ["http://127.255.1.2", true],
    ["http://2130706433", true],
    ["http://[::1]", true],
    ["http://128.0.0.1", false],
    ["http://localhost.example", false],
    ["http://notlocalhost", false],
    ["http://[::2]", false],
  ])("says of %s: %s", (value, loopback) => {
    expect(isLoopback(new URL(value))).toBe(loopback);
  });
});
