/** Randomness that can be replayed: one seed a run, printed by the tests, and how large a run is to be. */

import { env } from "cloudflare:workers";
import { createUniform } from "../../support/mulberry.ts";

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

export function createRandom(seed: number): Random {
  const next = createUniform(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  return { next, below, pick: (items) => items[below(items.length)] ?? items[0] };
}
