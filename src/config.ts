/**
 * Variables, secrets and bindings, checked once at the door. Fails closed: with one message that names every bad or
 * missing key, and no secret's value.
 */
import * as z from "zod/mini";
import type { GatewayDefinition } from "./gateways/gateway.ts";
import { GATEWAYS } from "./gateways/index.ts";
import { type Flaw, judgeVariables } from "./lib/judge-variables.ts";
import "./lib/zod-words.ts";
import {
  allowedOrigin,
  identifier,
  isLoopback,
  listOf,
  secret,
  serviceUrl,
  teamUrl,
  webhookSecret,
} from "./lib/variables.ts";
import { parseLayout } from "./store/layout.ts";
import type { Policy } from "./transactions/outcome.ts";

const seconds = (fallback: number) =>
  z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(604_800)), fallback);

const variables = z.object({
  PUBLIC_URL: z.pipe(
    serviceUrl.check(z.refine(isOriginAlone, { error: "must have no path, no query and no fragment" })),
    z.transform((value) => URL.parse(value)?.origin ?? value),
  ),
  API_KEYS: listOf(secret),
  CLIENT_SECRET_KEY: listOf(secret),
  FULFILMENT_URL: z.optional(serviceUrl),
  FULFILMENT_SECRET: z.optional(listOf(webhookSecret)),
  // A stub answers to any name: whether the method is there shows when it is called.
  FULFILMENT: z.optional(
    z.custom<object>((value) => typeof value === "object" && value !== null, {
      error: "must be a service binding to the shop's Worker, not a variable",
    }),
  ),
  METRICS: z.optional(
    z.custom<object>((value) => typeof value === "object" && value !== null && "writeDataPoint" in value, {
      error: "must be a binding to Analytics Engine, not a variable",
    }),
  ),
  ARCHIVE: z.optional(
    z.custom<object>((value) => typeof value === "object" && value !== null && "put" in value, {
      error: "must be a binding to an R2 bucket, not a variable",
    }),
  ),
  ARCHIVE_AFTER_DAYS: z._default(z.coerce.number().check(z.int(), z.minimum(180), z.maximum(36_500)), 730),
  DATABASES: z.optional(z.string()),
  ALLOWED_ORIGINS: z._default(listOf(allowedOrigin), []),
  DEFAULT_GATEWAY: z.optional(z.string()),
  TRANSACTION_TTL_SECONDS: seconds(1800),
  STATUS_CHECK_AFTER_SECONDS: seconds(900),
  LATE_PAYMENT_POLICY: z._default(z.enum(["accept", "refund", "review"]), "accept"),
  SANDBOX: z._default(z.enum(["on", "off"]), "off"),
  CONSOLE_PASSWORD: z.optional(secret),
  ACCESS_TEAM_DOMAIN: z.optional(teamUrl),
  ACCESS_AUD: z.optional(identifier),
});

function isOriginAlone(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && url.href === `${url.origin}/`;
}

export interface ConfiguredGateway {
  readonly id: string;
  /** The variable that webhooks are verified by, and how many live ones it lists. */
  readonly verifiers: { readonly name: string; readonly count: number };
  connect(tools: Parameters<GatewayDefinition["connect"]>[1]): ReturnType<GatewayDefinition["connect"]>;
}

/** Where events go: to an address, signed, or to the Worker behind the service binding FULFILMENT. */
export type Fulfilment =
  | { readonly kind: "url"; readonly url: string; readonly secrets: readonly string[] }
  | { readonly kind: "worker" };

/** How operators sign in: by a password, by Cloudflare Access, or by either. */
export interface ConsoleConfig {
  readonly password: string | null;
  /** The team's address without a slash at the end, and the application's audience tag. */
  readonly access: { readonly teamUrl: string; readonly audience: string } | null;
}

