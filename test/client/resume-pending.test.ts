import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forgetPending, rememberPending, resumePending } from "../../src/client/index.ts";
import { stubStorage } from "./fake-page.ts";
import { type FakeServer, offline, polled, startServer, state } from "./fake-server.ts";

const KEY = "payment-edge.pending";
const HOUR_MS = 3_600_000;
const NOW = Date.parse("2026-01-01T00:00:00Z");

function payment(id: string, more: object = {}) {
  return {
    id,
    clientSecret: `secret of ${id}`,
    statusUrl: `https://pay.example.com/status/${id}?client_secret=x`,
    expiresAt: "2026-01-01T00:30:00Z",
    ...more,
  };
}

const ids = async (): Promise<string[]> => (await resumePending()).map((resumed) => resumed.id);

let server: FakeServer;
let stored: Map<string, string>;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  stored = stubStorage();
  server = startServer(() => polled(1));
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("resumePending", () => {
  it("returns each remembered payment with its present state, seen with its client secret", async () => {
    rememberPending(payment("txn_1", { label: "Order 7" }));
    rememberPending(payment("txn_2"));
    const resumed = await resumePending();
    expect(resumed).toEqual([
      { ...payment("txn_1"), label: "Order 7", expiresAt: NOW + HOUR_MS / 2, state: state(1) },
      { ...payment("txn_2"), expiresAt: NOW + HOUR_MS / 2, state: expect.anything() },
    ]);
    expect(server.calls.map((call) => [call.url, call.headers.get("authorization")])).toEqual([
      ["https://pay.example.com/transactions/txn_1", "Bearer secret of txn_1"],
      ["https://pay.example.com/transactions/txn_2", "Bearer secret of txn_2"],
    ]);
  });

  it("asks the Worker at the given url", async () => {
    rememberPending(payment("txn_1"));
    await resumePending({ url: "https://other.example.com/" });
    expect(server.calls[0]?.url).toBe("https://other.example.com/transactions/txn_1");
  });

  it("returns the payment with state null when the server cannot be asked, and keeps it", async () => {
    rememberPending(payment("txn_1"));
    for (const answer of [offline, () => new Response(null, { status: 503 }), () => new Response("portal")]) {
      server.answer = answer;
      expect(await resumePending()).toEqual([expect.objectContaining({ id: "txn_1", state: null })]);
    }
  });

  it.each([401, 404])("forgets what the server answers with %i", async (status) => {
    rememberPending(payment("txn_1"));
    server.answer = () => new Response(null, { status });
    expect(await ids()).toEqual([]);
    expect(stored.size).toBe(0);
  });

  it("returns a final one once, and forgets it", async () => {
    rememberPending(payment("txn_1"));
    rememberPending(payment("txn_2"));
    server.answer = (call) => polled(2, { final: call.url.endsWith("txn_1") });
    expect(await ids()).toEqual(["txn_1", "txn_2"]);
    expect(await ids()).toEqual(["txn_2"]);
  });

  it("does not lose a payment that is remembered while it asks", async () => {
    rememberPending(payment("txn_1"));
    server.answer = () => {
      rememberPending(payment("txn_2"));
      return polled(2, { final: true });
    };
    await resumePending();
    server.answer = () => polled(1);
    expect(await ids()).toEqual(["txn_2"]);
  });

  it("drops a payment 72 h after its expiry, not before", async () => {
    rememberPending(payment("txn_1"));
    rememberPending(payment("txn_2", { expiresAt: NOW + HOUR_MS }));
    rememberPending(payment("txn_3", { expiresAt: "soon" }));
    vi.setSystemTime(NOW + 72 * HOUR_MS - 1);
    expect(await ids()).toEqual(["txn_1", "txn_2", "txn_3"]);
    vi.setSystemTime(NOW + 72.5 * HOUR_MS);
    expect(await ids()).toEqual(["txn_2"]);
    vi.setSystemTime(NOW + 73 * HOUR_MS);
    expect(await ids()).toEqual([]);
  });

  it.each(["{", "null", "7", '"x"', "{}", "[null, 7, {}, []]", '[{"id":"txn_9"}]'])(
    "takes broken storage for empty: %s",
    async (text) => {
      stored.set(KEY, text);
      expect(await resumePending()).toEqual([]);
      rememberPending(payment("txn_1"));
      expect(await ids()).toEqual(["txn_1"]);
    },
  );
});

describe("rememberPending", () => {
  it("keeps one payment for each id, the newest", async () => {
    rememberPending(payment("txn_1", { label: "old" }));
    rememberPending(payment("txn_1", { label: "new" }));
    expect((await resumePending()).map((resumed) => resumed.label)).toEqual(["new"]);
  });

  it("survives storage that is full or not there", async () => {
    const refuse = (): never => {
      throw new Error("QuotaExceededError");
    };
    vi.stubGlobal("localStorage", { getItem: () => null, setItem: refuse, removeItem: refuse });
    expect(() => rememberPending(payment("txn_1"))).not.toThrow();
    vi.stubGlobal("localStorage", undefined);
    expect(() => rememberPending(payment("txn_1"))).not.toThrow();
    expect(() => forgetPending("txn_1")).not.toThrow();
    expect(await resumePending()).toEqual([]);
  });
});

describe("forgetPending", () => {
  it("forgets one and keeps the others, and nothing remains after the last", async () => {
    rememberPending(payment("txn_1"));
    rememberPending(payment("txn_2"));
    forgetPending("txn_1");
    forgetPending("txn_9");
    expect(await ids()).toEqual(["txn_2"]);
    forgetPending("txn_2");
    expect(stored.size).toBe(0);
  });
});
