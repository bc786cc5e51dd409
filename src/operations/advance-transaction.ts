/**
 * The one door. Everything that changes a transaction, from any side, goes load → decide → commit → announce here.
 * The commit's primary keys are the locks: who loses loads and decides again.
 */
import { databaseOf } from "../lib/id.ts";
import type { Services } from "../services.ts";
import type { InboxEntry } from "../store/inbox.ts";
import type { RefundEnd, RefundRow } from "../store/refunds.ts";
import type { Loaded } from "../store/rows.ts";
import { type Decision, decide, type Input } from "../transactions/decide.ts";
import { type Event, isOutgoing } from "../transactions/event.ts";
import type { IgnoreReason } from "../transactions/outcome.ts";
import type { OwedRefund } from "../transactions/refund.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { announce } from "./announce.ts";
import { findArchived } from "./find-transaction.ts";
import { noteEvents } from "./note-events.ts";
import { OperationError } from "./operation-error.ts";
import { FIRST_LEASE_MS } from "./send-delivery.ts";
import { toEventData, toTimestamp } from "./views.ts";

const MAX_ATTEMPTS = 5;
/** A refund is leased for so long to whoever sends it, as long as the cron's leases: three calls to a slow gateway. */
export const REFUND_LEASE_MS = 50_000;

export interface Advanced {
  readonly outcome: "applied" | "duplicate" | "ignored" | "parked";
  /** Why it was ignored. */
  readonly reason: IgnoreReason | "wrong_gateway" | null;
  /** As it is now; null when there is none of that id. */
  readonly transaction: Transaction | null;
  /** Other transactions of an order that is paid by this: their pages are to be closed. */
  readonly siblings: readonly string[];
  /** The order was paid by another transaction while this one was being opened. */
  readonly orderPaid: boolean;
  /** There were refunds of it already that the gateway has not ended. */
  readonly refundsPending: boolean;
  /** The refund that is owed by this; whoever is waiting for it may send it at once. */
  readonly refundOwed: string | null;
}

/** What comes with a piece of news, and is settled in the same batch. */
export interface Attached {
  /** The webhook that brings it. */
  readonly entry?: InboxEntry;
  /** It is applied once more, whatever became of it before. */
  readonly again?: boolean;
  /** The refund whose end it is. */
  readonly refundEnd?: RefundEnd;
  /** When the webhook came in; epoch milliseconds. Absent where it was not now. */
  readonly arrivedAt?: number | null;
}

/**
 * Brings one piece of news to a transaction.
 * @param target its id, or what was read of it just now
 * @throws StoreError, or OperationError "contention" when others were first each time
 */
export async function advanceTransaction(
  services: Services,
  target: string | Loaded,
  input: Input,
  attached: Attached = {},
): Promise<Advanced> {
  let given = typeof target === "string" ? null : target;
  const id = typeof target === "string" ? target : target.transaction.id;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const news =
      given && !attached.entry
        ? { ...UNSEEN, loaded: given, refundEnd: attached.refundEnd }
        : await load(services, id, attached);
    const advanced = await tryAdvance(services, news, input, attached);
    if (advanced !== "conflict") {
      return advanced;
    }
    given = null;
  }
  throw new OperationError("contention", "Too many changes at once; try again.", { retryAfterSeconds: 1 });
}

interface News {
  readonly loaded: Loaded | null;
  /** This has been dealt with before. */
  readonly seen: boolean;
  /** This webhook is in the inbox already. */
  readonly stored: boolean;
  /** The refund that it is about, if that was begun here, as it was before. */
  readonly refund: RefundRow | null;
  /** The refund whose end it is, if that was begun here. */
  readonly refundEnd: RefundEnd | undefined;
}

