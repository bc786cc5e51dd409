/** Secrets that are computed and so need no storage: HMAC-SHA256 of a purpose under a key. */

/** @returns 43 characters of base64url without padding */
export async function deriveSecret(key: string, purpose: string): Promise<string> {
  return (await hmacSha256(key, purpose)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The keys of one deployment are few. */
const imported = new Map<string, CryptoKey>();
const MAX_IMPORTED = 16;

/** @throws DataError when the key is empty */
export async function hmacSha256(key: string, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const own = imported.get(key) ?? (await importKey(key));
  return new Uint8Array(await crypto.subtle.sign("HMAC", own, new TextEncoder().encode(text)));
}

async function importKey(key: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const own = await crypto.subtle.importKey("raw", new TextEncoder().encode(key), algorithm, false, ["sign"]);
  if (imported.size >= MAX_IMPORTED) {
    imported.clear();
  }
  imported.set(key, own);
  return own;
}

/** Compares two texts of any lengths by their digests, in constant time. */
export async function equalInConstantTime(one: string, other: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return crypto.subtle.timingSafeEqual(...(await Promise.all([digest(one), digest(other)])));
}
