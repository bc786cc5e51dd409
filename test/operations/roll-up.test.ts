/** What the cron counts for the console: each outgoing event once, where it belongs, whatever happens beside it. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { rollUp, SPAN_MS } from "../../src/operations/roll-up.ts";
import { breakD1, once } from "../support/faulty-d1.ts";
import { createHeld, createPaid, later, MINUTE, refund, tell } from "../support/money.ts";
import { anObservation, NO_RECEIPT } from "../support/nameless-gateway.ts";
import { countedBy, expectCounted, figuresOf, rollUpAll, SETTLED_MS, totalOf } from "../support/rolled-up.ts";
import { seeded } from "../support/seeded.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  replaceServices,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  await emptyTables();
});

const HOUR = SPAN_MS.hour;

/** A paid payment that is old enough to be counted. */
async function paidBefore(system: System): Promise<void> {
  await createPaid(system);
  system.advance(SETTLED_MS);
}

/** Where the count has come to. */
const placeOf = () => selectRow<{ position: number }>("SELECT position FROM roll_up");

/** Days in the life of a shop: what its payments come to, as chance will have it. */
async function playHistories(system: System, seed: number, payments: number): Promise<void> {
  const random = seeded(seed);
  const pick = <T>(...choices: readonly T[]) => choices[Math.floor(random() * choices.length)] as T;
  for (let index = 0; index < payments; index += 1) {
    const { id } = await createPending(system, { amount: 1000 });
    const ends = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      pick("success", "success", "failure", "expired", "cancelled", "processing"),
    );
    for (const status of ends) {
      system.gateway.settle(id, status);
      await deliver(system, system.gateway.callback(id, status, { amount: pick(1000, 1000, 1000, 900) }));
      system.advance(pick(MINUTE, HOUR, 7 * HOUR));
    }
    await refund(system, id, { amount: pick(100, 1000) });
    if (random() < 0.5) {
      await rollUpAll(system);
    }
  }
  await system.settle();
  system.advance(SETTLED_MS);
}

