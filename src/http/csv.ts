/** Rows for a spreadsheet (RFC 4180). */

/** What a spreadsheet would take for a formula; the wide ones too, which some take for the same. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** One line. Text that would be a formula is made text by an apostrophe in front; numbers stay what they are. */
export function toCsvLine(values: readonly (string | number | boolean | null)[]): string {
  return `${values.map(toCell).join(",")}\r\n`;
}

function toCell(value: string | number | boolean | null): string {
  if (typeof value !== "string") {
    return value === null ? "" : String(value);
  }
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