async function load(
  { store }: Services,
  id: string,
  { entry, again = false, refundEnd }: Attached,
): Promise<News> {
  if (entry) {
    const { loaded, outcome } = await store.findForWebhook(id, entry);
    const told = entry.observation.refund;
    // A refund's end adds to a sum: unlike a state, it is never applied once more.
    const isBooked = outcome === "applied" && told !== undefined;
    const seen = outcome !== null && outcome !== "parked" && (!again || isBooked);
    const found = told?.id && !seen ? await store.findRefund(told.id) : null;
    const refund = found?.refund.transactionId === id ? found.refund : null;
    return {
      // As it was when the refund was read.
      loaded: found && refund ? found.loaded : loaded,
      stored: outcome !== null,
      seen,
      refund,
      refundEnd: refund ? endOf(entry, refund) : undefined,
    };
  }
  if (refundEnd) {
    const found = await store.findRefund(refundEnd.id);
    const seen = found?.refund.status !== "pending";
    return { ...UNSEEN, loaded: found?.loaded ?? null, seen, refundEnd };
  }
  return { ...UNSEEN, loaded: await store.find(id), refundEnd };
}

const UNSEEN = { seen: false, stored: false, refund: null } as const;

/** What the news makes of the refund; undefined: it has ended so before. */
function endOf({ observation }: InboxEntry, { id, status: before }: RefundRow): RefundEnd | undefined {
  if (!observation.refund || before === "failed" || before === observation.refund.status) {
    return undefined;
  }
  const { status, reference: gatewayReference, failureCode } = observation.refund;
  return { id, status, gatewayReference, failureCode, isUndone: before === "succeeded" };
}

async function tryAdvance(
  services: Services,
  news: News,
  input: Input,
  { entry, arrivedAt = null }: Attached,
): Promise<Advanced | "conflict"> {
  const { loaded, stored, refund, refundEnd } = news;
  if (news.seen) {
    return unchanged(loaded, "duplicate");
  }
  if (!loaded || (entry && loaded.transaction.version === 0)) {
    const kept = entry && !stored ? await park(services, entry, loaded) : "kept";
    return kept === "conflict" ? kept : unchanged(loaded, "parked");
  }
  const settled = { inbox: entry && { ...entry, stored }, refund, refundEnd, arrivedAt };
  return entry && entry.gateway !== loaded.transaction.gateway
    ? ignore(services, loaded, input, { ...settled, refundEnd: undefined }, "wrong_gateway")
    : applyPolicy(services, loaded, input, settled);
}

/** Its payment is to come; or it was here, years ago, and a person has to look. */
async function park(
  services: Services,
  entry: InboxEntry,
  loaded: Loaded | null,
): Promise<"conflict" | "kept"> {
  const archived = loaded ? null : await findArchived(services, entry.transactionId).catch(() => null);
  return services.store.park(entry, services.now(), archived && "archived");
}

/** What is settled together with a change, or with the finding that there is none. */
interface Settled {
  readonly inbox: (InboxEntry & { readonly stored: boolean }) | undefined;
  readonly refund: RefundRow | null;
  readonly refundEnd: RefundEnd | undefined;
  readonly arrivedAt: number | null;
}

async function applyPolicy(
  services: Services,
  loaded: Loaded,
  input: Input,
  settled: Settled,
): Promise<Advanced | "conflict"> {
  const { config, now, gateways } = services;
  const { transaction, orderPaid, refunds } = loaded;
  const canRefund = gateways.get(transaction.gateway)?.refund !== undefined;
  const { refund } = settled;
  const context = { now: now(), orderPaid, refunds, refund, canRefund, policy: config.policy };
  const decision = decide(transaction, input, context);
  switch (decision.kind) {
    case "ignore":
      return ignore(services, loaded, input, settled, decision.reason);
    case "touch":
      await touch(services, transaction, decision);
      return unchanged(loaded, "ignored");
    case "change":
      return commit(services, loaded, decision, settled);
  }
}

