/**
 * PayPal's events: which order they are about, what they say of disputes, and the list of them.
 * https://developer.paypal.com/api/rest/webhooks/event-names/
 */
import * as z from "zod/mini";
import type { Dispute } from "../transactions/transaction.ts";
import type { Listed, Window } from "./event-list.ts";
import { GatewayError } from "./gateway.ts";
import { isGone, type PayPalCall, readAnswer } from "./paypal-client.ts";
import { time } from "./receipt.ts";

/** What a webhook subscribes to. */
export const EVENTS = [
  ...["CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.COMPLETED", "CHECKOUT.PAYMENT-APPROVAL.REVERSED"],
  ...["PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.AUTHORIZATION.VOIDED"],
  ...["PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.PENDING", "PAYMENT.CAPTURE.DECLINED"],
  ...["PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"],
  ...["PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED"],
  ...["CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED"],
];
const PAGE_SIZE = 100;
const MAX_PAGES = 100;
/** From a refund over its capture and the authorization to the order. */
const MAX_HOPS = 3;

const text = z.catch(z.optional(z.string()), undefined);
const orderId = z.catch(z.optional(z.string().check(z.regex(/^[A-Z0-9]{1,36}$/))), undefined);
const links = z.array(z.object({ rel: z.string(), href: z.string() }));

/** A capture, an authorization, a refund, an order or a dispute, as far as it says where it belongs. */
const resourceForm = z.lazy(() =>
  z.object({
    id: orderId,
    order_id: orderId,
    supplementary_data: z.catch(
      z.optional(z.object({ related_ids: z.object({ order_id: orderId }) })),
      undefined,
    ),
    links: z.catch(links, []),
    disputed_transactions: z.catch(z.array(z.object({ seller_transaction_id: text })), []),
    status: text,
    dispute_outcome: z.catch(z.optional(z.object({ outcome_code: text })), undefined),
  }),
);
type Resource = z.output<typeof resourceForm>;

export const eventForm = z.lazy(() =>
  z.object({
    id: z.string().check(z.minLength(1), z.maxLength(255)),
    event_type: z.string().check(z.minLength(1)),
    create_time: time,
    resource: resourceForm,
  }),
);
export type Event = z.output<typeof eventForm>;

const pageForm = z.lazy(() =>
  z.object({
    events: z._default(z.array(z.catch(z.nullable(eventForm), null)), []),
    links: z._default(links, []),
  }),
);

const OF_ORDERS =
  /^(CHECKOUT\.(ORDER|PAYMENT-APPROVAL)|PAYMENT\.(AUTHORIZATION|CAPTURE|REFUND)|CUSTOMER\.DISPUTE)\.[A-Z]+$/;

/** @returns null for an event of another kind, or one that leads to no order. @throws GatewayError */
export async function findOrderId(
  call: PayPalCall,
  { event_type, resource: told }: Event,
): Promise<string | null> {
  if (!OF_ORDERS.test(event_type)) {
    return null;
  }
  let resource = event_type.startsWith("CHECKOUT.ORDER.") ? { ...told, order_id: told.id } : told;
  for (let hops = 0; hops <= MAX_HOPS; hops += 1) {
    const found = toOrderId(resource);
    const parent = toParentPath(resource);
    if (found !== undefined || parent === undefined) {
      return found ?? null;
    }
    const answer = await call("GET", parent);
    if (isGone(answer)) {
      return null;
    }
    resource = readAnswer(resourceForm, answer);
  }
  return null;
}

function toOrderId({ supplementary_data, order_id, links: all }: Resource): string | undefined {
  return (
    supplementary_data?.related_ids.order_id ?? order_id ?? above(all, /\/v2\/checkout\/orders\/([A-Z0-9]+)$/)
  );
}

/** The path of what a resource was made from: a capture of a refund or a dispute, an authorization of a capture. */
function toParentPath({ links: all, disputed_transactions: [disputed] }: Resource): string | undefined {
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

/** Oldest first; PayPal lists them newest first, and by whole seconds. @throws GatewayError */
export async function listEvents(call: PayPalCall, { since, until }: Window): Promise<Listed<Event>[]> {
  const [start_time, end_time] = [toSecond(since), toSecond(until + 999)];
  let query = `?${new URLSearchParams({ start_time, end_time, page_size: `${PAGE_SIZE}` })}`;
  const events: Event[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await call("GET", `/v1/notifications/webhooks-events${query}`);
    const listed = readAnswer(pageForm, answer);
    events.push(...listed.events.filter((each) => each !== null));
    const next = URL.parse(listed.links.find(({ rel }) => rel === "next")?.href ?? "");
    if (!next || listed.events.length === 0) {
      return events
        .reverse()
        .map((event) => ({ event, createdAt: event.create_time ?? since }))
        .sort((a, b) => a.createdAt - b.createdAt);
    }
    query = next.search;
  }
  throw new GatewayError("unknown", "the gateway's list of events does not end");
}

const toSecond = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`;
