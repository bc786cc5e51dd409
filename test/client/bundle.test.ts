import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

async function bundle(entry: string): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`../../src/client/${entry}`, import.meta.url))],
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    write: false,
  });
  return result.outputFiles[0]?.text ?? "";
}

describe("/client.js", () => {
  it("is at most 3 KiB on the wire", async () => {
    expect(gzipSync(await bundle("index.ts")).length).toBeLessThanOrEqual(3 * 1024);
  });

  it("runs nothing on import, and exports just its API", async () => {
    const text = await bundle("index.ts");
    const library: object = await import(`data:text/javascript,${encodeURIComponent(text)}`);
    expect(Object.keys(library)).toEqual([
      "TransactionRefusedError",
      "forgetPending",
      "guardNavigation",
      "rememberPending",
      "resumePending",
      "watchTransaction",
    ]);
  });
});

describe("/element.js", () => {
  it("is at most 3.5 KiB on the wire, library included", async () => {
    expect(gzipSync(await bundle("element.ts")).length).toBeLessThanOrEqual(3.5 * 1024);
  });
});

describe("/status.js", () => {
  it("is at most 4 KiB on the wire, library included", async () => {
    expect(gzipSync(await bundle("status-page.ts")).length).toBeLessThanOrEqual(4 * 1024);
  });
});
