/**
 * Builds the client library as an npm package, ready for `npm publish`: three ES modules, the two smaller of which
 * import the core, and their types. `node scripts/build-client.ts [directory]`, by default dist/client.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build, type Plugin } from "esbuild";
import { writeFiles } from "./write-files.ts";

const SOURCE = "src/client";
const out = process.argv[2] ?? "dist/client";

/** One core for all entries: its errors are of one class, and nothing is loaded twice. */
const shareCore: Plugin = {
  name: "share-core",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/index\.ts$/ }, () => ({ path: "./index.js", external: true }));
  },
};

async function bundle(): Promise<(readonly [string, Uint8Array])[]> {
  const { outputFiles } = await build({
    entryPoints: ["index", "element", "react"].map((name) => join(SOURCE, `${name}.ts`)),
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    external: ["react"],
    plugins: [shareCore],
    outdir: out,
    write: false,
  });
  return outputFiles.map(({ path, contents }) => [basename(path), contents] as const);
}

/** Flat, although the wire's types come from another room; with the names that Node resolves. */
async function declare(): Promise<(readonly [string, string])[]> {
  const directory = await mkdtemp(join(tmpdir(), "payment-edge-types-"));
  try {
    const options = ["-p", join(SOURCE, "tsconfig.package.json"), "--outDir", directory];
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", ...options], { stdio: "inherit" });
    const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(".d.ts"));
    return await Promise.all(
      names.map(async (name) => {
        const text = await readFile(join(directory, name), "utf8");
        return [
          join("types", basename(name)),
          text.replace(/ from "\.[^"]*?([\w-]+)\.ts"/g, ' from "./$1.js"'),
        ] as const;
      }),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The package has the version of the Worker that it speaks to. */
async function describe(): Promise<string> {
  const [own, whole] = await Promise.all(
    [join(SOURCE, "package.json"), "package.json"].map(async (path) =>
      JSON.parse(await readFile(path, "utf8")),
    ),
  );
  const { name, ...rest } = own;
  return `${JSON.stringify({ name, version: whole.version, ...rest }, null, 2)}\n`;
}

const [modules, types, description] = await Promise.all([bundle(), declare(), describe()]);
await writeFiles(
  out,
  new Map<string, Uint8Array | string>([
    ...modules,
    ...types,
    ["package.json", description],
    ["README.md", await readFile(join(SOURCE, "README.md"))],
    ["LICENSE", await readFile("LICENSE")],
  ]),
);