export interface Config {
  /** This Worker's address, without a slash at the end. */
  readonly publicUrl: string;
  readonly apiKeys: readonly string[];
  /** The first one signs, all verify. */
  readonly clientSecretKeys: readonly [string, ...string[]];
  /** Null when there is nobody to tell. */
  readonly fulfilment: Fulfilment | null;
  /** Origins of the web, and schemes of apps, as `originOf` gives them. */
  readonly allowedOrigins: readonly string[];
  /** Null when a request must name its gateway. */
  readonly defaultGateway: string | null;
  readonly ttlMs: number;
  readonly policy: Policy;
  readonly sandbox: boolean;
  /** A payment is archived when nothing has happened to it for so long; null: none is. */
  readonly archiveAfterMs: number | null;
  /** Whether Analytics Engine is bound. */
  readonly metrics: boolean;
  /** Null: the console is closed. */
  readonly console: ConsoleConfig | null;
  readonly gateways: readonly ConfiguredGateway[];
  /** The adapters that have no variables. */
  readonly gatewaysOff: readonly string[];
  /** What is valid, and yet not as it should be. */
  readonly flaws: readonly Flaw[];
}

/** The message names each bad variable and says what to do. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

const parsed = new WeakMap<object, Config>();

/**
 * Parses an environment, once for each.
 * @throws ConfigError
 */
export function loadConfig(env: object): Config {
  const config = parsed.get(env) ?? parseConfig(env as Record<string, unknown>);
  parsed.set(env, config);
  return config;
}

function parseConfig(env: Record<string, unknown>): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const problems: string[] = [];
  const gateways = GATEWAYS.flatMap((definition) => configureGateway(definition, set, problems));
  const result = variables.safeParse(set);
  problems.push(...(result.success ? [] : explain(result.error, set)), ...crossCheck(set));
  const [first, ...rest] = result.data?.CLIENT_SECRET_KEY ?? [];
  if (problems.length > 0 || !result.success || first === undefined) {
    throw new ConfigError(`The configuration is not complete. ${problems.join(" ")}`);
  }
  const { data } = result;
  return {
    publicUrl: data.PUBLIC_URL,
    apiKeys: data.API_KEYS,
    clientSecretKeys: [first, ...rest],
    fulfilment: toFulfilment(data),
    allowedOrigins: data.ALLOWED_ORIGINS,
    defaultGateway: data.DEFAULT_GATEWAY ?? onlyGateway(gateways, data.SANDBOX === "on"),
    ttlMs: data.TRANSACTION_TTL_SECONDS * 1000,
    policy: { latePayment: data.LATE_PAYMENT_POLICY, firstCheckMs: data.STATUS_CHECK_AFTER_SECONDS * 1000 },
    sandbox: data.SANDBOX === "on",
    archiveAfterMs: data.ARCHIVE ? data.ARCHIVE_AFTER_DAYS * 24 * 60 * 60_000 : null,
    metrics: data.METRICS !== undefined,
    console: toConsole(data),
    gateways,
    gatewaysOff: GATEWAYS.map(({ id }) => id).filter((id) => !gateways.some((one) => one.id === id)),
    flaws: judgeVariables(set),
  };
}

function toConsole(data: z.output<typeof variables>): ConsoleConfig | null {
  const { CONSOLE_PASSWORD: password = null, ACCESS_TEAM_DOMAIN: team, ACCESS_AUD: audience } = data;
  const access = team && audience ? { teamUrl: team, audience } : null;
  return password === null && access === null ? null : { password, access };
}

function toFulfilment(data: z.output<typeof variables>): Fulfilment | null {
  if (data.FULFILMENT) {
    return { kind: "worker" };
  }
  const { FULFILMENT_URL: url, FULFILMENT_SECRET: secrets } = data;
  return url && secrets ? { kind: "url", url, secrets } : null;
}

