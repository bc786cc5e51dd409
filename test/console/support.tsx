/** @jsxImportSource hono/jsx */
// What the console's pages are given in these tests, and how they are looked at.
import { ActivityPage } from "../../src/console/activity-page.tsx";
import { ConfirmPage } from "../../src/console/confirm-page.tsx";
import { DeliveriesPage } from "../../src/console/deliveries-page.tsx";
import { GatewaysPage } from "../../src/console/gateways-page.tsx";
import { OverviewPage } from "../../src/console/overview-page.tsx";
import { TransactionPage } from "../../src/console/transaction-page.tsx";
import { TransactionsPage } from "../../src/console/transactions-page.tsx";
import type {
  ActivityView,
  ConfirmView,
  DeliveriesView,
  DeliveryRow,
  Entry,
  GatewaysView,
  Needs,
  OverviewView,
  Shell,
  TransactionRow,
  TransactionsView,
  TransactionView,
  WebhookRow,
  WebhooksView,
} from "../../src/console/views.ts";
import { WebhooksPage } from "../../src/console/webhooks-page.tsx";
import { type Figures, NO_FIGURES } from "../../src/operations/statistics.ts";

export const NOW = Date.UTC(2026, 10, 26, 5, 40, 12);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const ID = "txn_01kaqk5w0meev9h4x2n8c7d3rt";
export const CSRF = "csrf_visibly_fake";

export const SHELL: Shell = { actor: "Ada", signOut: "form", csrf: CSRF, now: NOW, sandbox: false };

export function toHtml(element: { toString(): string | Promise<string> }): string {
  return String(element);
}

const NONE = { value: 0, more: false };

export const QUIET: Needs = {
  review: NONE,
  parked: NONE,
  dead: NONE,
  silent: NONE,
  oldestPending: null,
  overdueDelivery: null,
  lastTick: NOW - 24_000,
  cronFailing: false,
};

export function figures(change: Partial<Figures> = {}): Figures {
  return { ...NO_FIGURES, ended: { succeeded: 9, failed: 1 }, ...change };
}

export const OVERVIEW: OverviewView = {
  period: "24h",
  needs: QUIET,
  buckets: [
    { start: NOW - 2 * HOUR, figures: { stripe: figures(), paypal: figures({ ended: { succeeded: 3 } }) } },
    { start: NOW - HOUR, figures: { stripe: figures({ ended: { succeeded: 2, failed: -1 } }) } },
    { start: NOW, figures: {} },
  ],
  bucketMs: HOUR,
  totals: {
    stripe: figures({
      money: { USD: { captured: 1999, refunded: 500 }, KWD: { captured: 1234, refunded: 0 } },
      timeToPaid: [0, 5, 4, 1],
      webhookLag: [9],
      push: [0, 0, 0, 0, 0, 0, 0, 0, 3],
      failures: { card_declined: 4, payment_failed: 8 },
    }),
    paypal: figures({ ended: { succeeded: 3 } }),
  },
  countedUntil: NOW - MINUTE,
};

export const ROW: TransactionRow = {
  id: ID,
  orderId: "order-7",
  gateway: "stripe",
  gatewayReference: "cs_test_1",
  status: "pending",
  amount: 1999,
  amountCaptured: 0,
  amountRefunded: 0,
  currency: "USD",
  late: false,
  reviewReason: null,
  failureCode: null,
  dispute: null,
  createdAt: NOW - HOUR,
};

export const PAYMENTS: TransactionsView = {
  fields: { q: "", status: "", gateway: "", amount: "", currency: "", from: "", until: "" },
  errors: {},
  gateways: ["stripe", "paypal"],
  rows: [ROW],
  next: "cursor=older",
  lookedBackTo: null,
  exportQuery: "",
  isFirstPage: true,
};

export const ENTRIES = {
  event: {
    kind: "event",
    at: NOW - HOUR,
    version: 3,
    type: "transaction.succeeded",
    source: "webhook",
    statusBefore: "pending",
    status: "succeeded",
    reason: null,
    actor: null,
    note: null,
    amountCaptured: 1999,
    amountRefunded: 0,
  },
  call: {
    kind: "call",
    at: NOW - HOUR,
    call: "retrieve",
    durationMs: 340,
    outcome: "pending",
    failed: false,
  },
  webhook: {
    kind: "webhook",
    at: NOW - HOUR,
    key: "a+b/c",
    transactionId: ID,
    gateway: "stripe",
    receivedAt: NOW - HOUR,
    eventId: "evt_1",
    outcome: "ignored",
    reason: "stale",
    says: { status: "succeeded", amount: 1999, currency: "USD" },
    lagMs: 640,
    skewMs: 3_200,
    secret: 2,
    raw: '{"a":1}',
    read: '{"status":"succeeded"}',
  },
  delivery: {
    kind: "delivery",
    at: NOW - HOUR,
    eventId: "evt_2",
    type: "transaction.succeeded",
    status: "dead",
    attempts: [{ at: NOW - HOUR, durationMs: 82, answer: "HTTP 500" }],
    nextAttemptAt: null,
    pushedMs: 14,
  },
  refund: {
    kind: "refund",
    at: NOW - HOUR,
    id: "rfd_1",
    amount: 500,
    currency: "USD",
    status: "failed",
    reason: "broken cup",
    source: "operator",
    actor: "Grace",
    failureCode: "insufficient_funds",
    gatewayReference: "re_1",
    nextAttemptAt: NOW + MINUTE,
  },
  action: { kind: "action", at: NOW - HOUR, action: "refund", actor: "Grace", note: "half", outcome: null },
} as const satisfies { readonly [Kind in Entry["kind"]]: Extract<Entry, { kind: Kind }> };

