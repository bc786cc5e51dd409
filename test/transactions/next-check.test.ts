import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextCheckAt } from "../../src/transactions/next-check.ts";
import { type ReviewReason, STATUSES, type Transaction } from "../../src/transactions/transaction.ts";
import { aTransaction, DAY, FIRST_CHECK, HOUR, inStatus, MINUTE, SECOND, T0, TTL } from "./fixtures.ts";

fc.configureGlobal({ seed: 20261122 });

/** The ages in minutes at which a transaction is looked at, each look coming exactly when it was due. */
function looks(transaction: Transaction, from: number, count: number, firstCheckMs = FIRST_CHECK): number[] {
  const ages: number[] = [];
  let now = from;
  for (let index = 0; index < count; index += 1) {
    const next = nextCheckAt(transaction, now, firstCheckMs);
    if (next === null) {
      break;
    }
    ages.push((next - from) / MINUTE);
    now = next;
  }
  return ages;
}

const longLived = { expiresAt: T0 + 7 * DAY };

describe("nextCheckAt of a pending transaction", () => {
  it("thins: 1, 5, 15 min, 1 h, 6 h, a day, then once a day", () => {
    const hours = [1, 6, 24, 48, 72];
    expect(looks(aTransaction(longLived), T0, 8)).toEqual([1, 5, 15, ...hours.map((hour) => hour * 60)]);
  });

  it("comes to the end of its life exactly, if that is sooner", () => {
    expect(looks(aTransaction(), T0, 4)).toEqual([1, 5, 15, 30]);
    const short = aTransaction({ expiresAt: T0 + 20 * SECOND });
    expect(nextCheckAt(short, T0, FIRST_CHECK)).toBe(short.expiresAt);
  });

  it("thins again from the end of its life on, while it is still pending", () => {
    const transaction = aTransaction();
    expect(looks(transaction, transaction.expiresAt, 6)).toEqual([1, 5, 15, 60, 360, 1440]);
  });

  it.each([10 * SECOND, MINUTE, 2 * MINUTE, FIRST_CHECK, HOUR])(
    "is looked at no later than STATUS_CHECK_AFTER_SECONDS (%i ms) after its creation",
    (firstCheckMs) => {
      const next = nextCheckAt(aTransaction(longLived), T0, firstCheckMs);
      expect(next).toBeLessThanOrEqual(T0 + firstCheckMs);
    },
  );

  it("counts from the creation, not from the last change", () => {
    const transaction = aTransaction({ updatedAt: T0 + 10 * MINUTE });
    expect(nextCheckAt(transaction, T0 + 10 * MINUTE, FIRST_CHECK)).toBe(T0 + 15 * MINUTE);
  });

  it("does not repeat what a late tick has missed", () => {
    expect(nextCheckAt(aTransaction(longLived), T0 + 16 * MINUTE, FIRST_CHECK)).toBe(T0 + HOUR);
  });
});

describe("nextCheckAt of a transaction that nobody has opened", () => {
  const unopened = (changes: Partial<Transaction> = {}) =>
    aTransaction({ version: 0, paymentUrl: null, gatewayReference: null, ...longLived, ...changes });

  it("comes each minute at first: 1, 2, 3, 5, 15 min, 1 h, 6 h, a day, then once a day", () => {
    const hours = [1, 6, 24, 48];
    expect(looks(unopened(), T0, 9)).toEqual([1, 2, 3, 5, 15, ...hours.map((hour) => hour * 60)]);
  });

  it("is as soon after the creation as that of an opened one: opening it moves no clock", () => {
    for (const firstCheckMs of [SECOND, MINUTE, FIRST_CHECK]) {
      expect(nextCheckAt(unopened(), T0, firstCheckMs)).toBe(nextCheckAt(aTransaction(), T0, firstCheckMs));
    }
  });

  it("keeps STATUS_CHECK_AFTER_SECONDS and the end of its life as looks of their own", () => {
    expect(looks(unopened(), T0, 4, 90 * SECOND)).toEqual([1, 1.5, 2, 3]);
    expect(looks(unopened({ expiresAt: T0 + 2.5 * MINUTE }), T0, 3)).toEqual([1, 2, 2.5]);
  });

  it("comes each minute again from the end of its life on", () => {
    const transaction = unopened({ expiresAt: T0 + TTL });
    expect(looks(transaction, T0 + TTL, 6)).toEqual([1, 2, 3, 5, 15, 60]);
  });
});

