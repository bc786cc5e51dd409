/**
 * From an account with nothing in it to a running Worker: the database, what is missing of variables and secrets,
 * migrations, the Worker, the doctor. What is there already is left as it is, so it is also every later deployment.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Known, type Settings, settle } from "./deploy-settings.ts";
import { readNames } from "./examine-here.ts";
import { runDoctor } from "./run-doctor.ts";
import type { Terminal } from "./terminal.ts";
import type { Wrangler } from "./wrangler.ts";
import {
  databaseBindings,
  databaseId,
  databaseName,
  variable,
  type WranglerFile,
  withCustomDomain,
  withDatabaseId,
  withVariable,
} from "./wrangler-file.ts";

export interface DeployOptions {
  readonly directory: string;
  readonly file: WranglerFile;
  /** For that file. */
  readonly wrangler: Wrangler;
  readonly terminal: Terminal;
  readonly environment: NodeJS.ProcessEnv;
  readonly coloured: boolean;
  /** How long the new Worker may take to answer; milliseconds. */
  readonly patienceMs: number;
}

/** Why it does not go on, for whoever runs it. */
export class DeployError extends Error {
  override readonly name = "DeployError";
}

const TYPES = ["types", "--include-runtime=false", "--strict-vars=false", "--env-file=scripts/dev.vars"];
const SIZE = /Total Upload: ([\d.]+ \w+) \/ gzip: ([\d.]+ \w+)/;

/** Builds, and says how large it is. @throws DeployError */
export async function dryRun({
  wrangler,
  terminal,
}: Pick<DeployOptions, "wrangler" | "terminal">): Promise<void> {
  const { status, stdout, stderr } = await wrangler(["deploy", "--dry-run"]);
  const [, raw, compressed] = SIZE.exec(stdout) ?? [];
  if (status !== 0 || raw === undefined) {
    throw new DeployError(`It cannot be built.\n${stdout}${stderr}`);
  }
  terminal.print(`Built: ${raw}, ${compressed} compressed. Nothing was deployed.`);
}

/** @returns whether the doctor finds no fault @throws DeployError */
export async function runDeploy(options: DeployOptions): Promise<boolean> {
  const { terminal, wrangler } = options;
  await signIn(options);
  await settleDatabase(options);
  const known = await look(options);
  const settings = await settle(known, terminal);
  insistOnAll(settings, options);
  await keepVariables(options, settings);
  await putSecrets(options, settings);
  for (const binding of databaseBindings(readFileSync(join(options.directory, options.file), "utf8"))) {
    const apply = ["d1", "migrations", "apply", binding, "--remote"];
    await step(wrangler, apply, `The migrations were not applied to ${binding}.`);
  }
  await step(
    wrangler,
    ["deploy"],
    "The Worker was not deployed. The database is migrated, which the old one bears.",
  );
  return examineIt(options, settings);
}

async function signIn({ wrangler, terminal }: DeployOptions): Promise<void> {
  const isIn = async () => (await wrangler(["whoami", "--json"])).status === 0;
  if (await isIn()) {
    return;
  }
  if (terminal.isInteractive) {
    await wrangler(["login"], { show: "all" });
  }
  if (!terminal.isInteractive || !(await isIn())) {
    throw new DeployError("Wrangler is not signed in: npx wrangler login, or set CLOUDFLARE_API_TOKEN.");
  }
}

/** By its name, so that a second run, or another checkout, finds what the first has made. */
async function settleDatabase({ directory, file, wrangler, terminal }: DeployOptions): Promise<void> {
  const path = join(directory, file);
  const toml = readFileSync(path, "utf8");
  if (databaseId(toml) !== null) {
    return;
  }
  const name = databaseName(toml);
  const find = async () => {
    const { status, stdout, stderr } = await wrangler(["d1", "list", "--json"]);
    if (status !== 0) {
      throw new DeployError(`The databases could not be listed.\n${stderr}`);
    }
    return readDatabases(stdout).find((one) => one.name === name)?.uuid;
  };
  let id = await find();
  if (id === undefined) {
    await step(wrangler, ["d1", "create", name], `The database ${name} was not made.`);
    id = await find();
  }
  if (id === undefined) {
    throw new DeployError(`The database ${name} was made, but is not listed yet: run this again.`);
  }
  writeFileSync(path, withDatabaseId(toml, id));
  terminal.print(`${file}: database_id of ${name} is filled in. Commit it.`);
}

interface ListedDatabase {
  readonly uuid: string;
  readonly name: string;
}

