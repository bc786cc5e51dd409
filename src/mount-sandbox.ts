/** Wires the simulated gateway and the demo shop, which know nothing of us but our address and what we gave them. */
import type { Config } from "./config.ts";
import type { Gateway, Tools } from "./gateways/gateway.ts";
import { connectGeneric } from "./gateways/generic.ts";
import type { AppBindings } from "./http/app-env.ts";
import { sandboxCredentials } from "./sandbox/credentials.ts";
import { createSandbox } from "./sandbox/sandbox.ts";
import type { Services } from "./services.ts";

const ITS_PATHS = /^\/(?:(?:sandbox|demo)(?:\/.*)?)?$/;

/** The built-in simulated gateway: somebody else's server that happens to live at our address. */
export async function connectSandbox(config: Config, tools: Tools): Promise<Gateway> {
  const { apiKey, webhookSecret } = await sandboxCredentials(config.clientSecretKeys[0]);
  const url = `${config.publicUrl}/sandbox`;
  return connectGeneric(
    { id: "sandbox", title: "Sandbox", mode: "test", url, apiKey, webhookSecrets: [webhookSecret] },
    tools,
  );
}

/** What serves /sandbox and /demo, and leads from / to the latter. */
export async function mountSandbox(
  { config, fetch, wallClock, newId }: Services,
  env: Cloudflare.Env,
): Promise<AppBindings["sandbox"]> {
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
  return (request) => (ITS_PATHS.test(new URL(request.url).pathname) ? sandbox.fetch(request) : null);
}
