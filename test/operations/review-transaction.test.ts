/** A person's verdict on money that is not as asked: kept and fulfilled, or sent back once, in its own currency. */
import { describe, expect, it } from "vitest";
import { keepCleanBooks } from "../support/clean-books.ts";
import {
  bringPaid,
  callsTo,
  createPaid,
  decideReview,
  givenBack,
  HOUR,
  historyOf,
  later,
  pay,
  readMoney,
  refund,
  refundsOf,
  tell,
  typesOf,
} from "../support/money.ts";
import { nameOf, REVIEW_CASES } from "../support/reviews.ts";
import {
  createPending,
  createSystem,
  deliver,
  initiate,
  newOrder,
  replaceStore,
  type System,
} from "../support/system.ts";

keepCleanBooks();

const DAY = 24 * HOUR;

const named = REVIEW_CASES.map((each) => [nameOf(each), each] as const);
const createReviewing = () => createSystem({ LATE_PAYMENT_POLICY: "review" });

describe.each(named)("reviewTransaction of %s", (_, { reason, amount, currency, bring }) => {
  it("keeps the money and fulfils once it is accepted, by whom and why", async () => {
    const system = await createReviewing();
    const id = await bring(system);
    expect(await readMoney(system, id)).toMatchObject({ status: "review", review_reason: reason });
    const answer = await decideReview(system, id, "accept", { reason: "the buyer called", by: "ada" });
    expect(answer).toMatchObject({ status: 200, body: { status: "succeeded", review_reason: null } });
    await system.settle();
    expect((await historyOf(system, id)).at(-1)).toMatchObject({
      ...{ type: "transaction.succeeded", previous_status: "review", source: "shop" },
      ...{ by: "ada", note: "the buyer called", amount_captured: currency === "USD" ? amount : 1999 },
    });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    expect(callsTo(system, "refund", id)).toBe(0);
    expect(await decideReview(system, id, "reject")).toMatchObject({
      status: 409,
      body: { code: "not_in_review" },
    });
  });

  it("gives back exactly what the gateway holds once it is rejected, in its currency, and never again", async () => {
    const system = await createReviewing();
    const id = await bring(system);
    const answer = await decideReview(system, id, "reject", { reason: "not ours", by: "ada" });
    expect(answer).toMatchObject({ status: 200, body: { status: "canceled", review_reason: null } });
    await system.settle();
    expect(await refundsOf(system, id)).toMatchObject([
      { amount, currency, status: "succeeded", reason: "not ours" },
    ]);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: amount });
    const rejected = (await historyOf(system, id)).find(({ by }) => by !== null);
    expect(rejected).toMatchObject({ type: "transaction.canceled", by: "ada", note: "not ours" });
    const before = await readMoney(system, id);
    expect(before).toMatchObject({ amount_refunded: currency === "USD" ? amount : 0 });

    // The gateway repeats itself, with and without what went back.
    await tell(system, id);
    await deliver(system, system.gateway.callback(id, "success", { amount_refunded: 0 }));
    await deliver(system, system.gateway.callback(id, "refunded"));
    for (let days = 0; days < 4; days += 1) {
      await later(system, DAY);
    }
    expect(await readMoney(system, id)).toMatchObject({ status: "canceled", version: before.version });
    expect(givenBack(system, id)).toEqual({ count: 1, sum: amount });
    expect(system.shop.distinct("transaction.succeeded")).toEqual([]);
  });
});

