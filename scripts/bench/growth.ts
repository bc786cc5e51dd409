/** Runs test/bench/growth in workerd, where D1's own counters are, and reads what it found. */
import { spawnSync } from "node:child_process";
import { ROOT } from "./servers.ts";

interface Costs {
  readonly roundTrips: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

export interface Growth {
  /** Over so many seeded transactions: what a paid one costs, and a tick with nothing to do. */
  readonly sizes: readonly {
    readonly size: number;
    readonly happy: Costs;
    /** For a million of them at list prices, without duration and storage. */
    readonly dollarsPerMillion: number;
    readonly idle: Costs;
  }[];
  /** A tick with so many due, and how many ticks there were until none was. */
  readonly backlog: {
    readonly due: number;
    readonly first: Costs;
    readonly firstSeconds: number;
    readonly ticks: number;
    readonly all: Costs;
    readonly seconds: number;
  };
}

const MARK = "bench-growth ";

/** @throws Error when it does not hold what it promises */
export function measureGrowth(): Growth {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", "--config", "test/bench/growth/vitest.config.ts"],
    { cwd: ROOT, encoding: "utf8", maxBuffer: 64 * 2 ** 20 },
  );
  const found = stdout.split("\n").find((line) => line.includes(MARK));
  if (status !== 0 || found === undefined) {
    throw new Error(`the growth bench failed.\n${stdout}${stderr}`);
  }
  return JSON.parse(found.slice(found.indexOf(MARK) + MARK.length)) as Growth;
}
