/** A verdict on a bad day: a gateway that is silent, or will not give the money back. */
import { describe, expect, it } from "vitest";
import { keepCleanBooks } from "../support/clean-books.ts";
import {
  bringPaid,
  decideReview,
  givenBack,
  HOUR,
  later,
  readMoney,
  refundsOf,
  tell,
} from "../support/money.ts";
import { createSystem, replaceServices, type System } from "../support/system.ts";

keepCleanBooks();

const DAY = 24 * HOUR;

describe("reviewTransaction while the gateway is silent", () => {
  it("takes the person's word for money that is known", async () => {
    const system = await createSystem();
    const ids = [await bringPaid(system, { amount: 1000 }), await bringPaid(system, { amount: 1000 })];
    system.gateway.fault = "down";
    const [accepted = "", rejected = ""] = ids;
    expect((await decideReview(system, accepted, "accept")).body).toMatchObject({
      ...{ status: "succeeded", amount_captured: 1000 },
    });
    expect((await decideReview(system, rejected, "reject")).body).toMatchObject({ status: "canceled" });
    await system.settle();
    expect(await refundsOf(system, rejected)).toMatchObject([{ amount: 1000, status: "pending" }]);
    system.gateway.fault = null;
    await later(system, HOUR);
    expect(givenBack(system, rejected)).toEqual({ count: 1, sum: 1000 });
  });

  it("rejects no sum in another currency, for only the gateway knows it", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { currency: "EUR" });
    system.gateway.fault = "down";
    const answer = await decideReview(system, id, "reject");
    expect(answer).toMatchObject({ status: 503, body: { code: "gateway_unavailable" } });
    expect(answer.headers.get("retry-after")).not.toBe(null);
    expect(await readMoney(system, id)).toMatchObject({ status: "review" });
  });
});

describe("reviewTransaction while the gateway's own sums lag behind its webhooks", () => {
  it("does not send back again what is known to be back", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    await tell(system, id, { amount_refunded: 400 });
    expect((await decideReview(system, id, "reject")).body).toMatchObject({ amount_refunded: 400 });
    await system.settle();
    expect(await refundsOf(system, id)).toMatchObject([{ amount: 600 }]);
  });
});

describe("a rejection whose refund the gateway refuses", () => {
  async function rejectInVain(system: System, terms: Record<string, unknown>): Promise<string> {
    const id = await bringPaid(system, terms);
    system.gateway.faulty = /refund/;
    system.gateway.fault = "refuse";
    expect((await decideReview(system, id, "reject")).body).toMatchObject({ status: "canceled" });
    await system.settle();
    expect(await readMoney(system, id)).toMatchObject({ status: "review", review_reason: "refund_failed" });
    system.gateway.fault = null;
    return id;
  }

  it.each([
    [1000, "USD"],
    [1999, "EUR"],
  ])("comes back as refund_failed, and is tried again by the next: %i %s", async (amount, currency) => {
    const system = await createSystem();
    const id = await rejectInVain(system, { amount, currency });
    expect(system.shop.distinct("transaction.review")).toHaveLength(2);
    expect((await decideReview(system, id, "reject")).body).toMatchObject({ status: "canceled" });
    await system.settle();
    expect((await refundsOf(system, id)).map(({ status }) => status)).toEqual(["failed", "succeeded"]);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: amount });
    expect(await readMoney(system, id)).toMatchObject({ status: "canceled" });
  });

  it("may be accepted instead", async () => {
    const system = await createSystem();
    const id = await rejectInVain(system, { amount: 1000 });
    expect((await decideReview(system, id, "accept")).body).toMatchObject({ status: "succeeded" });
    await later(system, DAY);
    expect(givenBack(system, id)).toEqual({ count: 0, sum: 0 });
  });

  it("is not rejected again without knowing how much there is", async () => {
    const system = await createSystem();
    const id = await rejectInVain(system, { currency: "EUR" });
    system.gateway.faulty = /GET/;
    system.gateway.fault = "down";
    expect(await decideReview(system, id, "reject")).toMatchObject({ status: 503 });
    system.gateway.fault = null;
    await decideReview(system, id, "reject");
    await system.settle();
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1999 });
  });

  it("is over where the money had gone back by the gateway's dashboard", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    system.gateway.fault = "down";
    await decideReview(system, id, "reject");
    await system.settle();
    system.gateway.fault = null;
    system.gateway.refundByHand(id, 1000);
    await later(system, HOUR);
    expect(await refundsOf(system, id)).toMatchObject([{ status: "failed" }]);
    expect(await readMoney(system, id)).toMatchObject({ status: "canceled", amount_refunded: 1000 });
  });

  it("is over too where that was in another currency: nothing is asked again of what has gone", async () => {
    const system = await createSystem();
    const id = await rejectInVain(system, { currency: "EUR" });
    system.gateway.refundByHand(id, 1999);
    expect((await decideReview(system, id, "reject")).body).toMatchObject({ status: "canceled" });
    await tell(system, id);
    for (let days = 0; days < 4; days += 1) {
      await later(system, DAY);
    }
    expect(await readMoney(system, id)).toMatchObject({ status: "canceled" });
    expect(await refundsOf(system, id)).toHaveLength(1);
  });

  it("is not begun where the gateway has no refunds", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    const generic = system.services.gateways.get("generic");
    const { refund: _absent, ...without } = generic ?? expect.unreachable();
    replaceServices(system, { gateways: new Map([["generic", without]]) });
    expect(await decideReview(system, id, "reject")).toMatchObject({
      status: 409,
      body: { code: "cannot_refund" },
    });
    system.gateway.refundByHand(id, 1000);
    expect((await decideReview(system, id, "reject")).body).toMatchObject({
      ...{ status: "canceled", amount_refunded: 1000 },
    });
  });
});
