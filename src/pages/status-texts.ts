/**
 * Every word of the buyer's pages, one object a language; a missing text is a type error.
 * Plain words, and nothing that the status does not prove: a buyer acts on what stands here.
 */
import type { PageState } from "./status-view.ts";

/** `{amount}` and `{refunded}` stand for formatted money. */
export interface StateTexts {
  /** The heading and the document's title; about 28 characters fit on one line of a phone. */
  readonly title: string;
  readonly lead: string;
  /** What happens next, one sentence or two each. */
  readonly notes: readonly string[];
  /** On the link to the shop. */
  readonly back: string;
}

/** A page that has no payment to show. */
export interface MessageTexts {
  readonly title: string;
  readonly text: string;
}

export interface StatusTexts {
  /** BCP 47, the language of these texts. */
  readonly language: string;
  readonly direction: "ltr" | "rtl";
  readonly states: Readonly<Record<PageState, StateTexts>>;
  readonly messages: Readonly<Record<"notFound" | "trouble", MessageTexts>>;
  readonly next: string;
  readonly pay: string;
  readonly check: string;
  readonly close: string;
  /** Shown while the page cannot hear from us. */
  readonly offline: string;
  readonly amount: string;
  readonly description: string;
  readonly refunded: string;
  readonly started: string;
  readonly timeToPay: string;
  /** `{time}` stands for a moment, as in the next one. */
  readonly until: string;
  readonly endedAt: string;
  readonly reference: string;
}

const BACK = "Back to the shop";
const REFUND_TIME = "Banks usually need some days to show a refund: it goes back the way you paid.";
const REFUND_QUESTIONS = "For questions about the refund, ask the shop and name the reference.";

export const english: StatusTexts = {
  language: "en",
  direction: "ltr",
  states: {
    pending: {
      title: "Waiting for your payment",
      lead: "Continue to the payment page to pay {amount}. Once you have paid, this page changes by itself.",
      notes: [
        "While you are paying, please do not close the browser or go back. Wait until you are brought back here.",
        "Already paid? The payment service tells us within seconds. There is no need to pay again.",
        "You may keep this page open, or come back by its link at any time.",
      ],
      back: BACK,
    },
    confirming: {
      title: "Confirming your payment",
      lead: "We are waiting for the payment service to confirm {amount}. That usually takes some seconds.",
      notes: [
        "This page changes by itself. If you have paid, please do not pay again.",
        "Did you leave the payment page before you had paid? Then you can continue there.",
        "You may keep this page open, or come back by its link at any time.",
      ],
      back: BACK,
    },
    overdue: {
      title: "The time to pay is over",
      lead: "Please do not start to pay now. We are asking the payment service whether you have already paid.",
      notes: [
        "If you have paid, this page will say so as soon as the payment service confirms it.",
        "If you have not, the payment is called off and you can order again in the shop.",
      ],
      back: BACK,
    },
    processing: {
      title: "Your payment is on its way",
      lead: "Your bank is still confirming it. That can take from some minutes to some days. Please do not pay again.",
      notes: [
        "You have done your part. The shop is told as soon as the money is confirmed.",
        "You may close this page and come back by its link at any time.",
      ],
      back: BACK,
    },
    authorized: {
      title: "Your payment is reserved",
      lead: "{amount} is set aside for the shop and has not been collected yet. You do not have to do anything.",
      notes: [
        "The shop will collect the money, usually when your order is ready.",
        "If it does not, your bank releases the money to you again.",
      ],
      back: BACK,
    },
    succeeded: {
      title: "Paid. Thank you!",
      lead: "Your payment of {amount} is complete, and the shop has been told.",
      notes: [
        "There is nothing more to pay. You may close this page.",
        "Keep the reference: it helps the shop to find your payment.",
      ],
      back: BACK,
    },
    late: {
      title: "Your payment arrived late",
      lead: "Your payment of {amount} arrived after the time had run out. The shop has been told.",
      notes: [
        "Please do not pay again. The money is not lost.",
        "The shop decides whether it still fulfils your order or sends the money back. Ask it and name the reference.",
      ],
      back: BACK,
    },
    partlyRefunded: {
      title: "Paid, and refunded in part",
      lead: "The shop has sent {refunded} of your payment of {amount} back to you.",
      notes: [REFUND_TIME, REFUND_QUESTIONS],
      back: BACK,
    },
    refunded: {
      title: "Refunded in full",
      lead: "The shop has sent your payment of {refunded} back to you.",
      notes: [REFUND_TIME, REFUND_QUESTIONS],
      back: BACK,
    },
    returning: {
      title: "Your money is coming back",
      lead: "This payment was called off after you had paid. What you paid is being sent back to you.",
      notes: [REFUND_TIME, REFUND_QUESTIONS],
      back: BACK,
    },
    returned: {
      title: "Your money was sent back",
      lead: "This payment was called off, and {refunded} was sent back to you.",
      notes: [REFUND_TIME, REFUND_QUESTIONS],
      back: BACK,
    },
    failed: {
      title: "The payment failed",
      lead: "No money was taken. You can go back to the shop and try again, perhaps with another way to pay.",
      notes: [
        "Your bank may show the amount as reserved for a while. It lets go of it by itself.",
        "Should the payment come through after all, we will notice and tell the shop.",
      ],
      back: "Try again in the shop",
    },
    canceled: {
      title: "The payment was canceled",
      lead: "No money was taken. If you still want what you ordered, you can pay anew from the shop.",
      notes: [
        "There is nothing to undo. You may close this page.",
        "Should a payment come through after all, we will notice and tell the shop.",
      ],
      back: BACK,
    },
    expired: {
      title: "The time to pay ran out",
      lead: "Nothing was paid, and no money was taken. You can order again in the shop.",
      notes: [
        "Did you pay in the meantime? We will notice, tell the shop, and say so here.",
        "An old payment page that is still open can be closed: please do not pay there any more.",
      ],
      back: "Try again in the shop",
    },
    review: {
      title: "Checking your payment",
      lead: "We have it on record, and a person is looking at it. You do not have to do anything. Please do not pay again.",
      notes: [
        "Your money is not lost: you get what you ordered, or your money back.",
        "This page changes by itself once it is decided. You may close it and come back by its link.",
      ],
      back: BACK,
    },
  },
  messages: {
    notFound: {
      title: "We cannot find this payment",
      text: "The link may be incomplete. Please open it again from the shop or from the message that brought you here. No payment is changed by this.",
    },
    trouble: {
      title: "Something went wrong",
      text: "We are on it. Your payment is not affected: please do not pay again, and open this page anew in some minutes.",
    },
  },
  next: "What happens next",
  pay: "Continue to payment",
  check: "Check payment status",
  close: "You may close this page.",
  offline: "No connection. We keep trying; your payment is not affected.",
  amount: "Amount",
  description: "For",
  refunded: "Refunded",
  started: "Started",
  timeToPay: "Time to pay",
  until: "until {time}",
  endedAt: "ended {time}",
  reference: "Reference",
};

/** The texts for a locale; English is the only language yet. */
export function textsFor(_locale: string): StatusTexts {
  return english;
}

/** Puts values in the place of `{names}`, in one pass: what a value contains is never read as a name. */
export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
