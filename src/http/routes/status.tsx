/** GET and POST /status/:id: the buyer's page. Opens with the client secret; the POST asks the gateway now. */
import { type Context, Hono } from "hono";
import { readClientSecret } from "../../operations/client-secret.ts";
import { checkNow, takeApproved } from "../../operations/reconcile-transaction.ts";
import {
  isMoneyReturning,
  localizedUrl,
  outcomeUrl,
  payableUrl,
  returnedUrl,
  statusUrl,
} from "../../operations/views.ts";
import { chooseLocale, textsFor } from "../../pages/languages.ts";
import { MessagePage, StatusPage } from "../../pages/status-page.tsx";
import type { StatusView } from "../../pages/status-view.ts";
import { isFinal } from "../../transactions/transaction.ts";
import type { AppEnv } from "../app-env.ts";
import { limitRate } from "../rate-limit.ts";

export const statusRoutes = new Hono<AppEnv>();

/** A person is looking: even our trouble, or too many of their looks, is told as a page, which tries again by itself. */
statusRoutes.use("/:id", async (c, next) => {
  await next();
  if (c.error) {
    const retryAfter = c.res.headers.get("retry-after");
    const visit = await readVisit(c);
    // What was sent by the form is not sent again.
    const retryUrl = c.req.method === "POST" ? addressOf(c, visit) : undefined;
    const page = <MessagePage message="trouble" locale={visit.locale} retryUrl={retryUrl} />;
    c.res = await htmlPage(c, page, visit.locale, c.res.status === 429 ? 429 : 503);
    if (retryAfter !== null) {
      c.res.headers.set("Retry-After", retryAfter);
    }
  }
});
statusRoutes.use("/:id", limitRate);

statusRoutes.get("/:id", async (c) => {
  const { services } = c.env;
  const id = c.req.param("id");
  const visit = await readVisit(c);
  const loaded = (await opens(c, id, visit.clientSecret)) ? await services.store.find(id) : null;
  if (!loaded || loaded.transaction.version === 0) {
    return notFound(c, visit.locale);
  }
  const { status, gateway } = loaded.transaction;
  if (visit.returned && status === "pending" && services.gateways.get(gateway)?.complete) {
    services.defer(takeApproved(services, id));
  }
  return htmlPage(c, <StatusPage view={{ ...toView(loaded, services.now()), ...visit }} />, visit.locale);
});

statusRoutes.post("/:id", async (c) => {
  const id = c.req.param("id");
  const visit = await readVisit(c);
  if (!(await opens(c, id, visit.clientSecret))) {
    return notFound(c, visit.locale);
  }
  await checkNow(c.env.services, id);
  return c.redirect(addressOf(c, visit), 303);
});

/** How the buyer comes: what the address says, or the form, which repeats it. */
type Visit = Pick<StatusView, "clientSecret" | "returned" | "locale" | "askedLocale">;

async function readVisit(c: Context<AppEnv>): Promise<Visit> {
  const isForm = c.req.method === "POST";
  const sent = isForm ? new TextDecoder().decode(await c.req.arrayBuffer()) : new URL(c.req.url).search;
  const fields = new URLSearchParams(sent);
  const askedLocale = fields.get("locale");
  return {
    clientSecret: fields.get("client_secret") ?? "",
    returned: fields.get("returned") === "1",
    locale: chooseLocale(askedLocale, c.req.header("accept-language") ?? ""),
    askedLocale,
  };
}

/** The page's address for this visit. */
function addressOf(c: Context<AppEnv>, { clientSecret, returned, askedLocale }: Visit): string {
  const page = statusUrl(c.env.services.config, c.req.param("id") ?? "", encodeURIComponent(clientSecret));
  const localized = localizedUrl(page, askedLocale);
  return returned ? returnedUrl(localized) : localized;
}

async function opens(c: Context<AppEnv>, id: string, clientSecret: string): Promise<boolean> {
  return (await readClientSecret(c.env.services.config.clientSecretKeys, clientSecret)) === id;
}

function toView(loaded: Parameters<typeof isMoneyReturning>[0], now: number): Omit<StatusView, keyof Visit> {
  const { transaction } = loaded;
  const { id, status, version, currency, description, late, createdAt, expiresAt } = transaction;
  const { amountCaptured, amountRefunded } = transaction;
  return {
    ...{ id, status, version, currency, description, late, amountRefunded, createdAt, expiresAt, now },
    amount: status === "succeeded" ? amountCaptured : transaction.amount,
    returning: isMoneyReturning(loaded),
    final: isFinal(status),
    paymentUrl: payableUrl(transaction, now),
    returnUrl: outcomeUrl(transaction),
  };
}

function notFound(c: Context<AppEnv>, locale: string) {
  return htmlPage(c, <MessagePage message="notFound" locale={locale} />, locale, 404);
}

function htmlPage(
  c: Context<AppEnv>,
  content: Parameters<typeof c.html>[0],
  locale: string,
  status: 200 | 404 | 429 | 503 = 200,
) {
  const { publicUrl } = c.env.services.config;
  return c.html(content, status, {
    "Content-Language": textsFor(locale).language,
    Vary: "Accept-Language",
    // The secret is in the address: it goes to nobody else, but the form's Origin must not become null.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy":
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; ` +
      `connect-src 'self' ${publicUrl.replace(/^http/, "ws")}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  });
}