describe("rollUp", () => {
  it.each([1, 2, 3])("counts what happened, by hour, six hours and day: history %i", async (seed) => {
    const system = await createSystem();
    await playHistories(system, seed, 15);
    await rollUpAll(system);
    await expectCounted(system);
    const before = await totalOf(system);
    await rollUpAll(system);
    expect(await totalOf(system), "nothing is counted again").toEqual(before);
  });

  it("lets the cron count, and pays for nothing where nothing happened", async () => {
    const system = await createSystem();
    await paidBefore(system);
    await system.tick();
    expect((await figuresOf(system)).ended).toEqual({ succeeded: 1 });
    const before = system.counts.rowsWritten;
    expect(await rollUp(system.services)).toBe(false);
    expect(system.counts.rowsWritten - before).toBe(0);
  });

  it("leaves what is younger than half a minute, and what came after it, to a later tick", async () => {
    const system = await createSystem();
    const clock = freezeClock(system);
    await createPaid(system);
    clock.advance(30_000);
    await createPaid(system);
    await rollUpAll(system);
    expect((await figuresOf(system)).ended).toEqual({ succeeded: 1 });
    clock.advance(29_999);
    await rollUpAll(system);
    expect((await figuresOf(system)).ended).toEqual({ succeeded: 1 });
    clock.advance(1);
    await rollUpAll(system);
    expect((await figuresOf(system)).ended).toEqual({ succeeded: 2 });
  });

  it("counts once what two or more ticks look at together", async () => {
    const system = await createSystem();
    await paidBefore(system);
    await rollUpAll(system);
    await paidBefore(system);
    const { readStatistics } = system.services.store;
    const all = Promise.withResolvers<void>();
    let arrived = 0;
    const restore = replaceStore(system, {
      readStatistics: async (places) => {
        const rows = await readStatistics(places);
        arrived += 1;
        if (arrived === 4) {
          all.resolve();
        }
        await all.promise;
        return rows;
      },
    });
    await Promise.all(Array.from({ length: 4 }, () => rollUp(system.services)));
    restore();
    expect((await figuresOf(system)).ended).toEqual({ succeeded: 2 });
    await expectCounted(system);
  });

  it("writes nothing where somebody was first, who saw less", async () => {
    const system = await createSystem();
    await paidBefore(system);
    const { writeStatistics } = system.services.store;
    const restore = replaceStore(system, {
      writeStatistics: async (counted) => {
        restore();
        await rollUpAll(system);
        await paidBefore(system);
        await writeStatistics(counted);
      },
    });
    await rollUp(system.services);
    expect((await figuresOf(system)).ended).toEqual({ succeeded: 1 });
    await rollUpAll(system);
    expect((await figuresOf(system)).ended).toEqual({ succeeded: 2 });
  });

  it.each(["before", "after"] as const)(
    "counts once when the write's connection is lost %s it is done",
    async (moment) => {
      const system = await createSystem();
      await paidBefore(system);
      const trouble = breakD1(system, once(/insert into "statistics"/, moment));
      await rollUpAll(system);
      expect(trouble.count()).toBe(1);
      await rollUpAll(system);
      expect((await figuresOf(system)).ended).toEqual({ succeeded: 1 });
      await expectCounted(system);
    },
  );

  it("counts later what it could not write", async () => {
    const system = await createSystem();
    await paidBefore(system);
    const trouble = breakD1(system, (queries) => (/"statistics"/.test(queries.join()) ? "before" : null), {
      message: "D1_ERROR: the disk is full",
    });
    await expect(rollUp(system.services)).rejects.toThrow();
    trouble.end();
    expect(await placeOf()).toBeNull();
    await rollUpAll(system);
    await expectCounted(system);
  });

  it("is no trouble of the payments' when it fails", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await paidBefore(system);
    system.gateway.settle(id, "success");
    system.advance(MINUTE);
    const error = vi.spyOn(console, "error");
    const restore = replaceStore(system, {
      readUncounted: () => Promise.reject(new RangeError("no figures")),
    });
    expect(await system.tick()).toMatchObject({ changes: 1, failed: 0 });
    const lines = error.mock.calls.flat().filter((line) => String(line).includes("console.failed"));
    expect(lines).toHaveLength(1);
    restore();
    await later(system);
    expect((await figuresOf(system)).ended).toEqual({ succeeded: 2 });
  });

  it("keeps what an attempt came to in the span in which it came to it, whatever it was taken for before", async () => {
    const system = await createSystem({ LATE_PAYMENT_POLICY: "accept" });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "expired"));
    system.advance(3 * HOUR);
    await rollUpAll(system);
    expect((await figuresOf(system)).ended).toEqual({ expired: 1 });
    await deliver(system, system.gateway.callback(id, "success"));
    system.advance(SETTLED_MS);
    await rollUpAll(system);
    const hours = [...(await countedBy(system, "hour")).values()].map(({ generic }) => generic?.ended);
    expect(hours).toEqual([{ expired: 0 }, { succeeded: 1 }]);
    await expectCounted(system);
  });

  it("counts money as it is captured, and as it goes back", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system, { amount: 5000 });
    system.gateway.session(id).amountCaptured = 3000;
    system.gateway.settle(id, "success");
    await system.call("POST", `/transactions/${id}/capture`, { amount: 3000 });
    await refund(system, id, { amount: 1000 });
    system.advance(SETTLED_MS);
    await rollUpAll(system);
    expect((await figuresOf(system)).money).toEqual({ USD: { captured: 3000, refunded: 1000 } });
  });

  it("takes back the money of a refund that has failed after all", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const { body } = await refund(system, id, { amount: 500 });
    system.advance(SETTLED_MS);
    await rollUpAll(system);
    expect((await figuresOf(system)).money).toEqual({ USD: { captured: 1999, refunded: 500 } });
    const failed = {
      id: body.id,
      reference: null,
      amount: 500,
      status: "failed",
      failureCode: null,
    } as const;
    const observation = anObservation({ status: "unsaid", amount: null, refund: failed });
    const generic = system.services.gateways.get("generic") ?? expect.unreachable("the gateway is there");
    const readWebhook = async () => [
      { eventId: "evt_failed", transactionId: id, observation, receipt: NO_RECEIPT },
    ];
    replaceServices(system, { gateways: new Map([["generic", { ...generic, readWebhook }]]) });
    expect(await deliver(system, system.gateway.callback(id, "success"))).toBe("applied");
    system.advance(SETTLED_MS);
    await rollUpAll(system);
    expect((await figuresOf(system)).money).toEqual({ USD: { captured: 1999, refunded: 0 } });
    await expectCounted(system);
  });

  it("counts no money of a payment that is not kept", async () => {
    const system = await createSystem({ LATE_PAYMENT_POLICY: "refund" });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "expired"));
    system.gateway.settle(id, "success");
    await tell(system, id);
    system.advance(SETTLED_MS);
    await rollUpAll(system);
    const { ended, money, timeToPaid } = await figuresOf(system);
    expect([ended, money, timeToPaid]).toEqual([{ canceled: 1, expired: 0, review: 0 }, {}, []]);
  });

  it("names why payments failed", async () => {
    const system = await createSystem();
    for (const changes of [{ failure_code: "card_declined" }, { failure_code: "card_declined" }, {}]) {
      const { id } = await createPending(system);
      await deliver(system, system.gateway.callback(id, "failure", changes));
    }
    system.gateway.fault = "refuse";
    await system.call("POST", "/transactions", { order_id: crypto.randomUUID(), amount: 1, currency: "USD" });
    system.advance(SETTLED_MS);
    await rollUpAll(system);
    expect((await figuresOf(system)).failures).toEqual({
      ...{ card_declined: 2, payment_failed: 1, gateway_rejected: 1 },
    });
  });
});
