/**
 * Several databases as one store. What concerns one payment goes to the database that its id names, lists are merged,
 * and what belongs to no payment (sessions, refused webhooks) stands in the first. A batch is never spread over two.
 */
import { databaseOf, hasKin, placeIn, timeOf } from "../lib/id.ts";
import type { Transaction } from "../transactions/transaction.ts";
import type { Commit, Committed } from "./commit.ts";
import { type InboxRow, referenceKey } from "./inbox.ts";
import { homeOf, homesOf, type Layout } from "./layout.ts";
import { mergedLists } from "./merged-lists.ts";
import type { Loaded } from "./rows.ts";
import type { OneStore, Store } from "./store.ts";

type Related = Pick<Transaction, "id" | "orderId" | "createdAt">;

/** Clocks differ: a generation counts so much before its time, and so much after its end. */
const SKEW_MS = 60 * 60_000;
/** After a commit that surely has ended by then. */
const NUDGE_MS = 60_000;

export interface JoinOptions {
  /** The number of the database that a tick of the cron works on. */
  readonly ticking?: number;
  /** Epoch milliseconds, by which generations begin. */
  readonly now?: () => number;
}

/** @param storeOf by number; each is opened when it is first asked */
export function joinStores(
  layout: Layout,
  storeOf: (database: number) => OneStore,
  statementCount: () => number,
  { ticking = 0, now = Date.now }: JoinOptions = {},
): Store {
  const count = layout.databases.length;
  const first = storeOf(0);
  /** An id that names a database which is none of ours is nowhere. */
  const of = (id: string): OneStore => storeOf(databaseOf(id) < count ? databaseOf(id) : 0);
  const every = Array.from({ length: count }, (_, database) => database);
  const all = <T>(ask: (store: OneStore, database: number) => Promise<T>): Promise<T[]> =>
    Promise.all(every.map((database) => ask(storeOf(database), database)));
  const firstOf = async <T>(ask: (store: OneStore) => Promise<T | null>): Promise<T | null> =>
    (await all(ask)).find((found) => found !== null) ?? null;
  const homes = (name: string, from: number) => homesOf(layout, name, from - SKEW_MS, now() + SKEW_MS);
  /** Where else payments of the order may be: in what was open before, if it has any there, and in what came after. */
  const elsewhere = ({ orderId, id, createdAt }: Related): OneStore[] =>
    homes(orderId, hasKin(id) ? 0 : createdAt)
      .filter((home) => home !== databaseOf(id))
      .map(storeOf);
  const isPaidElsewhere = async (payment: Related): Promise<boolean> =>
    (await Promise.all(elsewhere(payment).map((store) => store.isOrderPaid(payment.orderId)))).includes(true);
  const complete = async (loaded: Loaded): Promise<Loaded> => ({
    ...loaded,
    orderPaid: loaded.orderPaid || (await isPaidElsewhere(loaded.transaction)),
  });
  const tick = storeOf(ticking);
  const findByReference: Store["findByReference"] = (...asked) =>
    firstOf((store) => store.findByReference(...asked));

  /** Webhooks that wait under the gateway's reference are the payment's, wherever that is. */
  const adopt = async (place: string, store: OneStore, from: number): Promise<InboxRow[]> => {
    const others = homes(place, from)
      .map(storeOf)
      .filter((other) => other !== store);
    const waiting = await Promise.all(
      others.map(async (other) => {
        const rows = await other.listParkedAt(place);
        for (const row of rows) {
          await store.adoptInbox(row);
          await other.forgetInbox(row);
        }
        return rows;
      }),
    );
    return waiting.flat();
  };
  /** @param at when the cron looks at the order's payments elsewhere that may still take money */
  const nudge = async (from: Transaction, at: number): Promise<string[]> =>
    (await Promise.all(elsewhere(from).map((store) => store.nudgeOrder(from, at)))).flat();
  const completeCommit = async (commit: Commit, committed: Committed): Promise<Committed> => {
    const { from, events } = commit;
    const last = (events.at(-1) ?? events[0]).transaction;
    // What is lost here the nudge before the commit makes up for.
    const nudged = isPaying(commit) ? await nudge(from, commit.now).catch(() => []) : [];
    const isOpened = from.version === 0;
    const adopted =
      isOpened && last.gatewayReference !== null
        ? await adopt(referenceKey(last.gateway, last.gatewayReference), of(from.id), from.createdAt)
        : [];
    return {
      ...committed,
      siblings: [...committed.siblings, ...nudged],
      parked: [...committed.parked, ...adopted],
      orderPaid: committed.orderPaid || (isOpened && (await isPaidElsewhere(from))),
    };
  };

  return {
    // Of one payment.
    find: async (id) => {
      const loaded = await of(id).find(id);
      return loaded && complete(loaded);
    },
    findForWebhook: async (id, entry) => {
      if (!isOurs(id)) {
        const places = homes(id, 0).map(storeOf);
        const kept = await Promise.all(places.map((store) => store.findForWebhook(id, entry)));
        return kept.find(({ outcome }) => outcome !== null) ?? { loaded: null, outcome: null };
      }
      if (!isOurs(entry.transactionId)) {
        await adopt(entry.transactionId, of(id), 0);
      }
      const found = await of(id).findForWebhook(id, entry);
      return { ...found, loaded: found.loaded && (await complete(found.loaded)) };
    },
    commit: async (commit) => {
      if (isPaying(commit) && elsewhere(commit.from).length > 0) {
        // The row was read some time ago: what has been paid since is read again. See SCALING.md for what remains.
        if (await isPaidElsewhere(commit.from)) {
          return "conflict";
        }
        await nudge(commit.from, commit.now + NUDGE_MS);
      }
      const committed = await of(commit.from.id).commit(commit);
      return committed === "conflict" ? committed : completeCommit(commit, committed);
    },
    beginCapture: (id, ...rest) => of(id).beginCapture(id, ...rest),
    endCapture: (id) => of(id).endCapture(id),
    releaseOpening: (id) => of(id).releaseOpening(id),
    claimCheck: (id, ...rest) => of(id).claimCheck(id, ...rest),
    history: (id) => of(id).history(id),
    readTimeline: (id) => of(id).readTimeline(id),
    touch: (from, ...rest) => of(from.id).touch(from, ...rest),
    postpone: (from, now) => of(from.id).postpone(from, now),
    bindKey: (key, fingerprint, id, now) => of(id).bindKey(key, fingerprint, id, now),
    keepCalls: async (calls) => {
      const byStore = Map.groupBy(calls, ({ transactionId }) => of(transactionId));
      await Promise.all([...byStore].map(([store, own]) => store.keepCalls(own)));
    },
    ignore: async (entry, ...rest) => {
      if (!entry.stored || isOurs(entry.transactionId)) {
        return of(entry.transactionId).ignore(entry, ...rest);
      }
      await all((store) => store.ignore(entry, ...rest));
      return "kept";
    },
    park: async (entry, at, reason) => {
      const { gateway, transactionId, observation } = entry;
      if (isOurs(transactionId)) {
        return of(transactionId).park(entry, at, reason);
      }
      const place = storeOf(homeOf(layout, transactionId, at));
      const kept = await place.park(entry, at, reason);
      if (kept === "kept" && (await findByReference(gateway, observation.reference ?? "")) !== null) {
        // It has become known meanwhile, in another database: there it is applied.
        await place.forgetInbox(entry);
        return "conflict";
      }
      return kept;
    },
    findInbox: (key) =>
      isOurs(key.transactionId)
        ? of(key.transactionId).findInbox(key)
        : firstOf((store) => store.findInbox(key)),
    markDelivered: (lease, ...rest) => of(lease.transactionId).markDelivered(lease, ...rest),
    markFailed: (lease, ...rest) => of(lease.transactionId).markFailed(lease, ...rest),
    hasDelivery: (id, position) => of(id).hasDelivery(id, position),
    replay: (id, ...rest) => of(id).replay(id, ...rest),
    requestRefund: (request) => of(request.transactionId).requestRefund(request),
    findRefund: async (id) => {
      const found = await of(id).findRefund(id);
      return found && { ...found, loaded: await complete(found.loaded) };
    },
    findRefundOwner: (id) => of(id).findRefundOwner(id),
    findRefunds: (id) => of(id).findRefunds(id),
    endRefund: (end, now) => of(end.id).endRefund(end, now),
    postponeRefund: (id, postponement) => of(id).postponeRefund(id, postponement),
    claimRefunds: (id, ...rest) => of(id).claimRefunds(id, ...rest),
    beginAction: (action) => of(action.id).beginAction(action),
    endAction: (id, outcome) => of(id).endAction(id, outcome),

    // Of an order, whose home may have been another one before.
    placeFor: async (orderId, at) => {
      const home = homeOf(layout, orderId, at);
      const others = homes(orderId, 0).filter((other) => other !== home);
      const known = await Promise.all(others.map((other) => storeOf(other).hasOrder(orderId)));
      return placeIn(home, known.includes(true));
    },
    insert: async (creation) => {
      const { transaction, idempotency } = creation;
      const { id, orderId } = transaction;
      const found = await conflictsAt(elsewhere(transaction), idempotency?.key ?? null, orderId, id);
      const isFree = found.byKey === null && found.byOrder.length === 0 && found.archivedId === null;
      return isFree && of(id).insert(creation);
    },
    findConflicts: (key, orderId, id) => {
      const others = homes(orderId, hasKin(id) ? 0 : timeOf(id)).map(storeOf);
      return conflictsAt([...new Set([of(id), ...others])], key, orderId, id);
    },
    forgetKey: async (key) => {
      await all((store) => store.forgetKey(key));
    },

    // Of all.
    ...mergedLists(every, storeOf),
    findByReference,
    statementCount,

    // Of nobody's payment.
    countAttempt: first.countAttempt,
    forgetAttempts: first.forgetAttempts,
    insertSession: first.insertSession,
    findSession: first.findSession,
    deleteSession: first.deleteSession,
    noteBadWebhook: first.noteBadWebhook,

    // Of the cron, which works on one. What gateways told during an outage is read once, by the first one's tick.
    claimDue: async (at, ranAt, limit, listing, ...rest) => {
      const claim = await tick.claimDue(at, ranAt, limit, tick === first ? listing : [], ...rest);
      // What cannot be completed now comes again by its lease, and holds nobody up.
      const completed = await Promise.allSettled(claim.transactions.map(complete));
      return {
        ...claim,
        transactions: completed.flatMap((one) => (one.status === "fulfilled" ? one.value : [])),
      };
    },
    listArchivable: tick.listArchivable,
    readArchivable: tick.readArchivable,
    deleteArchived: tick.deleteArchived,
    moveArchiveWalk: tick.moveArchiveWalk,
    restartArchiveWalk: tick.restartArchiveWalk,
    pruneKeys: tick.pruneKeys,
    moveMissed: tick.moveMissed,
    readUncounted: tick.readUncounted,
    readStatistics: tick.readStatistics,
    writeStatistics: tick.writeStatistics,
    pruneInbox: tick.pruneInbox,
    pruneConsole: tick.pruneConsole,
  };
}

type Conflicts = Awaited<ReturnType<Store["findConflicts"]>>;

async function conflictsAt(
  stores: readonly Store[],
  ...asked: Parameters<Store["findConflicts"]>
): Promise<Conflicts> {
  const found = await Promise.all(stores.map((store) => store.findConflicts(...asked)));
  return {
    byKey: found.find(({ byKey }) => byKey !== null)?.byKey ?? null,
    byOrder: found.flatMap(({ byOrder }) => byOrder),
    archivedId: found.find(({ archivedId }) => archivedId !== null)?.archivedId ?? null,
    isKeyStale: found.some(({ isKeyStale }) => isKeyStale),
  };
}

/** Whether an inbox entry names a payment of ours, and not only the gateway's reference. */
function isOurs(place: string): boolean {
  return place.startsWith("txn_");
}

function isPaying({ events }: Commit): boolean {
  return events.some(({ type }) => type === "transaction.succeeded");
}
