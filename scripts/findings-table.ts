/** The doctor's findings for a terminal: a mark and a line for each, and below it what to do. */
import type { Finding, Level } from "../src/operations/finding.ts";

const MARKS: Readonly<Record<Level, string>> = { ok: "✓", warning: "!", fault: "✗" };
const COLOURS: Readonly<Record<Level, number>> = { ok: 32, warning: 33, fault: 31 };

/** @param coloured for a terminal that shows colours */
export function toTable(findings: readonly Finding[], coloured: boolean): string {
  const width = Math.max(0, ...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, level, says, advice }) => {
    const mark = coloured ? `\u001b[${COLOURS[level]}m${MARKS[level]}\u001b[0m` : MARKS[level];
    const line = `${mark} ${printable(check).padEnd(width)}  ${printable(says)}`;
    return advice === null ? [line] : [line, `  ${" ".repeat(width)}  → ${printable(advice)}`];
  });
  return lines.join("\n");
}

export function toSummary(findings: readonly Finding[]): string {
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [faults, warnings] = [count("fault"), count("warning")];
  return faults + warnings === 0
    ? "All is well."
    : `${plural(faults, "fault")}, ${plural(warnings, "warning")}.`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** What a server says may hold what moves a terminal's cursor. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "");
}
