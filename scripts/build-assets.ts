/**
 * Builds what browsers load (the client library, the pages' scripts and styles) from src/ into dist/assets.
 * Runs before `wrangler dev`, `wrangler deploy` and the tests; needs nothing but esbuild.
 */
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const OUT = "dist/assets";

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
await build({
  entryPoints: { client: "src/client/index.ts", status: "src/client/status-page.ts" },
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  outdir: OUT,
});
await cp("src/pages/status.css", `${OUT}/status.css`);
await cp("src/sandbox/assets", OUT, { recursive: true });
// A shop loads the library as a module from its own origin.
await writeFile(
  `${OUT}/_headers`,
  ["/*", "  X-Content-Type-Options: nosniff", "/client.js", "  Access-Control-Allow-Origin: *", ""].join(
    "\n",
  ),
);
