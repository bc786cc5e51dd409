/**
 * Who may enter the console: whoever has a session that the password began, or Cloudflare Access's token. D1 knows a
 * session by a digest of its id; the browser's cookie carries the id and an HMAC of it, so that a made-up one costs
 * nothing. The HMAC's key comes of the password too: whoever changes that, ends all sessions.
 */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import {
  ACCESS_UNAVAILABLE,
  type Notice,
  NoticePage,
  notAdmitted,
  OUT_OF_DATE,
  SIGNED_OUT,
} from "../console/notice-page.tsx";
import { deriveSecret, equalInConstantTime } from "../lib/derive-secret.ts";
import { type AccessVerdict, verifyAccess } from "./access-token.ts";
import type { AppEnv } from "./app-env.ts";
import { comesFromHere, type FormOwner, formToken, isFormOf } from "./console-form.ts";
import { consolePage } from "./console-page.ts";
import { HttpProblem, problemResponse } from "./problem.ts";

const LIFE_MS = 12 * 60 * 60_000;
const ID_BYTES = 32;
/** An id and its HMAC, 32 bytes each, in base64url. */
const COOKIE_VALUE = /^([\w-]{43})\.([\w-]{43})$/;

/** Who is signed in. */
export interface Operator {
  /** The name in the record of what was done. */
  readonly actor: string;
  /** What each form of theirs carries in its field `csrf`. */
  readonly csrf: string;
  /** Where signing out goes: our own form, or Cloudflare Access's page. */
  readonly signOut: "form" | "access";
}

/** An operator, and what makes the tokens of their forms. */
export interface Identity extends FormOwner {
  readonly kind: "operator";
  readonly actor: string;
  readonly signOut: Operator["signOut"];
}

type Stranger = Exclude<AccessVerdict, { kind: "admitted" }>;

/** Lets operators pass, as `operator`; and of what changes anything only our own forms. Others get a page. */
export const operatorOnly = createMiddleware<AppEnv>(async (c, next) => {
  const isRead = c.req.method === "GET" || c.req.method === "HEAD";
  if (!c.env.services.config.console) {
    return closedConsole(c);
  }
  if (!isRead && !comesFromHere(c)) {
    return outOfDate(c, "foreign_origin");
  }
  const who = await identify(c);
  if (who.kind !== "operator") {
    return isRead ? showEntrance(c, who) : turnAway(c, who);
  }
  if (!isRead && !(await isFormOf(c, who))) {
    return outOfDate(c, "wrong_token");
  }
  c.set("operator", { actor: who.actor, csrf: await formToken(who), signOut: who.signOut });
  return next();
});

/** Access's word goes before a session: nobody behind it acts under a name of their own making. */
export async function identify(c: Context<AppEnv>): Promise<Identity | Stranger> {
  const { config } = c.env.services;
  const access = config.console?.access;
  const verdict: AccessVerdict = access
    ? await verifyAccess(c, access)
    : { kind: "refused", reason: "no_token" };
  if (verdict.kind === "admitted") {
    const keys = await deriveKeys(c, "console forms behind Cloudflare Access");
    const { actor } = verdict;
    return { kind: "operator", actor, signOut: "access", subject: `Access ${actor}`, keys };
  }
  return (await findSession(c)) ?? verdict;
}

