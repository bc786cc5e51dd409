/** An operator gives money back in two steps: what was confirmed is done once, and nothing that has changed since. */
import { describe, expect, it } from "vitest";
import { keepCleanBooks } from "../support/clean-books.ts";
import {
  createPaid,
  givenBack,
  historyOf,
  later,
  type MoneyBody,
  readMoney,
  refund,
  refundsOf,
} from "../support/money.ts";
import {
  type Changes,
  countActions,
  formOf,
  lastAction,
  type Operator,
  openConsole,
  type Page,
  signIn,
} from "../support/operator.ts";
import { replaceServices, type System, selectRow } from "../support/system.ts";

keepCleanBooks();

const NOTE = "came broken";
const refundOf = (id: string) => `/console/payments/${id}/refund`;

/** The first step, filled in: it leads to the second. */
const weigh = (operator: Operator, id: string, amount: string, changes: Changes = {}) =>
  operator.confirm(refundOf(id), { amount, note: NOTE, ...changes });

async function openPaid(
  terms: Record<string, unknown> = {},
): Promise<{ system: System; operator: Operator; payment: MoneyBody }> {
  const { system, operator } = await openConsole();
  return { system, operator, payment: await createPaid(system, terms) };
}

const doneAt = (id: string) => `/console/payments/${id}?done=refunded`;

