/**
 * `npm run dev`: from nothing to a running system. Makes secrets where there are none, migrates the local D1, starts
 * wrangler and ticks the cron each minute. Arguments are passed on; one that is given replaces the script's own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { LOCAL_CONFIG, migrateLocally } from "./migrate-local.ts";

const TICK_MS = 60_000;

// Quiet and offline: no look-ups, no telemetry, no update check.
const environment = {
  ...process.env,
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
};

const given = process.argv.slice(2);
const port = optionValue("--port") ?? "8787";
const config = optionValue("--config") ?? LOCAL_CONFIG;
const hasSandbox = config === LOCAL_CONFIG;

writeSecrets();
const url = variable("PUBLIC_URL") ?? stored("PUBLIC_URL") ?? `http://localhost:${port}`;
migrate();
const wrangler = start();
const ticks = setInterval(() => void tick(), TICK_MS);
// npm's shell does not pass a signal on: its end is ours.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.env.npm_lifecycle_event === "dev" && process.ppid !== parent) {
    wrangler.kill("SIGTERM");
  }
}, 500);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => wrangler.kill("SIGTERM"));
}
wrangler.on("exit", (code) => {
  clearInterval(ticks);
  clearInterval(watch);
  process.exitCode = code ?? 0;
});

/** The value of an option, as `--name value` or `--name=value`. */
function optionValue(name: string): string | undefined {
  const index = given.findLastIndex((argument) => argument === name || argument.startsWith(`${name}=`));
  const argument = given[index];
  return argument?.includes("=")
    ? argument.slice(argument.indexOf("=") + 1)
    : given[index + 1 || given.length];
}

/** The value of a `--var NAME:VALUE` among the arguments. */
function variable(name: string): string | undefined {
  const entry = given.findLast((argument) => argument.replace(/^--var=/, "").startsWith(`${name}:`));
  return entry?.replace(/^--var=/, "").slice(name.length + 1);
}

/** The value of a variable in .dev.vars. */
function stored(name: string): string | undefined {
  const line = readFileSync(".dev.vars", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}=`));
  return line?.slice(name.length + 1).trim();
}

function writeSecrets(): void {
  const random = (encoding: BufferEncoding) => randomBytes(32).toString(encoding);
  const password = `CONSOLE_PASSWORD=${random("base64url")}`;
  if (existsSync(".dev.vars")) {
    if (stored("CONSOLE_PASSWORD") === undefined) {
      appendFileSync(".dev.vars", `\n${password}\n`);
    }
    return;
  }
  const lines = [
    "# Random secrets for this machine, made by `npm run dev`. Delete the file to get new ones.",
    `API_KEYS=key_${random("hex")}`,
    `CLIENT_SECRET_KEY=${random("base64url")}`,
    `FULFILMENT_SECRET=whsec_${random("base64")}`,
    password,
  ];
  writeFileSync(".dev.vars", `${lines.join("\n")}\n`, { mode: 0o600 });
  console.log("Made .dev.vars with fresh random secrets.");
}

function migrate(): void {
  const failure = migrateLocally(optionValue("--persist-to"), environment, config);
  if (failure !== null) {
    console.error(failure);
    process.exit(1);
  }
}

function start(): ChildProcess {
  const ofSandbox = hasSandbox ? { SANDBOX: "on", FULFILMENT_URL: `${url}/demo/fulfilment` } : {};
  const defaults = { PUBLIC_URL: url, ...ofSandbox };
  const variables = Object.entries(defaults)
    .filter(([name]) => (variable(name) ?? stored(name)) === undefined)
    .flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const options = [
    "--test-scheduled",
    ...(optionValue("--config") === undefined ? ["--config", config] : []),
    ...(optionValue("--port") === undefined ? ["--port", port] : []),
    ...(optionValue("--inspector-port") === undefined ? ["--inspector-port", "0"] : []),
    ...(given.some((argument) => argument.includes("show-interactive-dev-session"))
      ? []
      : ["--show-interactive-dev-session=false"]),
  ];
  console.log(`payment-edge is starting on ${url}${hasSandbox ? `: the demo shop is at ${url}/demo` : ""}`);
  console.log(`The console is at ${url}/console: its password is CONSOLE_PASSWORD in .dev.vars`);
  return spawn("wrangler", ["dev", ...options, ...variables, ...given], {
    env: environment,
    stdio: "inherit",
  });
}

/** What Cloudflare does each minute; nothing does it locally. */
async function tick(): Promise<void> {
  try {
    await fetch(`http://localhost:${port}/cdn-cgi/handler/scheduled?cron=${encodeURIComponent("* * * * *")}`);
  } catch {
    // Not up yet, or on its way down: the next minute comes.
  }
}
