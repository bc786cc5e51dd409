/** A D1 binding of which each round trip passes a seam. What is above it, the store's own retries included, is real. */

export type Seam = <T>(call: () => Promise<T>) => Promise<T>;

export function seamedD1(d1: D1Database, seam: Seam): D1Database {
  const originals = new WeakMap<object, D1PreparedStatement>();
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: () => seam(() => statement.all()),
      run: () => seam(() => statement.run()),
      raw: () => seam(() => statement.raw()),
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, statement);
    return wrapped;
  };
  return {
    prepare: (query: string) => wrap(d1.prepare(query)),
    batch: (statements: D1PreparedStatement[]) =>
      seam(() => d1.batch(statements.map((statement) => originals.get(statement) ?? statement))),
  } as unknown as D1Database;
}
