/** The documents lead somewhere: their links, the commands that they name, and what the code says of them. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const documents = globSync(["*.md", "docs/*.md", "src/client/README.md"], { cwd: ROOT });
const readme = read("README.md");

const found = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = ""]) => name);
const withoutBlocks = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, "");
const section = (text: string, heading: string) =>
  text.split(/^(?=## )/m).find((part) => part.startsWith(`## ${heading}\n`)) ?? "";
const headingsOf = (path: string) => found(withoutBlocks(read(path)), /^#{1,6} (.+)$/gm);

/** As GitHub makes them: the second heading of a name ends in -1. */
function anchorsOf(path: string): string[] {
  const seen = new Map<string, number>();
  return headingsOf(path).map((heading) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}

/** Of links and pictures, without what stands in code, and without other hosts. */
function linksOf(path: string): string[] {
  const prose = withoutBlocks(read(path)).replace(/`[^`\n]*`/g, "");
  const links = [...found(prose, /\]\(([^)\s]+)\)/g), ...found(prose, /\b(?:src|href)="([^"]+)"/g)];
  return links.filter((link) => !/^(?:https?|mailto):/.test(link));
}

function isDead(document: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? document : relative(ROOT, resolve(ROOT, dirname(document), path));
  return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
}

describe("links", () => {
  it.each(documents)("of %s all lead somewhere", (document) => {
    expect(linksOf(document).filter((link) => isDead(document, link))).toEqual([]);
  });

  it("are found where there are some, and dead ones told", () => {
    expect(linksOf("README.md").length).toBeGreaterThan(20);
    expect(isDead("README.md", "#how-it-works")).toBe(false);
    expect(isDead("docs/gateways.md", "../README.md#deploy")).toBe(false);
    expect(isDead("README.md", "#how-it-worked")).toBe(true);
    expect(isDead("docs/gateways.md", "README.md")).toBe(true);
  });

  it("give each of the four their path on the first screen", () => {
    const [first = ""] = readme.split(/^## /m);
    for (const who of ["new here", "building a shop", "running it", "changing it"]) {
      expect(found(first, new RegExp(`^\\| \\*\\*(${who})\\*\\* \\|.*\\]\\(.+\\]\\(`, "gm"))).toEqual([who]);
    }
  });
});

describe("what is named", () => {
  const scripts = Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts);

  it.each(documents)("by %s as a command of npm is one", (document) => {
    const named = found(read(document), /npm run ([\w:-]+)/g);
    expect(named.filter((name) => !scripts.includes(name))).toEqual([]);
  });

  it("by README to whoever develops is every command that there is for them", () => {
    const named = [
      ...found(section(readme, "Develop"), /npm (?:run )?([\w:-]+)/g),
      ...found(readme, /npm run ([\w:-]+)/g),
    ];
    const parts = ["build", "types", "db:migrate", "db:migrate:remote"];
    expect(scripts.filter((name) => !named.includes(name) && !parts.includes(name))).toEqual([]);
  });

  it("in the code and the settings as a section of a document is one", () => {
    const files = globSync(["src/**/*.{ts,tsx}", "scripts/**/*.ts", "*.toml", ".dev.vars.example"], {
      cwd: ROOT,
    });
    // What is named may go over the end of a line, in a comment too.
    const text = [...files, ...documents]
      .map((path) => read(path).replace(/\s+(?:\*|\/\/|#)?\s*/g, " "))
      .join("\n");
    const named = [...text.matchAll(/\b(README|(?:docs\/)?[\w-]+(?=\.md))(?:\.md)?, \\?"([^"\\]+)\\?"/g)];
    expect(named.length).toBeGreaterThan(10);
    const dead = named.filter(([, path, heading = ""]) => !headingsOf(`${path}.md`).includes(heading));
    expect(dead.map(([pointer]) => pointer)).toEqual([]);
  });
});

describe("README's benchmarks", () => {
  it("are lines of docs/benchmarks.md, so that no figure stands in two versions", () => {
    const lines = found(section(readme, "Benchmarks"), /^(\| .+)$/gm);
    expect(lines.length).toBeGreaterThan(3);
    const all = read("docs/benchmarks.md").split("\n");
    expect(lines.filter((line) => !all.includes(line))).toEqual([]);
    const [price = ""] = found(readme, /costs (\$[\d.]+) a million/g);
    expect(all.find((line) => line.startsWith("| made, watched, paid"))).toContain(`| ${price} |`);
  });
});
