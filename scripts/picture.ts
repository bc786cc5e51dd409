/**
 * `npm run picture`: makes docs/status-page.png anew. Starts the whole system with an empty database, buys at the demo
 * shop, pays at the sandbox, and takes the status page as it waits and as it turns by itself, side by side.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { chromiumPath, launch } from "../test/browser/support/browser.ts";
import { freePort } from "../test/flows/support/http-server.ts";

const ROOT = resolve(import.meta.dirname, "..");
const PICTURE = join(ROOT, "docs/status-page.png");
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 10_000;
const PHONE = { width: 390, height: 844 };
const GAP = 24;

/** A process group of its own, whose id is the child's: ending it leaves nobody behind. */
function start(port: number, directory: string): ChildProcess {
  const variables = ["SANDBOX:on", "DEFAULT_GATEWAY:sandbox", `PUBLIC_URL:http://localhost:${port}`];
  const options = ["--port", String(port), "--persist-to", directory];
  const args = ["scripts/dev.ts", ...options, ...variables.flatMap((entry) => ["--var", entry])];
  return spawn("node", args, { cwd: ROOT, detached: true, stdio: "ignore" });
}

async function up(url: string, child: ChildProcess): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS;
  while (child.exitCode === null && Date.now() < limit) {
    const response = await fetch(`${url}/health`).catch(() => null);
    if (response?.ok) {
      return;
    }
    await sleep(200);
  }
  throw new Error("the system did not start: try `npm run dev`, which says why");
}

async function stop(child: ChildProcess): Promise<void> {
  const limit = Date.now() + STOP_LIMIT_MS;
  for (let alive = signal(child, "SIGTERM"); alive && Date.now() < limit; alive = signal(child, 0)) {
    await sleep(50);
  }
  signal(child, "SIGKILL");
}

function signal({ pid }: ChildProcess, name: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, name);
  } catch {
    return false;
  }
}

/** @returns one payment on its page, before its webhook has come and after */
async function payAndLook(browser: Browser, url: string): Promise<Buffer[]> {
  const page = await browser.newPage({ viewport: PHONE, deviceScaleFactor: 2, reducedMotion: "reduce" });
  await page.goto(`${url}/demo`);
  await page.click(".product button[value=harbour]");
  await page.click("#pay-now");
  await page.click("input[name=webhook][value=late]");
  await page.click("button[value=success]");
  const pictures: Buffer[] = [];
  for (const status of ["pending", "succeeded"]) {
    await page.waitForSelector(`main[data-status=${status}]`);
    pictures.push(await page.screenshot({ animations: "disabled" }));
  }
  return pictures;
}

async function compose(browser: Browser, pictures: readonly Buffer[]): Promise<void> {
  const width = pictures.length * (PHONE.width + GAP) + GAP;
  const page = await browser.newPage({ viewport: { width, height: PHONE.height + 2 * GAP } });
  const images = pictures.map((one) => `<img src="data:image/png;base64,${one.toString("base64")}">`);
  const box = `width:${PHONE.width}px;border-radius:${GAP}px;outline:1px solid #c8ccd2`;
  const frame = `display:flex;gap:${GAP}px;margin:${GAP}px`;
  await page.setContent(`<style>img{${box}}body{${frame}}</style>${images.join("")}`);
  await page.screenshot({ path: PICTURE });
}

if (chromiumPath === null) {
  process.exit(1);
}
const browser = await launch();
const directory = await mkdtemp(join(tmpdir(), "payment-edge-picture-"));
const port = await freePort();
const system = start(port, directory);
try {
  await up(`http://localhost:${port}`, system);
  await mkdir(join(ROOT, "docs"), { recursive: true });
  await compose(browser, await payAndLook(browser, `http://localhost:${port}`));
  console.log(`Made ${PICTURE}`);
} finally {
  await browser.close();
  await stop(system);
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}
