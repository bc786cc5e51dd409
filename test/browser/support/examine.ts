/** A page is looked at from all sides: by axe-core, in light and dark, on a desk and on a phone; pictures are kept. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type Axe from "axe-core";
import type { AxeResults, RunOnly } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { overflow, PHONE, picture } from "./browser.ts";

/** Minified, for each page is sent it anew. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What colours alone can break. */
export const COLOURS = ["color-contrast", "link-in-text-block"];

/**
 * One line for each violation: the rule, why, and where. Runs beside the page's own policy, which stays as it is.
 * @param rules these alone; all where it is left out
 * @param ignored not these
 */
export async function violations(
  page: Page,
  rules?: readonly string[],
  ignored: readonly string[] = [],
): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in window);
  if (!isThere) {
    await page.evaluate(AXE);
  }
  const runOnly: RunOnly = rules ? { type: "rule", values: [...rules] } : { type: "tag", values: TAGS };
  const off = Object.fromEntries(ignored.map((rule) => [rule, { enabled: false }]));
  const { found, passed } = await page.evaluate(
    async (options) => {
      const { axe } = window as unknown as { axe: typeof Axe };
      const results = await axe.run(document, options);
      return { found: results.violations, passed: results.passes.length };
    },
    // To list what is well takes longer than to find what is not.
    { runOnly, rules: off, resultTypes: ["violations" as const] },
  );
  return passed === 0 ? ["axe has looked at nothing"] : describe(found);
}

function describe(found: AxeResults["violations"]): string[] {
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`),
  );
}

/** In light, then in dark, where only the colours differ. */
export async function examine(page: Page, name: string): Promise<void> {
  expect(await overflow(page), `${name} is wider than its window`).toBeLessThanOrEqual(0);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const rules = colorScheme === "dark" ? COLOURS : undefined;
    expect(await violations(page, rules), `${name} in ${colorScheme}`).toEqual([]);
    await picture(page, `${name}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
}

export async function examineOnPhone(page: Page, name: string): Promise<void> {
  const size = page.viewportSize() ?? PHONE;
  await page.setViewportSize(PHONE);
  expect(await overflow(page), `${name} is wider than a phone`).toBeLessThanOrEqual(0);
  await picture(page, name);
  await page.setViewportSize(size);
}
