/** Secrets that are computed and so need no storage: HMAC-SHA256 of a purpose under a key. */

/** @returns 43 characters of base64url without padding */
export async function deriveSecret(key: string, purpose: string): Promise<string> {
  return (await hmacSha256(key, purpose)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** @throws DataError when the key is empty */
export async function hmacSha256(key: string, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encoder.encode(text)));
}

/** Compares two texts of any lengths by their digests, in constant time. */
export async function equalInConstantTime(one: string, other: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return crypto.subtle.timingSafeEqual(...(await Promise.all([digest(one), digest(other)])));
}
