/**
 * How long a Retry-After header asks to wait: seconds or an HTTP date (RFC 9110, 10.2.3).
 * @param now epoch milliseconds
 * @returns milliseconds, not negative; null when it does not say
 */
export function parseRetryAfterMs(header: string | null, now: number): number | null {
  const text = header ?? "";
  if (/^\d{1,9}$/.test(text)) {
    return Number(text) * 1000;
  }
  const waitMs = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) - now : Number.NaN;
  return Number.isFinite(waitMs) ? Math.max(waitMs, 0) : null;
}
