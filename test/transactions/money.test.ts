import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { currencyExponent, isCurrency, toDecimal } from "../../src/transactions/money.ts";

fc.configureGlobal({ seed: 20261122 });

/**
 * Where CLDR, which Intl reads, differs from ISO 4217: it gives the digits of everyday use, for these currencies
 * none, because their minor units are worth too little. Gateways and banks count by ISO 4217.
 */
const CLDR_SHOWS_NO_DIGITS = [
  ...["AFN", "ALL", "COP", "HUF", "IDR", "IQD", "IRR", "KPW", "LAK"],
  ...["LBP", "MGA", "MMK", "PKR", "RSD", "SOS", "SYP", "YER"],
];

/** Codes of ISO 4217 by exponent, as a sample that stands apart from the table in src. */
const SAMPLE: readonly (readonly [string, number])[] = [
  ...["USD", "EUR", "GBP", "CHF", "INR", "NGN", "ZAR", "BRL", "HUF", "IDR", "COP", "MGA", "MRU", "TWD"].map(
    (code) => [code, 2] as const,
  ),
  ...["JPY", "KRW", "CLP", "ISK", "VND", "XAF", "XOF", "XPF", "UGX", "PYG"].map((code) => [code, 0] as const),
  ...["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"].map((code) => [code, 3] as const),
  ...["CLF", "UYW"].map((code) => [code, 4] as const),
];

function fractionDigitsOfIntl(currency: string): number {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  return format.resolvedOptions().maximumFractionDigits ?? Number.NaN;
}

/** Reads a decimal string back, without the code under test and without a float. */
function toMinorUnits(decimal: string, exponent: number): bigint {
  const [whole = "", fraction = ""] = decimal.split(".");
  return BigInt(whole) * 10n ** BigInt(exponent) + BigInt(fraction === "" ? 0 : fraction);
}

const currencies = fc.constantFrom(...SAMPLE);
const amounts = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 100_000 }),
  fc.constantFrom(0, 1, 9, 10, 99, 100, 999, 1000, 9999, 10_000, Number.MAX_SAFE_INTEGER),
);

describe("toDecimal", () => {
  it.each([
    [1999, "USD", "19.99"],
    [5, "USD", "0.05"],
    [0, "USD", "0.00"],
    [100, "USD", "1.00"],
    [500, "JPY", "500"],
    [0, "JPY", "0"],
    [1234, "KWD", "1.234"],
    [5, "KWD", "0.005"],
    [12_345, "CLF", "1.2345"],
    [1, "CLF", "0.0001"],
    [Number.MAX_SAFE_INTEGER, "USD", "90071992547409.91"],
    [Number.MAX_SAFE_INTEGER, "JPY", "9007199254740991"],
    [Number.MAX_SAFE_INTEGER, "CLF", "900719925474.0991"],
  ])("writes %i of %s as %s", (amount, currency, decimal) => {
    expect(toDecimal(amount, currency)).toBe(decimal);
  });

  it("loses nothing, for any amount of any exponent", () => {
    fc.assert(
      fc.property(amounts, currencies, (amount, [currency, exponent]) => {
        expect(toMinorUnits(toDecimal(amount, currency), exponent)).toBe(BigInt(amount));
      }),
    );
  });

  it("writes plain digits with exactly the currency's places", () => {
    fc.assert(
      fc.property(amounts, currencies, (amount, [currency, exponent]) => {
        const fraction = exponent === 0 ? "" : `\\.\\d{${exponent}}`;
        expect(toDecimal(amount, currency)).toMatch(new RegExp(`^(0|[1-9]\\d*)${fraction}$`));
      }),
    );
  });

  it.each([-1, -0.5, 0.5, 19.99, Number.NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER + 1])(
    "refuses the amount %d",
    (amount) => {
      expect(() => toDecimal(amount, "USD")).toThrow(RangeError);
      expect(() => toDecimal(amount, "USD")).toThrow("minor units");
    },
  );

  it("refuses an unknown currency, and names it", () => {
    expect(() => toDecimal(1, "usd")).toThrow(RangeError);
    expect(() => toDecimal(1, "XYZ")).toThrow(RangeError);
    expect(() => toDecimal(1, "XYZ")).toThrow("XYZ");
  });
});

describe("currencyExponent", () => {
  it.each(SAMPLE)("gives %s %i digits", (currency, exponent) => {
    expect(currencyExponent(currency)).toBe(exponent);
  });

  it("agrees with Intl for every currency that both know, but where CLDR leaves ISO 4217", () => {
    const both = Intl.supportedValuesOf("currency").filter((code) => isCurrency(code));
    const different = both.filter((code) => currencyExponent(code) !== fractionDigitsOfIntl(code));
    expect(both.length).toBeGreaterThan(140);
    // Not the other way round: each CLDR gives some of them their digits back.
    expect(CLDR_SHOWS_NO_DIGITS).toEqual(expect.arrayContaining(different));
    expect(different.map(fractionDigitsOfIntl).every((digits) => digits === 0)).toBe(true);
  });

  it.each(CLDR_SHOWS_NO_DIGITS)("counts %s by ISO 4217, whatever CLDR shows of it", (code) => {
    expect(currencyExponent(code)).toBe(code === "IQD" ? 3 : 2);
  });

  it.each(["", "usd", "US", "USDT", " USD", "XXX", "XTS", "XAU", "constructor", "__proto__"])(
    "refuses %j",
    (code) => {
      expect(() => currencyExponent(code)).toThrow(RangeError);
    },
  );
});

describe("isCurrency", () => {
  it("knows the codes of today, in upper case alone", () => {
    expect(["USD", "JPY", "KWD", "CLF", "XCG", "ZWG", "SLE"].filter((code) => !isCurrency(code))).toEqual([]);
    expect(["usd", "Usd", "", "toString", "DEM", "HRK", "ANG", "ZWL", "XXX"].filter(isCurrency)).toEqual([]);
  });
});
