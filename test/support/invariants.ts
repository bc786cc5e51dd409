/** What must hold in D1 whatever happened: read from a dump after a scenario. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";

interface TransactionRow {
  id: string;
  order_id: string;
  status: string;
  version: number;
  slot: string;
  next_check_at: number | null;
}

interface Place {
  transaction_id: string;
  version: number;
}

export async function checkInvariants(): Promise<void> {
  const dump = async <T>(table: string) => (await env.DB.prepare(`SELECT * FROM ${table}`).all<T>()).results;
  const transactions = await dump<TransactionRow>("transactions");
  const events = await dump<Place & { type: string; status: string }>("events");
  const deliveries = await dump<Place & { type: string }>("deliveries");
  for (const { id, version, status, next_check_at } of transactions) {
    const history = events
      .filter((event) => event.transaction_id === id)
      .sort((a, b) => a.version - b.version);
    expect(
      history.map((event) => event.version),
      "a history without gaps",
    ).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    expect(version === 0 || history.at(-1)?.status === status, "the row is its history's projection").toBe(
      true,
    );
    const fulfilled = deliveries.filter(
      (delivery) => delivery.transaction_id === id && delivery.type === "transaction.succeeded",
    );
    const succeeded = history.some((event) => event.type === "transaction.succeeded");
    expect(fulfilled.length, "one fulfilment for a success, none without").toBe(succeeded ? 1 : 0);
    const open = ["pending", "processing", "authorized"].includes(status);
    expect(!open || next_check_at !== null, "what is open is looked at again").toBe(true);
  }
  const known = new Set(transactions.map(({ id }) => id));
  expect(
    events.filter((event) => !known.has(event.transaction_id)),
    "no orphaned event",
  ).toEqual([]);
  expect(
    deliveries.filter((delivery) => !known.has(delivery.transaction_id)),
    "no orphaned delivery",
  ).toEqual([]);
}
