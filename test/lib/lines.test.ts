/** What a row keeps of itself, line by line, as long as there is room. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLines, toLine } from "../../src/lib/lines.ts";

const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("[1]", '"]', "]\n[", "null", "\u2028", '["a"]', '\\"]'),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const records = fc.array(fc.array(value, { minLength: 1, maxLength: 6 }), { maxLength: 12 });
const write = (all: readonly (readonly (string | number | boolean | null)[])[]) => all.map(toLine).join("");

describe("readLines", () => {
  it("reads what was written, whatever is in it", () => {
    fc.assert(
      fc.property(records, (all) => {
        expect(readLines(write(all))).toEqual(all);
      }),
    );
  });

  it("passes over the line that was cut, and nothing else, wherever the cut is", () => {
    fc.assert(
      fc.property(records, fc.nat(300), (all, cut) => {
        const whole = all.findIndex((_, index) => write(all.slice(0, index)).length >= cut);
        expect(readLines(write(all).slice(cut))).toEqual(whole === -1 ? [] : all.slice(whole));
      }),
    );
  });

  it.each([
    ["", []],
    ["\n\n", []],
    ["no line\n[1]\n{}\n5\n[2", [[1]]],
  ])("reads of %j what it can", (text, read) => {
    expect(readLines(text)).toEqual(read);
  });
});
