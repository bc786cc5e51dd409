/** HTTP to a gateway: deadlines, no redirects, and every failure as a GatewayError of the right kind. */
import { retry } from "../lib/retry.ts";
import { parseRetryAfterMs } from "../lib/retry-after.ts";
import { GatewayError } from "./gateway.ts";

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 3;
const BASE_PAUSE_MS = 300;
/** Lists of events are the longest. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Header names in lower case. */
export type ApiHeaders = Readonly<Record<string, string>>;

export interface ApiClient {
  get(path: string, headers?: ApiHeaders): Promise<ApiAnswer>;
  /** @param body JSON; URLSearchParams are sent as a form; undefined: no body */
  post(path: string, body: unknown, headers?: ApiHeaders): Promise<ApiAnswer>;
  call(method: Method, path: string, body?: unknown, headers?: ApiHeaders): Promise<ApiAnswer>;
}

export const keyed = (key: string) => ({ "idempotency-key": key });

/** An answer that is neither "later" (429, 503) nor a fault (other 5xx but 501): what it means, the adapter says. */
export interface ApiAnswer {
  readonly status: number;
  /** The parsed JSON; undefined when there was none. */
  readonly body: unknown;
}

/**
 * @param baseUrl without a slash at the end
 * @param headers of every call
 */
export function createApiClient(
  baseUrl: string,
  headers: ApiHeaders,
  fetch: (request: Request) => Promise<Response>,
): ApiClient {
  const call: ApiClient["call"] = (method, path, body, more = {}) => {
    const init = { method, ...toBody(body) };
    const all = { accept: "application/json", ...init.headers, ...headers, ...more };
    const send = () => exchange(fetch, `${baseUrl}${path}`, { ...init, headers: all });
    // Only what the gateway surely did not take is sent again at once.
    return retry(send, {
      attempts: ATTEMPTS,
      baseMs: BASE_PAUSE_MS,
      isRetryable: (error) =>
        error instanceof GatewayError && error.kind === "unavailable" && error.retryAfterMs === null,
    });
  };
  return {
    call,
    get: (path, more) => call("GET", path, undefined, more),
    post: (path, body, more) => call("POST", path, body, more),
  };
}

function toBody(body: unknown): { headers?: ApiHeaders; body?: string } {
  if (body === undefined) {
    return {};
  }
  return body instanceof URLSearchParams
    ? { headers: { "content-type": "application/x-www-form-urlencoded" }, body: body.toString() }
    : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** Refused for our key's sake, or for the moment's: the same call may do later. */
const NOT_NOW = [401, 403, 408, 409, 425];

/** @throws GatewayError for a status that says no, or not now */
export function refuse({ status }: ApiAnswer): void {
  if (NOT_NOW.includes(status)) {
    throw new GatewayError("unavailable", `the gateway answered ${status}`);
  }
  if (status >= 400) {
    throw new GatewayError("rejected", `the gateway answered ${status}`);
  }
}

/** The JSON of a webhook; undefined for what is none, or no UTF-8. */
export function parseBytes(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return undefined;
  }
}

async function exchange(
  fetch: (request: Request) => Promise<Response>,
  url: string,
  init: { method: Method; headers: ApiHeaders; body?: string },
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
    const text = await readText(response);
    if (text === null) {
      throw new GatewayError(unanswered, "the gateway's answer has no end");
    }
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

/** @returns null, and reads no further, once it is more than any answer has */
async function readText({ body }: Response): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) {
      return null;
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
