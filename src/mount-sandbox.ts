/** Wires the simulated gateway and the demo shop, which know nothing of us but our address and what we gave them. */
import { sandboxCredentials } from "./sandbox/credentials.ts";
import { createSandbox } from "./sandbox/sandbox.ts";
import type { Services } from "./services.ts";

export async function mountSandbox(
  { config, fetch, wallClock, newId }: Services,
  env: Cloudflare.Env,
): Promise<(request: Request) => Promise<Response> | Response> {
  const sandbox = createSandbox({
    publicUrl: config.publicUrl,
    credentials: await sandboxCredentials(config.clientSecretKeys[0]),
    shopApiKey: config.apiKeys[0] ?? "",
    fulfilmentSecrets: config.fulfilment?.kind === "url" ? config.fulfilment.secrets : [],
    fetch,
    sessions: env.SANDBOX_SESSIONS,
    orders: env.DEMO_ORDERS,
    now: wallClock,
    newId,
  });
  return (request) => sandbox.fetch(request);
}
