/** Square's orders, payments and refunds: their forms, and what they mean. An order's tenders are attempts to pay it. */
import * as z from "zod/mini";
import type { Observation, ObservedStatus } from "../transactions/observation.ts";
import { GatewayError } from "./gateway.ts";

/** A word that is not documented is a word, and no error. */
export const word = <const Words extends readonly string[]>(...words: Words) =>
  z.catch(z.enum([...words, "UNDOCUMENTED"]), "UNDOCUMENTED");
export const id = z.string().check(z.regex(/^[\w-]{1,192}$/));
const money = z.lazy(() =>
  z.object({ amount: z.int().check(z.nonnegative()), currency: z.string().check(z.length(3)) }),
);

const tender = z.lazy(() =>
  z.object({
    id,
    payment_id: z.nullish(id),
    card_details: z.optional(z.object({ status: z.optional(z.string()) })),
  }),
);

export const order = z.lazy(() =>
  z.object({
    id,
    location_id: id,
    reference_id: z.nullish(z.string()),
    version: z.optional(z.int()),
    state: word("DRAFT", "OPEN", "COMPLETED", "CANCELED"),
    total_money: money,
    total_tip_money: z.optional(money),
    tenders: z.optional(z.array(tender)),
  }),
);
export type Order = z.output<typeof order>;

export const payment = z.lazy(() =>
  z.object({
    id,
    order_id: z.optional(id),
    status: word("APPROVED", "PENDING", "COMPLETED", "CANCELED", "FAILED"),
    /** With the tip. */
    total_money: money,
    refund_ids: z.optional(z.array(id)),
  }),
);
export type Payment = z.output<typeof payment>;

export const refund = z.lazy(() =>
  z.object({
    id,
    status: word("PENDING", "COMPLETED", "REJECTED", "FAILED"),
    payment_id: z.nullish(id),
    amount_money: money,
    /** Of ours, our own id of it. */
    reason: z.nullish(z.string()),
  }),
);
export type Refund = z.output<typeof refund>;

export const link = z.lazy(() => z.object({ id, order_id: id, url: z.url({ protocol: /^https?$/ }) }));

/** An order with the attempts to pay it, and what went back of them. */
export interface Seen {
  readonly order: Order;
  readonly payments: readonly Payment[];
  readonly refunds: readonly Refund[];
}

/** What countries with Square pay in; a location takes its own country's alone. All are in ISO's minor units. */
const CURRENCIES = ["AUD", "CAD", "EUR", "GBP", "JPY", "USD"];

export type Money = z.output<typeof money>;

/** @throws GatewayError "rejected" for a currency that Square does not have */
export function writeMoney(amount: number, currency: string): Money {
  if (!CURRENCIES.includes(currency) || !Number.isSafeInteger(amount)) {
    throw new GatewayError("rejected", "Square takes AUD, CAD, EUR, GBP, JPY and USD");
  }
  return { amount, currency };
}

/** The payments that a tender stands for, but for those that took no money. */
export function paymentIds({ tenders = [] }: Order): string[] {
  return tenders
    .filter(({ card_details: card }) => card?.status !== "FAILED" && card?.status !== "VOIDED")
    .map((each) => each.payment_id ?? each.id);
}

/** Money decides, then the order's own state: a paid order may stay open until the shop has fulfilled it there. */
export function toObservation(
  { order: seen, payments, refunds }: Seen,
  reference: string | null,
): Observation {
  const { amount, currency } = seen.total_money;
  const status = statusOf(seen, payments);
  const taken = payments.filter((each) => each.status === "COMPLETED");
  return {
    status,
    reference,
    amount: amount - (seen.total_tip_money?.amount ?? 0),
    currency,
    amountCaptured: status === "succeeded" && taken.length > 0 ? sum(taken.map(paid), currency) : null,
    amountRefunded: sum(refunds.filter((each) => each.status === "COMPLETED").map(back), currency),
    failureCode: null,
    dispute: null,
    mode: null,
  };
}

const paid = ({ total_money }: Payment) => total_money;
export const back = ({ amount_money }: Refund) => amount_money;

export function sum(sums: readonly Money[], currency: string): number {
  if (sums.some((each) => each.currency !== currency)) {
    throw new GatewayError("unknown", "Square's answer speaks of another currency than its order");
  }
  return sums.reduce((total, { amount }) => total + amount, 0);
}

function statusOf(seen: Order, payments: readonly Payment[]): ObservedStatus {
  const found = payments.map(toPaymentStatus);
  // A part that is still under way decides over one that is there.
  const status = (["unsaid", "processing", "succeeded"] as const).find((each) => found.includes(each));
  return status ?? toOrderStatus(seen);
}

/** @returns null for an attempt that took no money: another may follow on the same page */
function toPaymentStatus({ status }: Payment): ObservedStatus | null {
  switch (status) {
    // A hold, which Square itself takes as soon as all parts of the sum are held: nothing that the shop could capture.
    case "APPROVED":
    case "PENDING":
      return "processing";
    case "COMPLETED":
      return "succeeded";
    case "CANCELED":
    case "FAILED":
      return null;
    case "UNDOCUMENTED":
      return "unsaid";
  }
}

function toOrderStatus({ state }: Order): ObservedStatus {
  switch (state) {
    case "DRAFT":
    case "OPEN":
      return "pending";
    case "COMPLETED":
      return "succeeded";
    case "CANCELED":
      return "canceled";
    case "UNDOCUMENTED":
      return "unsaid";
  }
}
