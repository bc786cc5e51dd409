/** A system that is set up wrong says so on every route, and says nothing secret. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchDescribed } from "./support/contract.ts";
import { API_KEY, type System, shopVariables, startSystem } from "./support/system.ts";

const faults = {
  ...shopVariables,
  API_KEYS: `${API_KEY},short_key_fake`,
  CLIENT_SECRET_KEY: "replace-me-with-openssl-rand-base64-32",
  FULFILMENT_URL: "http://shop.example/fulfilment",
  GENERIC_GATEWAY_URL: "http://127.0.0.1:9",
  GENERIC_GATEWAY_API_KEY: "short_gateway_fake",
  TRANSACTION_TTL_SECONDS: "0",
  STATUS_CHECK_AFTER_SECONDS: "soon",
  LATE_PAYMENT_POLICY: "whatever",
};

/** One is missing, the others are bad. */
const NAMED = [
  "API_KEYS",
  "CLIENT_SECRET_KEY",
  "FULFILMENT_URL",
  "GENERIC_GATEWAY_API_KEY",
  "GENERIC_GATEWAY_WEBHOOK_SECRET",
  "TRANSACTION_TTL_SECONDS",
  "STATUS_CHECK_AFTER_SECONDS",
  "LATE_PAYMENT_POLICY",
];

const SECRET_VALUES = [
  API_KEY,
  "short_key_fake",
  "replace-me-with",
  "short_gateway_fake",
  shopVariables.FULFILMENT_SECRET ?? "whsec_",
];

const ROUTES: readonly (readonly [string, string])[] = [
  ["GET", "/health"],
  ["POST", "/transactions"],
  ["GET", "/transactions/txn_00000000000000000000000000"],
  ["GET", "/transactions/txn_00000000000000000000000000/socket"],
  ["GET", "/events"],
  ["POST", "/webhooks/generic"],
  ["POST", "/webhooks/nonesuch"],
  ["GET", "/status/txn_00000000000000000000000000"],
  ["GET", "/demo"],
  ["GET", "/nowhere"],
];

describe("a system with variables that are missing or bad", () => {
  let system: System;

  beforeAll(async () => {
    system = await startSystem({ vars: faults, args: [], isUp: (status) => status >= 500 });
  });
  afterAll(() => system?.stop());

  it.each(ROUTES)(
    "refuses %s %s, names each of them and shows no value of a secret",
    async (method, path) => {
      const response = await fetchDescribed(`${system.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${API_KEY}` },
      });
      const text = await response.text();
      expect(response.status).toBeGreaterThanOrEqual(500);
      for (const name of NAMED) {
        expect(text).toContain(name);
      }
      // Whatever is right is not accused.
      expect(text).not.toContain("ALLOWED_ORIGINS");
      expect(text).not.toContain("GENERIC_GATEWAY_URL");
      for (const value of SECRET_VALUES) {
        expect(text).not.toContain(value);
      }
    },
  );

  it("keeps the secrets out of its logs too", () => {
    const lines = system.output().split("\n");
    for (const value of SECRET_VALUES) {
      expect(lines.filter((line) => line.includes(value))).toEqual([]);
    }
  });
});
