/** Looks at this checkout and at a running Worker, and prints what is found. No secret is ever printed. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { statusOf } from "../src/operations/finding.ts";
import { examineHere } from "./examine-here.ts";
import { examineThere } from "./examine-there.ts";
import { toSummary, toTable } from "./findings-table.ts";
import { readVariables } from "./variables-file.ts";
import type { Wrangler } from "./wrangler.ts";
import { variable, type WranglerFile } from "./wrangler-file.ts";

export interface DoctorOptions {
  readonly directory: string;
  /** What the Worker is deployed from; undefined: wrangler.toml. */
  readonly file?: WranglerFile | undefined;
  readonly wrangler: Wrangler;
  readonly environment: NodeJS.ProcessEnv;
  /** Undefined: as the files say. */
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly print: (text: string) => void;
  readonly coloured: boolean;
}

const LOOPBACK = /^http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:|$)/;

/** @returns whether there is no fault */
export async function runDoctor(options: DoctorOptions): Promise<boolean> {
  const { directory, file = "wrangler.toml", wrangler, environment, print, coloured } = options;
  const stored = readVariables(join(directory, ".dev.vars"));
  const toml = join(directory, file);
  const configured = existsSync(toml) ? variable(readFileSync(toml, "utf8"), "PUBLIC_URL") : null;
  const url = (options.url || stored.get("PUBLIC_URL") || configured || "http://localhost:8787").replace(
    /\/+$/,
    "",
  );
  const isDeployed = !LOOPBACK.test(url);
  // The key of this machine's system is no other's.
  const own = isDeployed ? "" : stored.get("API_KEYS");
  const [key = null] = (options.key || environment.API_KEYS || own || "")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  print(`payment-edge at ${url}\n`);
  const here = await examineHere({ directory, file, wrangler, isDeployed });
  const findings = [...here, ...(await examineThere(url, key))];
  print(`${toTable(findings, coloured)}\n\n${toSummary(findings)}`);
  return statusOf(findings) !== "fault";
}