/** @throws DeployError */
function readDatabases(json: string): readonly ListedDatabase[] {
  try {
    return JSON.parse(json) as readonly ListedDatabase[];
  } catch {
    throw new DeployError("Wrangler's list of databases is no JSON.");
  }
}

async function look({ directory, file, wrangler, environment }: DeployOptions): Promise<Known> {
  const toml = readFileSync(join(directory, file), "utf8");
  const { status, stdout, stderr } = await wrangler(["secret", "list", "--format", "json"]);
  const secrets = status === 0 ? readNames(stdout) : null;
  if (secrets === null && !/Worker .*not found/i.test(`${stdout}${stderr}`)) {
    throw new DeployError(`The secrets could not be listed.\n${stderr}`);
  }
  return { toml, secrets, environment };
}

/** @throws DeployError */
function insistOnAll({ missing }: Settings, { terminal, environment }: DeployOptions): void {
  if (missing.length === 0) {
    return;
  }
  const says =
    `Missing: ${missing.join(", ")}. Give them in the environment of this command, ` +
    "or run it once on a terminal, where it asks and makes them.";
  if (!environment.WORKERS_CI) {
    throw new DeployError(says);
  }
  // Cloudflare's own builds may get them by the dashboard after the first one. Until then the Worker refuses to serve.
  terminal.print(says);
}

async function keepVariables(
  { directory, file, wrangler, terminal }: DeployOptions,
  settings: Settings,
): Promise<void> {
  const { variables, domain } = settings;
  if (variables.size === 0) {
    return;
  }
  const path = join(directory, file);
  const before =
    domain === null ? readFileSync(path, "utf8") : withCustomDomain(readFileSync(path, "utf8"), domain);
  const toml = [...variables].reduce((text, [name, value]) => withVariable(text, name, value), before);
  writeFileSync(path, toml);
  // The types are of the Worker that has everything.
  const isTyped = file === "wrangler.sandbox.toml";
  if (isTyped) {
    await step(wrangler, TYPES, "The types of the variables were not written.", false);
  }
  const more = isTyped ? ", with worker-configuration.d.ts" : "";
  terminal.print(`${file}: ${[...variables.keys()].join(", ")} in [vars]. Commit it${more}.`);
}

/** On standard input alone: arguments are seen by every user of the machine. */
async function putSecrets({ wrangler, terminal }: DeployOptions, { secrets, made }: Settings): Promise<void> {
  if (secrets.size === 0) {
    return;
  }
  const input = JSON.stringify(Object.fromEntries(secrets));
  const { status, stderr } = await wrangler(["secret", "bulk"], { input });
  if (status !== 0) {
    throw new DeployError(`The secrets were not put.\n${stderr}`);
  }
  terminal.print(`Secrets put: ${[...secrets.keys()].join(", ")}.`);
  if (made.length > 0) {
    const lines = made.map((name) => `  ${name}=${secrets.get(name)}`);
    terminal.print(
      `\nMade just now, and shown this once. Keep them in a safe place:\n\n${lines.join("\n")}\n`,
    );
  }
}

/** @throws DeployError */
async function step(
  wrangler: Wrangler,
  args: readonly string[],
  failure: string,
  isShown = true,
): Promise<void> {
  const { status, stderr } = await wrangler(args, isShown ? { show: "output" } : {});
  if (status !== 0) {
    throw new DeployError(`${failure}\n${stderr}`.trim());
  }
}

async function examineIt(options: DeployOptions, { secrets, variables }: Settings): Promise<boolean> {
  const { directory, file, environment, terminal } = options;
  const toml = readFileSync(join(directory, file), "utf8");
  const url = variables.get("PUBLIC_URL") ?? variable(toml, "PUBLIC_URL");
  if (url === null) {
    terminal.print(
      "Deployed. PUBLIC_URL is a secret, so look yourself: npm run doctor -- --url ADDRESS --key API_KEY",
    );
    return true;
  }
  await awaitAnswer(url, options.patienceMs);
  terminal.print("");
  const key = secrets.get("API_KEYS") ?? environment.API_KEYS;
  return runDoctor({ ...options, url, key, print: (text) => terminal.print(text) });
}

/** A new Worker, or a new domain, takes a moment to be known everywhere. */
async function awaitAnswer(url: string, patienceMs: number): Promise<void> {
  const end = Date.now() + patienceMs;
  while (Date.now() < end) {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    if (answer?.ok) {
      return;
    }
    await sleep(1000);
  }
}
