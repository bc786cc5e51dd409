/** Variables that are valid, and yet not as they should be. */
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { judgeVariables } from "../../src/lib/judge-variables.ts";

const random = () => randomBytes(24).toString("base64");
const flaw = (name: string, kind: string, other: string | null = null) => ({ name, kind, other });

describe("judgeVariables", () => {
  it("has nothing against random secrets, however they are written", () => {
    for (let count = 0; count < 500; count += 1) {
      const set = {
        API_KEYS: `${random()},${random()}`,
        CLIENT_SECRET_KEY: randomBytes(16).toString("hex"),
        FULFILMENT_SECRET: `whsec_${random()}`,
        CONSOLE_PASSWORD: randomBytes(18).toString("base64url"),
        SQUARE_WEBHOOK_SIGNATURE_KEY: randomBytes(16).toString("base64url"),
        ADYEN_HMAC_KEY: randomBytes(32).toString("hex"),
      };
      // A random text may hold a word by chance, though not in a thousand years of these runs.
      expect(judgeVariables(set)).toEqual([]);
    }
  });

  it.each([
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ababababababababababababababababab",
    "mnopqrstuvwxyzmnopqrstuvwxyz",
    "key key key key key key key key",
  ])("calls %j guessable", (value) => {
    expect(judgeVariables({ CLIENT_SECRET_KEY: value })).toEqual([flaw("CLIENT_SECRET_KEY", "guessable")]);
  });

  it.each([
    "replace-me-with-openssl-rand-base64-32",
    "client-secret-key-for-tests-only",
    "whsec_ChangeMeChangeMeChangeMe01",
    "my very long Password of the shop",
    "your-secret-goes-in-here-please",
    "key_live_0123456789abcdef",
  ])("calls %j an example", (value) => {
    expect(judgeVariables({ API_KEYS: `${random()},${value}` })).toEqual([flaw("API_KEYS", "example")]);
  });

  it("says where a secret serves twice", () => {
    const [one, other] = [random(), random()];
    const set = { API_KEYS: `${one},${other},${one}`, STRIPE_SECRET_KEY: other, CONSOLE_PASSWORD: random() };
    expect(judgeVariables(set)).toEqual([
      flaw("API_KEYS", "repeated", "API_KEYS"),
      flaw("STRIPE_SECRET_KEY", "repeated", "API_KEYS"),
    ]);
  });

  it("names the addresses on this machine, but for our own", () => {
    const set = {
      PUBLIC_URL: "http://localhost:8787",
      FULFILMENT_URL: "https://localhost/hooks",
      STRIPE_API_URL: "https://127.0.0.1:12111",
      PAYPAL_API_URL: "https://api-m.sandbox.paypal.com",
      ALLOWED_ORIGINS: "https://shop.example, https://[::1]:3000",
    };
    expect(judgeVariables(set)).toEqual([
      flaw("FULFILMENT_URL", "loopback"),
      flaw("STRIPE_API_URL", "loopback"),
      flaw("ALLOWED_ORIGINS", "loopback"),
    ]);
  });

  it("passes over what is no secret, no address or no text", () => {
    expect(
      judgeVariables({
        ACCESS_AUD: "aaaaaaaa",
        STRIPE_SECRET_KEY: undefined,
        DB_KEY: {},
        PAYPAL_CLIENT_ID: "example",
      }),
    ).toEqual([]);
  });
});
