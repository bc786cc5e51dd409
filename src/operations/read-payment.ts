/** One transaction with everything that happened to it, in the order of time, and what a person can do with it now. */
import { type GatewayCall, readCalls } from "../gateways/journal.ts";
import type { Services } from "../services.ts";
import type { ArchivedPayment } from "../store/archive-record.ts";
import { readAttempts, statusOf } from "../store/deliveries.ts";
import type { InboxRow } from "../store/inbox.ts";
import type { Loaded } from "../store/rows.ts";
import { MAX_ENTRIES, type Timeline } from "../store/timeline.ts";
import type { EventType, Source } from "../transactions/event.ts";
import type { RefundStatus } from "../transactions/refund.ts";
import { isOpen, type Status } from "../transactions/transaction.ts";
import { findArchived } from "./find-transaction.ts";
import { eventId } from "./send-delivery.ts";

/** Times are epoch milliseconds, sums minor units. */
export type Entry =
  | {
      readonly kind: "event";
      readonly at: number;
      readonly version: number;
      readonly type: EventType;
      readonly source: Source;
      readonly statusBefore: Status;
      readonly status: Status;
      readonly reason: string | null;
      readonly actor: string | null;
      readonly note: string | null;
      readonly amountCaptured: number;
      readonly amountRefunded: number;
    }
  | ({ readonly kind: "call" } & GatewayCall)
  | ({ readonly kind: "webhook"; readonly at: number } & ReceivedWebhook)
  | {
      readonly kind: "delivery";
      readonly at: number;
      readonly eventId: string;
      readonly type: EventType;
      /** "unsent": there was nobody to tell. */
      readonly status: "owed" | "delivered" | "dead" | "unsent";
      readonly attempts: readonly Attempt[];
      readonly nextAttemptAt: number | null;
      readonly pushedMs: number | null;
    }
  | {
      readonly kind: "refund";
      readonly at: number;
      readonly id: string;
      readonly amount: number;
      readonly currency: string;
      readonly status: RefundStatus;
      readonly reason: string | null;
      readonly source: Source;
      readonly actor: string | null;
      readonly failureCode: string | null;
      readonly gatewayReference: string | null;
      readonly nextAttemptAt: number | null;
    }
  | {
      readonly kind: "action";
      readonly at: number;
      readonly action: string;
      readonly actor: string;
      readonly note: string | null;
      /** Null: nobody knows, for it died on its way. */
      readonly outcome: string | null;
    };

export interface Attempt {
  readonly at: number;
  readonly durationMs: number;
  readonly answer: string;
}

/** A webhook as a person looks at it. */
export interface ReceivedWebhook {
  readonly transactionId: string;
  readonly gateway: string;
  readonly eventId: string;
  readonly outcome: InboxRow["outcome"];
  readonly reason: string | null;
  readonly says: {
    readonly status: string;
    readonly amount: number | null;
    readonly currency: string | null;
  };
  readonly receivedAt: number;
  /** From when it happened at the gateway until it was here. */
  readonly lagMs: number | null;
  /** How far the gateway's clock was ahead of ours, the way included. */
  readonly skewMs: number | null;
  /** Which of the live secrets verified it: 1 is the first. */
  readonly secret: number | null;
  /** What it said, redacted. */
  readonly raw: string | null;
  /** What was read of it, as JSON. */
  readonly read: string;
}

export type ActionName = "check" | "cancel" | "capture" | "refund" | "accept" | "reject";

export interface Payment {
  readonly loaded: Loaded;
  /** Oldest first. */
  readonly entries: readonly Entry[];
  /** The last change of its status. */
  readonly lastMove: Extract<Entry, { kind: "event" }> | null;
  readonly actions: readonly ActionName[];
  /** What can be given back. */
  readonly rest: number;
  readonly siblings: Timeline["siblings"];
  /** It can only be read. */
  readonly isArchived: boolean;
}

/** @returns null when there is no such transaction */
export async function readPayment(services: Services, id: string): Promise<Payment | null> {
  const known = await services.store.readTimeline(id);
  const archived = known ? null : await findArchived(services, id);
  const timeline = known ?? (archived && toTimeline(archived));
  if (!timeline) {
    return null;
  }
  const { loaded, siblings } = timeline;
  const entries = toEntries(timeline).sort((one, other) => one.at - other.at);
  const moves = entries.filter((entry) => entry.kind === "event" && entry.status !== entry.statusBefore);
  const lastMove = moves.at(-1);
  return {
    ...{ loaded, entries, siblings, isArchived: archived !== null },
    rest: restOf(loaded),
    lastMove: lastMove?.kind === "event" ? lastMove : null,
    actions: archived ? [] : possibleActions(services, loaded),
  };
}

