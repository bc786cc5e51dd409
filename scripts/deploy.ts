/**
 * `npm run deploy`: from a fresh account to a running Worker, and every deployment after it. `-- --dry-run` does what
 * needs no account; `-- --sandbox` deploys the one of wrangler.sandbox.toml, for trials.
 */
import { readArguments } from "./arguments.ts";
import { DeployError, type DeployOptions, dryRun, runDeploy } from "./run-deploy.ts";
import { openTerminal } from "./terminal.ts";
import { createWrangler } from "./wrangler.ts";

const values = readArguments(
  { "dry-run": { type: "boolean" }, sandbox: { type: "boolean" } },
  "npm run deploy -- [--dry-run] [--sandbox]",
);
const directory = process.cwd();
const terminal = openTerminal();
const file = values.sandbox ? "wrangler.sandbox.toml" : "wrangler.toml";
const wrangler = createWrangler(directory, process.env, file);
const options: DeployOptions = {
  ...{ directory, file, wrangler, terminal, environment: process.env, patienceMs: 60_000 },
  coloured: process.stdout.isTTY && !process.env.NO_COLOR,
};

try {
  const isWell = values["dry-run"] ? await dryRun(options).then(() => true) : await runDeploy(options);
  process.exitCode = isWell ? 0 : 1;
} catch (error) {
  if (!(error instanceof DeployError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
