/** The simulated gateway's API, as the generic gateway's protocol has it (CONTRACT.md, section 6). */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import * as z from "zod/mini";
import { equalInConstantTime } from "../lib/derive-secret.ts";
import type { SandboxCredentials } from "./credentials.ts";
import type { SandboxSession } from "./sandbox-session.ts";
import { type Ruling, report } from "./session.ts";

export interface GatewayApiOptions {
  readonly publicUrl: string;
  readonly credentials: SandboxCredentials;
  readonly sessions: DurableObjectNamespace<SandboxSession>;
  readonly newId: (prefix: string) => string;
}

const identifier = z.string().check(z.minLength(1), z.maxLength(255));
const amount = z.int().check(z.positive());
const currency = z.string().check(z.regex(/^[A-Z]{3}$/));
const address = z.url({ protocol: /^https?$/ });

const createSchema = z.object({
  transaction_id: identifier,
  order_id: identifier,
  amount,
  currency,
  description: z.optional(z.string().check(z.maxLength(1000))),
  callback_url: address,
  return_url: address,
  cancel_url: address,
  expires_at: z.iso.datetime({ offset: true }),
  capture: z._default(z.enum(["automatic", "manual"]), "automatic"),
});
const captureSchema = z.object({ amount });
const refundSchema = z.object({ refund_id: identifier, amount, currency });

export function createGatewayApi(options: GatewayApiOptions): Hono {
  const app = new Hono();
  const session = (c: Context) => options.sessions.getByName(c.req.param("id") ?? "");
  const authenticated = requireBearer(options.credentials.apiKey);

  app.post("/create-session", authenticated, (c) => createSession(c, options));

  app.get("/status/:id", authenticated, async (c) => {
    const found = await session(c).read();
    return found ? c.json(report(found)) : notFound(c);
  });

  app.post("/expire/:id", authenticated, async (c) => answer(c, await session(c).expire()));

  app.post("/capture/:id", authenticated, async (c) => {
    const body = await readBody(c, captureSchema);
    return body instanceof Response ? body : answer(c, await session(c).capture(body.amount));
  });

  app.post("/refund/:id", authenticated, async (c) => {
    const body = await readBody(c, refundSchema, (refund) => refund.refund_id);
    if (body instanceof Response) {
      return body;
    }
    const ruling = await session(c).refund(body);
    return ruling === null || ruling.kind === "refused"
      ? answer(c, ruling)
      : c.json({ refund_id: body.refund_id, status: "success" });
  });
  return app;
}

async function createSession(
  c: Context,
  { publicUrl, sessions, newId }: GatewayApiOptions,
): Promise<Response> {
  const body = await readBody(c, createSchema, (terms) => terms.transaction_id);
  if (body instanceof Response) {
    return body;
  }
  const ruling = await sessions.getByName(body.transaction_id).create(body, newId("session"), publicUrl);
  if (ruling.kind === "refused") {
    return answer(c, ruling);
  }
  const { transaction_id, session_id } = ruling.session;
  const payment_url = `${publicUrl}/sandbox/pay/${encodeURIComponent(transaction_id)}`;
  return c.json({ payment_url, session_id }, ruling.kind === "changed" ? 201 : 200);
}

/** A ruling on the wire: the session's report, and why not where it was refused. */
function answer(c: Context, ruling: Ruling | null): Response {
  if (ruling === null) {
    return notFound(c);
  }
  return ruling.kind === "refused"
    ? c.json({ error: ruling.reason, ...report(ruling.session) }, ruling.httpStatus)
    : c.json(report(ruling.session));
}

function notFound(c: Context): Response {
  return c.json({ error: "no such transaction" }, 404);
}

/** @param key where the call has an idempotency key: what it must be */
async function readBody<T>(
  c: Context,
  schema: z.ZodMiniType<T>,
  key?: (body: T) => string,
): Promise<T | Response> {
  const json: unknown = await c.req.json().catch(() => undefined);
  if (json === undefined) {
    return c.json({ error: "the body is not JSON" }, 400);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    return c.json({ error: z.prettifyError(parsed.error) }, 422);
  }
  if (key && c.req.header("idempotency-key") !== key(parsed.data)) {
    return c.json({ error: `Idempotency-Key must be ${key(parsed.data)}` }, 400);
  }
  return parsed.data;
}

function requireBearer(apiKey: string): MiddlewareHandler {
  return createMiddleware(async (c, next) => {
    const [scheme = "", token = ""] = (c.req.header("authorization") ?? "").split(" ");
    if (scheme.toLowerCase() !== "bearer" || !(await equalInConstantTime(token, apiKey))) {
      return c.json({ error: "unknown API key" }, 401, { "www-authenticate": "Bearer" });
    }
    return next();
  });
}
