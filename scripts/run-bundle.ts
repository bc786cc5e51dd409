/**
 * A Worker as `wrangler dev` runs it, in the same workerd, from what `make-bundle.ts` has made: without wrangler, which
 * bundles at each start and stands in front of each request. For tests and benchmarks. Its only argument is what to run,
 * as JSON. It ends when its standard input does, so that it outlives nobody.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { V4WorkerOptions } from "miniflare";

/** The one that wrangler comes with. */
const require = createRequire(createRequire(import.meta.url).resolve("wrangler"));
const { convertV4MiniflareOptions, Miniflare }: typeof import("miniflare") = require("miniflare");

export interface BundleToRun {
  readonly port: number;
  /** Where its database lives. */
  readonly directory: string;
  /** Where the bundle is, and the bindings of the file that wrangler reads. */
  readonly bundle: string;
  readonly variables: Readonly<Record<string, string>>;
}

const { port, directory, bundle, variables }: BundleToRun = JSON.parse(process.argv[2] ?? "");
const worker: V4WorkerOptions = JSON.parse(await readFile(join(bundle, "worker.json"), "utf8"));
const system = new Miniflare(
  convertV4MiniflareOptions({
    host: "localhost",
    port,
    resourcePersistencePath: join(directory, "v3"),
    unsafeTriggerHandlers: true,
    logRequests: false,
    handleStructuredLogs: ({ message }) => process.stdout.write(`${message}\n`),
    workers: [{ ...worker, bindings: { ...worker.bindings, ...variables } }],
  }),
);
const end = () => system.dispose().finally(() => process.exit());
process.stdin.resume().on("end", end);
process.on("SIGTERM", end);
await system.ready;
