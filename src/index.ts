/** The Worker's entry: requests to http, the cron to jobs, and the Durable Objects by name. Nothing else. */
import { ConfigError } from "./config.ts";
import { app } from "./http/app.ts";
import { withHeaders } from "./http/headers.ts";
import { HttpProblem, problemResponse } from "./http/problem.ts";
import { runTick } from "./jobs/run-tick.ts";
import { createLog } from "./lib/log.ts";
import { mountSandbox } from "./mount-sandbox.ts";
import { createServices } from "./services.ts";

export { TransactionChannel } from "./channel/transaction-channel.ts";
export { DemoOrder } from "./sandbox/demo-order.ts";
export { SandboxSession } from "./sandbox/sandbox-session.ts";

export default {
  async fetch(request, env, ctx) {
    const requestId = crypto.randomUUID();
    try {
      const services = await createServices(env, {
        requestId,
        now: Date.now,
        waitUntil: (work) => ctx.waitUntil(work),
      });
      const sandbox = services.config.sandbox ? await mountSandbox(services, env) : null;
      return await app.fetch(request, { services, requestId, sandbox, limiters: env });
    } catch (error) {
      if (!(error instanceof ConfigError)) {
        throw error;
      }
      createLog({ request_id: requestId }).error("config.refused", { error: error.message });
      return withHeaders(
        problemResponse(new HttpProblem("misconfigured", error.message), requestId),
        requestId,
      );
    }
  },

  async scheduled(controller, env, ctx) {
    // The schedule's time is ahead only where somebody drives the cron by hand.
    const now = () => Math.max(Date.now(), controller.scheduledTime);
    const requestId = crypto.randomUUID();
    await runTick(await createServices(env, { requestId, now, waitUntil: (work) => ctx.waitUntil(work) }));
  },
} satisfies ExportedHandler<Cloudflare.Env>;
