/** The shop's calls about transactions, and the browser's read of one. */
import { listQuery } from "../http/schemas.ts";
import { refer, toParameters } from "./components.ts";
import { describeOperation, IDEMPOTENCY_KEY, TRANSACTION_ID } from "./describe-operation.ts";
import {
  eitherExamples,
  newTransactionExamples,
  paidExamples,
  refundExamples,
  transactionExamples,
} from "./examples.ts";
import { listNotes } from "./request-notes.ts";
import type { Parameter, Paths } from "./types.ts";

const ifNoneMatch: Parameter = {
  name: "If-None-Match",
  in: "header",
  description: 'The `ETag` that you have, such as `"2"`: 304 while nothing has changed.',
  schema: { type: "string" },
};

const create = describeOperation({
  operationId: "createTransaction",
  tag: "Transactions",
  summary: "Start a payment",
  description:
    "Writes the transaction down, opens a session at the gateway, and answers with `payment_url`: send the buyer there. " +
    "The same `Idempotency-Key` with the same body gives the same transaction, also after it has ended. An order that " +
    "has an open payment on the same terms is resumed; on other terms the old one is ended at the gateway first. After " +
    "a 503 or a lost answer send the very same request again.",
  access: "shop",
  parameters: [IDEMPOTENCY_KEY],
  body: { schema: "NewTransaction", required: true, examples: newTransactionExamples },
  answers: {
    200: {
      description: "Replayed by its key, or resumed by its order: the transaction that was there.",
      schema: "Transaction",
      headers: ["ETag", "Location"],
      examples: transactionExamples,
    },
    201: {
      description: "New.",
      schema: "Transaction",
      headers: ["ETag", "Location"],
      examples: transactionExamples,
    },
  },
  problems: [
    "order_already_paid",
    "order_in_review",
    "order_in_progress",
    "idempotency_in_progress",
    "idempotency_mismatch",
    "gateway_rejected",
    "gateway_unavailable",
    "contention",
  ],
});

const list = describeOperation({
  operationId: "listTransactions",
  tag: "Transactions",
  summary: "List transactions",
  description: "Newest first. All filters may be combined.",
  access: "shop",
  parameters: toParameters(listQuery, listNotes),
  answers: { 200: { description: "A page.", schema: "TransactionPage" } },
  problems: ["invalid_request"],
});

const read = describeOperation({
  operationId: "getTransaction",
  tag: "Transactions",
  summary: "Read a transaction",
  description:
    "With the API key as the shop sees it, with the client secret as the buyer's browser does. `ETag` is the version. " +
    "A page of an origin in ALLOWED_ORIGINS may call this (CORS). To wait for a change, use the socket.",
  access: "shop or browser",
  parameters: [TRANSACTION_ID, ifNoneMatch],
  answers: {
    200: {
      description: "The transaction.",
      content: {
        "application/json": {
          schema: { anyOf: [refer("Transaction"), refer("BuyerTransaction")] },
          examples: eitherExamples,
        },
      },
      headers: ["ETag"],
    },
    304: { description: "It is at the version that you have.", headers: ["ETag"] },
  },
});

const history = describeOperation({
  operationId: "listTransactionEvents",
  tag: "Transactions",
  summary: "Read a transaction's history",
  description: "Every version it had, oldest first: what happened, by which side, and who decided.",
  access: "shop",
  parameters: [TRANSACTION_ID],
  answers: { 200: { description: "The whole history.", schema: "History" } },
});

const changed = (description: string) => ({
  description,
  schema: "Transaction" as const,
  headers: ["ETag" as const],
  examples: paidExamples,
});

const cancel = describeOperation({
  operationId: "cancelTransaction",
  tag: "Transactions",
  summary: "Call a payment off",
  description:
    "At the gateway first, then here. One that is called off or expired already is answered as it is.",
  access: "shop",
  parameters: [TRANSACTION_ID],
  isPost: true,
  answers: { 200: { description: "It is over.", schema: "Transaction", headers: ["ETag"] } },
  problems: ["not_cancelable", "gateway_unavailable", "contention"],
});

const capture = describeOperation({
  operationId: "captureTransaction",
  tag: "Transactions",
  summary: "Take held money",
  description:
    "Of an `authorized` transaction: all of it, or a part, once. To repeat it with the same sum changes nothing more.",
  access: "shop",
  parameters: [TRANSACTION_ID],
  body: { schema: "Capture", required: false },
  answers: { 200: changed("The money is yours.") },
  problems: ["not_capturable", "gateway_rejected", "gateway_unavailable", "contention"],
});

const refund = describeOperation({
  operationId: "createRefund",
  tag: "Refunds",
  summary: "Give money back",
  description:
    "All that is left, or a part. It is `pending` until the gateway has ended it, and repeated under its own id until " +
    "then. Without an `Idempotency-Key` each call is another refund.",
  access: "shop",
  parameters: [TRANSACTION_ID, IDEMPOTENCY_KEY],
  body: { schema: "NewRefund", required: false },
  answers: {
    200: { description: "The refund of this key, as it is now.", schema: "Refund", examples: refundExamples },
    201: { description: "New.", schema: "Refund", examples: refundExamples },
  },
  problems: [
    "not_refundable",
    "refund_exceeds_rest",
    "cannot_refund",
    "idempotency_mismatch",
    "gateway_rejected",
  ],
});

const refunds = describeOperation({
  operationId: "listRefunds",
  tag: "Refunds",
  summary: "List a transaction's refunds",
  description:
    "Those that were begun here, oldest first. What was given back in the gateway's dashboard is in `amount_refunded`.",
  access: "shop",
  parameters: [TRANSACTION_ID],
  answers: { 200: { description: "All of them.", schema: "RefundList" } },
});

const accept = describeOperation({
  operationId: "acceptTransaction",
  tag: "Reviews",
  summary: "Keep the money",
  description:
    "Of a transaction in `review`: it becomes `succeeded`, and the shop is told. The gateway is asked first.",
  access: "shop",
  parameters: [TRANSACTION_ID],
  body: { schema: "Verdict", required: false },
  answers: { 200: changed("The money is kept.") },
  problems: ["not_in_review", "order_already_paid", "not_settled", "contention"],
});

const reject = describeOperation({
  operationId: "rejectTransaction",
  tag: "Reviews",
  summary: "Give the money back",
  description:
    "Of a transaction in `review`: it becomes `canceled`, and what the gateway holds goes back to the buyer, once. The " +
    "gateway is asked first.",
  access: "shop",
  parameters: [TRANSACTION_ID],
  body: { schema: "Verdict", required: false },
  answers: { 200: { description: "It is called off.", schema: "Transaction", headers: ["ETag"] } },
  problems: ["not_in_review", "cannot_refund", "gateway_unavailable", "contention"],
});

export const transactionPaths: Paths = {
  "/transactions": { post: create, get: list },
  "/transactions/{id}": { get: read },
  "/transactions/{id}/events": { get: history },
  "/transactions/{id}/cancel": { post: cancel },
  "/transactions/{id}/capture": { post: capture },
  "/transactions/{id}/refunds": { post: refund, get: refunds },
  "/transactions/{id}/accept": { post: accept },
  "/transactions/{id}/reject": { post: reject },
};
