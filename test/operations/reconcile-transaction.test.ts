/** The cron's and the buyer's look at the gateway: what a lost callback costs, and what it can never cost. */
import { beforeEach, describe, expect, it } from "vitest";
import { checkNow, reconcileTransaction } from "../../src/operations/reconcile-transaction.ts";
import { checkInvariants } from "../support/invariants.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  initiate,
  newOrder,
  read,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(emptyTables);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const clockOf = async (id: string) =>
  (
    await selectRow<{ next_check_at: number | null }>(
      "SELECT next_check_at FROM transactions WHERE id = ?",
      id,
    )
  )?.next_check_at ?? null;

const looksAt = (system: System, id: string) =>
  system.gateway.calls.filter((call) => call === `GET /status/${id}`).length;

describe("reconcileTransaction by the cron", () => {
  it("finds a payment whose callback was lost", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    await system.tick();
    expect(await read(system, id)).toMatchObject({ status: "pending" });
    system.advance(MINUTE);
    await system.tick();
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "succeeded", version: 2 });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    expect(await clockOf(id)).toBe(null);
    await checkInvariants();
  });

  it.each([
    ["failure", "failed"],
    ["cancelled", "canceled"],
    ["expired", "expired"],
    ["processing", "processing"],
    ["authorized", "authorized"],
  ] as const)("brings %s home as %s", async (status, expected) => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, status);
    system.advance(MINUTE);
    await system.tick();
    expect(await read(system, id)).toMatchObject({ status: expected });
    await checkInvariants();
  });

  it("looks after 1, 5 and 15 minutes, at the expiry, and makes no version of seeing nothing new", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    const { id } = await createPending(system);
    const start = clock.now();
    const looks: number[] = [];
    for (let due = await clockOf(id); due !== null && due < start + 30 * MINUTE; due = await clockOf(id)) {
      looks.push((due - start) / MINUTE);
      clock.advance(due - clock.now());
      await system.tick();
      expect(await read(system, id)).toMatchObject({ status: "pending", version: 1 });
    }
    expect(looks).toEqual([1, 5, 15]);
    expect(await clockOf(id)).toBe(start + 30 * MINUTE);
    expect(looksAt(system, id)).toBe(3);
  });

  it("looks for the first time after STATUS_CHECK_AFTER_SECONDS at the latest", async () => {
    const system = await createSystem({ STATUS_CHECK_AFTER_SECONDS: "3" });
    const clock = freezeClock(system);
    const { id } = await createPending(system);
    expect(await clockOf(id)).toBe(clock.now() + 3000);
  });

  it("applies one change when a callback and the cron bring the same news together", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    system.advance(MINUTE);
    const callback = system.gateway.callback(id, "success");
    await Promise.all([system.tick(), deliver(system, callback), system.tick()]);
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "succeeded", version: 2 });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    await checkInvariants();
  });

  it("ignores a transaction that does not exist", async () => {
    const system = await createSystem();
    await reconcileTransaction(system.services, "txn_00000000000000000000000000", "cron");
    expect(system.gateway.calls).toEqual([]);
  });
});

