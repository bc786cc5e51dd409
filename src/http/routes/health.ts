/** GET /health: whether D1 can be read and the cron ticks. */
import { Hono } from "hono";
import { checkHealth } from "../../operations/check-health.ts";
import type { AppEnv } from "../app-env.ts";

export const healthRoutes = new Hono<AppEnv>();

healthRoutes.get("/", async (c) => {
  const health = await checkHealth(c.env.services);
  return c.json(health, health.status === "ok" ? 200 : 503);
});