describe("the refund of a payment", () => {
  it("says at each step what will happen, does it at the second, and records who and why", async () => {
    const { system, operator, payment } = await openPaid();
    const first = await operator.open(refundOf(payment.id));
    expect(first.text).toContain("Step 1 of 2");
    expect(first.text).toContain("Of US$19.99, US$19.99 is left to give back.");
    expect(formOf(first)).toMatchObject({ button: "Continue", fields: { amount: "19.99", note: "" } });

    const second = await operator.submit(first, { amount: "5", note: NOTE });
    expect(second.text).toContain("Step 2 of 2");
    expect(second.text).toMatch(
      /US\$5\.00 goes back to the buyer of order \u2068order-.*\u2069 through Generic\./,
    );
    expect(second.text).toContain("US$14.99 stays, and can be refunded later.");
    expect(second.text).toContain(`Why: \u2068${NOTE}\u2069`);
    expect(formOf(second).button).toBe("Refund 5.00 USD");
    expect(givenBack(system, payment.id)).toEqual({ count: 0, sum: 0 });
    expect(await countActions()).toBe(0);

    const done = await operator.submit(second);
    expect(done).toMatchObject({ status: 200, address: doneAt(payment.id) });
    expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: 500 });
    expect(await refundsOf(system, payment.id)).toMatchObject([
      { amount: 500, currency: "USD", status: "succeeded", reason: NOTE },
    ]);
    expect((await historyOf(system, payment.id)).at(-1)).toMatchObject({
      ...{ type: "transaction.refunded", source: "operator", by: "Ada", note: NOTE, amount_refunded: 500 },
    });
    expect(await lastAction()).toEqual({
      ...{ action: "refund", actor: "Ada", note: NOTE, transaction_id: payment.id },
      outcome: "refunded: 5.00 USD",
    });
    await system.settle();
    expect(system.shop.distinct("transaction.refunded")).toHaveLength(1);
  });

  it("gives back a part, then the rest, and then nothing", async () => {
    const { system, operator, payment } = await openPaid();
    await operator.submit(await weigh(operator, payment.id, "5"));
    const rest = await operator.open(refundOf(payment.id));
    expect(formOf(rest).fields.amount).toBe("14.99");
    const second = await operator.submit(rest, { note: "all of it" });
    expect(second.text).toContain("That is all that is left of it: nothing stays.");
    expect((await operator.submit(second)).address).toBe(doneAt(payment.id));
    expect(await readMoney(system, payment.id)).toMatchObject({ status: "succeeded", amount_refunded: 1999 });
    const page = await operator.open(`/console/payments/${payment.id}`);
    expect(page.links).not.toContain(refundOf(payment.id));
    expect((await operator.open(refundOf(payment.id))).address).toBe(
      `/console/payments/${payment.id}?done=late`,
    );
    const refused = await operator.submit(rest, { amount: "1", note: NOTE });
    expect(refused.status).toBe(409);
    expect(refused.text).toContain("Nothing is left to give back.");
    expect(givenBack(system, payment.id)).toEqual({ count: 2, sum: 1999 });
  });

  it.each([
    ["USD", 1999, "5", 500],
    ["USD", 1999, "5,00", 500],
    ["USD", 1999, " 5.5 ", 550],
    ["USD", 123_456, "1 234.56", 123_456],
    ["JPY", 500, "500", 500],
    ["JPY", 500, "7", 7],
    ["KWD", 1234, "1.234", 1234],
    ["KWD", 1234, "0,005", 5],
  ])("reads in %s of %i a sum like %j", async (currency, amount, typed, minor) => {
    const { system, operator, payment } = await openPaid({ currency, amount });
    const done = await operator.submit(await weigh(operator, payment.id, typed));
    expect(done.address).toBe(doneAt(payment.id));
    expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: minor });
  });

  it.each([
    ["USD", "5.001", "Not a sum in USD, such as 19.99."],
    ["USD", "0", "Not a sum in USD, such as 19.99."],
    ["USD", "0.00", "Not a sum in USD, such as 19.99."],
    ["USD", "-1", "Not a sum in USD, such as 19.99."],
    ["USD", "", "Not a sum in USD, such as 19.99."],
    ["USD", "five", "Not a sum in USD, such as 19.99."],
    ["USD", "1e3", "Not a sum in USD, such as 19.99."],
    ["USD", "٥", "Not a sum in USD, such as 19.99."],
    ["USD", "1,999.00", "Not a sum in USD, such as 19.99."],
    ["USD", "20", "At most 19.99 USD."],
    ["USD", "99999999999999.99", "At most 19.99 USD."],
    ["USD", "9999999999999999.99", "Not a sum in USD, such as 19.99."],
    ["JPY", "1.5", "Not a sum in JPY, such as 1999."],
    ["JPY", "1,000", "Not a sum in JPY, such as 1999."],
    ["KWD", "1.2345", "Not a sum in KWD, such as 1.999."],
    ["KWD", "2", "At most 1.999 KWD."],
  ])("stays at the first step for %s %j, and keeps what was typed", async (currency, typed, error) => {
    const { system, operator, payment } = await openPaid({ currency });
    const page = await weigh(operator, payment.id, typed);
    expect(page.status).toBe(422);
    expect(page.text).toContain("Step 1 of 2");
    expect(page.text).toContain(error);
    expect(formOf(page).fields).toMatchObject({ note: NOTE, ...(typed === "" ? {} : { amount: typed }) });
    expect(formOf(page).fields).not.toHaveProperty("key");
    expect(await refundsOf(system, payment.id)).toEqual([]);
  });

  it("asks why, and keeps the sum that was typed", async () => {
    const { operator, payment } = await openPaid();
    const page = await weigh(operator, payment.id, "5", { note: " " });
    expect(page.status).toBe(422);
    expect(page.text).toContain("Say why: it stays in the record.");
    expect(formOf(page).fields).toMatchObject({ amount: "5", note: "" });
  });

  it.each<[string, Changes]>([
    ["a key", { key: undefined }],
    ["a key of ours", { key: "k".repeat(300) }],
    ["the rest that was seen", { rest: undefined }],
    ["a rest that is a number", { rest: "all" }],
    ["its step", { step: undefined }],
  ])("asks once more where a confirmation comes without %s", async (_, changes) => {
    const { system, operator, payment } = await openPaid();
    const again = await operator.submit(await weigh(operator, payment.id, "5"), changes);
    expect(again.status).toBe(200);
    expect(again.text).toContain("Step 2 of 2");
    expect(await refundsOf(system, payment.id)).toEqual([]);
  });

  it("gives back no more than there is, whatever a confirmation says", async () => {
    const { system, operator, payment } = await openPaid();
    const page = await operator.submit(await weigh(operator, payment.id, "5"), { amount: "20.00" });
    expect(page.status).toBe(409);
    expect(await refundsOf(system, payment.id)).toEqual([]);
    expect(await lastAction()).toMatchObject({ outcome: "refused: refund_exceeds_rest" });
  });
});

