/**
 * Builds what browsers load (the client library, the pages' scripts and styles) from src/ into dist/assets.
 * Runs before `wrangler dev`, `wrangler deploy` and the tests. Writes only what has changed: several may run at once.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const OUT = "dist/assets";

// A shop loads the library as a module from its own origin.
const HEADERS = `/*
  X-Content-Type-Options: nosniff
/client.js
  Access-Control-Allow-Origin: *
`;

const bundle = await build({
  entryPoints: { client: "src/client/index.ts", status: "src/client/status-page.ts" },
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  outdir: OUT,
  write: false,
});
const copied = [
  "src/pages/status.css",
  "src/pages/icon.svg",
  ...(await readdir("src/sandbox/assets")).map((name) => join("src/sandbox/assets", name)),
];
const files = new Map<string, Uint8Array>([
  ["_headers", new TextEncoder().encode(HEADERS)],
  ...bundle.outputFiles.map(({ path, contents }) => [path.split("/").at(-1) ?? path, contents] as const),
  ...(await Promise.all(
    copied.map(async (path) => [path.split("/").at(-1) ?? path, await readFile(path)] as const),
  )),
]);

await mkdir(OUT, { recursive: true });
for (const [name, contents] of files) {
  const path = join(OUT, name);
  const present = await readFile(path).catch(() => null);
  if (!present?.equals(contents)) {
    const fresh = `${path}.${process.pid}`;
    await writeFile(fresh, contents);
    await rename(fresh, path);
  }
}
for (const name of await readdir(OUT)) {
  if (!files.has(name) && !/\.\d+$/.test(name)) {
    await rm(join(OUT, name), { force: true });
  }
}
