/** A transaction's version as its ETag. */

export function toEtag(version: number): string {
  return `"${version}"`;
}

export function matchesEtag(header: string | undefined, etag: string): boolean {
  const tags = (header ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}
