/** PayPal's orders: how one is asked for, the forms of the answers, and what they mean in our normal form. */
import * as z from "zod/mini";
import type { Observation, ObservedStatus } from "../transactions/observation.ts";
import { type CreateRequest, GatewayError, isOurId, type RefundObservation } from "./gateway.ts";
import type { ApiAnswer } from "./http.ts";
import { readAnswer } from "./paypal-client.ts";
import { money, readMoney, toMoney } from "./paypal-money.ts";
import { utf8 } from "./signature.ts";

const paymentForm = z.lazy(() =>
  z.object({
    id: z.string().check(z.regex(/^[A-Z0-9]{1,36}$/)),
    status: z.string(),
    amount: money,
    custom_id: z.optional(z.string()),
    status_details: z.catch(z.optional(z.object({ reason: z.string() })), undefined),
  }),
);
type Payment = z.output<typeof paymentForm>;

const payments = z.lazy(() =>
  z.object({
    authorizations: z._default(z.array(paymentForm), []),
    captures: z._default(z.array(paymentForm), []),
    refunds: z._default(z.array(paymentForm), []),
  }),
);
type Payments = z.output<typeof payments>;

const unit = z.lazy(() =>
  z.object({
    custom_id: z.optional(z.string()),
    amount: money,
    payments: z.prefault(payments, {}),
  }),
);

export const orderForm = z.lazy(() =>
  z.object({
    id: z.string().check(z.regex(/^[A-Z0-9]{1,36}$/)),
    status: z.string(),
    intent: z.string(),
    // Ours have one; others' may have more.
    purchase_units: z.tuple([unit], unit),
    links: z._default(z.array(z.object({ rel: z.string(), href: z.string() })), []),
  }),
);
export type Order = z.output<typeof orderForm>;

/** It names a transaction; which order is that transaction's own, its reference tells. */
export function isOurs({ purchase_units: [{ custom_id }] }: Order): boolean {
  return isOurId(custom_id);
}

/** @throws GatewayError for an order of another transaction */
export function ownedBy(transactionId: string, found: Order): Order {
  if (found.purchase_units[0].custom_id !== transactionId) {
    throw new GatewayError("unknown", "the gateway's answer is about another transaction");
  }
  return found;
}

/** Bytes: what is longer PayPal refuses. */
const MAX_DESCRIPTION = 127;

/** No character is cut in two. */
function shorten(description: string): string {
  return new TextDecoder().decode(utf8(description).subarray(0, MAX_DESCRIPTION), { stream: true });
}

export function toOrderRequest({ transactionId, amount, currency, ...request }: CreateRequest) {
  const { description, returnUrl, cancelUrl, capture } = request;
  return {
    intent: capture === "manual" ? "AUTHORIZE" : "CAPTURE",
    purchase_units: [
      {
        custom_id: transactionId,
        amount: toMoney(amount, currency),
        ...(description === null ? {} : { description: shorten(description) }),
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

export function toObservation(order: Order, mode: Observation["mode"]): Observation {
  const [{ amount, payments: made }] = order.purchase_units;
  const { currency_code: currency } = amount;
  const sum = (list: readonly Payment[]) =>
    list.reduce((total, one) => total + readMoney(one.amount, currency), 0);
  const status = toStatus(order);
  const succeeded = status === "succeeded";
  return {
    status,
    reference: order.id,
    amount: readMoney(amount, currency),
    currency,
    amountCaptured: succeeded ? sum(made.captures.filter(isTaken)) : null,
    amountRefunded: succeeded ? toRefunded(made, sum) : 0,
    failureCode:
      status === "failed" ? toFailureCode([...made.authorizations, ...made.captures].at(-1)) : null,
    dispute: null,
    mode,
  };
}

/** What PayPal itself took back shows at the capture alone; so may what is only on its way back. */
function toRefunded({ captures, refunds }: Payments, sum: (list: readonly Payment[]) => number): number {
  const given = sum(refunds.filter(({ status }) => status === "COMPLETED"));
  const isUnderWay = refunds.some(({ status }) => status === "PENDING");
  return isUnderWay ? given : Math.max(given, sum(captures.filter(({ status }) => status === "REFUNDED")));
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
