/** GET and POST /status/:id: the buyer's page. Opens with the client secret; the POST asks the gateway now. */
import { type Context, Hono } from "hono";
import { describeError } from "../../lib/log.ts";
import { readClientSecret } from "../../operations/client-secret.ts";
import { findTransaction } from "../../operations/find-transaction.ts";
import { checkNow, takeApproved } from "../../operations/reconcile-transaction.ts";
import {
  isMoneyReturning,
  localizedUrl,
  outcomeUrl,
  payableUrl,
  returnedUrl,
  statusUrl,
} from "../../operations/views.ts";
import { chooseLocale } from "../../pages/languages.ts";
import { readTexts } from "../../pages/read-texts.ts";
import { MessagePage, StatusPage } from "../../pages/status-page.tsx";
import type { StatusTexts } from "../../pages/status-texts.ts";
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
    c.res = await htmlPage(
      c,
      visit.locale,
      (texts) => <MessagePage message="trouble" texts={texts} retryUrl={retryUrl} />,
      c.res.status === 429 ? 429 : 503,
    );
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
  const loaded = (await opens(c, id, visit.clientSecret)) ? await findTransaction(services, id) : null;
  if (!loaded) {
    return notFound(c, visit.locale);
  }
  const { status, gateway } = loaded.transaction;
  if (visit.returned && status === "pending" && services.gateways.get(gateway)?.complete) {
    services.defer(takeApproved(services, id));
  }
  const view = { ...toView(loaded, services.now()), ...visit };
  return htmlPage(c, visit.locale, (texts) => <StatusPage view={view} texts={texts} />);
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
  return htmlPage(c, locale, (texts) => <MessagePage message="notFound" texts={texts} />, 404);
}

async function htmlPage(
  c: Context<AppEnv>,
  locale: string,
  render: (texts: StatusTexts) => Parameters<typeof c.html>[0],
  status: 200 | 404 | 429 | 503 = 200,
) {
  const { log, readAsset, config } = c.env.services;
  const texts = await readTexts(locale, {
    readAsset,
    onFailure: (language, error) =>
      log.warn("texts.unreadable", { reason: language, error: describeError(error) }),
  });
  const { publicUrl } = config;
  return c.html(render(texts), status, {
    "Content-Language": texts.language,
    Vary: "Accept-Language",
    // The secret is in the address: it goes to nobody else, but the form's Origin must not become null.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy":
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; ` +
      `connect-src 'self' ${publicUrl.replace(/^http/, "ws")}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  });
}
