/**
 * What Paystack's webhooks tell. https://paystack.com/docs/payments/webhooks, …/docs/payments/refunds
 * Only a success tells all; of refunds and disputes the transaction is asked. None carries an id, nor a time of its own:
 * that is known where it is the very thing that happened, a payment, or a dispute's begin or end.
 */
import * as z from "zod/mini";
import type { Observation } from "../transactions/observation.ts";
import { GatewayError, type GatewayReference, type Notice, type Probe, silence, TEST_ID } from "./gateway.ts";
import { ownerOf, text, toObservation, transaction } from "./paystack-state.ts";
import { time } from "./receipt.ts";
import { signHmac, utf8 } from "./signature.ts";

interface Told extends Omit<Notice, "receipt"> {
  /** Epoch milliseconds. */
  readonly occurredAt: number | null;
}
type Retrieve = (reference: GatewayReference) => Promise<Observation>;

const event = z.lazy(() =>
  z.object({ event: z.string().check(z.regex(/^[a-z][a-z0-9_.-]{0,63}$/)), data: z.unknown() }),
);
/** Where an event may name what it is about. */
const subject = z.lazy(() =>
  z.object({
    id: z.catch(z.nullish(z.union([z.int(), z.string()])), null),
    status: text,
    reference: text,
    transaction_reference: text,
    transaction: z.catch(z.nullish(z.object({ reference: text })), null),
    refund_reference: text,
    amount: z.catch(z.nullish(z.union([z.int(), z.string()])), null),
    resolution: text,
    created_at: time,
    resolvedAt: time,
  }),
);

/** @returns null for what is none of ours: the whole account's events come here */
export async function readEvent(body: unknown, retrieve: Retrieve): Promise<Told | null> {
  const { event: type, data } = readAs(event, body);
  if (type === "charge.success") {
    return readCharge(readAs(transaction, data), retrieve);
  }
  const { data: about } = subject.safeParse(data);
  const reference = about?.transaction_reference ?? about?.transaction?.reference ?? about?.reference ?? "";
  const transactionId = ownerOf(reference);
  if (!about || transactionId === null) {
    return null;
  }
  const eventId = [type, about.id ?? reference, about.status].join(":");
  switch (type) {
    case "refund.pending":
    case "refund.processing":
    case "refund.needs-attention":
    case "refund.processed":
    case "refund.failed": {
      const observation = await retrieve({ transactionId, reference });
      // Of two refunds of one sum, only what has come of them tells apart.
      const which = about.refund_reference ?? `${about.amount}:${observation.amountRefunded}`;
      return { eventId: `${eventId}:${which}`, transactionId, observation, occurredAt: null };
    }
    case "charge.dispute.create":
    case "charge.dispute.remind":
    case "charge.dispute.resolve": {
      const dispute = type === "charge.dispute.resolve" ? toVerdict(about.resolution) : "open";
      const seen = await retrieve({ transactionId, reference });
      const occurredAt = toDisputeTime(type, about);
      return { eventId, transactionId, observation: { ...seen, dispute }, occurredAt };
    }
    default:
      return { eventId, transactionId, observation: silence("unsaid", reference), occurredAt: null };
  }
}

async function readCharge(seen: z.output<typeof transaction>, retrieve: Retrieve): Promise<Told | null> {
  const { id, status, reference, metadata: transactionId, paid_at: occurredAt } = seen;
  if (transactionId === null || ownerOf(reference) !== transactionId) {
    return null;
  }
  const isWhole = status === "success";
  const observation = isWhole ? toObservation(seen, []) : await retrieve({ transactionId, reference });
  return { eventId: `charge.success:${id}:${status}`, transactionId, observation, occurredAt };
}

/** A reminder tells of what has been for long. */
function toDisputeTime(type: string, { created_at, resolvedAt }: z.output<typeof subject>): number | null {
  const times = new Map([
    ["charge.dispute.create", created_at],
    ["charge.dispute.resolve", resolvedAt],
  ]);
  return times.get(type) ?? null;
}

/** A dispute is "declined" by the merchant, who keeps the money then. */
function toVerdict(resolution: string | null | undefined): Observation["dispute"] {
  switch (resolution) {
    case "declined":
      return "won";
    case "merchant-accepted":
    case "auto-accepted":
      return "lost";
    default:
      return null;
  }
}

/** An event of nobody's, signed. */
export async function signProbe([key = ""]: readonly string[]): Promise<Probe> {
  const body = JSON.stringify({ event: "probe", data: { reference: `${TEST_ID}probe` } });
  const mac = await signHmac("SHA-512", key, utf8(body));
  return { headers: { "x-paystack-signature": mac.toHex() }, body };
}

function readAs<T>(form: z.ZodMiniType<T>, value: unknown): T {
  const parsed = form.safeParse(value);
  if (!parsed.success) {
    throw new GatewayError("malformed", "the webhook is not of the documented form");
  }
  return parsed.data;
}
