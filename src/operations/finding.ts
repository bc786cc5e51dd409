/** What the doctor finds: how something stands, and what to do where it is not well. No finding ever holds a secret. */

export type Level = "ok" | "warning" | "fault";

export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly level: Level;
  readonly says: string;
  /** What to do; null where all is well. */
  readonly advice: string | null;
}

export function ok(check: string, says: string): Finding {
  return { check, level: "ok", says, advice: null };
}

/** It works, but not as it should, or not for long. */
export function warning(check: string, says: string, advice: string): Finding {
  return { check, level: "warning", says, advice };
}

/** Payments, or the shop's knowledge of them, suffer from it. */
export function fault(check: string, says: string, advice: string): Finding {
  return { check, level: "fault", says, advice };
}

/** The worst of them. */
export function statusOf(findings: readonly Finding[]): Level {
  const levels = findings.map(({ level }) => level);
  return (["fault", "warning"] as const).find((level) => levels.includes(level)) ?? "ok";
}

/** In one unit: "850 ms", "90 s", "40 min", "30 h", "5 days". */
export function sayDuration(ms: number): string {
  const [size, unit] = UNITS.find(([one]) => ms >= 2 * one) ?? [1, "ms"];
  return `${Math.round(ms / size)} ${unit}`;
}

const UNITS = [
  [86_400_000, "days"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;
