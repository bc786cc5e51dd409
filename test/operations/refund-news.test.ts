/** The end of a refund as a webhook tells it, of that refund alone: of one that is on its way, or was done before. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Gateway, Notice } from "../../src/gateways/gateway.ts";
import type { ObservedRefund } from "../../src/transactions/observation.ts";
import { checkInvariants } from "../support/invariants.ts";
import { readMoney, refund, refundsOf, typesOf } from "../support/money.ts";
import {
  addNamelessGateway,
  anObservation,
  NO_RECEIPT,
  newNamelessOrder,
} from "../support/nameless-gateway.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  ORIGIN,
  replaceServices,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(emptyTables);
afterEach(async () => void (await checkInvariants()));

/** A gateway that ends refunds at once, and never tells their sum. */
async function createRefunding(): Promise<System> {
  const system = await createSystem();
  addNamelessGateway(system);
  answerRefunds(system, "succeeded");
  return system;
}

/** It answers refunds so from now on; and so does another gateway, named `other`. */
function answerRefunds(system: System, status: "pending" | "succeeded"): void {
  const { gateways } = system.services;
  const nameless = gateways.get("nameless");
  if (!nameless) {
    throw new Error("the nameless gateway is configured");
  }
  const refunding: Gateway = {
    ...nameless,
    retrieve: async ({ reference }) => anObservation({ reference }),
    refund: async ({ transactionId }) => ({
      ...{ status, reference: `re_${transactionId}`, failureCode: null },
    }),
  };
  const both = ["nameless", "other"].map((name) => [name, refunding] as const);
  replaceServices(system, { gateways: new Map([...gateways, ...both]) });
}

let events = 0;

function notice(transactionId: string, observation: Notice["observation"], gateway = "nameless"): Request {
  events += 1;
  const notices: Notice[] = [{ eventId: `evt_${events}`, transactionId, observation, receipt: NO_RECEIPT }];
  return new Request(`${ORIGIN}/webhooks/${gateway}`, { method: "POST", body: JSON.stringify(notices) });
}

async function createPaid(system: System, changes: Record<string, unknown> = {}) {
  const created = await createPending(system, { ...newNamelessOrder(), ...changes });
  await deliver(system, notice(created.id, anObservation()));
  await system.settle();
  return created;
}

/** The gateway's word of one refund: that it failed, where nothing else is said. */
function unsaid(changes: Partial<ObservedRefund>): Notice["observation"] {
  const failed = { id: null, reference: null, amount: 500, status: "failed", failureCode: null } as const;
  return anObservation({ status: "unsaid", amount: null, refund: { ...failed, ...changes } });
}

const toldOf = (transactionId: string, changes: Partial<ObservedRefund>) =>
  notice(transactionId, unsaid(changes));

async function refunded(system: System, transactionId: string, amount?: number): Promise<string> {
  const { body } = await refund(system, transactionId, amount === undefined ? {} : { amount });
  expect(body.status).toBe("succeeded");
  await system.settle();
  return body.id;
}

describe("a refund whose end a webhook tells", () => {
  async function beginRefund(system: System): Promise<{ id: string; refundId: string }> {
    const { id } = await createPaid(system);
    answerRefunds(system, "pending");
    const { body } = await refund(system, id, { amount: 500 });
    return { id, refundId: body.id };
  }

  it.each(["succeeded", "failed"] as const)("ends once: %s", async (status) => {
    const system = await createRefunding();
    const { id, refundId } = await beginRefund(system);
    await deliver(system, toldOf(id, { id: refundId, status }));
    expect(await deliver(system, toldOf(id, { id: refundId, status }))).toBe("ignored");
    // A gateway need not say why.
    const failure = status === "failed" ? { code: "refund_failed" } : null;
    expect(await refundsOf(system, id)).toMatchObject([{ status, failure }]);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: status === "failed" ? 0 : 500 });
  });

  it("keeps what the gateway called it", async () => {
    const system = await createRefunding();
    const { id, refundId } = await beginRefund(system);
    const nameOf = () =>
      selectRow("SELECT status, gateway_reference AS name FROM refunds WHERE id = ?", refundId);
    expect(await nameOf()).toEqual({ status: "pending", name: `re_${id}` });
    await deliver(system, toldOf(id, { id: refundId, status: "succeeded" }));
    expect(await nameOf()).toEqual({ status: "succeeded", name: `re_${id}` });
  });

  it("is ended by its own gateway alone", async () => {
    const system = await createRefunding();
    const { id, refundId } = await beginRefund(system);
    const done = unsaid({ id: refundId, status: "succeeded" });
    expect(await deliver(system, notice(id, done, "other"))).toBe("ignored");
    expect(await refundsOf(system, id)).toMatchObject([{ status: "pending" }]);
    expect(await deliver(system, notice(id, done))).toBe("applied");
    expect(await refundsOf(system, id)).toMatchObject([{ status: "succeeded" }]);
  });
});

