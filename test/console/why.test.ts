/** The sentence that says why a payment is as it is: for each status, from whichever side it came. */
import { describe, expect, it } from "vitest";
import { explain } from "../../src/console/why.ts";
import type { Payment } from "../../src/operations/read-payment.ts";
import type { EventType, Source } from "../../src/transactions/event.ts";
import type { ReviewReason, Status, Transaction } from "../../src/transactions/transaction.ts";
import { inStatus, MINUTE, T0, TTL } from "../transactions/fixtures.ts";

type Move = NonNullable<Payment["lastMove"]>;

/** How it came to its status, ten minutes after it began. */
const moveTo = (status: Status, changes: Partial<Move> = {}): Move => ({
  ...{ kind: "event", at: T0 + 10 * MINUTE, version: 2, type: `transaction.${status}` as EventType, status },
  ...{ source: "webhook", statusBefore: "pending", reason: null, actor: null, note: null },
  ...{ amountCaptured: 0, amountRefunded: 0, ...changes },
});

interface Case {
  readonly transaction?: Partial<Transaction>;
  /** Null: it is not among the events that are shown. */
  readonly move?: Partial<Move> | null;
  readonly orderPaid?: boolean;
  readonly pending?: number;
  readonly now?: number;
}

function why(
  status: Status,
  { transaction = {}, move = {}, orderPaid = false, pending = 0, now = T0 }: Case = {},
) {
  const loaded = {
    ...{ transaction: inStatus(status, transaction), orderPaid, customer: null, openingUntil: 0 },
    refunds: { pending, succeeded: 0 },
  };
  return explain({ loaded, lastMove: move && moveTo(status, move) }, "Generic", now);
}

const review = (reviewReason: ReviewReason, transaction: Partial<Transaction> = {}) =>
  why("review", { transaction: { reviewReason, ...transaction } });

const DECIDES = " A person decides: accept it and the shop fulfils, or reject it and the money goes back.";

