/** Short records that a row keeps of itself: one JSON array a line, appended, the oldest cut off. */

export function toLine(values: readonly (string | number | boolean | null)[]): string {
  return `${JSON.stringify(values)}\n`;
}

/** Oldest first. The first line may have been cut: what is no array is passed over. */
export function readLines(text: string): unknown[][] {
  return text.split("\n").flatMap((line) => {
    try {
      const values: unknown = JSON.parse(line);
      return Array.isArray(values) ? [values] : [];
    } catch {
      return [];
    }
  });
}
