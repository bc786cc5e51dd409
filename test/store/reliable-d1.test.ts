/** The wrapper of the binding, over a real D1 that fails on demand. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { reliableD1 } from "../../src/store/reliable-d1.ts";
import { createStore } from "../../src/store/store.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { type Fault, faultyD1 } from "../support/faulty-d1.ts";

const SELECT = "SELECT 1 AS one";
const UPDATE = "UPDATE heartbeats SET ran_at = ran_at";
const LOST = "D1_ERROR: Network connection lost.";

/** Each call fails as the next fault says; then D1 answers. */
function connectFaulty(faults: readonly Fault[], message?: string) {
  const rest = [...faults];
  const calls = { made: 0 };
  const decide = () => {
    calls.made += 1;
    return rest.shift() ?? null;
  };
  return { d1: reliableD1(faultyD1(env.DB, decide, message)), calls };
}

/** A binding whose calls are the test's. */
function connectBy(work: () => Promise<unknown>) {
  return reliableD1({ prepare: () => ({ run: work }) } as unknown as D1Database);
}

beforeEach(() => {
  // The longest pauses that there are.
  vi.spyOn(Math, "random").mockReturnValue(0.999);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("reliableD1 when a call fails", () => {
  it.each([
    LOST,
    "Network connection lost.",
    "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
    "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
    "D1_ERROR: Internal error in Durable Object storage write caused object to be reset.",
    "D1_ERROR: D1 DB reset because its code was updated.",
    "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
    "D1_ERROR: Can't read from request stream because client disconnected.",
  ])("answers by the third attempt, after: %s", async (message) => {
    const { d1, calls } = connectFaulty(["before", "before"], message);
    expect(await d1.prepare(SELECT).bind().raw()).toEqual([[1]]);
    expect(calls.made).toBe(3);
  });

  it.each([
    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
    "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
    "D1_ERROR: Internal error: exceeded timeout which caused object to be reset.",
    "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.",
    "D1_ERROR: D1 DB exceeded its CPU time limit and was reset.",
    "D1_ERROR: no such column: Network",
    "D1_DEADLINE: no answer within 1 ms",
  ])("does not repeat the call after: %s", async (message) => {
    const { d1, calls } = connectFaulty(["before"], message);
    await expect(d1.prepare(UPDATE).run()).rejects.toThrow(message);
    expect(calls.made).toBe(1);
  });

  it("does not repeat what a constraint refused", async () => {
    const { d1, calls } = connectFaulty([]);
    const insert = d1.prepare("INSERT INTO heartbeats (job, ran_at) VALUES (?, 1)").bind("twice");
    await expect(d1.batch([insert, insert])).rejects.toThrow("UNIQUE constraint failed");
    expect(calls.made).toBe(1);
  });

  it("gives up after three attempts, with D1's error", async () => {
    const { d1, calls } = connectFaulty(["before", "before", "before"]);
    await expect(d1.batch([d1.prepare(SELECT)])).rejects.toThrow(LOST);
    expect(calls.made).toBe(3);
  });

  it("runs a write again whose acknowledgement was lost", async () => {
    const { d1, calls } = connectFaulty(["after"]);
    const insert = d1.prepare("INSERT INTO heartbeats (job, ran_at) VALUES ('lost', 1)");
    await expect(insert.run()).rejects.toThrow("UNIQUE constraint failed");
    expect(calls.made).toBe(2);
  });
});

describe("reliableD1 when no answer comes", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  it.each([
    ["a read", [SELECT], 2000],
    ["a batch of reads", [SELECT, " select 2"], 2000],
    ["a write", [UPDATE], 5000],
    ["a batch with a write", [SELECT, UPDATE], 5000],
  ])("lets %s go at its deadline, without another attempt", async (_, queries, deadlineMs) => {
    const { d1, calls } = connectFaulty(["stall"]);
    const failed = vi.fn();
    const statements = queries.map((query) => d1.prepare(query));
    const [single] = statements;
    (statements.length > 1 ? d1.batch(statements) : single?.run())?.catch(failed);
    await vi.advanceTimersByTimeAsync(deadlineMs - 1);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(failed).toHaveBeenCalledWith(new Error(`D1_DEADLINE: no answer within ${deadlineMs} ms`));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls.made).toBe(1);
  });

  it("takes at most 8 s for all attempts", async () => {
    const failures = [1400, 1450, 60_000];
    const started = Date.now();
    const work = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, failures.shift()));
      throw new Error(LOST);
    });
    let tookMs = 0;
    connectBy(work)
      .prepare(UPDATE)
      .run()
      .catch(() => {
        tookMs = Date.now() - started;
      });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(work).toHaveBeenCalledTimes(3);
    expect(tookMs).toBeGreaterThan(7900);
    expect(tookMs).toBeLessThanOrEqual(8000);
  });

  it("begins no attempt that has not its whole deadline within the 8 s", async () => {
    const work = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 3000));
      throw new Error(LOST);
    });
    const failed = vi.fn();
    connectBy(work).prepare(UPDATE).run().catch(failed);
    await vi.advanceTimersByTimeAsync(3000);
    expect(failed).toHaveBeenCalledWith(new Error(LOST));
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("takes no notice of an error that comes after the deadline", async () => {
    const unhandled = vi.fn((event: Event) => event.preventDefault());
    addEventListener("unhandledrejection", unhandled);
    const answer = Promise.withResolvers<never>();
    const failed = vi.fn();
    connectBy(() => answer.promise)
      .prepare(UPDATE)
      .run()
      .catch(failed);
    await vi.advanceTimersByTimeAsync(5000);
    expect(failed).toHaveBeenCalledTimes(1);
    answer.reject(new Error(LOST));
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 0));
    removeEventListener("unhandledrejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe("reliableD1 when an answer comes", () => {
  it("leaves no timer behind, after an answer or an error", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { d1 } = connectFaulty([]);
    await d1.prepare(SELECT).run();
    await expect(d1.prepare("SELECT missing").run()).rejects.toThrow("no such column");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("statementCount", () => {
  it("counts what is run: each one of a batch, and each attempt again", async () => {
    const { d1 } = connectFaulty([null, null, "before", "after"]);
    const statement = d1.prepare(SELECT);
    expect(d1.statementCount()).toBe(0);
    await statement.bind().all();
    expect(d1.statementCount()).toBe(1);
    await d1.batch([statement, statement, statement, statement]);
    expect(d1.statementCount()).toBe(5);
    await d1.batch([statement, statement]);
    expect(d1.statementCount()).toBe(11);
  });

  it("is the store's, too", async () => {
    const store = createStore(env.DB);
    await store.find("txn_00000000000000000000000000");
    await store.history("txn_00000000000000000000000000");
    expect(store.statementCount()).toBe(3);
  });
});

describe("StoreError", () => {
  const id = "txn_00000000000000000000000000";

  it("says that the deadline is past", async () => {
    const deadlines = { readMs: 10, writeMs: 20, totalMs: 200 };
    const store = createStore(
      faultyD1(env.DB, () => "stall"),
      deadlines,
    );
    await expect(store.find(id)).rejects.toThrow(new StoreError("D1_DEADLINE: no answer within 10 ms"));
    await expect(store.releaseOpening(id)).rejects.toThrow("D1_DEADLINE: no answer within 20 ms");
  });

  it("is not led astray by what a parameter says", async () => {
    const overloaded = "D1_ERROR: D1 DB is overloaded.";
    const store = createStore(faultyD1(env.DB, () => "before", overloaded));
    for (const key of ["UNIQUE constraint failed", "D1_SECRET: sk_live_1"]) {
      await expect(store.bindKey(key, "fingerprint", id, 1)).rejects.toThrow(new StoreError(overloaded));
    }
  });
});
