/** Points as Analytics Engine takes them, within what it takes, and nothing of anybody in them. */
import { describe, expect, it, vi } from "vitest";
import type { Log } from "../../src/lib/log.ts";
import { createMetrics, METRICS, type MetricsBinding, type Point } from "../../src/lib/metrics.ts";
import { RecordedMetrics } from "../support/recorded-metrics.ts";

const createLog = () => ({ info: vi.fn(), warn: vi.fn(), error: vi.fn() }) satisfies Log;

const CALL: Point<"gateway_call"> = {
  ...{ gateway: "generic", call: "retrieve", outcome: "pending", duration_ms: 12, failed: 0 },
};
const REQUEST: Point<"request"> = {
  method: "GET",
  route: "/transactions/:id",
  http_status: 200,
  duration_ms: 3,
};

describe("METRICS", () => {
  it("has no more columns than Analytics Engine, each of them once", () => {
    for (const { blobs, doubles } of Object.values(METRICS)) {
      expect(blobs.length).toBeLessThanOrEqual(20);
      expect(doubles.length).toBeLessThanOrEqual(20);
      expect(new Set([...blobs, ...doubles]).size).toBe(blobs.length + doubles.length);
    }
  });
});

describe("createMetrics", () => {
  it("writes one point, its columns in the order of the list", () => {
    const binding = new RecordedMetrics();
    createMetrics(binding, createLog()).write("request", REQUEST);
    expect(binding.points).toEqual([
      { indexes: ["request"], blobs: ["GET", "/transactions/:id"], doubles: [200, 3] },
    ]);
  });

  it("writes -1 for what is not known, and nothing that is no number", () => {
    const binding = new RecordedMetrics();
    const metrics = createMetrics(binding, createLog());
    for (const value of [null, Number.NaN, Number.POSITIVE_INFINITY]) {
      metrics.write("request", { ...REQUEST, duration_ms: value });
    }
    expect(binding.of("request").map((point) => point.duration_ms)).toEqual([-1, -1, -1]);
  });

  it.each([
    "Ada Lovelace",
    "ada@example.com",
    "https://shop.example/?token=1",
    "x".repeat(61),
    "größer",
    "a\nb",
  ])("writes %j as other: it is no word of ours", (text) => {
    const binding = new RecordedMetrics();
    createMetrics(binding, createLog()).write("gateway_call", { ...CALL, outcome: text });
    expect(binding.of("gateway_call")).toMatchObject([{ outcome: "other", gateway: "generic" }]);
  });

  it("does nothing where nothing is bound", () => {
    const metrics = createMetrics(null, createLog());
    metrics.write("request", REQUEST);
    expect([metrics.isBound, metrics.dropped()]).toEqual([false, 0]);
  });

  it("does not throw where the binding does, and says so once", () => {
    const log = createLog();
    const binding: MetricsBinding = {
      writeDataPoint: () => {
        throw new TypeError("writeDataPoint failed");
      },
    };
    const metrics = createMetrics(binding, log);
    metrics.write("request", REQUEST);
    metrics.write("request", REQUEST);
    expect(log.warn.mock.calls).toEqual([["metrics.failed", { error: "TypeError: writeDataPoint failed" }]]);
  });

  it("writes at most 250 points in an invocation, and keeps room for what sums it up", () => {
    const binding = new RecordedMetrics();
    const metrics = createMetrics(binding, createLog());
    for (let count = 0; count < 300; count += 1) {
      metrics.write("gateway_call", CALL);
    }
    expect([binding.points.length, metrics.dropped()]).toEqual([240, 60]);
    for (let count = 0; count < 20; count += 1) {
      metrics.write("request", REQUEST);
    }
    expect([binding.points.length, metrics.dropped()]).toEqual([250, 70]);
  });
});
