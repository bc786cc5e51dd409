/** PayPal's sums: decimal text, with digits of its own for some currencies. */
import * as z from "zod/mini";
import { currencyExponent, fromDecimal, isCurrency, toDecimal } from "../transactions/money.ts";
import { GatewayError } from "./gateway.ts";

export const money = z.object({ currency_code: z.string(), value: z.string() });
type Money = z.output<typeof money>;

/** https://developer.paypal.com/api/rest/reference/currency-codes/ */
const CURRENCIES =
  "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS JPY MXN MYR NOK NZD PHP PLN SEK SGD THB TWD USD";
/** Two digits by ISO 4217, none at PayPal. */
const WHOLE = new Set(["HUF", "TWD"]);

/** @throws GatewayError "rejected" for a sum that PayPal cannot collect */
export function writePayPalAmount(amount: number, currency: string): string {
  if (!CURRENCIES.split(" ").includes(currency)) {
    throw new GatewayError("rejected", "PayPal does not take this currency");
  }
  if (WHOLE.has(currency) && amount % 100 !== 0) {
    throw new GatewayError("rejected", "PayPal takes whole units of this currency");
  }
  return WHOLE.has(currency) ? String(amount / 100) : toDecimal(amount, currency);
}

export function toMoney(amount: number, currency: string): Money {
  return { currency_code: currency, value: writePayPalAmount(amount, currency) };
}

/** With more zeros behind the point than there need be, or fewer. @returns null for no sum of the currency */
export function readPayPalAmount(text: string, currency: string): number | null {
  const [, whole = "", fraction = ""] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (!isCurrency(currency)) {
    return null;
  }
  const digits = fraction.replace(/0+$/, "").padEnd(currencyExponent(currency), "0");
  return fromDecimal(digits === "" ? whole : `${whole}.${digits}`, currency);
}

/** @throws GatewayError for what is none, or not of this currency */
export function readMoney({ currency_code, value }: Money, currency: string): number {
  const amount = currency_code === currency ? readPayPalAmount(value, currency) : null;
  if (amount === null) {
    throw new GatewayError("unknown", "the gateway's answer holds a sum that cannot be read");
  }
  return amount;
}
