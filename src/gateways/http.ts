/** JSON over HTTP to a gateway: deadlines, no redirects, and every failure as a GatewayError of the right kind. */

import { retry } from "../lib/retry.ts";
import { parseRetryAfterMs } from "../lib/retry-after.ts";
import { GatewayError } from "./gateway.ts";

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 3;
const BASE_PAUSE_MS = 300;

export interface ApiClient {
  get(path: string): Promise<ApiAnswer>;
  /** @param idempotencyKey makes the call repeatable */
  post(path: string, body: unknown, idempotencyKey?: string): Promise<ApiAnswer>;
}

/** An answer that is neither "later" (429, 503) nor a fault (other 5xx but 501): what it means, the adapter says. */
export interface ApiAnswer {
  readonly status: number;
  /** The parsed JSON; undefined when there was none. */
  readonly body: unknown;
}

/** @param baseUrl without a slash at the end */
export function createApiClient(
  baseUrl: string,
  authorization: string,
  fetch: (request: Request) => Promise<Response>,
): ApiClient {
  const call = (method: "GET" | "POST", path: string, body?: unknown, idempotencyKey?: string) => {
    const headers = new Headers({ accept: "application/json", authorization });
    if (body !== undefined) {
      headers.set("content-type", "application/json");
    }
    if (idempotencyKey !== undefined) {
      headers.set("idempotency-key", idempotencyKey);
    }
    const send = () =>
      exchange(fetch, `${baseUrl}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    // Only what the gateway surely did not take is sent again at once.
    return retry(send, {
      attempts: ATTEMPTS,
      baseMs: BASE_PAUSE_MS,
      isRetryable: (error) =>
        error instanceof GatewayError && error.kind === "unavailable" && error.retryAfterMs === null,
    });
  };
  return {
    get: (path) => call("GET", path),
    post: (path, body, idempotencyKey) => call("POST", path, body, idempotencyKey),
  };
}

async function exchange(
  fetch: (request: Request) => Promise<Response>,
  url: string,
  init: { method: "GET" | "POST"; headers: Headers; body?: string },
): Promise<ApiAnswer> {
  // A call that only reads can have had no effect.
  const unanswered = init.method === "GET" ? "unavailable" : "unknown";
  try {
    const request = new Request(url, {
      ...init,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const response = await fetch(request);
    const text = await response.text();
    if (response.status === 429 || response.status === 503) {
      throw new GatewayError(
        "unavailable",
        `the gateway answered ${response.status}`,
        parseRetryAfterMs(response.headers.get("retry-after"), Date.now()),
      );
    }
    const redirected = response.status >= 300 && response.status < 400;
    if (redirected || (response.status >= 500 && response.status !== 501)) {
      throw new GatewayError(unanswered, `the gateway answered ${response.status}`);
    }
    return { status: response.status, body: parseJson(text) };
  } catch (error) {
    if (error instanceof GatewayError) {
      throw error;
    }
    throw error instanceof Error && error.name === "TimeoutError"
      ? new GatewayError("unknown", "the gateway did not answer in time")
      : new GatewayError(unanswered, "the gateway could not be reached");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
