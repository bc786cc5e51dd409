/** PayPal's orders: how one is asked for, the forms of the answers, sums, and what they mean in our normal form. */
import * as z from "zod";
import { fromDecimal, isCurrency, toDecimal } from "../transactions/money.ts";
import type { Observation, ObservedStatus } from "../transactions/observation.ts";
import { type CreateRequest, GatewayError, type RefundObservation } from "./gateway.ts";
import type { ApiAnswer } from "./http.ts";
import { readAnswer } from "./paypal-client.ts";

const money = z.object({ currency_code: z.string(), value: z.string() });
type Money = z.output<typeof money>;

const paymentForm = z.object({
  id: z.string().regex(/^[A-Z0-9]{1,36}$/),
  status: z.string(),
  amount: money,
  custom_id: z.string().optional(),
  status_details: z.object({ reason: z.string() }).optional().catch(undefined),
});
type Payment = z.output<typeof paymentForm>;

const payments = z.object({
  authorizations: z.array(paymentForm).default([]),
  captures: z.array(paymentForm).default([]),
  refunds: z.array(paymentForm).default([]),
});
type Payments = z.output<typeof payments>;

const unit = z.object({
  custom_id: z.string().optional(),
  amount: money,
  payments: payments.prefault({}),
});

export const orderForm = z.object({
  id: z.string().regex(/^[A-Z0-9]{1,36}$/),
  status: z.string(),
  intent: z.string(),
  update_time: z.string().default(""),
  // Ours have one; others' may have more.
  purchase_units: z.tuple([unit], unit),
  links: z.array(z.object({ rel: z.string(), href: z.string() })).default([]),
});
export type Order = z.output<typeof orderForm>;

/** https://developer.paypal.com/api/rest/reference/currency-codes/ */
const CURRENCIES =
  "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD";
/** Two digits by ISO 4217, none at PayPal. */
const WHOLE = new Set(["HUF", "TWD"]);

/** @throws GatewayError "rejected" for a sum that PayPal cannot collect */
export function writePayPalAmount(amount: number, currency: string): string {
  if (!CURRENCIES.split(" ").includes(currency)) {
    throw new GatewayError("rejected", "PayPal does not take this currency");
  }
  if (WHOLE.has(currency) && amount % 100 !== 0) {
    throw new GatewayError("rejected", "PayPal takes whole units of this currency");
  }
  return WHOLE.has(currency) ? String(amount / 100) : toDecimal(amount, currency);
}

export function toMoney(amount: number, currency: string): Money {
  return { currency_code: currency, value: writePayPalAmount(amount, currency) };
}

/** With more zeros behind the point than there need be, or fewer. @returns null for no sum of the currency */
export function readPayPalAmount(text: string, currency: string): number | null {
  const [, whole = "", fraction = ""] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (!isCurrency(currency)) {
    return null;
  }
  const [, zeros] = toDecimal(0, currency).split(".");
  const digits = fraction.replace(/0+$/, "");
  return fromDecimal(
    zeros || digits ? `${whole}.${digits.padEnd(zeros?.length ?? 0, "0")}` : whole,
    currency,
  );
}

/** @throws GatewayError for an order of another transaction */
export function ownedBy(transactionId: string, found: Order): Order {
  if (found.purchase_units[0].custom_id !== transactionId) {
    throw new GatewayError("unknown", "the gateway's answer is about another transaction");
  }
  return found;
}

/** PayPal cuts off the rest. */
const MAX_DESCRIPTION = 127;

export function toOrderRequest({ transactionId, amount, currency, ...request }: CreateRequest) {
  const { description, returnUrl, cancelUrl, capture } = request;
  return {
    intent: capture === "manual" ? "AUTHORIZE" : "CAPTURE",
    purchase_units: [
      {
        custom_id: transactionId,
        amount: toMoney(amount, currency),
        ...(description === null ? {} : { description: description.slice(0, MAX_DESCRIPTION) }),
      },
    ],
    payment_source: {
      paypal: {
        experience_context: {
          return_url: returnUrl,
          cancel_url: cancelUrl,
          user_action: "PAY_NOW",
          shipping_preference: "NO_SHIPPING",
        },
      },
    },
  };
}

/** @throws GatewayError for what is none, or not of this currency */
function read({ currency_code, value }: Money, currency: string): number {
  const amount = currency_code === currency ? readPayPalAmount(value, currency) : null;
  if (amount === null) {
    throw new GatewayError("unknown", "the gateway's answer holds a sum that cannot be read");
  }
  return amount;
}

