/** A D1 binding that counts what passes: round trips, and rows written as D1 itself reports them. */
export interface Counts {
  roundTrips: number;
  rowsWritten: number;
  rowsRead: number;
}

export function countingD1(d1: D1Database): { db: D1Database; counts: Counts } {
  const counts: Counts = { roundTrips: 0, rowsWritten: 0, rowsRead: 0 };
  const originals = new WeakMap<object, D1PreparedStatement>();
  const book = (results: readonly D1Result[]) => {
    counts.roundTrips += 1;
    for (const { meta } of results) {
      counts.rowsWritten += meta.rows_written;
      counts.rowsRead += meta.rows_read;
    }
  };
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async () => {
        const result = await statement.all();
        book([result]);
        return result;
      },
      run: async () => {
        const result = await statement.run();
        book([result]);
        return result;
      },
      // `raw` reports no figures: the same rows are read by `all`, so that nothing goes uncounted.
      raw: async () => {
        const result = await statement.all<Record<string, unknown>>();
        book([result]);
        return result.results.map((row) => Object.values(row));
      },
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, statement);
    return wrapped;
  };
  const db = {
    prepare: (query: string) => wrap(d1.prepare(query)),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await d1.batch(statements.map((statement) => originals.get(statement) ?? statement));
      book(results);
      return results;
    },
  } as unknown as D1Database;
  return { db, counts };
}
