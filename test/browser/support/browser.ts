/** Debian's Chromium, driven by playwright-core, quiet on a machine without a network. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { freePort } from "../../flows/support/http-server.ts";

const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
/** Playwright's own, for the last list alone counts; and what each window would load for an address bar that nobody sees. */
const DISABLED_FEATURES = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--disable-features=${DISABLED_FEATURES.join()}`,
];
/** Playwright turns this off, and buyers do not. */
const BACK_FORWARD_CACHE_OFF = "--disable-back-forward-cache";
const ARTEFACTS = "test-results";
const PATIENCE_MS = 15_000;

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 800 };

/** Null where there is none: said aloud, for these tests are then not run. */
export const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path)) ?? null;
if (chromiumPath === null) {
  console.warn("BROWSER TESTS ARE NOT RUN: no Chromium was found. Install it, or set CHROMIUM_PATH.");
}

export function launch(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath ?? "",
    args: [...ARGUMENTS, ...args],
    ignoreDefaultArgs: [BACK_FORWARD_CACHE_OFF],
  });
}

let shared: Browser | undefined;

/** One for all files of a worker, each with contexts of its own; it ends with the worker. */
export async function sharedBrowser(): Promise<Browser> {
  if (shared?.isConnected() !== true) {
    shared = await launch();
  }
  return shared;
}

/** A window whose tabs hide each other; elsewhere playwright lets each page believe that it is looked at. */
export async function launchWindow(): Promise<{ window: BrowserContext; close: () => Promise<void> }> {
  const port = await freePort();
  const browser = await launch([`--remote-debugging-port=${port}`]);
  const connected = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
  const [window] = connected.contexts();
  if (window === undefined) {
    throw new Error("the browser has no window");
  }
  window.setDefaultTimeout(PATIENCE_MS);
  return { window, close: () => browser.close() };
}

type ContextOptions = Parameters<Browser["newContext"]>[0];

/** Buyers' browser profiles, and whatever their pages complain about. */
export class Profiles {
  readonly #errors: string[] = [];
  readonly #browser: Browser;
  #open: BrowserContext[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  async create(options: ContextOptions = {}): Promise<BrowserContext> {
    // Without a GPU each frame of an animation is drawn by the processor that has the server to run.
    const context = await this.#browser.newContext({
      viewport: DESKTOP,
      reducedMotion: "reduce",
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    context.on("weberror", (error) => this.#errors.push(error.error().message));
    context.on("console", (message) => {
      if (message.type() === "error" && message.text().includes("Content Security Policy")) {
        this.#errors.push(message.text());
      }
    });
    this.#open.push(context);
    return context;
  }

  async page(options: ContextOptions = {}): Promise<Page> {
    return (await this.create(options)).newPage();
  }

  /** @returns the pages' exceptions, and breaches of their own policy, since the last time */
  takeErrors(): string[] {
    return this.#errors.splice(0);
  }

  /** @returns as `takeErrors` */
  async close(): Promise<string[]> {
    await Promise.all(this.#open.map((context) => context.close()));
    this.#open = [];
    return this.takeErrors();
  }
}

/** With PICTURES=1 keeps a picture to be looked at, of the page at rest. */
export async function picture(page: Page, name: string): Promise<void> {
  if (!process.env.PICTURES) {
    return;
  }
  await mkdir(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: `${ARTEFACTS}/${name}.png`, fullPage: true, animations: "disabled" });
}

/** CSS pixels by which the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** Marks the document, so that a test can tell that it was never loaded again. */
export async function markDocument(page: Page): Promise<void> {
  await page.evaluate(() => document.documentElement.setAttribute("data-marked", "yes"));
}

export function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.hasAttribute("data-marked"));
}
