/** What Razorpay's webhooks tell, and how much of it is the whole state. https://razorpay.com/docs/webhooks/all */
import * as z from "zod/mini";
import type { Observation } from "../transactions/observation.ts";
import type { Dispute } from "../transactions/transaction.ts";
import { GatewayError, isOurId, type Probe, TEST_ID } from "./gateway.ts";
import { parseBytes } from "./http.ts";
import { link, notes, payment, text, toObservation } from "./razorpay-link.ts";
import { seconds } from "./receipt.ts";
import { signHmac, utf8 } from "./signature.ts";

const event = z.lazy(() =>
  z.object({
    event: z.string().check(z.regex(/^[a-z][a-z0-9_.]{0,63}$/)),
    created_at: z.catch(z.int(), 0),
    payload: z.record(z.string(), z.unknown()),
  }),
);

const about = <Shape extends z.core.$ZodShape>(shape: Shape) =>
  z.pipe(
    z.catch(
      z.nullish(z.object({ entity: z.object({ id: z.string().check(z.maxLength(32)), ...shape }) })),
      null,
    ),
    z.transform((one) => one?.entity ?? null),
  );
/** Where an event may name what it is about. */
const subject = z.lazy(() =>
  z.object({
    payment_link: about({ reference_id: text }),
    payment: about({ order_id: text, notes }),
    order: about({ receipt: text }),
    refund: about({}),
    dispute: about({}),
  }),
);
type Subject = z.output<typeof subject>;

const whole = z.lazy(() =>
  z.object({
    payment_link: z.object({ entity: link }),
    payment: z.optional(z.object({ entity: payment })),
  }),
);

/** The whole state, of a dispute, that there is something to ask for, or nothing that we know. */
export type News = "whole" | "hint" | Dispute | "unknown";

/** What each kind of event tells; of others, nothing that we know. */
const NEWS = new Map<string, News>([
  ["payment_link.paid", "whole"],
  ["payment_link.partially_paid", "whole"],
  // Money may be on its way to a link that is over.
  ["payment_link.cancelled", "hint"],
  ["payment_link.expired", "hint"],
  ["payment.authorized", "hint"],
  ["payment.captured", "hint"],
  ["payment.failed", "hint"],
  ["order.paid", "hint"],
  ["refund.created", "hint"],
  ["refund.processed", "hint"],
  ["refund.failed", "hint"],
  ["refund.speed_changed", "hint"],
  ["payment.dispute.created", "open"],
  ["payment.dispute.under_review", "open"],
  ["payment.dispute.action_required", "open"],
  // Closed: an inquiry that was answered, or settled by a refund, which is told as such.
  ["payment.dispute.closed", "won"],
  ["payment.dispute.won", "won"],
  ["payment.dispute.lost", "lost"],
]);

/** What a webhook subscribes to. */
export const EVENTS: readonly string[] = [...NEWS.keys()];

export interface RazorpayEvent {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly occurredAt: number | null;
  readonly news: News;
  /** Null where none is named. */
  readonly transactionId: string | null;
  readonly reference: string | null;
  /** To be looked up by, where no link is named. */
  readonly payment: Subject["payment"];
  readonly payload: unknown;
}

/** @throws GatewayError "malformed" */
export function readEvent(body: Uint8Array): RazorpayEvent {
  const parsed = event.safeParse(parseBytes(body));
  if (!parsed.success) {
    throw malformed();
  }
  const { event: type, created_at: at, payload } = parsed.data;
  const said = subject.parse(payload);
  return {
    id: [type, ...Object.values(said).flatMap((one) => one?.id ?? []), at].join(":"),
    occurredAt: seconds.parse(at),
    news: NEWS.get(type) ?? "unknown",
    transactionId: toOurId(said),
    reference: said.payment_link?.id ?? null,
    payment: said.payment_link ? null : said.payment,
    payload,
  };
}

/**
 * @returns null where money went back already, which is to be asked for
 * @throws GatewayError "malformed"
 */
export function readWhole(payload: unknown, mode: Observation["mode"]): Observation | null {
  const { data } = whole.safeParse(payload);
  if (!data) {
    throw malformed();
  }
  const paid = data.payment ? [data.payment.entity] : [];
  const isUntouched = paid.every((one) => !one.amount_refunded);
  return isUntouched ? toObservation(data.payment_link.entity, paid, [], mode) : null;
}

/** An event of nobody's, signed. */
export async function signProbe([secret = ""]: readonly string[]): Promise<Probe> {
  const body = JSON.stringify({ entity: "event", event: "probe", id: `${TEST_ID}probe`, payload: {} });
  const mac = await signHmac("SHA-256", secret, utf8(body));
  return { headers: { "x-razorpay-signature": mac.toHex() }, body };
}

/** A link names itself; its payments and its order mostly have its notes, or its reference for a receipt. */
function toOurId({ payment_link, payment: paid, order }: Subject): string | null {
  const named = payment_link ? [payment_link.reference_id] : [paid?.notes?.transaction_id, order?.receipt];
  return named.find(isOurId) ?? null;
}

function malformed(): GatewayError {
  return new GatewayError("malformed", "the webhook is not of the documented form");
}