/** What is left to give back; what is under way may be counted at the gateway already. */
function restOf({ transaction, refunds }: Loaded): number {
  const { status, amountCaptured, amountRefunded } = transaction;
  return status === "succeeded" ? Math.max(0, amountCaptured - amountRefunded - refunds.pending) : 0;
}

/** What makes sense now; whether it still does when it is done, the operation itself decides. */
export function possibleActions({ gateways }: Services, loaded: Loaded): ActionName[] {
  const { status } = loaded.transaction;
  const gateway = gateways.get(loaded.transaction.gateway);
  const isPossible: Readonly<Record<ActionName, boolean>> = {
    accept: status === "review",
    reject: status === "review",
    capture: status === "authorized" && gateway?.capture !== undefined,
    refund: restOf(loaded) > 0 && gateway?.refund !== undefined,
    cancel: isOpen(status) && gateway !== undefined,
    check: gateway !== undefined,
  };
  return (Object.keys(isPossible) as ActionName[]).filter((name) => isPossible[name]);
}

export function toReceivedWebhook(row: InboxRow): ReceivedWebhook {
  const { transactionId, gateway, eventId: id, outcome, reason, receivedAt, secret, raw, observation } = row;
  const { status, amount, currency } = observation;
  return {
    ...{ transactionId, gateway, eventId: id, outcome, reason, receivedAt, secret, raw },
    says: { status, amount, currency },
    lagMs: row.occurredAt === null ? null : receivedAt - row.occurredAt,
    skewMs: row.signedAt === null ? null : row.signedAt - receivedAt,
    read: JSON.stringify(observation),
  };
}

/** The newest of each kind first, as D1 has them, but for what is told in the order of versions. */
function toTimeline(archived: ArchivedPayment): Timeline {
  const { loaded, calls, events, deliveries, webhooks, refunds, actions } = archived;
  return {
    ...{ loaded, calls, siblings: [], history: events.slice(-MAX_ENTRIES) },
    owed: deliveries.slice(-MAX_ENTRIES),
    webhooks: webhooks.slice(-MAX_ENTRIES).toReversed(),
    refunds: refunds.slice(-MAX_ENTRIES).toReversed(),
    actions: actions.slice(-MAX_ENTRIES).toReversed(),
  };
}

/** What stands first comes first where the times are the same: a deed, the call it made, the news, the change. */
function toEntries({ calls, history, webhooks, owed, refunds, actions }: Timeline): Entry[] {
  const changedAt = new Map(history.map(({ eventId: id, occurredAt }) => [id, occurredAt]));
  return [
    ...actions.map(({ createdAt: at, action, actor, note, outcome }) => ({
      ...{ kind: "action" as const, at, action, actor, note, outcome },
    })),
    ...refunds.map(
      ({ createdAt: at, transactionId: _, idempotencyKey: __, fingerprint: ___, ...refund }) => ({
        ...{ kind: "refund" as const, at },
        ...refund,
      }),
    ),
    ...readCalls(calls).map((call) => ({ kind: "call" as const, ...call })),
    ...webhooks.map((row) => ({
      kind: "webhook" as const,
      // Before the change that it brought, which was decided a moment before both were written.
      at: Math.min(row.receivedAt, changedAt.get(row.eventId) ?? row.receivedAt),
      ...toReceivedWebhook(row),
    })),
    ...history.map(({ occurredAt: at, transactionId: _, position: __, eventId: ___, ...event }) => ({
      ...{ kind: "event" as const, at },
      ...event,
    })),
    ...owed.map(toDeliveryEntry),
  ];
}

function toDeliveryEntry(row: Timeline["owed"][number]): Entry {
  const { createdAt, type, nextAttemptAt, pushedMs } = row;
  return {
    ...{ kind: "delivery", at: createdAt, eventId: eventId(row), type, nextAttemptAt, pushedMs },
    status: statusOf(row),
    attempts: readAttempts(row.log),
  };
}
