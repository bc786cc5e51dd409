/**
 * What each start of a system would otherwise make anew, made once for all: a database that is up to date, and the
 * bundle with the bindings that stand in wrangler's file.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { makeBundle } from "../../../scripts/make-bundle.ts";
import { LOCAL_CONFIG, migrateLocally } from "../../../scripts/migrate-local.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
/** Where the first project that needs it has put it; the others run in the same process. */
const PLACE = "PAYMENT_EDGE_PREPARED";

declare module "vitest" {
  interface ProvidedContext {
    /** Holds `state`, a database to be copied, and `worker`. */
    prepared: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = process.env[PLACE] ?? (await prepare());
  process.env[PLACE] = directory;
  project.provide("prepared", directory);
  return () => rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

async function prepare(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "payment-edge-prepared-"));
  const env = {
    ...process.env,
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_WRITE_LOGS: "false",
  };
  const bundled = makeBundle(LOCAL_CONFIG, join(directory, "worker"), env);
  // It blocks: the bundle is made meanwhile.
  const failure = migrateLocally(join(directory, "state"), env);
  await bundled;
  if (failure !== null) {
    throw new Error(failure);
  }
  return directory;
}
