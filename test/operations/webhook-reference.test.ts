/** Webhooks that carry only the gateway's own reference: matched by it, or parked until something of it is known. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { later } from "../support/money.ts";
import {
  addNamelessGateway,
  anObservation,
  NO_RECEIPT,
  namelessWebhook,
  newNamelessOrder,
  referenceOf,
} from "../support/nameless-gateway.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  ORIGIN,
  read,
  replaceServices,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(emptyTables);
afterEach(async () => void (await checkInvariants()));

async function createNameless(): Promise<System> {
  const system = await createSystem();
  addNamelessGateway(system);
  return system;
}

const inboxOf = async (eventId: string) =>
  selectRow<{ transaction_id: string; outcome: string; reason: string | null }>(
    "SELECT transaction_id, outcome, reason FROM inbox WHERE event_id = ?",
    eventId,
  );

describe("receiveWebhook of a reference alone", () => {
  it("finds its transaction, once", async () => {
    const system = await createNameless();
    const { id, order_id } = await createPending(system, newNamelessOrder());
    expect(await deliver(system, namelessWebhook(order_id, "evt_1"))).toBe("applied");
    expect(await deliver(system, namelessWebhook(order_id, "evt_1"))).toBe("duplicate");
    expect(await deliver(system, namelessWebhook(order_id, "evt_2"))).toBe("ignored");
    expect(await read(system, id)).toMatchObject({ status: "succeeded", version: 2 });
    expect(await inboxOf("evt_1")).toMatchObject({ transaction_id: id, outcome: "applied" });
    await system.settle();
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("parks it until the transaction opens, which takes it up", async () => {
    const system = await createNameless();
    const order = newNamelessOrder();
    for (const _ of ["came", "came again"]) {
      expect(await deliver(system, namelessWebhook(order.order_id, "evt_1"))).toBe("parked");
    }
    expect(await inboxOf("evt_1")).toMatchObject({
      ...{ transaction_id: `nameless:${referenceOf(order.order_id)}`, outcome: "parked" },
    });
    const { body } = await initiate(system, order);
    expect(body).toMatchObject({ status: "succeeded", version: 2 });
    expect(await inboxOf("evt_1")).toMatchObject({ transaction_id: body.id, outcome: "applied" });
    expect(await deliver(system, namelessWebhook(order.order_id, "evt_1"))).toBe("duplicate");
    await system.settle();
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("takes up several, in whatever order they are", async () => {
    const system = await createNameless();
    const order = newNamelessOrder();
    await deliver(system, namelessWebhook(order.order_id, "evt_1"));
    await deliver(system, namelessWebhook(order.order_id, "evt_2", { status: "processing" }));
    await deliver(system, namelessWebhook(order.order_id, "evt_3", { amountRefunded: 500 }));
    const { body } = await initiate(system, order);
    expect(await read(system, body.id)).toMatchObject({ status: "succeeded", amount_refunded: 500 });
    expect(await inboxOf("evt_2")).toMatchObject({ outcome: "ignored", reason: "stale" });
    await system.settle();
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("is matched also when the transaction opens in the very moment of its parking", async () => {
    const system = await createNameless();
    const order = newNamelessOrder();
    const { findByReference } = system.services.store;
    const restore = replaceStore(system, {
      findByReference: async (...reference) => {
        restore();
        const found = await findByReference(...reference);
        await initiate(system, order);
        return found;
      },
    });
    expect(await deliver(system, namelessWebhook(order.order_id, "evt_1"))).toBe("applied");
    const { body } = await initiate(system, order);
    expect(body).toMatchObject({ code: "order_already_paid" });
  });

  it("says loudly that a page was paid twice, and keeps the news", async () => {
    const system = await createNameless();
    const { id, order_id } = await createPending(system, newNamelessOrder());
    const loud: unknown[] = [];
    const { log } = system.services;
    replaceServices(system, { log: { ...log, error: (...line) => void loud.push(line) } });
    const paid = (payment: string) => {
      const observation = anObservation({ reference: `${referenceOf(order_id)}/${payment}` });
      const body = JSON.stringify([
        { eventId: payment, transactionId: id, observation, receipt: NO_RECEIPT },
      ]);
      return new Request(`${ORIGIN}/webhooks/nameless`, { method: "POST", body });
    };
    expect(await deliver(system, paid("pay_1"))).toBe("applied");
    expect(loud).toEqual([]);
    expect(await deliver(system, paid("pay_2"))).toBe("ignored");
    expect(loud).toEqual([
      ["news.ignored", { transaction_id: id, source: "webhook", reason: "second_payment" }],
    ]);
    expect(await inboxOf("pay_2")).toMatchObject({ outcome: "ignored", reason: "second_payment" });
  });

  it("takes another gateway's reference of the same name for none of its own", async () => {
    const system = await createNameless();
    const { id } = await createPending(system);
    const observation = anObservation({ reference: `s_${id}` });
    const body = JSON.stringify([
      { eventId: "evt_1", transactionId: null, observation, receipt: NO_RECEIPT },
    ]);
    const webhook = new Request(`${ORIGIN}/webhooks/nameless`, { method: "POST", body });
    expect(await deliver(system, webhook)).toBe("parked");
    await later(system);
    expect(await read(system, id)).toMatchObject({
      ...{ status: "pending", version: 1, gateway_reference: `s_${id}` },
    });
  });

  it("ignores a webhook that names another gateway's transaction by our id", async () => {
    const system = await createNameless();
    const { id } = await createPending(system);
    const notices = [
      { eventId: "evt_1", transactionId: id, observation: anObservation(), receipt: NO_RECEIPT },
    ];
    const body = JSON.stringify(notices);
    const webhook = new Request(`${ORIGIN}/webhooks/nameless`, { method: "POST", body });
    expect(await deliver(system, webhook)).toBe("ignored");
    expect(await inboxOf("evt_1")).toMatchObject({ outcome: "ignored", reason: "wrong_gateway" });
    expect(await read(system, id)).toMatchObject({ status: "pending", version: 1 });
  });
});
