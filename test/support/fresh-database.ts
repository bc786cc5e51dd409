/** The test files share a workerd: each begins with an empty D1 that is up to date, and the real clock. */
import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { emptyTables } from "./system.ts";

vi.useRealTimers();
vi.unstubAllGlobals();
vi.restoreAllMocks();
await applyD1Migrations(env.DB, (env as unknown as { TEST_MIGRATIONS: D1Migration[] }).TEST_MIGRATIONS);
await emptyTables();
