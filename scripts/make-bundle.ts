/** The bundle that would be deployed, and beside it the bindings of wrangler's file, for run-bundle.ts. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join, parse, resolve } from "node:path";
import { promisify } from "node:util";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";

const ROOT = resolve(import.meta.dirname, "..");

/**
 * The build of the assets is a part of it.
 * @param config of wrangler, from the root
 * @param directory where it goes; it is made
 */
export async function makeBundle(config: string, directory: string, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(directory);
  const options = ["deploy", "--dry-run", "--config", config, "--outdir", directory];
  await promisify(execFile)("wrangler", options, { cwd: ROOT, env });
  const { name = "", main = "", vars } = unstable_readConfig({ config: join(ROOT, config) });
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(ROOT, config));
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
