/** S12: each secret is replaced without a gap: the old one works while it is listed, and no longer. */
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { createServices } from "../../src/services.ts";
import { Browser, openConsole, PASSWORD, signedIn } from "../support/console.ts";
import { signedCallback } from "../support/fake-gateway.ts";
import {
  API_KEY,
  createPending,
  createSystem,
  deliver,
  ORIGIN,
  replaceServices,
  type System,
} from "../support/system.ts";

const OLD = "old-secret-for-these-tests-0123456789";
const NEW = "new-secret-for-these-tests-0123456789";
const whsec = (text: string) => `whsec_${btoa(text)}`;

/** Before, during and after a rotation, and what stands in the variable then. */
const LISTS = [
  ["before", [OLD], [OLD]],
  ["during", [NEW, OLD], [OLD, NEW]],
  ["after", [NEW], [NEW]],
] as const;

describe.each(LISTS)("S12: %s a rotation", (_, listed, good) => {
  const verdicts = (judge: (secret: string) => Promise<boolean>) =>
    Promise.all([OLD, NEW].map(async (secret) => [secret, await judge(secret)]));
  const expected = [OLD, NEW].map((secret) => [secret, good.some((one) => one === secret)]);

  it(`of API_KEYS the listed ones open: ${good.length}`, async () => {
    const system = await createSystem({ API_KEYS: listed.join(",") });
    const opens = async (key: string) => {
      const headers = { authorization: `Bearer ${key}` };
      return (await system.fetch(new Request(`${ORIGIN}/events`, { headers }))).status === 200;
    };
    expect(await verdicts(opens)).toEqual(expected);
  });

  it(`of CLIENT_SECRET_KEY what the listed ones made opens: ${good.length}`, async () => {
    const system = await createSystem({ CLIENT_SECRET_KEY: listed.join(",") });
    const opens = async (key: string) => {
      const { id, client_secret } = await createPending(await createSystem({ CLIENT_SECRET_KEY: key }));
      const headers = { authorization: `Bearer ${client_secret}` };
      const read = await system.fetch(new Request(`${ORIGIN}/transactions/${id}`, { headers }));
      const page = await system.fetch(new Request(`${ORIGIN}/status/${id}?client_secret=${client_secret}`));
      expect(page.status === 200).toBe(read.status === 200);
      return read.status === 200;
    };
    expect(await verdicts(opens)).toEqual(expected);
  });

  it(`of FULFILMENT_SECRET a shop that holds a listed one believes what comes: ${good.length}`, async () => {
    const system = await createSystem({ FULFILMENT_SECRET: listed.map(whsec).join(",") });
    const sent: { body: string; headers: Record<string, string> }[] = [];
    replaceServices(system, {
      fetch: async (request) => {
        sent.push({ body: await request.text(), headers: Object.fromEntries(request.headers) });
        return new Response(null, { status: 204 });
      },
    });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    expect(sent).toHaveLength(1);
    const believes = async (secret: string) => {
      try {
        new Webhook(whsec(secret)).verify(sent[0]?.body ?? "", sent[0]?.headers ?? {});
        return true;
      } catch {
        return false;
      }
    };
    expect(await verdicts(believes)).toEqual(expected);
  });

  it(`of a gateway's webhook secret what the listed ones signed counts: ${good.length}`, async () => {
    const system = await createSystem();
    await connectFromVariables(system, { GENERIC_GATEWAY_WEBHOOK_SECRET: listed.map(whsec).join(",") });
    const counts = async (secret: string) => {
      const { id } = await createPending(system);
      const body = await system.gateway.callback(id, "success").text();
      const outcome = await deliver(system, signedCallback(body, { secret: whsec(secret) }));
      expect(["applied", "HTTP 401"]).toContain(outcome);
      return outcome === "applied";
    };
    expect(await verdicts(counts)).toEqual(expected);
  });
});

/** The gateway as the Worker itself connects it, but for the network. */
async function connectFromVariables(system: System, variables: Record<string, string>): Promise<void> {
  const real = await createServices(
    {
      ...env,
      ...{ GENERIC_GATEWAY_URL: "https://gateway.example", GENERIC_GATEWAY_API_KEY: "x".repeat(32) },
      ...variables,
    } as unknown as Cloudflare.Env,
    { requestId: "test", now: Date.now, waitUntil: () => undefined },
  );
  const [known, generic] = [system.services.gateways.get("generic"), real.gateways.get("generic")];
  if (!known || !generic) {
    throw new Error("the generic gateway is not configured");
  }
  // Calls go to the fake; callbacks are read by the other's secrets.
  const both = { ...known, readWebhook: generic.readWebhook.bind(generic) };
  replaceServices(system, { gateways: new Map([["generic", both]]) });
}

describe("S12: CONSOLE_PASSWORD", () => {
  it("is one at a time: with a new one the old one opens nothing, and nobody stays who came by it", async () => {
    const { browser } = await signedIn(await openConsole());
    const changed = await openConsole({ CONSOLE_PASSWORD: NEW });
    const stayed = browser.copyCookiesTo(new Browser(changed));
    expect(await stayed.me()).toBeNull();
    expect((await new Browser(changed).signIn({ password: PASSWORD })).status).toBe(401);
    expect((await new Browser(changed).signIn({ password: NEW })).status).toBe(303);
  });
});

describe("S12: what is revoked", () => {
  it("opens nothing from the next request on, whatever it had opened before", async () => {
    const before = await createSystem();
    const { id } = await createPending(before);
    expect((await before.call("GET", `/transactions/${id}`)).status).toBe(200);
    const after = await createSystem({ API_KEYS: NEW });
    for (const path of [`/transactions/${id}`, "/transactions", "/events", "/inbox", "/deliveries"]) {
      expect((await after.call("GET", path)).status).toBe(401);
    }
    const headers = { authorization: `Bearer ${API_KEY}`, upgrade: "websocket" };
    const socket = new Request(`${ORIGIN}/transactions/${id}/socket`, { headers });
    expect((await after.fetch(socket)).status).toBe(401);
  });
});
