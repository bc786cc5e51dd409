/** Which pages may read a transaction: also a refusal, so that the client library sees when to come back. */
import type { Context } from "hono";
import { cors } from "hono/cors";
import type { AppEnv } from "./app-env.ts";
import { isAllowedOrigin } from "./origins.ts";

export const browserCors = cors({
  origin: (origin, c: Context<AppEnv>) => (isAllowedOrigin(c.env.services, origin) ? origin : null),
  allowMethods: ["GET"],
  allowHeaders: ["Authorization", "If-None-Match"],
  exposeHeaders: ["ETag", "Retry-After"],
  maxAge: 7200,
});
