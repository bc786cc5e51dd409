/** /console/gateways: what is configured, what to set up there, how their webhooks fare; and a try of a test account. */
import { type Context, Hono } from "hono";
import { ConfirmPage } from "../../console/confirm-page.tsx";
import { GatewaysPage } from "../../console/gateways-page.tsx";
import type { ConfirmView, GatewayCard, GatewaysView, GatewayTest } from "../../console/views.ts";
import type { Gateway } from "../../gateways/gateway.ts";
import { recordAction } from "../../operations/operator-action.ts";
import { parseFacts, SPAN_MS } from "../../operations/roll-up.ts";
import { addFacts, type Facts } from "../../operations/statistics.ts";
import { testGateway } from "../../operations/test-gateway.ts";
import { currencyExponent, isCurrency, toDecimal } from "../../transactions/money.ts";
import type { AppEnv } from "../app-env.ts";
import { PLAIN } from "../console-deeds.ts";
import { readForm, readNote } from "../console-form.ts";
import { consolePage } from "../console-page.ts";
import { shellOf } from "../console-shell.ts";
import { HttpProblem } from "../problem.ts";
import { parseAmount } from "../search-query.ts";

export const consoleGatewayRoutes = new Hono<AppEnv>();

const SECRETS_SEEN_FOR_MS = 7 * 24 * 60 * 60_000;
/** What these take everywhere; others take euros. */
const USUAL_CURRENCY: Readonly<Record<string, string>> = { razorpay: "INR", paystack: "NGN", square: "USD" };

consoleGatewayRoutes.get("/gateways", (c) => showGateways(c, null));

consoleGatewayRoutes.get("/gateways/:id/test", (c) => {
  const gateway = findTestAccount(c);
  const currency = USUAL_CURRENCY[gateway.id] ?? "EUR";
  return show(c, toConfirm(gateway, `1${currencyExponent(currency) > 0 ? ".00" : "00"} ${currency}`, null));
});

consoleGatewayRoutes.post("/gateways/:id/test", async (c) => {
  const { services } = c.env;
  const gateway = findTestAccount(c);
  const form = await readForm(c);
  const typed = form.get("amount") ?? "";
  const [, sum = "", currency = ""] = /^(\S+)\s+([A-Za-z]{3})$/.exec(typed.trim()) ?? [];
  const code = currency.toUpperCase();
  const amount = isCurrency(code) ? parseAmount(sum, code) : null;
  if (amount === null || amount < 1) {
    return show(c, toConfirm(gateway, typed, "A sum and a currency, such as 1.00 EUR."), 422);
  }
  const action = {
    action: "test_gateway",
    actor: c.get("operator").actor,
    note: [`${gateway.id} ${toDecimal(amount, code)} ${code}`, readNote(form)].filter(Boolean).join(": "),
    transactionId: null,
  };
  let test: GatewayTest | null = null;
  await recordAction(services, action, async () => {
    const { calls, passed, problem } = await testGateway(services, gateway.id, amount, code);
    test = { gateway: gateway.id, steps: calls, passed, problem };
    return passed ? "passed" : "failed";
  });
  return showGateways(c, test);
});

async function showGateways(c: Context<AppEnv>, test: GatewayTest | null): Promise<Response> {
  const { services } = c.env;
  const since = services.now() - SECRETS_SEEN_FOR_MS;
  const [health, rows] = await Promise.all([
    services.store.listGatewayHealth(),
    services.store.listStatistics("quarter", since - (since % SPAN_MS.quarter)),
  ]);
  const facts = rows.map(parseFacts).reduce<Facts>(addFacts, {});
  const view: GatewaysView = {
    cards: [...services.gateways.values()].map((gateway) => ({
      ...toCard(gateway),
      isDefault: gateway.id === services.config.defaultGateway,
      webhookUrl: `${services.config.publicUrl}/webhooks/${gateway.id}`,
      health: health.find(({ gateway: id }) => id === gateway.id) ?? null,
      secrets: facts[gateway.id]?.secrets ?? {},
    })),
    off: services.config.gatewaysOff,
    test,
  };
  return consolePage(c, <GatewaysPage shell={shellOf(c)} view={view} />);
}

type Described = Omit<GatewayCard, "isDefault" | "webhookUrl" | "health" | "secrets">;

function toCard(gateway: Gateway): Described {
  const { id, title, mode, lifetime, needs, webhook } = gateway;
  return {
    ...{ id, title, mode, lifetime: lifetime ?? null, needs: needs ?? [] },
    ...{ webhookEvents: webhook.events, advice: webhook.advice, canTest: mode === "test" },
    capabilities: CAPABILITIES.map(([name, method, meaning, lack]) => {
      const has = gateway[method] !== undefined;
      return { name, has, meaning: has ? meaning : lack };
    }),
  };
}

const CAPABILITIES = [
  [
    "Closes payment pages",
    "expire",
    "A canceled or expired payment can take no money.",
    "A page stays open until the gateway closes it: late money is possible.",
  ],
  [
    "Captures held money",
    "capture",
    "Authorized payments can be captured, whole or in part.",
    "Only automatic capture; hold and capture is done at the gateway.",
  ],
  [
    "Refunds",
    "refund",
    "Money goes back by its API, whole or in part.",
    "Give money back at the gateway: its news is followed here.",
  ],
  [
    "Takes approved payments",
    "complete",
    "What a buyer has approved is taken by the return, the webhook or the cron.",
    "Needs none: approval and payment are one step.",
  ],
  [
    "Lists missed events",
    "missedEvents",
    "After an outage of ours the cron reads what was told to nobody.",
    "After an outage the cron asks for each open payment instead.",
  ],
] as const satisfies readonly (readonly [string, keyof Gateway, string, string])[];

/** @throws HttpProblem 404 for what is not configured, or takes real money, or does not say */
function findTestAccount(c: Context<AppEnv>): Gateway {
  const gateway = c.env.services.gateways.get(c.req.param("id") ?? "");
  if (gateway?.mode !== "test") {
    throw new HttpProblem("not_found", "No gateway of this name is configured with a test account.");
  }
  return gateway;
}

function toConfirm({ id, title }: Gateway, typed: string, error: string | null): ConfirmView {
  return {
    ...PLAIN,
    title: `Try ${title}`,
    sentences: [
      `A payment page is opened in ${title}’s test account and closed again: that shows whether keys and address are right.`,
      "No payment comes of it, and the shop is told nothing.",
    ],
    button: "Try it",
    action: `/console/gateways/${id}/test`,
    back: "/console/gateways",
    amount: {
      label: "Sum and currency",
      value: typed,
      hint: "One that the account takes, such as 1.00 EUR.",
      currency: "",
      error,
    },
  };
}

function show(c: Context<AppEnv>, view: ConfirmView, status: 200 | 422 = 200) {
  return consolePage(c, <ConfirmPage shell={shellOf(c)} view={view} />, status);
}