export function toObservation(order: Order, mode: Observation["mode"]): Observation {
  const [{ amount, payments: made }] = order.purchase_units;
  const { currency_code: currency } = amount;
  const sum = (list: readonly Payment[]) =>
    list.reduce((total, one) => total + read(one.amount, currency), 0);
  const status = toStatus(order);
  const succeeded = status === "succeeded";
  return {
    status,
    reference: order.id,
    amount: read(amount, currency),
    currency,
    amountCaptured: succeeded ? sum(made.captures.filter(isTaken)) : null,
    amountRefunded: succeeded ? sum(refundsOf(made)) : 0,
    failureCode:
      status === "failed" ? toFailureCode([...made.authorizations, ...made.captures].at(-1)) : null,
    dispute: null,
    mode,
  };
}

/** What PayPal itself took back shows at the capture alone. */
function refundsOf({ captures, refunds }: Payments): readonly Payment[] {
  return refunds.length > 0
    ? refunds.filter(({ status }) => status === "COMPLETED")
    : captures.filter(({ status }) => status === "REFUNDED");
}

function toStatus({ status, purchase_units: [{ payments: made }] }: Order): ObservedStatus {
  switch (status) {
    case "CREATED":
    case "SAVED":
    case "PAYER_ACTION_REQUIRED":
      return "pending";
    case "APPROVED":
      return "approved";
    case "VOIDED":
      return "canceled";
    case "COMPLETED":
      return toFurthest(made);
    default:
      return "unsaid";
  }
}

const FURTHEST = ["succeeded", "unsaid", "processing", "authorized", "canceled", "failed"] as const;

/** A completed order has been captured or authorized, perhaps in several tries: the one that came furthest counts. */
function toFurthest({ captures, authorizations }: Payments): ObservedStatus {
  const said = new Set<ObservedStatus>([
    ...captures.map(toCaptureStatus),
    ...authorizations.map(toAuthorizationStatus),
  ]);
  return FURTHEST.find((status) => said.has(status)) ?? "unsaid";
}

export function isTaken(capture: Payment): boolean {
  return toCaptureStatus(capture) === "succeeded";
}

export function isHeld(authorization: Payment): boolean {
  return toAuthorizationStatus(authorization) === "authorized";
}

function toCaptureStatus({ status }: Payment): (typeof FURTHEST)[number] {
  switch (status) {
    case "COMPLETED":
    case "PARTIALLY_REFUNDED":
    case "REFUNDED":
      return "succeeded";
    case "PENDING":
      return "processing";
    case "DECLINED":
    case "FAILED":
      return "failed";
    default:
      return "unsaid";
  }
}

function toAuthorizationStatus({ status }: Payment): (typeof FURTHEST)[number] {
  switch (status) {
    case "CREATED":
      return "authorized";
    case "PENDING":
    // How far that came, its captures say.
    case "CAPTURED":
    case "PARTIALLY_CAPTURED":
      return "processing";
    case "DENIED":
      return "failed";
    case "VOIDED":
      return "canceled";
    default:
      return "unsaid";
  }
}

/** @throws GatewayError for a refusal, and for an answer that is about another refund */
export function readRefund(answer: ApiAnswer, refundId: string): RefundObservation {
  const refund = readAnswer(paymentForm, answer);
  if (refund.custom_id !== undefined && refund.custom_id !== refundId) {
    throw new GatewayError("unknown", "the gateway's answer is about another refund");
  }
  return toRefund(refund);
}

/** @throws GatewayError for a state that is not documented */
export function toRefund(refund: Payment): RefundObservation {
  const { id: reference, status } = refund;
  switch (status) {
    case "PENDING":
      return { status: "pending", reference, failureCode: null };
    case "COMPLETED":
      return { status: "succeeded", reference, failureCode: null };
    case "FAILED":
      return { status: "failed", reference, failureCode: toFailureCode(refund) };
    case "CANCELLED":
      return { status: "failed", reference, failureCode: "canceled" };
    default:
      throw new GatewayError("unknown", "the gateway's answer is not this refund's state");
  }
}

function toFailureCode(failed: Payment | undefined): string | null {
  const reason = failed?.status_details?.reason ?? "";
  return /^[A-Z0-9_]{1,64}$/.test(reason) ? reason.toLowerCase() : null;
}
