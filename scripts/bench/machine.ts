/** Where it was measured, and with what: a figure means nothing without. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";
import { join } from "node:path";
import { PEERS, ROOT } from "./servers.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
  readonly workerd: string;
  readonly wrangler: string;
  /** Those compared with, as test/bench/peers/package.json has them. */
  readonly peers: Readonly<Record<string, string>>;
  /** That runs the peers; absent where they were left out. */
  peerNode?: string;
}

/** @param node an executable */
export function versionOf(node: string): string {
  return spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
}

export function describeMachine(): Machine {
  const { version: workerd } = readPackage(join(ROOT, "node_modules/workerd"));
  const { version: wrangler } = readPackage(join(ROOT, "node_modules/wrangler"));
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    ...{ workerd, wrangler, peers: readPackage(PEERS).dependencies },
  };
}

function readPackage(directory: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    version: string;
    dependencies: Record<string, string>;
  };
}
