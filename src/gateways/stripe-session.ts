/** Stripe's objects, as far as they are read, and what they mean here. https://docs.stripe.com/api/checkout/sessions/object */
import * as z from "zod/mini";
import type { Observation, ObservedStatus } from "../transactions/observation.ts";
import { type CreateRequest, GatewayError, isOurId, type RefundObservation } from "./gateway.ts";
import { readAmount, writeAmount } from "./stripe-amount.ts";
import { id } from "./stripe-api.ts";

/** What has to be expanded of a session for `sessionForm`. */
export const PAYMENT = "payment_intent.latest_charge.refunds";
const MAX_NAME = 250;
const LOCALES = new Set(
  (
    "bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro " +
    "ru sk sl sv th tr vi zh zh-HK zh-TW"
  ).split(" "),
);

const amount = z.int().check(z.nonnegative());
const currency = z.string().check(z.regex(/^[a-z]{3}$/));
const code = z.catch(z.nullish(z.string().check(z.regex(/^[a-z0-9_]{1,64}$/))), null);
export const metadata = z.catch(z.nullish(z.record(z.string(), z.string())), null);
/** A word that is not documented is none of these, and no error. */
const oneOf = <const T extends readonly string[]>(words: T) =>
  z.union([
    z.enum(words),
    z.pipe(
      z.string(),
      z.transform(() => "undocumented" as const),
    ),
  ]);

const refundStatus = oneOf(["pending", "requires_action", "succeeded", "failed", "canceled"]);
export const refundForm = z.lazy(() =>
  z.object({
    ...{ id, amount, currency, metadata, status: refundStatus, failure_reason: code },
  }),
);
type Refund = z.output<typeof refundForm>;

const chargeForm = z.lazy(() =>
  z.object({
    ...{ amount_refunded: amount, disputed: z.boolean() },
    refunds: z.object({ data: z.array(z.object({ amount, status: refundStatus })), has_more: z.boolean() }),
  }),
);
export const intentForm = z.lazy(() =>
  z.object({
    ...{ id, amount_received: amount, latest_charge: z.nullable(chargeForm) },
    last_payment_error: z.nullish(z.object({ code, decline_code: code })),
    status: oneOf([
      ...(["requires_payment_method", "requires_confirmation", "requires_action", "processing"] as const),
      ...(["requires_capture", "succeeded", "canceled"] as const),
    ]),
  }),
);
type Intent = z.output<typeof intentForm>;
export const sessionForm = z.object({
  ...{ object: z.literal("checkout.session"), id, metadata, client_reference_id: z.string() },
  ...{ amount_total: amount, currency, livemode: z.boolean(), payment_intent: z.nullable(intentForm) },
  status: oneOf(["open", "complete", "expired"]),
  payment_status: oneOf(["paid", "unpaid", "no_payment_required"]),
});
export type Session = z.output<typeof sessionForm>;
export const disputeForm = z.lazy(() =>
  z.object({
    status: oneOf([
      ...(["warning_needs_response", "warning_under_review", "warning_closed", "needs_response"] as const),
      ...(["under_review", "appeal_needs_response", "appeal_under_review"] as const),
      ...(["won", "lost", "prevented"] as const),
    ]),
  }),
);

export function toSessionForm(request: CreateRequest): URLSearchParams {
  const { transactionId, orderId, currency, customer } = request;
  const [language = "", region = ""] = customer?.locale?.split(/[-_]/) ?? [];
  const tags = [`${language.toLowerCase()}-${region.toUpperCase()}`, language.toLowerCase()];
  const locale = tags.find((tag) => LOCALES.has(tag));
  const form: Record<string, string> = {
    mode: "payment",
    client_reference_id: transactionId,
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": currency.toLowerCase(),
    "line_items[0][price_data][unit_amount]": `${writeAmount(request.amount, currency)}`,
    "line_items[0][price_data][product_data][name]": (request.description ?? orderId).slice(0, MAX_NAME),
    success_url: request.returnUrl,
    cancel_url: request.cancelUrl,
    expires_at: `${Math.floor(request.expiresAt / 1000)}`,
    // The buyer pays what was asked, in the currency that was asked for.
    "adaptive_pricing[enabled]": "false",
    "metadata[transaction_id]": transactionId,
    "metadata[order_id]": orderId,
    "payment_intent_data[metadata][transaction_id]": transactionId,
    "payment_intent_data[metadata][order_id]": orderId,
    "expand[0]": PAYMENT,
    ...(request.capture === "manual"
      ? { "payment_intent_data[capture_method]": "manual", "metadata[capture]": "manual" }
      : {}),
    ...(customer?.email === undefined ? {} : { customer_email: customer.email }),
    ...(locale === undefined ? {} : { locale }),
  };
  return new URLSearchParams(form);
}

