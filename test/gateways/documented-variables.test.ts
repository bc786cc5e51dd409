/** The variables that README.md and docs/gateways.md name, held against those that are read. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { GATEWAYS } from "../../src/gateways/index.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const found = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = ""]) => name);

const [section = ""] = /^## Variables and secrets$[\s\S]*?(?=^## )/m.exec(read("README.md")) ?? [];
const inTable = found(section, /^\| (.+?) \|/gm).flatMap((cell) => found(cell, /`([A-Z][A-Z_]+)`/g));
const gateways = read("docs/gateways.md");

// Nobody else needs it: it is not exported.
const [form = ""] = /^const variables = z\.object\(\{$[\s\S]*?^\}\);$/m.exec(read("src/config.ts")) ?? [];
const ours = found(form, /^ {2}([A-Z][A-Z_]+):/gm);
const theirs = GATEWAYS.flatMap(({ config }) => Object.keys(config.shape));
const isUnknown = (name: string) => ![...ours, ...theirs].includes(name);

describe("variables", () => {
  it("of README's table are all known", () => {
    expect(inTable.length).toBeGreaterThan(20);
    expect(inTable.filter(isUnknown)).toEqual([]);
  });

  it("of docs/gateways.md are all known", () => {
    const named = found(gateways, /`([A-Z][A-Z]+_[A-Z_]+)[`=]/g);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(isUnknown)).toEqual([]);
  });

  it("that src/config.ts knows stand all in README's table", () => {
    expect(ours.length).toBeGreaterThan(15);
    expect(ours.filter((name) => !inTable.includes(name))).toEqual([]);
  });

  it("that a gateway knows stand in README's table or in docs/gateways.md, which has one word for all their addresses", () => {
    const isTold = (name: string) => inTable.includes(name) || gateways.includes(`\`${name}\``);
    expect(theirs.filter((name) => !isTold(name) && !name.endsWith("_API_URL"))).toEqual([]);
    expect(gateways).toContain("`<GATEWAY>_API_URL`");
  });
});
