/** The console's words for what the house calls by codes. Whole records: a word that is missing is a type error. */
import type { ActionName } from "../operations/read-payment.ts";
import type { Ending } from "../operations/statistics.ts";
import type { EventType, Source } from "../transactions/event.ts";
import type { ObservedStatus } from "../transactions/observation.ts";
import type { IgnoreReason } from "../transactions/outcome.ts";
import type { Dispute, Mode, ReviewReason, Status } from "../transactions/transaction.ts";
import type { DeliveryRow, Entry, WebhookRow } from "./views.ts";

export const STATUS_WORDS: Readonly<Record<Status, string>> = {
  pending: "Pending",
  processing: "Processing",
  authorized: "Authorized",
  succeeded: "Paid",
  failed: "Failed",
  canceled: "Canceled",
  expired: "Expired",
  review: "In review",
};

export const ENDING_WORDS: Readonly<Record<Ending, string>> = {
  succeeded: STATUS_WORDS.succeeded,
  failed: STATUS_WORDS.failed,
  canceled: STATUS_WORDS.canceled,
  expired: STATUS_WORDS.expired,
  review: STATUS_WORDS.review,
};

export const EVENT_WORDS: Readonly<Record<EventType, string>> = {
  "transaction.created": "Created",
  "transaction.referenced": "The gateway’s reference became known",
  "transaction.processing": "On its way",
  "transaction.authorized": "Authorized: the money is held",
  "transaction.succeeded": "Paid",
  "transaction.failed": "Failed",
  "transaction.canceled": "Canceled",
  "transaction.expired": "Expired",
  "transaction.review": "Put into review",
  "transaction.refunded": "Refunded",
  "transaction.disputed": "Disputed",
};

/** After "by": which side the news came from. */
export const SOURCE_WORDS: Readonly<Record<Source, string>> = {
  shop: "the shop",
  webhook: "a webhook",
  buyer: "the buyer’s return",
  cron: "the cron",
  operator: "an operator",
};

export const REVIEW_WORDS: Readonly<Record<ReviewReason, string>> = {
  wrong_amount: "Another amount was paid",
  wrong_currency: "Another currency was paid",
  wrong_mode: "Test money for a live payment, or the other way round",
  duplicate_payment: "The order is paid already",
  late_payment: "The money came after the end",
  gateway_silent: "The gateway does not answer",
  refund_failed: "A refund failed",
};

export const IGNORE_WORDS: Readonly<Record<IgnoreReason | "wrong_gateway" | "archived", string>> = {
  unchanged: "It says nothing new",
  stale: "Something newer is known",
  in_review: "A person decides first",
  mismatch: "It does not fit the payment",
  missing: "The gateway knows no such payment",
  unsaid: "It says nothing of the payment’s state",
  silent: "The gateway did not answer",
  already_open: "The payment page is open already",
  refund_exceeds_capture: "More would go back than came",
  second_payment: "The page was paid twice: give one back at the gateway",
  not_in_review: "It is not in review",
  order_paid: "Another payment of the order is kept",
  not_settled: "The money is not there",
  cannot_refund: "The gateway cannot refund by its API",
  archived: "Its payment is archived: a person has to look",
  wrong_gateway: "The payment is at another gateway",
};

export const DISPUTE_WORDS: Readonly<Record<Dispute, string>> = {
  open: "Dispute open",
  won: "Dispute won",
  lost: "Dispute lost",
};

export const MODE_WORDS: Readonly<Record<Mode, string>> = { live: "Live", test: "Test" };

export const WEBHOOK_WORDS: Readonly<Record<WebhookRow["outcome"], string>> = {
  applied: "Applied",
  ignored: "Ignored",
  parked: "Parked",
};

export const DELIVERY_WORDS: Readonly<Record<DeliveryRow["status"], string>> = {
  owed: "Owed",
  delivered: "Delivered",
  dead: "Dead",
  unsent: "Not sent",
};

export const REFUND_WORDS: Readonly<Record<Extract<Entry, { kind: "refund" }>["status"], string>> = {
  pending: "Pending",
  succeeded: "Succeeded",
  failed: "Failed",
};

/** What can be done with a payment, as the button says it. */
export const ACTION_WORDS: Readonly<Record<ActionName, string>> = {
  check: "Ask the gateway now",
  cancel: "Cancel",
  capture: "Capture",
  refund: "Refund",
  accept: "Accept",
  reject: "Reject",
};

/** Known methods of the gateway interface. */
const CALL_WORDS: Readonly<Record<string, string>> = {
  create: "Opened a payment page",
  retrieve: "Asked how it stands",
  expire: "Closed the payment page",
  complete: "Took the approved payment",
  capture: "Captured held money",
  refund: "Sent a refund",
};

const FAILURE_WORDS: Readonly<Record<string, string>> = {
  payment_failed: "Payment failed",
  gateway_rejected: "The gateway refused to open it",
  gateway_unavailable: "The gateway could not be reached",
};

/** What a gateway says of a payment. */
const OBSERVED_WORDS: Readonly<Record<ObservedStatus, string>> = {
  pending: STATUS_WORDS.pending,
  approved: "Approved by the buyer",
  processing: STATUS_WORDS.processing,
  authorized: STATUS_WORDS.authorized,
  succeeded: STATUS_WORDS.succeeded,
  failed: STATUS_WORDS.failed,
  canceled: STATUS_WORDS.canceled,
  expired: STATUS_WORDS.expired,
  missing: "Never heard of it",
  unsaid: "Nothing of its state",
};

/** How a call to a gateway can fail. */
const FAULT_WORDS: Readonly<Record<string, string>> = {
  rejected: "Refused",
  unavailable: "Not reachable",
  unknown: "No answer",
  malformed: "Nonsense",
  unverified: "Signature wrong",
  error: "Our own fault",
};

const DEED_WORDS: Readonly<Record<string, string>> = {
  check: "Asked the gateway",
  cancel: "Canceled a payment",
  capture: "Captured held money",
  refund: "Refunded",
  accept: "Accepted a payment",
  reject: "Rejected a payment",
  export: "Exported payments",
  resend: "Sent an event again",
  replay_deliveries: "Sent dead events again",
  replay_webhook: "Replayed a webhook",
  replay_webhooks: "Replayed webhooks",
  test_gateway: "Tested a gateway",
};

/** A code that nobody has words for, as it is: `card_declined` is "Card declined". */
export function humanize(code: string): string {
  const text = code.replaceAll("_", " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function wordsOfCall(call: string): string {
  return lookUp(CALL_WORDS, call);
}

export function wordsOfFailure(code: string): string {
  return lookUp(FAILURE_WORDS, code);
}

/** Why a webhook changed nothing, a person must decide, or a payment failed. */
export function wordsOfReason(reason: string): string {
  return lookUp({ ...FAILURE_WORDS, ...IGNORE_WORDS, ...REVIEW_WORDS }, reason);
}

/** What an operator did, in the record. */
export function wordsOfDeed(action: string): string {
  return lookUp(DEED_WORDS, action);
}

/** What a gateway says of a payment, in our words or its own. */
export function wordsOfState(state: string): string {
  return lookUp(OBSERVED_WORDS, state);
}

/** What came of a call: what the gateway said, or how it failed. */
export function wordsOfAnswer(answer: string): string {
  return lookUp({ ...FAULT_WORDS, ...OBSERVED_WORDS }, answer);
}

function lookUp(words: Readonly<Record<string, string>>, code: string): string {
  return Object.hasOwn(words, code) ? (words[code] ?? code) : humanize(code);
}
