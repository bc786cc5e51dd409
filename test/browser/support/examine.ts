/** A page is looked at from all sides: by axe-core, in light and dark, on a desk and on a phone; pictures are kept. */
import axe, { type AxeResults, type RunOnly } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { overflow, PHONE, picture } from "./browser.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What colours alone can break. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/**
 * One line for each violation: the rule, why, and where. Runs beside the page's own policy, which stays as it is.
 * @param rules these alone; all where it is left out
 */
export async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in window);
  if (!isThere) {
    await page.evaluate(axe.source);
  }
  const runOnly: RunOnly = rules ? { type: "rule", values: [...rules] } : { type: "tag", values: TAGS };
  const results = await page.evaluate(
    (only) => (window as unknown as { axe: typeof axe }).axe.run(document, { runOnly: only }),
    runOnly,
  );
  return describe(results);
}

function describe({ violations: found, passes }: AxeResults): string[] {
  if (passes.length === 0) {
    return ["axe has looked at nothing"];
  }
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