/** Begins a session, always with an id of its own, in place of the one that this browser may have had. */
export async function startSession(c: Context<AppEnv>, actor: string): Promise<void> {
  const { store, now } = c.env.services;
  await deleteSession(c);
  const id = toText(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
  await store.insertSession({ id: await digest(id), actor, expiresAt: now() + LIFE_MS });
  const [key] = await sessionKeys(c);
  const { name, options } = cookieOf(c);
  setCookie(c, name, `${id}.${await deriveSecret(key, id)}`, { ...options, maxAge: LIFE_MS / 1000 });
}

/** Ends the browser's session for good: whoever has kept the cookie gets in no more. */
export async function endSession(c: Context<AppEnv>): Promise<void> {
  await deleteSession(c);
  const { name, options } = cookieOf(c);
  deleteCookie(c, name, options);
}

async function deleteSession(c: Context<AppEnv>): Promise<void> {
  const id = await readSessionId(c);
  if (id !== null) {
    await c.env.services.store.deleteSession(await digest(id));
  }
}

/** The live session of the request's cookie; null when there is none. */
export async function findSession(c: Context<AppEnv>): Promise<Identity | null> {
  const { store, now } = c.env.services;
  const id = await readSessionId(c);
  const session = id === null ? null : await store.findSession(await digest(id), now());
  return session
    ? {
        kind: "operator",
        actor: session.actor,
        signOut: "form",
        subject: `session ${id}`,
        keys: await sessionKeys(c),
      }
    : null;
}

/** Null for what we have not made, under the password as it is now. */
async function readSessionId(c: Context<AppEnv>): Promise<string | null> {
  if (!c.env.services.config.console?.password) {
    return null;
  }
  const [, id, mac] = COOKIE_VALUE.exec(getCookie(c, cookieOf(c).name) ?? "") ?? [];
  if (id === undefined || mac === undefined) {
    return null;
  }
  const keys = await sessionKeys(c);
  const verdicts = keys.map(async (key) => equalInConstantTime(mac, await deriveSecret(key, id)));
  return (await Promise.all(verdicts)).includes(true) ? id : null;
}

function sessionKeys(c: Context<AppEnv>) {
  return deriveKeys(c, `console sessions by the password ${c.env.services.config.console?.password}`);
}

/** One of each live CLIENT_SECRET_KEY. */
async function deriveKeys(c: Context<AppEnv>, purpose: string): Promise<[string, ...string[]]> {
  const [first, ...rest] = c.env.services.config.clientSecretKeys;
  const derive = (key: string) => deriveSecret(key, purpose);
  return [await derive(first), ...(await Promise.all(rest.map(derive)))];
}

/** On https the name itself keeps the cookie from being set by a neighbouring host, or without https. */
function cookieOf(c: Context<AppEnv>) {
  const secure = c.env.services.config.publicUrl.startsWith("https:");
  const options = { path: "/", httpOnly: true, sameSite: "Lax", secure } as const;
  return { name: secure ? "__Host-console" : "console", options };
}

async function digest(id: string): Promise<string> {
  return toText(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id))));
}

function toText(bytes: Uint8Array<ArrayBuffer>): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** For programs more than for people: a browser has no business here. */
export function closedConsole(c: Context<AppEnv>): Response {
  const advice = "set CONSOLE_PASSWORD, or ACCESS_TEAM_DOMAIN and ACCESS_AUD, to open it";
  return problemResponse(new HttpProblem("not_found", `The console is closed: ${advice}.`), c.env.requestId);
}

/** Where a stranger begins: the sign-in, which leads back to what was asked for. */
function showEntrance(c: Context<AppEnv>, stranger: Stranger) {
  if (!c.env.services.config.console?.password) {
    return turnAway(c, stranger);
  }
  const { pathname, search } = new URL(c.req.url);
  return c.redirect(`/console/sign-in?to=${encodeURIComponent(pathname + search)}`, 303);
}

export function turnAway(c: Context<AppEnv>, stranger: Stranger) {
  if (c.env.services.config.console?.password) {
    return showNotice(c, SIGNED_OUT, 401);
  }
  if (stranger.kind === "unavailable") {
    return showNotice(c, ACCESS_UNAVAILABLE, 503, { "Retry-After": "10" });
  }
  c.env.services.log.warn("operator.refused", { reason: stranger.reason });
  return showNotice(c, notAdmitted(stranger.reason), 403);
}

export function outOfDate(c: Context<AppEnv>, reason: "foreign_origin" | "wrong_token") {
  c.env.services.log.warn("operator.refused", { reason });
  return showNotice(c, OUT_OF_DATE, 403);
}

export function showNotice(
  c: Context<AppEnv>,
  notice: Notice,
  status: 401 | 403 | 429 | 503,
  headers: Readonly<Record<string, string>> = {},
) {
  return consolePage(c, NoticePage(notice), status, headers);
}
