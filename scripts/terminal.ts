/** Whoever runs a script: what they are told and asked. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

export interface Terminal {
  /** False where nobody can answer, as in CI. */
  readonly isInteractive: boolean;
  print(text: string): void;
  /** @returns what was typed, without blanks around it */
  ask(question: string): Promise<string>;
  /** The same, but what is typed is not shown. */
  askSecret(question: string): Promise<string>;
}

export function openTerminal(): Terminal {
  return {
    isInteractive: process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env.CI,
    print: (text) => console.log(text),
    ask: (question) => prompt(question, process.stdout),
    askSecret: async (question) => {
      process.stdout.write(`${question} (not shown) `);
      const answer = await prompt("", new Writable({ write: (_chunk, _encoding, done) => done() }));
      process.stdout.write("\n");
      return answer;
    },
  };
}

async function prompt(question: string, output: NodeJS.WritableStream): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  // Ctrl+C ends the whole script, and not the question alone.
  lines.on("SIGINT", () => process.exit(130));
  try {
    return (await lines.question(question === "" ? "" : `${question} `)).trim();
  } finally {
    lines.close();
  }
}
