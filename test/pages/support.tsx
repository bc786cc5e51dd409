/** @jsxImportSource hono/jsx */
// The buyer's page in each of its states.
import { allTexts } from "../../src/pages/all-texts.ts";
import { languageOf } from "../../src/pages/languages.ts";
import { StatusPage } from "../../src/pages/status-page.tsx";
import type { PageState, StatusView } from "../../src/pages/status-view.ts";

export const NOW = Date.UTC(2026, 10, 22, 13, 40);
export const MINUTE = 60_000;

export const PENDING: StatusView = {
  id: "txn_01kaqk5w0meev9h4x2n8c7d3rt",
  clientSecret: "cs_test",
  status: "pending",
  version: 1,
  final: false,
  amount: 1999,
  currency: "USD",
  description: "Blue teapot",
  late: false,
  amountRefunded: 0,
  returning: false,
  createdAt: NOW - 5 * MINUTE,
  expiresAt: NOW + 25 * MINUTE,
  now: NOW,
  paymentUrl: "https://pay.example/session/1",
  returnUrl: "https://shop.example/thanks?order=7",
  returned: false,
  locale: "en-US",
  askedLocale: null,
};

export function render(change: Partial<StatusView> = {}): string {
  const view = { ...PENDING, ...change };
  return (<StatusPage view={view} texts={textsFor(view.locale)} />).toString() as string;
}

export const textsFor = (locale: string) => allTexts[languageOf(locale)];

function settled(change: Partial<StatusView>): Partial<StatusView> {
  return { final: true, paymentUrl: null, version: 3, ...change };
}

export const STATES: Readonly<Record<PageState, Partial<StatusView>>> = {
  pending: {},
  confirming: { returned: true },
  overdue: { now: NOW + 26 * MINUTE, paymentUrl: null },
  processing: { status: "processing", paymentUrl: null },
  authorized: { status: "authorized", paymentUrl: null },
  review: { status: "review", paymentUrl: null },
  succeeded: settled({ status: "succeeded" }),
  late: settled({ status: "succeeded", late: true }),
  partlyRefunded: settled({ status: "succeeded", amountRefunded: 500 }),
  refunded: settled({ status: "succeeded", amountRefunded: 1999 }),
  returning: settled({ status: "canceled", returning: true }),
  returned: settled({ status: "canceled", amountRefunded: 2500 }),
  failed: settled({ status: "failed" }),
  canceled: settled({ status: "canceled" }),
  expired: settled({ status: "expired" }),
};

export const ALL_STATES = Object.entries(STATES) as [PageState, Partial<StatusView>][];
