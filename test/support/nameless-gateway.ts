/** A gateway whose webhooks name only its own ids: nothing of ours is in them. */
import type { Gateway, Notice, Receipt } from "../../src/gateways/gateway.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import { newOrder, ORIGIN, replaceServices, type System } from "./system.ts";

/** It tells nothing of how its webhooks came. */
export const NO_RECEIPT: Receipt = { occurredAt: null, signedAt: null, secret: null };

/** What it calls the payment of an order. */
export const referenceOf = (orderId: string) => `pay_${orderId}`;

export function anObservation(changes: Partial<Observation> = {}): Observation {
  const money = { amount: 1999, currency: "USD", amountCaptured: null, amountRefunded: 0 };
  const silent = { failureCode: null, dispute: null, mode: null };
  return { status: "succeeded", reference: null, ...money, ...silent, ...changes };
}

/** Puts it beside the system's own gateway, under the name `nameless`. */
export function addNamelessGateway(system: System): void {
  const nameless: Gateway = {
    id: "nameless",
    title: "Nameless",
    mode: null,
    webhook: { events: [], advice: "Nothing to set up." },
    create: async ({ orderId }) => ({
      paymentUrl: "https://nameless.example/pay",
      observation: anObservation({ status: "pending", reference: referenceOf(orderId) }),
    }),
    retrieve: async ({ reference }) => anObservation({ status: "pending", reference }),
    // Signatures are the adapters' business; here everything is believed.
    readWebhook: async ({ body }) => JSON.parse(new TextDecoder().decode(body)) as Notice[],
  };
  replaceServices(system, { gateways: new Map([...system.services.gateways, ["nameless", nameless]]) });
}

export const newNamelessOrder = () => newOrder({ gateway: "nameless" });

/** A webhook of items that name what the gateway calls an order's payment. */
export function namelessWebhook(
  orderId: string,
  eventId: string,
  changes: Partial<Observation> = {},
): Request {
  const observation = anObservation({ reference: referenceOf(orderId), ...changes });
  const notices: Notice[] = [{ eventId, transactionId: null, observation, receipt: NO_RECEIPT }];
  return new Request(`${ORIGIN}/webhooks/nameless`, { method: "POST", body: JSON.stringify(notices) });
}
