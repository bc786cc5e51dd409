import { describe, expect, it } from "vitest";
import { decide, type Input } from "../../src/transactions/decide.ts";
import { STATUSES, type Status } from "../../src/transactions/transaction.ts";
import {
  aContext,
  anObservation,
  aTransaction,
  DAY,
  deepFreeze,
  FIRST_CHECK,
  HOUR,
  inStatus,
  MINUTE,
  observed,
  stateAfter,
  T0,
  TTL,
  typesOf,
  withPolicy,
} from "./fixtures.ts";

const afterTheEnd = T0 + TTL + HOUR;

/** Not opened yet: the row is written, the gateway has not answered. */
const unopened = aTransaction({ version: 0, paymentUrl: null, gatewayReference: null });

function opened(changes: Parameters<typeof anObservation>[0] = {}): Input {
  const observation = anObservation({ status: "pending", reference: "session-9", ...changes });
  return deepFreeze({
    kind: "opened",
    source: "shop",
    observation,
    paymentUrl: "https://gateway.example/pay/9",
  });
}

function ended(
  as: "canceled" | "expired",
  status: ReturnType<typeof anObservation>["status"],
  source: Input["source"] = "cron",
): Input {
  return deepFreeze({ kind: "ended", source, as, observation: anObservation({ status }) });
}

const silent = (source: Input["source"] = "cron"): Input => deepFreeze({ kind: "silent", source });
const rejected: Input = deepFreeze({ kind: "rejected", source: "shop" });

