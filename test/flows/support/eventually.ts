/** Bounded polling: the last failure is the answer when the time is up. */
import { setTimeout as sleep } from "node:timers/promises";

const PAUSE_MS = 50;

export async function eventually<T>(attempt: () => T | Promise<T>, limitMs = 5_000): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() >= end) {
        throw error;
      }
    }
    await sleep(PAUSE_MS);
  }
}
