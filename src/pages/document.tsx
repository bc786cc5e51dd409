/**
 * The HTML document around the buyer's pages. The CSP allows no inline style and no inline script: there is none.
 */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { StatusTexts } from "./status-texts.ts";

interface DocumentProps {
  readonly title: string;
  readonly texts: StatusTexts;
  /** Follows the payment: by its script, or by loading itself anew where there is none. */
  readonly live: "script" | "script-and-refresh" | "none";
  readonly children?: Child;
}

export function Document({ title, texts, live, children }: DocumentProps) {
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
          {live === "none" ? null : <script type="module" src="/status.js" />}
          {live === "script-and-refresh" ? (
            <noscript>
              <meta http-equiv="refresh" content="5" />
            </noscript>
          ) : null}
        </head>
        <body>{children}</body>
      </html>
    </>
  );
}
