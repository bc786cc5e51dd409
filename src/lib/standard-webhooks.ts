/**
 * Standard Webhooks: signs what goes out and verifies what comes in, over the raw bytes, with several live secrets.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

/** How far a timestamp may be from now, before or after. */
const TOLERANCE_MS = 5 * 60 * 1000;
const SIGNATURE_VERSION = "v1";

export interface SignedHeaders {
  readonly "webhook-id": string;
  /** Epoch seconds. */
  readonly "webhook-timestamp": string;
  /** `v1,<base64>` for each secret, separated by spaces. */
  readonly "webhook-signature": string;
}

/**
 * Signs a message with every live secret, so that the receiver may hold any of them.
 * @param secrets `whsec_` and base64, or base64 alone
 * @param now epoch milliseconds
 */
export async function signWebhook(
  secrets: readonly string[],
  id: string,
  body: string,
  now: number,
): Promise<SignedHeaders> {
  const timestamp = String(Math.floor(now / 1000));
  const content = signedContent(id, timestamp, new TextEncoder().encode(body));
  const signatures = await Promise.all(
    secrets.map(async (secret) => {
      const mac = await crypto.subtle.sign("HMAC", await importSecret(secret, "sign"), content);
      return `${SIGNATURE_VERSION},${new Uint8Array(mac).toBase64()}`;
    }),
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

export interface Verified {
  /** The position of the secret that signed, from 1 on. */
  readonly secret: number;
  /** Epoch milliseconds. */
  readonly signedAt: number;
}

/**
 * Which of the live secrets signed exactly these bytes, at a time near now. Compares in constant time.
 * @param now epoch milliseconds
 * @returns null: none of them did
 */
export async function verifyWebhook(
  secrets: readonly string[],
  headers: Headers,
  body: Uint8Array,
  now: number,
): Promise<Verified | null> {
  const id = headers.get("webhook-id");
  const timestamp = headers.get("webhook-timestamp");
  const signatures = readSignatures(headers.get("webhook-signature"));
  if (!id || !timestamp || !/^\d{1,12}$/.test(timestamp) || signatures.length === 0) {
    return null;
  }
  const signedAt = Number(timestamp) * 1000;
  if (Math.abs(now - signedAt) > TOLERANCE_MS) {
    return null;
  }
  const content = signedContent(id, timestamp, body);
  for (const [index, secret] of secrets.entries()) {
    const key = await importSecret(secret, "verify");
    for (const signature of signatures) {
      if (await crypto.subtle.verify("HMAC", key, signature, content)) {
        return { secret: index + 1, signedAt };
      }
    }
  }
  return null;
}

/**
 * The bytes behind `whsec_…`.
 * @throws SyntaxError when the rest is not base64
 */
export function decodeWebhookSecret(secret: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(secret.startsWith("whsec_") ? secret.slice("whsec_".length) : secret);
}

function importSecret(secret: string, usage: "sign" | "verify"): Promise<CryptoKey> {
  return crypto.subtle.importKey(
    "raw",
    decodeWebhookSecret(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    [usage],
  );
}

function signedContent(id: string, timestamp: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const content = new Uint8Array(head.length + body.length);
  content.set(head);
  content.set(body, head.length);
  return content;
}

/** Strict: 32 bytes of canonical base64 each; anything else, and other versions, are passed over. */
function readSignatures(header: string | null): Uint8Array<ArrayBuffer>[] {
  return (
    (header ?? "")
      .split(" ")
      .slice(0, 16)
      .filter((entry) => entry.startsWith(`${SIGNATURE_VERSION},`))
      .map((entry) => entry.slice(SIGNATURE_VERSION.length + 1))
      // The last character before the padding holds 4 bits: its other 2 are 0.
      .filter((value) => /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(value))
      .map((value) => Uint8Array.fromBase64(value))
  );
}
