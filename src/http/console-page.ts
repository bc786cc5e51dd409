/** How every page of the console is answered: never stored, never framed, and nothing inline. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { AppEnv } from "./app-env.ts";

export function consolePage(
  c: Context<AppEnv>,
  page: Parameters<Context["html"]>[0],
  status: ContentfulStatusCode = 200,
  headers: Readonly<Record<string, string>> = {},
): Response | Promise<Response> {
  const { publicUrl } = c.env.services.config;
  return c.html(page, status, {
    "Cache-Control": "no-store",
    "Content-Security-Policy":
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; ` +
      `connect-src 'self' ${publicUrl.replace(/^http/, "ws")}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    // With "no-referrer" a form's Origin would be null.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    ...headers,
  });
}