describe.each(["processing", "authorized"] as const)("nextCheckAt of what is %s", (status) => {
  it("thins from its last change on, and never ends", () => {
    const updatedAt = T0 + 10 * MINUTE;
    const transaction = inStatus(status, { updatedAt });
    expect(looks(transaction, updatedAt, 7)).toEqual([1, 5, 15, 60, 360, 1440, 2880]);
  });

  it("does not end with the payment page", () => {
    const transaction = inStatus(status, { updatedAt: T0 + TTL - MINUTE });
    expect(nextCheckAt(transaction, T0 + 30 * DAY, FIRST_CHECK)).toBe(T0 + 31 * DAY);
  });
});

describe.each(["failed", "canceled", "expired"] as const)("nextCheckAt of what has %s", (status) => {
  it("watches for late money, thinning over 72 h, and then never again", () => {
    const transaction = inStatus(status, { updatedAt: T0 + TTL });
    const hours = [0.25, 1, 6, 24, 72];
    expect(looks(transaction, T0 + TTL, 100)).toEqual(hours.map((hour) => hour * 60));
    expect(nextCheckAt(transaction, T0 + TTL + 3 * DAY, FIRST_CHECK)).toBeNull();
    expect(nextCheckAt(transaction, T0 + TTL + 3 * DAY - 1, FIRST_CHECK)).toBe(T0 + TTL + 3 * DAY);
  });
});

describe("nextCheckAt of what needs no look", () => {
  it("is null for a success", () => {
    expect(nextCheckAt(inStatus("succeeded"), T0, FIRST_CHECK)).toBeNull();
  });

  it("is null for what the gateway refused to open: no money can come", () => {
    const failure = { code: "gateway_rejected", message: "Refused." };
    expect(nextCheckAt(inStatus("failed", { failure, paymentUrl: null }), T0, FIRST_CHECK)).toBeNull();
    expect(nextCheckAt(inStatus("failed", { failure }), T0, FIRST_CHECK)).not.toBeNull();
  });

  it.each(["wrong_amount", "wrong_currency", "duplicate_payment", "late_payment"] satisfies ReviewReason[])(
    "is null for what a person must decide (%s)",
    (reviewReason) => {
      expect(nextCheckAt(inStatus("review", { reviewReason }), T0, FIRST_CHECK)).toBeNull();
    },
  );

  it("goes on for 72 h where a person waits for a silent gateway", () => {
    const transaction = inStatus("review", { reviewReason: "gateway_silent" });
    expect(looks(transaction, T0, 100).at(-1)).toBe(72 * 60);
  });
});

describe("nextCheckAt, whatever the transaction", () => {
  const transactions = fc
    .record({
      status: fc.constantFrom(...STATUSES),
      ageMs: fc.nat({ max: 10 * DAY }),
      lifeMs: fc.integer({ min: 1, max: 7 * DAY }),
      reviewReason: fc.constantFrom<ReviewReason>("wrong_amount", "gateway_silent"),
    })
    .map(({ status, ageMs, lifeMs, reviewReason }) =>
      inStatus(status, {
        updatedAt: T0 + ageMs,
        expiresAt: T0 + lifeMs,
        reviewReason: status === "review" ? reviewReason : null,
      }),
    );
  const instants = fc.nat({ max: 20 * DAY }).map((ms) => T0 + ms);
  const firstChecks = fc.integer({ min: SECOND, max: DAY });

  it("is after now, or never", () => {
    fc.assert(
      fc.property(transactions, instants, firstChecks, (transaction, now, firstCheckMs) => {
        const next = nextCheckAt(transaction, now, firstCheckMs);
        expect(next === null || next > now).toBe(true);
      }),
    );
  });

  it("is never null for what is open, and at most a day away", () => {
    fc.assert(
      fc.property(transactions, instants, firstChecks, (transaction, now, firstCheckMs) => {
        fc.pre(["pending", "processing", "authorized"].includes(transaction.status));
        fc.pre(now >= transaction.updatedAt || transaction.status === "pending");
        const next = nextCheckAt(transaction, now, firstCheckMs);
        expect(next).not.toBeNull();
        expect(next).toBeLessThanOrEqual(now + DAY);
      }),
    );
  });

  it("never passes over the end of a life", () => {
    fc.assert(
      fc.property(transactions, instants, firstChecks, (transaction, now, firstCheckMs) => {
        fc.pre(transaction.status === "pending" && now < transaction.expiresAt);
        expect(nextCheckAt(transaction, now, firstCheckMs)).toBeLessThanOrEqual(transaction.expiresAt);
      }),
    );
  });
});
