/** What an operator can do with a payment: what will happen, said beforehand, and the deed itself. */
import { showMoney } from "../console/money.tsx";
import type { ConfirmView } from "../console/views.ts";
import { REVIEW_WORDS, STATUS_WORDS } from "../console/words.ts";
import { cancelTransaction } from "../operations/cancel-transaction.ts";
import { captureTransaction } from "../operations/capture-transaction.ts";
import { OperationError } from "../operations/operation-error.ts";
import type { ActionName, Payment } from "../operations/read-payment.ts";
import { reconcileTransaction } from "../operations/reconcile-transaction.ts";
import { refundTransaction } from "../operations/refund-transaction.ts";
import { reviewTransaction } from "../operations/review-transaction.ts";
import { isolate } from "../pages/format.ts";
import type { Services } from "../services.ts";
import type { Done } from "./console-shell.ts";

/** What was filled in, checked. */
export interface Order {
  readonly actor: string;
  /** Why; empty where nobody has to say. */
  readonly note: string;
  /** Minor units; null where no sum is asked. */
  readonly amount: number | null;
  /** Of a refund: what was left when it was confirmed, and the key of that confirmation. */
  readonly expectedRest: number | null;
  readonly key: string | null;
}

export interface Deed {
  readonly title: string;
  /** What the button says. */
  readonly button: string;
  readonly dangerous: boolean;
  readonly needsNote: boolean;
  /** The largest sum that can be asked for; null where none is. */
  maxAmount(payment: Payment): number | null;
  sentences(payment: Payment, gateway: string): readonly string[];
  /** @returns what came of it @throws OperationError */
  perform(services: Services, payment: Payment, order: Order): Promise<Done>;
}

const noAmount = () => null;
const originOf = ({ actor, note }: Order) => ({ source: "operator", actor, note }) as const;

export const DEEDS: Readonly<Record<ActionName, Deed>> = {
  check: {
    title: "Ask the gateway now",
    button: "Ask now",
    dangerous: false,
    needsNote: false,
    maxAmount: noAmount,
    sentences: (_, gateway) => [
      `${gateway} is asked how this payment stands, and its answer is applied as if a webhook had brought it.`,
      "Where its time has run out and nobody paid, the page is closed and the payment expires.",
    ],
    perform: (services, { loaded }) => reconcileTransaction(services, loaded.transaction.id, "operator"),
  },
  cancel: {
    title: "Cancel this payment",
    button: "Cancel the payment",
    dangerous: true,
    needsNote: true,
    maxAmount: noAmount,
    sentences: ({ loaded }, gateway) => [
      loaded.transaction.status === "authorized"
        ? `The held ${sumOf(loaded.transaction)} is let go at ${gateway}: it can never be captured then.`
        : `The payment page is closed at ${gateway}, so that nobody can pay there any more.`,
      "Then the payment is canceled here, and the shop and the buyer’s page are told.",
      "If the money has come in the meantime, it is not canceled: what the gateway says counts.",
    ],
    perform: async (services, { loaded }, order) => {
      await cancelTransaction(services, loaded.transaction.id, originOf(order));
      return "canceled";
    },
  },
  capture: {
    title: "Capture the held money",
    button: "Capture",
    dangerous: false,
    needsNote: false,
    maxAmount: ({ loaded }) => loaded.transaction.amount,
    sentences: ({ loaded }, gateway) => [
      `${gateway} takes the sum below of the ${sumOf(loaded.transaction)} that it holds, and lets the rest go.`,
      "Then the payment is paid, and the shop is told to fulfil. It can be refunded, and never captured again.",
    ],
    perform: async (services, { loaded }, order) => {
      await captureTransaction(services, loaded.transaction.id, order.amount, originOf(order));
      return "captured";
    },
  },
  refund: {
    title: "Refund",
    button: "Continue",
    dangerous: false,
    needsNote: true,
    maxAmount: ({ rest }) => rest,
    sentences: ({ loaded, rest }) => {
      const { amountCaptured, currency } = loaded.transaction;
      const left = `Of ${showMoney(amountCaptured, currency)}, ${showMoney(rest, currency)} is left to give back.`;
      return [left, "Nothing happens yet: the next page says what will, and asks once more."];
    },
    perform: refund,
  },
  accept: {
    title: "Accept this payment",
    button: "Accept and fulfil",
    dangerous: false,
    needsNote: true,
    maxAmount: noAmount,
    sentences: (payment, gateway) => [
      `It is in review: ${reasonOf(payment)}.`,
      "Accepted, it counts as paid as it is: the shop is told to fulfil, and the buyer sees that it is paid.",
      `${gateway} is asked once more first; if it says that the money is not there, nothing is done.`,
    ],
    perform: (services, payment, order) => decide(services, payment, order, "accepted"),
  },
  reject: {
    title: "Reject this payment",
    button: "Reject and give back",
    dangerous: true,
    needsNote: true,
    maxAmount: noAmount,
    sentences: (payment, gateway) => [
      `It is in review: ${reasonOf(payment)}.`,
      `Rejected, it is called off, and whatever ${gateway} holds of it goes back to the buyer at once.`,
      "The shop is told that it is canceled. This cannot be undone.",
    ],
    perform: (services, payment, order) => decide(services, payment, order, "declined"),
  },
};

