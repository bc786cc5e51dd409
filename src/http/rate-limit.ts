/**
 * How often one caller may ask, by Cloudflare's own counters: each of its locations counts for itself and nearly right,
 * which keeps floods off and is proof of nothing. Without a binding nothing is limited, nor is whoever has no address (a
 * Worker, this one too) or one of this machine. A counter that fails lets everybody pass: no payment waits for it.
 */
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { describeError } from "../lib/log.ts";
import type { AppEnv } from "./app-env.ts";
import { findApiKey, readBearer } from "./auth.ts";
import { networkOf } from "./network.ts";
import { HttpProblem } from "./problem.ts";

/** Of Cloudflare's binding. */
export interface Limiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** The binding of each, and its period, both as in wrangler.toml. */
export const LIMITS = {
  /** Of a shop's API key, wherever it calls from. */
  calls: { binding: "LIMIT_CALLS", periodSeconds: 10 },
  /** Of an address: pages, reads, and whatever comes without a good API key. */
  reads: { binding: "LIMIT_READS", periodSeconds: 10 },
  /** The buyer's button that asks the gateway. */
  checks: { binding: "LIMIT_CHECKS", periodSeconds: 10 },
  sockets: { binding: "LIMIT_SOCKETS", periodSeconds: 10 },
  /** Of a gateway and an address. Vendors burst, repeat what got 429, and the cron asks for what they never told. */
  webhooks: { binding: "LIMIT_WEBHOOKS", periodSeconds: 10 },
  signIns: { binding: "LIMIT_SIGN_INS", periodSeconds: 60 },
} as const;

type Limit = keyof typeof LIMITS;
export type Limiters = Partial<Readonly<Record<(typeof LIMITS)[Limit]["binding"], Limiter>>>;

const THIS_MACHINE = /^(127\.\d+\.\d+\.\d+|::1)$/;
/** Where an API key may stand. */
const API = ["transactions", "events", "inbox", "deliveries", "doctor"];

/** Counts the request once. @throws HttpProblem 429 when there are too many */
export const limitRate = createMiddleware<AppEnv>(async (c, next) => {
  const address = c.req.header("cf-connecting-ip") ?? "";
  if (address !== "" && !THIS_MACHINE.test(address)) {
    const { limit, caller } = await classify(c, networkOf(address));
    if (!(await admits(c, limit, caller))) {
      const { periodSeconds: retryAfterSeconds } = LIMITS[limit];
      const advice = `There were too many requests. Come back in ${retryAfterSeconds} s.`;
      throw new HttpProblem("rate_limited", advice, { retryAfterSeconds });
    }
  }
  await next();
});

interface Counted {
  readonly limit: Limit;
  readonly caller: string;
}

async function classify(c: Context<AppEnv>, network: string): Promise<Counted> {
  const [, room = "", name = "", part = ""] = c.req.path.split("/");
  const isPost = c.req.method === "POST";
  if (room === "webhooks") {
    return { limit: "webhooks", caller: `${name} ${network}` };
  }
  if (room === "transactions" && part === "socket") {
    return { limit: "sockets", caller: network };
  }
  if (room === "status" && isPost) {
    return { limit: "checks", caller: network };
  }
  if (room === "console" && name === "sign-in" && isPost) {
    return { limit: "signIns", caller: network };
  }
  const key = API.includes(room) ? await findApiKey(c.env.services.config, readBearer(c.req.raw)) : null;
  return key === null ? { limit: "reads", caller: network } : { limit: "calls", caller: `key ${key}` };
}

async function admits(c: Context<AppEnv>, limit: Limit, caller: string): Promise<boolean> {
  const { services, limiters = {} } = c.env;
  try {
    return (await limiters[LIMITS[limit].binding]?.limit({ key: caller }))?.success ?? true;
  } catch (error) {
    services.log.warn("rate_limit.failed", { reason: limit, error: describeError(error) });
    return true;
  }
}
