/** What the real wrangler would upload: how large it is, and that the Worker of a shop has no sandbox in it. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWrangler } from "../../scripts/wrangler.ts";
import type { WranglerFile } from "../../scripts/wrangler-file.ts";

const root = resolve(import.meta.dirname, "../..");
const environment = {
  ...process.env,
  PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
};

/** Bytes, compressed. More is a decision: each of them is sent to and started at each of Cloudflare's places. */
const LIMITS = { "wrangler.toml": 178_000, "wrangler.sandbox.toml": 190_000 } as const;

const OF_SANDBOX = /\/sandbox\b|\/demo\b|SandboxSession|DemoOrder|coffee/i;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "payment-edge-bundle-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function build(file: WranglerFile): Promise<string> {
  const out = join(directory, file);
  const { status, stderr } = await createWrangler(
    root,
    environment,
    file,
  )([...["deploy", "--dry-run", "--outdir", out]]);
  expect([status, stderr]).toEqual([0, ""]);
  const entry = file === "wrangler.toml" ? "index.js" : "index-with-sandbox.js";
  return readFile(join(out, entry), "utf8");
}

function sizeOf(file: WranglerFile, script: string): number {
  const size = gzipSync(script).length;
  console.log(`${file}: ${script.length} bytes, ${size} compressed`);
  return size;
}

describe("the Worker of a shop", () => {
  it("has no sandbox in it, and no larger bundle than was decided", async () => {
    const script = await build("wrangler.toml");
    expect(script).not.toMatch(OF_SANDBOX);
    expect(script).toContain("TransactionChannel");
    expect(sizeOf("wrangler.toml", script)).toBeLessThanOrEqual(LIMITS["wrangler.toml"]);
  });
});

describe("the Worker with a sandbox", () => {
  it("has it, and both of its objects", async () => {
    const script = await build("wrangler.sandbox.toml");
    for (const word of ["/sandbox", "/demo", "SandboxSession", "DemoOrder"]) {
      expect(script).toContain(word);
    }
    expect(sizeOf("wrangler.sandbox.toml", script)).toBeLessThanOrEqual(LIMITS["wrangler.sandbox.toml"]);
  });
});
