/**
 * PayPal's webhook signature, verified here: RSA over "id|time|webhook id|CRC-32 of the body", by a certificate that the
 * message names. So the certificate must be PayPal's own: from its host, for its name, in its time, and under a pinned
 * root.
 * https://developer.paypal.com/api/rest/webhooks/rest/#verify-webhook-signature
 */
import { X509Certificate } from "node:crypto";
import { crc32 } from "node:zlib";
import { GatewayError, type RawWebhook, type Tools } from "./gateway.ts";
import { type Proof, UNSIGNED } from "./receipt.ts";
import { decodeBase64, utf8 } from "./signature.ts";

const HOUR_MS = 60 * 60_000;
/** A message is sent for three days, and each time with the time of the first: the event's id tells the repeated one. */
const MAX_AGE_MS = 73 * HOUR_MS;
const MAX_AHEAD_MS = 5 * 60_000;
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024;
const MAX_CHAIN = 4;
const MAX_CACHED = 8;

/** The certificate, its issuer, … up to a root. */
type Chain = readonly [X509Certificate, ...X509Certificate[]];

/** By roots and address; only what was verified. */
const trusted = new WeakMap<readonly string[], Map<string, Chain>>();

/**
 * @param webhookIds of the webhooks that PayPal may have sent it for
 * @param roots DER in base64
 * @returns null: not PayPal's, or not of a webhook of ours
 * @throws GatewayError "unavailable" when a certificate cannot be had just now
 */
export async function verifyTransmission(
  { headers, body }: RawWebhook,
  webhookIds: readonly string[],
  roots: readonly string[],
  tools: Tools,
): Promise<Proof | null> {
  const id = headers.get("paypal-transmission-id");
  const time = headers.get("paypal-transmission-time") ?? "";
  const signature = decodeBase64(headers.get("paypal-transmission-sig"));
  const url = toCertificateUrl(headers.get("paypal-cert-url"));
  const isRsa = headers.get("paypal-auth-algo") === "SHA256withRSA";
  if (!id || !isRsa || !signature || !url || !isTimely(time, tools.now())) {
    return null;
  }
  const chain = await findChain(url, roots, tools);
  if (!chain) {
    return null;
  }
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const spki = chain[0].publicKey.export({ type: "spki", format: "der" });
  const key = await crypto.subtle.importKey("spki", spki, algorithm, false, ["verify"]).catch(() => null);
  const verdicts = webhookIds.map((webhookId) => {
    const signed = utf8(`${id}|${time}|${webhookId}|${crc32(body)}`);
    return key !== null && crypto.subtle.verify(algorithm.name, key, signature, signed);
  });
  // By a certificate, and so by no secret; its time is that of the first attempt.
  return (await Promise.all(verdicts)).includes(true) ? UNSIGNED : null;
}

function isTimely(time: string, now: number): boolean {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(time);
  const at = Date.parse(time);
  return isTime && at >= now - MAX_AGE_MS && at <= now + MAX_AHEAD_MS;
}

/** https, the usual port, no credentials, and nothing behind the path: one address a certificate. */
function toCertificateUrl(text: string | null): string | null {
  const url = URL.parse(text ?? "");
  return url &&
    /(^|\.)paypal\.com$/.test(url.hostname) &&
    url.href === `https://${url.hostname}${url.pathname}`
    ? url.href
    : null;
}

async function findChain(url: string, roots: readonly string[], tools: Tools): Promise<Chain | null> {
  const known = trusted.get(roots) ?? new Map<string, Chain>();
  trusted.set(roots, known);
  const cached = known.get(url);
  if (cached && isInTime(cached, tools.now())) {
    return cached;
  }
  const [leaf, ...others] = parseCertificates(await download(url, tools));
  const chain = leaf && isPayPals(leaf) ? await climb(leaf, others, roots, tools) : null;
  if (!chain || !isInTime(chain, tools.now())) {
    return null;
  }
  if (known.size >= MAX_CACHED) {
    known.clear();
  }
  known.set(url, chain);
  return chain;
}

function isInTime(chain: Chain, now: number): boolean {
  return chain.every(({ validFrom, validTo }) => Date.parse(validFrom) <= now && now <= Date.parse(validTo));
}

/** A comma in a name is escaped. */
function isPayPals({ subjectAltName = "" }: X509Certificate): boolean {
  return subjectAltName.split(", ").some((name) => /^DNS:([a-z0-9*-]+\.)*paypal\.com$/i.test(name));
}

/** PayPal serves its certificate without the issuer's, which the certificate names an address of. */
async function climb(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  roots: readonly string[],
  tools: Tools,
): Promise<Chain | null> {
  const anchors = roots.map((root) => new X509Certificate(Uint8Array.fromBase64(root)));
  const chain: [X509Certificate, ...X509Certificate[]] = [leaf];
  for (let last = leaf; chain.length < MAX_CHAIN; ) {
    const root = anchors.find((each) => isIssuer(each, last));
    if (root) {
      return [...chain, root];
    }
    const issuer = others.find((each) => isIssuer(each, last)) ?? (await fetchIssuer(last, tools));
    if (!issuer || !isIssuer(issuer, last)) {
      return null;
    }
    chain.push(issuer);
    last = issuer;
  }
  return null;
}

function isIssuer(issuer: X509Certificate, of: X509Certificate): boolean {
  return issuer.ca && of.checkIssued(issuer) && of.verify(issuer.publicKey);
}

async function fetchIssuer({ infoAccess = "" }: X509Certificate, tools: Tools) {
  const [, file] =
    /^CA Issuers - URI:https?:\/\/cacerts\.digicert\.com\/([\w.-]+\.crt)$/m.exec(infoAccess) ?? [];
  return file === undefined
    ? undefined
    : toCertificate(await download(`https://cacerts.digicert.com/${file}`, tools));
}

function parseCertificates(bytes: Uint8Array): X509Certificate[] {
  const blocks = new TextDecoder()
    .decode(bytes)
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  return (blocks ?? []).flatMap((block) => toCertificate(block) ?? []);
}

function toCertificate(certificate: string | Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate);
  } catch {
    return undefined;
  }
}

/** @returns nothing where there is nothing, or too much */
async function download(url: string, { fetch }: Tools): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(new Request(url, { redirect: "manual", signal }));
    if (response.status === 429 || response.status >= 500) {
      throw new GatewayError("unavailable", `the certificate's host answered ${response.status}`);
    }
    return response.status === 200 ? await readBounded(response) : new Uint8Array();
  } catch (error) {
    throw error instanceof GatewayError
      ? error
      : new GatewayError("unavailable", "the certificate could not be fetched");
  }
}

async function readBounded({ body }: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > MAX_BYTES) {
      return new Uint8Array();
    }
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
