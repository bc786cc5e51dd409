/** LATE_PAYMENT_POLICY=refund: money that comes too late or twice is called off and sent back, once, without a person. */
import { describe, expect, it } from "vitest";
import { keepCleanBooks } from "../support/clean-books.ts";
import {
  callsTo,
  createAs,
  createPaid,
  givenBack,
  HOUR,
  historyOf,
  later,
  MINUTE,
  pay,
  readMoney,
  refundsOf,
  tell,
  typesOf,
} from "../support/money.ts";
import {
  createPending,
  createSystem,
  deliver,
  initiate,
  newOrder,
  replaceServices,
  replaceStore,
  type System,
} from "../support/system.ts";

keepCleanBooks();

const createRefunding = () => createSystem({ LATE_PAYMENT_POLICY: "refund" });

/** Called off, its money back once, and nothing fulfilled. */
async function expectSentBack(system: System, id: string, sum = 1999): Promise<void> {
  await system.settle();
  expect(await readMoney(system, id)).toMatchObject({ status: "canceled", amount_refunded: 1999 });
  expect(givenBack(system, id)).toEqual({ count: 1, sum });
  expect((await typesOf(system, id)).slice(-3)).toEqual(["review", "canceled", "refunded"]);
  const told = system.shop.received.filter(({ data }) => data.id === id).map(({ type }) => type);
  expect(told).not.toContain("transaction.succeeded");
}

describe("late money under LATE_PAYMENT_POLICY=refund", () => {
  it.each(["expired", "cancelled"] as const)("goes back when a webhook brings it after %s", async (end) => {
    const system = await createRefunding();
    const { id } = await createAs(system, end);
    await pay(system, id);
    await expectSentBack(system, id);
    expect(await readMoney(system, id)).toMatchObject({ late: true, review_reason: null });
    expect((await historyOf(system, id)).at(-2)).toMatchObject({
      ...{ type: "transaction.canceled", source: "webhook", by: null },
      note: "LATE_PAYMENT_POLICY is refund",
    });
    expect(await refundsOf(system, id)).toMatchObject([{ reason: "late_payment", status: "succeeded" }]);
  });

  it("goes back when the cron finds it", async () => {
    const system = await createRefunding();
    const { id } = await createPending(system);
    await later(system, 31 * MINUTE);
    expect(await readMoney(system, id)).toMatchObject({ status: "expired" });
    system.gateway.settle(id, "success");
    await later(system, HOUR);
    expect(await readMoney(system, id)).toMatchObject({ status: "canceled" });
    await later(system);
    await expectSentBack(system, id);
  });

  it("is reviewed and called off in one commit, with its refund", async () => {
    const system = await createRefunding();
    const { id } = await createAs(system, "expired");
    const { commit } = system.services.store;
    const commits: string[][] = [];
    const restore = replaceStore(system, {
      commit: (news) => {
        commits.push([...news.events.map(({ type }) => type), news.refund ? "and a refund" : ""]);
        return commit(news);
      },
    });
    await pay(system, id);
    restore();
    expect(commits[0]).toEqual(["transaction.review", "transaction.canceled", "and a refund"]);
    await expectSentBack(system, id);
  });

  it("goes back but for what has gone back already", async () => {
    const system = await createRefunding();
    const { id } = await createAs(system, "expired");
    system.gateway.refundByHand(id, 500);
    await pay(system, id);
    expect(await refundsOf(system, id)).toMatchObject([{ amount: 1499 }]);
    await expectSentBack(system, id, 1499);
  });

  it("is booked as gone where all of it went back before we heard", async () => {
    const system = await createRefunding();
    const { id } = await createAs(system, "expired");
    system.gateway.refundByHand(id, 1999);
    await pay(system, id);
    expect(await readMoney(system, id)).toMatchObject({ amount_captured: 1999, amount_refunded: 1999 });
    expect(callsTo(system, "refund", id)).toBe(0);
    expect(system.shop.distinct("transaction.succeeded")).toEqual([]);
  });

  it("is never taken again, whatever the gateway repeats", async () => {
    const system = await createRefunding();
    const { id } = await createAs(system, "expired");
    const early = system.gateway.callback(id, "success", { amount_refunded: 0 });
    await pay(system, id);
    const { version } = await readMoney(system, id);
    for (const callback of [early, system.gateway.callback(id, "success", { amount_refunded: 0 })]) {
      expect(await deliver(system, callback)).toBe("ignored");
    }
    await tell(system, id);
    await deliver(system, system.gateway.callback(id, "failure"));
    for (let days = 0; days < 4; days += 1) {
      await later(system, 24 * HOUR);
    }
    expect(await readMoney(system, id)).toMatchObject({ status: "canceled", version });
    await expectSentBack(system, id);
  });

  it("is kept where it is not late: after a failure, within its life", async () => {
    const system = await createRefunding();
    const { id } = await createAs(system, "failure");
    await pay(system, id);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", late: false });
  });

  it.each([
    [{ amount: 1000 }, "wrong_amount"],
    [{ currency: "EUR" }, "wrong_currency"],
  ])("waits for a person where it is not as asked besides: %j", async (terms, reason) => {
    const system = await createRefunding();
    const { id } = await createAs(system, "expired");
    await pay(system, id, terms);
    expect(await readMoney(system, id)).toMatchObject({
      status: "review",
      review_reason: reason,
      late: true,
    });
    expect(callsTo(system, "refund", id)).toBe(0);
  });

  it("waits for a person where the gateway has no refunds", async () => {
    const system = await createRefunding();
    const { id } = await createAs(system, "expired");
    const generic = system.services.gateways.get("generic");
    const { refund: _absent, ...without } = generic ?? expect.unreachable();
    replaceServices(system, { gateways: new Map([["generic", without]]) });
    await pay(system, id);
    await later(system, HOUR);
    expect(await readMoney(system, id)).toMatchObject({ status: "review", review_reason: "late_payment" });
    expect(await refundsOf(system, id)).toEqual([]);
  });

  it("waits for a person where the gateway will not give it back", async () => {
    const system = await createRefunding();
    const { id } = await createAs(system, "expired");
    system.gateway.faulty = /refund/;
    system.gateway.fault = "refuse";
    await pay(system, id);
    await later(system, HOUR);
    expect(await readMoney(system, id)).toMatchObject({
      ...{ status: "review", review_reason: "refund_failed", amount_captured: 1999, amount_refunded: 0 },
    });
    expect(callsTo(system, "refund", id)).toBe(1);
  });
});

