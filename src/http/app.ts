/** The Worker's transport: one Hono app. Each request has its id, its services, one line in the log, one way to fail. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { GatewayError } from "../gateways/gateway.ts";
import { StoreError } from "../store/store-error.ts";
import type { AppBindings, AppEnv } from "./app-env.ts";
import { HttpProblem, isProblem, problemResponse } from "./problem.ts";
import { eventRoutes } from "./routes/events.ts";
import { healthRoutes } from "./routes/health.ts";
import { socketRoutes } from "./routes/socket.ts";
import { statusRoutes } from "./routes/status.tsx";
import { transactionRoutes } from "./routes/transactions.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

const MAX_API_BODY_BYTES = 64 * 1024;
const MAX_WEBHOOK_BODY_BYTES = 256 * 1024;

const limitBody = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new HttpProblem("payload_too_large", `A body here has at most ${maxSize / 1024} KiB.`);
    },
  });

export const app = new Hono<AppEnv>();

app.use(async (c, next) => {
  const started = Date.now();
  await next();
  // The answer to an upgrade must be left as it is.
  if (c.res.status !== 101) {
    c.res = withHeaders(c.res, c.env.requestId);
  }
  c.env.services.log.info("request.completed", {
    method: c.req.method,
    route: c.req.routePath,
    http_status: c.res.status,
    duration_ms: Date.now() - started,
  });
});
app.use("/webhooks/*", limitBody(MAX_WEBHOOK_BODY_BYTES));
app.use("/transactions/*", limitBody(MAX_API_BODY_BYTES));
app.use("/events/*", limitBody(MAX_API_BODY_BYTES));
app.use("/status/*", limitBody(MAX_API_BODY_BYTES));

app.route("/transactions", socketRoutes);
app.route("/transactions", transactionRoutes);
app.route("/events", eventRoutes);
app.route("/webhooks", webhookRoutes);
app.route("/status", statusRoutes);
app.route("/health", healthRoutes);

app.all("/sandbox/*", (c) => enterSandbox(c.env, c.req.raw));
app.all("/demo", (c) => enterSandbox(c.env, c.req.raw));
app.all("/demo/*", (c) => enterSandbox(c.env, c.req.raw));
app.get("/", (c) => {
  if (!c.env.sandbox) {
    throw new HttpProblem("not_found", "There is nothing at this address.");
  }
  return c.redirect("/demo", 302);
});

app.notFound(() => {
  throw new HttpProblem("not_found", "There is nothing at this address.");
});
app.onError((error, c) => toProblem(error, c.env));

function enterSandbox({ sandbox }: AppBindings, request: Request): Promise<Response> | Response {
  if (!sandbox) {
    throw new HttpProblem("not_found", "There is nothing at this address.");
  }
  return sandbox(request);
}

function toProblem(error: Error, { services, requestId }: AppBindings): Response {
  if (isProblem(error)) {
    return problemResponse(error, requestId);
  }
  if (error instanceof GatewayError && (error.kind === "unverified" || error.kind === "malformed")) {
    services.log.warn("webhook.rejected", { reason: error.kind });
    const code = error.kind === "unverified" ? "unauthorized" : "malformed_webhook";
    return problemResponse(new HttpProblem(code, `${error.message}.`), requestId);
  }
  services.log.error("request.failed", { error: `${error.name}: ${error.message}`.slice(0, 200) });
  return error instanceof StoreError
    ? problemResponse(
        new HttpProblem("database_unavailable", "Try again.", { retryAfterSeconds: 2 }),
        requestId,
      )
    : problemResponse(new HttpProblem("internal", "We have been told; try again."), requestId);
}

/** On every answer; what a page or a route says itself is kept. */
function withHeaders(response: Response, requestId: string): Response {
  const headers = new Headers(response.headers);
  const defaults = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
  };
  for (const [name, value] of Object.entries(defaults)) {
    if (!headers.has(name)) {
      headers.set(name, value);
    }
  }
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
