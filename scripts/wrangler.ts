/** Wrangler, as the scripts run it: without telemetry or a banner, and with secrets on its standard input alone. */
import { spawn } from "node:child_process";
import type { WranglerFile } from "./wrangler-file.ts";

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  /** Goes to its standard input, which is closed otherwise: it asks nothing then. */
  readonly input?: string;
  /** What it prints is shown as it comes, and not returned. "all" lets it ask as well. */
  readonly show?: "output" | "all";
}

export type Wrangler = (args: readonly string[], options?: Options) => Promise<Ran>;

const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
};

/** @param directory of the file that says which Worker it is about */
export function createWrangler(
  directory: string,
  environment: NodeJS.ProcessEnv,
  file: WranglerFile = "wrangler.toml",
): Wrangler {
  const config = file === "wrangler.toml" ? [] : ["--config", file];
  return (args, { input, show } = {}) =>
    new Promise((resolve) => {
      const output = show === undefined ? "pipe" : "inherit";
      const stdin = input === undefined ? (show === "all" ? "inherit" : "ignore") : "pipe";
      const child = spawn("wrangler", [...args, ...config], {
        cwd: directory,
        env: { ...environment, ...QUIET },
        stdio: [stdin, output, output],
      });
      const text = { stdout: "", stderr: "" };
      for (const stream of ["stdout", "stderr"] as const) {
        child[stream]?.on("data", (chunk: Buffer) => {
          text[stream] += chunk.toString("utf8");
        });
      }
      child.on("error", ({ message }) => resolve({ status: 127, stdout: "", stderr: message }));
      child.on("close", (code) => resolve({ status: code ?? 1, ...text }));
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input);
    });
}