export const PAYMENT: TransactionView = {
  row: {
    ...ROW,
    status: "succeeded",
    amountCaptured: 1999,
    amountRefunded: 500,
    version: 4,
    capture: "automatic",
    capturing: null,
    mode: "test",
    description: "Blue teapot",
    metadata: { cart: "c_918" },
    returnUrl: "https://shop.example/thanks",
    updatedAt: NOW,
    expiresAt: NOW - MINUTE,
    nextCheckAt: NOW + HOUR,
    silentSince: null,
  },
  gatewayTitle: "Stripe",
  why: "The gateway said so.",
  entries: Object.values(ENTRIES),
  olderCallsForgotten: true,
  actions: ["refund", "check"],
  refundable: { rest: 1499, pending: 300 },
  isArchived: false,
  siblings: [{ id: "txn_01kaqk5w0meev9h4x2n8c7d3rs", status: "expired", createdAt: NOW - 2 * HOUR }],
  clientSecret: "cs_visibly_fake",
  statusUrl: `https://pay.example/status/${ID}?client_secret=cs_visibly_fake`,
  flash: null,
};

export const CONFIRM: ConfirmView = {
  title: "Refund",
  sentences: ["Nothing happens yet.", "The next page asks once more."],
  button: "Continue",
  dangerous: false,
  action: `/console/payments/${ID}/refund`,
  back: `/console/payments/${ID}`,
  hidden: { step: "1" },
  amount: { label: "Amount", value: "14.99", hint: "At most 14.99 USD.", currency: "USD", error: null },
  note: { label: "Why?", value: "", required: true, error: null },
  step: { now: 1, of: 2 },
  problem: null,
};

export const WEBHOOK: WebhookRow = {
  ...{
    key: "a+b/c",
    gateway: "stripe",
    eventId: "evt_1",
    transactionId: ID,
    outcome: "parked",
    reason: null,
  },
  says: { status: "succeeded", amount: 1999, currency: "USD" },
  receivedAt: NOW - HOUR,
  ...{ lagMs: 640, skewMs: -120, secret: 1, raw: "not json", read: "{}" },
};

export const WEBHOOKS: WebhooksView = {
  outcome: "parked",
  rows: [WEBHOOK],
  next: "outcome=parked&cursor=older",
  health: [
    {
      gateway: "stripe",
      goodAt: NOW - HOUR,
      goodSecret: 2,
      skewMs: -1_300,
      badAt: NOW - MINUTE,
      badReason: "The signature is too old.",
    },
  ],
  flash: { tone: "done", text: "It was applied." },
};

export const DELIVERY: DeliveryRow = {
  ...{ eventId: "evt_2", transactionId: ID, type: "transaction.refunded", version: 4, status: "dead" },
  attempts: [{ at: NOW - HOUR, durationMs: 15_000, answer: "no answer" }],
  ...{ nextAttemptAt: null, deliveredAt: null, lastError: "HTTP 500", createdAt: NOW - HOUR },
};

export const DELIVERIES: DeliveriesView = {
  ...{ status: "dead", rows: [DELIVERY], next: null, dead: { value: 100, more: true } },
  ...{ shop: "https://shop.example/hooks", flash: null },
};

export const GATEWAYS: GatewaysView = {
  cards: [
    {
      ...{ id: "stripe", title: "Stripe", mode: "test", isDefault: true },
      capabilities: [{ name: "Refunds", has: true, meaning: "Money can be sent back." }],
      lifetime: { minMs: 30 * MINUTE, maxMs: 24 * HOUR },
      needs: ["/customer/email"],
      webhookUrl: "https://pay.example/webhooks/stripe",
      webhookEvents: ["checkout.session.completed", "charge.refunded"],
      advice: "Under Developers, Webhooks.",
      health: null,
      secrets: { "1": 12, "2": 900, none: 3 },
      canTest: true,
    },
  ],
  off: ["paypal", "adyen"],
  test: {
    gateway: "stripe",
    steps: [{ call: "create", durationMs: 10_000, outcome: "unavailable", failed: true }],
    passed: false,
    problem: "Stripe could not be reached.",
  },
};

export const ACTIVITY: ActivityView = {
  rows: [
    {
      ...{ id: "act_1", transactionId: ID, action: "refund", actor: "Ada", note: "broken cup" },
      ...{ outcome: "refunded: 5.00 USD", createdAt: NOW - HOUR },
    },
    {
      ...{ id: "act_2", transactionId: null, action: "replay_webhooks", actor: "Grace", note: null },
      ...{ outcome: null, createdAt: NOW - HOUR },
    },
  ],
  next: "cursor=act_1",
};

/** Each page with all of its parts shown. */
export const PAGES: Readonly<Record<string, string>> = {
  overview: toHtml(<OverviewPage shell={SHELL} view={OVERVIEW} />),
  payments: toHtml(<TransactionsPage shell={SHELL} view={PAYMENTS} />),
  payment: toHtml(<TransactionPage shell={SHELL} view={PAYMENT} />),
  confirm: toHtml(<ConfirmPage shell={SHELL} view={CONFIRM} />),
  webhooks: toHtml(<WebhooksPage shell={SHELL} view={WEBHOOKS} />),
  deliveries: toHtml(<DeliveriesPage shell={SHELL} view={DELIVERIES} />),
  gateways: toHtml(<GatewaysPage shell={SHELL} view={GATEWAYS} />),
  activity: toHtml(<ActivityPage shell={SHELL} view={ACTIVITY} />),
};
