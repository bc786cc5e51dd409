/** Webhook signatures: HMACs over raw bytes, strictly decoded, compared in constant time, by any of the live secrets. */

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Which of the secrets made one of the signatures. All of a wrong length are wrong.
 * @param secrets text (its UTF-8 is the key) or bytes; none is empty
 * @param signatures null where one could not be decoded
 * @returns the secret's position, from 1 on; null: none of them did
 */
export async function verifyHmac(
  hash: "SHA-256" | "SHA-512",
  secrets: readonly (string | Bytes)[],
  data: Bytes,
  signatures: readonly (Bytes | null)[],
): Promise<number | null> {
  const verdicts = secrets.map(async (secret) => {
    // Once, however many signatures somebody sends.
    const mac = await signHmac(hash, secret, data);
    return signatures.some((one) => one?.length === mac.length && crypto.subtle.timingSafeEqual(one, mac));
  });
  const position = (await Promise.all(verdicts)).indexOf(true) + 1;
  return position || null;
}

/** @param secret text (its UTF-8 is the key) or bytes; not empty */
export async function signHmac(
  hash: "SHA-256" | "SHA-512",
  secret: string | Bytes,
  data: Bytes,
): Promise<Bytes> {
  const bytes = typeof secret === "string" ? utf8(secret) : secret;
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, data));
}

export function utf8(text: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(text));
}

/** @returns null for anything but whole bytes in hexadecimal digits */
export function decodeHex(text: string | null | undefined): Bytes | null {
  return text && /^([0-9a-fA-F]{2})+$/.test(text) ? Uint8Array.fromHex(text) : null;
}

/** @returns null for anything but canonical base64 with its padding */
export function decodeBase64(text: string | null | undefined): Bytes | null {
  try {
    const bytes = text ? Uint8Array.fromBase64(text, { lastChunkHandling: "strict" }) : null;
    return bytes?.toBase64() === text ? bytes : null;
  } catch {
    return null;
  }
}
