import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "../../src/gateways/gateway.ts";
import { createApiClient } from "../../src/gateways/http.ts";
import { neverAnswer, withoutPauses, withoutWaiting } from "../support/gateway-contract.ts";

const BASE = "https://gateway.example/v1";
const KEY = "Bearer gateway-api-key-for-tests-only";

/** Counts the calls, and answers each anew. */
function client(answer: (request: Request, call: number) => Promise<Response> | Response) {
  const calls: Request[] = [];
  const api = createApiClient(BASE, { authorization: KEY }, async (request) => {
    calls.push(request.clone());
    return answer(request, calls.length);
  });
  return { api, calls };
}

async function errorOf(call: Promise<unknown>): Promise<GatewayError> {
  const error = await call.catch((reason: unknown) => reason);
  if (!(error instanceof GatewayError)) {
    throw new Error(`no GatewayError: ${error}`);
  }
  return error;
}

beforeEach(withoutPauses);
afterEach(() => {
  vi.restoreAllMocks();
});

describe("createApiClient", () => {
  it("reads without a body", async () => {
    const { api, calls } = client(() => Response.json({ a: 1 }));
    expect(await api.get("/status/1")).toEqual({ status: 200, body: { a: 1 } });
    expect(calls[0]).toMatchObject({ method: "GET", url: `${BASE}/status/1`, body: null });
    const { authorization, accept } = Object.fromEntries(calls[0]?.headers ?? []);
    expect({ authorization, accept }).toEqual({ authorization: KEY, accept: "application/json" });
    expect(calls[0]?.headers.has("content-type")).toBe(false);
    expect(calls[0]?.headers.has("idempotency-key")).toBe(false);
  });

  it("sends JSON, with the key that makes it repeatable", async () => {
    const { api, calls } = client(() => new Response(null, { status: 201 }));
    expect(await api.post("/refund/1", { amount: 5 }, { "idempotency-key": "key-1" })).toEqual({
      status: 201,
      body: undefined,
    });
    expect(calls[0]?.headers.get("idempotency-key")).toBe("key-1");
    expect(calls[0]?.headers.get("content-type")).toBe("application/json");
    expect(await calls[0]?.json()).toEqual({ amount: 5 });
  });

  it("reads no further than any answer goes", async () => {
    let chunks = 0;
    const endless = () =>
      new Response(
        new ReadableStream<Uint8Array>({
          pull: (controller) => {
            chunks += 1;
            controller.enqueue(new Uint8Array(64 * 1024).fill(32));
          },
        }),
      );
    expect(await errorOf(client(endless).api.post("/pay", {}))).toMatchObject({ kind: "unknown" });
    expect(chunks).toBeLessThan(80);
    expect(await errorOf(client(endless).api.get("/pay"))).toMatchObject({ kind: "unavailable" });
  });

  it("reads letters that fall into two pieces", async () => {
    const [first, ...rest] = new TextEncoder().encode('"é"');
    const pieces = [[first ?? 0, rest[0] ?? 0], rest.slice(1)].map((bytes) => new Uint8Array(bytes));
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      for (const piece of pieces) {
        controller.enqueue(piece);
      }
      controller.close();
    };
    const { api } = client(() => new Response(new ReadableStream({ start })));
    expect(await api.get("/x")).toEqual({ status: 200, body: "é" });
  });

  it.each([400, 401, 403, 404, 405, 409, 422, 501])(
    "leaves the meaning of %i to the adapter",
    async (status) => {
      const { api, calls } = client(() => Response.json({ error: "no" }, { status }));
      expect(await api.get("/x")).toEqual({ status, body: { error: "no" } });
      expect(await api.post("/x", {})).toEqual({ status, body: { error: "no" } });
      expect(calls).toHaveLength(2);
    },
  );

  it.each(["<html>", "", "{"])("gives no body for %j, which is no JSON", async (text) => {
    const { api } = client(() => new Response(text));
    expect(await api.get("/x")).toEqual({ status: 200, body: undefined });
  });

  it.each([500, 502, 504, 301, 302, 307, 308])(
    "repeats a read that got %i, and never a call that may have had its effect",
    async (status) => {
      const { api, calls } = client(() => new Response(null, { status, headers: { location: "/x" } }));
      expect((await errorOf(api.get("/x"))).kind).toBe("unavailable");
      expect(calls).toHaveLength(3);
      expect((await errorOf(api.post("/x", {}, { "idempotency-key": "key" }))).kind).toBe("unknown");
      expect(calls).toHaveLength(4);
    },
  );

  it("repeats a read that nobody took, and never a call that somebody may have taken", async () => {
    const { api, calls } = client(() => Promise.reject(new TypeError("connection reset")));
    expect((await errorOf(api.get("/x"))).kind).toBe("unavailable");
    expect(calls).toHaveLength(3);
    expect((await errorOf(api.post("/x", {}, { "idempotency-key": "key" }))).kind).toBe("unknown");
    expect(calls).toHaveLength(4);
  });

  it.each([429, 503])("repeats what %i surely turned away, with the same key and body", async (status) => {
    const { api, calls } = client((_request, call) =>
      call < 3 ? new Response(null, { status }) : Response.json("done"),
    );
    expect(await api.post("/x", { amount: 5 }, { "idempotency-key": "key" })).toEqual({
      status: 200,
      body: "done",
    });
    const sent = await Promise.all(
      calls.map(async (call) => [call.headers.get("idempotency-key"), await call.text()].join(" ")),
    );
    expect(sent).toEqual(Array.from({ length: 3 }, () => 'key {"amount":5}'));
  });

  it("gives up after three", async () => {
    const { api, calls } = client(() => new Response(null, { status: 503 }));
    expect(await errorOf(api.post("/x", {}))).toMatchObject({ kind: "unavailable", retryAfterMs: null });
    expect(calls).toHaveLength(3);
  });

  it.each([
    ["0", 0],
    ["1", 1000],
    ["120", 120_000],
  ])("obeys Retry-After: %s, and does not ask again meanwhile", async (value, retryAfterMs) => {
    for (const status of [429, 503]) {
      const { api, calls } = client(() => new Response(null, { status, headers: { "retry-after": value } }));
      expect(await errorOf(api.get("/x"))).toMatchObject({ kind: "unavailable", retryAfterMs });
      expect(calls).toHaveLength(1);
    }
  });

  it.each(["-1", "soon", "1, 2", "Infinity"])("passes over Retry-After: %s", async (value) => {
    const { api } = client(() => new Response(null, { status: 429, headers: { "retry-after": value } }));
    expect(await errorOf(api.get("/x"))).toMatchObject({ kind: "unavailable", retryAfterMs: null });
  });

  it("obeys a Retry-After that is a date", async () => {
    const value = new Date(Date.now() + 60_000).toUTCString();
    const { api, calls } = client(
      () => new Response(null, { status: 429, headers: { "retry-after": value } }),
    );
    const { retryAfterMs } = await errorOf(api.get("/x"));
    expect(retryAfterMs).toBeGreaterThan(55_000);
    expect(retryAfterMs).toBeLessThanOrEqual(61_000);
    expect(calls).toHaveLength(1);
  });

  it("waits ten seconds for an answer and calls it unknown then, without a repetition", async () => {
    withoutWaiting();
    const { api, calls } = client(neverAnswer);
    expect(await errorOf(api.post("/x", {}, { "idempotency-key": "key" }))).toMatchObject({
      kind: "unknown",
    });
    expect(await errorOf(api.get("/x"))).toMatchObject({ kind: "unknown" });
    expect(calls).toHaveLength(2);
    expect(AbortSignal.timeout).toHaveBeenCalledWith(10_000);
  });

  it("says nothing of what the vendor or the network said", async () => {
    const said = `secret ${KEY}`;
    const errors = await Promise.all([
      errorOf(client(() => new Response(said, { status: 500 })).api.get("/x")),
      errorOf(client(() => new Response(said, { status: 429 })).api.get("/x")),
      errorOf(client(() => Promise.reject(new Error(said))).api.post("/x", {})),
    ]);
    for (const error of errors) {
      expect(`${error.stack} ${error.cause} ${JSON.stringify(error)}`).not.toContain("gateway-api-key");
    }
  });
});