describe("a refund that was done and fails after all", () => {
  it("counts no more, once, and the shop is told the smaller sum", async () => {
    const system = await createRefunding();
    const { id } = await createPaid(system);
    await refunded(system, id, 300);
    const undone = await refunded(system, id, 500);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 800 });

    const told = () => toldOf(id, { id: undone, failureCode: "expired_card" });
    expect(await deliver(system, told())).toBe("applied");
    expect(await deliver(system, told())).toBe("ignored");
    await system.settle();
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_refunded: 300 });
    expect(await refundsOf(system, id)).toMatchObject([
      { status: "succeeded", failure: null },
      { id: undone, status: "failed", failure: { code: "expired_card" } },
    ]);
    expect(await typesOf(system, id)).toEqual(["created", "succeeded", "refunded", "refunded", "refunded"]);
    const sums = system.shop.received.map(({ body }) => JSON.parse(body).data.amount_refunded);
    expect(sums).toEqual([0, 300, 800, 300]);
  });

  it("can be made again by the shop", async () => {
    const system = await createRefunding();
    const { id } = await createPaid(system);
    await deliver(system, toldOf(id, { id: await refunded(system, id) }));
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 0 });
    await refunded(system, id);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1999 });
  });

  it("stays failed when the news of its success comes after", async () => {
    const system = await createRefunding();
    const { id } = await createPaid(system);
    const undone = await refunded(system, id, 500);
    await deliver(system, toldOf(id, { id: undone }));
    expect(await deliver(system, toldOf(id, { id: undone, status: "succeeded" }))).toBe("ignored");
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 0 });
    expect(await refundsOf(system, id)).toMatchObject([
      { status: "failed", failure: { code: "refund_failed" } },
    ]);
  });

  it("takes the order's paid place again: nobody is to pay twice", async () => {
    const system = await createRefunding();
    const { id, order_id } = await createPaid(system);
    await deliver(system, toldOf(id, { id: await refunded(system, id) }));
    expect(await initiate(system, newOrder({ order_id }))).toMatchObject({
      ...{ status: 409, body: { code: "order_already_paid", transaction_id: id } },
    });
  });

  it("is only recorded where the order has been paid again: it keeps one payment", async () => {
    const system = await createRefunding();
    const { id, order_id } = await createPaid(system);
    const undone = await refunded(system, id);
    const second = await createPaid(system, { order_id });
    expect(await deliver(system, toldOf(id, { id: undone }))).toBe("ignored");
    expect(await refundsOf(system, id)).toMatchObject([{ status: "failed" }]);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_refunded: 1999 });
    expect(await readMoney(system, second.id)).toMatchObject({ status: "succeeded", amount_refunded: 0 });
  });

  it("has an end also when the order is paid at the very moment", async () => {
    const system = await createRefunding();
    const { id, order_id } = await createPaid(system);
    const undone = await refunded(system, id);
    const rival = await initiate(system, newOrder({ order_id, gateway: "nameless" }));
    const { commit } = system.services.store;
    const restore = replaceStore(system, {
      commit: async (change) => {
        restore();
        await deliver(system, notice(rival.body.id, anObservation()));
        return commit(change);
      },
    });
    expect(await deliver(system, toldOf(id, { id: undone }))).toBe("ignored");
    expect(await readMoney(system, rival.body.id)).toMatchObject({ status: "succeeded" });
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 1999 });
    expect(await refundsOf(system, id)).toMatchObject([{ status: "failed" }]);
  });

  it("is told twice at once and counted once", async () => {
    const system = await createRefunding();
    const { id } = await createPaid(system);
    await refunded(system, id, 700);
    const undone = await refunded(system, id, 500);
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => deliver(system, toldOf(id, { id: undone }))),
    );
    expect(outcomes.toSorted()).toEqual(["applied", "ignored", "ignored", "ignored"]);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 700 });
  });

  it("is believed of its own transaction alone", async () => {
    const system = await createRefunding();
    const [{ id }, other] = [await createPaid(system), await createPaid(system)];
    const undone = await refunded(system, id, 500);
    await refunded(system, other.id, 500);
    await deliver(system, toldOf(other.id, { id: undone }));
    for (const one of [id, other.id]) {
      expect(await readMoney(system, one)).toMatchObject({ amount_refunded: 500 });
      expect(await refundsOf(system, one)).toMatchObject([{ status: "succeeded" }]);
    }
  });
});

describe("a refund that was not begun here", () => {
  it("is counted once, also when its webhook is applied again", async () => {
    const system = await createRefunding();
    const { id } = await createPaid(system);
    expect(await deliver(system, toldOf(id, { status: "succeeded", reference: "re_by_hand" }))).toBe(
      "applied",
    );
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
    const listed = await system.call("GET", "/inbox?limit=100");
    const { data } = (await listed.json()) as { data: { id: string; observation?: unknown }[] };
    for (const { id: entry } of data) {
      expect((await system.call("POST", `/inbox/${entry}/replay`)).status).toBe(200);
    }
    await system.settle();
    expect(data.length).toBeGreaterThan(1);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
    expect((await typesOf(system, id)).filter((type) => type === "refunded")).toHaveLength(1);
  });
});
