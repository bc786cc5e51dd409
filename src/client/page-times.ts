/**
 * The times on the hosted status page: the countdown, by the server's clock, and moments by the buyer's own. The words
 * around them are the server's.
 */

const DAY_MS = 86_400_000;

/** How far this device's clock is ahead of the server's, in ms. */
let aheadMs = 0;

/** When this page's answer came, by this device's clock: the script may have come much later. */
export function answeredAt(): number {
  const [navigation] = performance.getEntriesByType?.("navigation") ?? [];
  const { responseStart = 0 } = (navigation ?? {}) as Partial<PerformanceNavigationTiming>;
  return responseStart > 0 ? performance.timeOrigin + responseStart : Date.now();
}

/** Learns the server's clock from a page that came at that moment. */
export function setClock(page: HTMLElement, at: number): void {
  aheadMs = at - (Date.parse(page.dataset.now ?? "") || at);
}

/** Milliseconds until the time to pay is over; undefined where none runs. */
function timeLeft(main: HTMLElement): number | undefined {
  const expiresAt = main.querySelector<HTMLElement>("[data-expires-at]")?.dataset.expiresAt;
  const left = Date.parse(expiresAt ?? "") - (Date.now() - aheadMs);
  return Number.isNaN(left) ? undefined : left;
}

export function isTimeUp(main: HTMLElement): boolean {
  return (timeLeft(main) ?? 1) <= 0;
}

/** The time that is left, while it is less than a day, and other moments by the buyer's own clock. */
export function showTimes(main: HTMLElement): void {
  const { locale } = main.dataset;
  const left = timeLeft(main);
  const running = main.querySelector("[data-expires-at]");
  if (running && left !== undefined && left < DAY_MS) {
    running.textContent = formatCountdown(left, locale);
  }
  const moment = main.querySelector("[data-moment]");
  if (moment) {
    const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
    moment.textContent = format.format(Date.parse(moment.getAttribute("datetime") ?? ""));
    moment.removeAttribute("data-moment");
  }
}

/** `12:34`, with hours `1:02:03`, and `0:00` when time is up; in the digits of the locale. */
function formatCountdown(leftMs: number, locale: string | undefined): string {
  const seconds = Math.ceil(Math.max(0, leftMs) / 1_000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const digits = (value: number, least: number): string =>
    new Intl.NumberFormat(locale, { minimumIntegerDigits: least }).format(value);
  const tail = digits(seconds % 60, 2);
  return hours > 0
    ? `${digits(hours, 1)}:${digits(minutes % 60, 2)}:${tail}`
    : `${digits(minutes, 1)}:${tail}`;
}