/** The second step of a refund: what the button does, to the cent. */
export function refundSentences({ loaded, rest }: Payment, gateway: string, amount: number): string[] {
  const { currency, orderId } = loaded.transaction;
  const left = rest - amount;
  return [
    `${showMoney(amount, currency)} goes back to the buyer of order ${isolate(orderId)} through ${gateway}.`,
    left > 0
      ? `${showMoney(left, currency)} stays, and can be refunded later.`
      : "That is all that is left of it: nothing stays.",
    "It cannot be taken back. It is repeated until the gateway has done it, and done once.",
  ];
}

/** Why it makes no sense as the payment stands. */
export function whyNot(name: ActionName, { loaded, rest, isArchived }: Payment, gateway: string): string {
  const { status } = loaded.transaction;
  if (isArchived) {
    return `The payment is archived: it can only be read. What is still to be done, do at ${gateway}.`;
  }
  if (name === "refund" && status === "succeeded") {
    return rest === 0
      ? "Nothing is left to give back."
      : `${gateway} cannot refund by its API: give the money back there.`;
  }
  if (name === "capture" && status === "authorized") {
    return `${gateway} cannot capture by its API: do it there.`;
  }
  return name === "check"
    ? `${gateway} is not configured any more, so it cannot be asked.`
    : `The payment is ${STATUS_WORDS[status].toLowerCase()} by now.`;
}

/** Why an operation has refused, for a person. @param payment as it is now */
export function wordsOfRefusal({ code, message }: OperationError, { loaded, rest }: Payment): string {
  return code === "refund_exceeds_rest"
    ? `Meanwhile this has changed: ${showMoney(rest, loaded.transaction.currency)} is left to give back.`
    : message;
}

async function refund(services: Services, { loaded }: Payment, order: Order): Promise<Done> {
  const { actor, note, amount, expectedRest, key } = order;
  const { refund: done, created } = await refundTransaction(services, loaded.transaction.id, {
    ...{ amount, expectedRest, actor, reason: note, source: "operator" },
    idempotencyKey: key === null ? null : `console ${key}`,
  });
  if (done.status === "failed") {
    throw new OperationError("gateway_rejected", `The gateway could not give it back: ${done.failureCode}.`);
  }
  if (done.status === "pending") {
    return "refunding";
  }
  // The record must not count one refund twice.
  return created ? "refunded" : "repeated";
}

async function decide(
  services: Services,
  { loaded }: Payment,
  order: Order,
  kind: "accepted" | "declined",
): Promise<Done> {
  await reviewTransaction(services, loaded.transaction.id, { ...originOf(order), kind });
  return kind === "accepted" ? "accepted" : "rejected";
}

function sumOf({ amount, currency }: Payment["loaded"]["transaction"]): string {
  return showMoney(amount, currency);
}

function reasonOf({ loaded }: Payment): string {
  const { reviewReason } = loaded.transaction;
  const words = reviewReason === null ? "a person must decide" : REVIEW_WORDS[reviewReason];
  return words.charAt(0).toLowerCase() + words.slice(1);
}

/** The question that every deed's record wants answered. */
export const WHY = { label: "Why?", value: "", required: false, error: null } as const;

/** A confirmation with nothing to fill in but why. */
export const PLAIN: Pick<ConfirmView, "hidden" | "amount" | "note" | "step" | "problem" | "dangerous"> = {
  hidden: {},
  amount: null,
  note: WHY,
  step: null,
  problem: null,
  dangerous: false,
};
