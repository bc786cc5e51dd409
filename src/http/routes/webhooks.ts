/** POST /webhooks/:gateway. The raw bytes go to the adapter as they came. */
import { Hono } from "hono";
import { receiveWebhook } from "../../operations/receive-webhook.ts";
import type { AppEnv } from "../app-env.ts";

export const webhookRoutes = new Hono<AppEnv>();

webhookRoutes.post("/:gateway", async (c) => {
  const body = new Uint8Array(await c.req.arrayBuffer());
  // Behind a proxy the request's own address may be another one.
  const { pathname, search } = new URL(c.req.url);
  const url = `${c.env.services.config.publicUrl}${pathname}${search}`;
  const webhook = { url, headers: c.req.raw.headers, body };
  const outcome = await receiveWebhook(c.env.services, c.req.param("gateway"), webhook);
  return c.json({ outcome });
});
