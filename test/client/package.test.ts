/** The package as a shop gets it: built, packed, installed without a network, imported, type-checked. */
import { type ExecFileOptions, execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

let directory: string;
let shop: string;
let packed: string[];

const installed = (name: string): string => join(shop, "node_modules/@payment-edge/client", name);

async function run(file: string, args: string[], options: ExecFileOptions = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(file, args, { cwd: shop, ...options });
  return String(stdout);
}

/** What a module of the shop's prints, run in a process of its own. */
const evaluate = (code: string): Promise<string> =>
  run(process.execPath, ["--input-type=module", "--eval", code]);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "payment-edge-package-"));
  shop = join(directory, "shop");
  const built = join(directory, "built");
  await mkdir(shop);
  await run(process.execPath, ["scripts/build-client.ts", built], { cwd: ROOT });
  const [tarball] = JSON.parse(await run("npm", ["pack", "--json", "--offline"], { cwd: built }));
  packed = tarball.files.map(({ path }: { path: string }) => path);
  await writeFile(join(shop, "package.json"), '{"type":"module"}');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(built, tarball.filename)]);
}, 60_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

describe("@payment-edge/client", () => {
  it("holds its three modules, their types and what a package needs, and nothing else", async () => {
    expect(packed.filter((path) => !path.startsWith("types/")).sort()).toEqual([
      "LICENSE",
      "README.md",
      "element.js",
      "index.js",
      "package.json",
      "react.js",
    ]);
    expect(packed.filter((path) => path.startsWith("types/"))).toSatisfy((paths: string[]) =>
      paths.every((path) => path.endsWith(".d.ts")),
    );
  });

  it("depends on nothing, has the Worker's version, and says that it needs no React", async () => {
    const own = JSON.parse(await readFile(installed("package.json"), "utf8"));
    const whole = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
    expect(own).toMatchObject({ name: "@payment-edge/client", version: whole.version, license: "MIT" });
    expect(own.dependencies).toBeUndefined();
    expect(own.peerDependenciesMeta).toEqual({ react: { optional: true } });
    expect(Object.keys(own.peerDependencies)).toEqual(["react"]);
  });

  it("loads in Node without React, and without an element to define", async () => {
    const output = await evaluate(`
      const core = await import("@payment-edge/client");
      const element = await import("@payment-edge/client/element");
      console.log(Object.keys(core).join(), Object.keys(element).join());
      await import("@payment-edge/client/react").catch((error) => console.log(error.code));
    `);
    expect(output.split("\n")).toEqual([
      "TransactionRefusedError,forgetPending,guardNavigation,rememberPending,resumePending,watchTransaction PaymentStatusElement",
      "ERR_MODULE_NOT_FOUND",
      "",
    ]);
  });

  it("has one core for all of its entries, of at most 3 KiB on the wire", async () => {
    const size = async (name: string): Promise<number> => gzipSync(await readFile(installed(name))).length;
    expect(await size("index.js")).toBeLessThanOrEqual(3 * 1024);
    expect(await size("element.js")).toBeLessThanOrEqual(1.5 * 1024);
    expect(await size("react.js")).toBeLessThanOrEqual(0.5 * 1024);
    for (const name of ["element.js", "react.js"]) {
      expect(await readFile(installed(name), "utf8")).toContain('from"./index.js"');
    }
  });

  it.each([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("has types that a strict program agrees with, and one that errs does not (%s)", async (module, how) => {
    await copyFile(join(import.meta.dirname, "consumer/consumer.ts"), join(shop, "consumer.ts"));
    const options = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--lib", "es2022,dom"];
    const check = [TSC, ...options, "--types", "", "--module", module, "--moduleResolution", how];
    await expect(run(process.execPath, [...check, "consumer.ts"])).resolves.toBe("");
  });
});

describe("@payment-edge/client/react", () => {
  it("is for the client's side, and renders on a server without asking anybody", async () => {
    for (const name of ["react", "react-dom"]) {
      await symlink(join(ROOT, "node_modules", name), join(shop, "node_modules", name));
    }
    expect(await readFile(installed("react.js"), "utf8")).toMatch(/^"use client";/);
    const output = await evaluate(`
      globalThis.WebSocket = globalThis.fetch = () => { throw new Error("asked"); };
      const { useTransaction } = await import("@payment-edge/client/react");
      const { createElement } = await import("react");
      const { renderToString } = await import("react-dom/server");
      const Payment = ({ target }) => {
        const { state, error } = useTransaction(target);
        return createElement("p", null, JSON.stringify([state, error]));
      };
      const target = { url: "https://pay.example.com", id: "txn_1", clientSecret: "cs_1" };
      console.log([target, null].map((each) => renderToString(createElement(Payment, { target: each }))).join());
    `);
    expect(output.trim()).toBe("<p>[null,null]</p>,<p>[null,null]</p>");
  });
});
