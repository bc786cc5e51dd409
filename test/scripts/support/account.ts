/** A checkout in a directory of its own, an account behind the fake wrangler, and somebody at the terminal. */
import { spawn } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createWrangler, type Wrangler } from "../../../scripts/wrangler.ts";

const ROOT = resolve(import.meta.dirname, "../../..");

export interface State {
  readonly signedIn: boolean;
  /** Whether `wrangler login` works. */
  readonly canSignIn: boolean;
  readonly databases: readonly { readonly uuid: string; readonly name: string }[];
  /** Names; null: there is no Worker yet. */
  readonly secrets: readonly string[] | null;
  /** How the commands begin that fail. */
  readonly fails?: string;
}

/** With `--config`, where it is about another Worker than that of wrangler.toml. */
export interface Call {
  readonly args: readonly string[];
  readonly input: string;
}

export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

const FRESH: State = { signedIn: true, canSignIn: true, databases: [], secrets: null };

export class Account {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly wrangler: Wrangler;

  private constructor(directory: string) {
    this.directory = directory;
    this.environment = {
      PATH: `${join(directory, "bin")}:${join(ROOT, "node_modules/.bin")}:${process.env.PATH ?? ""}`,
      FAKE_WRANGLER: directory,
      HOME: directory,
    };
    this.wrangler = createWrangler(directory, this.environment);
  }

  static async open(changes: Partial<State> = {}): Promise<Account> {
    const directory = await mkdtemp(join(tmpdir(), "payment-edge-deploy-"));
    const account = new Account(directory);
    await mkdir(join(directory, "bin"));
    const command = join(directory, "bin/wrangler");
    const script = join(import.meta.dirname, "fake-wrangler.mjs");
    await writeFile(command, `#!/bin/sh\nexec node -- "${script}" "$@"\n`);
    await chmod(command, 0o755);
    for (const file of ["wrangler.toml", "wrangler.sandbox.toml"]) {
      await copyFile(join(ROOT, file), join(directory, file));
    }
    await account.set(changes);
    return account;
  }

  async set(changes: Partial<State>): Promise<void> {
    await this.write("account.json", JSON.stringify({ ...FRESH, ...changes }));
  }

  read(name: string): Promise<string> {
    return readFile(join(this.directory, name), "utf8");
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.directory, name), text);
  }

  /** What wrangler was called with so far. */
  async calls(): Promise<Call[]> {
    const text = await this.read("calls.jsonl").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Call);
  }

  /** Without `--config`. */
  async commands(): Promise<string[]> {
    return (await this.calls()).map(({ args }) => args.join(" ").replace(/ --config \S+/, ""));
  }

  /** A script of ours, as CI runs it: nobody can answer. */
  run(script: string, args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return new Promise((done) => {
      const child = spawn("node", [join(ROOT, "scripts", script), ...args], {
        cwd: this.directory,
        env: { ...this.environment, ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          output += chunk.toString("utf8");
        });
      }
      child.on("close", (status) => done({ status, output }));
    });
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
