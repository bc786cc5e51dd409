/** GET /console/payments/:id: one payment, why it is as it is, and all that happened to it. */
import { Hono } from "hono";
import { TransactionPage } from "../../console/transaction-page.tsx";
import type { TransactionView } from "../../console/views.ts";
import { explain } from "../../console/why.ts";
import { issueClientSecret } from "../../operations/client-secret.ts";
import { type Payment, readPayment } from "../../operations/read-payment.ts";
import { statusUrl } from "../../operations/views.ts";
import type { Services } from "../../services.ts";
import type { AppEnv } from "../app-env.ts";
import { consolePage } from "../console-page.ts";
import { toEntry, toRow } from "../console-rows.ts";
import { flashOf, shellOf } from "../console-shell.ts";
import { HttpProblem } from "../problem.ts";

export const consolePaymentRoutes = new Hono<AppEnv>();

consolePaymentRoutes.get("/payments/:id", async (c) => {
  const { services } = c.env;
  const payment = await readPayment(services, c.req.param("id"));
  if (!payment) {
    throw new HttpProblem("not_found", "There is no such payment.");
  }
  const view = { ...(await toView(services, payment)), flash: flashOf(c.req.query("done")) };
  return consolePage(c, <TransactionPage shell={shellOf(c)} view={view} />);
});

async function toView(services: Services, payment: Payment): Promise<Omit<TransactionView, "flash">> {
  const { config, gateways, now } = services;
  const { loaded, entries, actions, rest, siblings, isArchived } = payment;
  const { transaction, refunds } = loaded;
  const gatewayTitle = gateways.get(transaction.gateway)?.title ?? transaction.gateway;
  const clientSecret = await issueClientSecret(config.clientSecretKeys, transaction.id);
  const { version, capture, capturing, mode, description, metadata, returnUrl } = transaction;
  const { updatedAt, expiresAt, nextCheckAt, silentSince } = transaction;
  const firstCall = entries.find((entry) => entry.kind === "call");
  return {
    row: {
      ...toRow(transaction),
      ...{ version, capture, capturing, mode, description, metadata, returnUrl },
      ...{ updatedAt, expiresAt, nextCheckAt, silentSince },
    },
    ...{ gatewayTitle, actions, siblings, clientSecret, isArchived },
    why: explain(payment, gatewayTitle, now()),
    entries: entries.map(toEntry),
    // The first call ever is the one that opened the page.
    olderCallsForgotten: firstCall?.kind === "call" && firstCall.call !== "create",
    refundable: transaction.status === "succeeded" && !isArchived ? { rest, pending: refunds.pending } : null,
    statusUrl: statusUrl(config, transaction.id, clientSecret),
  };
}
