/** What a transaction is: one attempt to collect one amount for one order through one gateway. */

export const STATUSES = [
  "pending",
  "processing",
  "authorized",
  "succeeded",
  "failed",
  "canceled",
  "expired",
  "review",
] as const;
export type Status = (typeof STATUSES)[number];

/** Why a person must decide. */
export type ReviewReason =
  | "wrong_amount"
  | "wrong_currency"
  | "wrong_mode"
  | "duplicate_payment"
  | "late_payment"
  | "gateway_silent"
  /** Called off here, while the gateway will not give the money back. */
  | "refund_failed";

/** Real money, or a gateway's play money. */
export type Mode = "live" | "test";

/** A chargeback, as it stands. */
export type Dispute = "open" | "won" | "lost";

export interface Failure {
  /** Snake case, e.g. "card_declined"; a gateway's own code where it gives one. */
  readonly code: string;
  /** Our words: a vendor's message never travels. */
  readonly message: string;
}

export interface Transaction {
  readonly id: string;
  /** The shop's own name for what is being paid. */
  readonly orderId: string;
  /** The adapter's id: "sandbox", "stripe", … */
  readonly gateway: string;
  readonly status: Status;
  /** 0 until the gateway has answered, then one more for each visible change. */
  readonly version: number;
  /** What is to be collected, in minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly amountCaptured: number;
  readonly amountRefunded: number;
  readonly capture: "automatic" | "manual";
  /** What the shop has asked to capture of held money, until that is done; null: all of it, whenever it comes. */
  readonly capturing: number | null;
  /** The gateway's own id of the session or payment. */
  readonly gatewayReference: string | null;
  /** Where the buyer pays, as the gateway gave it. */
  readonly paymentUrl: string | null;
  readonly returnUrl: string | null;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly failure: Failure | null;
  /** The money came after the end. */
  readonly late: boolean;
  readonly reviewReason: ReviewReason | null;
  readonly dispute: Dispute | null;
  /** As the gateway said when it opened the session; null: it did not. */
  readonly mode: Mode | null;
  /** Epoch milliseconds, as all times. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number;
  /** When the cron looks at it next; null: never again. */
  readonly nextCheckAt: number | null;
  /** Since when the gateway has not answered; null: it answered the last time. */
  readonly silentSince: number | null;
}

/** Statuses in which the order's one open place is taken. */
export function isOpen(status: Status): boolean {
  return status === "pending" || status === "processing" || status === "authorized";
}

/** Over, as far as the buyer is concerned; late money may still change it. */
export function isFinal(status: Status): boolean {
  return status === "succeeded" || status === "failed" || status === "canceled" || status === "expired";
}

/** The failure code of a transaction that the gateway refused to open. */
export const GATEWAY_REJECTED = "gateway_rejected";

/** The gateway refused to open it: there never was a session that money could come through. */
export function wasRejected({ status, failure, paymentUrl }: Transaction): boolean {
  return status === "failed" && failure?.code === GATEWAY_REJECTED && paymentUrl === null;
}
