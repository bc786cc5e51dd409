/** An operator decides a review, whatever brought the payment there. */
import { describe, expect, it } from "vitest";
import { keepCleanBooks } from "../support/clean-books.ts";
import {
  bringPaid,
  callsTo,
  createPaid,
  givenBack,
  historyOf,
  pay,
  readMoney,
  refund,
  refundsOf,
  typesOf,
} from "../support/money.ts";
import { formOf, lastAction, openConsole, PASSWORD, signIn } from "../support/operator.ts";
import { nameOf, REVIEW_CASES, type ReviewCase } from "../support/reviews.ts";
import {
  createSystem,
  deliver,
  initiate,
  newOrder,
  replaceServices,
  type System,
} from "../support/system.ts";

keepCleanBooks();

const NOTE = "agreed with the buyer";
const deedOf = (id: string, deed: "accept" | "reject") => `/console/payments/${id}/${deed}`;

async function bringTwice(system: System): Promise<string> {
  const order = newOrder();
  const first = (await initiate(system, order)).body;
  await deliver(system, system.gateway.callback(first.id, "failure"));
  const second = (await initiate(system, order)).body;
  await pay(system, first.id);
  await pay(system, second.id);
  // The first one is given back, so that the second one can be kept.
  await refund(system, first.id);
  return second.id;
}

/** How the confirmation says it. */
const WORDS: Readonly<Record<string, string>> = {
  wrong_amount: "another amount was paid",
  wrong_currency: "another currency was paid",
  wrong_mode: "test money for a live payment",
  duplicate_payment: "the order is paid already",
  late_payment: "the money came after the end",
  gateway_silent: "the gateway does not answer",
};
const cases: readonly ReviewCase[] = [
  ...REVIEW_CASES,
  { reason: "duplicate_payment", currency: "USD", amount: 1999, bring: bringTwice },
];

/** Where late money is for a person. The operator comes last: some reviews take days, and a session does not last so long. */
async function openReview({ bring }: ReviewCase) {
  const system = await createSystem({ CONSOLE_PASSWORD: PASSWORD, LATE_PAYMENT_POLICY: "review" });
  const id = await bring(system);
  return { system, id, operator: await signIn(system) };
}

describe.each(cases.map((each) => [nameOf(each), each] as const))("a review for %s", (_, each) => {
  const { reason } = each;

  it("is accepted: the payment counts, and the shop fulfils", async () => {
    const { system, operator, id } = await openReview(each);
    expect(await readMoney(system, id)).toMatchObject({ status: "review", review_reason: reason });
    const page = await operator.open(deedOf(id, "accept"));
    expect(page.text).toContain(`It is in review: ${WORDS[reason]}`);
    expect(page.text).toContain("the shop is told to fulfil");
    expect(formOf(page).button).toBe("Accept and fulfil");
    const done = await operator.submit(page, { note: NOTE });
    expect(done.address).toBe(`/console/payments/${id}?done=accepted`);
    await system.settle();
    expect((await historyOf(system, id)).at(-1)).toMatchObject({
      ...{
        type: "transaction.succeeded",
        previous_status: "review",
        source: "operator",
        by: "Ada",
        note: NOTE,
      },
    });
    expect(await lastAction()).toEqual({
      ...{ action: "accept", actor: "Ada", note: NOTE, outcome: "accepted", transaction_id: id },
    });
    expect(system.shop.distinct("transaction.succeeded").filter(({ data }) => data.id === id)).toHaveLength(
      1,
    );
    expect(callsTo(system, "refund", id)).toBe(0);
  });

  it("is rejected: all that the gateway holds goes back, in its currency", async () => {
    const { system, operator, id } = await openReview(each);
    const page = await operator.open(deedOf(id, "reject"));
    expect(page.text).toContain("whatever Generic holds of it goes back to the buyer at once");
    expect(page.html).toMatch(/<button class="button danger"/);
    const done = await operator.submit(page, { note: NOTE });
    expect(done.address).toBe(`/console/payments/${id}?done=rejected`);
    await system.settle();
    expect(await readMoney(system, id)).toMatchObject({ status: "canceled", review_reason: null });
    expect(givenBack(system, id)).toEqual({ count: 1, sum: each.amount });
    expect(await refundsOf(system, id)).toMatchObject([
      { amount: each.amount, currency: each.currency, status: "succeeded", reason: NOTE },
    ]);
    const verdict = (await historyOf(system, id)).find(({ by }) => by !== null);
    expect(verdict).toMatchObject({
      ...{ type: "transaction.canceled", source: "operator", by: "Ada", note: NOTE },
    });
    expect(await lastAction()).toMatchObject({
      action: "reject",
      actor: "Ada",
      note: NOTE,
      outcome: "rejected",
    });
    expect(system.shop.distinct("transaction.succeeded").filter(({ data }) => data.id === id)).toEqual([]);
  });

  it("asks for a reason", async () => {
    const { system, operator, id } = await openReview(each);
    for (const deed of ["accept", "reject"] as const) {
      expect((await operator.confirm(deedOf(id, deed))).status).toBe(422);
    }
    expect(await readMoney(system, id)).toMatchObject({ status: "review" });
  });
});

