/** What a gateway says of money that is booked: a dispute about it, and whether it is real money at all. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import {
  callsTo,
  createPaid,
  decideReview,
  later,
  pay,
  readMoney,
  refund,
  tell,
  typesOf,
} from "../support/money.ts";
import { createPending, createSystem, deliver, emptyTables, type System } from "../support/system.ts";

beforeEach(emptyTables);
afterEach(async () => void (await checkInvariants()));

type Dispute = "open" | "won" | "lost";

const say = (system: System, id: string, dispute: Dispute) =>
  deliver(system, system.gateway.callback(id, "success", { dispute }));

describe("a dispute", () => {
  it.each(["won", "lost"] as const)("is told as it opens and as it is %s", async (end) => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    expect(await readMoney(system, id)).not.toHaveProperty("dispute");
    for (const dispute of ["open", "open", end, end] as const) {
      system.gateway.session(id).dispute = dispute;
      await tell(system, id);
    }
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", dispute: end, version: 4 });
    expect(await typesOf(system, id)).toEqual(["created", "succeeded", "disputed", "disputed"]);
    const told = system.shop.distinct("transaction.disputed").map(({ data }) => data.dispute);
    expect(told.toSorted()).toEqual(["open", end].toSorted());
  });

  it("is not opened again by news that comes late", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    expect(await say(system, id, "lost")).toBe("applied");
    expect(await say(system, id, "open")).toBe("ignored");
    expect(await tell(system, id)).toBe("ignored");
    expect(await readMoney(system, id)).toMatchObject({ dispute: "lost" });
  });

  it("is told beside the payment where the first news has both", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.session(id).dispute = "open";
    await pay(system, id);
    expect(await typesOf(system, id)).toEqual(["created", "succeeded", "disputed"]);
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    expect(system.shop.distinct("transaction.disputed")).toMatchObject([{ data: { dispute: "open" } }]);
  });

  it("comes with a refund, each as its own event", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    system.gateway.session(id).dispute = "open";
    system.gateway.refundByHand(id, 500);
    await tell(system, id);
    expect(await typesOf(system, id)).toEqual(["created", "succeeded", "refunded", "disputed"]);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500, dispute: "open" });
  });

  it("keeps no refund from going out", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    await say(system, id, "open");
    expect((await refund(system, id)).body).toMatchObject({ status: "succeeded", amount: 1999 });
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1999, dispute: "open" });
  });
});

describe("the mode of money", () => {
  it("is what the session was opened in, or a person decides", async () => {
    const system = await createSystem();
    system.gateway.livemode = true;
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success", { livemode: false }));
    expect(await readMoney(system, id)).toMatchObject({ status: "review", review_reason: "wrong_mode" });
    await system.settle();
    expect(system.shop.distinct("transaction.succeeded")).toEqual([]);
    system.gateway.settle(id, "success");
    expect((await decideReview(system, id, "accept")).body).toMatchObject({ status: "succeeded" });
  });

  it.each([
    [true, true],
    [false, false],
    [true, null],
    [null, true],
  ])("agrees: opened as live %j, paid as live %j", async (opened, paid) => {
    const system = await createSystem();
    system.gateway.livemode = opened;
    const { id } = await createPending(system);
    system.gateway.livemode = paid;
    await pay(system, id);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded" });
  });

  it("counts of what goes back too: play money refunds nothing", async () => {
    const system = await createSystem();
    system.gateway.livemode = true;
    const { id } = await createPaid(system);
    const refunded = { livemode: false, amount_refunded: 1999 };
    expect(await deliver(system, system.gateway.callback(id, "success", refunded))).toBe("ignored");
    await later(system);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 0, version: 2 });
    expect(callsTo(system, "refund", id)).toBe(0);
  });
});
