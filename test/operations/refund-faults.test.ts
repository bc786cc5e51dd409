/** A refund on a bad day: lost answers, deaths, a gateway that takes its time, refuses, or was told by others as well. */
import { describe, expect, it } from "vitest";
import { keepCleanBooks } from "../support/clean-books.ts";
import type { Fault } from "../support/fake-gateway.ts";
import {
  callsTo,
  createPaid,
  givenBack,
  HOUR,
  later,
  MINUTE,
  readMoney,
  refund,
  refundsOf,
  tell,
  typesOf,
} from "../support/money.ts";
import { createSystem, replaceServices, replaceStore, type System } from "../support/system.ts";

keepCleanBooks();

/** 500 of it went back, and nobody here knows. */
async function createUnanswered(): Promise<{ system: System; id: string }> {
  const system = await createSystem();
  const { id } = await createPaid(system);
  system.gateway.faulty = /refund/;
  system.gateway.fault = "lost_answer";
  await refund(system, id, { amount: 500 });
  system.gateway.fault = null;
  return { system, id };
}

describe("a refund whose answer is lost", () => {
  it.each(["lost_answer", "slow", "broken", "nonsense"] as const)(
    "is done once, and found by the cron: %s",
    async (fault: Fault) => {
      const system = await createSystem();
      const { id } = await createPaid(system);
      system.gateway.faulty = /refund/;
      system.gateway.fault = fault;
      const { status, body } = await refund(system, id, { amount: 500 }, "key");
      expect([status, body.status]).toEqual([201, "pending"]);
      expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 0 });
      system.gateway.fault = null;
      expect((await refund(system, id, { amount: 500 }, "key")).body).toEqual(body);
      await later(system, 2 * MINUTE);
      expect(await refundsOf(system, id)).toMatchObject([{ status: "succeeded", failure: null }]);
      expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
      expect(givenBack(system, id)).toEqual({ count: 1, sum: 500 });
      expect(system.shop.distinct("transaction.refunded")).toHaveLength(1);
    },
  );

  it("holds its amount back meanwhile", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    system.gateway.faulty = /refund/;
    system.gateway.fault = "lost_answer";
    await refund(system, id, { amount: 1500 });
    expect(await refund(system, id, { amount: 500 })).toMatchObject({
      status: 409,
      body: { errors: [{ detail: "must be at most 499" }] },
    });
  });

  it("is sent again through an outage, ever more seldom, until it is done", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    system.gateway.faulty = /refund/;
    system.gateway.fault = "down";
    await refund(system, id);
    for (let hours = 0; hours < 8; hours += 1) {
      await later(system, HOUR);
    }
    expect(callsTo(system, "refund", id)).toBeLessThan(9);
    system.gateway.fault = null;
    await later(system, 24 * HOUR);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1999 });
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1999 });
  });

  it("leaves a gateway alone for as long as it asks", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    system.gateway.faulty = /refund/;
    system.gateway.fault = "throttled";
    expect((await refund(system, id)).body).toMatchObject({ status: "pending" });
    system.gateway.fault = null;
    await later(system, 4 * MINUTE);
    expect(callsTo(system, "refund", id)).toBe(1);
    await later(system, 2 * MINUTE);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1999 });
  });

  it("is found by the next webhook, without waiting for the cron", async () => {
    const { system, id } = await createUnanswered();
    await tell(system, id);
    expect(callsTo(system, "refund", id), "it may not even be listed there yet").toBe(1);
    system.advance(31_000);
    // A claim is for 50 s: this one is due later than that.
    await system.services.store.postponeRefund((await refundsOf(system, id))[0]?.id ?? "", {
      ...{ attempts: 2, nextAttemptAt: system.services.now() + 5 * MINUTE, gatewayReference: null },
      now: system.services.now() - 31_000,
    });
    await tell(system, id);
    expect(await refundsOf(system, id)).toMatchObject([{ status: "succeeded" }]);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
    expect(await typesOf(system, id)).toEqual(["created", "succeeded", "refunded"]);
  });
});

