/** Answers about what went out to the shop and came in from gateways, and what the socket sends. */
import * as z from "zod";
import type { ObservedStatus } from "../transactions/observation.ts";
import { transactionData } from "./transaction-answers.ts";
import {
  choice,
  currency,
  late,
  OUTGOING_MEANINGS,
  said,
  status,
  sum,
  time,
  transactionId,
  version,
} from "./words.ts";

const eventId = z
  .string()
  .regex(/^evt_[0-9a-z]{26}_\d{1,15}$/)
  .meta({
    description: "The event's id: the `webhook-id` of all attempts to deliver it.",
    examples: ["evt_01kagt7mq3f6yvbz0c4x2n8e5d_42"],
  });
const eventType = choice("What has happened.", OUTGOING_MEANINGS);

/** What goes to FULFILMENT_URL, byte for byte the same over all attempts. */
export const outgoingEvent = z
  .object({
    type: eventType,
    timestamp: time("When it happened."),
    data: transactionData.meta({
      description:
        "The transaction at that version, without what opens it: no client secret and no addresses with one.",
    }),
  })
  .meta({ description: "What has happened to a transaction, and how it stood then." });

export const feedEvent = outgoingEvent
  .extend({ id: eventId })
  .meta({ description: "An outgoing event, with its id." });

export const delivery = z
  .object({
    id: eventId,
    transaction_id: transactionId,
    type: eventType,
    version,
    status: choice("What became of it.", {
      owed: "it will be sent, at `next_attempt_at` at the earliest",
      delivered: "the shop took it",
      dead: "given up, until it is replayed",
      unsent: "there was nobody to tell: neither FULFILMENT_URL nor the binding FULFILMENT is set",
    }),
    attempts: z
      .int()
      .min(0)
      .meta({ description: "The failed attempts since it was last owed afresh.", examples: [0] }),
    next_attempt_at: time("When it is tried next.").nullable(),
    delivered_at: time("When the shop took it.").nullable(),
    last_error: said("Why the last attempt failed, without the shop's words.", "HTTP 500").nullable(),
    created_at: time("When the event was written down."),
  })
  .meta({ description: "One event owed to the shop." });

/** What a gateway's word for a state comes to. */
const OBSERVED_MEANINGS: Readonly<Record<ObservedStatus, string>> = {
  pending: "the buyer has not finished",
  approved: "the buyer has agreed, and the gateway waits to be told to take the money",
  processing: "the money is on its way",
  authorized: "the money is held",
  succeeded: "the money is there",
  failed: "no money was taken",
  canceled: "it was called off",
  expired: "time ran out",
  missing: "the gateway has never heard of it",
  unsaid: "nothing of the payment's state: news of a refund or a dispute alone",
};

const INBOX_MEANINGS = {
  applied: "it changed the transaction",
  ignored: "it changed nothing: `reason` says why",
  parked: "it waits for its transaction",
} as const;

const inboxId = said("Its place in the inbox, for a replay.", "WyJ0eG5fMDEiLCJnZW5lcmljIiwiZXZ0XzEiXQ");

export const inboxEntry = z
  .object({
    id: inboxId,
    gateway: said("The gateway's name here.", "generic"),
    event_id: said("The gateway's own id of the event: what tells a duplicate.", "evt_1"),
    transaction_id: said(
      "Whose it is; while that is not known, the gateway's name and its own id of the payment.",
      "txn_01kagt7mq3f6yvbz0c4x2n8e5d",
    ),
    outcome: choice("What became of it.", INBOX_MEANINGS),
    reason: said(
      "Why it was ignored; `archived`: it is parked, for its payment is of years ago and can only be read.",
      "stale",
    ).nullable(),
    says: z
      .object({
        status: choice("The state.", OBSERVED_MEANINGS),
        amount: sum("Null where it did not say.").nullable(),
        currency: said("ISO 4217. Null where it did not say.", "USD").nullable(),
      })
      .meta({ description: "What the gateway said." }),
    received_at: time("When it came in."),
  })
  .meta({ description: "A verified webhook." });

const OUTCOME_MEANINGS = {
  applied: "it changed the transaction",
  duplicate: "it was dealt with before",
  ignored: "it changes nothing",
  parked: "it waits for its transaction",
} as const;

export const webhookOutcome = z
  .object({ outcome: choice("What became of it, once that is committed.", OUTCOME_MEANINGS) })
  .meta({ description: "The receipt of a webhook." });

export const replayedWebhook = z
  .object({ id: inboxId, outcome: choice("What became of it.", OUTCOME_MEANINGS) })
  .meta({ description: "A webhook that was applied once more." });

const count = (description: string) =>
  z
    .int()
    .min(0)
    .meta({ description, examples: [3] });

export const replayedWebhooks = z
  .object({
    replayed: count("How many were applied once more."),
    applied: count("How many of them changed something."),
    next_cursor: said("Where to go on. Null: that was all.").nullable(),
  })
  .meta({ description: "Webhooks that were applied once more." });

export const owedEvent = z
  .object({ id: eventId, status: z.literal("owed").meta({ description: "It is being sent." }) })
  .meta({ description: "An event that is owed again." });

export const replayedDeliveries = z
  .object({ replayed: count("How many are owed again. The cron sends them.") })
  .meta({ description: "Dead letters that are owed again." });

export const statusUpdate = z
  .object({
    type: z.literal("payment_status_update"),
    transaction_id: transactionId,
    status,
    version,
    final: z.boolean().meta({ description: "Such a state may still change: the socket stays open." }),
    amount: sum("What is to be collected."),
    currency,
    late,
    occurred_at: time("When this version came to be."),
  })
  .meta({ description: "What the status socket sends: the present state first, then each change." });

export const syncRequest = z
  .strictObject({ type: z.literal("sync"), version: z.int().min(0).meta({ description: "What it has." }) })
  .meta({
    description:
      "What a browser may send: answered with the present state, if that is newer than this version.",
  });