describe("explain", () => {
  it("says how long a pending one has, and what is waited for after that", () => {
    expect(why("pending", { move: null })).toBe(
      "The buyer has not paid yet, and can until 22 Nov, 12:30 UTC.",
    );
    expect(why("pending", { move: null, now: T0 + TTL })).toBe(
      "Its time ran out on 22 Nov, 12:30 UTC, but Generic has not confirmed yet that nobody paid: it never expires on silence.",
    );
  });

  it("says what is on its way, and what is held", () => {
    expect(why("processing")).toBe(
      "The buyer has finished and the money is on its way: Generic said so by a webhook on 22 Nov, 12:10 UTC.",
    );
    expect(why("authorized")).toBe(
      "The money is held, not taken: Generic said so by a webhook on 22 Nov, 12:10 UTC. Capture it, or cancel to let it go.",
    );
    expect(why("authorized", { transaction: { capturing: 1000 } })).toBe(
      "The money is held, and US$10.00 of it is being captured: the cron repeats that until Generic has done it.",
    );
  });

  it.each<[Source, string]>([
    ["webhook", "Generic said so by a webhook"],
    ["buyer", "Generic said so when the buyer came back"],
    ["cron", "Generic said so when the cron asked"],
    ["shop", "the shop asked for it"],
    ["operator", "Generic said so when an operator asked"],
  ])("says that it is paid, and how that is known: by %s", (source, said) => {
    expect(why("succeeded", { move: { source } })).toBe(
      `It is paid: ${said} on 22 Nov, 12:10 UTC, 10 min after it began.`,
    );
  });

  it("names the person who decided, and why, rather than a side", () => {
    const move = { source: "operator", actor: "Ada", note: "called the bank" } as const;
    expect(why("canceled", { move })).toBe(
      "It is called off: Ada decided so on 22 Nov, 12:10 UTC (“called the bank”).",
    );
    expect(why("canceled", { move: { source: "shop", actor: "Bo" } })).toBe(
      "It is called off: Bo decided so on 22 Nov, 12:10 UTC.",
    );
  });

  it("says whose doing it is that late money is kept: the policy's, or a person's", () => {
    const transaction = { late: true };
    expect(why("succeeded", { transaction, move: { statusBefore: "expired" } })).toMatch(
      / The money came after the end, and LATE_PAYMENT_POLICY keeps it\.$/,
    );
    const move = { statusBefore: "review", source: "operator", actor: "Ada" } as const;
    expect(why("succeeded", { transaction, move })).toMatch(
      /Ada decided so .* The money came after the end\.$/,
    );
  });

  it("makes nothing up where the change is too long ago to be shown", () => {
    expect(why("succeeded", { move: null })).toBe("It is paid: longer ago than its history shows.");
  });

  it("says why it failed, and that nobody paid", () => {
    const failed = (code: string) => why("failed", { transaction: { failure: { code, message: "" } } });
    expect(failed("card_declined")).toBe(
      "The payment failed (Card declined) and took no money: Generic said so by a webhook on 22 Nov, 12:10 UTC.",
    );
    expect(failed("gateway_rejected")).toBe("Generic refused to open a payment page, so nobody could pay.");
    expect(failed("gateway_unavailable")).toBe(
      "Generic did not answer until the time ran out and long after, so no page was opened and nobody could pay.",
    );
  });

  it("says when it expired, and whether that was early", () => {
    expect(why("expired", { move: { at: T0 + TTL + MINUTE, source: "cron" } })).toBe(
      "Nobody paid before 22 Nov, 12:30 UTC: Generic said so when the cron asked on 22 Nov, 12:31 UTC.",
    );
    expect(why("expired")).toBe(
      "It expired early, and nobody had paid: Generic said so by a webhook on 22 Nov, 12:10 UTC.",
    );
  });

  it("says that it was called off for the sake of another payment of the order", () => {
    expect(why("canceled", { orderPaid: true, move: { source: "cron" } })).toBe(
      "It is called off, for another payment of its order is paid: Generic said so when the cron asked on 22 Nov, 12:10 UTC.",
    );
  });

  it.each<Status>(["canceled", "expired", "failed"])(
    "says where the money is of one that is %s",
    (status) => {
      const ofMoney = (amountRefunded: number) =>
        why(status, { transaction: { amountCaptured: 1999, amountRefunded } });
      expect(ofMoney(500)).toMatch(/ US\$14\.99 is still on its way back\.$/);
      expect(ofMoney(1999)).toMatch(/ All of US\$19\.99 has gone back\.$/);
      expect(why(status)).not.toMatch(/back/);
    },
  );

  it.each<[ReviewReason, Partial<Transaction>, string]>([
    ["wrong_amount", { amountCaptured: 1000 }, "US$19.99 was asked for, and Generic says US$10.00."],
    ["wrong_amount", { amountCaptured: 0 }, "US$19.99 was asked for, and Generic says another sum."],
    [
      "wrong_amount",
      { amountCaptured: 1999, capturing: 500 },
      "US$5.00 was asked for, and Generic says US$19.99.",
    ],
    ["wrong_currency", {}, "Generic took money in another currency than USD."],
    ["wrong_mode", {}, "Generic speaks of test money for a live payment, or the other way round."],
    [
      ...(["duplicate_payment", {}] as const),
      "Another payment of this order is paid already, and this one took money as well.",
    ],
    [
      "late_payment",
      {},
      "Money came after the end of this payment, and LATE_PAYMENT_POLICY wants a person to see it.",
    ],
    [
      ...(["gateway_silent", {}] as const),
      "Generic has not answered for more than a day since the time ran out, so nobody knows whether money was taken.",
    ],
    [
      ...(["refund_failed", {}] as const),
      "It was called off, but Generic will not give the money back: try again, or give it back there.",
    ],
  ])("says why a person must decide: %s %o", (reason, transaction, sentence) => {
    expect(review(reason, transaction)).toBe(`${sentence}${DECIDES}`);
  });

  it("says what has gone back, what is on its way, what is disputed, and since when nobody answers", () => {
    const paid = { amountCaptured: 1999 };
    const of = (transaction: Partial<Transaction>, pending = 0) =>
      why("succeeded", { transaction: { ...paid, ...transaction }, pending }).split("after it began. ")[1];
    expect(of({ amountRefunded: 500 })).toBe("US$5.00 has gone back to the buyer.");
    expect(of({ amountRefunded: 1999 })).toBe("All of it has gone back to the buyer.");
    expect(of({ amountRefunded: 500 }, 99)).toBe(
      "US$5.00 has gone back to the buyer. US$0.99 is on its way back.",
    );
    expect(of({ dispute: "open" })).toBe("The buyer’s bank disputes it: answer at the gateway.");
    expect(of({ dispute: "lost" })).toBe("A dispute about it was lost: the bank has taken the money back.");
    expect(of({ dispute: "won" })).toBeUndefined();
    expect(of({ silentSince: T0 })).toBe("Generic has not answered since 22 Nov, 12:00 UTC.");
  });

  it("speaks of money in the currency's own units", () => {
    expect(review("wrong_amount", { amount: 500, amountCaptured: 5000, currency: "JPY" })).toContain(
      "JP¥500 was asked for, and Generic says JP¥5,000.",
    );
    expect(review("wrong_amount", { amount: 1234, amountCaptured: 12, currency: "KWD" })).toMatch(
      /1\.234 .*0\.012/,
    );
  });
});
