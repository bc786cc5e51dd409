/**
 * The other parties, simulated and served by the same Worker: a gateway that speaks the generic protocol under
 * /sandbox, and a shop under /demo. They reach payment-edge, and it reaches them, only by whole HTTP requests.
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { SandboxCredentials } from "./credentials.ts";
import type { DemoOrder } from "./demo-order.ts";
import { createDemoRoutes } from "./demo-routes.tsx";
import { createGatewayApi } from "./gateway-api.ts";
import { createPayRoutes } from "./pay-routes.tsx";
import type { SandboxSession } from "./sandbox-session.ts";

export interface SandboxOptions {
  /** This Worker's address, without a slash at its end. */
  readonly publicUrl: string;
  readonly credentials: SandboxCredentials;
  /** The demo shop's bearer for payment-edge's API. */
  readonly shopApiKey: string;
  /** `whsec_…`: any of them may have signed an event for the demo shop. */
  readonly fulfilmentSecrets: readonly string[];
  /** Reaches this very Worker by a loopback. */
  readonly fetch: (request: Request) => Promise<Response>;
  readonly sessions: DurableObjectNamespace<SandboxSession>;
  readonly orders: DurableObjectNamespace<DemoOrder>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly newId: (prefix: string) => string;
}

const MAX_BODY_BYTES = 256 * 1024;

/** It also leads whoever comes to the address alone to the shop. */
export function createSandbox(options: SandboxOptions): Hono {
  const app = new Hono();
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (c) => c.json({ error: "the body is too large" }, 413),
  });
  app.use("/sandbox/*", limit);
  app.use("/demo/*", limit);
  app.route("/sandbox", createGatewayApi(options));
  app.route("/sandbox", createPayRoutes(options));
  app.route("/demo", createDemoRoutes(options));
  app.get("/", (c) => c.redirect("/demo", 302));
  return app;
}
