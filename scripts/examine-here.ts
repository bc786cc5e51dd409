/** The doctor's look at this checkout: what a deployment is made from. Nothing here is sent anywhere. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finding, fault, ok, warning } from "../src/operations/finding.ts";
import type { Wrangler } from "./wrangler.ts";
import { databaseId, hasMinuteCron, variable, type WranglerFile } from "./wrangler-file.ts";

const MIN_NODE = 22;
const REQUIRED = ["API_KEYS", "CLIENT_SECRET_KEY"];

export interface Checkout {
  readonly directory: string;
  readonly file: WranglerFile;
  readonly wrangler: Wrangler;
  /** That which is looked at is a deployment, and not a system on this machine. */
  readonly isDeployed: boolean;
}

export async function examineHere({ directory, file, wrangler, isDeployed }: Checkout): Promise<Finding[]> {
  const findings = [examineNode(), examineGit(directory)];
  const path = join(directory, file);
  if (!existsSync(path)) {
    return [...findings, fault(file, "There is none here.", "Run this in the checkout.")];
  }
  const toml = readFileSync(path, "utf8");
  const cron = hasMinuteCron(toml)
    ? ok("cron trigger", "Each minute.")
    : fault(
        "cron trigger",
        `${file} has none for each minute.`,
        'Under [triggers]: crons = ["* * * * *"]. Without it nothing is looked up, expired or sent again.',
      );
  return isDeployed
    ? [...findings, cron, examineDatabase(file, toml), ...(await examineSecrets(toml, wrangler))]
    : [...findings, cron];
}

function examineNode(): Finding {
  const { node } = process.versions;
  return Number.parseInt(node, 10) >= MIN_NODE
    ? ok("node", `${node}.`)
    : fault("node", `${node} is too old for the scripts.`, `Install Node ${MIN_NODE} or newer.`);
}

function examineGit(directory: string): Finding {
  const { status } = spawnSync("git", ["ls-files", "--error-unmatch", ".dev.vars"], {
    cwd: directory,
    stdio: "ignore",
  });
  return status === 0
    ? fault(
        ".dev.vars",
        "It is kept in git, and so its secrets are.",
        "git rm --cached .dev.vars, and change every secret in it.",
      )
    : ok(".dev.vars", "It is not kept in git.");
}

function examineDatabase(file: string, toml: string): Finding {
  return databaseId(toml) === null
    ? fault(
        "database id",
        `${file} has no database_id.`,
        "npm run deploy makes the database and fills it in.",
      )
    : ok("database id", "It is filled in.");
}

/** Names alone: nobody can read their values. */
async function examineSecrets(toml: string, wrangler: Wrangler): Promise<Finding[]> {
  const { status, stdout } = await wrangler(["secret", "list", "--format", "json"]);
  const names = status === 0 ? readNames(stdout) : null;
  if (names === null) {
    return [
      warning(
        "secrets there",
        "They could not be listed: wrangler is not signed in, or has no such Worker.",
        "npx wrangler login, or CLOUDFLARE_API_TOKEN.",
      ),
    ];
  }
  const missing = [
    ...REQUIRED.filter((name) => !names.includes(name)),
    ...(names.includes("PUBLIC_URL") || variable(toml, "PUBLIC_URL") !== null ? [] : ["PUBLIC_URL"]),
  ];
  return [
    missing.length > 0
      ? fault(
          "secrets there",
          `${missing.join(", ")}: missing.`,
          "npm run deploy asks for them, or makes them.",
        )
      : ok("secrets there", `${names.length}, among them all that are required.`),
  ];
}

/** @returns null for what is no list of names */
export function readNames(json: string): string[] | null {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? list.map((each: { readonly name?: unknown }) => String(each?.name)) : null;
  } catch {
    return null;
  }
}
