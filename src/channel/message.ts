/**
 * The wire of the status socket: the only thing that the server, the Durable Object and the browser library share.
 * Types and constants only; a change here must parse with the version before it and after it.
 */

/** The WebSocket subprotocol that the server picks. A browser offers it first, and its secret as the second. */
export const SUBPROTOCOL = "payment-edge.v1";

/** A browser's second subprotocol is this prefix and the client secret: a browser cannot set headers on a socket. */
export const SECRET_SUBPROTOCOL_PREFIX = "secret.";

/** Answered by the runtime without waking the object. */
export const PING = "ping";
export const PONG = "pong";

export type TransactionStatus =
  | "pending"
  | "processing"
  | "authorized"
  | "succeeded"
  | "failed"
  | "canceled"
  | "expired"
  | "review";

/** Server → browser: the state at one version. A client drops what is not newer than what it has. */
export interface StatusUpdate {
  readonly type: "payment_status_update";
  readonly transaction_id: string;
  readonly status: TransactionStatus;
  /** Grows by one with each visible change. */
  readonly version: number;
  /** True for succeeded, failed, canceled and expired; such a state may still change. */
  readonly final: boolean;
  /** Minor units of `currency`. */
  readonly amount: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
  /** The money came after the end of the transaction. */
  readonly late: boolean;
  /** RFC 3339, UTC: when this version came to be. */
  readonly occurred_at: string;
}

/** Browser → server: send me the present state if it is newer than this version. */
export interface SyncRequest {
  readonly type: "sync";
  readonly version: number;
}
