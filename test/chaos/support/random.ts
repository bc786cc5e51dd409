/** Randomness that can be replayed: one seed a run, printed by the tests, and how large a run is to be. */
import { env } from "cloudflare:workers";

const settings = env as unknown as {
  readonly CHAOS?: string;
  readonly CHAOS_SEED?: string;
  readonly CHAOS_PATH?: string;
};

/** `CHAOS=full` runs the whole figures, anything else a small share of them. */
export const isFull = settings.CHAOS === "full";

/** The run's seed; another one by `CHAOS_SEED`. */
export const SEED = Number(settings.CHAOS_SEED || 20261122);

/** fast-check's path to one run of that seed, as its failure prints it; none by default. */
export const PATH = settings.CHAOS_PATH ?? "";

/** How many of something: the small run's figure, or the full one's. */
export function figure(small: number, full: number): number {
  return isFull ? full : small;
}

export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** An integer of at least 0, below `limit`. */
  below(limit: number): number;
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { next, below, pick: (items) => items[below(items.length)] ?? items[0] };
}
