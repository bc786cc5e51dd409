import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  databaseOf,
  firstTypeIdAt,
  hasKin,
  MAX_DATABASES,
  newTypeId,
  placeIn,
  timeOf,
} from "../../src/lib/id.ts";

fc.configureGlobal({ seed: 20261122 });

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const NOW = Date.UTC(2026, 10, 22, 12);
const LAST = 2 ** 48 - 1;

const instants = fc.oneof(
  fc.nat({ max: LAST }),
  fc.constantFrom(0, 1, 2 ** 16 - 1, 2 ** 16, 2 ** 32 - 1, 2 ** 32, NOW, LAST),
);

/** The 128 bits of an id, as 32 hexadecimal digits. */
function decode(id: string): string {
  const text = id.slice(id.lastIndexOf("_") + 1);
  const value = [...text].reduce((sum, letter) => sum * 32n + BigInt(ALPHABET.indexOf(letter)), 0n);
  return value.toString(16).padStart(32, "0");
}

describe("newTypeId", () => {
  it("is a prefix and 26 characters of base 32, of which the first holds 3 bits", () => {
    fc.assert(
      fc.property(instants, (now) => {
        expect(newTypeId("txn", now)).toMatch(/^txn_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
      }),
    );
  });

  it("holds a UUIDv7 of the moment", () => {
    fc.assert(
      fc.property(instants, (now) => {
        const hex = decode(newTypeId("txn", now));
        expect(Number.parseInt(hex.slice(0, 12), 16)).toBe(now);
        expect(hex[12]).toBe("7");
        expect("89ab").toContain(hex[16]);
      }),
    );
  });

  it("sorts by time, as text", () => {
    fc.assert(
      fc.property(instants, instants, (one, other) => {
        fc.pre(one !== other);
        expect(newTypeId("txn", one) < newTypeId("txn", other)).toBe(one < other);
      }),
    );
  });

  it("gives no id twice, within one millisecond too", () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newTypeId("txn", NOW))).size).toBe(10_000);
  });

  it("draws every bit that the form leaves free", () => {
    const ids = Array.from({ length: 200 }, () => BigInt(`0x${decode(newTypeId("txn", NOW)).slice(12)}`));
    const ones = ids.reduce((all, bits) => all | bits, 0n);
    const zeros = ids.reduce((all, bits) => all | ~bits, 0n) & (2n ** 80n - 1n);
    expect((ones & zeros).toString(2).replaceAll("0", "")).toHaveLength(74);
  });
});

describe("databaseOf", () => {
  it("reads the number that an id was made with", () => {
    fc.assert(
      fc.property(instants, fc.nat({ max: MAX_DATABASES - 1 }), fc.boolean(), (now, database, kin) => {
        const id = newTypeId("txn", now, placeIn(database, kin));
        expect(hasKin(id)).toBe(kin);
        expect(timeOf(id)).toBe(now);
        expect(id).toMatch(/^txn_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
        expect(databaseOf(id)).toBe(database);
        expect(firstTypeIdAt("txn", now) <= id).toBe(true);
      }),
    );
  });

  it("takes whatever is no such id for the first one", () => {
    for (const text of [
      "",
      "stripe:cs_test_1",
      "txn_",
      "txn_8",
      `${newTypeId("txn", NOW, 7)}_4`,
      "txn_UUUUUUUUUUUUUUUUUUUUUUUUUU",
    ]) {
      expect(databaseOf(text)).toBe(0);
    }
  });
});

describe("firstTypeIdAt", () => {
  it("sorts before every id of its moment and later, and after every earlier one", () => {
    fc.assert(
      fc.property(instants, (now) => {
        const first = firstTypeIdAt("txn", now);
        expect(first).toMatch(/^txn_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
        expect(first < newTypeId("txn", now)).toBe(true);
        expect(now === LAST || first < newTypeId("txn", now + 1)).toBe(true);
        expect(now === 0 || newTypeId("txn", now - 1) < first).toBe(true);
      }),
    );
  });

  it("is the same each time", () => {
    expect(firstTypeIdAt("txn", NOW)).toBe(firstTypeIdAt("txn", NOW));
    expect(decode(firstTypeIdAt("txn", NOW)).slice(12)).toBe("0".repeat(20));
  });
});
