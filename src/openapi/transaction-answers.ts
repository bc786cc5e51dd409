/** Answers about transactions and their refunds, as `operations/views.ts` and the routes make them. */
import * as z from "zod";
import {
  choice,
  currency,
  EVENT_MEANINGS,
  late,
  REVIEW_REASON_MEANINGS,
  SOURCE_MEANINGS,
  STATUS_MEANINGS,
  said,
  status,
  sum,
  time,
  transactionId,
  version,
  word,
} from "./words.ts";

const paymentUrl = said(
  "Where the buyer pays, at the gateway. Null once the status is not `pending`, or past `expires_at`.",
  "https://pay.example.com/sandbox/pay/txn_01kagt7mq3f6yvbz0c4x2n8e5d",
).nullable();
const returnUrl = said(
  "Where the buyer goes in the end: a page of yours, or your app.",
  "https://shop.example/thanks",
).nullable();
const expiresAt = time("Until when it can be paid.");

/** In events too: what opens a transaction is not among it. */
export const transactionData = z.object({
  id: transactionId,
  order_id: said("Your own name of what is being paid.", "order-1234"),
  status,
  version,
  amount: sum("What is to be collected."),
  currency,
  amount_captured: sum("What was collected."),
  amount_refunded: sum("What went back to the buyer. A refund is an amount, not a status.", 0),
  gateway: said("The gateway's name here.", "sandbox", "stripe"),
  gateway_reference: said("The gateway's own id of the session or payment.", "sess_1").nullable(),
  return_url: returnUrl,
  description: said("What the buyer is told that this is for.", "Two mugs").nullable(),
  failure: z
    .object({
      code: said("In snake case; the gateway's own code where it gives one.", "card_declined"),
      message: said(
        "For your people, in our words: a gateway's message never travels.",
        "The gateway said that the payment failed.",
      ),
    })
    .nullable()
    .meta({ description: "Why it failed. Null where it has not." }),
  late,
  review_reason: choice("What a person has to decide about.", REVIEW_REASON_MEANINGS).nullable(),
  dispute: word("A chargeback, as it stands. Absent where there never was one.", [
    "open",
    "won",
    "lost",
  ]).optional(),
  metadata: z
    .record(z.string(), z.string())
    .meta({ description: "What you gave it along.", examples: [{ cart: "42" }] }),
  created_at: time("When it was asked for."),
  updated_at: time("When this version came to be."),
  expires_at: expiresAt,
});

export const transaction = transactionData
  .extend({
    payment_url: paymentUrl,
    status_url: said(
      "A page of ours that tells the buyer how the payment stands. Holds the secret: give it to this buyer alone.",
      "https://pay.example.com/status/txn_01kagt7mq3f6yvbz0c4x2n8e5d?client_secret=secret",
    ),
    socket_url: said(
      "The status socket, for the client library or your own.",
      "wss://pay.example.com/transactions/txn_01kagt7mq3f6yvbz0c4x2n8e5d/socket",
    ),
    client_secret: said(
      "Shows this one transaction's public view, and nothing else. For the buyer's browser or app; the same on each replay.",
      "txn_01kagt7mq3f6yvbz0c4x2n8e5d_secret",
    ),
  })
  .meta({
    description:
      "A transaction as the shop sees it: one attempt to collect one amount for one order through one gateway.",
  });

export const buyerTransaction = z
  .object({
    id: transactionId,
    status,
    version,
    final: z.boolean().meta({
      description: "True for `succeeded`, `failed`, `canceled` and `expired`. Such a state may still change.",
    }),
    amount: sum("What is to be collected."),
    currency,
    payment_url: paymentUrl,
    return_url: returnUrl,
    late,
    expires_at: expiresAt,
  })
  .meta({ description: "A transaction as the buyer's browser sees it, with its client secret." });

export const refund = z
  .object({
    id: said("The refund's id, and its idempotency key at the gateway.", "rfd_01kagt9x0mf2ta3v6s8w4r1q7p"),
    transaction_id: transactionId,
    amount: sum("What goes back.", 500),
    currency,
    status: choice("How far it is.", {
      pending: "asked for; the gateway has not ended it. It is repeated under the same id until it is",
      succeeded: "the money is on its way to the buyer; it counts in `amount_refunded`",
      failed: "refused; it takes nothing of the rest",
    }),
    reason: said("Why, in your words, or the policy's.", "One mug was broken").nullable(),
    failure: z
      .object({ code: said("In snake case.", "gateway_rejected") })
      .nullable()
      .meta({ description: "Why it failed. Null where it has not." }),
    gateway_reference: said("The gateway's own id of it.").nullable(),
    created_at: time("When it was asked for."),
    updated_at: time("When it was last heard of."),
  })
  .meta({ description: "Money on its way back to the buyer." });

export const historyEvent = z
  .object({
    type: choice("What happened.", EVENT_MEANINGS),
    version,
    status: word("The status from then on.", words(STATUS_MEANINGS)),
    previous_status: word("The status before. Null for the first.", words(STATUS_MEANINGS)).nullable(),
    source: choice("Which side it came from.", SOURCE_MEANINGS),
    reason: said("A failure's code, or the reason of a review.", "card_declined").nullable(),
    by: said("Who decided, where a person did.", "ada").nullable(),
    note: said("Why they did.").nullable(),
    amount_captured: sum("As it was from then on."),
    amount_refunded: sum("As it was from then on.", 0),
    occurred_at: time("When it was written down."),
  })
  .meta({ description: "A fact in a transaction's history: one for each version." });

function words<K extends string>(meanings: Readonly<Record<K, string>>): K[] {
  return Object.keys(meanings) as K[];
}