describe("a review", () => {
  it("whose refund failed is tried again by another rejection", async () => {
    const { system, operator } = await openConsole();
    const id = await bringPaid(system, { amount: 1000 });
    system.gateway.faulty = /refund/;
    system.gateway.fault = "refuse";
    await operator.confirm(deedOf(id, "reject"), { note: NOTE });
    await system.settle();
    expect(await readMoney(system, id)).toMatchObject({ status: "review", review_reason: "refund_failed" });
    system.gateway.fault = null;
    const page = await operator.open(deedOf(id, "reject"));
    expect(page.text).toContain("It is in review: a refund failed");
    await operator.submit(page, { note: "once more" });
    await system.settle();
    expect(await readMoney(system, id)).toMatchObject({ status: "canceled" });
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1000 });
  });

  it("is not accepted while another payment of the order is kept", async () => {
    const { system, operator } = await openConsole();
    const order = newOrder();
    const first = (await initiate(system, order)).body;
    await deliver(system, system.gateway.callback(first.id, "failure"));
    const second = (await initiate(system, order)).body;
    await pay(system, first.id);
    await pay(system, second.id);
    const page = await operator.confirm(deedOf(second.id, "accept"), { note: NOTE });
    expect(page.status).toBe(409);
    expect(page.text).toContain("Another payment of this order is kept.");
    expect(formOf(page).fields).toMatchObject({ note: NOTE });
    expect(await readMoney(system, second.id)).toMatchObject({ status: "review" });
    expect(await lastAction()).toMatchObject({ outcome: "refused: order_already_paid" });
  });

  it("is not accepted where the money is not there", async () => {
    const { system, operator } = await openConsole();
    const id = await bringPaid(system, { amount: 1000 });
    system.gateway.settle(id, "failure");
    const page = await operator.confirm(deedOf(id, "accept"), { note: NOTE });
    expect(page.status).toBe(409);
    expect(page.text).toContain("The gateway says that the money is not there.");
    expect(await readMoney(system, id)).toMatchObject({ status: "review" });
  });

  it("of money in another currency is not rejected while the gateway is silent", async () => {
    const { system, operator } = await openConsole();
    const id = await bringPaid(system, { currency: "EUR" });
    system.gateway.fault = "down";
    const page = await operator.confirm(deedOf(id, "reject"), { note: NOTE });
    expect(page.status).toBe(503);
    expect(page.text).toContain("The gateway did not answer. Try again.");
    system.gateway.fault = null;
    expect((await operator.submit(page)).address).toContain("?done=rejected");
    await system.settle();
    expect(givenBack(system, id)).toEqual({ count: 1, sum: 1999 });
  });

  it("is not rejected where the gateway cannot give the money back", async () => {
    const { system, operator } = await openConsole();
    const id = await bringPaid(system, { amount: 1000 });
    const [generic] = system.services.gateways.values();
    const { refund: _, ...without } = generic ?? expect.unreachable("there is one");
    replaceServices(system, { gateways: new Map([["generic", without]]) });
    const page = await operator.confirm(deedOf(id, "reject"), { note: NOTE });
    expect(page.status).toBe(409);
    expect(page.text).toContain("This gateway cannot refund by its API. Refund it there, then reject again.");
    expect(await readMoney(system, id)).toMatchObject({ status: "review" });
  });

  it.each([
    ["accept", "accepted", "succeeded"],
    ["reject", "rejected", "canceled"],
  ] as const)(
    "where the gateway is not configured any more: the person's %s stands alone",
    async (deed, done, status) => {
      const silent = REVIEW_CASES.find(({ reason }) => reason === "gateway_silent");
      const { system, id, operator } = await openReview(silent ?? expect.unreachable("it is among them"));
      replaceServices(system, { gateways: new Map() });
      const page = await operator.confirm(deedOf(id, deed), { note: NOTE });
      expect(page.address).toBe(`/console/payments/${id}?done=${done}`);
      expect(await readMoney(system, id)).toMatchObject({ status });
    },
  );

  it("is decided once, however many decide at the same moment", async () => {
    const { system, operator } = await openConsole();
    const id = await bringPaid(system, { amount: 1000 });
    const [accept, reject] = [
      await operator.open(deedOf(id, "accept")),
      await operator.open(deedOf(id, "reject")),
    ];
    const pages = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? accept : reject));
    const answers = await Promise.all(pages.map((page) => operator.submit(page, { note: NOTE })));
    await system.settle();
    const { status } = await readMoney(system, id);
    const won = status === "succeeded" ? "accepted" : "rejected";
    const done = answers.filter((answer) => answer.status === 200);
    expect(done.length).toBeGreaterThan(0);
    expect(new Set(done.map(({ address }) => address))).toEqual(
      new Set([`/console/payments/${id}?done=${won}`]),
    );
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(10 - done.length);
    expect(givenBack(system, id)).toEqual(
      won === "accepted" ? { count: 0, sum: 0 } : { count: 1, sum: 1000 },
    );
    expect((await typesOf(system, id)).slice(0, 2)).toEqual(["created", "review"]);
  });

  it("is no way to decide what is paid", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPaid(system);
    expect((await operator.open(deedOf(id, "reject"))).address).toBe(`/console/payments/${id}?done=late`);
  });
});