describe("a refund that is confirmed more than once", () => {
  it("is one, when the same confirmation is sent again", async () => {
    const { system, operator, payment } = await openPaid();
    const second = await weigh(operator, payment.id, "5");
    expect((await operator.submit(second)).address).toBe(doneAt(payment.id));
    for (const _ of ["again", "and again"]) {
      const page = await operator.submit(second);
      expect(page.address).toBe(`/console/payments/${payment.id}?done=repeated`);
      expect(page.text).toContain("the refund is done, and done once");
      expect(await lastAction()).toMatchObject({ outcome: "repeated: 5.00 USD" });
    }
    expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: 500 });
  });

  it("is one, when the same confirmation of all is sent by ten at once", async () => {
    const { system, operator, payment } = await openPaid();
    const second = await weigh(operator, payment.id, "19.99");
    const answers = await Promise.all(Array.from({ length: 10 }, () => operator.submit(second)));
    await system.settle();
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: 1999 });
    expect(await refundsOf(system, payment.id)).toHaveLength(1);
  });

  it.each([2, 10])(
    "is one of %i tabs' that confirmed at the same rest: the others are told",
    async (count) => {
      const { system, operator, payment } = await openPaid();
      const tabs: { operator: Operator; page: Page }[] = [];
      for (let index = 0; index < count; index += 1) {
        const person = index === 0 ? operator : await signIn(system, `Person ${index}`);
        tabs.push({ operator: person, page: await weigh(person, payment.id, "5") });
      }
      const answers = await Promise.all(tabs.map((tab) => tab.operator.submit(tab.page)));
      await system.settle();
      const refused = answers.filter(({ status }) => status === 409);
      expect(answers.filter(({ address }) => address === doneAt(payment.id))).toHaveLength(1);
      expect(refused).toHaveLength(count - 1);
      for (const page of refused) {
        expect(formOf(page).fields).toMatchObject({ amount: "5.00", note: NOTE });
        expect(page.text).toContain("Meanwhile this has changed: US$14.99 is left to give back.");
      }
      expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: 500 });
      expect(await refundsOf(system, payment.id)).toHaveLength(1);
      expect(await readMoney(system, payment.id)).toMatchObject({ amount_refunded: 500, version: 3 });
      expect(system.shop.distinct("transaction.refunded")).toHaveLength(1);
      const outcomes = await selectRow<{ done: number; refused: number }>(
        `SELECT sum(outcome = 'refunded: 5.00 USD') AS done, sum(outcome = 'refused: refund_exceeds_rest') AS refused
       FROM operator_actions`,
      );
      expect(outcomes).toEqual({ done: 1, refused: count - 1 });
    },
  );

  it("is refused when the shop has given something back meanwhile, and says what is left", async () => {
    const { system, operator, payment } = await openPaid();
    const second = await weigh(operator, payment.id, "5");
    await refund(system, payment.id, { amount: 1 });
    const page = await operator.submit(second);
    expect(page.status).toBe(409);
    expect(page.text).toContain("Meanwhile this has changed: US$19.98 is left to give back.");
    expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: 1 });
    // Weighed anew, it is done.
    const done = await operator.submit(await operator.submit(page));
    expect(done.address).toBe(doneAt(payment.id));
    expect(givenBack(system, payment.id)).toEqual({ count: 2, sum: 501 });
  });

  it("is refused when nothing is left, with a way back to the payment", async () => {
    const { system, operator, payment } = await openPaid();
    const second = await weigh(operator, payment.id, "5");
    await refund(system, payment.id);
    const page = await operator.submit(second);
    expect(page.status).toBe(409);
    expect(page.text).toContain("US$0.00 is left to give back");
    expect(page.links).toEqual([`/console/payments/${payment.id}`]);
    expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: 1999 });
  });
});

