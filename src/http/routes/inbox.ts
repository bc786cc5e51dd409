/** The shop's view of verified webhooks and of what became of them, and their replay, one or many. */
import { Hono } from "hono";
import { replayWebhook, replayWebhooks, type WebhookKey } from "../../operations/replay-webhook.ts";
import { toInboxView } from "../../operations/views.ts";
import type { AppEnv } from "../app-env.ts";
import { authenticateShop, readBearer } from "../auth.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { check, inboxQuery, inboxReplayBody, readOptionalJson } from "../schemas.ts";

export const inboxRoutes = new Hono<AppEnv>();

inboxRoutes.use("*", async (c, next) => {
  await authenticateShop(c.env.services, readBearer(c.req.raw));
  await next();
});

inboxRoutes.get("/", async (c) => {
  const { outcome, cursor, limit } = check(inboxQuery, c.req.query());
  const found = await c.env.services.store.listInbox(outcome, decodeAfter(cursor), limit + 1);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const data = page.map((row) => ({ id: encodeKey(row), ...toInboxView(row) }));
  return c.json({ data, next_cursor: last && found.length > limit ? encodeKey(last) : null });
});

inboxRoutes.post("/replay", async (c) => {
  const { outcome, limit, cursor } = check(inboxReplayBody, await readOptionalJson(c.req.raw));
  const { last, ...counts } = await replayWebhooks(c.env.services, outcome, decodeAfter(cursor), limit);
  return c.json({ ...counts, next_cursor: last && encodeKey(last) });
});

inboxRoutes.post("/:id/replay", async (c) => {
  const id = c.req.param("id");
  return c.json({ id, outcome: await replayWebhook(c.env.services, decodeKey(id, "id")) });
});

/** An entry's id is its place in the list. */
function encodeKey({ transactionId, gateway, eventId }: WebhookKey): string {
  return encodeCursor(JSON.stringify([transactionId, gateway, eventId]));
}

function decodeAfter(cursor: string | undefined): WebhookKey | undefined {
  return cursor === undefined ? undefined : decodeKey(cursor, "cursor");
}

/** @throws HttpProblem 400 for what is no id of ours */
function decodeKey(id: string, parameter: string): WebhookKey {
  const text = decodeCursor(id, /^\[".*"\]$/s, parameter);
  const parts = parse(text);
  const [transactionId = "", gateway = "", eventId = ""] = parts;
  return { transactionId, gateway, eventId };
}

function parse(text: string): string[] {
  try {
    return (JSON.parse(text) as unknown[]).map(String);
  } catch {
    return [];
  }
}
