/**
 * payment-edge with the seven vendors at once, each served on loopback from its fake, and a shop. The vendors live in
 * real time, whatever time a tick is sent to.
 */
import { FakePayPal, type Signing } from "../../support/vendors/paypal.ts";
import type { SentWebhook, Vendor } from "../../support/vendors/vendor.ts";
import { type Answer, type Api, createApi } from "./api.ts";
import { FakeShop } from "./fake-shop.ts";
import { type RunningServer, serve } from "./http-server.ts";
import { type System, shopVariables, startSystem } from "./system.ts";

/** What POST /webhooks/:gateway answers: an outcome, or a problem. */
export type WebhookAnswer = Answer<{ readonly outcome?: string; readonly code?: string }>;

export interface VendorWorld {
  readonly system: System;
  readonly shop: FakeShop;
  readonly api: Api;
  /** What the vendor has to tell since the last time. Whoever does not send it has lost it. */
  takeWebhooks(vendor: Vendor): Promise<SentWebhook[]>;
  /** One after another, in their order. */
  send(webhooks: readonly SentWebhook[]): Promise<WebhookAnswer[]>;
  stop(): Promise<void>;
}

export async function startVendorWorld(vendors: readonly Vendor[]): Promise<VendorWorld> {
  const shop = await FakeShop.start();
  const servers = await Promise.all(vendors.map(serveVendor));
  const stopParties = async () => {
    await Promise.all([shop.stop(), ...servers.map((server) => server.close())]);
  };
  const variables = vendors.map((vendor, index) => vendor.variables(servers[index]?.url ?? ""));
  const vars = Object.assign({}, shopVariables, { FULFILMENT_URL: shop.url }, ...variables);
  try {
    const system = await startSystem({ vars });
    const api = createApi(system.url);
    return {
      system,
      shop,
      api,
      // Some sign the address too: it is the one under which the system knows itself.
      takeWebhooks: (vendor) => vendor.takeWebhooks(`${system.url}/webhooks/${vendor.id}`),
      send: async (webhooks) => {
        const answers: WebhookAnswer[] = [];
        for (const { url, headers, body } of webhooks) {
          answers.push(await api.call(url, { headers, raw: body, bearer: null }));
        }
        return answers;
      },
      stop: async () => {
        await system.stop();
        await stopParties();
      },
    };
  } catch (error) {
    await stopParties();
    throw error;
  }
}

function serveVendor(vendor: Vendor): Promise<RunningServer> {
  return serve(async ({ method, path, search, headers, body }, response) => {
    const request = new Request(`http://${headers.host}${path}${search}`, {
      method,
      headers: Object.entries(headers).map(([name, value]) => [name, String(value)]),
      ...(method === "GET" ? {} : { body }),
    });
    const answer = await vendor.fetch(request);
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  });
}

/**
 * From outside nobody can sign as PayPal: only certificates under its real roots count. This one's are on this machine,
 * for a test must not call PayPal's own host to look for them.
 */
export class LocalPayPal extends FakePayPal {
  override sign(body: Uint8Array<ArrayBuffer>, signing: Signing = {}): Promise<Headers> {
    return super.sign(body, { certUrl: "https://127.0.0.1/v1/notifications/certs/CERT-fake", ...signing });
  }
}
