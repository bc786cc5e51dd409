/** The demo shop's endpoint for events: verifies the raw bytes, writes down what it was told, answers at once. */
import type { Context } from "hono";
import * as z from "zod/mini";
import { verifyWebhook } from "../lib/standard-webhooks.ts";
import type { DemoOrder } from "./demo-order.ts";

export interface FulfilmentOptions {
  readonly fulfilmentSecrets: readonly string[];
  readonly orders: DurableObjectNamespace<DemoOrder>;
  readonly now: () => number;
}

const eventSchema = z.object({
  type: z.string(),
  data: z.object({ id: z.string(), order_id: z.string().check(z.minLength(1)), version: z.int() }),
});

export function receiveFulfilment({ fulfilmentSecrets, orders, now }: FulfilmentOptions) {
  return async (c: Context): Promise<Response> => {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    const headers = c.req.raw.headers;
    if ((await verifyWebhook(fulfilmentSecrets, headers, bytes, now())) === null) {
      return c.json({ error: "the signature is not ours" }, 401);
    }
    const event = eventSchema.safeParse(parseJson(bytes));
    if (!event.success) {
      return c.json({ error: z.prettifyError(event.error) }, 400);
    }
    const { type, data } = event.data;
    const known = await orders
      .getByName(data.order_id)
      .receive(
        { webhook_id: headers.get("webhook-id") ?? "", type, transaction_id: data.id, version: data.version },
        new Date(now()).toISOString(),
      );
    // An order of another shop is no fault: a refusal would only be delivered again.
    return c.json({ outcome: known ? "received" : "ignored" });
  };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
