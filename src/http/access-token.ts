/**
 * Cloudflare Access's word on who is asking: a JWT that it adds to each request, verified here once more, for a request
 * may also come by an address that Access does not guard.
 * @see https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/
 */
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { decode, verify } from "hono/jwt";
import * as z from "zod/mini";
import type { Services } from "../services.ts";
import type { AppEnv } from "./app-env.ts";

const SECOND_MS = 1000;
/** Keys are held for so long: Access rotates them every six weeks, and the old one stays good for days. */
const KEYS_LIVE_MS = 60 * 60_000;
/** For an unknown key they are loaded anew, but no more often. */
const ASK_AGAIN_MS = 60_000;
/** Nor are they when there are none at all, and loading them has just failed. */
const ASK_AFTER_FAILURE_MS = 10_000;
const DEADLINE_MS = 5000;
/** How far the issuer's clock may be ahead of ours. */
const LEEWAY_MS = 30_000;

export type AccessRefusal =
  | "no_token"
  | "malformed"
  | "wrong_algorithm"
  | "wrong_issuer"
  | "wrong_audience"
  | "expired"
  | "not_yet_valid"
  | "unknown_key"
  | "wrong_signature";

export type AccessVerdict =
  /** The e-mail address of a person, or the name of a service's token. */
  | { readonly kind: "admitted"; readonly actor: string }
  | { readonly kind: "refused"; readonly reason: AccessRefusal }
  /** No keys could be loaded to verify anything with. */
  | { readonly kind: "unavailable" };

type Access = NonNullable<NonNullable<Services["config"]["console"]>["access"]>;

const printable = z.string().check(z.regex(/^[^\p{C}]{1,254}$/u));

/** Other algorithms are refused before any key is looked at. Times are seconds. */
const header = z.object({ alg: z.string(), kid: z.string() });
const claims = z.object({
  iss: z.string(),
  aud: z.union([
    z.pipe(
      z.string(),
      z.transform((audience) => [audience]),
    ),
    z.array(z.string()),
  ]),
  exp: z.number(),
  nbf: z.optional(z.number()),
  iat: z.optional(z.number()),
  email: z.optional(printable),
  common_name: z.optional(printable),
});
const keySet = z.object({ keys: z.array(z.unknown()) });
/** What is no such key is left out. */
const rsaKey = z.pipe(
  z.object({
    kty: z.literal("RSA"),
    kid: z.string(),
    n: z.string(),
    e: z.string(),
    alg: z.optional(z.literal("RS256")),
    use: z.optional(z.literal("sig")),
  }),
  z.transform(({ kty, kid, n, e }) => ({ kty, kid, n, e })),
);

type RsaKey = z.output<typeof rsaKey>;

/** Verifies the request's token by the injected wall clock. */
export async function verifyAccess(c: Context<AppEnv>, access: Access): Promise<AccessVerdict> {
  const { services } = c.env;
  const token = c.req.header("cf-access-jwt-assertion") ?? getCookie(c, "CF_Authorization");
  if (!token) {
    return refuse("no_token");
  }
  const read = readToken(token);
  if (!read) {
    return refuse("malformed");
  }
  // Before any key is asked for: whatever was not made for this application costs nobody a call.
  const fault = findFault(read, access, services.wallClock());
  if (fault) {
    return refuse(fault);
  }
  const key = await findKey(services, access.teamUrl, read.kid);
  if (key === "unavailable") {
    return { kind: "unavailable" };
  }
  if (key === "unknown") {
    return refuse("unknown_key");
  }
  return (await isSignedBy(key, token)) ? { kind: "admitted", actor: read.actor } : refuse("wrong_signature");
}

function refuse(reason: AccessRefusal): AccessVerdict {
  return { kind: "refused", reason };
}

function readToken(token: string) {
  try {
    const parts = decode(token);
    const { alg, kid } = header.parse(parts.header);
    const { email, common_name, ...rest } = claims.parse(parts.payload);
    const actor = email ?? common_name;
    return actor === undefined ? null : { ...rest, alg, kid, actor };
  } catch {
    return null;
  }
}

function findFault(
  { alg, iss, aud, exp, nbf = 0, iat = 0 }: NonNullable<ReturnType<typeof readToken>>,
  { teamUrl, audience }: Access,
  now: number,
): AccessRefusal | null {
  if (alg !== "RS256") {
    return "wrong_algorithm";
  }
  if (iss !== teamUrl) {
    return "wrong_issuer";
  }
  if (!aud.includes(audience)) {
    return "wrong_audience";
  }
  if (exp * SECOND_MS <= now) {
    return "expired";
  }
  return Math.max(nbf, iat) * SECOND_MS > now + LEEWAY_MS ? "not_yet_valid" : null;
}

/** The times have been looked at by our own clock. */
async function isSignedBy(key: RsaKey, token: string): Promise<boolean> {
  try {
    await verify(token, key, { alg: "RS256", exp: false, nbf: false, iat: false });
    return true;
  } catch {
    return false;
  }
}

interface KeySet {
  readonly keys: ReadonlyMap<string, RsaKey>;
  /** After that even a known key is looked up anew. */
  readonly staleAt: number;
  readonly askAgainAt: number;
}

const NO_KEYS: KeySet = { keys: new Map(), staleAt: 0, askAgainAt: 0 };

/** By team, for the life of this isolate. Never a promise: a request must not wait for another one's call. */
const keySets = new Map<string, KeySet>();

async function findKey(services: Services, teamUrl: string, kid: string) {
  const now = services.wallClock();
  const held = keySets.get(teamUrl) ?? NO_KEYS;
  const isFresh = held.keys.has(kid) && now < held.staleAt;
  if (!isFresh && now >= held.askAgainAt) {
    await renewKeys(services, teamUrl, now);
  }
  const { keys } = keySets.get(teamUrl) ?? NO_KEYS;
  return keys.get(kid) ?? (keys.size > 0 ? "unknown" : "unavailable");
}

/** Whoever comes meanwhile makes do with the keys that are held. A failure leaves them as they are. */
async function renewKeys(services: Services, teamUrl: string, now: number): Promise<void> {
  const held = keySets.get(teamUrl) ?? NO_KEYS;
  if (held.keys.size > 0) {
    keySets.set(teamUrl, { ...held, askAgainAt: now + ASK_AGAIN_MS });
  }
  const keys = await loadKeys(services, teamUrl);
  if (keys.size > 0) {
    keySets.set(teamUrl, { keys, staleAt: now + KEYS_LIVE_MS, askAgainAt: now + ASK_AGAIN_MS });
  } else if ((keySets.get(teamUrl) ?? NO_KEYS).keys.size === 0) {
    keySets.set(teamUrl, { ...NO_KEYS, askAgainAt: now + ASK_AFTER_FAILURE_MS });
  }
}

/** @returns none when they could not be loaded */
async function loadKeys({ fetch, log }: Services, teamUrl: string): Promise<ReadonlyMap<string, RsaKey>> {
  try {
    const request = new Request(`${teamUrl}/cdn-cgi/access/certs`, {
      redirect: "manual",
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const response = await fetch(request);
    const { keys } = keySet.parse(response.status === 200 ? await response.json() : null);
    return new Map(keys.flatMap((key) => rsaKey.safeParse(key).data ?? []).map((key) => [key.kid, key]));
  } catch (error) {
    log.warn("access.keys_failed", { error: error instanceof Error ? error.name : "unknown error" });
    return new Map();
  }
}
