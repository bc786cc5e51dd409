import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";

/** Visibly fake: for tests alone. */
const bindings = {
  PUBLIC_URL: "http://localhost:8787",
  API_KEYS: "key_test_0123456789abcdef,key_test_fedcba9876543210",
  CLIENT_SECRET_KEY: "client-secret-key-for-tests-only",
  SANDBOX: "on",
  ALLOWED_ORIGINS: "https://shop.example",
  // Not that of a deployment, which may stand in the file.
  FULFILMENT_URL: "",
  // How large the chaos suite runs, and by which seed: test/chaos/support/random.ts.
  CHAOS: process.env.CHAOS ?? "small",
  CHAOS_SEED: process.env.CHAOS_SEED ?? "",
  // One run of a property, as fast-check prints it.
  CHAOS_PATH: process.env.CHAOS_PATH ?? "",
};

/** The pure core and the leaves need no workerd, and start in a moment without it. */
const coreTests = [
  "test/transactions/**/*.test.ts",
  "test/lib/**/*.test.ts",
  "test/config.test.ts",
  "test/gateways/!(sandbox).test.ts",
  "test/http/openapi*.test.ts",
  "test/store/{layout,merge}.test.ts",
  "test/security/{limits-of-wrangler,supply-chain}.test.ts",
];
/** Measures time: it runs when all others are done. */
const timedTests = ["test/browser/latency.test.ts"];
const nodeTests = ["test/client/**/*.test.ts", "test/flows/**/*.test.ts", "test/browser/**/*.test.ts"];
const scriptTests = ["test/scripts/**/*.test.ts"];

/** Of the system's, for what is to be run from it. */
const disk = { TMPDIR: tmpdir() };

// A database that lives for a test needs no disk, which is what most tests would wait for.
const MEMORY = "/dev/shm";
const ROOM_BYTES = 2 ** 30;
if (process.env.TMPDIR === undefined && existsSync(MEMORY)) {
  const { bavail, bsize } = statfsSync(MEMORY);
  process.env.TMPDIR = bavail * bsize > ROOM_BYTES ? MEMORY : disk.TMPDIR;
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.sandbox.toml" },
            miniflare: {
              bindings: { ...bindings, TEST_MIGRATIONS: await readD1Migrations("migrations") },
              // Another Worker, called as in production.
              workers: [
                {
                  name: "shop",
                  modules: true,
                  scriptPath: "test/support/shop-worker.js",
                  compatibilityDate: "2026-10-01",
                },
              ],
              // Bound as ARCHIVE by the tests that want one.
              r2Buckets: ["TEST_ARCHIVE"],
              // The second and the third of several.
              d1Databases: ["TEST_DB_2", "TEST_DB_3"],
              serviceBindings: {
                TEST_SHOP: { name: "shop", entrypoint: "ShopHooks" },
                TEST_MUTE_SHOP: { name: "shop", entrypoint: "Mute" },
              },
              // Whatever a test does not answer itself must not leave this machine.
              outboundService: (request: Request) =>
                new Response(`no network: ${request.url}`, { status: 599 }),
            },
          })),
        ],
        test: {
          name: "worker",
          include: ["test/**/*.test.{ts,tsx}"],
          exclude: [...coreTests, ...nodeTests, ...scriptTests, "test/bench/peers/**"],
          setupFiles: ["test/support/fresh-database.ts"],
          testTimeout: 30_000,
          // One workerd for all files of a worker: its start takes longer than most of them.
          isolate: false,
        },
      },
      {
        test: {
          name: "core",
          environment: "node",
          include: coreTests,
          testTimeout: 30_000,
          // What workerd has of itself.
          execArgv: ["--js-base-64"],
          setupFiles: ["test/support/timing-safe-equal.ts"],
        },
      },
      { test: { name: "client", environment: "node", include: ["test/client/**/*.test.ts"], env: disk } },
      {
        test: { name: "scripts", environment: "node", include: scriptTests, testTimeout: 60_000, env: disk },
      },
      {
        test: {
          name: "flows",
          environment: "node",
          globalSetup: ["test/flows/support/prepared.ts"],
          include: nodeTests.slice(1),
          exclude: timedTests,
          // They mostly wait.
          maxWorkers: 3,
          // A worker keeps what it has loaded, and its browser.
          isolate: false,
          sequence: { groupOrder: 1 },
          // The fakes of the vendors sign with what workerd has of itself.
          execArgv: ["--js-base-64"],
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
      {
        test: {
          name: "timed",
          environment: "node",
          globalSetup: ["test/flows/support/prepared.ts"],
          include: timedTests,
          sequence: { groupOrder: 2 },
          testTimeout: 240_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
