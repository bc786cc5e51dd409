/** Square's events: hints all of them, from a webhook or from its own list. */
import * as z from "zod";
import type { Notice } from "./gateway.ts";
import type { ApiClient } from "./http.ts";
import { find, read, see } from "./square-api.ts";
import { id, payment, type Seen, toObservation, word } from "./square-order.ts";

/** Each of them leads to a look at its order; between them they tell of every end. */
const TOLD = [
  "payment.created",
  "payment.updated",
  "order.updated",
  "refund.created",
  "refund.updated",
  "dispute.created",
  "dispute.state.updated",
];

const page = z.object({ events: z.array(z.unknown()).optional(), cursor: z.string().optional() });

const DISPUTE_STATES = {
  INQUIRY_EVIDENCE_REQUIRED: "open",
  INQUIRY_PROCESSING: "open",
  INQUIRY_CLOSED: "won",
  EVIDENCE_REQUIRED: "open",
  PROCESSING: "open",
  WON: "won",
  LOST: "lost",
  ACCEPTED: "lost",
  UNDOCUMENTED: null,
} as const;

const paymentOf = z.object({ payment_id: id.nullish() });

/** A webhook, or an item of the list of events. */
export const event = z.object({
  event_id: z.string().min(1).max(255),
  type: z.string().min(1).max(255),
  data: z.object({
    id: id.optional().catch(undefined),
    object: z
      .object({
        payment: z.object({ order_id: id.nullish() }).optional(),
        refund: paymentOf.optional(),
        dispute: z
          .object({
            state: word(
              "INQUIRY_EVIDENCE_REQUIRED",
              "INQUIRY_PROCESSING",
              "INQUIRY_CLOSED",
              "EVIDENCE_REQUIRED",
              "PROCESSING",
              "WON",
              "LOST",
              "ACCEPTED",
            ).transform((state) => DISPUTE_STATES[state]),
            disputed_payment: paymentOf.nullish(),
          })
          .optional(),
      })
      .nullish(),
  }),
});
export type Event = z.output<typeof event>;

/** An event is a hint, whatever it says: what the order has come to is the notice. */
export async function follow(
  api: ApiClient,
  { event_id: eventId, type, data }: Event,
  look: (orderId: string) => Promise<Seen | null>,
): Promise<Notice[]> {
  const { payment: paid, refund: returned, dispute } = data.object ?? {};
  const paymentId = returned?.payment_id ?? dispute?.disputed_payment?.payment_id;
  const ordered = type.startsWith("order.") ? data.id : null;
  const orderId = paid?.order_id ?? ordered ?? (paymentId ? await orderOf(api, paymentId) : null);
  const seen = orderId ? await look(orderId) : null;
  const transactionId = seen?.order.reference_id;
  // Others sell there too: at the till, or by another application.
  if (!seen || !transactionId || !/^txn_[0-9a-z]{26}$/.test(transactionId)) {
    return [];
  }
  const observation = toObservation(seen, null);
  return [{ eventId, transactionId, observation: { ...observation, dispute: dispute?.state ?? null } }];
}

async function orderOf(api: ApiClient, paymentId: string): Promise<string | null> {
  const found = await find(api, `/v2/payments/${paymentId}`, z.object({ payment }));
  return found?.payment.order_id ?? null;
}

/** Of 28 days at most, once the application has enabled them: what they have come to, oldest first. */
export async function* followAll(api: ApiClient, since: number): AsyncIterable<Notice> {
  // What an order has come to is the answer to each of its events: one look at it serves for all.
  const looks = new Map<string, Promise<Seen | null>>();
  const once = (orderId: string) => {
    const found = looks.get(orderId) ?? see(api, orderId);
    looks.set(orderId, found);
    return found;
  };
  for await (const told of listEvents(api, since)) {
    yield* await follow(api, told, once);
  }
}

async function* listEvents(api: ApiClient, since: number): AsyncIterable<Event> {
  const filter = { event_types: TOLD, created_at: { start_at: new Date(since).toISOString() } };
  const query = { filter, sort: { field: "DEFAULT", order: "ASC" } };
  let cursor: string | undefined;
  do {
    const answer = await api.post("/v2/events", { limit: 100, query, ...(cursor ? { cursor } : {}) });
    const { events = [], cursor: next } = read(answer, page);
    yield* events.map((each) => event.safeParse(each).data).filter((each) => each !== undefined);
    cursor = next;
  } while (cursor);
}
