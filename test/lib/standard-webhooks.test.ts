import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import {
  decodeWebhookSecret,
  type SignedHeaders,
  signWebhook,
  verifyWebhook,
} from "../../src/lib/standard-webhooks.ts";

fc.configureGlobal({ seed: 20261122 });

const SECRET = `whsec_${btoa("a-webhook-secret-for-these-tests")}`;
const OTHER = `whsec_${btoa("another-secret-for-these-tests..")}`;
const BODY = '{"type":"transaction.succeeded","data":{"amount":1999}}';
/** On a full second. */
const NOW = Date.UTC(2026, 10, 22, 12);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const encode = (text: string) => new TextEncoder().encode(text);

async function verify(
  headers: Partial<Record<keyof SignedHeaders, string>>,
  body: Uint8Array | string = BODY,
  { secrets = [SECRET], now = NOW } = {},
): Promise<boolean> {
  const bytes = typeof body === "string" ? encode(body) : body;
  return (await verifyWebhook(secrets, new Headers(headers), bytes, now)) !== null;
}

const sign = (body = BODY, secrets = [SECRET], now = NOW) => signWebhook(secrets, "msg_1", body, now);

/** The signature of raw bytes, made without the code under test. */
async function signBytes(body: Uint8Array, id = "msg_1", timestamp = String(NOW / 1000)) {
  const secret = decodeWebhookSecret(SECRET);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  const content = new Uint8Array([...encode(`${id}.${timestamp}.`), ...body]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${mac.toBase64()}` };
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  const flipped = new Uint8Array(bytes);
  const index = Math.floor(bit / 8) % flipped.length;
  flipped[index] = (flipped[index] ?? 0) ^ (1 << (bit % 8));
  return flipped;
}

const secrets = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((bytes) => `whsec_${new Uint8Array(bytes).toBase64()}`);
const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
const bodies = fc.oneof(fc.json(), fc.string({ unit: "binary" }), fc.constant(""));

describe("signWebhook", () => {
  it("satisfies the standardwebhooks package, whatever the secret, id and body", async () => {
    await fc.assert(
      fc.asyncProperty(secrets, ids, fc.json(), async (secret, id, body) => {
        const headers = await signWebhook([secret], id, body, Date.now());
        expect(() => new Webhook(secret).verify(body, { ...headers })).not.toThrow();
      }),
    );
  });

  it("signs with every live secret, so that the receiver may hold either", async () => {
    const headers = await signWebhook([SECRET, OTHER], "msg_1", BODY, Date.now());
    expect(headers["webhook-signature"].split(" ")).toHaveLength(2);
    for (const secret of [SECRET, OTHER]) {
      expect(() => new Webhook(secret).verify(BODY, { ...headers })).not.toThrow();
    }
  });

  it("writes the timestamp in whole seconds", async () => {
    expect(await sign(BODY, [SECRET], NOW + 999)).toMatchObject({
      "webhook-id": "msg_1",
      "webhook-timestamp": String(NOW / 1000),
    });
  });

  it("takes a secret with and without its prefix", async () => {
    expect(await sign(BODY, [SECRET.slice("whsec_".length)])).toEqual(await sign());
  });

  it("refuses a secret that is not base64", async () => {
    await expect(sign(BODY, ["whsec_not base64!"])).rejects.toThrow(SyntaxError);
  });
});

describe("verifyWebhook", () => {
  it("takes what the standardwebhooks package signed, whatever the secret, id and body", async () => {
    await fc.assert(
      fc.asyncProperty(secrets, ids, bodies, async (secret, id, body) => {
        const headers = {
          "webhook-id": id,
          "webhook-timestamp": String(NOW / 1000),
          "webhook-signature": new Webhook(secret).sign(id, new Date(NOW), body),
        };
        expect(await verify(headers, body, { secrets: [secret] })).toBe(true);
      }),
    );
  });

  it("takes the raw bytes, also where they are no UTF-8", async () => {
    const body = new Uint8Array([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x80]);
    const headers = await signBytes(body);
    expect(await verify(headers, body)).toBe(true);
    // All six decode to the same replacement characters: only the bytes tell them apart.
    expect(await verify(headers, new Uint8Array([0xfe, 0xff, 0x00, 0xc3, 0x28, 0x81]))).toBe(false);
  });

  it("takes an empty body", async () => {
    expect(await verify(await sign(""), "")).toBe(true);
  });

  it("refuses a body with any bit flipped", async () => {
    const headers = await sign();
    const bits = fc.nat({ max: encode(BODY).length * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(bits, async (bit) => {
        expect(await verify(headers, flipBit(encode(BODY), bit))).toBe(false);
      }),
    );
  });

  it("refuses a signature with any bit flipped", async () => {
    const headers = await sign();
    const mac = Uint8Array.fromBase64(headers["webhook-signature"].slice("v1,".length));
    for (let bit = 0; bit < mac.length * 8; bit += 1) {
      const signature = `v1,${flipBit(mac, bit).toBase64()}`;
      expect(await verify({ ...headers, "webhook-signature": signature })).toBe(false);
    }
  });

  it("refuses a signature with any character changed, the one before the padding too", async () => {
    const headers = await sign();
    const text = headers["webhook-signature"];
    const taken: number[] = [];
    for (let index = "v1,".length; index < text.length - 1; index += 1) {
      const next = ALPHABET[(ALPHABET.indexOf(text[index] ?? "") + 1) % ALPHABET.length];
      const changed = `${text.slice(0, index)}${next}${text.slice(index + 1)}`;
      if (await verify({ ...headers, "webhook-signature": changed })) {
        taken.push(index);
      }
    }
    expect(taken, "positions at which a change goes unnoticed").toEqual([]);
  });

  it("refuses another id or another timestamp", async () => {
    const headers = await sign();
    expect(await verify({ ...headers, "webhook-id": "msg_2" })).toBe(false);
    expect(await verify({ ...headers, "webhook-timestamp": String(NOW / 1000 + 1) })).toBe(false);
    expect(await verify({ ...headers, "webhook-timestamp": `0${NOW / 1000}` })).toBe(false);
  });

  it("keeps id, timestamp and body apart by their places", async () => {
    const headers = await signWebhook([SECRET], "a.1", "x", NOW);
    expect(await verify({ ...headers, "webhook-id": "a" }, `${NOW / 1000}.x`)).toBe(false);
  });

  it.each([
    [-300_000, true],
    [300_000, true],
    [-300_001, false],
    [300_001, false],
    [-3_600_000, false],
    [3_600_000, false],
  ])("holds a clock that is off by %i ms: %s", async (offMs, taken) => {
    expect(await verify(await sign(), BODY, { secrets: [SECRET], now: NOW + offMs })).toBe(taken);
  });

  it("takes any of several live secrets on either side, and no other", async () => {
    const both = await sign(BODY, [OTHER, SECRET]);
    expect(await verify(both)).toBe(true);
    expect(await verify(await sign(), BODY, { secrets: [OTHER, SECRET], now: NOW })).toBe(true);
    expect(await verify(await sign(), BODY, { secrets: [OTHER], now: NOW })).toBe(false);
    expect(await verify(await sign(), BODY, { secrets: [], now: NOW })).toBe(false);
  });

  it.each([
    [[SECRET, OTHER], SECRET, 1],
    [[OTHER, SECRET], SECRET, 2],
    [[OTHER, OTHER, SECRET], SECRET, 3],
    [[SECRET, SECRET], SECRET, 1],
  ])("says which secret signed, and when, case %#", async (live, secret, position) => {
    const headers = new Headers({ ...(await sign(BODY, [secret], NOW - 2000)) });
    expect(await verifyWebhook(live, headers, encode(BODY), NOW)).toEqual({
      ...{ secret: position, signedAt: NOW - 2000 },
    });
  });

  it("names our first secret that signed, whichever signature comes first", async () => {
    const headers = new Headers({ ...(await sign(BODY, [OTHER, SECRET])) });
    expect(await verifyWebhook([SECRET, OTHER], headers, encode(BODY), NOW)).toMatchObject({ secret: 1 });
  });

  it("passes over signatures of other versions and forms", async () => {
    const headers = await sign();
    const good = headers["webhook-signature"];
    const strange = `v1a,${"A".repeat(88)} v2,${good.slice(3)} v1, v1,short nonsense  ${good}`;
    expect(await verify({ ...headers, "webhook-signature": strange })).toBe(true);
    expect(await verify({ ...headers, "webhook-signature": strange.replace(good, "") })).toBe(false);
  });

  it("passes over a signature with something before or after it", async () => {
    const headers = await sign();
    const good = headers["webhook-signature"].slice("v1,".length);
    for (const strange of [`!${good}`, `${good}!`, `AAAA${good}`, `${good}AAAA`]) {
      expect(await verify({ ...headers, "webhook-signature": `v1,${strange}` })).toBe(false);
    }
  });

  it("reads 16 signatures and no more, so that a long header costs no more", async () => {
    const headers = await sign();
    const after = (count: number) => {
      const others = Array<string>(count).fill(`v1,${"A".repeat(43)}=`);
      return { ...headers, "webhook-signature": [...others, headers["webhook-signature"]].join(" ") };
    };
    expect(await verify(after(15))).toBe(true);
    expect(await verify(after(16))).toBe(false);
  });

  it.each<[string, Partial<SignedHeaders>]>([
    ["no signature", { "webhook-signature": "" }],
    ["a bare version", { "webhook-signature": "v1" }],
    ["a version and nothing", { "webhook-signature": "v1," }],
    ["no version", { "webhook-signature": `${"A".repeat(43)}=` }],
    ["a short signature", { "webhook-signature": `v1,${"A".repeat(40)}` }],
    ["a long signature", { "webhook-signature": `v1,${"A".repeat(86)}==` }],
    ["no base64", { "webhook-signature": `v1,${"!".repeat(43)}=` }],
    ["base64url", { "webhook-signature": `v1,${"_".repeat(43)}=` }],
    ["no id", { "webhook-id": "" }],
    ["no timestamp", { "webhook-timestamp": "" }],
    ["a timestamp that is a date", { "webhook-timestamp": "2026-11-22T12:00:00Z" }],
    ["a timestamp with a fraction", { "webhook-timestamp": `${NOW / 1000}.0` }],
    ["a timestamp in milliseconds", { "webhook-timestamp": String(NOW) }],
    ["a negative timestamp", { "webhook-timestamp": `-${NOW / 1000}` }],
    ["a timestamp without bounds", { "webhook-timestamp": "9".repeat(400) }],
    ["a timestamp with an exponent", { "webhook-timestamp": "1e9" }],
  ])("refuses %s, and throws nothing", async (_what, changes) => {
    expect(await verify({ ...(await sign()), ...changes })).toBe(false);
  });

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"] as const)(
    "refuses a request without %s",
    async (name) => {
      const { [name]: _dropped, ...headers } = await sign();
      expect(await verify(headers)).toBe(false);
    },
  );

  it.each([`${NOW / 1000}.0`, `${NOW / 1000}e0`, `+${NOW / 1000}`, `0x${(NOW / 1000).toString(16)}`])(
    "refuses the timestamp %s, though it is signed",
    async (timestamp) => {
      expect(await verify(await signBytes(encode(BODY), "msg_1", String(NOW / 1000)))).toBe(true);
      expect(await verify(await signBytes(encode(BODY), "msg_1", timestamp))).toBe(false);
    },
  );

  it("refuses to do without an id, though what stands in its place is signed", async () => {
    expect(await verify(await signBytes(encode(BODY), ""))).toBe(false);
    const { "webhook-id": id, ...headers } = await signBytes(encode(BODY), "null");
    expect(await verify({ ...headers, "webhook-id": id })).toBe(true);
    expect(await verify(headers)).toBe(false);
  });

  it("refuses arbitrary headers, and throws nothing", async () => {
    const text = fc.string({ unit: "grapheme-ascii" }).map((value) => value.trim());
    await fc.assert(
      fc.asyncProperty(text, text, text, async (id, timestamp, signature) => {
        const headers = {
          "webhook-id": id,
          "webhook-timestamp": timestamp,
          "webhook-signature": `v1,${signature}`,
        };
        expect(await verify(headers)).toBe(false);
      }),
    );
  });
});

describe("decodeWebhookSecret", () => {
  it("gives the bytes behind whsec_, and refuses what is no base64", () => {
    expect(new TextDecoder().decode(decodeWebhookSecret(SECRET))).toBe("a-webhook-secret-for-these-tests");
    expect(() => decodeWebhookSecret("whsec_*")).toThrow(SyntaxError);
  });
});
