/** Small schemas that many answers are made of, and the words of closed lists with what each of them means. */
import * as z from "zod";
import type { EventType, Source } from "../transactions/event.ts";
import type { ReviewReason, Status } from "../transactions/transaction.ts";

/** One of a closed list; the description says what each word means. */
export function choice<K extends string>(what: string, meanings: Readonly<Record<K, string>>) {
  const words = Object.keys(meanings) as K[];
  const list = words.map((word) => `* \`${word}\`: ${meanings[word]}`).join("\n");
  return z.enum(words).meta({ description: `${what}\n\n${list}` });
}

/** As `choice`, where the words speak for themselves. */
export function word<K extends string>(what: string, words: readonly K[]) {
  return z.enum(words).meta({ description: what });
}

export const said = (description: string, ...examples: string[]) =>
  z.string().meta({ description, ...(examples.length > 0 ? { examples } : {}) });

export const time = (description: string) =>
  z.iso
    .datetime()
    .meta({ description: `${description} RFC 3339, UTC.`, examples: ["2026-11-22T10:15:00.000Z"] });

export const sum = (description: string, example = 1999) =>
  z
    .int()
    .min(0)
    .meta({ description: `${description} Minor units of \`currency\`.`, examples: [example] });

export const transactionId = z
  .string()
  .regex(/^txn_[0-9a-z]{26}$/)
  .meta({
    description: "A transaction's id: a TypeID, so that the order of ids is the order of creation.",
    examples: ["txn_01kagt7mq3f6yvbz0c4x2n8e5d"],
  });

export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .meta({ description: "ISO 4217, in upper case.", examples: ["USD"] });

export const version = z
  .int()
  .min(1)
  .meta({
    description:
      "Grows by one with each visible change; drop what is not newer than what you have. Also the `ETag`.",
    examples: [1],
  });

export const late = z.boolean().meta({
  description:
    "The money came after `expired` or `canceled`, or after `failed` and past `expires_at`. What becomes of it is the deployment's LATE_PAYMENT_POLICY.",
});

export const STATUS_MEANINGS: Readonly<Record<Status, string>> = {
  pending: "created; the buyer has not finished",
  processing: "the buyer has finished, the money is on its way",
  authorized: "the money is held; capture it or let it go",
  succeeded: "the money is yours: fulfil",
  failed: "this attempt is over and took no money",
  canceled: "the buyer or the shop called it off",
  expired: "time ran out, and the gateway confirms that nothing was paid",
  review: "money moved, but not as asked, or the gateway stays silent: a person decides, see `review_reason`",
};

export const status = choice(
  "How the payment stands. `failed`, `canceled` and `expired` can still become `succeeded`: gateways take money after they have said no.",
  STATUS_MEANINGS,
);

export const REVIEW_REASON_MEANINGS: Readonly<Record<ReviewReason, string>> = {
  wrong_amount: "another amount was paid, held or captured than was asked for",
  wrong_currency: "it was paid in another currency",
  wrong_mode: "play money for a live session, or the other way round",
  duplicate_payment: "the order is paid already",
  late_payment: "money after the end, where LATE_PAYMENT_POLICY is `review`",
  gateway_silent: "the gateway has not answered for a day past the expiry",
  refund_failed: "called off, but the gateway refused to give the money back",
};

/** What outgoing events are of: the others are in a transaction's history alone. */
export const OUTGOING_MEANINGS = {
  "transaction.processing": "the buyer has finished, the money is on its way",
  "transaction.authorized": "the money is held",
  "transaction.succeeded": "the money is yours: fulfil",
  "transaction.failed": "this attempt is over and took no money",
  "transaction.canceled": "it was called off",
  "transaction.expired": "time ran out, and nothing was paid",
  "transaction.review": "a person must decide",
  "transaction.refunded": "`amount_refunded` has changed",
  "transaction.disputed": "`dispute` has changed: a chargeback",
} as const satisfies Partial<Record<EventType, string>>;

export const EVENT_MEANINGS: Readonly<Record<EventType, string>> = {
  "transaction.created": "the gateway's session was opened",
  "transaction.referenced": "more of the gateway's own reference is known",
  ...OUTGOING_MEANINGS,
};

export const SOURCE_MEANINGS: Readonly<Record<Source, string>> = {
  shop: "a call of this API",
  webhook: "the gateway told",
  buyer: "the buyer came back, or looked",
  cron: "we asked the gateway",
  operator: "a person in the console",
};
