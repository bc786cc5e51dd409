/** Amounts for people. Minor units become a decimal string by their digits, so that no float comes near money. */

/** @param amount minor units @param currency ISO 4217 */
export function formatMoney(amount: number, currency: string): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const exponent = format.resolvedOptions().maximumFractionDigits ?? 0;
  const digits = String(amount).padStart(exponent + 1, "0");
  const split = digits.length - exponent;
  const decimal = exponent === 0 ? digits : `${digits.slice(0, split)}.${digits.slice(split)}`;
  return format.format(decimal as Intl.StringNumericLiteral);
}
