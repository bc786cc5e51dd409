/**
 * TypeIDs: a prefix and a UUIDv7 in 26 characters of Crockford's base 32, so that the order of ids is that of time.
 * @see https://github.com/jetify-com/typeid/tree/main/spec
 */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * @param prefix lower-case letters, e.g. "txn"
 * @param now epoch milliseconds, the id's first 48 bits
 */
export function newTypeId(prefix: string, now: number): string {
  const bytes = stamp(crypto.getRandomValues(new Uint8Array(16)), now);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return `${prefix}_${encodeBase32(bytes)}`;
}

/** The least id of a moment: every id made at `now` or later sorts at or after it. */
export function firstTypeIdAt(prefix: string, now: number): string {
  return `${prefix}_${encodeBase32(stamp(new Uint8Array(16), now))}`;
}

/** Writes the 48 bits of the time, highest first. */
function stamp(bytes: Uint8Array<ArrayBuffer>, now: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(now / 2 ** 16));
  view.setUint16(4, now % 2 ** 16);
  return bytes;
}

/** 128 bits as 26 characters of 5 bits, the first of which holds 3. */
function encodeBase32(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) {
    value = (value << 8n) | BigInt(byte);
  }
  let text = "";
  for (let shift = 125n; shift >= 0n; shift -= 5n) {
    text += ALPHABET[Number((value >> shift) & 31n)];
  }
  return text;
}
