/** Is the house in order: can D1 be read, and does the cron tick? A cron that never ticked yet is no fault. */
import type { Services } from "../services.ts";
import { toTimestamp } from "./views.ts";

const MAX_SILENCE_MS = 5 * 60 * 1000;

export interface Health {
  readonly status: "ok" | "failing";
  readonly checks: {
    readonly database: { readonly status: "ok" | "failing" };
    readonly cron: { readonly status: "ok" | "failing" | "unknown"; readonly last_tick_at: string | null };
  };
}

/** @param lastTick null: it never ran, which is no fault */
export function isCronFailing(lastTick: number | null, now: number): boolean {
  return lastTick !== null && now - lastTick > MAX_SILENCE_MS;
}

export async function checkHealth({ store, wallClock }: Services): Promise<Health> {
  try {
    const lastTick = await store.lastTick();
    const silent = isCronFailing(lastTick, wallClock());
    const cron = {
      status: silent ? "failing" : "ok",
      last_tick_at: lastTick === null ? null : toTimestamp(lastTick),
    } as const;
    return { status: silent ? "failing" : "ok", checks: { database: { status: "ok" }, cron } };
  } catch {
    const cron = { status: "unknown", last_tick_at: null } as const;
    return { status: "failing", checks: { database: { status: "failing" }, cron } };
  }
}
