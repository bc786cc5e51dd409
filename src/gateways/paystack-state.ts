/** What Paystack says of a transaction and its refunds, and what it means: answers, sums and states of the Paystack adapter. */
import * as z from "zod/mini";
import type { Observation, ObservedStatus } from "../transactions/observation.ts";
import { GatewayError, type RefundObservation, silence } from "./gateway.ts";
import { type ApiAnswer, parseBytes, refuse } from "./http.ts";
import { time } from "./receipt.ts";
import { utf8 } from "./signature.ts";

/** What one minor unit of ISO 4217 is there. https://paystack.com/docs/api/#supported-currency */
const UNITS = new Map(Object.entries({ GHS: 1, KES: 1, NGN: 1, USD: 1, XOF: 100, ZAR: 1 }));

const sum = z.int().check(z.nonnegative());
export const text = z.catch(z.nullish(z.string()), null);
export const transaction = z.lazy(() =>
  z.object({
    id: z.int().check(z.positive()),
    domain: z.string(),
    status: z.string(),
    reference: z.string(),
    amount: sum,
    requested_amount: z.nullish(sum),
    fees: z.catch(z.nullish(sum), null),
    currency: z.string().check(z.maxLength(3)),
    created_at: z.catch(z.nullish(z.iso.datetime({ offset: true })), null),
    paid_at: time,
    gateway_response: text,
    /** Given back as it was taken, or as text; of others' transactions it may be anything. */
    metadata: z.pipe(z.unknown(), z.transform(readOurId)),
  }),
);
export type Transaction = z.output<typeof transaction>;
export const verified = z.object({ status: z.literal(true), data: transaction });
export const initialized = z.lazy(() =>
  z.object({
    status: z.literal(true),
    data: z.object({ authorization_url: z.url({ protocol: /^https?$/ }), reference: z.string() }),
  }),
);
const refund = z.lazy(() =>
  z.object({
    id: z.int().check(z.positive()),
    transaction: z.union([
      z.int(),
      z.pipe(
        z.object({ id: z.int() }),
        z.transform(({ id }) => id),
      ),
    ]),
    amount: sum,
    status: z.string(),
    merchant_note: text,
  }),
);
export type Refund = z.output<typeof refund>;
export const refunded = z.object({ status: z.literal(true), data: refund });
export const refunds = z.lazy(() =>
  z.object({
    status: z.literal(true),
    data: z.array(refund),
    meta: z.catch(z.nullish(z.object({ pageCount: z.int() })), null),
  }),
);
const failure = z.lazy(() => z.object({ status: z.literal(false), message: text, code: text }));

/** @throws GatewayError "rejected" for a currency, or a sum, that Paystack cannot take */
export function writeAmount(amount: number, currency: string): number {
  const written = amount * (UNITS.get(currency) ?? Number.NaN);
  if (!Number.isSafeInteger(written)) {
    throw new GatewayError("rejected", "Paystack cannot take this sum in this currency");
  }
  return written;
}

/** @returns null for what is no whole number of minor units */
export function readAmount(written: number, currency: string): number | null {
  const amount = written / (UNITS.get(currency) ?? Number.NaN);
  return Number.isSafeInteger(amount) ? amount : null;
}

export function read<T>(schema: z.ZodMiniType<T>, answer: ApiAnswer): T {
  refuse(answer);
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) {
    throw new GatewayError("unknown", "Paystack's answer is not of the documented form");
  }
  return parsed.data;
}

export function isDuplicate(answer: ApiAnswer): boolean {
  return says(answer, "duplicate_reference", "Duplicate Transaction Reference");
}

/** Documented as 404; in use it has been 400. A 404 of somebody between is none of Paystack's. */
export function isMissing(answer: ApiAnswer): boolean {
  const isUnknown = says(answer, "transaction_not_found", "Transaction reference not found");
  return isUnknown || (answer.status === 404 && failure.safeParse(answer.body).success);
}

function says({ status, body }: ApiAnswer, code: string, message: string): boolean {
  const { data: said } = failure.safeParse(body);
  return status === 400 && (said?.code === code || said?.message === message);
}

function readOurId(metadata: unknown): string | null {
  const { data } = z
    .object({ transaction_id: z.string() })
    .safeParse(typeof metadata === "string" ? parseBytes(utf8(metadata)) : metadata);
  return data?.transaction_id ?? null;
}

/** Ours in Paystack's alphabet: only letters, digits, "-", "." and "=" may be in it. @param page which one, from 1 on */
export function toReference(transactionId: string, page: number): string {
  const own = transactionId.replace("_", "-");
  return page === 1 ? own : `${own}.${page}`;
}

/** @returns our id, of a reference of ours, whichever page it is of */
export function ownerOf(reference: string): string | null {
  const [, suffix] = /^txn-([0-9a-z]{26})(?:\.[2-9])?$/.exec(reference) ?? [];
  return suffix === undefined ? null : `txn_${suffix}`;
}

export function toStatus({ status }: Transaction): ObservedStatus {
  switch (status) {
    case "abandoned":
    case "ongoing":
      return "pending";
    case "pending":
    case "processing":
    case "queued":
      return "processing";
    case "success":
    case "reversed":
      return "succeeded";
    case "failed":
      return "failed";
    default:
      return "unsaid";
  }
}

export function toObservation(seen: Transaction, given: readonly Refund[]): Observation {
  const { reference, currency, domain } = seen;
  const status = toStatus(seen);
  return {
    ...silence("unsaid", null),
    status,
    reference,
    amount: readAmount(askedOf(seen), currency),
    currency,
    amountRefunded: readAmount(backOf(seen, given), currency) ?? 0,
    failureCode: status === "failed" ? toFailureCode(seen.gateway_response) : null,
    mode: toMode(domain),
  };
}

/**
 * What has gone back. Reversed is all of it, by refunds or a chargeback, but for what is on its way still. No more than
 * what was asked for counts: the fees that the buyer bore may go back too.
 */
function backOf(seen: Transaction, given: readonly Refund[]): number {
  const sumOf = (status: RefundObservation["status"]) =>
    given.filter((one) => toRefund(one).status === status).reduce((all, { amount }) => all + amount, 0);
  const asked = askedOf(seen);
  const back = seen.status === "reversed" ? asked - sumOf("pending") : sumOf("succeeded");
  return Math.min(Math.max(back, 0), asked);
}

/** What was paid; less the fees where just they came on top of what was asked for. */
function askedOf({ amount, fees, requested_amount: requested }: Transaction): number {
  return requested != null && amount === requested + (fees ?? 0) ? requested : amount;
}

/** The bank's words, where they are a few plain ones. */
function toFailureCode(words: string | null | undefined): string | null {
  return words && /^[A-Za-z]+( [A-Za-z]+){0,7}$/.test(words) && words.length <= 64
    ? words.toLowerCase().replaceAll(" ", "_")
    : null;
}

export function toMode(domain: string | undefined): Observation["mode"] {
  return domain === "live" || domain === "test" ? domain : null;
}

/** `needs-attention` waits for the buyer's bank account, which the merchant enters at Paystack. */
export function toRefund({ id, status }: Refund): RefundObservation {
  const ends = { processed: "succeeded", failed: "failed" } as const;
  const end = status === "processed" || status === "failed" ? ends[status] : "pending";
  return { status: end, reference: String(id), failureCode: null };
}
