/**
 * Money: integers of a currency's minor unit, never a float. The one table of ISO 4217 exponents is here; where a
 * gateway deviates, its adapter says so.
 * @see https://www.six-group.com/en/products-services/financial-information/data-standards.html (ISO 4217, list one)
 */

const EXPONENTS = new Map<string, number>(
  Object.entries({
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2:
      "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY " +
      "COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR " +
      "ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK " +
      "MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP " +
      "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR " +
      "ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
  }).flatMap(([exponent, codes]) => codes.split(" ").map((code) => [code, Number(exponent)] as const)),
);

/** All current ISO 4217 codes, in upper case. */
export const CURRENCIES: readonly string[] = [...EXPONENTS.keys()].sort();

/** Whether this is a current ISO 4217 code, in upper case. */
export function isCurrency(code: string): boolean {
  return EXPONENTS.has(code);
}

/**
 * How many digits of the minor unit stand behind the point: 2 for USD, 0 for JPY, 3 for KWD.
 * @throws RangeError for an unknown code
 */
export function currencyExponent(currency: string): number {
  const exponent = EXPONENTS.get(currency);
  if (exponent === undefined) {
    throw new RangeError(`${currency} is no ISO 4217 currency`);
  }
  return exponent;
}

/**
 * Minor units as a decimal string, by slicing digits: 1999 USD → "19.99", 500 JPY → "500", 5 KWD → "0.005".
 * @param amount a safe integer, not negative
 * @throws RangeError for another amount or an unknown currency
 */
export function toDecimal(amount: number, currency: string): string {
  if (!Number.isSafeInteger(amount) || amount < 0) {
    throw new RangeError("an amount is a safe integer of minor units, not negative");
  }
  const exponent = currencyExponent(currency);
  if (exponent === 0) {
    return String(amount);
  }
  const digits = String(amount).padStart(exponent + 1, "0");
  return `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/**
 * What `toDecimal` writes, read again by joining digits: "19.99" USD → 1999. The point stands before exactly as many
 * digits as the currency has.
 * @returns null for any other text, or more than a safe integer
 * @throws RangeError for an unknown currency
 */
export function fromDecimal(text: string, currency: string): number | null {
  const exponent = currencyExponent(currency);
  const form = exponent === 0 ? /^(0|[1-9]\d*)$/ : new RegExp(`^(0|[1-9]\\d*)\\.(\\d{${exponent}})$`);
  const [, whole, fraction = ""] = form.exec(text) ?? [];
  const amount = Number(`${whole}${fraction}`);
  return whole !== undefined && Number.isSafeInteger(amount) ? amount : null;
}
