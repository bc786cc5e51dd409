/** The dataset in SQLite, written as the Worker writes it, and asked with what SQLite lacks of that dialect put in. */
import { DatabaseSync } from "node:sqlite";
import { createMetrics, type Metric, type Point } from "../../../src/lib/metrics.ts";

/** 2026-11-26T12:00:00Z, in seconds. */
export const NOW = 1_795_694_400;
export const UNITS = { MINUTE: 60, HOUR: 3600, DAY: 86_400 } as const;
const numbered = (kind: string) => Array.from({ length: 20 }, (_, index) => `${kind}${index + 1}`);

/** Analytics Engine, as far as a query of ours needs it. */
export class Dataset {
  readonly #database = new DatabaseSync(":memory:");

  constructor() {
    const columns = [...numbered("blob").map((name) => `${name} TEXT`), ...numbered("double")];
    this.#database.exec(
      `CREATE TABLE payment_edge (timestamp INTEGER, _sample_interval REAL, index1 TEXT, ${columns.join(", ")})`,
    );
    this.#database.function("now", () => NOW);
    this.#database.function(
      "to_start_of_interval",
      (at, seconds) => Number(at) - (Number(at) % Number(seconds)),
    );
    this.#database.aggregate("quantile_exact_weighted", {
      start: () => "[]",
      step: (list: string, level, value, weight) =>
        JSON.stringify([...(JSON.parse(list) as unknown[]), [level, value, weight]]),
      result: (list: string) => quantile(JSON.parse(list) as [number, number, number][]),
    });
  }

  /** As the Worker writes it. @param weight how many it stands for */
  write<Name extends Metric>(name: Name, point: Point<Name>, { ago = 60, weight = 1 } = {}): void {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const writeDataPoint = (data: { indexes: string[]; blobs: string[]; doubles: number[] }) => {
      const filled = [
        ...numbered("blob").map((_, index) => data.blobs[index] ?? ""),
        ...numbered("double").map((_, index) => data.doubles[index] ?? 0),
      ];
      this.#database
        .prepare(`INSERT INTO payment_edge VALUES (?, ?, ?, ${filled.map(() => "?").join(", ")})`)
        .run(NOW - ago, weight, data.indexes[0] ?? "", ...filled);
    };
    createMetrics({ writeDataPoint }, log).write(name, point);
  }

  ask(query: string): Record<string, unknown>[] {
    const sql = query
      .replaceAll(/INTERVAL '(\d+)' (MINUTE|HOUR|DAY)/g, (_, count: string, unit: keyof typeof UNITS) =>
        String(Number(count) * UNITS[unit]),
      )
      .replaceAll(/quantileExactWeighted\(([\d.]+)\)\(/g, "quantile_exact_weighted($1, ")
      .replaceAll("toStartOfInterval", "to_start_of_interval")
      .replaceAll(/\bif\(/g, "iif(");
    return this.#database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  }
}

/** The least value that so much of the weight is not above. */
function quantile(rows: readonly [number, number, number][]): number {
  const sorted = rows.toSorted(([, one], [, other]) => one - other);
  const total = sorted.reduce((sum, [, , weight]) => sum + weight, 0);
  let seen = 0;
  const found = sorted.find(([level, , weight]) => {
    seen += weight;
    return seen >= level * total;
  });
  return found?.[1] ?? Number.NaN;
}
