/** Analytics Engine, replaced: keeps every point, to be read by the names of its columns. */
import { METRICS, type Metric, type MetricsBinding } from "../../src/lib/metrics.ts";

export interface RecordedPoint {
  readonly indexes: readonly string[];
  readonly blobs: readonly string[];
  readonly doubles: readonly number[];
}

export class RecordedMetrics implements MetricsBinding {
  readonly points: RecordedPoint[] = [];

  writeDataPoint(point: RecordedPoint): void {
    this.points.push(point);
  }

  /** Of one metric, oldest first. */
  of(name: Metric): Record<string, string | number>[] {
    const { blobs, doubles } = METRICS[name];
    return this.points
      .filter(({ indexes }) => indexes[0] === name)
      .map((point) =>
        Object.fromEntries([
          ...blobs.map((column, index) => [column, point.blobs[index] ?? "missing"]),
          ...doubles.map((column, index) => [column, point.doubles[index] ?? "missing"]),
        ]),
      );
  }
}