describe("decide on a session that the gateway opened", () => {
  it("makes version 1 of it, with the gateway's reference and page", () => {
    const decision = decide(unopened, opened(), aContext());
    expect(typesOf(decision)).toEqual(["transaction.created"]);
    expect(stateAfter(unopened, decision)).toMatchObject({
      status: "pending",
      version: 1,
      gatewayReference: "session-9",
      paymentUrl: "https://gateway.example/pay/9",
    });
  });

  it("tells what the gateway says besides as a second event", () => {
    const decision = decide(unopened, opened({ status: "succeeded" }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.created", "transaction.succeeded"]);
    expect(stateAfter(unopened, decision)).toMatchObject({ version: 2, amountCaptured: 1999 });
  });

  it("ignores it the second time", () => {
    expect(decide(aTransaction(), opened(), aContext())).toEqual({ kind: "ignore", reason: "already_open" });
  });

  it("keeps what a faster webhook has made of it", () => {
    const paid = stateAfter(unopened, decide(unopened, observed(), aContext()));
    const decision = decide(paid, opened(), aContext());
    expect(stateAfter(paid, decision)).toMatchObject({
      status: "succeeded",
      version: 2,
      amountCaptured: 1999,
      gatewayReference: "session-9",
    });
  });
});

describe("decide on a session that the gateway refused to open", () => {
  it("fails it, and never looks again", () => {
    const state = stateAfter(unopened, decide(unopened, rejected, aContext()));
    expect(state).toMatchObject({ status: "failed", version: 1, nextCheckAt: null });
    expect(state.failure?.code).toBe("gateway_rejected");
  });

  it.each(STATUSES)("changes nothing of what was opened before and is %s", (status) => {
    expect(decide(inStatus(status), rejected, aContext())).toEqual({
      kind: "ignore",
      reason: "already_open",
    });
  });
});

describe("decide on money", () => {
  it.each(["pending", "processing", "authorized", "failed"] as const)(
    "fulfils what was %s and in its life, as an ordinary success",
    (status) => {
      const before = inStatus(status);
      const decision = decide(before, observed(), aContext());
      expect(typesOf(decision)).toEqual(["transaction.succeeded"]);
      expect(stateAfter(before, decision)).toMatchObject({
        status: "succeeded",
        amountCaptured: 1999,
        failure: null,
        late: false,
        nextCheckAt: null,
      });
    },
  );

  it.each(["pending", "processing", "authorized"] as const)(
    "does not call money late that comes to a transaction that is still %s after its time",
    (status) => {
      const before = inStatus(status);
      const after = stateAfter(before, decide(before, observed(), aContext({ now: afterTheEnd })));
      expect(after).toMatchObject({ status: "succeeded", late: false });
    },
  );

  it("says nothing a second time", () => {
    expect(decide(inStatus("succeeded"), observed(), aContext())).toEqual({
      kind: "ignore",
      reason: "unchanged",
    });
  });

  it.each(["pending", "processing", "authorized", "failed", "canceled", "expired", "missing"] as const)(
    "does not leave success because the gateway says %s",
    (status) => {
      expect(decide(inStatus("succeeded"), observed({ status }), aContext()).kind).toBe("ignore");
    },
  );
});

describe("decide on late money", () => {
  const late: [Status, number][] = [
    ["expired", T0 + MINUTE],
    ["expired", afterTheEnd],
    ["canceled", T0 + MINUTE],
    ["canceled", afterTheEnd],
    ["failed", T0 + TTL + 1],
  ];

  it.each(late)("accepts it after %s (at %i) under the policy accept, and says so", (status, now) => {
    const before = inStatus(status);
    const decision = decide(before, observed(), withPolicy("accept", { now }));
    expect(typesOf(decision)).toEqual(["transaction.succeeded"]);
    expect(stateAfter(before, decision)).toMatchObject({ late: true, amountCaptured: 1999, failure: null });
  });

  it.each(late)("leaves it to a person after %s (at %i) under the policy review", (status, now) => {
    const before = inStatus(status);
    const decision = decide(before, observed(), withPolicy("review", { now }));
    expect(typesOf(decision)).toEqual(["transaction.review"]);
    expect(stateAfter(before, decision)).toMatchObject({
      reviewReason: "late_payment",
      late: true,
      amountCaptured: 1999,
      failure: null,
    });
  });

  it.each(late)("does not fulfil it after %s (at %i) under the policy refund", (status, now) => {
    const decision = decide(inStatus(status), observed(), withPolicy("refund", { now }));
    expect(typesOf(decision)).not.toContain("transaction.succeeded");
    expect(stateAfter(inStatus(status), decision).late).toBe(true);
  });

  it.each(["accept", "refund", "review"] as const)(
    "is not what follows a failure up to expires_at: the policy %s does not ask",
    (policy) => {
      const before = inStatus("failed");
      const decision = decide(before, observed(), withPolicy(policy, { now: T0 + TTL }));
      expect(stateAfter(before, decision)).toMatchObject({ status: "succeeded", late: false });
    },
  );

  it.each(["expired", "canceled"] as const)(
    "is marked late after %s also where the sum is wrong",
    (status) => {
      const before = inStatus(status);
      const after = stateAfter(
        before,
        decide(before, observed({ amount: 1 }), aContext({ now: afterTheEnd })),
      );
      expect(after).toMatchObject({ status: "review", reviewReason: "wrong_amount", late: true });
    },
  );
});

describe("decide on money that is not what was asked", () => {
  const wrong = [
    ["wrong_amount", { amount: 1998 }],
    ["wrong_amount", { amount: 2000 }],
    ["wrong_amount", { amount: 0 }],
    ["wrong_amount", { amount: null }],
    ["wrong_currency", { currency: "EUR" }],
    ["wrong_currency", { currency: "usd" }],
    ["wrong_currency", { currency: null }],
    ["wrong_currency", { amount: 1, currency: "EUR" }],
  ] as const;

  it.each(wrong)("puts it in review, never fulfils it: %s %o", (reviewReason, changes) => {
    for (const status of ["pending", "processing", "authorized", "failed", "canceled", "expired"] as const) {
      const before = inStatus(status);
      const decision = decide(before, observed(changes), aContext());
      expect(typesOf(decision)).toEqual(["transaction.review"]);
      expect(stateAfter(before, decision)).toMatchObject({ reviewReason, failure: null, nextCheckAt: null });
    }
  });

  it("records the sum that came, in the right currency alone", () => {
    const captured = (changes: Parameters<typeof observed>[0]) =>
      stateAfter(aTransaction(), decide(aTransaction(), observed(changes), aContext())).amountCaptured;
    expect(captured({ amount: 5 })).toBe(5);
    expect(captured({ amount: 5000 })).toBe(5000);
    expect(captured({ currency: "EUR" })).toBe(0);
    expect(captured({ status: "processing", amount: 5 })).toBe(0);
  });

  it.each(["processing", "authorized"] as const)("asks a person already when it is %s", (status) => {
    const decision = decide(aTransaction(), observed({ status, amount: 1 }), aContext());
    expect(typesOf(decision)).toEqual(["transaction.review"]);
  });

  it("believes that nothing was paid whatever sum is named: none of it moved", () => {
    for (const status of ["failed", "canceled", "expired"] as const) {
      const news = observed({ status, amount: 0 });
      expect(stateAfter(aTransaction(), decide(aTransaction(), news, aContext())).status).toBe(status);
    }
  });

  it("needs no amount to believe that nothing was paid", () => {
    for (const status of ["failed", "canceled", "expired"] as const) {
      const news = observed({ status, amount: null, currency: null });
      expect(stateAfter(aTransaction(), decide(aTransaction(), news, aContext())).status).toBe(status);
    }
  });
});

describe("decide on a second payment of an order", () => {
  it.each(["pending", "processing", "authorized", "failed", "canceled", "expired"] as const)(
    "puts what was %s in review as a duplicate_payment",
    (status) => {
      const before = inStatus(status);
      const decision = decide(before, observed(), aContext({ orderPaid: true }));
      expect(typesOf(decision)).toEqual(["transaction.review"]);
      expect(stateAfter(before, decision)).toMatchObject({
        reviewReason: "duplicate_payment",
        amountCaptured: 1999,
      });
    },
  );

  it("remembers besides that it came late", () => {
    const after = stateAfter(
      inStatus("expired"),
      decide(inStatus("expired"), observed(), aContext({ orderPaid: true })),
    );
    expect(after).toMatchObject({ reviewReason: "duplicate_payment", late: true });
  });

  it("does not mind an attempt of a paid order that comes to nothing", () => {
    const decision = decide(aTransaction(), observed({ status: "failed" }), aContext({ orderPaid: true }));
    expect(typesOf(decision)).toEqual(["transaction.failed"]);
  });
});

describe("decide on what a person must decide", () => {
  const reasons = ["wrong_amount", "wrong_currency", "duplicate_payment", "late_payment"] as const;

  it.each(reasons)("leaves a review (%s) alone, whatever the gateway says", (reviewReason) => {
    const before = inStatus("review", { reviewReason, amountCaptured: 5 });
    for (const status of ["pending", "processing", "authorized", "succeeded", "failed", "expired"] as const) {
      expect(decide(before, observed({ status }), aContext())).toEqual({
        kind: "ignore",
        reason: "in_review",
      });
    }
    expect(decide(before, ended("canceled", "canceled", "shop"), aContext())).toEqual({
      kind: "ignore",
      reason: "in_review",
    });
  });

  it("takes the word of a gateway that was silent and has found it again", () => {
    const before = inStatus("review", { reviewReason: "gateway_silent" });
    const after = (changes: Parameters<typeof observed>[0]) =>
      stateAfter(before, decide(before, observed(changes), aContext({ now: afterTheEnd + 2 * DAY })));
    expect(after({})).toMatchObject({ status: "succeeded", reviewReason: null, amountCaptured: 1999 });
    for (const status of ["failed", "canceled", "expired"] as const) {
      expect(after({ status })).toMatchObject({ status: "canceled", reviewReason: null, failure: null });
    }
    expect(after({ status: "processing" })).toBe(before);
  });

  it.each([
    ["wrong_amount", { amount: 5 }, {}, 5],
    ["wrong_currency", { currency: "EUR" }, {}, 0],
    ["duplicate_payment", {}, { orderPaid: true }, 1999],
  ] as const)(
    "gives %s for the reason where money turns up after silence",
    (reviewReason, said, order, sum) => {
      const before = inStatus("review", { reviewReason: "gateway_silent" });
      const decision = decide(before, observed(said), aContext(order));
      expect(typesOf(decision)).toEqual(["transaction.review"]);
      expect(stateAfter(before, decision)).toMatchObject({ version: 3, reviewReason, amountCaptured: sum });
    },
  );
});

describe("decide on silence", () => {
  it("moves only the clock, and notes since when", () => {
    expect(decide(aTransaction(), silent(), aContext())).toEqual({
      kind: "touch",
      nextCheckAt: T0 + 5 * MINUTE,
      silentSince: T0 + MINUTE,
    });
  });

  it("keeps the first silent moment, and forgets it with the next answer", () => {
    const before = aTransaction({ silentSince: T0 + 5 });
    expect(decide(before, silent(), aContext())).toMatchObject({ kind: "touch", silentSince: T0 + 5 });
    const answer = deepFreeze({ ...observed({ status: "pending" }), source: "cron" as const });
    expect(decide(before, answer, aContext())).toMatchObject({ kind: "touch", silentSince: null });
  });

  it.each(["pending", "processing", "authorized"] as const)("never ends what is %s", (status) => {
    const before = inStatus(status, { silentSince: T0 });
    for (const now of [T0 + TTL, T0 + TTL + 1, T0 + TTL + DAY - 1]) {
      expect(decide(before, silent(), aContext({ now })).kind).toBe("touch");
    }
  });

  it.each(["pending", "processing", "authorized"] as const)(
    "gives what is %s to a person a day after its end",
    (status) => {
      const before = inStatus(status, { silentSince: T0 });
      const decision = decide(before, silent(), aContext({ now: T0 + TTL + DAY }));
      expect(typesOf(decision)).toEqual(["transaction.review"]);
      expect(stateAfter(before, decision)).toMatchObject({
        reviewReason: "gateway_silent",
        amountCaptured: 0,
        silentSince: null,
      });
    },
  );

  it("counts the bound from the first silence where that came after the end", () => {
    const before = inStatus("processing", { silentSince: T0 + 5 * DAY });
    const at = (now: number) => decide(before, silent(), aContext({ now })).kind;
    expect(at(T0 + 6 * DAY - 1)).toBe("touch");
    expect(at(T0 + 6 * DAY)).toBe("change");
  });

  it("fails what no buyer ever saw a page of", () => {
    const before = aTransaction({ ...unopened, silentSince: T0 });
    const after = stateAfter(before, decide(before, silent(), aContext({ now: T0 + TTL + DAY })));
    expect(after).toMatchObject({ status: "failed", version: 1 });
    expect(after.failure?.code).toBe("gateway_unavailable");
  });

  it.each(["succeeded", "failed", "canceled", "expired", "review"] as const)(
    "means nothing to what is %s",
    (status) => {
      const before = inStatus(status, { silentSince: T0 });
      expect(decide(before, silent(), aContext({ now: T0 + 30 * DAY })).kind).toBe("touch");
    },
  );

  it.each(["shop", "buyer", "operator"] as const)("is ignored where the %s asked", (source) => {
    expect(decide(aTransaction(), silent(source), aContext())).toEqual({ kind: "ignore", reason: "silent" });
  });
});

describe("decide on an end that we asked for", () => {
  it.each([
    ["canceled", "pending"],
    ["canceled", "missing"],
    ["canceled", "expired"],
    ["canceled", "canceled"],
    ["expired", "pending"],
    ["expired", "missing"],
    ["expired", "expired"],
    ["expired", "canceled"],
  ] as const)("ends it as %s where the gateway says %s", (as, status) => {
    const after = stateAfter(aTransaction(), decide(aTransaction(), ended(as, status), aContext()));
    expect(after).toMatchObject({ status: as, version: 2, failure: null });
  });

  it.each([
    ["succeeded", "succeeded"],
    ["processing", "processing"],
    ["authorized", "authorized"],
    ["failed", "failed"],
  ] as const)("believes the gateway instead where it says %s", (seen, status) => {
    const decision = decide(aTransaction(), ended("canceled", seen), aContext());
    expect(stateAfter(aTransaction(), decision).status).toBe(status);
  });

  it.each(["processing", "authorized"] as const)(
    "does not end what was %s for a gateway that has forgotten it, only where it is closed there",
    (status) => {
      const after = (seen: "pending" | "missing" | "canceled" | "expired") =>
        stateAfter(inStatus(status), decide(inStatus(status), ended("canceled", seen), aContext())).status;
      expect([after("pending"), after("missing")]).toEqual([status, status]);
      expect([after("canceled"), after("expired")]).toEqual(["canceled", "canceled"]);
    },
  );

  it("asks a person where another sum was paid in the meantime", () => {
    const observation = anObservation({ amount: 1 });
    const input = deepFreeze({ kind: "ended", source: "shop", as: "canceled", observation } as const);
    expect(typesOf(decide(aTransaction(), input, aContext()))).toEqual(["transaction.review"]);
  });

  it.each(["succeeded", "failed", "canceled", "expired"] as const)(
    "changes nothing of what is %s",
    (status) => {
      expect(decide(inStatus(status), ended("canceled", "expired", "shop"), aContext()).kind).toBe("ignore");
    },
  );
});

describe("decide on what is on its way or has come to nothing", () => {
  it.each([
    ["pending", "processing"],
    ["pending", "authorized"],
    ["processing", "authorized"],
    ["pending", "failed"],
    ["processing", "canceled"],
    ["authorized", "expired"],
  ] as const)("moves %s → %s", (from, to) => {
    const decision = decide(inStatus(from), observed({ status: to }), aContext());
    expect(typesOf(decision)).toEqual([`transaction.${to}`]);
  });

  it.each([
    ["authorized", "processing", "stale"],
    ["processing", "pending", "stale"],
    ["failed", "pending", "stale"],
    ["failed", "processing", "stale"],
    ["canceled", "failed", "stale"],
    ["expired", "canceled", "stale"],
    ["pending", "pending", "unchanged"],
    ["processing", "processing", "unchanged"],
    ["failed", "failed", "unchanged"],
    ["pending", "missing", "missing"],
    ["authorized", "missing", "missing"],
  ] as const)("ignores for %s the news %s, as %s", (from, to, reason) => {
    expect(decide(inStatus(from), observed({ status: to }), aContext())).toEqual({ kind: "ignore", reason });
  });

  it("keeps the gateway's failure code, and our own words", () => {
    const failed = (failureCode: string | null) =>
      stateAfter(
        aTransaction(),
        decide(aTransaction(), observed({ status: "failed", failureCode }), aContext()),
      ).failure;
    expect(failed("card_declined")?.code).toBe("card_declined");
    expect(failed(null)?.code).toBe("payment_failed");
    expect(failed("card_declined")?.message).toBe(failed(null)?.message);
  });
});

describe("decide on refunds", () => {
  const refunded = (sum: number, changes: Parameters<typeof observed>[0] = {}) =>
    observed({ amountRefunded: sum, ...changes });

  it("takes a sum that has grown", () => {
    const before = inStatus("succeeded", { amountRefunded: 500 });
    const decision = decide(before, refunded(1999), aContext());
    expect(typesOf(decision)).toEqual(["transaction.refunded"]);
    expect(stateAfter(before, decision)).toMatchObject({
      status: "succeeded",
      amountRefunded: 1999,
      version: 3,
    });
  });

  it.each([0, 499, 500])("does not shrink from 500 to %i", (sum) => {
    const before = inStatus("succeeded", { amountRefunded: 500 });
    expect(decide(before, refunded(sum), aContext())).toEqual({ kind: "ignore", reason: "unchanged" });
  });

  it("does not go beyond what was captured", () => {
    expect(decide(inStatus("succeeded"), refunded(2000), aContext())).toEqual({
      kind: "ignore",
      reason: "refund_exceeds_capture",
    });
  });

  it("does not take the word of an observation of another sum or currency", () => {
    for (const changes of [{ amount: 1 }, { currency: "EUR" }, { amount: null }]) {
      expect(decide(inStatus("succeeded"), refunded(100, changes), aContext())).toEqual({
        kind: "ignore",
        reason: "mismatch",
      });
    }
  });

  it("gives nothing to fulfil where the money came and went before it was heard of", () => {
    const decision = decide(aTransaction(), refunded(1999), aContext({ orderPaid: true }));
    expect(typesOf(decision)).toEqual(["transaction.refunded"]);
    const after = { status: "succeeded", version: 2, amountCaptured: 1999, amountRefunded: 1999 };
    expect(stateAfter(aTransaction(), decision)).toMatchObject(after);
  });

  it("leaves to a person a second payment of which a part went back", () => {
    const decision = decide(aTransaction(), refunded(500), aContext({ orderPaid: true }));
    expect(typesOf(decision)).toEqual(["transaction.review"]);
  });

  it("does not count a sum that cannot have gone back", () => {
    const decision = decide(aTransaction(), refunded(2000), aContext());
    expect(typesOf(decision)).toEqual(["transaction.succeeded"]);
    expect(stateAfter(aTransaction(), decision).amountRefunded).toBe(0);
  });

  it("tells of the success with what went back of it where both are seen at once", () => {
    const decision = decide(aTransaction(), refunded(500), aContext());
    expect(typesOf(decision)).toEqual(["transaction.succeeded"]);
    expect(stateAfter(aTransaction(), decision)).toMatchObject({ version: 2, amountRefunded: 500 });
  });
});

describe("decide for the cron", () => {
  const asCron = (input: Input): Input => deepFreeze({ ...input, source: "cron" });

  it("takes a gateway that forgets what it told us for a silent one, and asks a person after the bound", () => {
    for (const status of ["processing", "authorized"] as const) {
      for (const seen of ["pending", "missing"] as const) {
        const before = inStatus(status, { silentSince: T0 });
        const soon = decide(before, asCron(observed({ status: seen })), aContext());
        expect(soon).toMatchObject({ kind: "touch", silentSince: T0 });
        const later = decide(before, asCron(observed({ status: seen })), aContext({ now: T0 + TTL + DAY }));
        expect(stateAfter(before, later)).toMatchObject({ status: "review", reviewReason: "gateway_silent" });
      }
    }
  });

  it("moves the clock where there is nothing new", () => {
    const decision = decide(aTransaction(), asCron(observed({ status: "pending" })), aContext());
    expect(decision).toEqual({ kind: "touch", nextCheckAt: T0 + 5 * MINUTE, silentSince: null });
  });

  it("ends the watch for late money after 72 h", () => {
    const before = inStatus("expired", { updatedAt: T0 + TTL });
    const at = (now: number) => decide(before, asCron(observed({ status: "expired" })), aContext({ now }));
    expect(at(T0 + TTL + DAY)).toMatchObject({ kind: "touch", nextCheckAt: T0 + TTL + 3 * DAY });
    expect(at(T0 + TTL + 3 * DAY)).toMatchObject({ kind: "touch", nextCheckAt: null });
  });

  it("is held to the first look that the policy asks for", () => {
    const policy = { latePayment: "accept", firstCheckMs: 10_000 } as const;
    const state = stateAfter(unopened, decide(unopened, opened(), aContext({ now: T0, policy })));
    expect(state.nextCheckAt).toBe(T0 + 10_000);
    expect(FIRST_CHECK).toBeGreaterThan(10_000);
  });
});

describe("decide on an event's form", () => {
  it("says what came from where, and carries the whole state", () => {
    const before = aTransaction();
    const decision = decide(before, observed({ status: "processing" }), aContext({ now: T0 + 7 }));
    expect(decision).toEqual({
      kind: "change",
      events: [
        {
          type: "transaction.processing",
          source: "webhook",
          from: "pending",
          actor: null,
          note: null,
          transaction: {
            ...before,
            status: "processing",
            version: 2,
            updatedAt: T0 + 7,
            nextCheckAt: T0 + 7 + MINUTE,
          },
        },
      ],
      refund: null,
    });
  });
});
