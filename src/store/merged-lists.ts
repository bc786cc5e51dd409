/** What is listed, searched and counted over all databases: each is asked, at the same time, and the answers are merged. */
import {
  addCounts,
  earliest,
  mergeFound,
  mergeHealth,
  mergeInbox,
  mergeInOrder,
  mergeNewest,
  mergeOverviews,
  mergeOwed,
  owedPlaceIn,
} from "./merge.ts";
import type { Store } from "./store.ts";

/** @param every the numbers of all */
export function mergedLists(every: readonly number[], storeOf: (database: number) => Store) {
  const all = <T>(ask: (store: Store, database: number) => Promise<T>): Promise<T[]> =>
    Promise.all(every.map((database) => ask(storeOf(database), database)));
  return {
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

    listInbox: async (outcome, after, limit) =>
      mergeInbox(await all((store) => store.listInbox(outcome, after, limit)), limit),
    listDeliveries: async ({ before = [], ...filter }) =>
      mergeInOrder(
        await all((store, database) => store.listDeliveries({ ...filter, before: [before[database]] })),
        (one, other) => one.createdAt >= other.createdAt,
        filter.limit,
      ),
    listAfter: async (places, limit) =>
      mergeInOrder(
        await all((store, database) => store.listAfter([places[database]], limit)),
        (one, other) => one.createdAt <= other.createdAt,
        limit,
      ),
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
  } satisfies Partial<Store>;
}
