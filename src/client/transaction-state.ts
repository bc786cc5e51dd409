/**
 * The one shape in which the library hands out a transaction's state, wherever it came from.
 * It trusts nothing that it reads: a captive portal answers 200 too.
 */
import type { StatusUpdate, TransactionStatus } from "../channel/message.ts";

export type { TransactionStatus };

/**
 * A transaction at one version, with the wire's field names: `{transaction_id, status, version, final, amount,
 * currency, late}`. `amount` is an integer in the minor unit of `currency` (`1999 USD` is $19.99). `final` states
 * may still change (late money, see `late`), always with a higher `version`.
 */
export type TransactionState = Omit<StatusUpdate, "type" | "occurred_at">;

/** What is needed to look at one transaction. */
export interface TransactionTarget {
  /** Base URL of the Worker, e.g. `https://pay.example.com`; a trailing slash does no harm. */
  readonly url: string;
  /** `txn_…` */
  readonly id: string;
  /** The transaction's `client_secret`: worth its public view, never an API key. */
  readonly clientSecret: string;
}

/** Reads a socket's message or the answer of `GET /transactions/:id`; undefined if it is neither. */
export function toState(body: unknown): TransactionState | undefined {
  const {
    id,
    transaction_id = id,
    status,
    version,
    final,
    amount,
    currency,
    late,
  } = (body ?? {}) as Partial<StatusUpdate & { id: string }>;
  return transaction_id && status && version && Number.isSafeInteger(version)
    ? ({ transaction_id, status, version, final, amount, currency, late } as TransactionState)
    : undefined;
}

/** The address of the transaction at the Worker. */
export function transactionUrl({ url, id }: TransactionTarget): string {
  return `${url.replace(/\/+$/, "")}/transactions/${encodeURIComponent(id)}`;
}

/** The header that shows the client secret. */
export function bearer({ clientSecret }: TransactionTarget): { Authorization: string } {
  return { Authorization: `Bearer ${clientSecret}` };
}
