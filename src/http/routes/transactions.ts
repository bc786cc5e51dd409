/** The shop's API of transactions, and the browser's read of one. */
import { Hono } from "hono";
import type * as z from "zod/mini";
import { firstTypeIdAt } from "../../lib/id.ts";
import { type CreateCommand, createTransaction } from "../../operations/create-transaction.ts";
import { findTransaction } from "../../operations/find-transaction.ts";
import { toPublicView, toShopView } from "../../operations/views.ts";
import type { AppEnv } from "../app-env.ts";
import { authenticate, authorizeView, readBearer, shopOnly } from "../auth.ts";
import { decodeCursor, encodeCursor, toPage } from "../cursor.ts";
import { matchesEtag, toEtag } from "../etag.ts";
import { checkReturnUrl } from "../origins.ts";
import { HttpProblem } from "../problem.ts";
import { check, createBody, idempotencyKey, listQuery, readJson } from "../schemas.ts";

export const transactionRoutes = new Hono<AppEnv>();

transactionRoutes.post("/", shopOnly, async (c) => {
  const { services } = c.env;
  const key = check(idempotencyKey, c.req.header("idempotency-key"), "Idempotency-Key");
  const command = toCommand(check(createBody, await readJson(c.req.raw)));
  const returnUrl = checkReturnUrl(services, command.returnUrl);
  const { transaction, created } = await createTransaction(services, { ...command, returnUrl }, key ?? null);
  const view = await toShopView(transaction, services.config, services.now());
  return c.json(view, created ? 201 : 200, {
    ETag: toEtag(transaction.version),
    Location: `/transactions/${transaction.id}`,
  });
});

transactionRoutes.get("/", shopOnly, async (c) => {
  const { services } = c.env;
  const query = check(listQuery, c.req.query());
  const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, /^txn_[0-9a-z]{26}$/);
  const until =
    query.created_before === undefined ? undefined : firstTypeIdAt("txn", Math.max(0, query.created_before));
  const bounds = [before, until].filter((id) => id !== undefined).sort();
  const found = await services.store.list({
    ...(query.order_id === undefined ? {} : { orderId: query.order_id }),
    ...(query.status === undefined ? {} : { status: query.status }),
    ...(query.gateway === undefined ? {} : { gateway: query.gateway }),
    ...(query.created_after === undefined
      ? {}
      : { from: firstTypeIdAt("txn", Math.max(0, query.created_after)) }),
    ...(bounds[0] === undefined ? {} : { before: bounds[0] }),
    limit: query.limit + 1,
  });
  const { page, next_cursor } = toPage(found, query.limit, ({ id }) => encodeCursor(id));
  const data = await Promise.all(
    page.map((transaction) => toShopView(transaction, services.config, services.now())),
  );
  return c.json({ data, next_cursor });
});

transactionRoutes.get("/:id", async (c) => {
  const { services } = c.env;
  const id = c.req.param("id");
  const principal = await authenticate(services, readBearer(c.req.raw));
  authorizeView(principal, id);
  const loaded = await findTransaction(services, id);
  if (!loaded) {
    throw new HttpProblem("not_found", "There is no such transaction.");
  }
  const { transaction } = loaded;
  const etag = toEtag(transaction.version);
  const headers = { ETag: etag, "Cache-Control": "private, no-cache" };
  if (matchesEtag(c.req.header("if-none-match"), etag)) {
    return c.body(null, 304, headers);
  }
  const now = services.now();
  return principal.kind === "shop"
    ? c.json(await toShopView(transaction, services.config, now), 200, headers)
    : c.json(toPublicView(transaction, now), 200, headers);
});

function toCommand(body: z.output<typeof createBody>): CreateCommand {
  return {
    orderId: body.order_id,
    amount: body.amount,
    currency: body.currency,
    gateway: body.gateway ?? null,
    returnUrl: body.return_url ?? null,
    description: body.description ?? null,
    customer: body.customer ?? null,
    metadata: body.metadata ?? {},
    expiresInMs: body.expires_in === undefined ? null : body.expires_in * 1000,
    capture: body.capture ?? "automatic",
  };
}
