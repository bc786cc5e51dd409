/** The test files share a workerd: each begins with an empty D1 that is up to date, and the real clock. */
import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { emptyTables } from "./system.ts";

vi.useRealTimers();
vi.unstubAllGlobals();
vi.restoreAllMocks();
dropLogLines();
await applyD1Migrations(env.DB, (env as unknown as { TEST_MIGRATIONS: D1Migration[] }).TEST_MIGRATIONS);
await emptyTables();

/** The Worker's own log lines, of which there are thousands, go no further than to who spies on the console. */
function dropLogLines(): void {
  for (const level of ["log", "warn", "error"] as const) {
    const write = console[level].bind(console);
    console[level] = (...values: unknown[]) => {
      if (!String(values[0]).startsWith('{"time"')) {
        write(...values);
      }
    };
  }
}
