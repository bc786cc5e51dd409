/** Opaque cursors: a position in a list, in base64url so that nobody builds one by hand. */
import { HttpProblem } from "./problem.ts";

export function encodeCursor(position: string): string {
  return new TextEncoder().encode(position).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** A page of what was found, of which one more than `limit` was asked for, and where the next one begins. */
export function toPage<T>(
  found: readonly T[],
  limit: number,
  cursorOf: (last: T, page: readonly T[]) => string,
) {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return { page, next_cursor: last !== undefined && found.length > limit ? cursorOf(last, page) : null };
}

/**
 * A page of what matches among all that was looked at, for a list without an index of what is asked; and where to look on.
 * @param isLast whether there is nothing behind what was looked at
 */
export function toSiftedPage<T>(
  examined: readonly T[],
  isLast: boolean,
  matches: (row: T) => boolean,
  limit: number,
  cursorOf: (last: T, upToIt: readonly T[]) => string,
) {
  const { page, next_cursor } = toPage(examined.filter(matches), limit, (last) =>
    cursorOf(last, examined.slice(0, examined.indexOf(last) + 1)),
  );
  const last = examined.at(-1);
  return {
    page,
    next_cursor: next_cursor ?? (isLast || last === undefined ? null : cursorOf(last, examined)),
  };
}

/** @throws HttpProblem 400 for what is no cursor of ours */
export function decodeCursor(cursor: string, pattern: RegExp, parameter = "cursor"): string {
  const position = decode(cursor);
  if (!pattern.test(position)) {
    throw new HttpProblem("invalid_request", "The cursor is not one of ours.", {
      errors: [{ pointer: `/${parameter}`, detail: "must be a next_cursor of an answer before" }],
    });
  }
  return position;
}

function decode(cursor: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(cursor, { alphabet: "base64url" }));
  } catch {
    return "";
  }
}
