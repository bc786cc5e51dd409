/** What a page costs: its time, and what it asks of D1. */
import type { Page } from "./console-pages.ts";
import type { SeededConsole } from "./console-system.ts";

export interface Measured {
  readonly name: string;
  readonly status: number;
  readonly roundTrips: number;
  readonly rowsRead: number;
  /** Milliseconds, from the request to the last byte of its answer; of all that were measured. */
  readonly medianMs: number;
  readonly slowestMs: number;
  readonly bytes: number;
}

/** @param times those that are measured, behind so many that are not */
export async function measure(
  seeded: SeededConsole,
  { name, path }: Page,
  times: number,
  warmUps: number,
): Promise<Measured> {
  const { counts } = seeded.system;
  const tries: Omit<Measured, "name" | "medianMs" | "slowestMs">[] = [];
  const spent: number[] = [];
  for (let index = 0; index < warmUps + times; index += 1) {
    const before = { ...counts };
    const started = await clock();
    const response = await seeded.get(path);
    const { byteLength: bytes } = await response.arrayBuffer();
    spent.push((await clock()) - started);
    tries.push({
      ...{ status: response.status, bytes },
      roundTrips: counts.roundTrips - before.roundTrips,
      rowsRead: counts.rowsRead - before.rowsRead,
    });
  }
  const sorted = spent.slice(warmUps).toSorted((one, other) => one - other);
  const most = tries.toSorted((one, other) => one.rowsRead - other.rowsRead).at(-1);
  if (!most) {
    throw new Error("nothing was measured");
  }
  return {
    name,
    ...most,
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    slowestMs: sorted.at(-1) ?? 0,
  };
}

/** Epoch milliseconds, after a turn of the event loop: workerd's clock may stand still in between. */
export async function clock(): Promise<number> {
  await scheduler.wait(0);
  return performance.now();
}

type Column = readonly [head: string, read: (one: Measured) => string | number];

const COSTS: readonly Column[] = [
  ["status", ({ status }) => status],
  ["round trips", ({ roundTrips }) => roundTrips],
  ["rows read", ({ rowsRead }) => rowsRead],
  ["kB", ({ bytes }) => (bytes / 1000).toFixed(1)],
];
const TIMES: readonly Column[] = [
  ["median ms", ({ medianMs }) => medianMs.toFixed(0)],
  ["slowest ms", ({ slowestMs }) => slowestMs.toFixed(0)],
];

/** A table for people. */
export function toTable(measured: readonly Measured[], withTimes: boolean): string {
  const columns = withTimes ? [...COSTS, ...TIMES] : COSTS;
  const width = Math.max(...measured.map(({ name }) => name.length));
  const toLine = (name: string, cells: readonly (string | number)[]) =>
    [
      name.padEnd(width),
      ...cells.map((cell, index) => String(cell).padStart(columns[index]?.[0].length ?? 0)),
    ].join("  ");
  const heads = toLine(
    "page",
    columns.map(([head]) => head),
  );
  return [
    heads,
    ...measured.map((one) =>
      toLine(
        one.name,
        columns.map(([, read]) => read(one)),
      ),
    ),
  ].join("\n");
}
