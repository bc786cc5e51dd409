/** What is compared, each started as a process group of its own with an empty database, and a gateway that answers at once. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeBundle } from "../make-bundle.ts";
import { migrateLocally } from "../migrate-local.ts";
import type { BundleToRun } from "../run-bundle.ts";

export const ROOT = resolve(import.meta.dirname, "../..");
export const PEERS = join(ROOT, "test/bench/peers");
const FLOOR = join(ROOT, "test/bench/floor");
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 10_000;

/** Visibly fake: for the bench alone. */
export const API_KEY = "key_fake_bench_0123456789abcdef";
export const WEBHOOK_SECRET = `whsec_${Buffer.from("fake gateway secret, for the bench").toString("base64")}`;
const GATEWAY_API_KEY = "gateway_fake_api_key_0123456789abcdef";

/** No look-ups, no telemetry, no update check. */
const environment = {
  ...process.env,
  PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
};

export interface Running {
  readonly url: string;
  /** Bytes of memory that its server holds; null where the system does not tell. */
  memory(): number | null;
  stop(): Promise<void>;
}

export async function startGateway(): Promise<Running> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end('{"payment_url":"https://gateway.example/pay/1","session_id":"s_1"}');
    });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    memory: () => null,
    stop: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function startOurs(gatewayUrl: string): Promise<Running> {
  const variables = {
    API_KEYS: API_KEY,
    CLIENT_SECRET_KEY: "client-secret-key-fake-for-the-bench",
    SANDBOX: "off",
    // Nobody to tell, for the others have nobody either.
    FULFILMENT_URL: "",
    DEFAULT_GATEWAY: "generic",
    GENERIC_GATEWAY_URL: gatewayUrl,
    GENERIC_GATEWAY_API_KEY: GATEWAY_API_KEY,
    GENERIC_GATEWAY_WEBHOOK_SECRET: WEBHOOK_SECRET,
  };
  return startWorker("wrangler.toml", variables, (directory) => {
    const failure = migrateLocally(directory, environment, "wrangler.toml");
    if (failure !== null) {
      throw new Error(failure);
    }
  });
}

export async function startFloor(gatewayUrl: string): Promise<Running> {
  const variables = { API_KEY, WEBHOOK_SECRET, GATEWAY_URL: gatewayUrl };
  return startWorker("test/bench/floor/wrangler.toml", variables, (directory) => {
    const place = ["--local", "--persist-to", directory, "--file", join(FLOOR, "schema.sql")];
    const config = ["--config", join(FLOOR, "wrangler.toml")];
    const schema = spawnSync("wrangler", ["d1", "execute", "DB", "--yes", ...place, ...config], {
      env: environment,
      encoding: "utf8",
    });
    if (schema.status !== 0) {
      throw new Error(`the floor has no tables: ${schema.stdout}${schema.stderr}`);
    }
  });
}

/** As deployed, in workerd alone: what wrangler does for each request and each line of a log is no work of the Worker's. */
async function startWorker(
  config: string,
  variables: Readonly<Record<string, string>>,
  makeTables: (directory: string) => void,
): Promise<Running> {
  const place = await mkdtemp(join(tmpdir(), "payment-edge-bundle-"));
  const bundle = join(place, "worker");
  await makeBundle(config, bundle, environment);
  const running = await start("workerd", (port, directory) => {
    makeTables(directory);
    const url = `http://localhost:${port}`;
    const run: BundleToRun = {
      port: Number(port),
      ...{ directory, bundle, variables: { PUBLIC_URL: url, ...variables } },
    };
    return ["node", ["scripts/run-bundle.ts", JSON.stringify(run)], {}];
  });
  const stop = async () => {
    await running.stop();
    await rm(place, { recursive: true, force: true });
  };
  return { ...running, stop };
}

