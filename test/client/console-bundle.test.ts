import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

async function bundle(path: string): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(`../../src/${path}`, import.meta.url))],
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    write: false,
  });
  return result.outputFiles[0]?.text ?? "";
}

describe("/console.js", () => {
  it("is at most 35 kB on the wire, the charts included", async () => {
    expect(gzipSync(await bundle("client/console.ts")).length).toBeLessThanOrEqual(35_000);
  });

  it("makes no style element and no code of text: the policy allows neither", async () => {
    const text = await bundle("client/console.ts");
    expect(text).not.toMatch(/\beval\(|new Function\(|createElement\(["']style["']\)/);
  });
});

describe("/console.css", () => {
  it("is one file that loads nothing else", async () => {
    const text = await bundle("console/console.css");
    expect(text).not.toMatch(/@import|url\(/);
    expect(gzipSync(text).length).toBeLessThanOrEqual(10_000);
  });
});
