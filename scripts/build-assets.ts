/**
 * Builds what browsers load (the client library, the pages' scripts and styles) from src/ into dist/assets.
 * Runs before `wrangler dev`, `wrangler deploy` and the tests.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { writeFiles } from "./write-files.ts";

const OUT = "dist/assets";

// A shop loads the library as a module from its own origin.
const HEADERS = `/*
  X-Content-Type-Options: nosniff
/client.js
  Access-Control-Allow-Origin: *
/element.js
  Access-Control-Allow-Origin: *
`;

const bundle = await build({
  entryPoints: {
    client: "src/client/index.ts",
    element: "src/client/element.ts",
    status: "src/client/status-page.ts",
  },
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

await writeFiles(
  OUT,
  new Map<string, Uint8Array | string>([
    ["_headers", HEADERS],
    ...bundle.outputFiles.map(({ path, contents }) => [basename(path), contents] as const),
    ...(await Promise.all(copied.map(async (path) => [basename(path), await readFile(path)] as const))),
  ]),
);
