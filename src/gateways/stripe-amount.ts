/**
 * Stripe's minor units, where they are not those of ISO 4217. https://docs.stripe.com/currencies
 * That page names UGX among the zero-decimal currencies, and among the special cases that are written as hundredths all
 * the same. The latter holds: 380000 was charged as 3,800 shillings (WordPress/wordcamp.org#1320), and what does not end
 * in 00 is refused (woocommerce/woocommerce-gateway-stripe#2674).
 */
import { currencyExponent, isCurrency } from "../transactions/money.ts";
import { GatewayError } from "./gateway.ts";

/** Of our minor units, how many digits Stripe has more. ISK and UGX are whole there too, and end in 00. */
const MORE_DIGITS = new Map([
  ["ISK", 2],
  ["UGX", 2],
  ["MGA", -2],
]);
const UNSUPPORTED = new Set(["CLF", "IQD", "LYD", "UYI", "UYW"]);

/** @throws GatewayError "rejected" for a currency that Stripe does not have, or a sum that it cannot collect */
export function writeAmount(sum: number, of: string): number {
  const units = shift(sum, MORE_DIGITS.get(of) ?? 0);
  // Of three decimals, the last has to be 0.
  const isFine = isCurrency(of) && (currencyExponent(of) < 3 || units % 10 === 0);
  if (!isFine || UNSUPPORTED.has(of) || !Number.isSafeInteger(units)) {
    throw new GatewayError("rejected", "Stripe cannot collect such a sum");
  }
  return units;
}

/** @returns null where our minor units cannot say it */
export function readAmount(units: number, of: string): number | null {
  const sum = shift(units, -(MORE_DIGITS.get(of) ?? 0));
  return Number.isSafeInteger(sum) ? sum : null;
}

function shift(value: number, digits: number): number {
  return digits < 0 ? value / 10 ** -digits : value * 10 ** digits;
}
