/** A D1 binding whose every call goes through one function: what drizzle uses of it, `prepare` and `batch`. */

/** @param queries the texts of the call's statements: one, or those of a batch */
export type Around = <T>(queries: readonly string[], call: () => Promise<T>) => Promise<T>;

export function aroundD1(d1: D1Database, around: Around): D1Database {
  const originals = new WeakMap<D1PreparedStatement, { statement: D1PreparedStatement; query: string }>();
  const wrap = (statement: D1PreparedStatement, query: string): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values), query),
      run: () => around([query], () => statement.run()),
      all: () => around([query], () => statement.all()),
      raw: () => around([query], () => statement.raw()),
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, { statement, query });
    return wrapped;
  };
  const wrapped = {
    prepare: (query: string) => wrap(d1.prepare(query), query),
    batch: (statements: D1PreparedStatement[]) => {
      const known = statements.map((statement) => originals.get(statement) ?? { statement, query: "" });
      return around(
        known.map(({ query }) => query),
        () => d1.batch(known.map(({ statement }) => statement)),
      );
    },
  };
  return wrapped as unknown as D1Database;
}
