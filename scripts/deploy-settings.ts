/** What a deployment lacks, and where it comes from: the environment, whoever sits at the terminal, or chance. */
import { randomBytes } from "node:crypto";
import { GATEWAY_VARIABLES } from "./gateway-variables.ts";
import type { Terminal } from "./terminal.ts";
import { hasRoute, hasShopBinding, variable } from "./wrangler-file.ts";

export interface Known {
  readonly toml: string;
  /** Names of the secrets that are there; null: there is no Worker yet. */
  readonly secrets: readonly string[] | null;
  readonly environment: NodeJS.ProcessEnv;
}

export interface Settings {
  /** For [vars] in wrangler.toml. */
  readonly variables: ReadonlyMap<string, string>;
  readonly secrets: ReadonlyMap<string, string>;
  /** Of the secrets those that were made here, and that nobody knows yet. */
  readonly made: readonly string[];
  /** The Worker is to answer on this domain of the account's. */
  readonly domain: string | null;
  /** What is required, and nobody gave. */
  readonly missing: readonly string[];
}

/** Each purpose has one of its own. */
const MAKE: Readonly<Record<string, () => string>> = {
  API_KEYS: () => `key_${randomBytes(32).toString("base64url")}`,
  CLIENT_SECRET_KEY: () => randomBytes(32).toString("base64url"),
  FULFILMENT_SECRET: () => `whsec_${randomBytes(32).toString("base64")}`,
  CONSOLE_PASSWORD: () => randomBytes(24).toString("base64url"),
};

type Lacks = (name: string) => boolean;

export async function settle(known: Known, terminal: Terminal): Promise<Settings> {
  const { toml, environment } = known;
  const isThere = (name: string) => variable(toml, name) !== null || (known.secrets?.includes(name) ?? false);
  const isFirst = known.secrets === null;
  const variables = await askForVariables(known, (name) => !isThere(name), terminal);
  const lacks: Lacks = (name) => !isThere(name) && !variables.has(name);
  const required = requiredSecrets(lacks);
  // The console is opened on the first day; whoever has closed it since then has meant it.
  const wanted = isFirst && lacks("ACCESS_AUD") ? [...required, "CONSOLE_PASSWORD"] : required;
  const given = wanted.flatMap((name) => entry(name, environment[name]));
  const made = terminal.isInteractive ? wanted.filter((name) => !environment[name]?.trim()) : [];
  const gateway = isFirst && terminal.isInteractive ? await askForGateway(terminal) : [];
  const secrets = new Map([...given, ...made.flatMap((name) => entry(name, MAKE[name]?.())), ...gateway]);
  return {
    ...{ variables, secrets, made },
    domain: await askForDomain(toml, variables.get("PUBLIC_URL"), terminal),
    missing: [
      ...(lacks("PUBLIC_URL") ? ["PUBLIC_URL"] : []),
      ...required.filter((name) => !secrets.has(name)),
    ],
  };
}

function entry(name: string, value: string | undefined): [string, string][] {
  const text = value?.trim() ?? "";
  return text === "" ? [] : [[name, text]];
}

async function askForVariables({ toml, secrets, environment }: Known, lacks: Lacks, terminal: Terminal) {
  const variables = new Map<string, string>();
  for (const { name, question, isRequired } of QUESTIONS) {
    const isMoot = !lacks(name) || (name === "FULFILMENT_URL" && hasShopBinding(toml));
    const isAsked = terminal.isInteractive && (isRequired || secrets === null);
    const given = environment[name]?.trim() ?? "";
    const value = isMoot || given || !isAsked ? given : await askFor(name, question, isRequired, terminal);
    if (!isMoot && value) {
      variables.set(name, name === "PUBLIC_URL" ? value.replace(/\/+$/, "") : value);
    }
  }
  return variables;
}

const QUESTIONS = [
  {
    name: "PUBLIC_URL",
    question:
      "PUBLIC_URL, the address that gateways and buyers call, such as https://payment-edge.YOU.workers.dev:",
    isRequired: true,
  },
  {
    name: "FULFILMENT_URL",
    question: "FULFILMENT_URL, where the shop is told of payments (empty: it will pull them):",
    isRequired: false,
  },
  {
    name: "ALLOWED_ORIGINS",
    question: "ALLOWED_ORIGINS, the shop's web origins, such as https://shop.example (empty: none):",
    isRequired: false,
  },
] as const;

function requiredSecrets(lacks: Lacks): string[] {
  const ofShop = lacks("FULFILMENT_URL") ? [] : ["FULFILMENT_SECRET"];
  return ["API_KEYS", "CLIENT_SECRET_KEY", ...ofShop].filter(lacks);
}

async function askFor(
  name: string,
  question: string,
  isRequired: boolean,
  terminal: Terminal,
): Promise<string> {
  for (;;) {
    const answer = await terminal.ask(question);
    const problem = judge(name, answer, isRequired);
    if (problem === null) {
      return answer;
    }
    terminal.print(problem);
  }
}

/** @returns what is wrong with an answer; the Worker itself judges the rest */
function judge(name: string, answer: string, isRequired: boolean): string | null {
  if (answer === "") {
    return isRequired ? "It cannot do without." : null;
  }
  const url = URL.parse(answer);
  if (name !== "ALLOWED_ORIGINS" && url?.protocol !== "https:") {
    return "An address that begins with https://, please.";
  }
  return name === "PUBLIC_URL" && url?.href !== `${url?.origin}/`
    ? "The address alone, please: no path."
    : null;
}

/** All of its variables, or none: with half of them the Worker would refuse to serve. */
async function askForGateway(terminal: Terminal): Promise<[string, string][]> {
  const ids = Object.keys(GATEWAY_VARIABLES).join(", ");
  const id = await terminal.ask(`A gateway to set up now: ${ids} (empty: later):`);
  const names = Object.hasOwn(GATEWAY_VARIABLES, id) ? (GATEWAY_VARIABLES[id] ?? []) : [];
  const values: [string, string][] = [];
  for (const name of names) {
    values.push(...entry(name, await terminal.askSecret(`${name}:`)));
  }
  if (id !== "" && names.length === 0) {
    terminal.print(`There is no gateway of the name ${id}: set it up later.`);
  }
  if (values.length === names.length) {
    return values;
  }
  terminal.print(`${id} needs ${names.join(", ")}: none of them is set. Set it up later.`);
  return [];
}

async function askForDomain(
  toml: string,
  publicUrl: string | undefined,
  terminal: Terminal,
): Promise<string | null> {
  const host = publicUrl === undefined ? null : (URL.parse(publicUrl)?.hostname ?? null);
  if (host === null || host.endsWith(".workers.dev") || hasRoute(toml) || !terminal.isInteractive) {
    return null;
  }
  const answer = await terminal.ask(
    `Is ${host} on a domain of this Cloudflare account, to lead to the Worker? (y/n)`,
  );
  return /^y(es)?$/i.test(answer) ? host : null;
}
