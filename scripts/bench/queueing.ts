/** Simulated time: a calendar of what happens when, servers that take one call at a time, and seeded chance. */
import { createUniform } from "../../test/support/mulberry.ts";

export interface Calendar {
  /** Milliseconds. */
  now(): number;
  after(ms: number, happen: () => void): void;
  /** Lets all happen, in its order, that is due by then. */
  runUntil(end: number): void;
}

interface Entry {
  readonly at: number;
  readonly happen: () => void;
}

export function createCalendar(): Calendar {
  // A binary heap, the earliest first.
  const heap: Entry[] = [];
  let time = 0;
  const timeAt = (index: number) => heap[index]?.at ?? Number.POSITIVE_INFINITY;
  const swap = (one: number, other: number) => {
    const [first, second] = [heap[one], heap[other]];
    if (first && second) {
      heap[one] = second;
      heap[other] = first;
    }
  };
  const rise = (from: number) => {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (timeAt(parent) <= timeAt(index)) {
        return;
      }
      swap(parent, index);
      index = parent;
    }
  };
  const sink = () => {
    for (let index = 0; ; ) {
      const left = 2 * index + 1;
      const child = timeAt(left + 1) < timeAt(left) ? left + 1 : left;
      if (timeAt(child) >= timeAt(index)) {
        return;
      }
      swap(child, index);
      index = child;
    }
  };
  const takeFirst = () => {
    const [first] = heap;
    const last = heap.pop();
    if (last && heap.length > 0) {
      heap[0] = last;
      sink();
    }
    return first;
  };
  return {
    now: () => time,
    after: (ms, happen) => {
      heap.push({ at: time + ms, happen });
      rise(heap.length - 1);
    },
    runUntil: (end) => {
      while (timeAt(0) <= end) {
        const next = takeFirst();
        time = next?.at ?? time;
        next?.happen();
      }
      time = end;
    },
  };
}

export interface Server {
  /** @param done what follows, with how long it waited and took */
  call(serviceMs: number, done: (spentMs: number) => void): void;
  /** What has come in, what was answered, and what is there now. */
  readonly counts: { arrived: number; answered: number; present: number; longest: number };
  /** The share of the time between that it was busy. */
  utilisation(): number;
}

/** First come, first served, one at a time. @param from of the time that is measured, as `to` in milliseconds */
export function createServer(calendar: Calendar, from: number, to: number): Server {
  const counts = { arrived: 0, answered: 0, present: 0, longest: 0 };
  let [freeAt, busyMs] = [0, 0];
  return {
    counts,
    call: (serviceMs, done) => {
      const now = calendar.now();
      const begin = Math.max(now, freeAt);
      freeAt = begin + serviceMs;
      busyMs += Math.max(0, Math.min(freeAt, to) - Math.max(begin, from));
      counts.arrived += 1;
      counts.present += 1;
      counts.longest = Math.max(counts.longest, counts.present);
      calendar.after(freeAt - now, () => {
        counts.answered += 1;
        counts.present -= 1;
        done(calendar.now() - now);
      });
    },
    utilisation: () => busyMs / (to - from),
  };
}

export interface Chance {
  /** At least 0, below 1. */
  next(): number;
  exponential(mean: number): number;
}

/** The same for the same seed. */
export function createChance(seed: number): Chance {
  const next = createUniform(seed);
  return { next, exponential: (mean) => -mean * Math.log(1 - next()) };
}

/** Calls `happen` at random, so many times a second on average, from now on. */
export function arrive(
  calendar: Calendar,
  chance: Chance,
  perSecond: number,
  happen: (index: number) => void,
): void {
  let index = 0;
  const wait = () => {
    calendar.after(chance.exponential(1000 / perSecond), () => {
      happen(index);
      index += 1;
      wait();
    });
  };
  if (perSecond > 0) {
    wait();
  }
}
