/**
 * TypeIDs: a prefix and a UUIDv7 in 26 characters of Crockford's base 32, so that the order of ids is that of time.
 * @see https://github.com/jetify-com/typeid/tree/main/spec
 */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * @param prefix lower-case letters, e.g. "txn"
 * @param now epoch milliseconds, the id's first 48 bits
 * @param place what `placeIn` makes. Other than 0, it stands where UUIDv7 is random, and the id is a UUIDv8: 62 random
 *   bits remain
 */
export function newTypeId(prefix: string, now: number, place = 0): string {
  const bytes = stamp(crypto.getRandomValues(new Uint8Array(16)), now);
  if (place > 0) {
    bytes[6] = 0x80 | (place >> 8);
    bytes[7] = place & 0xff;
  } else {
    bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  }
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return `${prefix}_${encodeBase32(bytes)}`;
}

/** Below this are the numbers of databases. */
export const MAX_DATABASES = 2048;

/**
 * Where a thing is kept, in twelve bits.
 * @param hasKin whether others of its kind, which it must be compared with, may be in older databases
 */
export function placeIn(database: number, hasKin = false): number {
  return database + (hasKin ? MAX_DATABASES : 0);
}

/** The number of the database that an id names; 0, the first one, for whatever names none. */
export function databaseOf(id: string): number {
  return placeOf(id) % MAX_DATABASES;
}

export function hasKin(id: string): boolean {
  return placeOf(id) >= MAX_DATABASES;
}

function placeOf(id: string): number {
  const text = id.slice(id.indexOf("_") + 1);
  // The 48th to the 67th bit: the version's four, the place's twelve, four others.
  const bits = [...text.slice(10, 14)].reduce((value, letter) => value * 32 + ALPHABET.indexOf(letter), 0);
  return text.length === 26 && bits >> 16 === 8 ? (bits >> 4) & 0xfff : 0;
}

/** Epoch milliseconds: when an id was made. */
export function timeOf(id: string): number {
  const [first = 0, ...letters] = [...id.slice(id.indexOf("_") + 1, id.indexOf("_") + 11)].map((letter) =>
    ALPHABET.indexOf(letter),
  );
  return letters.reduce((value, letter) => value * 32 + letter, first);
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
