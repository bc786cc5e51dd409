/** The connection, and what D1's errors mean. A driver's error carries parameters in its message: it stops here. */
import { DrizzleQueryError } from "drizzle-orm";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import type { ReliableD1 } from "./reliable-d1.ts";
import { StoreError } from "./store-error.ts";

export type Database = DrizzleD1Database;

export function connect(d1: ReliableD1): Database {
  return drizzle(d1);
}

/** A unique index or a primary key; or a payment that an event is of, which is not there any more. */
const CONFLICT = /UNIQUE constraint failed|NOT NULL constraint failed: events\.transaction_id/;

/**
 * Runs a query.
 * @returns "conflict" when a primary key or a unique index refused it, or what it is about is gone: somebody was first
 * @throws StoreError
 */
export async function attempt<T>(query: PromiseLike<T>): Promise<T | "conflict"> {
  try {
    return await query;
  } catch (error) {
    if (CONFLICT.test(messages(error))) {
      return "conflict";
    }
    throw new StoreError(errorCode(messages(error)));
  }
}

/**
 * Runs a query that nothing can conflict with.
 * @throws StoreError
 */
export async function run<T>(query: PromiseLike<T>): Promise<T> {
  const result = await attempt(query);
  if (result === "conflict") {
    throw new StoreError("unexpected conflict");
  }
  return result;
}

/** D1's own words alone: what the driver adds are the statement and its parameters. */
function messages(error: unknown): string {
  if (error instanceof DrizzleQueryError) {
    return messages(error.cause);
  }
  return error instanceof Error ? `${error.message}\n${messages(error.cause)}` : "";
}

/** A short name for what went wrong. */
function errorCode(text: string): string {
  return /D1_[A-Z_]+: [^\n:]{0,80}|SQLITE_[A-Z_]+/.exec(text)?.[0] ?? "the database did not answer";
}
