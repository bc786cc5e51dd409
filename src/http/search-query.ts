/** What an operator types to find payments, read kindly, and what is wrong with it said beside its field. */
import type { SearchFields } from "../console/views.ts";
import { firstTypeIdAt } from "../lib/id.ts";
import type { Services } from "../services.ts";
import { currencyExponent, fromDecimal, isCurrency } from "../transactions/money.ts";
import { STATUSES, type Status } from "../transactions/transaction.ts";

export type SearchFilter = Parameters<Services["store"]["search"]>[0];
type Errors = Partial<Record<keyof SearchFields, string>>;

const NAMES = ["q", "status", "gateway", "amount", "currency", "from", "until"] as const;
/** Where none is named: the two digits of most currencies. */
const USUAL_CURRENCY = "EUR";
const MAX_LENGTH = 512;

export function readFields(query: Readonly<Record<string, string>>): SearchFields {
  return Object.fromEntries(
    NAMES.map((name) => [name, (query[name] ?? "").trim().slice(0, MAX_LENGTH)]),
  ) as unknown as SearchFields;
}

/** The query string of the fields that say something, for a link. */
export function toQuery(fields: SearchFields, more: Readonly<Record<string, string>> = {}): string {
  const said = NAMES.map((name) => [name, fields[name]] as const).filter(([, value]) => value !== "");
  return new URLSearchParams([...said, ...Object.entries(more)] as [string, string][]).toString();
}

/** @param cursor the id before which the page begins */
export function toFilter(
  fields: SearchFields,
  cursor: string | null,
): { readonly filter: SearchFilter; readonly errors: Errors } {
  const errors: Errors = {};
  const currency = fields.currency.toUpperCase();
  if (currency !== "" && !isCurrency(currency)) {
    errors.currency = "Not an ISO 4217 code, such as EUR.";
  }
  if (fields.status !== "" && !isStatus(fields.status)) {
    errors.status = "Not one of the statuses.";
  }
  const amount = errors.currency ? null : parseAmount(fields.amount, currency || USUAL_CURRENCY);
  if (fields.amount !== "" && amount === null && !errors.currency) {
    errors.amount = "Not a sum, such as 19.99.";
  }
  const [from, until] = [parseTime(fields.from), parseTime(fields.until)];
  for (const [name, time] of [["from", from] as const, ["until", until] as const]) {
    if (fields[name] !== "" && time === null) {
      errors[name] = "Not a time, such as 2026-11-25T14:30.";
    }
  }
  const bounds = [cursor, until === null ? null : firstTypeIdAt("txn", until)].filter((id) => id !== null);
  const filter: SearchFilter = {
    status: isStatus(fields.status) ? fields.status : null,
    gateway: fields.gateway || null,
    amount,
    currency: errors.currency ? null : currency || null,
    from: from === null ? null : firstTypeIdAt("txn", from),
    before: bounds.sort()[0] ?? null,
  };
  return { filter, errors };
}

/** Thousands apart or not, but by no point and no comma, which may mean something else. */
const SUM = /^(\d{1,16}|\d{1,3}(?:[\s'’]\d{3})+)(?:[.,](\d{1,4}))?$/;

/**
 * A sum as people write it: "19.99", "19,99", "5", "1 250.00".
 * @returns minor units; null for anything else, and for nothing at all
 */
export function parseAmount(text: string, currency: string): number | null {
  const [, grouped, fraction = ""] = SUM.exec(text.trim()) ?? [];
  const exponent = currencyExponent(currency);
  if (grouped === undefined || fraction.length > exponent) {
    return null;
  }
  const whole = grouped.replace(/\D/g, "").replace(/^0+(?=\d)/, "");
  const digits = exponent === 0 ? "" : `.${fraction.padEnd(exponent, "0")}`;
  return fromDecimal(`${whole}${digits}`, currency);
}

function isStatus(text: string): text is Status {
  return STATUSES.some((status) => status === text);
}

/** Epoch milliseconds; null for anything but a time of <input type="datetime-local">, which is taken as UTC. */
function parseTime(text: string): number | null {
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(text);
  const time = isTime ? Date.parse(text.includes("T") ? `${text}Z` : text) : Number.NaN;
  // A day that is not in its month would be one of the next.
  return time >= 0 && new Date(time).toISOString().startsWith(text) ? time : null;
}
