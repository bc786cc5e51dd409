/** What `<payment-status>` says where the shop gives no words of its own. */
import type { TransactionStatus } from "./transaction-state.ts";

/** `unknown`: nothing is known yet. `refused`: the server does not know this transaction by this secret. */
export type ShownStatus = TransactionStatus | "unknown" | "refused";

export const TEXTS: Readonly<Record<ShownStatus, string>> = {
  unknown: "Checking your payment…",
  pending: "Waiting for your payment.",
  processing: "Your payment is on its way.",
  authorized: "Your payment is approved.",
  succeeded: "Your payment has arrived. Thank you!",
  failed: "The payment did not go through. No money was taken.",
  canceled: "The payment was canceled.",
  expired: "The time to pay is over. No money was taken.",
  review: "We are checking your payment and will tell you the result.",
  refused: "This payment was not found.",
};
