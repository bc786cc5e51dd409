/** A page is looked at from all sides: by axe-core, in light and dark, on a desk and on a phone; pictures are kept. */
import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { overflow, PHONE, picture } from "./browser.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** One line for each violation: the rule, why, and where. Runs beside the page's own policy, which stays as it is. */
export async function violations(page: Page): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in window);
  if (!isThere) {
    await page.evaluate(axe.source);
  }
  const results = await page.evaluate(
    (tags) =>
      (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: { type: "tag", values: tags },
      }),
    TAGS,
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

/** In light and then in dark. */
export async function examine(page: Page, name: string): Promise<void> {
  expect(await overflow(page), `${name} is wider than its window`).toBeLessThanOrEqual(0);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page), `${name} in ${colorScheme}`).toEqual([]);
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
