import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newTypeId } from "../../src/lib/id.ts";
import { placesAfter, readPlaces, writePlaces } from "../../src/lib/places.ts";
import type { ListedDelivery, OwedPlace } from "../../src/store/deliveries.ts";
import {
  earliest,
  mergeFound,
  mergeHealth,
  mergeInOrder,
  mergeOwed,
  owedPlaceIn,
} from "../../src/store/merge.ts";
import type { Transaction } from "../../src/transactions/transaction.ts";

fc.configureGlobal({ seed: 20261126 });

const DATABASES = [0, 1, 2];
const moments = fc.array(fc.tuple(fc.nat({ max: 30 }), fc.constantFrom(...DATABASES)), { maxLength: 40 });

describe("mergeFound", () => {
  /** A database that looks through `examined` rows a page and finds those that are wanted. */
  function search(rows: readonly Found[], before: string | null, limit: number, examined: number) {
    const looked = rows.filter(({ id }) => before === null || id < before).slice(0, examined);
    const matching = looked.filter(({ wanted }) => wanted);
    const last = looked.length === examined ? (looked.at(-1) ?? null) : null;
    return matching.length > limit
      ? { transactions: matching.slice(0, limit), next: matching[limit - 1]?.id ?? null, lookedBackTo: null }
      : {
          transactions: matching,
          next: last?.id ?? null,
          lookedBackTo: matching.length < limit ? last : null,
        };
  }
  type Found = Transaction & { readonly wanted: boolean };

  it("finds each once, newest first, page by page", () => {
    fc.assert(
      fc.property(moments, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (list, wishes) => {
        const rows = list.map(([at, database], index) => {
          const id = newTypeId("txn", 1_000_000 + at, database);
          return { id, database, wanted: wishes[index] ?? false } as unknown as Found & { database: number };
        });
        rows.sort((one, other) => (one.id < other.id ? 1 : -1));
        const seen: string[] = [];
        let before: string | null = null;
        let pages = 0;
        do {
          const at: string | null = before;
          const answers = DATABASES.map((database) =>
            search(
              rows.filter((row) => row.database === database),
              at,
              3,
              5,
            ),
          );
          const page = mergeFound(answers, 3);
          expect(page.transactions.length).toBeLessThanOrEqual(3);
          seen.push(...page.transactions.map(({ id }) => id));
          before = page.next;
          pages += 1;
        } while (before !== null && pages < 100);
        expect(seen).toEqual(rows.filter(({ wanted }) => wanted).map(({ id }) => id));
      }),
    );
  });
});

describe("mergeInOrder", () => {
  it("leaves none out, page by page, whatever the times of one database are", () => {
    const times = fc.array(fc.nat({ max: 20 }), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(times, { minLength: 1, maxLength: 3 }), (lists) => {
        const rows = lists.map((list, database) =>
          list.map((createdAt, index) => ({
            ...{ createdAt, position: index + 1 },
            transactionId: newTypeId("txn", 1, database),
          })),
        );
        const seen: string[] = [];
        let places: ReturnType<typeof placesAfter> = [];
        for (let pages = 0; pages < 40; pages += 1) {
          const before = places;
          const answers = rows.map((list, database) =>
            list.filter(({ position }) => position > (before[database] ?? 0)).slice(0, 3),
          );
          const page = mergeInOrder(answers, (one, other) => one.createdAt <= other.createdAt, 3);
          places = placesAfter(places, page);
          seen.push(...page.map(({ transactionId, position }) => `${transactionId} ${position}`));
        }
        expect(seen).toHaveLength(rows.flat().length);
        expect(new Set(seen).size).toBe(seen.length);
      }),
    );
  });
});

describe("mergeOwed", () => {
  it("lists each once, the longest due first, though times and positions are the same in several", () => {
    fc.assert(
      fc.property(moments, (list) => {
        const positions = [0, 0, 0];
        const rows = list.map(([at, database]) => {
          const position = (positions[database] ?? 0) + 1;
          positions[database] = position;
          const transactionId = newTypeId("txn", 1, database);
          return { nextAttemptAt: at % 3, position, transactionId, database } as unknown as ListedDelivery & {
            database: number;
          };
        });
        const isAfter = (row: ListedDelivery, place: OwedPlace | undefined) =>
          place === undefined ||
          (row.nextAttemptAt ?? 0) > (place.nextAttemptAt ?? 0) ||
          (row.nextAttemptAt === place.nextAttemptAt && row.position > place.position);
        const seen: ListedDelivery[] = [];
        let after: OwedPlace | undefined;
        for (let pages = 0; pages < 50; pages += 1) {
          const answers = DATABASES.map((database) =>
            rows
              .filter((row) => row.database === database && isAfter(row, owedPlaceIn(after, database)))
              .sort((a, b) => (a.nextAttemptAt ?? 0) - (b.nextAttemptAt ?? 0) || a.position - b.position)
              .slice(0, 2),
          );
          const page = mergeOwed(answers, 2) as typeof rows;
          seen.push(...page);
          const last = page.at(-1);
          if (!last) {
            break;
          }
          after = last;
        }
        expect(seen.length).toBe(rows.length);
        expect(new Set(seen).size).toBe(rows.length);
      }),
    );
  });
});

describe("mergeHealth", () => {
  it("takes of each gateway the last good and the last bad webhook, wherever they are", () => {
    const none = { goodAt: null, goodSecret: null, skewMs: null, badAt: null, badReason: null };
    expect(
      mergeHealth([
        { ...none, gateway: "stripe", badAt: 7, badReason: "old" },
        { ...none, gateway: "stripe", goodAt: 5, goodSecret: 2, skewMs: 10 },
        { ...none, gateway: "stripe", goodAt: 4, goodSecret: 1, skewMs: 20 },
      ]),
    ).toEqual([{ gateway: "stripe", goodAt: 5, goodSecret: 2, skewMs: 10, badAt: 7, badReason: "old" }]);
  });
});

describe("earliest", () => {
  it("is null only where nobody knows a time", () => {
    expect(earliest([null, 3, 2])).toBe(2);
    expect(earliest([null, null])).toBe(null);
  });
});

describe("placesAfter", () => {
  it("keeps the last position of each database, also as text", () => {
    const row = (database: number, position: number) => ({
      transactionId: newTypeId("txn", 1, database),
      position,
    });
    const places = placesAfter([9, undefined, 4], [row(0, 8), row(2, 3), row(0, 7)]);
    expect(writePlaces(places)).toBe("7..3");
    expect(readPlaces("7..3")).toEqual(places);
    expect(writePlaces(placesAfter([], [row(1, 5)]))).toBe(".5");
    expect(readPlaces("12")).toEqual([12]);
  });
});
