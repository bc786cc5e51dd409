/** How every page of the sandbox is answered: never stored, no referrer, and nothing inline. */
import type { Context } from "hono";
import { html } from "hono/html";
import type { JSX } from "hono/jsx/jsx-runtime";

interface PageOptions {
  readonly status?: PageStatus;
  /** Addresses to which a form of this page leads by redirect: browsers hold form-action against those, too. */
  readonly formTargets?: readonly string[];
}

export type PageStatus = 200 | 400 | 404 | 409 | 422 | 500 | 502 | 503;

export function answerPage(
  c: Context,
  page: JSX.Element,
  { status = 200, formTargets = [] }: PageOptions = {},
): Response | Promise<Response> {
  return c.html(html`<!doctype html>${page}`, status, {
    "cache-control": "no-store",
    "content-security-policy": contentSecurityPolicy(formTargets),
    "referrer-policy": "no-referrer",
  });
}

function contentSecurityPolicy(formTargets: readonly string[]): string {
  const origins = new Set(formTargets.map((target) => new URL(target).origin));
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self' ws: wss:",
    // A host name may hold ";" by the URL standard, which would end the directive.
    ["form-action 'self'", ...[...origins].filter((origin) => /^https?:\/\/[\w.:[\]-]+$/.test(origin))].join(
      " ",
    ),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}
