/** S16: what comes into the Worker from others, and what of ours must not be in it. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const root = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const own = JSON.parse(read("package.json")) as Package;
const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> };
const installed = Object.entries(lock.packages).filter(([path]) => path !== "");
const nameOf = (path: string) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);

describe("S16: package-lock.json", () => {
  it("names no host: each package comes from the registry that npm is told, and nothing from git or an address", () => {
    expect(installed.length).toBeGreaterThan(100);
    expect(installed.filter(([, { resolved, link }]) => resolved !== undefined || link)).toEqual([]);
    const text = read("package-lock.json");
    expect(text).not.toMatch(/"(?:git[+:]|github:|file:|link:|https?:[^"]*\.(?:tgz|git)")/);
  });

  it("knows each package by its SHA-512", () => {
    const unknown = installed.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""));
    expect(unknown.map(([path]) => path)).toEqual([]);
  });

  it("brings three packages into the Worker, and none of theirs", () => {
    const shipped = installed.filter(
      ([, { dev, devOptional, optional }]) => !dev && !devOptional && !optional,
    );
    expect(shipped.map(([path]) => nameOf(path)).toSorted()).toEqual(["drizzle-orm", "hono", "zod"]);
  });

  it("runs scripts of no package at its installation but of those that bring a binary", () => {
    const scripts = installed.filter(([, { hasInstallScript }]) => hasInstallScript);
    const allowed = Object.entries(own.allowScripts).flatMap(([name, allows]) => (allows ? [name] : []));
    const others = [...new Set(scripts.map(([path]) => nameOf(path)))].filter(
      (name) => !allowed.includes(name),
    );
    expect(allowed.toSorted()).toEqual(["esbuild", "node", "workerd"]);
    expect(others).toEqual([]);
  });
});

describe("S16: package.json", () => {
  it("pins the version of all that it depends on", () => {
    const versions = Object.entries({ ...own.dependencies, ...own.devDependencies });
    const loose = versions.filter(
      ([, version]) => !/^(npm:@?[\w./-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
    // Types of Node have no behaviour.
    expect(loose.map(([name]) => name).filter((name) => name !== "@types/node")).toEqual([]);
  });
});

describe("S16: the source", () => {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => [path, read(join("src", path))] as const);

  it("runs no code that comes as text", () => {
    const runs = files.filter(([, text]) => /\beval\(|\bnew Function\(|\bimport\((?!["'])/.test(text));
    expect(runs.map(([path]) => path)).toEqual([]);
  });

  it("compares secrets by the platform’s own means alone, and in few places", () => {
    const using = (name: RegExp) => files.filter(([, text]) => name.test(text)).map(([path]) => path);
    expect(using(/timingSafeEqual\(/).toSorted()).toEqual(["gateways/signature.ts", "lib/derive-secret.ts"]);
    const verifying = ["gateways/paypal-signature.ts", "lib/standard-webhooks.ts"];
    expect(using(/subtle\.verify\(/).toSorted()).toEqual(verifying);
  });

  it("holds no secret, and neither do the examples of its settings", () => {
    const keys =
      /\b(?:[sr]k_(?:live|test)_\w{16,}|rzp_(?:live|test)_\w{10,}|EAAA[\w-]{40,}|whsec_[A-Za-z0-9+/]{24,}=*)\b/;
    const holding = [...files, [".dev.vars.example", read(".dev.vars.example")] as const].filter(([, text]) =>
      keys.test(text),
    );
    expect(holding.map(([path]) => path)).toEqual([]);
    expect(read(".gitignore")).toMatch(/^\.dev\.vars$/m);
  });
});

describe("S16: wrangler.toml", () => {
  const text = read("wrangler.toml");

  it("gives no secret a value", () => {
    const settings = text.split("\n").filter((line) => !line.trimStart().startsWith("#"));
    expect(settings.filter((line) => /_(KEYS?|SECRET|TOKEN|PASSWORD|ID)"?\s*=/.test(line))).toEqual([]);
  });

  it("takes query strings out of the platform's logs, for one of them opens a buyer's page", () => {
    expect(text).toMatch(/^redact_query_string = true$/m);
  });

  it("sends a call to our own zone the public way, with all that stands before it", () => {
    expect(text).toContain('"global_fetch_strictly_public"');
  });
});