describe("reconcileTransaction of an order with two transactions", () => {
  async function createTwice(system: System) {
    const first = await createPending(system);
    system.gateway.settle(first.id, "failure");
    await deliver(system, system.gateway.callback(first.id, "failure"));
    const second = await createPending(system, { order_id: first.order_id });
    return { first, second };
  }

  it("ends the open one at the gateway when the other succeeds, at once", async () => {
    const system = await createSystem();
    const { first, second } = await createTwice(system);
    await deliver(system, system.gateway.callback(first.id, "success"));
    await system.settle();
    expect(await read(system, second.id)).toMatchObject({ status: "canceled" });
    expect(system.gateway.sessions.get(second.id)?.status).toBe("expired");
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    await checkInvariants();
  });

  it("ends it by the next tick when the cron itself found the payment", async () => {
    const system = await createSystem();
    const first = await createPending(system);
    await deliver(system, system.gateway.callback(first.id, "failure"));
    system.advance(15 * MINUTE);
    const second = await createPending(system, { order_id: first.order_id });
    system.gateway.settle(first.id, "success");
    await system.tick();
    expect(await read(system, first.id)).toMatchObject({ status: "succeeded" });
    await system.tick();
    expect(await read(system, second.id)).toMatchObject({ status: "canceled" });
    await checkInvariants();
  });

  it("ends it by the next tick also when a look at it was under way as the other was paid", async () => {
    const system = await createSystem();
    const { first, second } = await createTwice(system);
    system.gateway.settle(first.id, "success");
    system.gateway.after = async (call) => {
      // The look at the other one, in the same tick, comes first.
      for (let waits = 0; call.endsWith(second.id) && waits < 200; waits += 1) {
        waits = (await read(system, first.id)).status === "succeeded" ? 200 : waits;
      }
    };
    system.advance(15 * MINUTE);
    await system.tick();
    await system.tick();
    expect(await read(system, second.id)).toMatchObject({ status: "canceled" });
    await checkInvariants();
  });

  it("leaves it to a person when the open one turns out to be paid as well", async () => {
    const system = await createSystem();
    const { first, second } = await createTwice(system);
    system.gateway.settle(second.id, "success");
    await deliver(system, system.gateway.callback(first.id, "success"));
    await system.settle();
    expect(await read(system, second.id)).toMatchObject({
      status: "review",
      review_reason: "duplicate_payment",
    });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    await checkInvariants();
  });

  it("gives nobody a page to pay on when the other was paid while it was being opened", async () => {
    const system = await createSystem();
    const first = await createPending(system);
    await deliver(system, system.gateway.callback(first.id, "failure"));
    system.gateway.before = async (call) => {
      if (call === "POST /create-session") {
        await deliver(system, system.gateway.callback(first.id, "success"));
        await system.settle();
      }
    };
    const refused = await initiate(system, newOrder({ order_id: first.order_id }));
    const second = refused.body.transaction_id;
    expect(refused).toMatchObject({ status: 409, body: { code: "order_already_paid" } });
    expect(await read(system, second)).toMatchObject({ status: "canceled", payment_url: null });
    expect(system.gateway.sessions.get(second)?.status).toBe("expired");
    await checkInvariants();
  });
});

describe("reconcileTransaction after the end", () => {
  it.each(["failure", "cancelled", "expired"] as const)(
    "watches for late money for 72 hours after %s, then looks no more",
    async (status) => {
      const system = await createSystem();
      const clock = freezeClock(system);
      const { id } = await createPending(system);
      system.gateway.settle(id, status);
      await deliver(system, system.gateway.callback(id, status));
      const ended = clock.now();
      const looks: number[] = [];
      for (let due = await clockOf(id); due !== null; due = await clockOf(id)) {
        looks.push((due - ended) / HOUR);
        clock.advance(due - clock.now());
        await system.tick();
      }
      expect(looks).toEqual([0.25, 1, 6, 24, 72]);
      expect(looksAt(system, id)).toBe(5);
      expect(await read(system, id)).toMatchObject({ version: 2 });
    },
  );

  it("finds money that came late, by itself", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "expired"));
    system.gateway.settle(id, "success");
    system.advance(15 * MINUTE);
    await system.tick();
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "succeeded", late: true });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("never looks at one again that the gateway refused to open", async () => {
    const system = await createSystem();
    system.gateway.fault = "refuse";
    const response = await system.call("POST", "/transactions", {
      ...{ order_id: crypto.randomUUID(), amount: 1, currency: "USD" },
    });
    const { transaction_id } = (await response.json()) as { transaction_id: string };
    expect(await clockOf(transaction_id)).toBe(null);
  });
});

describe("checkNow", () => {
  it("asks the gateway at once, and then not again for 10 seconds", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    const { id } = await createPending(system);
    await checkNow(system.services, id);
    await Promise.all(Array.from({ length: 10 }, () => checkNow(system.services, id)));
    expect(looksAt(system, id)).toBe(1);
    clock.advance(10_001);
    await checkNow(system.services, id);
    expect(looksAt(system, id)).toBe(2);
  });

  it("asks once for 20 clicks at the same moment", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await Promise.all(Array.from({ length: 20 }, () => checkNow(system.services, id)));
    expect(looksAt(system, id)).toBe(1);
  });

  it("shows the buyer a payment whose callback was lost", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    await checkNow(system.services, id);
    expect(await read(system, id)).toMatchObject({ status: "succeeded" });
  });

  it("asks nothing about what is settled, or is not there", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success"));
    await checkNow(system.services, id);
    await checkNow(system.services, "txn_00000000000000000000000000");
    expect(system.gateway.calls).toEqual(["POST /create-session"]);
  });

  it("leaves the cron's clock going, also when the gateway is away", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    const { id } = await createPending(system);
    system.gateway.fault = "busy";
    await checkNow(system.services, id);
    expect(await clockOf(id)).toBe(clock.now() + 10_000);
    system.gateway.fault = null;
    system.gateway.settle(id, "success");
    clock.advance(10_000);
    await system.tick();
    expect(await read(system, id)).toMatchObject({ status: "succeeded" });
  });
});
