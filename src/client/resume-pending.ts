/**
 * Remembers unfinished payments in this browser, so that "check payment status" works after it was closed.
 * Storage is a convenience: absent, full or broken, it must never stand in the way of a payment.
 */
import { fetchTransaction, isRefusal } from "./fetch-transaction.ts";
import type { TransactionState } from "./transaction-state.ts";

const KEY = "payment-edge.pending";
/** As long as the server watches for late money. */
const KEEP_AFTER_EXPIRY_MS = 72 * 3_600_000;

export interface PendingPayment {
  readonly id: string;
  readonly clientSecret: string;
  /** The transaction's `status_url`, to send the buyer to. */
  readonly statusUrl: string;
  /** The transaction's `expires_at` (RFC 3339), or epoch ms. Without a readable one, now is taken. */
  readonly expiresAt: string | number;
  /** What the buyer knows it by, e.g. "Order 1234". */
  readonly label?: string;
}

export interface ResumedPayment extends PendingPayment {
  /** Epoch ms. */
  readonly expiresAt: number;
  /** The present state; null if the server could not be asked (offline). */
  readonly state: TransactionState | null;
}

type StoredPayment = Omit<ResumedPayment, "state">;

/** Remembers a payment, in place of one with the same id, until 72 h after its expiry. Never throws. */
export function rememberPending(payment: PendingPayment): void {
  const { id, clientSecret, statusUrl, label } = payment;
  const expiresAt = new Date(payment.expiresAt).getTime() || Date.now();
  const stored = { id, clientSecret, statusUrl, expiresAt, ...(label !== undefined && { label }) };
  write([...read().filter((other) => other.id !== id), stored]);
}

/** Forgets a payment; one that is not remembered is no error. Never throws. */
export function forgetPending(id: string): void {
  const all = read();
  const others = all.filter((other) => other.id !== id);
  if (others.length < all.length) {
    write(others);
  }
}

/**
 * The remembered payments with their present state, oldest first. One that is final is returned this once and
 * forgotten; one that the server does not know is forgotten and left out. Never rejects.
 * `url`: base URL of the Worker; by default, where each payment's status page is.
 */
export async function resumePending({ url }: { readonly url?: string } = {}): Promise<ResumedPayment[]> {
  const looks = await Promise.all(read().map((payment) => look(payment, url)));
  return looks.filter((payment) => payment !== undefined);
}

async function look(payment: StoredPayment, url?: string): Promise<ResumedPayment | undefined> {
  const target = { ...payment, url: url ?? payment.statusUrl.replace(/\/status\/.*/, "") };
  const answer = await fetchTransaction(target).catch(() => undefined);
  const refused = isRefusal(answer?.status);
  if (refused || answer?.state?.final) {
    forgetPending(payment.id);
  }
  return refused ? undefined : { ...payment, state: answer?.state ?? null };
}

function read(): StoredPayment[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return (stored as unknown[]).filter(isAlive);
  } catch {
    return [];
  }
}

function isAlive(entry: unknown): entry is StoredPayment {
  const { id, clientSecret, statusUrl, expiresAt } = (entry ?? {}) as Partial<StoredPayment>;
  return (
    [id, clientSecret, statusUrl].every((text) => typeof text === "string") &&
    Date.now() < Number(expiresAt) + KEEP_AFTER_EXPIRY_MS
  );
}

function write(payments: StoredPayment[]): void {
  try {
    if (payments.length > 0) {
      localStorage.setItem(KEY, JSON.stringify(payments));
    } else {
      localStorage.removeItem(KEY);
    }
  } catch {
    // Unavailable or full.
  }
}
