/** English. */
import type { StatusTexts } from "../status-texts.ts";

const REFUND_TIME = "Banks usually need some days to show a refund: it goes back the way you paid.";
const ASK = "For questions, ask the shop and name the reference.";
const PAID =
  "If you have already paid, please do not pay again: this page changes by itself as soon as we know.";
const RESERVED = "Your bank may show the amount as reserved for a while. That goes away by itself.";
const AFTER_ALL = "Should a payment come through after all, we will notice, tell the shop, and say so here.";

export const english: StatusTexts = {
  language: "en",
  direction: "ltr",
  states: {
    pending: {
      title: "Waiting for your payment",
      lead: "Continue to the payment page to pay {amount}.",
      notes: [
        "While you are paying, please do not close the browser or go back: wait until you are brought back here.",
        PAID,
      ],
    },
    confirming: {
      title: "Confirming your payment",
      lead: "We are waiting for the payment service to confirm {amount}. That usually takes some seconds.",
      notes: [PAID, "Did you leave the payment page before you had paid? Then you can continue there."],
    },
    overdue: {
      title: "The time to pay is over",
      lead: "Please do not start to pay now. We are asking the payment service whether you have already paid.",
      notes: [PAID, "If you have not, the payment is called off and you can order again in the shop."],
    },
    processing: {
      title: "Your payment is on its way",
      lead: "Your bank usually needs up to five working days to confirm {amount}, often only minutes. Please do not pay again.",
      notes: [
        "You have done your part. The shop is told as soon as the money is confirmed.",
        "Should your bank refuse the payment, this page says so, and you can pay in another way.",
      ],
    },
    authorized: {
      title: "Your payment is reserved",
      lead: "{amount} is set aside for the shop and has not been collected yet. You do not have to do anything.",
      notes: [
        "The shop will collect the money, usually when your order is ready.",
        "If it does not, your bank releases the money to you again.",
      ],
    },
    succeeded: {
      title: "Paid. Thank you!",
      lead: "Your payment of {amount} is complete, and the shop is being told.",
      notes: ["There is nothing more to pay. You may close this page.", ASK],
    },
    late: {
      title: "Your payment arrived late",
      lead: "Your payment of {amount} arrived after the time had run out. The shop is being told.",
      notes: [
        "Please do not pay again: the shop decides whether it still fulfils your order or sends the money back.",
        ASK,
      ],
    },
    partlyRefunded: {
      title: "Paid, and refunded in part",
      lead: "The shop has sent {refunded} of your payment of {amount} back to you.",
      notes: [REFUND_TIME, ASK],
    },
    refunded: {
      title: "Refunded in full",
      lead: "The shop has sent your payment of {refunded} back to you.",
      notes: [REFUND_TIME, ASK],
    },
    returning: {
      title: "Your money is coming back",
      lead: "This payment was called off after you had paid. What you paid is being sent back to you.",
      notes: [REFUND_TIME, ASK],
    },
    returned: {
      title: "Your money was sent back",
      lead: "This payment was called off, and {refunded} was sent back to you.",
      notes: [REFUND_TIME, ASK],
    },
    failed: {
      title: "The payment failed",
      lead: "No money was taken. You can go back to the shop and try again, perhaps with another way to pay.",
      notes: [RESERVED, AFTER_ALL],
    },
    canceled: {
      title: "The payment was canceled",
      lead: "No money was taken. If you still want what you ordered, you can pay anew from the shop.",
      notes: [RESERVED, AFTER_ALL],
    },
    expired: {
      title: "The time to pay ran out",
      lead: "Nothing was paid, and no money was taken. You can order again in the shop.",
      notes: [
        AFTER_ALL,
        "An old payment page that is still open can be closed: please do not pay there any more.",
      ],
    },
    review: {
      title: "Checking your payment",
      lead: "We have your payment on record, and a person is checking it. You do not have to do anything. Please do not pay again.",
      notes: ["If you have paid, your money is not lost: you get what you ordered, or your money back.", ASK],
    },
  },
  messages: {
    notFound: {
      title: "We cannot find this payment",
      text: "The link may be incomplete. Please open it again from the shop or from the message that brought you here. No payment is changed by this.",
    },
    trouble: {
      title: "Something went wrong",
      text: "We are on it. Your payment is not affected: please do not pay again. This page tries again by itself.",
    },
  },
  next: "What happens next",
  comeBack: "You can come back to this page by its link at any time.",
  pay: "Continue to payment",
  check: "Check payment status",
  back: "Back to the shop",
  again: "Try again in the shop",
  close: "You may close this page.",
  offline: "No connection. We keep trying; your payment is not affected.",
  online: "The connection is back.",
  unchanged: "No news yet. This page changes by itself.",
  amount: "Amount",
  description: "For",
  refunded: "Refunded",
  started: "Started",
  timeToPay: "Time to pay",
  until: "until {time}",
  endedAt: "ended {time}",
  reference: "Reference",
};
