import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deriveSecret, equalInConstantTime, hmacSha256 } from "../../src/lib/derive-secret.ts";

fc.configureGlobal({ seed: 20261122 });

describe("hmacSha256", () => {
  it.each([
    // RFC 4231, test case 2, and the vector that Wikipedia gives.
    [
      "Jefe",
      "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      "key",
      "The quick brown fox jumps over the lazy dog",
      "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
    ],
  ])("agrees with the published vector of %s", async (key, text, hex) => {
    expect((await hmacSha256(key, text)).toHex()).toBe(hex);
  });

  it("refuses an empty key", async () => {
    await expect(hmacSha256("", "text")).rejects.toThrow();
  });
});

describe("deriveSecret", () => {
  it("is the digest in 43 characters that fit into a header and an address", async () => {
    const secret = await deriveSecret("key", "The quick brown fox jumps over the lazy dog");
    expect(secret).toBe("97yD9DBThCSxMpjmqm-xQ-9NWaFJRhdZl0edvC0aPNg");
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it("is the same for the same key and purpose, and another for any other", async () => {
    const secrets = await Promise.all(
      [
        ["key", "a"],
        ["key", "a"],
        ["key", "b"],
        ["kez", "a"],
        ["keya", ""],
      ].map(([key = "", purpose = ""]) => deriveSecret(key, purpose)),
    );
    expect(secrets[0]).toBe(secrets[1]);
    expect(new Set(secrets).size).toBe(4);
  });
});

describe("equalInConstantTime", () => {
  it("says whether two texts are the same, of whatever lengths", async () => {
    const texts = fc.string({ unit: "grapheme", maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(texts, texts, async (one, other) => {
        expect(await equalInConstantTime(one, other)).toBe(one === other);
        expect(await equalInConstantTime(one, one)).toBe(true);
      }),
    );
  });

  it.each([
    ["", "a"],
    ["secret", "secret "],
    ["secret", "Secret"],
    ["secret", "secre"],
    ["a\u0000", "a"],
  ])("tells %j from %j", async (one, other) => {
    expect(await equalInConstantTime(one, other)).toBe(false);
  });
});
