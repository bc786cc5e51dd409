import { describe, expect, it } from "vitest";
import { STATUSES, type Status } from "../../src/transactions/transaction.ts";
import { canMove } from "../../src/transactions/transitions.ts";

/** The table of DESIGN.md, section 2, line for line: from → to. */
const TABLE = `
  pending    → processing authorized succeeded failed canceled expired review
  processing →            authorized succeeded failed canceled expired review
  authorized →                       succeeded failed canceled expired review
  review     →                       succeeded        canceled
  failed     →                       succeeded                         review
  canceled   →                       succeeded                         review
  expired    →                       succeeded                         review
  succeeded  →
`;

const allowed = new Set(
  TABLE.trim()
    .split("\n")
    .flatMap((line) => {
      const [from = "", to = ""] = line.split("→");
      const targets = to.trim().split(/\s+/);
      return targets.filter((target) => target !== "").map((target) => `${from.trim()} → ${target}`);
    }),
);
const pairs: [Status, Status][] = STATUSES.flatMap((from) =>
  STATUSES.map((to): [Status, Status] => [from, to]),
);

describe("canMove", () => {
  it("is asked about 64 pairs, of which the table allows 26", () => {
    expect(pairs).toHaveLength(64);
    expect(allowed.size).toBe(26);
  });

  it.each(pairs)("answers %s → %s as the table says", (from, to) => {
    expect(canMove(from, to)).toBe(allowed.has(`${from} → ${to}`));
  });
});
