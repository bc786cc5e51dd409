/**
 * Which databases there are, and where an order's payments are kept. An id carries the number of its database, so what
 * is once written never moves; where new orders go is said by generations, of which the last that has begun counts.
 *
 *     DB; 2027-01-01 DB_2 DB_3
 *
 * Until that day all is in DB, and from then on new orders are spread over the other two. The setting only ever grows
 * at its end: a database's number is its place in it.
 */
import { MAX_DATABASES } from "../lib/id.ts";

export interface Layout {
  /** The names of the bindings, by number. */
  readonly databases: readonly string[];
  /** Their hashes. */
  readonly seeds: readonly number[];
  readonly generations: readonly Generation[];
}

interface Generation {
  /** Epoch milliseconds. */
  readonly since: number;
  /** Numbers of the databases that new orders are spread over. */
  readonly open: readonly number[];
}

const NAME = /^[A-Z][A-Z0-9_]{0,63}$/;
const DAY = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/;

/** @throws RangeError with a sentence for whoever wrote the setting */
export function parseLayout(setting: string): Layout {
  const parts = setting.split(";").map((part) => part.trim().split(/\s+/));
  const names = parts.map((words, index) => (index === 0 ? words : words.slice(1)));
  const times = parts.map(([first = ""], index) => (index === 0 ? 0 : toTime(first)));
  for (const [index, since] of times.entries()) {
    if (index > 0 && since <= (times[index - 1] ?? 0)) {
      throw new RangeError("each part must begin later than the one before");
    }
  }
  const databases = [...new Set(names.flat())];
  const wrong = databases.find((name) => !NAME.test(name));
  if (wrong !== undefined || names.some((part) => part.length === 0)) {
    throw new RangeError(`must name bindings in each part, such as "DB; 2027-01-01 DB_2 DB_3"`);
  }
  if (databases[0] !== "DB") {
    throw new RangeError("must begin with DB, where all is that was there before");
  }
  if (databases.length > MAX_DATABASES) {
    throw new RangeError(`must name at most ${MAX_DATABASES} databases`);
  }
  const generations = names.map((part, index) => ({
    since: times[index] ?? 0,
    open: [...new Set(part)].map((name) => databases.indexOf(name)),
  }));
  return { databases, seeds: databases.map(hash), generations };
}

/** The database that goes with a name at that time: a new payment's by its order. @param now epoch milliseconds */
export function homeOf({ seeds, generations }: Layout, name: string, now: number): number {
  const generation = generations.findLast(({ since }) => since <= now);
  return nearest(seeds, generation?.open ?? [0], name);
}

/** All databases that went with it at some time between the two. */
export function homesOf({ seeds, generations }: Layout, name: string, from: number, until: number): number[] {
  const meant = generations.filter(
    ({ since }, index) =>
      since <= until && (generations[index + 1]?.since ?? Number.POSITIVE_INFINITY) > from,
  );
  return [...new Set(meant.map(({ open }) => nearest(seeds, open, name)))];
}

/**
 * By rendezvous hashing: with one database more, only the orders that go to that one have another home than before.
 * @see https://en.wikipedia.org/wiki/Rendezvous_hashing
 */
function nearest(seeds: readonly number[], open: readonly number[], name: string): number {
  const own = hash(name);
  let [best = 0, most] = [open[0], -1];
  for (const database of open) {
    const weight = mix(own ^ (seeds[database] ?? 0));
    if (weight > most) {
      [best, most] = [database, weight];
    }
  }
  return best;
}

/** FNV-1a, mixed: what differs in its last letters only is far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    value = Math.imul(value ^ byte, 0x01000193);
  }
  return mix(value);
}

/** The finish of MurmurHash3. */
function mix(bits: number): number {
  let value = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function toTime(text: string): number {
  const time = DAY.test(text) ? Date.parse(text) : Number.NaN;
  // Of a day that no month has, the engine makes another one.
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(text.slice(0, 10))) {
    throw new RangeError(
      `must begin each part after the first with a day, such as 2027-01-01, not "${text}"`,
    );
  }
  return time;
}
