/** Square's events: hints all of them, from a webhook or from its own list. */
import * as z from "zod/mini";
import type { Dispute } from "../transactions/transaction.ts";
import type { Listed, Window } from "./event-list.ts";
import { GatewayError, isOurId, type Notice, type Probe, TEST_ID } from "./gateway.ts";
import type { ApiClient } from "./http.ts";
import { time, UNSIGNED } from "./receipt.ts";
import { signHmac, utf8 } from "./signature.ts";
import { find, findOrder, read, see } from "./square-api.ts";
import { id, toObservation } from "./square-order.ts";

/** Each of them leads to a look at its order; between them they tell of every end. */
export const EVENTS = [
  "payment.created",
  "payment.updated",
  "order.updated",
  "refund.created",
  "refund.updated",
  "dispute.created",
  "dispute.state.updated",
];
const PAGE_SIZE = 100;
const MAX_PAGES = 100;

const DISPUTES = new Map<string, Dispute>([
  ["INQUIRY_EVIDENCE_REQUIRED", "open"],
  ["INQUIRY_PROCESSING", "open"],
  ["INQUIRY_CLOSED", "won"],
  ["EVIDENCE_REQUIRED", "open"],
  ["PROCESSING", "open"],
  ["WON", "won"],
  ["LOST", "lost"],
  ["ACCEPTED", "lost"],
]);

const paymentOf = z.object({ payment_id: z.nullish(id) });

/** A webhook, or an item of the list of events. */
export const event = z.lazy(() =>
  z.object({
    event_id: z.string().check(z.minLength(1), z.maxLength(255)),
    type: z.string().check(z.minLength(1), z.maxLength(255)),
    created_at: time,
    data: z.object({
      id: z.catch(z.optional(id), undefined),
      object: z.nullish(
        z.object({
          payment: z.optional(z.object({ order_id: z.nullish(id) })),
          refund: z.optional(paymentOf),
          dispute: z.optional(
            z.object({ state: z.catch(z.string(), ""), disputed_payment: z.nullish(paymentOf) }),
          ),
        }),
      ),
    }),
  }),
);
export type Event = z.output<typeof event>;

type Told = Pick<Notice, "transactionId" | "observation">;

/** What an order has come to; null for none of ours: others sell there too, at the till or by another application. */
export async function tell(api: ApiClient, orderId: string): Promise<Told | null> {
  const order = await findOrder(api, orderId);
  const transactionId = order?.reference_id;
  return order && isOurId(transactionId)
    ? { transactionId, observation: toObservation(await see(api, order), null) }
    : null;
}

/** An event is a hint, whatever it says: what the order has come to is the notice. */
export async function follow(
  api: ApiClient,
  { event_id: eventId, type, created_at: occurredAt, data }: Event,
  proof = UNSIGNED,
  look = (orderId: string) => tell(api, orderId),
): Promise<Notice[]> {
  const { payment: paid, refund: returned, dispute } = data.object ?? {};
  const paymentId = returned?.payment_id ?? dispute?.disputed_payment?.payment_id;
  const ordered = type.startsWith("order.") ? data.id : null;
  const orderId = paid?.order_id ?? ordered ?? (paymentId ? await orderOf(api, paymentId) : null);
  const told = orderId ? await look(orderId) : null;
  const state = DISPUTES.get(dispute?.state ?? "") ?? null;
  const receipt = { occurredAt, ...proof };
  return told ? [{ eventId, ...told, observation: { ...told.observation, dispute: state }, receipt }] : [];
}

/** An event of nobody's, signed together with the address. */
export async function signProbe([key = ""]: readonly string[], url: string): Promise<Probe> {
  const body = JSON.stringify({ event_id: `${TEST_ID}probe`, type: "probe", data: {} });
  const mac = await signHmac("SHA-256", key, utf8(`${url}${body}`));
  return { headers: { "x-square-hmacsha256-signature": mac.toBase64() }, body };
}

async function orderOf(api: ApiClient, paymentId: string): Promise<string | null> {
  const form = z.object({ payment: z.object({ order_id: z.nullish(id) }) });
  const found = await find(api, `/v2/payments/${paymentId}`, form);
  return found?.payment.order_id ?? null;
}

const page = z.lazy(() =>
  z.object({
    events: z.optional(z.array(z.catch(z.nullable(event), null))),
    cursor: z.optional(z.string()),
  }),
);

/**
 * Oldest first; of 28 days at most, once the application has enabled them.
 * @throws GatewayError
 */
export async function* listEvents(api: ApiClient, { since, until }: Window): AsyncGenerator<Listed<Event>> {
  // Whether the ends are of the range is not documented.
  const created_at = { start_at: new Date(since - 1).toISOString(), end_at: new Date(until).toISOString() };
  const query = { filter: { event_types: EVENTS, created_at }, sort: { field: "DEFAULT", order: "ASC" } };
  let place = {};
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const answer = await api.post("/v2/events", { limit: PAGE_SIZE, query, ...place });
    const { events = [], cursor } = read(answer, page);
    for (const each of events) {
      if (each && each.created_at !== null) {
        yield { event: each, createdAt: each.created_at };
      }
    }
    if (!cursor) {
      return;
    }
    place = { cursor };
  }
  throw new GatewayError("unknown", "Square's list of events does not end");
}
