/** What the shop does with a transaction: cancels, captures and refunds it, decides a review; and its history. */
import { type Context, Hono } from "hono";
import { cancelTransaction } from "../../operations/cancel-transaction.ts";
import { captureTransaction } from "../../operations/capture-transaction.ts";
import { findHistory, findRefunds } from "../../operations/find-transaction.ts";
import { OperationError } from "../../operations/operation-error.ts";
import { refundTransaction } from "../../operations/refund-transaction.ts";
import { reviewTransaction } from "../../operations/review-transaction.ts";
import { toRefundView, toShopView, toTimestamp } from "../../operations/views.ts";
import type { Transaction } from "../../transactions/transaction.ts";
import type { AppEnv } from "../app-env.ts";
import { shopOnly } from "../auth.ts";
import { toEtag } from "../etag.ts";
import { captureBody, check, idempotencyKey, readOptionalJson, refundBody, verdictBody } from "../schemas.ts";

export const transactionActionRoutes = new Hono<AppEnv>();

const SHOP = { source: "shop" } as const;

transactionActionRoutes.post("/:id/cancel", shopOnly, async (c) =>
  answer(c, await cancelTransaction(c.env.services, c.req.param("id"), SHOP)),
);

transactionActionRoutes.post("/:id/capture", shopOnly, async (c) => {
  const { amount } = check(captureBody, await readOptionalJson(c.req.raw));
  return answer(c, await captureTransaction(c.env.services, c.req.param("id"), amount ?? null, SHOP));
});

transactionActionRoutes.post("/:id/accept", shopOnly, (c) => review(c, "accepted"));
transactionActionRoutes.post("/:id/reject", shopOnly, (c) => review(c, "declined"));

transactionActionRoutes.post("/:id/refunds", shopOnly, async (c) => {
  const key = check(idempotencyKey, c.req.header("idempotency-key"), "Idempotency-Key");
  const { amount, reason } = check(refundBody, await readOptionalJson(c.req.raw));
  const { refund, created } = await refundTransaction(c.env.services, c.req.param("id"), {
    amount: amount ?? null,
    reason: reason ?? null,
    idempotencyKey: key ?? null,
    ...{ source: "shop", actor: null, expectedRest: null },
  });
  return c.json(toRefundView(refund), created ? 201 : 200);
});

transactionActionRoutes.get("/:id/refunds", shopOnly, async (c) => {
  const found = await findRefunds(c.env.services, c.req.param("id"));
  if (!found) {
    throw unknownTransaction();
  }
  return c.json({ data: found.refunds.map(toRefundView) });
});

transactionActionRoutes.get("/:id/events", shopOnly, async (c) => {
  const history = await findHistory(c.env.services, c.req.param("id"));
  if (!history) {
    throw unknownTransaction();
  }
  const data = history.map((event) => ({
    type: event.type,
    version: event.version,
    status: event.status,
    previous_status: event.version === 1 ? null : event.statusBefore,
    source: event.source,
    reason: event.reason,
    by: event.actor,
    note: event.note,
    amount_captured: event.amountCaptured,
    amount_refunded: event.amountRefunded,
    occurred_at: toTimestamp(event.occurredAt),
  }));
  return c.json({ data });
});

async function review(c: Context<AppEnv, "/:id/accept">, kind: "accepted" | "declined"): Promise<Response> {
  const { reason, by } = check(verdictBody, await readOptionalJson(c.req.raw));
  const verdict = { kind, source: "shop", actor: by ?? null, note: reason ?? null } as const;
  return answer(c, await reviewTransaction(c.env.services, c.req.param("id"), verdict));
}

async function answer(c: Context<AppEnv>, transaction: Transaction): Promise<Response> {
  const { services } = c.env;
  const view = await toShopView(transaction, services.config, services.now());
  return c.json(view, 200, { ETag: toEtag(transaction.version) });
}

function unknownTransaction(): OperationError {
  return new OperationError("not_found", "There is no such transaction.");
}
