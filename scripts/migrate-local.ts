/**
 * Brings a local D1 up to date. wrangler takes seconds to find out that there is nothing to do, so it is written beside
 * the database what it has been brought to.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where wrangler keeps what it runs locally, if it is told nothing else. */
const USUAL_PLACE = ".wrangler/state";

/**
 * @param persistTo undefined: the usual place
 * @returns what wrangler printed, where it failed; null: it is up to date
 */
export function migrateLocally(persistTo: string | undefined, env: NodeJS.ProcessEnv): string | null {
  // It goes when the database goes.
  const directory = join(persistTo ?? USUAL_PLACE, "v3", "d1");
  const stamp = join(directory, "migrated");
  const migrations = readdirSync("migrations").toSorted().join("\n");
  if (read(stamp) === migrations) {
    return null;
  }
  const place = persistTo === undefined ? [] : ["--persist-to", persistTo];
  const result = spawnSync("wrangler", ["d1", "migrations", "apply", "DB", "--local", ...place], {
    env,
    encoding: "utf8",
  });
  if (result.status !== 0) {
    return `${result.stdout}\n${result.stderr}`;
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(stamp, migrations);
  return null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
