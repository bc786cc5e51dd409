import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { utf8, verifyHmac } from "../../src/gateways/signature.ts";
import { hmac } from "../support/vendors/vendor.ts";

const SECRETS = ["the first of three secrets", "the second of three secrets", "the third of three secrets"];
const DATA = utf8('{"event":"paid"}');
const OTHER = new Uint8Array(32);

describe("verifyHmac", () => {
  it.each([1, 2, 3])("says that secret %i signed", async (position) => {
    for (const hash of ["SHA-256", "SHA-512"] as const) {
      const signature = await hmac(hash, SECRETS[position - 1] ?? "", DATA);
      expect(await verifyHmac(hash, SECRETS, DATA, [signature])).toBe(position);
      expect(await verifyHmac(hash, SECRETS.map(utf8), DATA, [OTHER, null, signature])).toBe(position);
    }
  });

  it("names the first where several signed", async () => {
    const signatures = await Promise.all(SECRETS.toReversed().map((secret) => hmac("SHA-256", secret, DATA)));
    expect(await verifyHmac("SHA-256", SECRETS, DATA, signatures)).toBe(1);
  });

  it("is null for what none of them signed, or another hash did", async () => {
    const another = await hmac("SHA-256", "a secret of somebody else", DATA);
    const longer = await hmac("SHA-512", SECRETS[0] ?? "", DATA);
    expect(await verifyHmac("SHA-256", SECRETS, DATA, [another, longer, OTHER, null])).toBeNull();
    expect(await verifyHmac("SHA-256", SECRETS, DATA, [])).toBeNull();
    expect(await verifyHmac("SHA-256", [], DATA, [another])).toBeNull();
  });

  it("is null for other data, or with any bit of the signature flipped", async () => {
    const signature = await hmac("SHA-256", SECRETS[1] ?? "", DATA);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 255 }), async (bit) => {
        const at = bit >> 3;
        const flipped = signature.with(at, (signature[at] ?? 0) ^ (1 << (bit & 7)));
        expect(await verifyHmac("SHA-256", SECRETS, DATA, [flipped])).toBeNull();
      }),
    );
    expect(await verifyHmac("SHA-256", SECRETS, utf8("{}"), [signature])).toBeNull();
  });

  it("tries every secret, also behind the one that signed, so that time tells nothing", async () => {
    const sign = vi.spyOn(crypto.subtle, "sign");
    const signature = await hmac("SHA-256", SECRETS[0] ?? "", DATA);
    sign.mockClear();
    expect(await verifyHmac("SHA-256", SECRETS, DATA, [signature])).toBe(1);
    expect(sign).toHaveBeenCalledTimes(SECRETS.length);
    sign.mockRestore();
  });
});
