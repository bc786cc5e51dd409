/**
 * Why a payment is as it is, in one sentence or two, from the policy's own reasons: which side said so, when, and what
 * comes next.
 */
import type { Payment } from "../operations/read-payment.ts";
import type { Source } from "../transactions/event.ts";
import {
  type Failure,
  GATEWAY_REJECTED,
  type ReviewReason,
  type Transaction,
} from "../transactions/transaction.ts";
import { showDuration, showShort } from "./moment.tsx";
import { showMoney } from "./money.tsx";
import { wordsOfFailure } from "./words.ts";

type Move = Payment["lastMove"];

/** @param gateway its name for people @param now epoch milliseconds */
export function explain(
  { loaded, lastMove }: Pick<Payment, "loaded" | "lastMove">,
  gateway: string,
  now: number,
): string {
  const { transaction } = loaded;
  return [stateOf(loaded, lastMove, gateway, now), ...besides(transaction, loaded.refunds.pending, gateway)]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

function stateOf(
  { transaction, orderPaid }: Payment["loaded"],
  move: Move,
  gateway: string,
  now: number,
): string {
  const { status, createdAt, expiresAt } = transaction;
  const told = tell(move, gateway);
  switch (status) {
    case "pending":
      return now < expiresAt
        ? `The buyer has not paid yet, and can until ${showTime(expiresAt)}.`
        : `Its time ran out on ${showTime(expiresAt)}, but ${gateway} has not confirmed yet that nobody paid: it never expires on silence.`;
    case "processing":
      return `The buyer has finished and the money is on its way: ${told}.`;
    case "authorized":
      return transaction.capturing === null
        ? `The money is held, not taken: ${told}. Capture it, or cancel to let it go.`
        : `The money is held, and ${showMoney(transaction.capturing, transaction.currency)} of it is being captured: the cron repeats that until ${gateway} has done it.`;
    case "succeeded":
      return `It is paid: ${told}${move === null ? "" : `, ${showDuration(move.at - createdAt)} after it began`}.${late(transaction, move)}`;
    case "failed":
      return fail(transaction.failure, told, gateway);
    case "canceled":
      return `It is called off${orderPaid ? ", for another payment of its order is paid" : ""}: ${told}.`;
    case "expired":
      return move !== null && move.at < expiresAt
        ? `It expired early, and nobody had paid: ${told}.`
        : `Nobody paid before ${showTime(expiresAt)}: ${told}.`;
    case "review":
      return `${REASONS[transaction.reviewReason ?? "gateway_silent"](transaction, gateway)} A person decides: accept it and the shop fulfils, or reject it and the money goes back.`;
  }
}

function fail(failure: Failure | null, told: string, gateway: string): string {
  switch (failure?.code) {
    case GATEWAY_REJECTED:
      return `${gateway} refused to open a payment page, so nobody could pay.`;
    case "gateway_unavailable":
      return `${gateway} did not answer until the time ran out and long after, so no page was opened and nobody could pay.`;
    default:
      return `The payment failed (${wordsOfFailure(failure?.code ?? "")}) and took no money: ${told}.`;
  }
}

const REASONS: Readonly<Record<ReviewReason, (transaction: Transaction, gateway: string) => string>> = {
  wrong_amount: ({ amount, capturing, amountCaptured, currency }, gateway) =>
    // What is not taken yet is not told here.
    `${showMoney(capturing ?? amount, currency)} was asked for, and ${gateway} says ${amountCaptured > 0 ? showMoney(amountCaptured, currency) : "another sum"}.`,
  wrong_currency: ({ currency }, gateway) => `${gateway} took money in another currency than ${currency}.`,
  wrong_mode: (_, gateway) => `${gateway} speaks of test money for a live payment, or the other way round.`,
  duplicate_payment: () => "Another payment of this order is paid already, and this one took money as well.",
  late_payment: () =>
    "Money came after the end of this payment, and LATE_PAYMENT_POLICY wants a person to see it.",
  gateway_silent: (_, gateway) =>
    `${gateway} has not answered for more than a day since the time ran out, so nobody knows whether money was taken.`,
  refund_failed: (_, gateway) =>
    `It was called off, but ${gateway} will not give the money back: try again, or give it back there.`,
};

/** Who said so, and when. */
function tell(move: Move, gateway: string): string {
  if (move === null) {
    return "longer ago than its history shows";
  }
  const { source, actor, note, at } = move;
  const who = actor === null ? SAID_BY[source](gateway) : `${actor} decided so`;
  return `${who} on ${showTime(at)}${note === null ? "" : ` (“${note}”)`}`;
}

const SAID_BY: Readonly<Record<Source, (gateway: string) => string>> = {
  webhook: (gateway) => `${gateway} said so by a webhook`,
  buyer: (gateway) => `${gateway} said so when the buyer came back`,
  cron: (gateway) => `${gateway} said so when the cron asked`,
  shop: () => "the shop asked for it",
  operator: (gateway) => `${gateway} said so when an operator asked`,
};

function late({ late: isLate }: Transaction, move: Move): string {
  const isDecided = move?.statusBefore === "review";
  const kept = isDecided ? "" : ", and LATE_PAYMENT_POLICY keeps it";
  return isLate ? ` The money came after the end${kept}.` : "";
}

/** Of money that came, and is not kept. */
function returning({ status, amountCaptured, amountRefunded, currency }: Transaction): string {
  if (amountCaptured === 0 || status === "succeeded" || status === "review") {
    return "";
  }
  return amountRefunded === amountCaptured
    ? `All of ${showMoney(amountCaptured, currency)} has gone back.`
    : `${showMoney(amountCaptured - amountRefunded, currency)} is still on its way back.`;
}

function besides(transaction: Transaction, pending: number, gateway: string): string[] {
  const { status, amountRefunded, amountCaptured, currency, dispute, silentSince } = transaction;
  const isPaid = status === "succeeded" && amountRefunded > 0;
  const back = amountRefunded === amountCaptured ? "All of it" : showMoney(amountRefunded, currency);
  return [
    returning(transaction),
    isPaid ? `${back} has gone back to the buyer.` : "",
    pending > 0 && status === "succeeded" ? `${showMoney(pending, currency)} is on its way back.` : "",
    dispute === "open" ? "The buyer’s bank disputes it: answer at the gateway." : "",
    dispute === "lost" ? "A dispute about it was lost: the bank has taken the money back." : "",
    silentSince === null ? "" : `${gateway} has not answered since ${showTime(silentSince)}.`,
  ];
}

function showTime(at: number): string {
  return `${showShort(at)} UTC`;
}