describe("reviewTransaction", () => {
  it("frees the order by a rejection, not before", async () => {
    const system = await createSystem();
    const order = newOrder();
    const { body } = await initiate(system, order);
    await pay(system, body.id, { amount: 1 });
    expect(await initiate(system, order)).toMatchObject({ status: 409, body: { code: "order_in_review" } });
    await decideReview(system, body.id, "reject");
    expect((await initiate(system, order)).status).toBe(201);
  });

  it.each(["accept", "reject"] as const)("does not %s what is not in review", async (verdict) => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    expect(await decideReview(system, id, verdict)).toMatchObject({
      status: 409,
      body: { code: "not_in_review", transaction_id: id },
    });
    const unknown = await decideReview(system, "txn_00000000000000000000000000", verdict);
    expect(unknown.status).toBe(404);
    const nonsense = await decideReview(system, id, verdict, { reason: "", why: 1 });
    expect(nonsense).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  });

  it("keeps one payment of an order: a duplicate is accepted only once the other is back", async () => {
    const system = await createSystem();
    const order = newOrder();
    const first = (await initiate(system, order)).body;
    await deliver(system, system.gateway.callback(first.id, "failure"));
    const second = (await initiate(system, order)).body;
    await pay(system, first.id);
    await pay(system, second.id);
    expect(await readMoney(system, second.id)).toMatchObject({ review_reason: "duplicate_payment" });
    expect(await decideReview(system, second.id, "accept")).toMatchObject({
      status: 409,
      body: { code: "order_already_paid", transaction_id: second.id },
    });
    await refund(system, first.id);
    expect(await decideReview(system, second.id, "accept")).toMatchObject({
      status: 200,
      body: { status: "succeeded" },
    });
  });

  it("lets one of two verdicts win", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    const verdicts = ["accept", "reject", "accept", "reject"] as const;
    const answers = await Promise.all(verdicts.map((verdict) => decideReview(system, id, verdict)));
    await system.settle();
    const { status } = await readMoney(system, id);
    const won = status === "succeeded" ? "accept" : "reject";
    expect(answers.map((answer) => answer.status === 200)).toEqual(
      verdicts.map((verdict) => verdict === won),
    );
    expect(givenBack(system, id)).toEqual(won === "accept" ? { count: 0, sum: 0 } : { count: 1, sum: 1000 });
    expect((await typesOf(system, id)).slice(0, 2)).toEqual(["created", "review"]);
  });

  it("answers with what was decided also when the commit's answer was lost", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    const { commit } = system.services.store;
    const restore = replaceStore(system, {
      commit: async (news) => {
        restore();
        await commit(news);
        return "conflict";
      },
    });
    expect(await decideReview(system, id, "reject")).toMatchObject({
      status: 200,
      body: { status: "canceled" },
    });
    await later(system);
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1000 });
  });

  it("accepts no money that is not there", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    system.gateway.settle(id, "failure");
    expect(await decideReview(system, id, "accept")).toMatchObject({
      status: 409,
      body: { code: "not_settled" },
    });
    Object.assign(system.gateway.session(id), { status: "success", amountRefunded: 1000 });
    expect((await decideReview(system, id, "accept")).body.code).toBe("not_settled");
  });

  it("notes with an acceptance what the gateway says besides: a part that went back, a dispute", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    Object.assign(system.gateway.session(id), { amountRefunded: 300, dispute: "open" });
    const answer = await decideReview(system, id, "accept");
    expect(answer.body).toMatchObject({ status: "succeeded", amount_captured: 1000, amount_refunded: 300 });
    expect(await readMoney(system, id)).toMatchObject({ dispute: "open" });
    expect((await refund(system, id)).body).toMatchObject({ amount: 700, status: "succeeded" });
  });

  it("has nothing left to decide once the gateway has given all back", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    system.gateway.refundByHand(id, 400);
    await tell(system, id);
    expect(await readMoney(system, id)).toMatchObject({ status: "review", amount_refunded: 400 });
    system.gateway.refundByHand(id, 600);
    await tell(system, id);
    expect(await readMoney(system, id)).toMatchObject({ status: "canceled", amount_refunded: 1000 });
    expect(callsTo(system, "refund", id)).toBe(0);
  });
});

describe("reviewTransaction of money that is only held", () => {
  async function createHeldWrong(system: System): Promise<string> {
    const { id } = await createPending(system, { capture: "manual" });
    Object.assign(system.gateway.session(id).request, { amount: 1000 });
    system.gateway.settle(id, "authorized");
    await tell(system, id);
    expect(await readMoney(system, id)).toMatchObject({ status: "review", review_reason: "wrong_amount" });
    return id;
  }

  it("accepts nothing, for nothing is taken", async () => {
    const system = await createSystem();
    const id = await createHeldWrong(system);
    expect(await decideReview(system, id, "accept")).toMatchObject({
      status: 409,
      body: { code: "not_settled" },
    });
  });

  it("lets it go by a rejection, and refunds nothing", async () => {
    const system = await createSystem();
    const id = await createHeldWrong(system);
    expect((await decideReview(system, id, "reject")).body).toMatchObject({ status: "canceled" });
    await system.settle();
    expect(callsTo(system, "expire", id)).toBe(1);
    expect(await refundsOf(system, id)).toEqual([]);
  });
});
