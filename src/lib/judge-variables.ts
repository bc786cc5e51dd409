/**
 * What can be said against variables that are all valid: a secret that can be guessed, or serves two purposes, or an
 * address on this machine. Only names leave here, and never a value.
 */
import { isLoopback } from "./variables.ts";

export interface Flaw {
  /** Of the variable. */
  readonly name: string;
  readonly kind: "guessable" | "example" | "repeated" | "loopback";
  /** Where the same secret stands as well; the same name where a list holds it twice. */
  readonly other: string | null;
}

const SECRET = /_(KEYS?|SECRET|TOKEN|PASSWORD)$/;
const ADDRESS = /(_URL|^ALLOWED_ORIGINS)$/;
/** By an estimate from below: 24 random hexadecimal digits, which are 96 bits, are taken for 40 to 70. */
const MIN_BITS = 36;
/** Each so long that no random secret holds it, hexadecimal ones included. */
const EXAMPLE =
  /replace.?me|change.?me|example|placeholder|sample|for.tests|password|your.(key|secret)|qwerty|1234567|abcdefg/i;

/** @param set all variables by their names; what is no text is passed over */
export function judgeVariables(set: Readonly<Record<string, unknown>>): readonly Flaw[] {
  const texts = Object.entries(set).flatMap(([name, value]) =>
    typeof value === "string" ? [{ name, value }] : [],
  );
  const secrets = texts.filter(({ name }) => SECRET.test(name)).flatMap(split);
  const addresses = texts.filter(({ name }) => ADDRESS.test(name) && name !== "PUBLIC_URL").flatMap(split);
  return [...secrets.flatMap(judgeSecret), ...findRepeated(secrets), ...addresses.flatMap(judgeAddress)];
}

interface Entry {
  readonly name: string;
  readonly value: string;
}

function split({ name, value }: Entry): Entry[] {
  return value
    .split(",")
    .map((part) => ({ name, value: part.trim() }))
    .filter((entry) => entry.value !== "");
}

function judgeSecret({ name, value }: Entry): Flaw[] {
  if (EXAMPLE.test(value)) {
    return [{ name, kind: "example", other: null }];
  }
  return countBits(value) < MIN_BITS ? [{ name, kind: "guessable", other: null }] : [];
}

/** By how often each character comes; those count for nothing that follow one as before, or as in "aaa" or "1234". */
function countBits(secret: string): number {
  const points = [...secret].map((character) => character.codePointAt(0) ?? 0);
  const pairs = new Set<string>();
  const told = points.filter((point, index) => {
    const before = points[index - 1] ?? -2;
    const pair = `${before} ${point}`;
    const isNew = !pairs.has(pair);
    pairs.add(pair);
    return isNew && Math.abs(point - before) > 1;
  });
  const counts = new Map<number, number>();
  for (const point of told) {
    counts.set(point, (counts.get(point) ?? 0) + 1);
  }
  return [...counts.values()].reduce((bits, count) => bits + count * Math.log2(told.length / count), 0);
}

function findRepeated(secrets: readonly Entry[]): Flaw[] {
  const first = new Map<string, string>();
  return secrets.flatMap(({ name, value }) => {
    const other = first.get(value);
    first.set(value, other ?? name);
    return other === undefined ? [] : [{ name, kind: "repeated", other }];
  });
}

function judgeAddress({ name, value }: Entry): Flaw[] {
  const url = URL.parse(value);
  return url && isLoopback(url) ? [{ name, kind: "loopback", other: null }] : [];
}