/** @param node which runs it */
export async function startPeer(gatewayUrl: string, node: string): Promise<Running> {
  return start("node", (port, directory) => [
    node,
    [join(PEERS, "server.js")],
    {
      PORT: port,
      DATABASE: join(directory, "peer.sqlite"),
      ...{ API_KEY, WEBHOOK_SECRET, GATEWAY_URL: gatewayUrl, NODE_ENV: "production" },
    },
  ]);
}

/** Another Node of the machine, where better-sqlite3 cannot be compiled for ours. */
const OTHER_NODES = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((directory) => !directory.includes("node_modules"))
  .map((directory) => join(directory, "node"));

/** Installs the peers where they are not there. @returns the Node that can run them */
export function installPeers(): string {
  const found = peerNode();
  if (found !== undefined) {
    return found;
  }
  console.error("Installing Fastify, Socket.IO and better-sqlite3 into test/bench/peers …");
  const { stderr } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { ...inPeers, stdio: "pipe" });
  const installed = peerNode();
  if (installed === undefined) {
    throw new Error(`npm ci in test/bench/peers brought nothing that runs: ${stderr}`);
  }
  return installed;
}

const inPeers = { cwd: PEERS, env: environment, encoding: "utf8" } as const;

function peerNode(): string | undefined {
  const probe = "new (require('better-sqlite3'))(':memory:'); require.resolve('socket.io')";
  return [process.execPath, ...OTHER_NODES].find(
    (node) => spawnSync(node, ["-e", probe], inPeers).status === 0,
  );
}

type Command = readonly [
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
];

async function start(
  server: string,
  toCommand: (port: string, directory: string) => Command,
): Promise<Running> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "payment-edge-bench-"));
  const [command, args, variables] = toCommand(String(port), directory);
  const child = spawn(command, args, {
    cwd: ROOT,
    // The group's id is the child's: ending it leaves nobody behind.
    detached: true,
    // Its standard input ends when we do.
    stdio: "pipe",
    env: { ...environment, ...variables },
  });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString("utf8")).slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const url = `http://localhost:${port}`;
  const stop = async () => {
    await end(child);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await up(url, child);
  } catch (error) {
    await stop();
    throw new Error(`${command} did not start.\n${output}`, { cause: error });
  }
  return { url, memory: () => memoryOf(child.pid ?? 0, server), stop };
}

async function up(url: string, child: ChildProcess): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS;
  while (child.exitCode === null && Date.now() < limit) {
    const response = await fetch(`${url}/health`).catch(() => null);
    await response?.arrayBuffer();
    if (response?.ok) {
      return;
    }
    await sleep(200);
  }
  throw new Error("/health was not ready in time");
}

async function end({ pid = 0 }: ChildProcess): Promise<void> {
  const limit = Date.now() + STOP_LIMIT_MS;
  for (let alive = signal(pid, "SIGTERM"); alive && Date.now() < limit; alive = signal(pid, 0)) {
    await sleep(50);
  }
  signal(pid, "SIGKILL");
}

function signal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, name);
  } catch {
    return false;
  }
}

/** The resident memory of the group's processes of this name, where there is a /proc. */
function memoryOf(group: number, name: string): number | null {
  try {
    const ids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
    const sizes = ids.map((id) => sizeOf(id, group, name));
    return sizes.reduce((sum, size) => sum + size, 0) || null;
  } catch {
    return null;
  }
}

function sizeOf(id: string, group: number, name: string): number {
  try {
    const [, command, rest = ""] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${id}/stat`, "utf8")) ?? [];
    const isIts = command?.startsWith(name) && Number(rest.split(" ")[2]) === group;
    const [, kilobytes = "0"] =
      /VmRSS:\s+(\d+)/.exec(isIts ? readFileSync(`/proc/${id}/status`, "utf8") : "") ?? [];
    return Number(kilobytes) * 1024;
  } catch {
    // It has ended meanwhile.
    return 0;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  server.close();
  return port;
}

function listen(server: Server): Promise<number> {
  return new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port));
  });
}
