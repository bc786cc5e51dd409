/** X.509 certificates for tests: just enough of DER to issue a root, what stands below it, and a server's. */

type Bytes = Uint8Array<ArrayBuffer>;

export interface Certificate {
  readonly der: Bytes;
  readonly pem: string;
  /** Of its subject. */
  readonly keys: CryptoKeyPair;
  readonly subject: string;
}

export interface Terms {
  /** The common name. */
  readonly subject: string;
  readonly names?: readonly string[];
  readonly isAuthority?: boolean;
  /** Epoch milliseconds, whole seconds. */
  readonly from: number;
  readonly until: number;
  /** Where the issuer's certificate is. */
  readonly issuerUrl?: string;
}

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const SHA256_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const COMMON_NAME = [0x55, 0x04, 0x03];
const KEY_USAGE = [0x55, 0x1d, 0x0f];
const ALTERNATIVE_NAMES = [0x55, 0x1d, 0x11];
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];
const AUTHORITY_ACCESS = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];
const CA_ISSUERS = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];

let serial = 1;

export async function makeKeys(): Promise<CryptoKeyPair> {
  const size = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  return (await crypto.subtle.generateKey({ ...RSA, ...size }, true, ["sign", "verify"])) as CryptoKeyPair;
}

/** @param issuer null: it signs itself */
export async function issueCertificate(
  terms: Terms,
  keys: CryptoKeyPair,
  issuer: Certificate | null,
): Promise<Certificate> {
  serial += 1;
  const algorithm = sequence(oid(SHA256_WITH_RSA), tlv(0x05));
  const spki = new Uint8Array((await crypto.subtle.exportKey("spki", keys.publicKey)) as ArrayBuffer);
  const content = sequence(
    tlv(0xa0, tlv(0x02, Uint8Array.of(2))),
    tlv(0x02, Uint8Array.of(1, serial >> 8, serial & 0xff)),
    algorithm,
    name(issuer?.subject ?? terms.subject),
    sequence(time(terms.from), time(terms.until)),
    name(terms.subject),
    spki,
    tlv(0xa3, sequence(...extensions(terms))),
  );
  const by = issuer?.keys ?? keys;
  const signature = new Uint8Array(await crypto.subtle.sign(RSA.name, by.privateKey, content));
  const der = sequence(content, algorithm, tlv(0x03, Uint8Array.of(0), signature));
  const lines = der.toBase64().match(/.{1,64}/g) ?? [];
  const pem = `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  return { der, pem, keys, subject: terms.subject };
}

function extensions({ isAuthority = false, names = [], issuerUrl }: Terms): Bytes[] {
  const constraints = sequence(...(isAuthority ? [tlv(0x01, Uint8Array.of(0xff))] : []));
  return [
    extension(BASIC_CONSTRAINTS, constraints, true),
    // To sign certificates.
    ...(isAuthority ? [extension(KEY_USAGE, tlv(0x03, Uint8Array.of(2, 4)), true)] : []),
    ...(names.length > 0
      ? [extension(ALTERNATIVE_NAMES, sequence(...names.map((each) => tlv(0x82, ascii(each)))))]
      : []),
    ...(issuerUrl
      ? [extension(AUTHORITY_ACCESS, sequence(sequence(oid(CA_ISSUERS), tlv(0x86, ascii(issuerUrl)))))]
      : []),
  ];
}

function extension(id: readonly number[], value: Bytes, isCritical = false): Bytes {
  return sequence(oid(id), ...(isCritical ? [tlv(0x01, Uint8Array.of(0xff))] : []), tlv(0x04, value));
}

const name = (common: string) =>
  sequence(
    tlv(0x31, sequence(oid(COMMON_NAME), tlv(0x0c, new Uint8Array(new TextEncoder().encode(common))))),
  );

/** UTCTime: until 2049. */
const time = (at: number) =>
  tlv(0x17, ascii(`${new Date(at).toISOString().slice(2, 19).replace(/\D/g, "")}Z`));

const oid = (bytes: readonly number[]) => tlv(0x06, Uint8Array.from(bytes));

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

const sequence = (...parts: readonly Bytes[]) => tlv(0x30, ...parts);

function tlv(tag: number, ...parts: readonly Bytes[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Uint8Array.from([...head, ...parts.flatMap((part) => [...part])]);
}
