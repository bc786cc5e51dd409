/** The system over a seeded month, its clock stopped at the month's end, and an operator who is in. */
import { env } from "cloudflare:workers";
import { createSystem, ORIGIN, replaceServices, type System } from "../support/system.ts";
import { seed } from "./seed.ts";

/** Visibly fake: for tests alone. */
const PASSWORD = "console-password-for-tests-only";
const VARIABLES = {
  CONSOLE_PASSWORD: PASSWORD,
  STRIPE_SECRET_KEY: "sk_test_stripe_key_for_tests_only",
  STRIPE_WEBHOOK_SECRET: "whsec_stripe_secret_for_tests",
  ADYEN_API_KEY: "adyen_api_key_for_tests_only",
  ADYEN_API_URL: "https://checkout-test.adyen.com/v71",
  ADYEN_MERCHANT_ACCOUNT: "ShopForTests",
  ADYEN_HMAC_KEY: "0123456789abcdef".repeat(4),
};
const HOUR_MS = 60 * 60_000;

export interface SeededConsole {
  readonly system: System;
  /** Epoch milliseconds. */
  readonly now: number;
  /** The id of a payment that much has happened to. */
  readonly busy: string;
  readonly seededMs: number;
  get(path: string): Promise<Response>;
}

export async function openSeededConsole(count: number): Promise<SeededConsole> {
  const started = Date.now();
  // Half past: at the full hour a tick has more to do.
  const now = started - (started % HOUR_MS) + HOUR_MS / 2;
  const busy = await seed(env.DB, count, now);
  const seededMs = Date.now() - started;
  const system = await createSystem(VARIABLES);
  const { config, fetch, journal } = system.services;
  const gateways = config.gateways.map(
    ({ id, connect }) => [id, journal.watch(connect({ fetch, now: Date.now }))] as const,
  );
  replaceServices(system, { now: () => now, wallClock: () => now, gateways: new Map(gateways) });
  const cookie = await signIn(system);
  const get = (path: string) => system.fetch(new Request(`${ORIGIN}${path}`, { headers: { cookie } }));
  return { system, now, busy, seededMs, get };
}

/** As a browser does it. @returns the cookie */
async function signIn(system: System): Promise<string> {
  const response = await system.fetch(
    new Request(`${ORIGIN}/console/sign-in`, {
      method: "POST",
      headers: { origin: ORIGIN, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ name: "Ada", password: PASSWORD }).toString(),
    }),
  );
  const [cookie = ""] = response.headers.getSetCookie();
  if (response.status !== 303 || cookie === "") {
    throw new Error(`the sign-in answered ${response.status}`);
  }
  return cookie.split(";")[0] ?? "";
}
