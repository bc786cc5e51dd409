/**
 * Brings the local databases up to date. wrangler takes seconds to find out that there is nothing to do, so it is written beside
 * them what they have been brought to.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { databaseBindings } from "./wrangler-file.ts";

/** Where wrangler keeps what it runs locally, if it is told nothing else. */
const USUAL_PLACE = ".wrangler/state";

/** Of the Worker that runs locally: with a sandbox. */
export const LOCAL_CONFIG = "wrangler.sandbox.toml";

/**
 * @param persistTo undefined: the usual place
 * @param config whose databases they are
 * @returns what wrangler printed, where it failed; null: they are up to date
 */
export function migrateLocally(
  persistTo: string | undefined,
  env: NodeJS.ProcessEnv,
  config = LOCAL_CONFIG,
): string | null {
  // It goes when the databases go.
  const directory = join(persistTo ?? USUAL_PLACE, "v3", "d1");
  const stamp = join(directory, "migrated");
  const bindings = databaseBindings(readFileSync(config, "utf8"));
  const applied = [config, ...bindings, ...readdirSync("migrations").toSorted()].join("\n");
  if (read(stamp) === applied) {
    return null;
  }
  const place = persistTo === undefined ? [] : ["--persist-to", persistTo];
  const options = ["--local", "--config", config, ...place];
  for (const binding of bindings) {
    const result = spawnSync("wrangler", ["d1", "migrations", "apply", binding, ...options], {
      env,
      encoding: "utf8",
    });
    if (result.status !== 0) {
      return `${result.stdout}\n${result.stderr}`;
    }
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(stamp, applied);
  return null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
