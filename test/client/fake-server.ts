/** A `fetch` whose answers the test decides, call by call, and the messages that the real server would send. */
import { vi } from "vitest";

export const TARGET = { url: "https://pay.example.com", id: "txn_1", clientSecret: "cs_1" } as const;

export interface Call {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface FakeServer {
  readonly calls: Call[];
  /** Replace it to change what the server says; throw for a network that is down. */
  answer: (call: Call) => Response | Promise<Response>;
}

/** Stubs the global fetch. It honours the signal, as the real one does. */
export function startServer(answer: FakeServer["answer"]): FakeServer {
  const server: FakeServer = { calls: [], answer };
  vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) => {
    const call = {
      url,
      method: init.method ?? "GET",
      headers: new Headers(init.headers),
      body: String(init.body ?? ""),
    };
    server.calls.push(call);
    return new Promise<Response>((resolve, reject) => {
      init.signal?.addEventListener("abort", () => reject(new Error("AbortError")));
      Promise.resolve()
        .then(() => server.answer(call))
        .then(resolve, reject);
    });
  });
  return server;
}

const PUBLIC = { status: "pending", final: false, amount: 1999, currency: "USD", late: false };

/** A message of the status socket. */
export function update(version: number, more: object = {}): object {
  return {
    type: "payment_status_update",
    transaction_id: TARGET.id,
    version,
    occurred_at: "2026-01-01T00:00:00Z",
    ...PUBLIC,
    ...more,
  };
}

/** What the library makes of it. */
export function state(version: number, more: object = {}): object {
  return { transaction_id: TARGET.id, version, ...PUBLIC, ...more };
}

/** The answer of `GET /transactions/:id` to a client secret. */
export function polled(version: number, more: object = {}, headers: Record<string, string> = {}): Response {
  const body = { id: TARGET.id, version, ...PUBLIC, payment_url: null, return_url: null, ...more };
  return Response.json(body, { headers: { ETag: `"${version}"`, ...headers } });
}

export function offline(): never {
  throw new TypeError("fetch failed");
}