describe("money on its way back", () => {
  it.each(["down", "lost_answer", "slow", "broken", "throttled"] as const)(
    "goes through an outage of the gateway, once: %s",
    async (fault) => {
      const system = await createRefunding();
      const { id } = await createAs(system, "expired");
      system.gateway.faulty = /refund/;
      system.gateway.fault = fault;
      await pay(system, id);
      for (let hours = 0; hours < 5; hours += 1) {
        await later(system, HOUR);
      }
      expect(await readMoney(system, id)).toMatchObject({ status: "canceled", amount_refunded: 0 });
      expect(await refundsOf(system, id)).toMatchObject([{ status: "pending" }]);
      system.gateway.fault = null;
      await later(system, 24 * HOUR);
      await expectSentBack(system, id);
    },
  );

  it("is taken up by the cron where the process died with the commit", async () => {
    const system = await createRefunding();
    const { id } = await createAs(system, "expired");
    const restore = replaceStore(system, { findRefund: () => Promise.reject(new Error("gone")) });
    await pay(system, id);
    restore();
    expect(callsTo(system, "refund", id)).toBe(0);
    await later(system);
    await expectSentBack(system, id);
  });

  it("is sent back once when the webhook comes five times at once, beside the cron", async () => {
    const system = await createRefunding();
    const { id } = await createAs(system, "expired");
    system.gateway.settle(id, "success");
    system.advance(15 * MINUTE);
    const callbacks = Array.from({ length: 5 }, () => system.gateway.callback(id, "success"));
    await Promise.all([system.tick(), ...callbacks.map((callback) => deliver(system, callback))]);
    await system.settle();
    await later(system);
    expect(await refundsOf(system, id)).toHaveLength(1);
    await expectSentBack(system, id);
  });

  it("leaves the order free for another payment", async () => {
    const system = await createRefunding();
    const order = newOrder();
    const { id } = await createAs(system, "expired", order);
    await pay(system, id);
    const again = await createPaid(system, order);
    expect(again).toMatchObject({ status: "succeeded" });
    expect(again.id).not.toBe(id);
    await expectSentBack(system, id);
  });
});

describe("a second payment of one order under LATE_PAYMENT_POLICY=refund", () => {
  /** Two attempts, both of which can still be paid. */
  async function createTwo(system: System): Promise<[string, string]> {
    const order = newOrder();
    const first = (await initiate(system, order)).body.id;
    await deliver(system, system.gateway.callback(first, "failure"));
    return [first, (await initiate(system, order)).body.id];
  }

  it.each([
    ["the first", [0, 1]],
    ["the second", [1, 0]],
  ] as const)("goes back where %s came first", async (_, [kept, late]) => {
    const system = await createRefunding();
    const ids = await createTwo(system);
    system.gateway.settle(ids[late], "success");
    await pay(system, ids[kept]);
    await tell(system, ids[late]);
    await later(system);
    expect(await readMoney(system, ids[kept])).toMatchObject({ status: "succeeded", amount_refunded: 0 });
    expect(callsTo(system, "refund", ids[kept])).toBe(0);
    expect(await refundsOf(system, ids[late])).toMatchObject([{ reason: "duplicate_payment" }]);
    await expectSentBack(system, ids[late]);
  });

  it("goes back where both come together: one is kept, whichever it is", async () => {
    const system = await createRefunding();
    const ids = await createTwo(system);
    for (const id of ids) {
      system.gateway.settle(id, "success");
    }
    await Promise.all(ids.map((id) => deliver(system, system.gateway.callback(id, "success"))));
    await system.settle();
    await later(system);
    const statuses = await Promise.all(ids.map(async (id) => (await readMoney(system, id)).status));
    expect(statuses.toSorted()).toEqual(["canceled", "succeeded"]);
    await expectSentBack(system, ids[statuses.indexOf("canceled")] ?? "");
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });
});
