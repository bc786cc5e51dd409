/** What requests and answers look like. A test holds each of them against its schema. */
import { type ProblemCode, statusOf } from "../http/problem.ts";
import { PROBLEM_MEANINGS } from "./problem-answer.ts";
import type { Example } from "./types.ts";

const ID = "txn_01kagt7mq3f6yvbz0c4x2n8e5d";

export const newTransactionExamples = {
  least: {
    summary: "The least that is needed",
    value: { order_id: "order-1234", amount: 1999, currency: "USD" },
  },
  usual: {
    summary: "With a way back, and the buyer's language",
    value: {
      order_id: "order-1234",
      amount: 1999,
      currency: "USD",
      return_url: "https://shop.example/thanks",
      description: "Two mugs",
      customer: { email: "buyer@mail.example", locale: "en-GB" },
      metadata: { cart: "42" },
    },
  },
} as const satisfies Record<string, Example>;

const data = {
  id: ID,
  order_id: "order-1234",
  status: "pending",
  version: 1,
  amount: 1999,
  currency: "USD",
  amount_captured: 0,
  amount_refunded: 0,
  gateway: "stripe",
  gateway_reference: "cs_test_1",
  return_url: "https://shop.example/thanks",
  description: "Two mugs",
  failure: null,
  late: false,
  review_reason: null,
  metadata: { cart: "42" },
  created_at: "2026-11-22T10:15:00.000Z",
  updated_at: "2026-11-22T10:15:01.000Z",
  expires_at: "2026-11-22T10:45:00.000Z",
} as const;
const paid = {
  ...data,
  ...{ status: "succeeded", version: 2, amount_captured: 1999, updated_at: "2026-11-22T10:16:40.000Z" },
} as const;
const CLIENT_SECRET = `${ID}_secret_not-a-real-one`;

const pendingTransaction = {
  ...data,
  payment_url: "https://pay.vendor.example/session/1",
  status_url: `https://pay.example.com/status/${ID}?client_secret=${CLIENT_SECRET}`,
  socket_url: `wss://pay.example.com/transactions/${ID}/socket`,
  client_secret: CLIENT_SECRET,
} as const;

export const transactionExamples = {
  pending: { summary: "Just made: send the buyer to payment_url", value: pendingTransaction },
} as const satisfies Record<string, Example>;

export const paidExamples = {
  succeeded: { summary: "The money is yours", value: { ...pendingTransaction, ...paid, payment_url: null } },
} as const satisfies Record<string, Example>;

export const eitherExamples = {
  shop: { ...paidExamples.succeeded, summary: "With the API key" },
  browser: {
    summary: "With the client secret",
    value: {
      ...{ id: ID, status: "succeeded", version: 2, final: true, amount: 1999, currency: "USD" },
      ...{ payment_url: null, return_url: data.return_url, late: false, expires_at: data.expires_at },
    },
  },
} as const satisfies Record<string, Example>;

export const refundExamples = {
  pending: {
    summary: "The gateway has not ended it yet",
    value: {
      ...{ id: "rfd_01kagt9x0mf2ta3v6s8w4r1q7p", transaction_id: ID, amount: 500, currency: "USD" },
      ...{ status: "pending", reason: "One mug was broken", failure: null, gateway_reference: null },
      ...{ created_at: "2026-11-23T09:00:00.000Z", updated_at: "2026-11-23T09:00:01.000Z" },
    },
  },
} as const satisfies Record<string, Example>;

export const eventExample = {
  summary: "Fulfil, once for each webhook-id",
  value: { type: "transaction.succeeded", timestamp: paid.updated_at, data: paid },
} as const satisfies Example;

export const statusUpdateExample = {
  ...{ type: "payment_status_update", transaction_id: ID, status: "succeeded", version: 2, final: true },
  ...{ amount: 1999, currency: "USD", late: false, occurred_at: paid.updated_at },
} as const;

export function problemExamples(): Record<string, Example> {
  const codes = Object.keys(PROBLEM_MEANINGS) as ProblemCode[];
  return Object.fromEntries(codes.map((code) => [code, problemExample(code)]));
}

function problemExample(code: ProblemCode): Example {
  const [status, title] = statusOf(code);
  const errors = [{ pointer: "/amount", detail: "must be a positive integer of the currency's minor unit" }];
  const value = {
    ...{ type: `urn:payment-edge:problem:${code}`, title, status },
    ...{ detail: `In words for you: ${PROBLEM_MEANINGS[code]}.`, code },
    request_id: "5f0c8a52-6d0f-4f6a-9d51-2f2f6a3c9b10",
    ...(code === "invalid_request" ? { errors } : {}),
  };
  return { summary: title, value };
}
