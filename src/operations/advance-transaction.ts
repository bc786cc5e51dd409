/**
 * The one door. Everything that changes a transaction, from any side, goes load → decide → commit → announce here.
 * The commit's primary keys are the locks: who loses loads and decides again.
 */
import type { Services } from "../services.ts";
import type { InboxEntry } from "../store/inbox.ts";
import type { Loaded } from "../store/rows.ts";
import { decide, type Input } from "../transactions/decide.ts";
import { type Event, isOutgoing } from "../transactions/event.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { announce } from "./announce.ts";
import { OperationError } from "./operation-error.ts";
import { FIRST_LEASE_MS } from "./send-delivery.ts";
import { toEventData, toTimestamp } from "./views.ts";

const MAX_ATTEMPTS = 5;

export interface Advanced {
  readonly outcome: "applied" | "duplicate" | "ignored" | "parked";
  /** As it is now; null when there is none of that id. */
  readonly transaction: Transaction | null;
  /** Other transactions of an order that is paid by this: their pages are to be closed. */
  readonly siblings: readonly string[];
  /** The order was paid by another transaction while this one was being opened. */
  readonly orderPaid: boolean;
}

/**
 * Brings one piece of news to a transaction.
 * @param target its id, or what was read of it just now
 * @param entry the webhook that brings the news
 * @throws StoreError, or OperationError "contention" when others were first each time
 */
export async function advanceTransaction(
  services: Services,
  target: string | Loaded,
  input: Input,
  entry?: InboxEntry,
): Promise<Advanced> {
  let given = typeof target === "string" ? null : target;
  const id = typeof target === "string" ? target : target.transaction.id;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const news =
      given && !entry ? { loaded: given, seen: false, parked: false } : await load(services, id, entry);
    const advanced = await tryAdvance(services, news, input, entry);
    if (advanced !== "conflict") {
      return advanced;
    }
    given = null;
  }
  throw new OperationError("contention", "Too many changes at once; try again.", { retryAfterSeconds: 1 });
}

interface News {
  readonly loaded: Loaded | null;
  /** This webhook has been dealt with before. */
  readonly seen: boolean;
  /** This webhook has waited for its transaction. */
  readonly parked: boolean;
}

async function load({ store }: Services, id: string, entry: InboxEntry | undefined): Promise<News> {
  return entry ? store.findForWebhook(entry) : { loaded: await store.find(id), seen: false, parked: false };
}

async function tryAdvance(
  services: Services,
  { loaded, seen, parked }: News,
  input: Input,
  entry: InboxEntry | undefined,
): Promise<Advanced | "conflict"> {
  const { config, store, log, now } = services;
  const transaction = loaded?.transaction ?? null;
  const inbox = entry && { ...entry, parked };
  const unchanged = (outcome: Advanced["outcome"]) => ({
    outcome,
    transaction,
    siblings: [],
    orderPaid: false,
  });
  const ignore = async (reason: string) => {
    log.info("news.ignored", { transaction_id: transaction?.id ?? "", source: input.source, reason });
    const kept = inbox ? await store.ignore(inbox, reason, now()) : "kept";
    return kept === "conflict" ? kept : unchanged("ignored");
  };

  if (seen) {
    return unchanged("duplicate");
  }
  if (!loaded || !transaction || (entry && transaction.version === 0)) {
    const kept = entry && !parked ? await store.park(entry, now()) : "kept";
    return kept === "conflict" ? kept : unchanged("parked");
  }
  if (entry && entry.gateway !== transaction.gateway) {
    return ignore("wrong_gateway");
  }
  const decision = decide(transaction, input, {
    now: now(),
    orderPaid: loaded.orderPaid,
    policy: config.policy,
  });
  switch (decision.kind) {
    case "ignore":
      return ignore(decision.reason);
    case "touch":
      await store.touch(transaction, decision.nextCheckAt, decision.silentSince);
      return unchanged("ignored");
    case "change":
      return commit(services, transaction, decision.events, inbox);
  }
}

async function commit(
  services: Services,
  from: Transaction,
  events: readonly [Event, ...Event[]],
  inbox: (InboxEntry & { parked: boolean }) | undefined,
): Promise<Advanced | "conflict"> {
  const { store, log, now } = services;
  const deliveries = events.filter(isOutgoing).map((event) => toDelivery(services, event));
  const committed = await store.commit({ from, events, deliveries, now: now(), ...(inbox ? { inbox } : {}) });
  if (committed === "conflict") {
    return committed;
  }
  for (const { type, source, transaction } of events) {
    log.info("transaction.advanced", {
      transaction_id: transaction.id,
      status: transaction.status,
      version: transaction.version,
      outcome: type,
      source,
    });
  }
  announce(services, events, deliveries, committed.positions);
  let { transaction } = events.at(-1) ?? events[0];
  for (const entry of committed.parked) {
    const observed = { kind: "observed", source: "webhook", observation: entry.observation } as const;
    transaction = (await advanceTransaction(services, from.id, observed, entry)).transaction ?? transaction;
  }
  return { outcome: "applied", transaction, siblings: committed.siblings, orderPaid: committed.orderPaid };
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