/** The clock moves, and what was asked of the gateway is kept with it. */
async function touch(
  { store, journal }: Services,
  transaction: Transaction,
  { nextCheckAt, silentSince }: Decision & { kind: "touch" },
): Promise<void> {
  await store.touch(transaction, nextCheckAt, silentSince, journal.linesOf(transaction.id));
  journal.forget(transaction.id);
}

async function ignore(
  { log, store, now }: Services,
  loaded: Loaded,
  { source }: Input,
  { inbox, refundEnd }: Settled,
  reason: IgnoreReason | "wrong_gateway",
): Promise<Advanced | "conflict"> {
  const level = reason === "second_payment" ? "error" : "info";
  log[level]("news.ignored", { transaction_id: loaded.transaction.id, source, reason });
  if (refundEnd && (await store.endRefund(refundEnd, now())) === "conflict") {
    return "conflict";
  }
  const kept = inbox ? await store.ignore(inbox, reason, now()) : "kept";
  return kept === "conflict" ? kept : { ...unchanged(loaded, "ignored"), reason };
}

function unchanged(loaded: Loaded | null, outcome: Advanced["outcome"]): Advanced {
  return {
    ...{ outcome, reason: null, transaction: loaded?.transaction ?? null },
    ...{ siblings: [], orderPaid: loaded?.orderPaid ?? false, refundOwed: null },
    refundsPending: hasPending(loaded),
  };
}

function hasPending(loaded: Loaded | null): boolean {
  return (loaded?.refunds.pending ?? 0) > 0;
}

async function commit(
  services: Services,
  loaded: Loaded,
  { events, refund: owed }: Decision & { kind: "change" },
  { inbox, refundEnd, arrivedAt }: Settled,
): Promise<Advanced | "conflict"> {
  const { store, now, journal } = services;
  const { transaction: from } = loaded;
  const deliveries = events.filter(isOutgoing).map((event) => toDelivery(services, event));
  const refund = owed && toRefund(services, from.id, owed, events[0]);
  const committed = await store.commit({
    ...{ from, events, deliveries, now: now(), calls: journal.linesOf(from.id) },
    ...(inbox ? { inbox } : {}),
    ...(refund ? { refund } : {}),
    ...(refundEnd ? { refundEnd } : {}),
  });
  if (committed === "conflict") {
    return committed;
  }
  journal.forget(from.id);
  noteEvents(services, events);
  announce(services, events, deliveries, committed.positions, arrivedAt);
  const { transaction } = events.at(-1) ?? events[0];
  const { siblings, orderPaid } = committed;
  return {
    ...{ outcome: "applied", reason: null, siblings, orderPaid, refundOwed: refund?.id ?? null },
    transaction: await takeUpParked(services, transaction, committed.parked),
    refundsPending: hasPending(loaded),
  };
}

/** Webhooks that came before the transaction was known. */
async function takeUpParked(
  services: Services,
  opened: Transaction,
  parked: readonly InboxEntry[],
): Promise<Transaction> {
  let transaction = opened;
  for (const entry of parked) {
    const observed = { kind: "observed", source: "webhook", observation: entry.observation } as const;
    const advanced = await advanceTransaction(services, opened.id, observed, { entry });
    transaction = advanced.transaction ?? transaction;
  }
  return transaction;
}

/** Owed from here on: whoever commits sends it first. */
function toRefund(
  { newId, now }: Services,
  transactionId: string,
  owed: OwedRefund,
  { source, actor }: Event,
) {
  const lease = { nextAttemptAt: now() + REFUND_LEASE_MS, now: now() };
  return { id: newId("rfd", databaseOf(transactionId)), transactionId, ...owed, source, actor, ...lease };
}

/** The body is frozen here: the same over all attempts. */
function toDelivery({ config, now }: Services, { type, transaction }: Event) {
  const body = { type, timestamp: toTimestamp(transaction.updatedAt), data: toEventData(transaction) };
  return {
    version: transaction.version,
    type,
    body: JSON.stringify(body),
    nextAttemptAt: config.fulfilment ? now() + FIRST_LEASE_MS : null,
  };
}
