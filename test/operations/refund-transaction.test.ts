/** The shop gives money back: once at the gateway, once in the books here, whatever is lost on the way. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createStore } from "../../src/store/store.ts";
import { keepCleanBooks } from "../support/clean-books.ts";
import {
  callsTo,
  createPaid,
  givenBack,
  later,
  readMoney,
  refund,
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
  type System,
} from "../support/system.ts";

keepCleanBooks();

describe("refundTransaction", () => {
  it("gives all back, and tells the shop", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const { status, body } = await refund(system, id);
    expect(status).toBe(201);
    expect(body).toMatchObject({ transaction_id: id, amount: 1999, currency: "USD", status: "succeeded" });
    await system.settle();
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1999 });
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_refunded: 1999 });
    expect(await typesOf(system, id)).toEqual(["created", "succeeded", "refunded"]);
    expect(system.shop.distinct("transaction.refunded")).toMatchObject([{ data: { amount_refunded: 1999 } }]);
  });

  it("gives parts back, each with its reason, and one event for each", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    await refund(system, id, { amount: 500, reason: "a broken cup" });
    await refund(system, id, { amount: 1 });
    expect((await refund(system, id)).body).toMatchObject({ amount: 1498 });
    await system.settle();
    expect(await refundsOf(system, id)).toMatchObject([
      { amount: 500, reason: "a broken cup", status: "succeeded" },
      { amount: 1, reason: null, status: "succeeded" },
      { amount: 1498, status: "succeeded" },
    ]);
    const sums = system.shop.distinct("transaction.refunded").map(({ data }) => data.amount_refunded);
    expect(sums.toSorted((a, b) => Number(a) - Number(b))).toEqual([500, 501, 1999]);
    expect(givenBack(system, id)).toEqual({ count: 3, sum: 1999 });
  });

  it("frees the order's place when all is back, not before", async () => {
    const system = await createSystem();
    const order = newOrder();
    const { id } = await createPaid(system, order);
    await refund(system, id, { amount: 1998 });
    expect(await initiate(system, order)).toMatchObject({
      status: 409,
      body: { code: "order_already_paid" },
    });
    await refund(system, id, { amount: 1 });
    const again = await initiate(system, order);
    expect(again.status).toBe(201);
    system.gateway.settle(again.body.id, "success");
    await tell(system, again.body.id);
    expect(await readMoney(system, again.body.id)).toMatchObject({ status: "succeeded" });
  });

  it.each([
    [{ amount: 2000 }, 1999],
    [{ amount: Number.MAX_SAFE_INTEGER }, 1999],
  ])("refuses %j, and says how much is left", async (body, rest) => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const answer = await refund(system, id, body);
    expect(answer).toMatchObject({ status: 409, body: { code: "refund_exceeds_rest" } });
    expect(answer.body.detail).toContain(`${rest}`);
    expect(answer.body.errors).toEqual([{ pointer: "/amount", detail: `must be at most ${rest}` }]);
    expect(callsTo(system, "refund", id)).toBe(0);
    expect(await refundsOf(system, id)).toEqual([]);
  });

  it("refuses any more when nothing is left, by whichever way it went", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    await refund(system, id, { amount: 999 });
    system.gateway.refundByHand(id, 1000);
    await tell(system, id);
    for (const body of [undefined, { amount: 1 }]) {
      expect(await refund(system, id, body)).toMatchObject({
        status: 409,
        body: { code: "refund_exceeds_rest", errors: [{ detail: "must be at most 0" }] },
      });
    }
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1999 });
  });

  it.each([{ amount: 0 }, { amount: -1 }, { amount: 1.5 }, { amount: "1" }, { reason: "" }, { sum: 1 }, []])(
    "refuses %j as no request",
    async (body) => {
      const system = await createSystem();
      const { id } = await createPaid(system);
      expect(await refund(system, id, body)).toMatchObject({
        status: 400,
        body: { code: "invalid_request" },
      });
      expect(await refundsOf(system, id)).toEqual([]);
    },
  );

  it("refuses what is not paid", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    expect(await refund(system, id)).toMatchObject({ status: 409, body: { code: "not_refundable" } });
    await deliver(system, system.gateway.callback(id, "failure"));
    expect(await refund(system, id)).toMatchObject({ status: 409, body: { code: "not_refundable" } });
    await deliver(system, system.gateway.callback(id, "success", { amount: 1 }));
    const inReview = await refund(system, id);
    expect(inReview).toMatchObject({ status: 409, body: { code: "not_refundable" } });
    expect(inReview.body.detail).toContain("reject it");
    expect(await refundsOf(system, id)).toEqual([]);
    expect(callsTo(system, "refund", id)).toBe(0);
  });

  it("does not know an unknown one, nor shows one that is not open yet", async () => {
    const system = await createSystem();
    expect((await refund(system, "txn_00000000000000000000000000")).status).toBe(404);
    expect((await system.call("GET", "/transactions/txn_0/refunds")).status).toBe(404);
    system.gateway.fault = "down";
    const { body } = await initiate(system, newOrder());
    expect((await refund(system, body.transaction_id)).status).toBe(404);
    expect((await system.call("GET", `/transactions/${body.transaction_id}/refunds`)).status).toBe(404);
  });
});

describe("refundTransaction with an Idempotency-Key", () => {
  it("is one refund for one key, and another for another", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const first = await refund(system, id, { amount: 100 }, "key");
    const again = await refund(system, id, { amount: 100 }, "key");
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    await refund(system, id, { amount: 100 }, "key 2");
    expect(givenBack(system, id)).toEqual({ count: 2, sum: 200 });
  });

  it("gives the same after the rest is gone", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const first = await refund(system, id, undefined, "key");
    expect((await refund(system, id, undefined, "key")).body).toEqual(first.body);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1999 });
  });

  it.each([{ amount: 101 }, { amount: 100, reason: "other" }, undefined])(
    "refuses the key with the body %j",
    async (other) => {
      const system = await createSystem();
      const { id } = await createPaid(system);
      await refund(system, id, { amount: 100 }, "key");
      const answer = await refund(system, id, other, "key");
      expect(answer).toMatchObject({ status: 422, body: { code: "idempotency_mismatch" } });
      expect(givenBack(system, id)).toEqual({ count: 1, sum: 100 });
    },
  );

  it("takes the key for this transaction alone", async () => {
    const system = await createSystem();
    const [one, other] = [await createPaid(system), await createPaid(system)];
    const answers = [];
    for (const { id } of [one, other]) {
      answers.push(await refund(system, id, { amount: 100 }, "key"));
    }
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[0]?.body.id).not.toBe(answers[1]?.body.id);
    expect(givenBack(system, other.id)).toEqual({ count: 1, sum: 100 });
  });

  it("does not use the key up by a refusal", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    expect((await refund(system, id, { amount: 2000 }, "key")).status).toBe(409);
    expect((await refund(system, id, { amount: 100 }, "key")).status).toBe(201);
  });

  it("is one refund when ten ask with the same key at once", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const ask = () => refund(system, id, { amount: 100 }, "key");
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(9).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 100 });
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 100 });
  });
});

describe("many refunds of one transaction at once", () => {
  /** Fifty of 100 each, of 1999. */
  async function stampede(system: System, id: string) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => refund(system, id, { amount: 100 }, `key ${index}`)),
    );
    await system.settle();
    // What follows is another invocation, with a budget of its own.
    replaceServices(system, { store: createStore(env.DB) });
    return answers.map(({ status }) => status);
  }

  it("never give back more than there is", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const statuses = await stampede(system, id);
    expect(givenBack(system, id)).toEqual({ count: 19, sum: 1900 });
    expect(statuses.filter((status) => status === 201)).toHaveLength(19);
    expect(statuses.filter((status) => status === 409)).toHaveLength(31);
    await later(system);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1900 });
    expect((await refundsOf(system, id)).map(({ status }) => status)).toEqual(Array(19).fill("succeeded"));
    expect((await refund(system, id)).body).toMatchObject({ amount: 99 });
  });

  it("are each counted also where the gateway never tells its sum", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    system.gateway.fault = "refuse";
    system.gateway.faulty = /GET/;
    const statuses = await stampede(system, id);
    expect(statuses.filter((status) => status === 201)).toHaveLength(19);
    expect(givenBack(system, id)).toEqual({ count: 19, sum: 1900 });
    await later(system);
    expect((await refundsOf(system, id)).map(({ status }) => status)).toEqual(Array(19).fill("succeeded"));
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1900 });
  });
});