describe("a refund that somebody is sending", () => {
  it("is left alone by news and cron until the lease is over: not every gateway has idempotency keys", async () => {
    const { system, id } = await createUnanswered();
    const { store, now } = system.services;
    const claim = () => store.claimRefunds(id, now(), now() + 50_000);
    expect(await claim()).toEqual([]);
    system.advance(MINUTE);
    expect(await claim()).toHaveLength(1);
    expect(await claim()).toEqual([]);
    await tell(system, id);
    await system.tick();
    expect(callsTo(system, "refund", id)).toBe(1);
    await later(system, MINUTE);
    expect(callsTo(system, "refund", id)).toBe(2);
    expect(await refundsOf(system, id)).toMatchObject([{ status: "succeeded" }]);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 500 });
  });

  it("is left alone by news while the cron sends it", async () => {
    const { system, id } = await createUnanswered();
    system.advance(MINUTE);
    const { store, now } = system.services;
    expect((await store.claimDue(now(), now(), 100, [])).refunds).toHaveLength(1);
    await tell(system, id);
    expect(callsTo(system, "refund", id)).toBe(1);
  });
});

describe("a refund whose process dies", () => {
  const death = () => Promise.reject(new Error("the process is gone"));

  it("between its row and the gateway's call: the cron sends it", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const restore = replaceStore(system, { findRefund: death });
    expect(await refund(system, id)).toMatchObject({ status: 201, body: { status: "pending" } });
    restore();
    expect(callsTo(system, "refund", id)).toBe(0);
    await later(system);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1999 });
    expect(await refundsOf(system, id)).toMatchObject([{ status: "succeeded" }]);
  });

  it("between the gateway's answer and the booking: the cron books it", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const restore = replaceStore(system, { commit: death });
    expect((await refund(system, id, { amount: 500 }, "key")).body).toMatchObject({ status: "pending" });
    restore();
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 500 });
    expect((await refund(system, id, { amount: 500 }, "key")).body).toMatchObject({ status: "pending" });
    await later(system);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 500 });
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
    expect(system.shop.distinct("transaction.refunded")).toHaveLength(1);
  });

  it("by contention for the transaction: answered as pending, and booked by the cron", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const restore = replaceStore(system, { commit: async () => "conflict" });
    expect(await refund(system, id)).toMatchObject({ status: 201, body: { status: "pending" } });
    restore();
    await later(system);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1999 });
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1999 });
  });

  it("and nobody sends it twice at once: two ticks and a webhook", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const restore = replaceStore(system, { findRefund: death });
    await refund(system, id);
    restore();
    system.advance(MINUTE);
    await Promise.all([system.tick(), system.tick(), tell(system, id)]);
    await system.settle();
    expect(callsTo(system, "refund", id)).toBe(1);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1999 });
  });
});

