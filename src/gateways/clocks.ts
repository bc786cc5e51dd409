/** How far the gateways' clocks are from ours, by the Date header of their answers (RFC 9110, 6.6.1). */
import type { Tools } from "./gateway.ts";

export interface Clocks {
  /** The same fetch, whose answers are looked at. @param gateway its id */
  watch(gateway: string, fetch: Tools["fetch"]): Tools["fetch"];
  /** Milliseconds that its clock was ahead of ours, negative: behind, at its last answer; null: it has not said. */
  skewOf(gateway: string): number | null;
}

/** A header tells whole seconds. */
const SECOND_MS = 1000;

/** @param now epoch milliseconds */
export function createClocks(now: () => number): Clocks {
  const skews = new Map<string, number>();
  return {
    watch: (gateway, fetch) => async (request) => {
      const sentAt = now();
      const response = await fetch(request);
      const date = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(date)) {
        skews.set(gateway, distance(date, sentAt, now()));
      }
      return response;
    },
    skewOf: (gateway) => skews.get(gateway) ?? null,
  };
}

/** The answer was dated at some moment of its way: within that there is no telling. */
function distance(date: number, sentAt: number, receivedAt: number): number {
  return Math.max(date - receivedAt, 0) + Math.min(date + SECOND_MS - sentAt, 0);
}
