import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type TransactionState,
  type TransactionWatch,
  type WatchOptions,
  watchTransaction,
} from "../../src/client/index.ts";
import { stubPage } from "./fake-page.ts";
import { type FakeServer, offline, polled, startServer, state, TARGET, update } from "./fake-server.ts";
import { FakeWebSocket } from "./fake-web-socket.ts";

const SYNC = (version: number): string => JSON.stringify({ type: "sync", version });

let server: FakeServer;
let told: TransactionState[];
let errors: unknown[];
let watch: TransactionWatch | undefined;

function start(options: Partial<WatchOptions> = {}): void {
  watch = watchTransaction({
    ...TARGET,
    onChange: (news) => told.push(news),
    onError: (error) => errors.push(error),
    ...options,
  });
}

const versions = (): number[] => told.map((news) => news.version);
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Three sockets fail one after the other, and the first poll is answered. */
async function failToPolling(): Promise<void> {
  for (let failures = 1; failures <= 3; failures += 1) {
    FakeWebSocket.last().fail();
    await pass(failures < 3 ? 4_000 : 0);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  FakeWebSocket.all = [];
  server = startServer(() => polled(1));
  told = [];
  errors = [];
});

afterEach(() => {
  watch?.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("watchTransaction: the socket", () => {
  it("opens the transaction's socket with the secret as a subprotocol, never in the address", () => {
    stubPage();
    start({ url: "https://pay.example.com/" });
    expect(FakeWebSocket.last().url).toBe("wss://pay.example.com/transactions/txn_1/socket");
    expect(FakeWebSocket.last().more).toEqual([["payment-edge.v1", "secret.cs_1"]]);
    watch?.close();
    start({ url: "http://localhost:8787" });
    expect(FakeWebSocket.last().url).toBe("ws://localhost:8787/transactions/txn_1/socket");
  });

  it("shows the secret in a header where there is no page, in the place where Node or React Native looks", () => {
    start();
    const options = { headers: { Authorization: "Bearer cs_1" } };
    expect(FakeWebSocket.last().url).toBe("wss://pay.example.com/transactions/txn_1/socket");
    expect(FakeWebSocket.last().more).toEqual([options, options]);
  });

  it("shows it as a subprotocol in a browser's worker, which has no page and takes no headers", () => {
    class WorkersWebSocket extends FakeWebSocket {
      constructor(url: string, ...more: unknown[]) {
        if (!Array.isArray(more[0])) {
          throw new Error("SyntaxError");
        }
        super(url, ...more);
      }
    }
    vi.stubGlobal("WebSocket", WorkersWebSocket);
    start();
    expect(FakeWebSocket.all).toHaveLength(1);
    expect(FakeWebSocket.last().more).toEqual([["payment-edge.v1", "secret.cs_1"]]);
  });

  it("tells each newer version once, and never an older or equal one", () => {
    start();
    FakeWebSocket.last().accept(update(2));
    for (const version of [1, 2, 4, 3, 4, 5]) {
      FakeWebSocket.last().receive(JSON.stringify(update(version)));
    }
    expect(versions()).toEqual([2, 4, 5]);
    expect(told[0]).toEqual(state(2));
  });

  it("tells only what is newer than the version already shown", () => {
    start({ version: 3 });
    FakeWebSocket.last().accept(update(3));
    expect(told).toEqual([]);
    FakeWebSocket.last().receive(JSON.stringify(update(4)));
    expect(versions()).toEqual([4]);
  });

  it("ignores messages that it does not know", () => {
    start();
    FakeWebSocket.last().accept();
    for (const data of ["", "{", "null", "[]", '{"type":"news","version":9}', new ArrayBuffer(2), "pong"]) {
      FakeWebSocket.last().receive(data);
    }
    FakeWebSocket.last().receive(JSON.stringify({ ...update(2), version: "9" }));
    expect(told).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("keeps the socket after a final state, for money that comes late", () => {
    start();
    FakeWebSocket.last().accept(update(2, { status: "expired", final: true }));
    FakeWebSocket.last().receive(JSON.stringify(update(3, { status: "succeeded", final: true, late: true })));
    expect(told.map((news) => [news.status, news.late])).toEqual([
      ["expired", false],
      ["succeeded", true],
    ]);
    expect(FakeWebSocket.last().readyState).toBe(1);
  });

  it("asks for the present state each 20 s, with a ping", async () => {
    start();
    FakeWebSocket.last().accept(update(2));
    await pass(19_999);
    expect(FakeWebSocket.last().sent).toEqual([]);
    await pass(1);
    expect(FakeWebSocket.last().sent).toEqual([SYNC(2), "ping"]);
    FakeWebSocket.last().receive("pong");
    await pass(20_000);
    expect(FakeWebSocket.last().sent).toHaveLength(4);
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  it("replaces a socket that is silent for 10 s after a ping, without waiting for its close event", async () => {
    start();
    const halfDead = FakeWebSocket.last();
    halfDead.accept(update(1));
    await pass(29_999);
    expect(halfDead.readyState).toBe(1);
    await pass(1);
    expect(halfDead.readyState).toBe(2);
    await pass(2_000);
    expect(FakeWebSocket.all).toHaveLength(2);
    halfDead.receive(JSON.stringify(update(9)));
    halfDead.fail();
    expect(versions()).toEqual([1]);
  });

  it("does not let repeated syncs put off the end of a silent socket", async () => {
    start();
    FakeWebSocket.last().accept(update(1));
    for (let second = 0; second < 10; second += 1) {
      watch?.sync();
      await pass(1_000);
    }
    expect(FakeWebSocket.last().readyState).toBe(2);
  });

  it("gives up on a socket that does not open within 10 s, or opens and says nothing", async () => {
    start();
    await pass(10_000);
    expect(FakeWebSocket.all[0]?.readyState).toBe(2);
    await pass(2_000);
    FakeWebSocket.last().accept();
    await pass(10_000);
    expect(FakeWebSocket.all[1]?.readyState).toBe(2);
  });
});

describe("watchTransaction: reconnecting", () => {
  it("waits between 1 s and 2^failures s, wherever the dice fall", async () => {
    for (const [random, expected] of [
      [0, [1_000, 1_000]],
      [0.5, [1_500, 2_500]],
      [0.999, [1_999, 3_997]],
    ] as const) {
      vi.spyOn(Math, "random").mockReturnValue(random);
      start();
      for (const delayMs of expected) {
        const before = FakeWebSocket.all.length;
        FakeWebSocket.last().fail();
        await pass(delayMs - 1);
        expect(FakeWebSocket.all).toHaveLength(before);
        await pass(1);
        expect(FakeWebSocket.all).toHaveLength(before + 1);
      }
      watch?.close();
    }
  });

  it("waits between 1 s and 16 s after a socket that worked was cut, wherever the dice fall", async () => {
    for (const [random, delayMs] of [
      [0, 1_000],
      [0.5, 8_500],
      [0.999, 15_985],
    ] as const) {
      vi.spyOn(Math, "random").mockReturnValue(random);
      start();
      FakeWebSocket.last().accept(update(1));
      const before = FakeWebSocket.all.length;
      FakeWebSocket.last().fail();
      await pass(delayMs - 1);
      expect(FakeWebSocket.all).toHaveLength(before);
      await pass(1);
      expect(FakeWebSocket.all).toHaveLength(before + 1);
      watch?.close();
    }
  });

  it("counts a socket's error and close events as one failure", async () => {
    start();
    FakeWebSocket.last().fail();
    await pass(2_000);
    FakeWebSocket.last().fail();
    await pass(4_000);
    expect(FakeWebSocket.all).toHaveLength(3);
    expect(server.calls).toHaveLength(0);
  });

  it("forgives past failures once a ping was answered", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    start();
    for (let round = 0; round < 5; round += 1) {
      FakeWebSocket.last().accept(update(1));
      await pass(20_000);
      FakeWebSocket.last().receive("pong");
      FakeWebSocket.last().fail();
      await pass(1_000);
    }
    expect(FakeWebSocket.all).toHaveLength(6);
    expect(server.calls).toHaveLength(0);
  });

  it("does not hammer a server that cuts each socket after its first message", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    start();
    for (let seconds = 0; seconds < 120; seconds += 1) {
      if (FakeWebSocket.last().readyState === 0) {
        FakeWebSocket.last().accept(update(1));
        FakeWebSocket.last().fail();
      }
      await pass(1_000);
    }
    expect(FakeWebSocket.all.length).toBeLessThanOrEqual(11);
    expect(versions()).toEqual([1]);
  });

  it("works by polling where there is no WebSocket at all", async () => {
    vi.stubGlobal("WebSocket", undefined);
    start();
    await pass(6_000);
    expect(versions()).toEqual([1]);
  });
});

describe("watchTransaction: polling", () => {
  it("starts after three failed sockets in a row, with the secret as bearer", async () => {
    start();
    await failToPolling();
    expect(server.calls).toHaveLength(1);
    expect(server.calls[0]?.url).toBe("https://pay.example.com/transactions/txn_1");
    expect(server.calls[0]?.headers.get("authorization")).toBe("Bearer cs_1");
    expect(told).toEqual([state(1)]);
  });

  it("asks every 5 s with the ETag, and takes 304 for no news", async () => {
    start();
    await failToPolling();
    server.answer = () => new Response(null, { status: 304 });
    await pass(10_000);
    expect(server.calls.map((call) => call.headers.get("if-none-match"))).toEqual([null, '"1"', '"1"']);
    expect(versions()).toEqual([1]);
  });

  it("goes back to the socket once that answers, and tells nothing twice", async () => {
    start();
    await failToPolling();
    server.answer = () => polled(2);
    await pass(8_000);
    expect(FakeWebSocket.all).toHaveLength(4);
    const calls = server.calls.length;
    FakeWebSocket.last().accept(update(2));
    FakeWebSocket.last().receive(JSON.stringify(update(3)));
    await pass(19_000);
    expect(server.calls).toHaveLength(calls);
    expect(versions()).toEqual([1, 2, 3]);
  });

  it.each([
    ["at the latest after 8, 16 and then 30 s", 1, [8_000, 16_000, 30_000, 30_000]],
    ["after half of that on the average", 0.5, [4_500, 8_500, 15_500, 15_500]],
    ["never within 1 s", 0, [1_000, 1_000, 1_000, 1_000]],
  ])("keeps trying the socket: %s", async (_, random, delays) => {
    vi.spyOn(Math, "random").mockReturnValue(random);
    start();
    await failToPolling();
    for (const [retries, delayMs] of delays.entries()) {
      await pass(delayMs - 1);
      expect(FakeWebSocket.all).toHaveLength(3 + retries);
      await pass(1);
      expect(FakeWebSocket.all).toHaveLength(4 + retries);
      FakeWebSocket.last().fail();
    }
  });

  it("backs off to 30 s on errors and recovers", async () => {
    server.answer = offline;
    start();
    await failToPolling();
    const gaps: number[] = [];
    for (let calls = server.calls.length, waited = 0; gaps.length < 4; ) {
      await pass(1_000);
      waited += 1;
      if (server.calls.length > calls) {
        gaps.push(waited);
        waited = 0;
        calls = server.calls.length;
      }
      if (FakeWebSocket.last().readyState === 0) {
        FakeWebSocket.last().fail();
      }
    }
    expect(gaps).toEqual([10, 20, 30, 30]);
    server.answer = () => polled(7);
    await pass(30_000);
    expect(versions()).toEqual([7]);
    await pass(5_000);
    expect(server.calls).toHaveLength(7);
  });

  it("honours Retry-After, also when it is woken", async () => {
    server.answer = () => new Response(null, { status: 503, headers: { "Retry-After": "50" } });
    start();
    await failToPolling();
    watch?.sync();
    await pass(49_000);
    watch?.sync();
    expect(server.calls).toHaveLength(1);
    await pass(1_000);
    expect(server.calls).toHaveLength(2);
    server.answer = () =>
      new Response(null, {
        status: 429,
        headers: { "Retry-After": new Date(Date.now() + 100_000).toUTCString() },
      });
    await pass(50_000);
    expect(server.calls).toHaveLength(3);
    await pass(98_000);
    expect(server.calls).toHaveLength(3);
    await pass(2_000);
    expect(server.calls).toHaveLength(4);
  });

  it("takes a page of a captive portal for an error, not for a state", async () => {
    server.answer = () => new Response("<p>Log in</p>", { status: 200 });
    start();
    await failToPolling();
    server.answer = () => Response.json({ hello: 1 });
    await pass(10_000);
    expect(server.calls).toHaveLength(2);
    expect(told).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("gives up on an answer after 10 s and asks again", async () => {
    server.answer = () => new Promise(() => {});
    start();
    await failToPolling();
    await pass(20_000);
    expect(server.calls).toHaveLength(2);
  });

  it("slows down to 60 s after a final state", async () => {
    server.answer = () => polled(4, { status: "failed", final: true });
    start({ version: 4 });
    await failToPolling();
    await pass(59_000);
    expect(server.calls).toHaveLength(1);
    await pass(1_000);
    expect(server.calls).toHaveLength(2);
  });

  it.each([401, 404] as const)("stops for good and reports at %i", async (status) => {
    server.answer = () => new Response(null, { status });
    start();
    await failToPolling();
    expect(errors).toEqual([expect.objectContaining({ status })]);
    expect(vi.getTimerCount()).toBe(0);
    watch?.sync();
    await pass(120_000);
    expect(server.calls).toHaveLength(1);
    expect(FakeWebSocket.all).toHaveLength(3);
  });
});

describe("watchTransaction: waking up", () => {
  it.each(["visibilitychange", "online", "pageshow"])("asks at once on %s", (name) => {
    const page = stubPage();
    start();
    FakeWebSocket.last().accept(update(3));
    const target = name === "visibilitychange" ? page.document : page.window;
    target.dispatchEvent(new Event(name));
    expect(FakeWebSocket.last().sent).toEqual([SYNC(3), "ping"]);
  });

  it("stays quiet when the page is hidden", () => {
    const page = stubPage();
    start();
    FakeWebSocket.last().accept(update(3));
    page.document.visibilityState = "hidden";
    page.document.dispatchEvent(new Event("visibilitychange"));
    expect(FakeWebSocket.last().sent).toEqual([]);
  });

  it("reconnects at once when no socket is open, and only once", async () => {
    const page = stubPage();
    start();
    FakeWebSocket.last().fail();
    page.window.dispatchEvent(new Event("online"));
    page.window.dispatchEvent(new Event("pageshow"));
    expect(FakeWebSocket.all).toHaveLength(2);
    FakeWebSocket.last().accept(update(1));
    await pass(5_000);
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  it("replaces a socket that the browser ended without an event", () => {
    const page = stubPage();
    start();
    FakeWebSocket.last().accept(update(1));
    FakeWebSocket.last().readyState = 3;
    page.window.dispatchEvent(new Event("pageshow"));
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  it("polls at once while it is polling, one look at a time", async () => {
    const page = stubPage();
    start();
    await failToPolling();
    page.window.dispatchEvent(new Event("online"));
    page.window.dispatchEvent(new Event("pageshow"));
    expect(server.calls).toHaveLength(2);
  });

  it("works with a window that takes no listeners, as in React Native", () => {
    vi.stubGlobal("window", globalThis);
    start();
    FakeWebSocket.last().accept(update(1));
    watch?.sync();
    expect(FakeWebSocket.last().sent).toEqual([SYNC(1), "ping"]);
  });
});

describe("watchTransaction: the end", () => {
  it("leaves no timer, listener or connection behind, whatever it was doing", async () => {
    const situations: (() => Promise<void> | void)[] = [
      () => {},
      () => FakeWebSocket.last().accept(update(1)),
      async () => {
        FakeWebSocket.last().accept(update(1));
        await pass(20_000);
      },
      () => FakeWebSocket.last().fail(),
      () => failToPolling(),
      async () => {
        server.answer = () => new Promise(() => {});
        await failToPolling();
      },
    ];
    for (const situation of situations) {
      const page = stubPage();
      const targets = [page.window, page.document];
      const added = targets.map((target) => vi.spyOn(target, "addEventListener"));
      const removed = targets.map((target) => vi.spyOn(target, "removeEventListener"));
      const abort = new AbortController();
      start({ signal: abort.signal });
      await situation();
      const opened = FakeWebSocket.all.length;
      abort.abort();
      expect(removed.map((spy) => spy.mock.calls)).toEqual(added.map((spy) => spy.mock.calls));
      expect(vi.getTimerCount()).toBe(0);
      page.window.dispatchEvent(new Event("online"));
      watch?.sync();
      watch?.close();
      await pass(100_000);
      expect(FakeWebSocket.all).toHaveLength(opened);
      expect(FakeWebSocket.last().readyState).toBeGreaterThan(1);
    }
  });

  it("tells nothing after close, also when that is called from onChange", async () => {
    start({
      onChange: (news) => {
        told.push(news);
        watch?.close();
      },
    });
    const socket = FakeWebSocket.last();
    socket.accept(update(1));
    socket.receive(JSON.stringify(update(2)));
    expect(versions()).toEqual([1]);
    start({
      onChange: (news) => {
        told.push(news);
        watch?.close();
      },
    });
    await failToPolling();
    expect(versions()).toEqual([1, 1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not start with a signal that is aborted already", () => {
    start({ signal: AbortSignal.abort() });
    watch?.sync();
    expect(FakeWebSocket.all).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("watchTransaction: the caller's mistakes", () => {
  const fault = new Error("the shop's");
  const onChange = (news: TransactionState): void => {
    told.push(news);
    throw fault;
  };

  it("reports what onChange throws and goes on", () => {
    start({ onChange });
    FakeWebSocket.last().accept(update(1));
    FakeWebSocket.last().receive(JSON.stringify(update(2)));
    expect(versions()).toEqual([1, 2]);
    expect(errors).toEqual([fault, fault]);
  });

  it("throws it again outside when nobody takes it, or onError throws too", () => {
    const thrown: unknown[] = [];
    vi.stubGlobal("queueMicrotask", (run: () => void) => {
      try {
        run();
      } catch (error) {
        thrown.push(error);
      }
    });
    watch = watchTransaction({ ...TARGET, onChange });
    FakeWebSocket.last().accept(update(1));
    watch.close();
    start({ onChange, onError: onChange as (error: unknown) => void });
    FakeWebSocket.last().accept(update(1));
    expect(thrown).toEqual([fault, fault]);
  });
});
