/** GET /doctor: what is well and what is not. POST /doctor/probes: what the shop may send to see it from outside. */
import { Hono } from "hono";
import { examine } from "../../operations/examine.ts";
import { statusOf } from "../../operations/finding.ts";
import { signProbes } from "../../operations/probe-webhooks.ts";
import type { AppEnv } from "../app-env.ts";
import { shopOnly } from "../auth.ts";

export const doctorRoutes = new Hono<AppEnv>();

doctorRoutes.use(shopOnly);

doctorRoutes.get("/", async (c) => {
  const findings = await examine(c.env.services, new URL(c.req.url).origin);
  return c.json({ status: statusOf(findings), findings });
});

doctorRoutes.post("/probes", async (c) => c.json({ probes: await signProbes(c.env.services) }));
