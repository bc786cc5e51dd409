/**
 * Figures for Analytics Engine, where it is bound as METRICS: a closed list of metrics, each with a closed list of
 * columns, as RUNBOOK.md, "Metrics", has them. Words of ours and numbers: never an id, a secret, a text or a person.
 * What is not written, or not bound, changes nothing else.
 */
import { describeError, type Log } from "./log.ts";

/** By the index, which is also what is thinned by itself when there is too much of it. The order is the columns': append only. */
export const METRICS = {
  /** Each request that was answered. */
  request: { blobs: ["method", "route"], doubles: ["http_status", "duration_ms"] },
  /** Each item that a gateway told, and each webhook that was refused. */
  webhook: { blobs: ["gateway", "outcome", "via"], doubles: ["duration_ms", "lag_ms"] },
  /** Each event in a transaction's history. */
  advance: { blobs: ["gateway", "source", "status_before", "status", "event"], doubles: ["age_ms"] },
  /** Each time that those who watch a transaction were told. */
  push: {
    blobs: ["gateway", "source", "status"],
    doubles: ["sockets", "since_commit_ms", "since_webhook_ms"],
  },
  /** Each call to a gateway. */
  gateway_call: { blobs: ["gateway", "call", "outcome"], doubles: ["duration_ms", "failed"] },
  /** Each attempt to tell the shop of an event. */
  delivery: { blobs: ["outcome", "answer"], doubles: ["attempt", "duration_ms", "age_ms"] },
  /** Each tick of the cron: what it did, and what waited when it began. */
  tick: {
    blobs: ["outcome"],
    doubles: [
      ...(["duration_ms", "transactions", "deliveries", "refunds", "missed", "failed", "changes"] as const),
      ...(["statements", "points_dropped", "oldest_pending_ms", "pending_overdue_ms"] as const),
      ...(["outbox_age_ms", "outbox_overdue_ms", "owed", "dead_letters", "reviews", "parked"] as const),
      "silent",
    ],
  },
} as const satisfies Record<
  string,
  { readonly blobs: readonly string[]; readonly doubles: readonly string[] }
>;

export type Metric = keyof typeof METRICS;

/** Milliseconds end in `_ms`; null: not known. */
export type Point<Name extends Metric> = {
  readonly [Blob in (typeof METRICS)[Name]["blobs"][number]]: string;
} & {
  readonly [Double in (typeof METRICS)[Name]["doubles"][number]]: number | null;
};

/** Of Cloudflare's binding. */
export interface MetricsBinding {
  writeDataPoint(point: { indexes: string[]; blobs: string[]; doubles: number[] }): void;
}

export interface Metrics {
  readonly isBound: boolean;
  /** Never throws, and nothing waits for it. */
  write<Name extends Metric>(name: Name, point: Point<Name>): void;
  /** How many points of this invocation were left out: it had too many. */
  dropped(): number;
}

/** So many does Analytics Engine take in one invocation; the last ones are for what sums it up. */
const MAX_POINTS = 250;
const RESERVED = 10;
/** Stands for what is not known: a column is never empty. */
const UNKNOWN = -1;
/** What our own words, routes and the ids of adapters are made of. */
const WORD = /^[\w.:/*-]{0,60}$/;

/** @param binding null: nobody counts */
export function createMetrics(binding: MetricsBinding | null, log: Log): Metrics {
  let written = 0;
  let dropped = 0;
  let isBroken = false;
  const limitOf = (name: Metric) =>
    name === "tick" || name === "request" ? MAX_POINTS : MAX_POINTS - RESERVED;
  return {
    isBound: binding !== null,
    write: (name, point) => {
      if (!binding) {
        return;
      }
      if (written >= limitOf(name)) {
        dropped += 1;
        return;
      }
      written += 1;
      try {
        binding.writeDataPoint(toDataPoint(name, point));
      } catch (error) {
        if (!isBroken) {
          isBroken = true;
          log.warn("metrics.failed", { error: describeError(error) });
        }
      }
    },
    dropped: () => dropped,
  };
}

function toDataPoint(name: Metric, point: Readonly<Record<string, string | number | null>>) {
  const { blobs, doubles } = METRICS[name];
  return {
    indexes: [name],
    blobs: blobs.map((column) => toWord(point[column])),
    doubles: doubles.map((column) => toNumber(point[column])),
  };
}

function toWord(value: unknown): string {
  return typeof value === "string" && WORD.test(value) ? value : "other";
}

function toNumber(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : UNKNOWN;
}
