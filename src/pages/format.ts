/**
 * Money, moments and links as a buyer may see them, by a locale that `chooseLocale` gave.
 * Nothing here does arithmetic on money, and nothing here throws on what a shop or a browser sent.
 */
import { toDecimal } from "../transactions/money.ts";

const WEB_SCHEMES: ReadonlySet<string> = new Set(["https:", "http:"]);

/** Schemes that run or show what they carry, or read the device. An app's own scheme is none of them. */
const REFUSED_SCHEMES: ReadonlySet<string> = new Set([
  "about:",
  "blob:",
  "chrome:",
  "data:",
  "file:",
  "filesystem:",
  "javascript:",
  "resource:",
  "vbscript:",
  "view-source:",
]);

/** @param amount minor units of `currency` */
export function formatAmount(amount: number, currency: string, locale: string): string {
  const decimal = toDecimal(amount, currency);
  // Intl's digits are CLDR's: it would round 19.99 RSD to 20. Money is shown to its last minor unit.
  const digits = decimal.split(".")[1]?.length ?? 0;
  const format = new Intl.NumberFormat(locale, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(decimal as Intl.StringNumericLiteral);
}

/** Keeps an amount together inside a sentence that runs the other way (Unicode's first-strong isolate). */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`;
}

/**
 * A moment in UTC, which is said; with its date where asked for.
 * @param at epoch milliseconds
 */
export function formatMoment(at: number, locale: string, withDate: boolean): string {
  const date = { year: "numeric", month: "short", day: "numeric" } as const;
  return new Intl.DateTimeFormat(locale, {
    ...(withDate ? date : {}),
    hour: "numeric",
    minute: "2-digit",
    timeZone: "UTC",
    timeZoneName: "short",
  }).format(at);
}

/** Whether two moments lie on the same day in UTC. */
export function isSameDay(one: number, other: number): boolean {
  return new Date(one).toISOString().slice(0, 10) === new Date(other).toISOString().slice(0, 10);
}

/** A link that is safe to render: the web or an app's scheme, normalised as a browser would read it. */
export function safeHref(url: string | null): string | undefined {
  const parsed = url === null ? null : URL.parse(url);
  return parsed === null || REFUSED_SCHEMES.has(parsed.protocol) ? undefined : parsed.href;
}

/** The same for a page of a payment service, which is always on the web. */
export function safeWebHref(url: string | null): string | undefined {
  const href = safeHref(url);
  return href !== undefined && WEB_SCHEMES.has(new URL(href).protocol) ? href : undefined;
}
