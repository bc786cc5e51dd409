/** The generic gateway's adapter before a network of the test's own. */
import type { Gateway, Tools } from "../../src/gateways/gateway.ts";
import { connectGeneric } from "../../src/gateways/generic.ts";
import { GATEWAY_API_KEY, GATEWAY_URL, GATEWAY_WEBHOOK_SECRET } from "../support/fake-gateway.ts";

export function connectTo(fetch: Tools["fetch"]): Gateway {
  return connectGeneric(
    {
      ...{ id: "generic", title: "Generic", mode: null, url: GATEWAY_URL, apiKey: GATEWAY_API_KEY },
      webhookSecrets: [GATEWAY_WEBHOOK_SECRET],
    },
    { fetch, now: Date.now },
  );
}
