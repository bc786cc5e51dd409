/** What an operator types to find payments, as it is understood, and as it is refused. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAmount, readFields, toFilter, toQuery } from "../../src/http/search-query.ts";
import { firstTypeIdAt } from "../../src/lib/id.ts";
import { isCurrency, toDecimal } from "../../src/transactions/money.ts";

const NOTHING = { status: null, gateway: null, amount: null, currency: null, from: null, before: null };

const filterOf = (query: Record<string, string>, cursor: string | null = null) =>
  toFilter(readFields(query), cursor);

describe("readFields", () => {
  it("takes what is typed, trimmed, and passes over all else", () => {
    expect(readFields({ q: "  order 7 ", status: "review", cursor: "x", __proto__: "y" } as never)).toEqual({
      ...{ q: "order 7", status: "review", gateway: "", amount: "", currency: "", from: "", until: "" },
    });
  });

  it("takes no more than anybody types", () => {
    expect(readFields({ q: "x".repeat(10_000) }).q).toHaveLength(512);
  });
});

describe("toQuery", () => {
  it("says again what was typed, so that it is read the same", () => {
    const field = fc.string({ unit: "binary", maxLength: 60 }).filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(field, field, field, (q, gateway, amount) => {
        const fields = readFields({ q, gateway, amount });
        const query = Object.fromEntries(new URLSearchParams(toQuery(fields, { cursor: "c" })));
        expect(readFields(query)).toEqual(fields);
        expect(query.cursor).toBe("c");
      }),
    );
  });

  it("says nothing of what is empty", () => {
    expect(toQuery(readFields({}))).toBe("");
    expect(toQuery(readFields({ status: "review", q: "" }))).toBe("status=review");
  });
});

describe("toFilter", () => {
  it("asks for everything where nothing is typed", () => {
    expect(filterOf({})).toEqual({ filter: NOTHING, errors: {} });
  });

  it("reads each field", () => {
    const query = {
      ...{ status: "review", gateway: "stripe", amount: "19,99", currency: "usd" },
      ...{ from: "2026-11-25T14:30", until: "2026-11-26" },
    };
    expect(filterOf(query)).toEqual({
      errors: {},
      filter: {
        ...{ status: "review", gateway: "stripe", amount: 1999, currency: "USD" },
        from: firstTypeIdAt("txn", Date.UTC(2026, 10, 25, 14, 30)),
        before: firstTypeIdAt("txn", Date.UTC(2026, 10, 26)),
      },
    });
  });

  it("goes on from a page before, but not past the time that is asked for", () => {
    const until = firstTypeIdAt("txn", Date.UTC(2026, 10, 26));
    const [before, after] = [
      firstTypeIdAt("txn", Date.UTC(2026, 10, 20)),
      firstTypeIdAt("txn", Date.UTC(2026, 10, 30)),
    ];
    expect(filterOf({ until: "2026-11-26" }, before).filter.before).toBe(before);
    expect(filterOf({ until: "2026-11-26" }, after).filter.before).toBe(until);
    expect(filterOf({}, after).filter.before).toBe(after);
  });

  it("takes a sum without a currency for one of two digits", () => {
    expect(filterOf({ amount: "500" }).filter).toMatchObject({ amount: 50_000, currency: null });
    expect(filterOf({ amount: "500", currency: "JPY" }).filter).toMatchObject({
      amount: 500,
      currency: "JPY",
    });
  });

  it.each<[Record<string, string>, string[]]>([
    [{ status: "paid" }, ["status"]],
    [{ status: "SUCCEEDED" }, ["status"]],
    [{ currency: "EURO" }, ["currency"]],
    [{ currency: "XXX" }, ["currency"]],
    [{ currency: "__proto__" }, ["currency"]],
    [{ amount: "much" }, ["amount"]],
    [{ amount: "1.999" }, ["amount"]],
    // What the sum is worth, nobody knows then.
    [{ amount: "5.5", currency: "nonsense" }, ["currency"]],
    [{ from: "yesterday" }, ["from"]],
    [{ from: "2026-02-30" }, ["from"]],
    [{ from: "2026-02-31T10:00" }, ["from"]],
    [{ from: "2026-13-01" }, ["from"]],
    [{ from: "2026-11-25T24:00" }, ["from"]],
    [{ from: "2026-11-25T14:30Z" }, ["from"]],
    [{ from: "1969-12-31" }, ["from"]],
    [{ until: "2026-11-25 14:30" }, ["until"]],
    [{ status: "x", amount: "x", from: "x", until: "x" }, ["status", "amount", "from", "until"]],
  ])("says what is wrong with %j, and asks by what is right", (query, wrong) => {
    const { filter, errors } = filterOf({ gateway: "stripe", ...query });
    expect(Object.keys(errors)).toEqual(wrong);
    expect(filter).toEqual({ ...NOTHING, gateway: "stripe" });
  });

  it("says that a currency has not so many digits", () => {
    const { filter, errors } = filterOf({ amount: "5.5", currency: "JPY" });
    expect(filter).toEqual({ ...NOTHING, currency: "JPY" });
    expect(Object.keys(errors)).toEqual(["amount"]);
  });

  it("takes each moment that the field of a form can say", () => {
    const times = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });
    fc.assert(
      fc.property(times, fc.constantFrom(10, 16, 19), (date, length) => {
        const text = date.toISOString().slice(0, length);
        const { filter, errors } = filterOf({ from: text });
        expect(errors).toEqual({});
        const at = Date.parse(`${text}${"2026-01-01T00:00:00Z".slice(length)}`);
        expect(filter.from).toBe(firstTypeIdAt("txn", at));
      }),
    );
  });
});

describe("parseAmount", () => {
  it.each([
    ["19.99", "EUR", 1999],
    ["19,99", "EUR", 1999],
    ["19.9", "EUR", 1990],
    ["5", "EUR", 500],
    [" 5 ", "EUR", 500],
    ["0", "EUR", 0],
    ["0.01", "EUR", 1],
    ["007", "EUR", 700],
    ["1 250.00", "EUR", 125_000],
    ["1\u00a0250,00", "EUR", 125_000],
    ["1\u202f250\u202f000", "EUR", 125_000_000],
    ["1'250.50", "CHF", 125_050],
    ["1’250’000.50", "CHF", 125_000_050],
    ["500", "JPY", 500],
    ["1 250", "JPY", 1250],
    ["1.250", "KWD", 1250],
    ["1,5", "KWD", 1500],
    ["0.0001", "CLF", 1],
    ["90071992547409.91", "EUR", Number.MAX_SAFE_INTEGER],
  ])("reads %j %s as %d", (text, currency, amount) => {
    expect(parseAmount(text, currency)).toBe(amount);
  });

  it.each([
    ...[
      "",
      " ",
      "-1",
      "+1",
      "1e3",
      "0x10",
      "Infinity",
      "NaN",
      "five",
      "€5",
      "5 EUR",
      "5.",
      ".5",
      "5..0",
      "1.2.3",
    ],
    // A point or a comma may stand before the cents or between the thousands: that is not guessed.
    ...["5.001", "1,250", "1.250", "1,250.00", "1.250,00", "1,250,000"],
    ...["1 9.99", "12 50", "1 25 000", "1  250", "1250 000", "'250"],
    ...["90071992547409.92", "99999999999999999", "１２", "٣", "5\u0000", "5\n6"],
  ])("reads nothing of %j", (text) => {
    expect(parseAmount(text, "EUR")).toBeNull();
  });

  it.each([
    ["5.0", "JPY"],
    ["1,250", "JPY"],
    ["1.2345", "KWD"],
  ])("reads nothing of %j %s: it has not so many digits", (text, currency) => {
    expect(parseAmount(text, currency)).toBeNull();
  });

  it("reads what is written of any sum of any currency, with a point or a comma", () => {
    const currency = fc.constantFrom("EUR", "JPY", "KWD", "CLF", "USD").filter(isCurrency);
    fc.assert(
      fc.property(fc.maxSafeNat(), currency, (amount, code) => {
        const text = toDecimal(amount, code);
        expect(parseAmount(text, code)).toBe(amount);
        expect(parseAmount(text.replace(".", ","), code)).toBe(amount);
      }),
    );
  });

  it("is null or an amount, and throws at nothing", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[\d .,']{1,25}$/)), (text) => {
        const amount = parseAmount(text, "EUR");
        expect(amount === null || (Number.isSafeInteger(amount) && amount >= 0)).toBe(true);
      }),
    );
  });
});
