/** PayPal's events: what they say of where they belong, and of disputes. https://developer.paypal.com/api/rest/webhooks/event-names/ */
import * as z from "zod";
import type { Dispute } from "../transactions/transaction.ts";

const text = z.string().optional().catch(undefined);
const links = z.array(z.object({ rel: z.string(), href: z.string() }));

/** A capture, an authorization, a refund, an order or a dispute, as far as it says where it belongs. */
export const resourceForm = z.object({
  id: text,
  custom_id: text,
  order_id: text,
  supplementary_data: z
    .object({ related_ids: z.object({ order_id: text }) })
    .optional()
    .catch(undefined),
  links: links.catch([]),
  disputed_transactions: z.array(z.object({ seller_transaction_id: text })).catch([]),
  status: text,
  dispute_outcome: z.object({ outcome_code: text }).optional().catch(undefined),
});
type Resource = z.output<typeof resourceForm>;

export const eventForm = z.object({
  id: z.string().min(1).max(255),
  event_type: z.string().min(1),
  create_time: text,
  resource: resourceForm,
});
export type Event = z.output<typeof eventForm>;

export const eventPageForm = z.object({
  events: z.array(eventForm.nullable().catch(null)),
  links: links.default([]),
});

const OF_ORDERS =
  /^(CHECKOUT\.(ORDER|PAYMENT-APPROVAL)|PAYMENT\.(AUTHORIZATION|CAPTURE|REFUND)|CUSTOMER\.DISPUTE)\.[A-Z]+$/;

/** Whether its kind is one that belongs to an order. */
export function isOfOrder({ event_type }: Event): boolean {
  return OF_ORDERS.test(event_type);
}

/** The resource of an event; of an order's own event, its id is the order's. */
export function resourceOf({ event_type, resource }: Event): Resource {
  return event_type.startsWith("CHECKOUT.ORDER.") ? { ...resource, order_id: resource.id } : resource;
}

/** The id of the order that a resource names. */
export function toOrderId({ supplementary_data, order_id, links: all }: Resource): string | undefined {
  return (
    supplementary_data?.related_ids.order_id ?? order_id ?? above(all, /\/v2\/checkout\/orders\/([A-Z0-9]+)$/)
  );
}

/** The path of what a resource was made from: a capture of a refund or a dispute, an authorization of a capture. */
export function toParentPath({
  links: all,
  disputed_transactions: [disputed],
}: Resource): string | undefined {
  const sold = disputed?.seller_transaction_id;
  return sold !== undefined && /^[A-Z0-9]+$/.test(sold)
    ? `/v2/payments/captures/${sold}`
    : above(all, /(\/v2\/payments\/(?:captures|authorizations)\/[A-Z0-9]+)$/);
}

/** Only the path of a link is used: the calls go to the address that is configured. */
function above(all: Resource["links"], form: RegExp): string | undefined {
  const up = all.find(({ rel, href }) => rel === "up" && form.test(href));
  return up && form.exec(up.href)?.[1];
}

/** @returns null for an event that is not of a dispute, or says no more than that one has ended */
export function toDispute({ event_type, resource }: Event): Dispute | null {
  if (!event_type.startsWith("CUSTOMER.DISPUTE.")) {
    return null;
  }
  if (resource.status !== "RESOLVED") {
    return "open";
  }
  switch (resource.dispute_outcome?.outcome_code) {
    case "RESOLVED_BUYER_FAVOUR":
    case "ACCEPTED":
      return "lost";
    case "RESOLVED_SELLER_FAVOUR":
    // PayPal itself pays.
    case "RESOLVED_WITH_PAYOUT":
    case "CANCELED_BY_BUYER":
    case "DENIED":
      return "won";
    default:
      return null;
  }
}

/** Epoch milliseconds. */
export function toTime({ create_time }: Event): number {
  return Date.parse(create_time ?? "") || 0;
}
