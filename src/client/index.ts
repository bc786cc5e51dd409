/**
 * The browser client library of payment-edge: all that a shop's page or app may import from /client.js.
 * Nothing runs on import.
 */
export { type GuardOptions, guardNavigation } from "./guard-navigation.ts";
export {
  forgetPending,
  type PendingPayment,
  type ResumedPayment,
  rememberPending,
  resumePending,
} from "./resume-pending.ts";
export type { TransactionState, TransactionStatus, TransactionTarget } from "./transaction-state.ts";
export {
  TransactionRefusedError,
  type TransactionWatch,
  type WatchOptions,
  watchTransaction,
} from "./watch-transaction.ts";