function configureGateway(
  definition: GatewayDefinition,
  set: Record<string, unknown>,
  problems: string[],
): ConfiguredGateway[] {
  const { id, config, connect } = definition;
  if (!isMentioned(definition, set)) {
    return [];
  }
  const result = config.safeParse(set);
  if (!result.success) {
    problems.push(...explain(result.error, set));
    return [];
  }
  // The one variable of each gateway that lists several.
  const [name = "", live] = Object.entries(result.data).find(([, value]) => Array.isArray(value)) ?? [];
  const verifiers = { name, count: Array.isArray(live) ? live.length : 0 };
  return [{ id, verifiers, connect: (tools) => connect(result.data, tools) }];
}

function isMentioned({ config }: GatewayDefinition, set: Record<string, unknown>): boolean {
  return Object.keys(config.shape).some((name) => name in set);
}

function addressNames({ config }: GatewayDefinition): string[] {
  return Object.keys(config.shape).filter((name) => name.endsWith("_URL"));
}

/** What does not go together, whatever else is wrong. */
function crossCheck(set: Record<string, unknown>): string[] {
  const problems: string[] = [];
  if ("FULFILMENT_URL" in set && !("FULFILMENT_SECRET" in set)) {
    problems.push("FULFILMENT_SECRET is missing: events to FULFILMENT_URL are signed with it.");
  }
  if ("FULFILMENT_URL" in set && "FULFILMENT" in set) {
    problems.push("FULFILMENT_URL and the binding FULFILMENT are both there: set either.");
  }
  if ("ACCESS_TEAM_DOMAIN" in set !== "ACCESS_AUD" in set) {
    const missing = "ACCESS_AUD" in set ? "ACCESS_TEAM_DOMAIN" : "ACCESS_AUD";
    problems.push(`${missing} is missing: Cloudflare Access needs both.`);
  }
  if (set.SANDBOX === "on" && set.SANDBOX_SESSIONS === undefined) {
    problems.push(
      "SANDBOX is on, but this Worker has no sandbox in it: set it to off, or deploy one: npm run deploy -- --sandbox.",
    );
  }
  problems.push(...explainDatabases(set));
  const own = URL.parse(String(set.PUBLIC_URL));
  const addresses = [
    "FULFILMENT_URL",
    "ALLOWED_ORIGINS",
    "ACCESS_TEAM_DOMAIN",
    ...GATEWAYS.flatMap(addressNames),
  ];
  for (const name of own && !isLoopback(own) ? addresses : []) {
    if (/(^|,)\s*http:/.test(String(set[name]))) {
      problems.push(`${name} must be https; http is for development only.`);
    }
  }
  const known = GATEWAYS.filter((definition) => isMentioned(definition, set)).map(({ id }) => id);
  known.push(...(set.SANDBOX === "on" ? ["sandbox"] : []));
  if ("DEFAULT_GATEWAY" in set && !known.includes(String(set.DEFAULT_GATEWAY))) {
    problems.push(`DEFAULT_GATEWAY names none of the configured gateways (${known.join(", ") || "none"}).`);
  }
  return problems;
}

function explainDatabases(set: Record<string, unknown>): string[] {
  try {
    const { databases } = parseLayout(typeof set.DATABASES === "string" ? set.DATABASES : "DB");
    const isBound = (name: string) =>
      typeof set[name] === "object" && set[name] !== null && "batch" in set[name];
    const unbound = "DATABASES" in set ? databases.filter((name) => !isBound(name)) : [];
    return unbound.map((name) => `DATABASES names ${name}, which is no binding to a D1 database.`);
  } catch (error) {
    return [`DATABASES ${error instanceof RangeError ? error.message : "cannot be read"}.`];
  }
}

/** The only real one; the sandbox where there is none. */
function onlyGateway(gateways: readonly ConfiguredGateway[], sandbox: boolean): string | null {
  if (gateways.length === 0) {
    return sandbox ? "sandbox" : null;
  }
  return gateways.length === 1 ? (gateways[0]?.id ?? null) : null;
}

function explain(error: z.core.$ZodError, set: Record<string, unknown>): string[] {
  return error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return name in set ? `${name} ${issue.message}.` : `${name} is missing.`;
  });
}
