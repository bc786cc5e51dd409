/**
 * Moments and durations. Moments stand in UTC, so that two operators speak of the same one; the script adds the
 * local time as a title.
 */
export const LOCALE = "en-GB";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const DAY_AND_MONTH = { day: "numeric", month: "short", timeZone: "UTC" } as const;
const TIME = { hour: "2-digit", minute: "2-digit" } as const;
const formatDate = formatBy(DAY_AND_MONTH);
const formatShort = formatBy({ ...DAY_AND_MONTH, ...TIME });
const formatShortWithYear = formatBy({ ...DAY_AND_MONTH, ...TIME, year: "numeric" });
const formatFull = formatBy({
  ...DAY_AND_MONTH,
  ...{ year: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short" },
});
const formatDay = formatBy({ dateStyle: "full", timeZone: "UTC" });

/** Made once, for a long list has hundreds of moments; and not before the first, for it takes milliseconds. */
function formatBy(options: Intl.DateTimeFormatOptions): (at: number) => string {
  let format: Intl.DateTimeFormat | undefined;
  return (at) => {
    format ??= new Intl.DateTimeFormat(LOCALE, options);
    return format.format(at);
  };
}

/** "22 Nov 2026, 13:40 UTC". */
export function Moment({ at }: { at: number }) {
  return <time datetime={toIso(at)}>{formatFull(at)}</time>;
}

/** "22 Nov, 13:40", for columns whose head says UTC; the year where it is not this one. */
export function ShortMoment({ at, now }: { at: number; now: number }) {
  const isThisYear = toIso(at).slice(0, 4) === toIso(now).slice(0, 4);
  return <time datetime={toIso(at)}>{(isThisYear ? formatShort : formatShortWithYear)(at)}</time>;
}

/** "13:40:05", under a day that is said. */
export function Clock({ at }: { at: number }) {
  return <time datetime={toIso(at)}>{toIso(at).slice(11, 19)}</time>;
}

/** "3 min ago", "in 2 h". */
export function Ago({ at, now }: { at: number; now: number }) {
  return <time datetime={toIso(at)}>{showDistance(at, now)}</time>;
}

/** "Sunday, 22 November 2026". */
export function showDay(at: number): string {
  return formatDay(at);
}

/** "22 Nov": a day among others. */
export function showDate(at: number): string {
  return formatDate(at);
}

/** "22 Nov, 13:40", without an element. */
export function showShort(at: number): string {
  return formatShort(at);
}

export function showDistance(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < SECOND_MS) {
    return "just now";
  }
  const words = showCoarse(distance);
  return at > now ? `in ${words}` : `${words} ago`;
}

/** To the two units that matter: "850 ms", "1.5 s", "2 min 5 s", "3 h 20 min", "4 d 2 h". */
export function showDuration(ms: number): string {
  const size = Math.abs(ms);
  const sign = ms < 0 ? "−" : "";
  if (size < SECOND_MS) {
    return `${sign}${Math.round(size)} ms`;
  }
  if (size < MINUTE_MS) {
    return `${sign}${showSeconds(size / SECOND_MS)} s`;
  }
  if (size < HOUR_MS) {
    return sign + two(size, MINUTE_MS, "min", SECOND_MS, "s");
  }
  return (
    sign + (size < DAY_MS ? two(size, HOUR_MS, "h", MINUTE_MS, "min") : two(size, DAY_MS, "d", HOUR_MS, "h"))
  );
}

/** A tenth matters only while there are few. */
function showSeconds(seconds: number): number {
  return seconds < 10 ? Number(seconds.toFixed(1)) : Math.floor(seconds);
}

/** One unit, for distances that nobody reckons with. */
function showCoarse(ms: number): string {
  const [size, unit] =
    ms < MINUTE_MS
      ? [SECOND_MS, "s"]
      : ms < HOUR_MS
        ? [MINUTE_MS, "min"]
        : ms < 2 * DAY_MS
          ? [HOUR_MS, "h"]
          : [DAY_MS, "d"];
  return `${Math.floor(ms / Number(size))} ${unit}`;
}

function two(ms: number, big: number, bigUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigUnit}${rest > 0 ? ` ${rest} ${smallUnit}` : ""}`;
}

function toIso(at: number): string {
  return new Date(at).toISOString();
}
