/**
 * What the buyer's status page is told, and which of its faces that makes.
 * Data only: everything here is already allowed to be seen by whoever holds the client secret.
 */
import type { Status } from "../transactions/transaction.ts";

export interface StatusView {
  readonly id: string;
  readonly clientSecret: string;
  readonly status: Status;
  readonly version: number;
  /** No further change is expected, though one may still come. */
  readonly final: boolean;
  /** What was paid, or is to be; minor units of `currency`. */
  readonly amount: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
  readonly description: string | null;
  /** The money came after the end of the transaction. */
  readonly late: boolean;
  /** Minor units of `currency`. */
  readonly amountRefunded: number;
  /** It was called off after money had come, which is on its way back. */
  readonly returning: boolean;
  /** Epoch milliseconds, as are the next two. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly now: number;
  readonly paymentUrl: string | null;
  /** The buyer has just come back from the payment page. */
  readonly returned: boolean;
  /** Already carries what the shop needs to know about the outcome. */
  readonly returnUrl: string | null;
  /** What `chooseLocale` gave: BCP 47. */
  readonly locale: string;
  /** What the address asks for, and so every link to this page has to; null where it asks for nothing. */
  readonly askedLocale: string | null;
}

/** A status, or what has to be said instead of it so that the page stays true. */
export type PageState =
  | Status
  | "confirming"
  | "overdue"
  | "late"
  | "refunded"
  | "partlyRefunded"
  | "returning"
  | "returned";

export function pageStateOf(view: StatusView): PageState {
  if (view.status === "pending") {
    const payable = view.returned ? "confirming" : "pending";
    return view.now >= view.expiresAt ? "overdue" : payable;
  }
  if (view.status === "succeeded") {
    return succeededStateOf(view);
  }
  // "No money was taken" would be a lie about money that was taken and sent back.
  if (view.returning) {
    return "returning";
  }
  return view.final && view.amountRefunded > 0 ? "returned" : view.status;
}

function succeededStateOf(view: StatusView): PageState {
  if (view.amountRefunded >= view.amount) {
    return "refunded";
  }
  if (view.amountRefunded > 0) {
    return "partlyRefunded";
  }
  return view.late ? "late" : "succeeded";
}
