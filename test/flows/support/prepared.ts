/**
 * What each start of a system would otherwise make anew, made once for all: a database that is up to date, and the
 * bundle with the bindings that stand in wrangler's file.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, parse, resolve } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
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
  const bundled = bundle(join(directory, "worker"), env);
  // It blocks: the bundle is made meanwhile.
  const failure = migrateLocally(join(directory, "state"), env);
  await bundled;
  if (failure !== null) {
    throw new Error(failure);
  }
  return directory;
}

/** As it would be deployed. The build of the assets is a part of it. */
async function bundle(directory: string, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(directory);
  const options = ["deploy", "--dry-run", "--config", LOCAL_CONFIG, "--outdir", directory];
  await promisify(execFile)("wrangler", options, { cwd: ROOT, env });
  const { name = "", main = "", vars } = unstable_readConfig({ config: join(ROOT, LOCAL_CONFIG) });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(ROOT, LOCAL_CONFIG));
  const worker = {
    ...workerOptions,
    name,
    // Without those of .dev.vars.
    bindings: vars,
    rootPath: directory,
    modulesRoot: directory,
    modules: [{ type: "ESModule", path: join(directory, `${parse(main).name}.js`) }],
  };
  await writeFile(join(directory, "worker.json"), JSON.stringify(worker));
}
