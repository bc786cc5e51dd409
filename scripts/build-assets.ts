/**
 * Builds what browsers load (the client library, the pages' scripts, styles and texts, the description of the API) from src/
 * into dist/assets; into dist/assets-with-sandbox also what those of the simulated gateway and the demo shop load.
 * Runs before `wrangler dev`, `wrangler deploy` and the tests.
 */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { createDocument } from "../src/openapi/document.ts";
import { allTexts } from "../src/pages/all-texts.ts";
import { LANGUAGES } from "../src/pages/languages.ts";
import { textsPath } from "../src/pages/read-texts.ts";
import { writeFiles } from "./write-files.ts";

const OUT = "dist/assets";
const OUT_WITH_SANDBOX = "dist/assets-with-sandbox";

/** Swagger UI draws its icons from data. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

// No file but a page may do anything, wherever it is opened; the page of /docs takes its policy in the place of that one.
// A shop loads the library as a module from its own origin, and whoever likes reads the API's description.
const HEADERS = `/*
  X-Content-Type-Options: nosniff
  Strict-Transport-Security: max-age=63072000; includeSubDomains
  Referrer-Policy: no-referrer
  Content-Security-Policy: default-src 'none'; frame-ancestors 'none'
/client.js
  Access-Control-Allow-Origin: *
/element.js
  Access-Control-Allow-Origin: *
/openapi.json
  Access-Control-Allow-Origin: *
/docs
  ! Content-Security-Policy
  Content-Security-Policy: ${DOCS_POLICY}
`;

const bundle = await build({
  entryPoints: [
    { in: "src/client/index.ts", out: "client" },
    { in: "src/client/element.ts", out: "element" },
    { in: "src/client/status-page.ts", out: "status" },
    { in: "src/pages/status.css", out: "status" },
    { in: "src/client/console.ts", out: "console" },
    { in: "src/console/console.css", out: "console" },
  ],
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  outdir: OUT,
  write: false,
});
const docs = [
  ...["docs.css", "docs.js"].map((name) => join("src/openapi/assets", name)),
  ...["swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css", "LICENSE", "NOTICE"].map(
    (name) => join("node_modules/swagger-ui-dist", name),
  ),
];
const ofSandbox = (await readdir("src/sandbox/assets")).map((name) => join("src/sandbox/assets", name));
const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };

const files = new Map<string, Uint8Array | string>([
  ["_headers", HEADERS],
  ...bundle.outputFiles.map(({ path, contents }) => [basename(path), contents] as const),
  ...(await copied(["src/pages/icon.svg"])),
  ...LANGUAGES.map((each) => [textsPath(each).slice(1), JSON.stringify(allTexts[each])] as const),
  ["openapi.json", JSON.stringify(createDocument(version))],
  // Beside its folder, so that its address needs no slash at the end.
  ["docs.html", await readFile("src/openapi/assets/docs.html")],
  ...(await copied(docs, "docs")),
]);
await writeFiles(OUT, files);
await writeFiles(OUT_WITH_SANDBOX, new Map([...files, ...(await copied(ofSandbox))]));

function copied(paths: readonly string[], folder = "") {
  return Promise.all(
    paths.map(async (path) => [join(folder, basename(path)), await readFile(path)] as const),
  );
}
