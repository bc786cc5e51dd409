/** The doctor's look at a running Worker: its own list, and its webhooks' addresses as they are reached from outside. */
import { type Finding, fault, ok, warning } from "../src/operations/finding.ts";

/** A gateway that does not answer takes its time. */
const LIST_MS = 60_000;
const PROBE_MS = 15_000;

interface Probe {
  readonly gateway: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly expects: 200 | 401;
}

interface Said {
  readonly status: number;
  readonly body: { readonly [name: string]: unknown } | null;
}

/** @param key of the shop's API; null: only what is open to all can be seen */
export async function examineThere(url: string, key: string | null): Promise<Finding[]> {
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  const said = await call(`${url}${key === null ? "/health" : "/doctor"}`, { headers }, LIST_MS);
  const trouble = refusal(url, said);
  if (trouble) {
    return [trouble];
  }
  if (key === null) {
    return [examineHealth(said), NO_KEY];
  }
  const asked = await call(`${url}/doctor/probes`, { method: "POST", headers }, PROBE_MS);
  return [
    ...((said?.body?.findings ?? []) as Finding[]),
    ...(await examineProbes((asked?.body?.probes ?? []) as Probe[])),
  ];
}

const NO_KEY = warning(
  "api key",
  "None is known here: only /health was looked at.",
  "Give one of the shop's: npm run doctor -- --key KEY, or API_KEYS in the environment.",
);

function refusal(url: string, said: Said | null): Finding | null {
  if (said === null) {
    return fault(
      "answer",
      `${url} cannot be reached.`,
      "npm run deploy, or in development npm run dev. Is the address right?",
    );
  }
  const { status, body } = said;
  if (body?.code === "misconfigured") {
    return fault(
      "configuration",
      String(body.detail),
      "Set what it names: npx wrangler secret put NAME, or [vars] in wrangler.toml; in development .dev.vars.",
    );
  }
  if (status === 401) {
    return fault("api key", `${url} does not know it.`, "Give one of API_KEYS: npm run doctor -- --key KEY.");
  }
  return body && (Array.isArray(body.findings) || body.checks !== undefined)
    ? null
    : fault(
        "answer",
        `${url} answered ${status}, and not as this version of payment-edge does.`,
        "Is the address right? If it is, npm run deploy.",
      );
}

function examineHealth(said: Said | null): Finding {
  return said?.status === 200
    ? ok("health", "D1 answers, and the cron runs.")
    : fault("health", `/health answered ${said?.status}.`, 'RUNBOOK.md, "The first look".');
}

async function examineProbes(probes: readonly Probe[]): Promise<Finding[]> {
  const gateways = [...new Set(probes.map(({ gateway }) => gateway))];
  return Promise.all(
    gateways.map(async (gateway) => {
      const own = probes.filter((probe) => probe.gateway === gateway);
      const found = await Promise.all(own.map(examineProbe));
      const taken =
        own.length > 1 ? "A signed webhook is taken, a forged one refused." : "A forged webhook is refused.";
      return found.find((finding) => finding !== null) ?? ok(`${gateway}: from outside`, taken);
    }),
  );
}

/** @returns null where all is well */
async function examineProbe({ gateway, url, headers, body, expects }: Probe): Promise<Finding | null> {
  const check = `${gateway}: from outside`;
  const said = await call(url, { method: "POST", headers, body }, PROBE_MS);
  if (said === null) {
    return fault(
      check,
      `${url} cannot be reached from here.`,
      "This is what gateways call. Set PUBLIC_URL to an address that leads to the Worker: its route, its DNS.",
    );
  }
  if (said.status === expects && (expects === 401 || said.body?.outcome === "ignored")) {
    return null;
  }
  return expects === 401
    ? fault(
        check,
        `A forged webhook got ${said.status}, and not 401.`,
        "Is it this Worker that answers there?",
      )
    : fault(
        check,
        `A signed webhook got ${said.status}, and not 200.`,
        said.status === 401
          ? "Is it this Worker that answers there? If it is, something on the way changes the body or the headers."
          : "Something stands before /webhooks: Cloudflare Access, a firewall's rule, a redirect. Let POST pass there.",
      );
}

async function call(url: string, init: RequestInit, limitMs: number): Promise<Said | null> {
  try {
    const signal = AbortSignal.timeout(limitMs);
    const response = await fetch(url, { ...init, redirect: "manual", signal });
    const text = await response.text();
    return { status: response.status, body: parse(text) };
  } catch {
    return null;
  }
}

function parse(text: string): Said["body"] {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Said["body"]) : null;
  } catch {
    return null;
  }
}
