import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { retry } from "../../src/lib/retry.ts";

/** Fails so often, then answers. */
function failing(times: number) {
  let calls = 0;
  return vi.fn(async () => {
    calls += 1;
    if (calls <= times) {
      throw new Error(`failure ${calls}`);
    }
    return calls;
  });
}

const always = { attempts: 3, baseMs: 0, isRetryable: () => true };

describe("retry", () => {
  it("gives the first answer, without a second call", async () => {
    const work = failing(0);
    expect(await retry(work, always)).toBe(1);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it("repeats what failed until it answers", async () => {
    expect(await retry(failing(2), always)).toBe(3);
  });

  it("throws what the last attempt threw, after as many as were allowed", async () => {
    const work = failing(9);
    await expect(retry(work, always)).rejects.toThrow("failure 3");
    expect(work).toHaveBeenCalledTimes(3);
  });

  it("repeats nothing that must not be repeated", async () => {
    const work = failing(9);
    const isRetryable = vi.fn(() => false);
    await expect(retry(work, { ...always, isRetryable })).rejects.toThrow("failure 1");
    expect(work).toHaveBeenCalledTimes(1);
    expect(isRetryable).toHaveBeenCalledWith(new Error("failure 1"));
  });

  it("does not repeat a single attempt", async () => {
    await expect(retry(failing(1), { ...always, attempts: 1 })).rejects.toThrow("failure 1");
  });
});

describe("the pauses of retry", () => {
  let pauses: number[] = [];

  beforeEach(() => {
    pauses = [];
    vi.spyOn(globalThis, "setTimeout").mockImplementation(((resume: () => void, ms?: number) => {
      pauses.push(ms ?? 0);
      queueMicrotask(resume);
    }) as typeof setTimeout);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("may be twice as long each time", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    await retry(failing(4), { ...always, attempts: 5, baseMs: 100 });
    expect(pauses).toEqual([50, 100, 200, 400]);
  });

  it("are spread over their whole length, so that many do not come together", async () => {
    for (const random of [0, 0.25, 0.999]) {
      vi.spyOn(Math, "random").mockReturnValue(random);
      await retry(failing(1), { ...always, baseMs: 100 });
    }
    expect(pauses).toEqual([0, 25, 99.9]);
  });

  it("do not follow the last attempt", async () => {
    await expect(retry(failing(9), { ...always, baseMs: 100 })).rejects.toThrow("failure 3");
    expect(pauses).toHaveLength(2);
  });
});
