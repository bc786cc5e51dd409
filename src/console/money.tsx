/** Amounts as an operator reads them: "US$19.99" and "€19.99" alike, so that no two dollars look the same. */
import { formatAmount } from "../pages/format.ts";
import { isCurrency } from "../transactions/money.ts";
import { LOCALE } from "./moment.tsx";

/**
 * Also for sums below zero, and for what a gateway called a currency, which may be none.
 * @param amount minor units of `currency`
 */
export function showMoney(amount: number, currency: string): string {
  const size = Math.abs(amount);
  if (!isCurrency(currency) || !Number.isSafeInteger(size)) {
    return `${amount} ${currency} (minor units)`;
  }
  return `${amount < 0 ? "−" : ""}${formatAmount(size, currency, LOCALE)}`;
}

export function Money({ amount, currency }: { amount: number; currency: string }) {
  return <bdi class="money">{showMoney(amount, currency)}</bdi>;
}
