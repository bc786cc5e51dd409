/**
 * The console's forms: read once and within bounds, sent by our own pages alone, each with the token of whoever loaded
 * it.
 */
import type { Context } from "hono";
import { deriveSecret, equalInConstantTime } from "../lib/derive-secret.ts";
import type { AppEnv } from "./app-env.ts";
import { readBounded } from "./limit-body.ts";
import { HttpProblem } from "./problem.ts";

const MAX_FORM_BYTES = 16 * 1024;
const FORM_TYPE = "application/x-www-form-urlencoded";

const MAX_NOTE = 500;
/** What would break a line, or turn the direction of what stands after it. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu;

/** By the request that brought them. */
const forms = new WeakMap<Request, Promise<URLSearchParams>>();

/**
 * The fields of the request's form, however often they are asked for.
 * @throws HttpProblem 400 for a body of another kind, 413 for one over 16 KiB
 */
export function readForm(c: Context<AppEnv>): Promise<URLSearchParams> {
  const form = forms.get(c.req.raw) ?? parseForm(c.req.raw);
  forms.set(c.req.raw, form);
  return form;
}

async function parseForm(request: Request): Promise<URLSearchParams> {
  const [type = ""] = (request.headers.get("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== FORM_TYPE) {
    throw new HttpProblem("invalid_request", `A form is expected here, as ${FORM_TYPE}.`);
  }
  return new URLSearchParams(new TextDecoder().decode(await readBounded(request, MAX_FORM_BYTES)));
}

/** Whether one of our pages sent the request: a browser says so with every POST, and no other page can. */
export function comesFromHere(c: Context<AppEnv>): boolean {
  const origin = c.req.header("origin");
  const own = [new URL(c.req.url).origin, c.env.services.config.publicUrl];
  const site = c.req.header("sec-fetch-site") ?? "same-origin";
  return origin !== undefined && own.includes(origin) && site === "same-origin";
}

/** What the tokens of somebody's forms are made of. */
export interface FormOwner {
  readonly subject: string;
  /** The first one makes tokens, all verify them. */
  readonly keys: readonly [string, ...string[]];
}

export function formToken({ subject, keys: [key] }: FormOwner): Promise<string> {
  return deriveSecret(key, `form of ${subject}`);
}

/** Whether the form carries the token, in its field `csrf`, of whoever sends it. */
export async function isFormOf(c: Context<AppEnv>, { subject, keys }: FormOwner): Promise<boolean> {
  const token = (await readForm(c)).get("csrf") ?? "";
  const verdicts = keys.map(async (key) =>
    equalInConstantTime(token, await formToken({ subject, keys: [key] })),
  );
  return (await Promise.all(verdicts)).includes(true);
}

/** Why something is done, as far as it is said: one line, and nothing in it that is not seen. */
export function readNote(form: URLSearchParams): string {
  // The cut must leave no half of a character.
  return (form.get("note") ?? "")
    .replace(UNPRINTABLE, " ")
    .trim()
    .slice(0, MAX_NOTE)
    .replace(/[\ud800-\udbff]$/, "");
}