describe("a refund at a gateway in trouble", () => {
  it.each(["down", "lost_answer", "slow", "broken", "nonsense"] as const)(
    "is under way while it is silent (%s), and done once when it answers",
    async (fault) => {
      const { system, operator, payment } = await openPaid();
      const second = await weigh(operator, payment.id, "5");
      system.gateway.faulty = /refund/;
      system.gateway.fault = fault;
      const page = await operator.submit(second);
      expect(page.address).toBe(`/console/payments/${payment.id}?done=refunding`);
      expect(page.text).toContain("The refund is under way");
      expect(page.text).toContain("US$5.00 on its way back");
      expect(await lastAction()).toMatchObject({ outcome: "refunding: 5.00 USD" });
      expect((await operator.submit(second)).address).toContain("?done=refunding");
      system.gateway.fault = null;
      await later(system, 120_000);
      expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: 500 });
      // Who did it is known also where the cron has ended it.
      expect((await historyOf(system, payment.id)).at(-1)).toMatchObject({ by: "Ada", note: NOTE });
      expect((await operator.submit(second)).address).toContain("?done=repeated");
      expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: 500 });
    },
  );

  it("counts as under way for whoever weighs another one", async () => {
    const { system, operator, payment } = await openPaid();
    system.gateway.refundOutcome = "pending";
    await operator.submit(await weigh(operator, payment.id, "5"));
    const page = await operator.open(refundOf(payment.id));
    expect(formOf(page).fields.amount).toBe("14.99");
    expect((await weigh(operator, payment.id, "15")).status).toBe(422);
    expect(system.gateway.session(payment.id).refunds.size).toBe(1);
  });

  it("is over when it refuses: the page says so, and another can be tried", async () => {
    const { system, operator, payment } = await openPaid();
    system.gateway.faulty = /refund/;
    system.gateway.fault = "refuse";
    const page = await operator.submit(await weigh(operator, payment.id, "5"));
    expect(page.status).toBe(409);
    expect(page.text).toContain("The gateway refused to give the money back.");
    expect(formOf(page).fields).toMatchObject({ amount: "5.00", note: NOTE });
    expect(await lastAction()).toMatchObject({ outcome: "refused: gateway_rejected" });
    expect(await readMoney(system, payment.id)).toMatchObject({ amount_refunded: 0, version: 2 });
    system.gateway.fault = null;
    expect((await operator.submit(await operator.submit(page))).address).toBe(doneAt(payment.id));
    expect(givenBack(system, payment.id)).toEqual({ count: 1, sum: 500 });
  });

  it("is over when it fails there", async () => {
    const { system, operator, payment } = await openPaid();
    system.gateway.refundOutcome = "failure";
    const page = await operator.submit(await weigh(operator, payment.id, "5"));
    expect(page.status).toBe(409);
    expect(await refundsOf(system, payment.id)).toMatchObject([{ status: "failed" }]);
    expect(await lastAction()).toMatchObject({ outcome: "refused: gateway_rejected" });
  });

  it("is neither offered nor taken where the gateway cannot refund", async () => {
    const { system, operator, payment } = await openPaid();
    const [first, second] = [
      await operator.open(refundOf(payment.id)),
      await weigh(operator, payment.id, "5"),
    ];
    const [generic] = system.services.gateways.values();
    const { refund: _, ...without } = generic ?? expect.unreachable("there is one");
    replaceServices(system, { gateways: new Map([["generic", without]]) });
    expect((await operator.open(`/console/payments/${payment.id}`)).links).not.toContain(
      refundOf(payment.id),
    );
    expect((await operator.open(refundOf(payment.id))).address).toContain("?done=late");
    for (const page of [
      await operator.submit(first, { amount: "5", note: NOTE }),
      await operator.submit(second),
    ]) {
      expect(page.status).toBe(409);
      expect(page.text).toContain("Generic cannot refund by its API");
    }
    expect(await refundsOf(system, payment.id)).toEqual([]);
  });
});
