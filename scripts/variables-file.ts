/** A file of variables, such as .dev.vars: `NAME=value`, a line each. */
import { existsSync, readFileSync } from "node:fs";

/** @returns by name; empty where there is no such file */
export function readVariables(path: string): ReadonlyMap<string, string> {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const entries = text.split("\n").flatMap((line) => {
    const [, name, value = ""] = /^\s*([A-Z][A-Z0-9_]*)\s*=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, unquote(value.trim())] as const];
  });
  return new Map(entries);
}

function unquote(value: string): string {
  const [, , inner] = /^(["'`])(.*)\1$/.exec(value) ?? [];
  return inner ?? value;
}
