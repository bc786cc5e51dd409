/** What the Worker does, with a sandbox or without: requests to http, the cron to jobs. Nothing else. */
import { exports, WorkerEntrypoint } from "cloudflare:workers";
import { ConfigError } from "./config.ts";
import { app } from "./http/app.ts";
import type { AppBindings } from "./http/app-env.ts";
import { withHeaders } from "./http/headers.ts";
import { HttpProblem, problemResponse } from "./http/problem.ts";
import { runTick } from "./jobs/run-tick.ts";
import { createLog } from "./lib/log.ts";
import { type ConnectSandbox, createServices, type Services } from "./services.ts";
import { databaseCount } from "./store/open-store.ts";

/** The other parties of a bundle that has them; they take part while SANDBOX is on. */
export interface Sandbox {
  readonly connect: ConnectSandbox;
  mount(services: Services, env: Cloudflare.Env): Promise<AppBindings["sandbox"]>;
}

export function createWorker(sandbox: Sandbox | null) {
  const connect = sandbox?.connect ?? null;
  return {
    async fetch(request, env, ctx) {
      const requestId = crypto.randomUUID();
      try {
        const invocation = { requestId, now: Date.now, waitUntil: ctx.waitUntil.bind(ctx) };
        const services = await createServices(env, invocation, connect);
        const mounted = sandbox && services.config.sandbox ? await sandbox.mount(services, env) : null;
        return await app.fetch(request, { services, requestId, sandbox: mounted, limiters: env });
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

    async scheduled({ scheduledTime }, env, ctx) {
      const others = otherDatabases(databaseCount(env) - 1, scheduledTime).map((database) =>
        exports.DatabaseTick.run(database, scheduledTime),
      );
      const ticks = await Promise.allSettled([tick(env, ctx, connect, scheduledTime), ...others]);
      const failed = ticks.find((one) => one.status === "rejected");
      if (failed) {
        throw failed.reason;
      }
    },
  } satisfies ExportedHandler<Cloudflare.Env>;
}

/** Cloudflare lets a Worker call so many others, this one counted, on one occasion. */
const MAX_TICKS = 32;
const MINUTE_MS = 60_000;

/** The databases beside the first that have a tick in this minute: all, or, of very many, some in turn. */
export function otherDatabases(count: number, scheduledTime: number): number[] {
  const groups = Math.ceil(count / (MAX_TICKS - 1));
  const minute = Math.floor(scheduledTime / MINUTE_MS);
  // The full hour, and midnight, have more to do: they are everybody's turn one day.
  const turn = minute + Math.floor(minute / 60) + 7 * Math.floor(minute / (24 * 60));
  return Array.from({ length: count }, (_, index) => index + 1).filter(
    (database) => database % groups === turn % groups,
  );
}

/** The tick of another database than the first: an invocation of its own, with limits of its own. */
export function createDatabaseTick(sandbox: Sandbox | null) {
  return class extends WorkerEntrypoint<Cloudflare.Env> {
    run(database: number, scheduledTime: number): Promise<void> {
      return tick(this.env, this.ctx, sandbox?.connect ?? null, scheduledTime, database);
    }
  };
}

/** @param scheduledTime epoch milliseconds, ahead only where somebody drives the cron by hand */
async function tick(
  env: Cloudflare.Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  connect: ConnectSandbox | null,
  scheduledTime: number,
  database = 0,
): Promise<void> {
  const now = () => Math.max(Date.now(), scheduledTime);
  const waitUntil = ctx.waitUntil.bind(ctx);
  await runTick(
    await createServices(env, { requestId: crypto.randomUUID(), now, waitUntil, database }, connect),
  );
}
