/**
 * How long a Retry-After header asks to wait: seconds or an HTTP date (RFC 9110, 10.2.3).
 * @param now epoch milliseconds
 * @returns milliseconds, not negative; null when it does not say
 */
export function parseRetryAfterMs(header: string | null, now: number): number | null {
  const waitMs = /^\d{1,9}$/.test(header ?? "") ? Number(header) * 1000 : Date.parse(header ?? "") - now;
  return Number.isFinite(waitMs) ? Math.max(waitMs, 0) : null;
}
