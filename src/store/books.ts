/**
 * Several databases as one store. What concerns one payment goes to the database that its id names, lists are merged,
 * and what belongs to no payment (sessions, refused webhooks) stands in the first. A batch is never spread over two.
 */
import { databaseOf, hasKin, placeIn, timeOf } from "../lib/id.ts";
import type { Transaction } from "../transactions/transaction.ts";
import type { Commit, Committed } from "./commit.ts";
import { type InboxRow, referenceKey } from "./inbox.ts";
import { homeOf, homesOf, type Layout } from "./layout.ts";
import {
  addCounts,
  earliest,
  mergeFound,
  mergeHealth,
  mergeInbox,
  mergeNewest,
  mergeOverviews,
  mergeOwed,
  owedPlaceIn,
} from "./merge.ts";
import type { Loaded } from "./rows.ts";
import type { Store } from "./store.ts";

type Related = Pick<Transaction, "id" | "orderId" | "createdAt">;

/**
 * @param storeOf by number; each is opened when it is first asked
 * @param ticking the number of the database that a tick of the cron works on
 */
export function joinStores(
  layout: Layout,
  storeOf: (database: number) => Store,
  statementCount: () => number,
  ticking = 0,
): Store {
  const count = layout.databases.length;
  const first = storeOf(0);
  /** An id that names a database which is none of ours is nowhere. */
  const of = (id: string): Store => storeOf(databaseOf(id) < count ? databaseOf(id) : 0);
  const every = Array.from({ length: count }, (_, database) => database);
  const all = <T>(ask: (store: Store, database: number) => Promise<T>): Promise<T[]> =>
    Promise.all(every.map((database) => ask(storeOf(database), database)));
  const firstOf = async <T>(ask: (store: Store) => Promise<T | null>): Promise<T | null> =>
    (await all(ask)).find((found) => found !== null) ?? null;
  /** Where else payments of the order may be: in what was open before, if it has any there, and in what came after. */
  const elsewhere = ({ orderId, id, createdAt }: Related): Store[] =>
    homesOf(layout, orderId, hasKin(id) ? 0 : createdAt)
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
  const adopt = async (place: string, store: Store, from: number): Promise<InboxRow[]> => {
    const others = homesOf(layout, place, from)
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
  const completeCommit = async ({ from, events, now }: Commit, committed: Committed): Promise<Committed> => {
    const last = (events.at(-1) ?? events[0]).transaction;
    const isPaid = events.some(({ type }) => type === "transaction.succeeded");
    const nudged = isPaid
      ? await Promise.all(elsewhere(from).map((store) => store.nudgeOrder(from, now)))
      : [];
    const isOpened = from.version === 0;
    const adopted =
      isOpened && last.gatewayReference !== null
        ? await adopt(referenceKey(last.gateway, last.gatewayReference), of(from.id), from.createdAt)
        : [];
    return {
      ...committed,
      siblings: [...committed.siblings, ...nudged.flat()],
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
        const homes = homesOf(layout, id).map(storeOf);
        const kept = await Promise.all(homes.map((store) => store.findForWebhook(id, entry)));
        return kept.find(({ outcome }) => outcome !== null) ?? { loaded: null, outcome: null };
      }
      if (!isOurs(entry.transactionId)) {
        await adopt(entry.transactionId, of(id), 0);
      }
      const found = await of(id).findForWebhook(id, entry);
      return { ...found, loaded: found.loaded && (await complete(found.loaded)) };
    },
    commit: async (commit) => {
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
    park: async (entry, now, reason) => {
      const { gateway, transactionId, observation } = entry;
      if (isOurs(transactionId)) {
        return of(transactionId).park(entry, now, reason);
      }
      const place = storeOf(homeOf(layout, transactionId, now));
      const kept = await place.park(entry, now, reason);
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
    placeFor: async (orderId, now) => {
      const home = homeOf(layout, orderId, now);
      const others = homesOf(layout, orderId).filter((other) => other !== home);
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
      const others = homesOf(layout, orderId, hasKin(id) ? 0 : timeOf(id)).map(storeOf);
      return conflictsAt([...new Set([of(id), ...others])], key, orderId, id);
    },
    hasOrder: async (orderId) => (await all((store) => store.hasOrder(orderId))).includes(true),
    isOrderPaid: async (orderId) => (await all((store) => store.isOrderPaid(orderId))).includes(true),
    forgetKey: async (key) => {
      await all((store) => store.forgetKey(key));
    },
    nudgeOrder: async (order, now) => (await all((store) => store.nudgeOrder(order, now))).flat(),

    // Wherever it is.
    findByReference,
    findByText: async (text) => mergeNewest(await all((store) => store.findByText(text))),
    list: async (filter) => mergeNewest(await all((store) => store.list(filter))).slice(0, filter.limit),
    search: async (filter, limit) => mergeFound(await all((store) => store.search(filter, limit)), limit),
    scan: async (filter, rows) => {
      const { transactions, next } = mergeFound(
        await all((store) => store.scan(filter, rows)),
        Number.POSITIVE_INFINITY,
      );
      return { transactions, next };
    },

    // Of all.
    listInbox: async (outcome, after, limit) =>
      mergeInbox(await all((store) => store.listInbox(outcome, after, limit)), limit),
    listDeliveries: async ({ before = [], ...filter }) =>
      (await all((store, database) => store.listDeliveries({ ...filter, before: [before[database]] })))
        .flat()
        .sort((one, other) => other.createdAt - one.createdAt || other.position - one.position)
        .slice(0, filter.limit),
    listAfter: async (places, limit) =>
      (await all((store, database) => store.listAfter([places[database]], limit)))
        .flat()
        .sort((one, other) => one.createdAt - other.createdAt || one.position - other.position)
        .slice(0, limit),
    listOwed: async (after, limit) =>
      mergeOwed(await all((store, database) => store.listOwed(owedPlaceIn(after, database), limit)), limit),
    replayDead: async (type, limit, nextAttemptAt) => {
      let count = 0;
      for (const database of every) {
        count += count < limit ? await storeOf(database).replayDead(type, limit - count, nextAttemptAt) : 0;
      }
      return count;
    },
    listActions: async (before, limit) =>
      mergeNewest(await all((store) => store.listActions(before, limit))).slice(0, limit),
    readOverview: async (...asked) => mergeOverviews(await all((store) => store.readOverview(...asked))),
    countDead: async () => addCounts(await all((store) => store.countDead())),
    listStatistics: async (...asked) => (await all((store) => store.listStatistics(...asked))).flat(),
    listGatewayHealth: async () => mergeHealth((await all((store) => store.listGatewayHealth())).flat()),
    lastTick: async () => earliest(await all((store) => store.lastTick())),
    listMissingMigrations: async () => [
      ...new Set((await all((store) => store.listMissingMigrations())).flat()),
    ],
    statementCount,

    // Of nobody's payment.
    countAttempt: first.countAttempt,
    forgetAttempts: first.forgetAttempts,
    insertSession: first.insertSession,
    findSession: first.findSession,
    deleteSession: first.deleteSession,
    noteBadWebhook: first.noteBadWebhook,
    listParkedAt: first.listParkedAt,
    adoptInbox: first.adoptInbox,
    forgetInbox: first.forgetInbox,

    // Of the cron, which works on one. What gateways told during an outage is read once, by the first one's tick.
    claimDue: async (now, ranAt, limit, listing, ...rest) => {
      const claim = await tick.claimDue(now, ranAt, limit, tick === first ? listing : [], ...rest);
      return { ...claim, transactions: await Promise.all(claim.transactions.map(complete)) };
    },
    listArchivable: tick.listArchivable,
    readArchivable: tick.readArchivable,
    deleteArchived: tick.deleteArchived,
    moveArchiveWalk: tick.moveArchiveWalk,
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
