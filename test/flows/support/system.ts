/** One running payment-edge, with a database of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import type { BundleToRun } from "../../../scripts/run-bundle.ts";
import { readContract } from "./contract.ts";
import { freePort } from "./http-server.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const START_LIMIT_MS = 80_000;
const STOP_LIMIT_MS = 10_000;

/** Visibly fake: for these tests alone. */
export const API_KEY = "key_fake_flows_0123456789abcdef";
export const SECOND_API_KEY = "key_fake_flows_fedcba9876543210";
export const SHOP_ORIGIN = "https://shop.example";
const fakeSecret = (text: string) => `whsec_${Buffer.from(`fake ${text}, for flows`).toString("base64")}`;
export const FULFILMENT_SECRET = fakeSecret("fulfilment secret");
export const GATEWAY_SECRET = fakeSecret("gateway webhook secret");
export const OLD_GATEWAY_SECRET = fakeSecret("gateway secret on its way out");
export const GATEWAY_API_KEY = "gateway_fake_api_key_0123456789abcdef";
export const CONSOLE_PASSWORD = "console-password-fake-for-flows-only";
const CLIENT_SECRET_KEY = "client-secret-key-fake-for-flows-only";

export type Variables = Readonly<Record<string, string>>;

/** A system with the keys of these tests, and no simulated parties. */
export const shopVariables: Variables = {
  API_KEYS: `${API_KEY},${SECOND_API_KEY}`,
  CLIENT_SECRET_KEY,
  FULFILMENT_SECRET,
  CONSOLE_PASSWORD,
  ALLOWED_ORIGINS: SHOP_ORIGIN,
  SANDBOX: "off",
};

export const gatewayVariables = (url: string): Variables => ({
  GENERIC_GATEWAY_URL: url,
  GENERIC_GATEWAY_API_KEY: GATEWAY_API_KEY,
  GENERIC_GATEWAY_WEBHOOK_SECRET: `${GATEWAY_SECRET},${OLD_GATEWAY_SECRET}`,
  DEFAULT_GATEWAY: "generic",
});

export interface System {
  readonly url: string;
  /** What it has printed so far. */
  output(): string;
  /** Runs the cron once; with a time ahead of the clock the tick lives in that future. */
  tick(at?: number): Promise<void>;
  stop(): Promise<void>;
  /** As a power cut would: the whole group at once, and nothing is said goodbye to. Its directory stays. */
  kill(): Promise<void>;
}

interface Options {
  readonly vars?: Variables;
  readonly port?: number;
  /** Where its database lives, so that it outlives the system; otherwise one that goes with it. */
  readonly directory?: string;
  /** It is started by `npm run dev` with these, which takes several times as long, and not from the prepared bundle. */
  readonly args?: readonly string[];
  /** The status of /health that says it is up; a refusing system answers something else. */
  readonly isUp?: (status: number) => boolean;
}

/** With a database that is up to date, and empty. */
export async function createDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "payment-edge-flow-"));
  await cp(join(inject("prepared"), "state"), directory, { recursive: true });
  return directory;
}

export const removeDirectory = (directory: string) =>
  rm(directory, { recursive: true, force: true, maxRetries: 5 });

export async function startSystem(options: Options = {}): Promise<System> {
  const port = options.port ?? (await freePort());
  const directory = options.directory ?? (await createDirectory());
  const url = `http://localhost:${port}`;
  const { vars = {}, args } = options;
  const child =
    args === undefined ? startPrepared(port, directory, vars) : startDev(port, directory, vars, args);
  const output = record(child);
  const stop = async () => {
    await end(child);
    if (options.directory === undefined) {
      await removeDirectory(directory);
    }
  };
  try {
    await up(url, child, options.isUp ?? ((status) => status === 200));
    await readContract(url);
  } catch (error) {
    await stop();
    throw new Error(`payment-edge did not start.\n${output()}`, { cause: error });
  }
  return { url, output, tick: (at) => tick(url, at), stop, kill: () => kill(child) };
}

function startPrepared(port: number, directory: string, vars: Variables): ChildProcess {
  const url = `http://localhost:${port}`;
  // As `npm run dev` sets them where nobody else does.
  const defaults = { PUBLIC_URL: url, SANDBOX: "on", FULFILMENT_URL: `${url}/demo/fulfilment` };
  const system: BundleToRun = {
    port,
    directory,
    bundle: join(inject("prepared"), "worker"),
    variables: { ...defaults, ...vars },
  };
  return startProcess(directory, ["scripts/run-bundle.ts", JSON.stringify(system)]);
}

function startDev(port: number, directory: string, vars: Variables, args: readonly string[]): ChildProcess {
  const variables = Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const where = ["--port", String(port), "--persist-to", directory];
  return startProcess(directory, ["scripts/dev.ts", ...where, ...variables, ...args]);
}

function startProcess(directory: string, args: readonly string[]): ChildProcess {
  return spawn("node", args, {
    cwd: ROOT,
    // The group's id is the child's: ending it leaves no wrangler and no workerd behind.
    detached: true,
    // Its standard input ends when we do.
    stdio: "pipe",
    env: {
      ...process.env,
      PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
      // What a killed one leaves behind goes with its directory.
      TMPDIR: directory,
      // Asks nobody where it is.
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
    },
  });
}

function record(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
    });
  }
  return () => text;
}

async function up(url: string, child: ChildProcess, isUp: (status: number) => boolean): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS;
  let last: unknown = "no answer";
  while (Date.now() < limit) {
    if (child.exitCode !== null) {
      throw new Error(`it ended with code ${child.exitCode}`);
    }
    try {
      const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) });
      last = `${response.status} ${await response.text()}`;
      if (isUp(response.status)) {
        return;
      }
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error("/health was not ready in time", { cause: last });
}

async function tick(url: string, at?: number): Promise<void> {
  const time = at === undefined ? "" : `&time=${at}`;
  const response = await fetch(`${url}/cdn-cgi/local/scheduled?cron=*+*+*+*+*${time}`);
  if (!response.ok) {
    throw new Error(`the tick answered ${response.status} ${await response.text()}`);
  }
}

async function end(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) {
    return;
  }
  signalGroup(pid, "SIGTERM");
  await gone(pid);
  signalGroup(pid, "SIGKILL");
}

async function kill({ pid }: ChildProcess): Promise<void> {
  if (pid === undefined || !signalGroup(pid, "SIGKILL")) {
    throw new Error("there is nothing to kill");
  }
  await gone(pid);
}

/** Until the whole group has ended, or the time is up. */
async function gone(group: number): Promise<void> {
  const limit = Date.now() + STOP_LIMIT_MS;
  while (groupIsAlive(group) && Date.now() < limit) {
    await sleep(50);
  }
}

const groupIsAlive = (group: number) => signalGroup(group, 0);

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
