/** The shop's view of verified webhooks and of what became of them, and their replay, one or many. */
import { Hono } from "hono";
import { replayWebhook, replayWebhooks, type WebhookKey } from "../../operations/replay-webhook.ts";
import { toInboxView } from "../../operations/views.ts";
import type { AppEnv } from "../app-env.ts";
import { shopOnly } from "../auth.ts";
import { toPage } from "../cursor.ts";
import { check, inboxQuery, inboxReplayBody, readOptionalJson } from "../schemas.ts";
import { decodeKey, encodeKey } from "../webhook-key.ts";

export const inboxRoutes = new Hono<AppEnv>();

inboxRoutes.use(shopOnly);

inboxRoutes.get("/", async (c) => {
  const { outcome, cursor, limit } = check(inboxQuery, c.req.query());
  const found = await c.env.services.store.listInbox(outcome, decodeAfter(cursor), limit + 1);
  const { page, next_cursor } = toPage(found, limit, encodeKey);
  return c.json({ data: page.map((row) => ({ id: encodeKey(row), ...toInboxView(row) })), next_cursor });
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

function decodeAfter(cursor: string | undefined): WebhookKey | undefined {
  return cursor === undefined ? undefined : decodeKey(cursor, "cursor");
}
