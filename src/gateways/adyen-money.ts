/** Adyen's amounts: integers of its own minor units, which are not those of ISO 4217 everywhere. */
import * as z from "zod/mini";
import { isCurrency } from "../transactions/money.ts";
import { GatewayError } from "./gateway.ts";

export const money = z.lazy(() =>
  z.object({
    value: z.int().check(z.nonnegative()),
    currency: z.string().check(z.regex(/^[A-Z]{3}$/)),
  }),
);
export type Money = z.output<typeof money>;

/** More digits than ISO 4217 has, or fewer; https://docs.adyen.com/development-resources/currency-codes */
const DIGITS: Readonly<Record<string, number>> = { CLP: 2, ISK: 2, CVE: -2, IDR: -2 };

/** @throws GatewayError "rejected" for a sum that Adyen's minor units cannot say */
export function writeAmount(amount: number, currency: string): Money {
  const value = shift(amount, DIGITS[currency] ?? 0);
  if (value === null || !isCurrency(currency)) {
    throw new GatewayError("rejected", "Adyen cannot collect this sum");
  }
  return { value, currency };
}

/** In our minor units; null for what they cannot say. */
export function readAmount({ value, currency }: Money): number | null {
  return isCurrency(currency) ? shift(value, -(DIGITS[currency] ?? 0)) : null;
}

function shift(amount: number, digits: number): number | null {
  const factor = 10 ** Math.abs(digits);
  if (digits < 0) {
    return amount % factor === 0 ? amount / factor : null;
  }
  return Number.isSafeInteger(amount * factor) ? amount * factor : null;
}

export const isSame = (one: Money, other: Money) =>
  one.value === other.value && one.currency === other.currency;
