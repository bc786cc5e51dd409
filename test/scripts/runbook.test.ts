/** RUNBOOK.md is where the doctor and the alerts send people: what they name is there. */
import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(resolve(ROOT, path), "utf8");
const runbook = read("RUNBOOK.md");
const code = globSync(["src/**/*.{ts,tsx}", "scripts/examine-*.ts"], { cwd: ROOT }).map(read).join("\n");
const headings = [...runbook.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name);

describe("RUNBOOK.md", () => {
  it("has every section that the doctor names", () => {
    const named = namesIn(code, /RUNBOOK\.md, \\?"([^"\\]+)\\?"/g);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !headings.includes(name))).toEqual([]);
  });

  it("has every section that its own alerts name", () => {
    const [, alerts = ""] = /## Alerts\n([\s\S]*?)\n## /.exec(runbook) ?? [];
    const named = namesIn(alerts, /\| "([^"]+)" \|$/gm);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !headings.includes(name))).toEqual([]);
  });

  it("names no line of the log that is not written", () => {
    const named = namesIn(runbook, /`([a-z_]+\.[a-z_]+)`/g).filter(
      (name) => !name?.startsWith("transaction."),
    );
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !code.includes(`"${name}"`))).toEqual([]);
  });

  it("says how each secret is changed", () => {
    const secrets = namesIn(read(".dev.vars.example"), /^#? ?([A-Z_]+)=/gm).filter(
      (name) => name !== "PUBLIC_URL",
    );
    expect(secrets.length).toBeGreaterThan(10);
    expect(secrets.filter((name) => !runbook.includes(`\`${name}\``))).toEqual([]);
  });

  it("names only commands of npm that there are", () => {
    const scripts = Object.keys((JSON.parse(read("package.json")) as { scripts: object }).scripts);
    const named = namesIn(`${runbook}\n${code}`, /npm run ([\w:-]+)/g);
    expect(named.filter((name) => !scripts.includes(name ?? ""))).toEqual([]);
  });
});
