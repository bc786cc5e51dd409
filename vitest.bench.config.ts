/** The console over a million transactions: `npm run bench:console`, apart from the tests, for it takes minutes. */
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

/** Visibly fake: for tests alone. */
const bindings = {
  PUBLIC_URL: "http://localhost:8787",
  API_KEYS: "key_test_0123456789abcdef",
  CLIENT_SECRET_KEY: "client-secret-key-for-tests-only",
  // How many transactions: 1,000,000 where it says nothing.
  SIZE: process.env.SIZE ?? "",
};

export default defineConfig({
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: "./wrangler.sandbox.toml" },
      miniflare: {
        bindings: { ...bindings, TEST_MIGRATIONS: await readD1Migrations("migrations") },
        outboundService: (request: Request) => new Response(`no network: ${request.url}`, { status: 599 }),
      },
    })),
  ],
  test: {
    include: ["test/bench/*.bench.ts"],
    setupFiles: ["test/support/fresh-database.ts"],
    testTimeout: 600_000,
    hookTimeout: 1_800_000,
    isolate: false,
  },
});
