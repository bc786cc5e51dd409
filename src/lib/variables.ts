/** Zod schemas of the variables that several rooms read: secrets, lists of them, and addresses. */
import * as z from "zod/mini";
import { decodeWebhookSecret } from "./standard-webhooks.ts";

const MIN_SECRET_BYTES = 24;

/** One secret: long enough, and not the example's. */
export const secret = z.string().check(
  z.trim(),
  z.refine((value) => new TextEncoder().encode(value).length >= MIN_SECRET_BYTES, {
    error: `must have at least ${MIN_SECRET_BYTES} bytes; make one with: openssl rand -base64 32`,
  }),
  z.refine((value) => !value.startsWith("replace-me"), {
    error: "is still a placeholder; make one with: openssl rand -base64 32",
  }),
);

/** A Standard Webhooks secret, `whsec_` and base64. */
export const webhookSecret = secret.check(
  z.refine(isWebhookSecret, {
    error:
      'must be "whsec_" and the base64 of at least 24 bytes; make one with: echo whsec_$(openssl rand -base64 32)',
  }),
);

/** A vendor's name of something of ours, such as a merchant account: no secret, and of any length. */
export const identifier = z.string().check(
  z.trim(),
  z.regex(/^[\x21-\x7e]{1,255}$/, { error: "must be one word of at most 255 printable characters" }),
  z.refine((value) => !value.startsWith("replace-me"), { error: "is still a placeholder" }),
);

/** Several live ones, separated by commas, the first of which signs. */
export function listOf<T extends z.ZodMiniType<string, string>>(entry: T) {
  return z.pipe(
    z.pipe(
      z.string(),
      z.transform((text) =>
        text
          .split(",")
          .map((part) => part.trim())
          .filter((part) => part !== ""),
      ),
    ),
    z.array(entry).check(z.minLength(1, { error: "is empty" })),
  );
}

/** An address that we call: https, or http on this machine. */
export const serviceUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) address" }).check(
  z.refine((value) => isSecureUrl(value), { error: "must be https; http is for this machine only" }),
  z.refine((value) => !URL.canParse(value) || hasNoCredentials(new URL(value)), {
    error: "must carry no user name and no password",
  }),
);

/** One that paths are added to: without a slash at the end. */
export const baseUrl = z.pipe(
  serviceUrl,
  z.transform((value) => value.replace(/\/+$/, "")),
);

/** As people write it, with its scheme or without. */
const address = z.pipe(
  z.string().check(z.trim()),
  z.transform((value) => (value.includes("://") ? value : `https://${value}`)),
);
const wholeHost = z.pipe(address, baseUrl).check(
  z.refine((value) => isWholeHost(value), {
    error: "must be the team's whole domain and nothing else, such as my-team.cloudflareaccess.com",
  }),
);

/** Cloudflare Access's address of a team: `my-team.cloudflareaccess.com`, with or without its scheme. */
export const teamUrl = z.pipe(
  wholeHost,
  z.transform((value) => URL.parse(value)?.origin ?? value),
);

function isWholeHost(value: string): boolean {
  const url = URL.parse(value);
  const isWhole = url !== null && (url.hostname.includes(".") || isLoopback(url));
  return isWhole && url.href === `${url.origin}/`;
}

/** Whether an address is https, or http to loopback. */
export function isSecureUrl(value: string): boolean {
  const url = URL.parse(value);
  return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url));
}

export function hasNoCredentials({ username, password }: URL): boolean {
  return username === "" && password === "";
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

const WEB = /^https?:$/;
/** What runs, reads or calls instead of opening an app. */
const NO_APP =
  /^(about|blob|chrome|content|data|file|filesystem|ftp|intent|javascript|mailto|resource|sms|tel|vbscript|view-source|wss?):$/;

/** Of an address on the web its origin; of an app's, where URL says "null", its scheme and host: `myshop://pay`. */
export function originOf(url: URL): string {
  return WEB.test(url.protocol) ? url.origin : `${url.protocol}//${url.host}`;
}

/** An origin of the web, or an app's scheme, alone or with a host: `myshop://`, `myshop://pay`. */
export const allowedOrigin = z.pipe(
  z.string().check(
    z.refine(isOriginOrScheme, {
      error: "must list origins or schemes alone, such as https://shop.example or myshop://: no path, no *",
    }),
  ),
  z.transform((value) => originOf(new URL(value))),
);

function isOriginOrScheme(value: string): boolean {
  const url = URL.parse(value);
  const origin = url === null ? "" : originOf(url);
  return (
    url !== null &&
    !NO_APP.test(url.protocol) &&
    !value.includes("*") &&
    (url.href === origin || url.href === `${origin}/`)
  );
}

function isWebhookSecret(value: string): boolean {
  try {
    return decodeWebhookSecret(value).length >= MIN_SECRET_BYTES;
  } catch {
    return false;
  }
}
