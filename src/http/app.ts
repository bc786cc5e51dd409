/** The Worker's transport: one Hono app. Each request has its id, its services, one line in the log, one way to fail. */
import { Hono } from "hono";
import { GatewayError } from "../gateways/gateway.ts";
import { describeError } from "../lib/log.ts";
import { keepCalls } from "../operations/keep-calls.ts";
import { StoreError } from "../store/store-error.ts";
import type { AppBindings, AppEnv } from "./app-env.ts";
import { browserCors } from "./browser-cors.ts";
import { withHeaders } from "./headers.ts";
import { limitBody } from "./limit-body.ts";
import { HttpProblem, isProblem, problemResponse } from "./problem.ts";
import { limitRate } from "./rate-limit.ts";
import { consoleRoutes } from "./routes/console.tsx";
import { deliveryRoutes } from "./routes/deliveries.ts";
import { doctorRoutes } from "./routes/doctor.ts";
import { eventRoutes } from "./routes/events.ts";
import { healthRoutes } from "./routes/health.ts";
import { inboxRoutes } from "./routes/inbox.ts";
import { socketRoutes } from "./routes/socket.ts";
import { statusRoutes } from "./routes/status.tsx";
import { transactionActionRoutes } from "./routes/transaction-actions.ts";
import { transactionRoutes } from "./routes/transactions.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

const MAX_API_BODY_BYTES = 64 * 1024;
const MAX_WEBHOOK_BODY_BYTES = 256 * 1024;

export const app = new Hono<AppEnv>();

app.use(async (c, next) => {
  const { services } = c.env;
  const started = Date.now();
  await next();
  services.defer(keepCalls(services));
  // The answer to an upgrade must be left as it is.
  const answer = c.res.status === 101 ? c.res : withHeaders(c.res, c.env.requestId);
  if (answer !== c.res) {
    c.res = answer;
  }
  const route = c.req.routePath;
  const answered = { http_status: c.res.status, duration_ms: Date.now() - started };
  services.log.info("request.completed", { method: c.req.method, route, ...answered });
  services.metrics.write("request", { method: c.req.method, route, ...answered });
});
app.use("/transactions/:id", browserCors);
// The pages of buyers and operators count for themselves: their refusals are pages, too.
for (const room of ["transactions", "events", "inbox", "deliveries", "doctor", "health", "webhooks"]) {
  app.use(`/${room}/*`, limitRate);
}
for (const room of ["transactions", "events", "inbox", "deliveries", "doctor", "status"]) {
  app.use(`/${room}/*`, limitBody(MAX_API_BODY_BYTES));
}
app.use("/webhooks/*", limitBody(MAX_WEBHOOK_BODY_BYTES));

app.route("/transactions", socketRoutes);
app.route("/transactions", transactionActionRoutes);
app.route("/transactions", transactionRoutes);
app.route("/events", eventRoutes);
app.route("/inbox", inboxRoutes);
app.route("/deliveries", deliveryRoutes);
app.route("/webhooks", webhookRoutes);
app.route("/status", statusRoutes);
app.route("/health", healthRoutes);
app.route("/doctor", doctorRoutes);
app.route("/console", consoleRoutes);

app.notFound(async (c) => {
  const { sandbox, requestId } = c.env;
  const problem = new HttpProblem("not_found", "There is nothing at this address.");
  return (await sandbox?.(c.req.raw)) ?? problemResponse(problem, requestId);
});
app.onError((error, c) => toProblem(error, c.env));

function toProblem(error: Error, { services, requestId }: AppBindings): Response {
  if (isProblem(error)) {
    return problemResponse(error, requestId);
  }
  if (error instanceof GatewayError && (error.kind === "unverified" || error.kind === "malformed")) {
    services.log.warn("webhook.rejected", { reason: error.kind });
    const code = error.kind === "unverified" ? "unauthorized" : "malformed_webhook";
    return problemResponse(new HttpProblem(code, `${error.message}.`), requestId);
  }
  if (error instanceof GatewayError) {
    services.log.warn("gateway.failed", { reason: error.kind, error: error.message });
    const details = { retryAfterSeconds: Math.ceil((error.retryAfterMs ?? 5_000) / 1_000) };
    return problemResponse(
      new HttpProblem("gateway_unavailable", "The gateway did not answer; try again.", details),
      requestId,
    );
  }
  services.log.error("request.failed", { error: describeError(error) });
  return error instanceof StoreError
    ? problemResponse(
        new HttpProblem("database_unavailable", "Try again.", { retryAfterSeconds: 2 }),
        requestId,
      )
    : problemResponse(new HttpProblem("internal", "We have been told; try again."), requestId);
}
