/** A system with which nothing is wrong, for the doctor: random secrets, everything set, the cron ticked. */
import { FULFILMENT_SECRET, FULFILMENT_URL } from "./fake-shop.ts";
import { API_KEY, createSystem, replaceServices, type System } from "./system.ts";

const random = () => crypto.getRandomValues(new Uint8Array(32)).toBase64();

/** Random, so that none looks like an example. */
export function soundVariables(): Record<string, unknown> {
  return {
    API_KEYS: random(),
    CLIENT_SECRET_KEY: random(),
    FULFILMENT_SECRET: `whsec_${random()}`,
    CONSOLE_PASSWORD: random(),
    GENERIC_GATEWAY_API_KEY: random(),
    GENERIC_GATEWAY_WEBHOOK_SECRET: `whsec_${random()}`,
  };
}

/** Whatever of ours is called is answered by the Worker's own routes, as the loopback does. */
export function loopBack(system: System): void {
  const { fetch, config } = system.services;
  replaceServices(system, {
    fetch: (request) =>
      request.url.startsWith(`${config.publicUrl}/`) ? system.fetch(request) : fetch(request),
  });
}

export async function createWellSystem(changes: Record<string, unknown> = {}): Promise<System> {
  const system = await createSystem({ ...soundVariables(), ...changes });
  loopBack(system);
  const { config } = system.services;
  // Judged by its own variables; called by the tests' key, and it calls the tests' shop.
  const told = { kind: "url", url: FULFILMENT_URL, secrets: [FULFILMENT_SECRET] } as const;
  const fulfilment =
    config.fulfilment?.kind === "url" && config.fulfilment.url === FULFILMENT_URL ? told : config.fulfilment;
  replaceServices(system, { config: { ...config, apiKeys: [API_KEY], fulfilment } });
  await system.tick();
  await system.settle();
  return system;
}
