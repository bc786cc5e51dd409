/** What the adapters cost in the Worker, and that no vendor's SDK came along. */
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const VENDORS = ["stripe", "paypal", "adyen", "mollie", "razorpay", "paystack", "square"];
const path = (file: string) => resolve(import.meta.dirname, "../../src", file);

async function bundle(contents: string, external: string[] = []) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: path("gateways"), loader: "ts" },
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    metafile: true,
    write: false,
    external: ["node:*", "cloudflare:*", ...external],
  });
  return { bytes: outputFiles[0]?.contents ?? new Uint8Array(), inputs: Object.keys(metafile.inputs) };
}

describe("the seven adapters", () => {
  it("take at most 40 kB of the Worker, compressed, with everything that only they use", async () => {
    const imports = VENDORS.map((id) => `export { ${id} } from "${path(`gateways/${id}.ts`)}";`);
    const { bytes } = await bundle(imports.join("\n"), ["zod/*"]);
    const size = gzipSync(bytes).length;
    console.log(`seven adapters: ${size} bytes compressed`);
    expect(size).toBeGreaterThan(5_000);
    expect(size).toBeLessThanOrEqual(40_000);
  });
});

describe("the Worker", () => {
  it("holds three packages, and none of a vendor", async () => {
    const { inputs } = await bundle(`export * from "${path("index.ts")}";`);
    const packages = inputs.flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []);
    expect([...new Set(packages)].toSorted()).toEqual(["drizzle-orm", "hono", "zod"]);
    expect(inputs.filter((input) => input.includes("src/gateways/"))).toContain("src/gateways/stripe.ts");
    // The large zod, and texts of other languages than English, which are among the assets.
    expect(inputs.filter((input) => /zod\/v4\/classic|src\/sandbox\//.test(input))).toEqual([]);
    expect(inputs.filter((input) => input.includes("src/pages/texts/"))).toEqual(["src/pages/texts/en.ts"]);
  });
});
