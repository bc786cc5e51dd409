/**
 * The HTML documents around the console's pages. The CSP allows no inline style and no inline script: there is none.
 * /console.js adds charts, news and copy buttons; everything can be read and done without it.
 */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { Icon, type IconName } from "./icons.tsx";
import type { Flash, Shell } from "./views.ts";

const PRODUCT = "payment-edge";

const PLACES = {
  overview: { name: "Overview", href: "/console" },
  payments: { name: "Payments", href: "/console/payments" },
  webhooks: { name: "Webhooks", href: "/console/webhooks" },
  deliveries: { name: "Deliveries", href: "/console/deliveries" },
  gateways: { name: "Gateways", href: "/console/gateways" },
  activity: { name: "Activity", href: "/console/activity" },
  doctor: { name: "Doctor", href: "/console/doctor" },
} as const satisfies Partial<Record<IconName, { readonly name: string; readonly href: string }>>;

export type Place = keyof typeof PLACES;

/** A payment that the script keeps fresh while it is looked at. */
export interface Live {
  readonly id: string;
  readonly clientSecret: string;
  readonly version: number;
}

interface ConsoleDocumentProps {
  readonly title: string;
  readonly shell: Shell;
  /** The part of the console that this page belongs to; null: none of them. */
  readonly here: Place | null;
  /** What the last action came to. */
  readonly flash?: Flash | null;
  readonly live?: Live | null;
  readonly children?: Child;
}

/** A page of somebody who is signed in. */
export function ConsoleDocument({ title, shell, here, flash, live, children }: ConsoleDocumentProps) {
  const id = live ? "payment" : "content";
  const followed = live
    ? {
        "data-id": live.id,
        "data-client-secret": live.clientSecret,
        "data-version": String(live.version),
      }
    : {};
  return (
    <Html title={title} script>
      <body class={shell.sandbox ? "console sandboxed" : "console"}>
        <a class="skip" href={`#${id}`}>
          Skip to the content
        </a>
        <Header shell={shell} here={here} />
        <main id={id} tabindex={-1} {...followed}>
          {flash ? <FlashLine flash={flash} /> : null}
          {children}
        </main>
      </body>
    </Html>
  );
}

interface PlainDocumentProps {
  readonly title: string;
  readonly children?: Child;
}

/** A page of nobody in particular: the sign-in, and notices. */
export function PlainDocument({ title, children }: PlainDocumentProps) {
  return (
    <Html title={title}>
      <body class="plain">
        <header class="brand">
          <Brand />
        </header>
        <main id="content" class="sheet">
          {children}
        </main>
      </body>
    </Html>
  );
}

interface HtmlProps {
  readonly title: string;
  readonly script?: boolean;
  readonly children?: Child;
}

function Html({ title, script = false, children }: HtmlProps) {
  return (
    <>
      {raw("<!DOCTYPE html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="robots" content="noindex, nofollow" />
          <meta name="referrer" content="same-origin" />
          <meta name="format-detection" content="telephone=no" />
          <title>{`${title} · ${PRODUCT}`}</title>
          <link rel="stylesheet" href="/console.css" />
          <link rel="icon" type="image/svg+xml" href="/icon.svg" />
          {script ? <script type="module" src="/console.js" /> : null}
        </head>
        {children}
      </html>
    </>
  );
}

function Brand() {
  return (
    <>
      <img src="/icon.svg" width="24" height="24" alt="" />
      <span>{PRODUCT}</span>
    </>
  );
}

function Header({ shell, here }: { shell: Shell; here: Place | null }) {
  return (
    <header class="header">
      <p class="brand">
        <Brand />
        {shell.sandbox ? (
          <span class="ribbon" title="The simulated gateway and the demo shop are on">
            Test
          </span>
        ) : null}
      </p>
      <nav aria-label="Console">
        {Object.entries(PLACES).map(([place, { name, href }]) => (
          <a class="nav-link" href={href} aria-current={place === here ? "page" : undefined}>
            <Icon name={place as Place} />
            <span>{name}</span>
          </a>
        ))}
      </nav>
      <SignedIn shell={shell} />
    </header>
  );
}

function SignedIn({ shell }: { shell: Shell }) {
  return (
    <div class="signed-in">
      <p>
        <span class="label">Signed in as</span> <bdi class="actor">{shell.actor}</bdi>
      </p>
      {shell.signOut === "form" ? (
        <form method="post" action="/console/sign-out">
          <input type="hidden" name="csrf" value={shell.csrf} />
          <button class="button small" type="submit">
            Sign out
          </button>
        </form>
      ) : (
        <a class="button small" href="/cdn-cgi/access/logout">
          Sign out
        </a>
      )}
    </div>
  );
}

/** Said once, and read aloud at once. */
function FlashLine({ flash }: { flash: Flash }) {
  return (
    <p class={`flash tone-${flash.tone}`} role={flash.tone === "stop" ? "alert" : "status"} data-flash>
      {flash.text}
    </p>
  );
}
