/** A local database that is up to date, made once: to migrate one takes longer than most tests, and each test wants its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { migrateLocally } from "../../../scripts/migrate-local.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

declare module "vitest" {
  interface ProvidedContext {
    /** Its directory, to be copied. */
    migrated: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "payment-edge-migrated-"));
  const failure = migrateLocally(directory, {
    ...process.env,
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_WRITE_LOGS: "false",
  });
  if (failure !== null) {
    throw new Error(failure);
  }
  project.provide("migrated", directory);
  return () => rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
