/** Debian's Chromium, driven by playwright-core, quiet on a machine without a network. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { type Browser, chromium, type Page } from "playwright-core";

const CANDIDATES = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const ARTEFACTS = "test-results";

/** Null where there is none: said aloud, for these tests are then not run. */
export const chromiumPath = CANDIDATES.find((path) => path !== undefined && existsSync(path)) ?? null;
if (chromiumPath === null) {
  console.warn("BROWSER TESTS ARE NOT RUN: no Chromium was found. Install it, or set CHROMIUM_PATH.");
}

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath ?? "", args: ARGUMENTS });
}

/** Keeps a picture to be looked at. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: `${ARTEFACTS}/${name}.png`, fullPage: true });
}

/** Marks the document, so that a test can tell that it was never loaded again. */
export async function markDocument(page: Page): Promise<void> {
  await page.evaluate(() => document.documentElement.setAttribute("data-marked", "yes"));
}

export function isMarked(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.hasAttribute("data-marked"));
}
