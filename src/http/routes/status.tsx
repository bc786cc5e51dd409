/** GET and POST /status/:id: the buyer's page. Opens with the client secret; the POST asks the gateway now. */
import { type Context, Hono } from "hono";
import { readClientSecret } from "../../operations/client-secret.ts";
import { checkNow } from "../../operations/reconcile-transaction.ts";
import { isMoneyReturning, outcomeUrl, payableUrl, returnedUrl, statusUrl } from "../../operations/views.ts";
import { MessagePage, StatusPage } from "../../pages/status-page.tsx";
import { english } from "../../pages/status-texts.ts";
import type { StatusView } from "../../pages/status-view.ts";
import { isFinal } from "../../transactions/transaction.ts";
import type { AppEnv } from "../app-env.ts";

export const statusRoutes = new Hono<AppEnv>();

/** A person is looking: even our trouble is told as a page. */
statusRoutes.use("/:id", async (c, next) => {
  await next();
  if (c.error) {
    c.res = await htmlPage(c, <MessagePage {...english.messages.trouble} />, 503);
  }
});

statusRoutes.get("/:id", async (c) => {
  const { services } = c.env;
  const id = c.req.param("id");
  const clientSecret = c.req.query("client_secret") ?? "";
  const loaded = (await opens(c, id, clientSecret)) ? await services.store.find(id) : null;
  if (!loaded || loaded.transaction.version === 0) {
    return notFound(c);
  }
  const returned = c.req.query("returned") === "1";
  const { status, gateway } = loaded.transaction;
  if (returned && status === "pending" && services.gateways.get(gateway)?.complete) {
    // This gateway takes what the buyer has just approved only when it is told to.
    services.defer(checkNow(services, id));
  }
  const view = {
    ...toView(loaded, services.now()),
    clientSecret,
    returned,
    locale: readLocale(c),
  };
  return htmlPage(c, <StatusPage view={view} />);
});

statusRoutes.post("/:id", async (c) => {
  const { services } = c.env;
  const id = c.req.param("id");
  const form = new URLSearchParams(await c.req.text());
  const clientSecret = form.get("client_secret") ?? "";
  if (!(await opens(c, id, clientSecret))) {
    return notFound(c);
  }
  await checkNow(services, id);
  const page = statusUrl(services.config, id, clientSecret);
  return c.redirect(form.get("returned") === "1" ? returnedUrl(page) : page, 303);
});

async function opens(c: Context<AppEnv>, id: string, clientSecret: string): Promise<boolean> {
  return (await readClientSecret(c.env.services.config.clientSecretKeys, clientSecret)) === id;
}

function toView(
  loaded: Parameters<typeof isMoneyReturning>[0],
  now: number,
): Omit<StatusView, "clientSecret" | "returned" | "locale"> {
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

function readLocale(c: Context<AppEnv>): string {
  return /^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*/.exec(c.req.header("accept-language") ?? "")?.[0] ?? "en";
}

function notFound(c: Context<AppEnv>) {
  return htmlPage(c, <MessagePage {...english.messages.notFound} />, 404);
}

function htmlPage(c: Context<AppEnv>, content: Parameters<typeof c.html>[0], status: 200 | 404 | 503 = 200) {
  const { publicUrl } = c.env.services.config;
  return c.html(content, status, {
    // The secret is in the address: it goes to nobody else, but the form's Origin must not become null.
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy":
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; ` +
      `connect-src 'self' ${publicUrl.replace(/^http/, "ws")}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  });
}
