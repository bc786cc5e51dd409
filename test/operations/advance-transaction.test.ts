/** The one door: what it tells, whom it tells, and what it does when others were first. */
import { describe, expect, it } from "vitest";
import type { StatusUpdate } from "../../src/channel/message.ts";
import { advanceTransaction } from "../../src/operations/advance-transaction.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import { checkInvariants } from "../support/invariants.ts";
import {
  createPending,
  createSystem,
  deliver,
  dumpTables,
  read,
  replaceServices,
  replaceStore,
  type System,
} from "../support/system.ts";

const PAID: Observation = {
  ...{ status: "succeeded", reference: null, amount: 1999, currency: "USD" },
  ...{ amountCaptured: null, amountRefunded: 0, failureCode: null, dispute: null, mode: null },
};
const observe = (changes: Partial<Observation> = {}) =>
  ({ kind: "observed", source: "operator", observation: { ...PAID, ...changes } }) as const;

/** Whatever is published from now on. */
function listenIn(system: System): StatusUpdate[] {
  const published: StatusUpdate[] = [];
  const { channel } = system.services;
  const publish = async (update: StatusUpdate) => {
    published.push(update);
    await channel.publish(update);
  };
  replaceServices(system, { channel: { ...channel, publish } });
  return published;
}

describe("advanceTransaction", () => {
  it("commits, then tells the channel and the shop", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const published = listenIn(system);
    const { outcome, transaction } = await advanceTransaction(system.services, id, observe());
    await system.settle();
    expect(outcome).toBe("applied");
    expect(transaction).toMatchObject({ id, status: "succeeded", version: 2, amountCaptured: 1999 });
    expect(published).toMatchObject([{ transaction_id: id, status: "succeeded", version: 2, final: true }]);
    expect(system.shop.received).toMatchObject([{ type: "transaction.succeeded", data: { id, version: 2 } }]);
    await checkInvariants();
  });

  it("makes one version of a success of which a part went back before we heard of it", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const published = listenIn(system);
    await advanceTransaction(system.services, id, observe({ amountRefunded: 500 }));
    await system.settle();
    expect(published.map(({ version }) => version)).toEqual([2]);
    expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.succeeded"]);
    expect(await read(system, id)).toMatchObject({ version: 2, amount_captured: 1999, amount_refunded: 500 });
    await checkInvariants();
  });

  it("writes nothing for news that changes nothing, when no webhook brings it", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await advanceTransaction(system.services, id, observe());
    await system.settle();
    const before = await dumpTables();
    const { outcome } = await advanceTransaction(system.services, id, observe());
    expect(outcome).toBe("ignored");
    await advanceTransaction(system.services, id, observe({ status: "failed" }));
    expect(await dumpTables()).toBe(before);
  });

  it("knows no transaction that is not there", async () => {
    const system = await createSystem();
    const advanced = await advanceTransaction(system.services, "txn_00000000000000000000000000", observe());
    expect(advanced).toMatchObject({ outcome: "parked", transaction: null });
  });

  it("decides again on what it finds when another was first", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const stale = await system.services.store.find(id);
    await deliver(system, system.gateway.callback(id, "success"));
    const advanced = await advanceTransaction(system.services, stale ?? id, observe({ status: "expired" }));
    expect(advanced).toMatchObject({ outcome: "ignored", transaction: { status: "succeeded", version: 2 } });
    await checkInvariants();
  });

  it("leaves nothing half done when the commit fails", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await system.settle();
    const before = await dumpTables();
    const published = listenIn(system);
    const heal = replaceStore(system, { commit: async () => "conflict" });
    await expect(advanceTransaction(system.services, id, observe())).rejects.toMatchObject({
      code: "contention",
    });
    heal();
    expect(await dumpTables()).toBe(before);
    expect(published).toEqual([]);
    expect(system.shop.received).toEqual([]);
  });

  it("stands by its commit when nobody can be told", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const { channel } = system.services;
    replaceServices(system, {
      channel: { ...channel, publish: () => Promise.reject(new Error("the object is overloaded")) },
      fetch: () => Promise.reject(new TypeError("connection refused")),
    });
    expect(await deliver(system, system.gateway.callback(id, "success"))).toBe("applied");
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "succeeded" });
  });
});