describe("a refund that is pending at the gateway", () => {
  async function pendingRefund(amount = 500) {
    const system = await createSystem();
    const { id } = await createPaid(system);
    system.gateway.refundOutcome = "pending";
    const { status, body } = await refund(system, id, { amount });
    expect([status, body.status]).toEqual([201, "pending"]);
    const end = (outcome: "success" | "failure") =>
      system.gateway.endRefund(system.gateway.session(id), body.id, outcome);
    return { system, id, end };
  }

  it.each(["cron", "webhook"] as const)("is followed to its success by the %s", async (by) => {
    const { system, id, end } = await pendingRefund();
    await later(system, 2 * MINUTE);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 0 });
    end("success");
    await (by === "cron" ? later(system, 10 * MINUTE) : tell(system, id));
    expect(await refundsOf(system, id)).toMatchObject([{ status: "succeeded" }]);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
    expect(await typesOf(system, id)).toEqual(["created", "succeeded", "refunded"]);
  });

  it.each(["cron", "webhook"] as const)("is followed to its failure by the %s", async (by) => {
    const { system, id, end } = await pendingRefund(1999);
    expect((await refund(system, id, { amount: 1 })).status).toBe(409);
    end("failure");
    await (by === "cron" ? later(system, 10 * MINUTE) : tell(system, id));
    expect(await refundsOf(system, id)).toMatchObject([
      { status: "failed", failure: { code: "refund_failed" } },
    ]);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_refunded: 0 });
    system.gateway.refundOutcome = "success";
    expect((await refund(system, id)).body).toMatchObject({ amount: 1999, status: "succeeded" });
  });

  it("is not given up when the gateway, which has taken it, does not show it for a while", async () => {
    const { system, id, end } = await pendingRefund();
    await system.services.store.postponeRefund((await refundsOf(system, id))[0]?.id ?? "", {
      ...{ attempts: 1, nextAttemptAt: system.services.now(), gatewayReference: "re_1" },
      now: system.services.now(),
    });
    Object.assign(system.gateway, { fault: "refuse", faulty: /refund/ });
    await later(system, 2 * MINUTE);
    expect(await refundsOf(system, id)).toMatchObject([{ status: "pending" }]);
    system.gateway.fault = null;
    end("success");
    await later(system, 30 * MINUTE);
    expect(await refundsOf(system, id)).toMatchObject([{ status: "succeeded" }]);
  });

  it("is counted once with what was given back in the gateway's dashboard before it", async () => {
    const { system, id, end } = await pendingRefund();
    system.gateway.refundByHand(id, 300);
    await tell(system, id);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 300 });
    end("success");
    await later(system, 10 * MINUTE);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 800 });
    expect((await refund(system, id)).body).toMatchObject({ amount: 1199 });
  });

  it("is counted once with what is given back there after it, and by a webhook of both", async () => {
    const { system, id, end } = await pendingRefund();
    end("success");
    system.gateway.refundByHand(id, 300);
    await tell(system, id);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 800 });
    expect(await typesOf(system, id)).toEqual(["created", "succeeded", "refunded"]);
    expect(await refundsOf(system, id)).toMatchObject([{ status: "succeeded" }]);
  });

  it("waits for the gateway's own sum, which holds what went back by other ways", async () => {
    const { system, id, end } = await pendingRefund();
    system.gateway.refundByHand(id, 300);
    await tell(system, id);
    end("success");
    system.gateway.fault = "down";
    system.gateway.faulty = /GET/;
    await later(system, 10 * MINUTE);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 300 });
    expect(await refundsOf(system, id)).toMatchObject([{ status: "pending" }]);
    system.gateway.fault = null;
    await later(system, 2 * HOUR);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 800 });
    expect(await refundsOf(system, id)).toMatchObject([{ status: "succeeded" }]);
  });

  it("never leaves less than nothing", async () => {
    const { system, id, end } = await pendingRefund(1500);
    end("success");
    // The webhook counts it, while nobody can look how the refund itself stands.
    system.gateway.fault = "down";
    system.gateway.faulty = /refund/;
    await tell(system, id);
    expect(await refund(system, id, { amount: 1 })).toMatchObject({
      status: 409,
      body: { errors: [{ detail: "must be at most 0" }] },
    });
    system.gateway.fault = null;
    system.gateway.refundOutcome = "success";
    await later(system, 2 * HOUR);
    expect((await refund(system, id)).body).toMatchObject({ amount: 499, status: "succeeded" });
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1999 });
  });
});

describe("a refund that the gateway refuses", () => {
  it("is answered gateway_rejected, the same on replay, and takes nothing of the rest", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    system.gateway.faulty = /refund/;
    system.gateway.fault = "refuse";
    for (const _ of ["asked", "replayed"]) {
      expect(await refund(system, id, { amount: 500 }, "key")).toMatchObject({
        status: 502,
        body: { code: "gateway_rejected", transaction_id: id },
      });
    }
    expect(callsTo(system, "refund", id)).toBe(1);
    expect(await refundsOf(system, id)).toMatchObject([
      { status: "failed", failure: { code: "gateway_rejected" } },
    ]);
    system.gateway.fault = null;
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_refunded: 0 });
    expect((await refund(system, id)).body).toMatchObject({ amount: 1999, status: "succeeded" });
  });

  it("is refused too where the gateway has no refunds, and nothing is owed", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const generic = system.services.gateways.get("generic");
    const { refund: _absent, ...without } = generic ?? expect.unreachable();
    replaceServices(system, { gateways: new Map([["generic", without]]) });
    expect(await refund(system, id)).toMatchObject({ status: 409, body: { code: "cannot_refund" } });
    await later(system, HOUR);
    expect(callsTo(system, "refund", id)).toBe(0);
    expect(await refundsOf(system, id)).toMatchObject([{ status: "failed" }]);
  });
});