const ownedForm = z.looseObject({ metadata });

/** Our id, of an object that we have made. A session says it twice. */
export function ownerOf(object: unknown): string | null {
  const { data } = ownedForm.safeParse(object);
  const owner = data?.metadata?.transaction_id ?? "";
  const isWhole = data?.object !== "checkout.session" || data.client_reference_id === owner;
  return isWhole && isOurId(owner) ? owner : null;
}

/** @throws GatewayError for a session of another transaction */
export function ownedBy<T extends Session>(transactionId: string, seen: T): T {
  if (ownerOf(seen) !== transactionId) {
    throw new GatewayError("unknown", "Stripe's answer is about another transaction");
  }
  return seen;
}

/** What the payment says once the page is complete. */
const OF_INTENT = {
  requires_payment_method: "failed",
  // A voucher or a transfer that the buyer has yet to make.
  requires_action: "processing",
  requires_confirmation: "processing",
  processing: "processing",
  requires_capture: "authorized",
  succeeded: "succeeded",
  canceled: "canceled",
  undocumented: "unsaid",
} as const satisfies Record<Intent["status"], ObservedStatus>;

const OF_PAGE = { open: "pending", expired: "expired", undocumented: "unsaid" } as const;

const OF_PAYMENT_STATUS = {
  paid: "succeeded",
  no_payment_required: "succeeded",
  unpaid: "processing",
  undocumented: "unsaid",
} as const satisfies Record<Session["payment_status"], ObservedStatus>;

function toStatus({ status, payment_status, payment_intent: intent }: Session): ObservedStatus {
  switch (intent?.status) {
    // Money, or a word that may mean money: whatever has become of the page.
    case "succeeded":
    case "requires_capture":
    case "processing":
    case "undocumented":
      return OF_INTENT[intent.status];
    case "requires_payment_method":
    case "requires_confirmation":
    case "requires_action":
    case "canceled":
      return status === "complete" ? OF_INTENT[intent.status] : OF_PAGE[status];
    case undefined:
      return status === "complete" ? OF_PAYMENT_STATUS[payment_status] : OF_PAGE[status];
  }
}

export function toObservation(seen: Session, dispute: Observation["dispute"] = null): Observation {
  const of = seen.currency.toUpperCase();
  const status = toStatus(seen);
  const { payment_intent: intent } = seen;
  const isTaken = status === "succeeded" && intent !== null;
  const error = status === "failed" ? intent?.last_payment_error : null;
  return {
    status,
    reference: seen.id,
    amount: readAmount(seen.amount_total, of),
    currency: of,
    // A sum that cannot be said must not pass for the whole.
    amountCaptured: isTaken ? (readAmount(intent.amount_received, of) ?? 0) : null,
    amountRefunded: readAmount(refundedOf(intent), of) ?? 0,
    failureCode: error?.decline_code ?? error?.code ?? null,
    dispute,
    mode: seen.livemode ? "live" : "test",
  };
}

/** The charge's own sum counts refunds that are still on their way; it is all there is where there are more than a list holds. */
function refundedOf(intent: Intent | null): number {
  const { refunds, amount_refunded: begun = 0 } = intent?.latest_charge ?? {};
  return !refunds || refunds.has_more
    ? begun
    : refunds.data.reduce((sum, each) => sum + (each.status === "succeeded" ? each.amount : 0), 0);
}

const REFUND_STATUS = {
  pending: "pending",
  requires_action: "pending",
  succeeded: "succeeded",
  failed: "failed",
  canceled: "failed",
  // Asked again later.
  undocumented: "pending",
} as const satisfies Record<Refund["status"], RefundObservation["status"]>;

export function toRefund({ id: reference, status, failure_reason }: Refund): RefundObservation {
  const isOver = REFUND_STATUS[status] === "failed";
  const failureCode = isOver ? (failure_reason ?? `refund_${status}`) : null;
  return { status: REFUND_STATUS[status], reference, failureCode };
}

/** An inquiry that ended took no money; one that was prevented was settled by a refund, which is told as such. */
export const DISPUTE_STATUS = {
  warning_needs_response: "open",
  warning_under_review: "open",
  needs_response: "open",
  under_review: "open",
  appeal_needs_response: "open",
  appeal_under_review: "open",
  warning_closed: "won",
  prevented: "won",
  won: "won",
  lost: "lost",
  undocumented: null,
} as const satisfies Record<z.output<typeof disputeForm>["status"], Observation["dispute"]>;
