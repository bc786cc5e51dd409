/**
 * Hands one event to the shop, at its address or to its Worker, and says how that went. Nothing of the shop's answer
 * is kept but its status.
 */
import type { Fulfilment } from "../config.ts";
import { parseRetryAfterMs } from "../lib/retry-after.ts";
import { signWebhook } from "../lib/standard-webhooks.ts";
import type { Services, ShopEvent } from "../services.ts";
import { OperationError } from "./operation-error.ts";

const TIMEOUT_MS = 15_000;

export interface Fulfilled {
  readonly delivered: boolean;
  /** The shop wants no more of it. */
  readonly gone: boolean;
  /** How long the shop asks to be left alone; 0 when it does not. */
  readonly retryAfterMs: number;
  /** What it said, or why it said nothing: bounded, and without the shop's words. */
  readonly answer: string;
}

const FAILED: Fulfilled = { delivered: false, gone: false, retryAfterMs: 0, answer: "" };

/**
 * A failure is a value, and so is a shop that does not answer within 15 s.
 * @param id the event's id
 * @param body the frozen body, as JSON
 */
export async function fulfil(services: Services, id: string, body: string): Promise<Fulfilled> {
  const { fulfilment } = services.config;
  switch (fulfilment?.kind) {
    case "url":
      return post(services, fulfilment, id, body);
    case "worker":
      return call(services, { id, ...(JSON.parse(body) as Omit<ShopEvent, "id">) });
    case undefined:
      return { ...FAILED, answer: "nobody to tell" };
  }
}

/** @throws OperationError "invalid_request" when there is nobody to tell */
export function requireShop({ config }: Services): void {
  if (!config.fulfilment) {
    throw new OperationError(
      "invalid_request",
      "Neither FULFILMENT_URL nor the binding FULFILMENT is set: there is nobody to tell. Pull from GET /events.",
    );
  }
}

async function post(
  { fetch, wallClock }: Services,
  { url, secrets }: Extract<Fulfilment, { kind: "url" }>,
  id: string,
  body: string,
): Promise<Fulfilled> {
  const signed = await signWebhook(secrets, id, body, wallClock());
  const headers = { "content-type": "application/json", "user-agent": "payment-edge", ...signed };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const request = new Request(url, { method: "POST", headers, body, redirect: "manual", signal });
    const response = await before(signal, fetch(request));
    // The status has said it all; whatever becomes of the rest changes nothing.
    response.body?.cancel().catch(() => undefined);
    return {
      delivered: response.ok,
      gone: response.status === 410,
      retryAfterMs: parseRetryAfterMs(response.headers.get("retry-after"), wallClock()) ?? 0,
      answer: `HTTP ${response.status}`,
    };
  } catch (error) {
    return { ...FAILED, answer: describeFault(error) };
  }
}

async function call({ callShop }: Services, event: ShopEvent): Promise<Fulfilled> {
  try {
    await before(AbortSignal.timeout(TIMEOUT_MS), callShop(event));
    return { ...FAILED, delivered: true, answer: "taken" };
  } catch (error) {
    // The message is the shop's, and may name anybody.
    return { ...FAILED, answer: nameOf(error) };
  }
}

/** The runtime's own words may hold the address, and whatever its query carries. */
function describeFault(error: unknown): string {
  const name = nameOf(error);
  return name === "TimeoutError" ? `${name}: no answer within 15 s` : `${name}: no answer`;
}

/** A name that is no class's may be the shop's, and so anybody's. */
function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  return /^\w{1,50}$/.test(name) ? name : "Error";
}

/** What the work comes to, unless the signal is first: whoever hangs may not heed it. */
function before<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const refuse = () => reject(signal.reason);
    signal.addEventListener("abort", refuse, { once: true });
    if (signal.aborted) {
      refuse();
    }
  });
  return Promise.race([work, aborted]);
}
