/** What holds for `decide` whatever comes in whatever order: random histories, each input frozen. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import { isOpen, type Transaction } from "../../src/transactions/transaction.ts";
import { canMove } from "../../src/transactions/transitions.ts";
import { anObservation, DAY, deepFreeze, eventsOf, refundOf } from "./fixtures.ts";
import { AMOUNT, agreeing, always, beginnings, inputs, play, steps } from "./histories.ts";

fc.configureGlobal({ seed: 20261122 });

describe("decide, whatever comes", () => {
  it("makes one version an event, without gaps, each from the status before it", () => {
    always(({ before, decision }) => {
      let previous = before;
      for (const { from, transaction } of eventsOf(decision)) {
        expect(transaction.version).toBe(previous.version + 1);
        expect(from).toBe(previous.status);
        previous = transaction;
      }
    });
  });

  it("moves by the table alone, and names each event by where it leads", () => {
    always(({ decision }) => {
      for (const { type, from, transaction } of eventsOf(decision)) {
        if (type === "transaction.created") {
          expect(transaction.status).toBe(from);
        } else if (type === "transaction.disputed") {
          expect(transaction.status).toBe(from);
          expect(transaction.dispute).not.toBeNull();
        } else if (type === "transaction.refunded") {
          // Of money that was ours, or that came and went before it was heard of or decided.
          const gone = transaction.amountRefunded === transaction.amountCaptured;
          expect(from === transaction.status || gone).toBe(true);
          expect(transaction.amountCaptured).toBeGreaterThan(0);
        } else if (from === "review" && type === "transaction.review") {
          expect(transaction.reviewReason).not.toBe("gateway_silent");
        } else {
          expect(canMove(from, transaction.status)).toBe(true);
          expect(type).toBe(`transaction.${transaction.status}`);
        }
      }
    });
  });

  it("owes no more back than it took, what is on its way and back already included", () => {
    always(({ decision, context, after }) => {
      const refund = refundOf(decision);
      if (refund?.currency === after.currency) {
        const back = refund.amount + context.refunds.pending + after.amountRefunded;
        expect(refund.amount).toBeGreaterThan(0);
        expect(back).toBeLessThanOrEqual(after.amountCaptured);
        expect(context.canRefund).toBe(true);
      }
    });
  });

  it("never leaves success", () => {
    always(({ before, after }) => {
      expect(before.status !== "succeeded" || after.status === "succeeded").toBe(true);
    });
  });

  it("fulfils at most once", () => {
    fc.assert(
      fc.property(beginnings, steps, (beginning, history) => {
        const types = play(beginning, history).flatMap(({ decision }) => eventsOf(decision));
        const fulfilments = types.filter(({ type }) => type === "transaction.succeeded");
        expect(fulfilments.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("fulfils only the sum that was asked, or what a person accepts, of an order that nobody else has paid", () => {
    always(({ before, input, context, decision }) => {
      if (!eventsOf(decision).some(({ type }) => type === "transaction.succeeded")) {
        return;
      }
      expect(context.orderPaid).toBe(false);
      if (input.kind === "accepted") {
        expect(before.status).toBe("review");
      } else {
        expect("observation" in input && input.observation).toMatchObject({
          status: "succeeded",
          amount: AMOUNT,
          currency: "USD",
        });
      }
    });
  });

  it("comes to success without a fulfilment only where all went back", () => {
    always(({ before, context, decision, after }) => {
      if (before.status !== "succeeded" && after.status === "succeeded") {
        const fulfilled = eventsOf(decision).some(({ type }) => type === "transaction.succeeded");
        expect(fulfilled).toBe(after.amountRefunded < after.amountCaptured);
        expect(fulfilled && context.orderPaid).toBe(false);
      }
    });
  });

  it("decides no review but that of a silent gateway, or one whose money has all gone back", () => {
    always(({ before, input, after }) => {
      const verdict = input.kind === "accepted" || input.kind === "declined";
      if (!verdict && before.status === "review" && before.reviewReason !== "gateway_silent") {
        const gone = after.amountRefunded > 0 && after.amountRefunded === after.amountCaptured;
        const left = [before.status, before.reviewReason];
        expect([left, ...(gone ? [["canceled", null]] : [])]).toContainEqual([
          after.status,
          after.reviewReason,
        ]);
      }
    });
  });

  it("never changes what was asked", () => {
    always(({ before, after }) => {
      const asked = ({
        id,
        orderId,
        gateway,
        amount,
        currency,
        capture,
        createdAt,
        expiresAt,
      }: Transaction) => [id, orderId, gateway, amount, currency, capture, createdAt, expiresAt].join();
      expect(asked(after)).toBe(asked(before));
    });
  });

  it("keeps sums within bounds: refunds grow, and never beyond what was captured", () => {
    always(({ before, input, after }) => {
      const kept = Math.min(before.amountRefunded, after.amountCaptured);
      expect(after.amountRefunded).toBeGreaterThanOrEqual(kept);
      expect(after.amountRefunded).toBeLessThanOrEqual(after.amountCaptured);
      if (before.status !== "succeeded" && after.status === "succeeded" && input.kind !== "accepted") {
        expect(after.amountCaptured).toBe(after.amount);
      }
      expect(isOpen(after.status) && after.amountCaptured > 0).toBe(false);
    });
  });

  it("has a failure exactly where it failed, and a reason exactly where it is in review", () => {
    always(({ after }) => {
      expect(after.failure !== null).toBe(after.status === "failed");
      expect(after.reviewReason !== null).toBe(after.status === "review");
    });
  });

  it("calls late what comes after expired or canceled, or after failed and past expires_at; nothing else", () => {
    always(({ before, input, context, decision, after }) => {
      if (input.kind === "accepted") {
        expect(after.late).toBe(before.late);
      } else if (eventsOf(decision).some(({ type }) => type === "transaction.succeeded")) {
        const { status, expiresAt } = before;
        const afterTheEnd = status === "expired" || status === "canceled";
        expect(after.late).toBe(afterTheEnd || (status === "failed" && context.now > expiresAt));
      }
      expect(after.late && isOpen(after.status)).toBe(false);
    });
  });

  it("looks next after now or never, and never gives up what is open", () => {
    always(({ context, decision, after }) => {
      if (decision.kind !== "ignore") {
        expect(after.nextCheckAt === null || after.nextCheckAt > context.now).toBe(true);
      }
      expect(isOpen(after.status) && after.nextCheckAt === null).toBe(false);
    });
  });

  it("never ends anything on silence", () => {
    always(({ input, before, after }) => {
      if (input.kind === "silent" && before.version > 0) {
        expect([before.status, "review"]).toContain(after.status);
      }
    });
  });

  it("touches the clock for the cron alone", () => {
    always(({ input, decision }) => {
      expect(decision.kind === "touch" ? input.source : "cron").toBe("cron");
      const clocked = input.source === "cron" && input.kind !== "refund_ended";
      expect(decision.kind === "ignore" && clocked).toBe(false);
    });
  });

  it("finds nothing new in the same news at once again", () => {
    always(({ after, input, context }) => {
      expect(decide(after, input, context).kind).not.toBe("change");
    });
  });

  it("decides the same again, from frozen inputs", () => {
    always(({ before, input, context, decision }) => {
      expect(decide(before, input, context)).toEqual(decision);
    });
  });
});

describe("decide, while the news agrees with what was asked", () => {
  const undeclined = inputs(agreeing).filter(({ kind }) => kind !== "declined");
  const steady = fc.array(fc.record({ input: undeclined, pauseMs: fc.nat({ max: DAY }) }), {
    minLength: 1,
    maxLength: 10,
  });

  it("ends in success, in any order, where the gateway has once said so and nobody rejects it", () => {
    fc.assert(
      fc.property(beginnings, steady, fc.nat(), (beginning, history, place) => {
        const paid: Input = { kind: "observed", source: "webhook", observation: anObservation() };
        const index = place % (history.length + 1);
        const all = history.toSpliced(index, 0, { input: deepFreeze(paid), pauseMs: 1 });
        const unhindered = { orderPaid: false, canRefund: true, latePayment: "accept" } as const;
        const played = play(
          beginning,
          all.map((step) => ({ ...step, ...unhindered })),
        );
        expect(played.at(-1)?.after).toMatchObject({ status: "succeeded", amountCaptured: AMOUNT });
      }),
      { numRuns: 300 },
    );
  });
});
