/** What is in D1, by a digest of each table: whatever was refused must have left it as it was. */
import { dumpTables } from "../support/system.ts";

/**
 * What a refusal may leave behind, at most a row a minute for a gateway, and one for an address: when the last webhook
 * was refused, and how often a password was tried.
 */
const NOTES = ["gateway_health", "sign_in_attempts"];

export async function digestTables(): Promise<Record<string, string>> {
  const tables = JSON.parse(await dumpTables()) as [name: string, rows: unknown[]][];
  const digests = tables
    .filter(([name]) => !NOTES.includes(name))
    .map(async ([name, rows]) => {
      const bytes = new TextEncoder().encode(JSON.stringify(rows));
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toBase64();
      return [name, `${rows.length} rows, ${digest}`] as const;
    });
  return Object.fromEntries(await Promise.all(digests));
}
