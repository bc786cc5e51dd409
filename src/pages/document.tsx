/**
 * The HTML document around the buyer's pages. The CSP allows no inline style and no inline script: there is none.
 */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { StatusTexts } from "./status-texts.ts";

/** Without a script the page loads itself anew: while the payment is open, and while we are in trouble. */
const REFRESH_SECONDS = 5;
const TROUBLE_REFRESH_SECONDS = 15;

interface DocumentProps {
  readonly title: string;
  readonly texts: StatusTexts;
  /** Follows the payment by its script; and loads itself anew where there is none. "trouble" has none anywhere. */
  readonly live: "script" | "script-and-refresh" | "trouble" | "none";
  /** Where to load anew, when that is another address than the page's own. */
  readonly refreshUrl?: string | undefined;
  readonly children?: Child;
}

export function Document({ title, texts, live, refreshUrl, children }: DocumentProps) {
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang={texts.language} dir={texts.direction}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="robots" content="noindex, nofollow" />
          {/* The address carries the client secret; "no-referrer" would also take the form's Origin away. */}
          <meta name="referrer" content="same-origin" />
          <meta name="format-detection" content="telephone=no" />
          <title>{title}</title>
          <link rel="stylesheet" href="/status.css" />
          <link rel="icon" type="image/svg+xml" href="/icon.svg" />
          {live === "script" || live === "script-and-refresh" ? (
            <script type="module" src="/status.js" />
          ) : null}
          {live === "script-and-refresh" ? (
            <noscript>
              <meta http-equiv="refresh" content={String(REFRESH_SECONDS)} />
            </noscript>
          ) : null}
          {live === "trouble" ? (
            <meta
              http-equiv="refresh"
              content={`${TROUBLE_REFRESH_SECONDS}${refreshUrl === undefined ? "" : `; url=${refreshUrl}`}`}
            />
          ) : null}
        </head>
        <body>{children}</body>
      </html>
    </>
  );
}
