/** Where an order stands, in words that its buyer understands. */
import type { Order } from "./demo-order.ts";
import type { Transaction } from "./payments-api.ts";

export interface Headline {
  /** One for each look, and for each set of hints. */
  readonly tone: string;
  readonly title: string;
  readonly text: string;
}

const BY_STATUS: Record<string, Omit<Headline, "tone">> = {
  pending: { title: "Waiting for your payment", text: "We have put your coffee aside." },
  processing: {
    title: "Your payment is on its way",
    text: "The bank has it. You may close this page; nothing is lost.",
  },
  authorized: {
    title: "Your payment is held",
    text: "The bank has set the money aside. We take it when we pack your parcel.",
  },
  succeeded: { title: "Paid. Thank you!", text: "The roaster gets word any moment." },
  failed: { title: "The payment did not work", text: "Nothing was charged. You can try again." },
  canceled: { title: "The payment was cancelled", text: "You pay nothing. Your order is still here." },
  expired: { title: "Time ran out", text: "Nothing was charged. You can start again." },
  review: {
    title: "We are checking this payment",
    text: "Money came, but not as asked. A person looks at it, and you need do nothing.",
  },
};
const NOT_PAID = { tone: "pending", title: "Not paid yet", text: "We have put your coffee aside." };
const OVERDUE = {
  tone: "overdue",
  title: "The time to pay is over",
  text: "We are asking the bank whether you have paid. Within a minute we know.",
};
const FULFILLED = {
  tone: "fulfilled",
  title: "Fulfilled: your parcel is packed",
  text: "It leaves with the next tide.",
};
const LATE_TEXT = "Your money came after the end, and it counts all the same.";

/** @param transaction null when there is none yet, or when it cannot be read now */
export function headlineOf(order: Order, transaction: Transaction | null): Headline {
  if (transaction && transaction.amount_refunded > 0) {
    return givenBack(transaction);
  }
  if (order.fulfilled_at !== null) {
    return transaction?.late ? { ...FULFILLED, text: LATE_TEXT } : FULFILLED;
  }
  if (transaction?.status === "pending" && transaction.payment_url === null) {
    return OVERDUE;
  }
  const known = transaction && BY_STATUS[transaction.status];
  return known ? { ...known, tone: transaction.status } : NOT_PAID;
}

function givenBack({ amount_captured, amount_refunded }: Transaction): Headline {
  return amount_refunded >= amount_captured
    ? { tone: "refunded", title: "Your money is back", text: "The shop has given all of it back." }
    : {
        tone: "fulfilled",
        title: "A part of your money is back",
        text: "The rest has paid for your parcel.",
      };
}
