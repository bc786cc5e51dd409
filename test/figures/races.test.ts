/** Many at once: what must come out when everything arrives together. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { advanceTransaction } from "../../src/operations/advance-transaction.ts";
import type { Observation } from "../../src/transactions/observation.ts";
import { checkInvariants } from "../support/invariants.ts";
import { inParallel } from "../support/parallel.ts";
import {
  createPending,
  createSystem,
  deliver,
  read,
  type System,
  type TransactionBody,
} from "../support/system.ts";

/** An order with two payment pages that can both still be paid: the first attempt failed, a second was made. */
async function createTwice(system: System): Promise<[TransactionBody, TransactionBody]> {
  const first = await createPending(system);
  system.gateway.settle(first.id, "failure");
  await deliver(system, system.gateway.callback(first.id, "failure"));
  const second = await createPending(system, { order_id: first.order_id });
  return [first, second];
}

describe("callbacks that come together", () => {
  it("fulfils 10 orders once, of which each was paid twice at the same moment", async () => {
    const system = await createSystem();
    const orders = await inParallel(Array.from({ length: 10 }), 5, () => createTwice(system));
    const callbacks = orders.flat().map(({ id }) => {
      system.gateway.settle(id, "success");
      return system.gateway.callback(id, "success");
    });
    await Promise.all(callbacks.map((callback) => deliver(system, callback)));
    await system.settle();

    const states = await Promise.all(orders.flat().map(({ id }) => read(system, id)));
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(10);
    expect(states.filter(({ review_reason }) => review_reason === "duplicate_payment")).toHaveLength(10);
    expect(new Set(system.shop.distinct("transaction.succeeded").map(({ data }) => data.order_id)).size).toBe(
      10,
    );
    await checkInvariants();
  });
});

describe("commits that race", () => {
  it("lets one of 20 win and leaves nothing orphaned", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const loaded = await system.services.store.find(id);
    if (!loaded) {
      throw new Error("the transaction is there");
    }
    const observation: Observation = {
      ...{ status: "succeeded", reference: null, amount: 1999, currency: "USD" },
      ...{ amountCaptured: null, amountRefunded: 0, failureCode: null, dispute: null, mode: null },
    };
    const input = { kind: "observed", source: "webhook", observation } as const;
    const advanced = await Promise.all(
      Array.from({ length: 20 }, () => advanceTransaction(system.services, loaded, input)),
    );
    await system.settle();

    expect(advanced.filter(({ outcome }) => outcome === "applied")).toHaveLength(1);
    expect(advanced.filter(({ outcome }) => outcome === "ignored")).toHaveLength(19);
    expect(system.shop.received).toHaveLength(1);
    await checkInvariants();
  });
});

describe("ticks that overlap", () => {
  it("takes each due transaction once in 4 ticks at once", async () => {
    const system = await createSystem();
    await system.tick();
    const transactions = await inParallel(Array.from({ length: 40 }), 8, () => createPending(system));
    system.advance(61_000);
    const before = system.gateway.calls.length;
    const ticks = await Promise.all([system.tick(), system.tick(), system.tick(), system.tick()]);

    const asked = system.gateway.calls
      .slice(before)
      .filter((call) => transactions.some(({ id }) => call.endsWith(id)));
    expect(asked.toSorted()).toEqual(transactions.map(({ id }) => `GET /status/${id}`).toSorted());
    expect(ticks.reduce((sum, tick) => sum + tick.transactions, 0)).toBeGreaterThanOrEqual(40);
    const { results } = await env.DB.prepare(
      "SELECT count(*) AS due FROM transactions WHERE next_check_at <= ?",
    )
      .bind(system.services.now())
      .all<{ due: number }>();
    expect(results[0]?.due).toBe(0);
  });

  it("takes each owed delivery once", async () => {
    const system = await createSystem();
    system.shop.answer = () => new Response(null, { status: 500 });
    const transactions = await inParallel(Array.from({ length: 20 }), 8, () => createPending(system));
    await inParallel(transactions, 8, ({ id }) => deliver(system, system.gateway.callback(id, "success")));
    await system.settle();
    system.shop.answer = () => new Response(null, { status: 200 });
    const before = system.shop.received.length;
    system.advance(61_000);
    await Promise.all([system.tick(), system.tick(), system.tick(), system.tick()]);
    expect(
      system.shop.received
        .slice(before)
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(
      system.shop
        .distinct("transaction.succeeded")
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(before).toBe(20);
  });
});
