/** What Razorpay says of a payment link, its payments and their refunds, and what it means. */
import * as z from "zod/mini";
import type { Observation, ObservedStatus } from "../transactions/observation.ts";
import { GatewayError, type RefundObservation, silence } from "./gateway.ts";
import { type ApiAnswer, refuse } from "./http.ts";

/** https://razorpay.com/docs/payments/international-payments/#supported-currencies, all with the exponents of ISO 4217. */
const CURRENCIES = new Set(
  (
    "AED ALL AMD AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BZD CAD CHF CLP CNY COP CRC CUP " +
    "CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD GBP GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD ISK JMD " +
    "JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN " +
    "NAD NGN NIO NOK NPR NZD OMR PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SCR SEK SGD SOS SVC SZL THB TND " +
    "TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV XAF XCD XOF XPF YER ZAR ZMW"
  ).split(" "),
);
/** Card networks know only two of their three decimals. */
const WITHOUT_LAST_DIGIT = new Set(["BHD", "IQD", "JOD", "KWD", "OMR", "TND"]);

const sum = z.int().check(z.nonnegative());
export const text = z.catch(z.nullish(z.string()), null);
/** Empty ones come as a list. */
export const notes = z.lazy(() =>
  z.catch(z.nullish(z.object({ transaction_id: text, refund_id: text })), null),
);

export const link = z.lazy(() =>
  z.object({
    id: z.string().check(z.regex(/^plink_\w+$/)),
    reference_id: text,
    status: z.string(),
    amount: sum,
    amount_paid: sum,
    currency: z.string().check(z.maxLength(3)),
    short_url: z.catch(z.optional(z.url({ protocol: /^https?$/ })), undefined),
    /** Set once somebody has begun to pay. */
    order_id: text,
    /** Left out of webhooks. */
    payments: z.nullish(z.array(z.object({ payment_id: z.string(), status: z.string() }))),
  }),
);
export type Link = z.output<typeof link>;
export const links = z.object({ payment_links: z.nullable(z.array(link)) });

export const payment = z.lazy(() =>
  z.object({
    id: z.string().check(z.regex(/^pay_\w+$/)),
    status: z.string(),
    amount: sum,
    captured: z.boolean(),
    amount_refunded: z.nullish(sum),
  }),
);
export type Payment = z.output<typeof payment>;
export const payments = z.object({ items: z.array(payment) });

export const refund = z.lazy(() =>
  z.object({
    id: z.string(),
    payment_id: z.string(),
    amount: sum,
    status: z.string(),
    notes,
  }),
);
export type Refund = z.output<typeof refund>;
export const refunds = z.object({ items: z.array(refund) });

const failure = z.object({ error: z.object({ description: z.string() }) });

/** @throws GatewayError "rejected" for a currency, or a sum, that Razorpay cannot take */
export function writeAmount(amount: number, currency: string): number {
  if (!CURRENCIES.has(currency) || (WITHOUT_LAST_DIGIT.has(currency) && amount % 10 !== 0)) {
    throw new GatewayError("rejected", "Razorpay cannot take this sum in this currency");
  }
  return amount;
}

export function read<T>(schema: z.ZodMiniType<T>, answer: ApiAnswer): T {
  refuse(answer);
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) {
    throw new GatewayError("unknown", "Razorpay's answer is not of the documented form");
  }
  return parsed.data;
}

/** Its errors have no codes of their own: they are told by their words. */
export function says({ status, body }: ApiAnswer, words: string): boolean {
  const { data } = failure.safeParse(body);
  return (status === 400 || status === 404) && data?.error.description.includes(words) === true;
}

/**
 * The payments that count. A second one for the same link goes back at once, wholly; an authorisation that lapsed was
 * never money.
 */
export function countedOf(all: readonly Payment[]): readonly Payment[] {
  const captured = all.filter((one) => one.captured);
  const kept = captured.filter((one) => (one.amount_refunded ?? 0) < one.amount);
  return kept.length > 0 ? kept : captured.slice(0, 1);
}

/** @param given the refunds of the payments that count */
export function toObservation(
  seen: Link,
  all: readonly Payment[],
  given: readonly Refund[],
  mode: Observation["mode"],
): Observation {
  const status = toStatus(seen, all);
  const { id: reference, amount, currency } = seen;
  const said = { ...silence("unsaid", reference), status, amount, currency, mode };
  if (status !== "succeeded") {
    return said;
  }
  // Of a link that was over already, it may not count what came late.
  const amountCaptured = seen.amount_paid || add(countedOf(all));
  const back = add(given.filter((one) => one.status === "processed"));
  // A fee that the buyer bore may go back with it: no more than what was asked for counts.
  return { ...said, amountCaptured, amountRefunded: Math.min(back, amountCaptured) };
}

function toStatus({ status }: Link, all: readonly Payment[]): ObservedStatus {
  if (all.some((one) => one.captured)) {
    return "succeeded";
  }
  // The buyer has paid, and the account's settings capture it, or let it go.
  const isHeld = all.some((one) => one.status === "authorized");
  switch (status) {
    case "created":
      return isHeld ? "processing" : "pending";
    case "partially_paid":
    case "paid":
      return "succeeded";
    case "cancelled":
      return isHeld ? "processing" : "canceled";
    case "expired":
      return isHeld ? "processing" : "expired";
    default:
      return "unsaid";
  }
}

const ENDS = new Map<string, "succeeded" | "failed">([
  ["processed", "succeeded"],
  ["failed", "failed"],
]);

export function toRefund({ id, status }: Refund): RefundObservation {
  return { status: ENDS.get(status) ?? "pending", reference: id, failureCode: null };
}

function add(all: readonly { readonly amount: number }[]): number {
  return all.reduce((total, one) => total + one.amount, 0);
}
