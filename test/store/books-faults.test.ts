/** Payments over several databases, with each call to D1 failing once: nothing is lost, and nothing is done twice. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Gateway } from "../../src/gateways/gateway.ts";
import { type Fault, faultyD1 } from "../support/faulty-d1.ts";
import { addNamelessGateway, namelessWebhook, newNamelessOrder } from "../support/nameless-gateway.ts";
import {
  BEFORE,
  createSpread,
  DATABASES,
  emptyDatabases,
  MOVED,
  type Spread,
} from "../support/several-databases.ts";
import { createPending, deliver, initiate, newOrder, read } from "../support/system.ts";

beforeEach(emptyDatabases);

const MAX_CALLS = 40;
const MAX_TRIES = 4;

/** A system over grown databases, of whose calls one fails; at the end it says how many there were. */
async function createFailing(at: number, fault: Fault) {
  let count = -1;
  let isOver = false;
  const decide = () => {
    count += 1;
    return count === at && !isOver ? fault : null;
  };
  const [DB, DB_2, DB_3] = DATABASES.map((database) => faultyD1(database, decide, "D1_ERROR: overloaded"));
  const end = () => {
    isOver = true;
    return count + 1;
  };
  return { system: await createSpread(MOVED, { DB, DB_2, DB_3 }), end };
}

/** As a shop or a gateway does: the same again, until it is answered. */
async function untilDone(step: () => Promise<{ done: boolean; what: unknown }>): Promise<void> {
  const tries: unknown[] = [];
  for (let round = 0; round < MAX_TRIES; round += 1) {
    const { done, what } = await step();
    if (done) {
      return;
    }
    tries.push(what);
  }
  throw new Error(`never done: ${JSON.stringify(tries)}`);
}

/** Makes the order's payment and pays it; the order had one that failed, in the first database. */
async function payAgain(system: Spread, order: Record<string, unknown>): Promise<string> {
  let id = "";
  await untilDone(async () => {
    const { status, body } = await initiate(system, order, "key-again");
    id = body.id;
    // Whoever was opening it has died.
    system.advance(31_000);
    return { done: status < 300, what: body };
  });
  await untilDone(async () => {
    const outcome = await deliver(system, system.gateway.callback(id, "success", { event_id: "evt_paid" }));
    return { done: !outcome.startsWith("HTTP"), what: outcome };
  });
  return id;
}

const faults: Fault[] = ["before", "after"];

describe("a fault of one call", () => {
  it.each(faults)("%s its effect, while an order of older databases is paid, does no harm", async (fault) => {
    for (let at = 0, calls = MAX_CALLS; at < calls; at += 1) {
      await emptyDatabases();
      const before = await createSpread(BEFORE);
      const order = newOrder();
      const old = (await createPending(before, order)).id;
      await deliver(before, before.gateway.callback(old, "failure"));
      const failing = await createFailing(at, fault);
      const { system } = failing;
      const id = await payAgain(system, order);
      await system.settle();
      calls = failing.end();
      await system.tickAll();
      system.advance(60_000);
      await system.tickAll();
      expect(await read(system, id), `call ${at}`).toMatchObject({ status: "succeeded" });
      const told = system.shop.received.filter(({ type }) => type === "transaction.succeeded");
      expect(new Set(told.map(({ data }) => data.id)), `call ${at}`).toEqual(new Set([id]));
      expect(system.gateway.sessions.size, `call ${at}`).toBe(1);
      // Its money comes after all: there is another payment of the order by now.
      await deliver(system, before.gateway.callback(old, "success", { event_id: "evt_late" }));
      expect(await read(system, old), `call ${at}`).toMatchObject({ status: "review" });
      expect(calls).toBeLessThan(MAX_CALLS);
    }
  });

  it.each(faults)("%s its effect, while an early webhook is matched, does no harm", async (fault) => {
    for (let at = 0, calls = MAX_CALLS; at < calls; at += 1) {
      await emptyDatabases();
      const failing = await createFailing(at, fault);
      const { system } = failing;
      addNamelessGateway(system);
      sayPaid(system);
      const order = newNamelessOrder();
      await untilDone(async () => {
        const outcome = await deliver(system, namelessWebhook(order.order_id, "evt_early"));
        return { done: !outcome.startsWith("HTTP"), what: outcome };
      });
      let id = "";
      await untilDone(async () => {
        const { status, body } = await initiate(system, order, "key-early");
        id = body.id;
        system.advance(31_000);
        return { done: status < 300, what: body };
      });
      await system.settle();
      calls = failing.end();
      // What a lost match leaves open is found by asking.
      system.advance(30 * 60_000);
      await system.tickAll();
      expect(await read(system, id), `call ${at}`).toMatchObject({ status: "succeeded" });
      expect(calls).toBeLessThan(MAX_CALLS);
    }
  });
});

/** The gateway, when it is asked, says what its webhook said. */
function sayPaid({ services }: Spread): void {
  const nameless = services.gateways.get("nameless") as Gateway;
  const retrieve: Gateway["retrieve"] = async (reference) => ({
    ...(await nameless.retrieve(reference)),
    status: "succeeded",
  });
  Object.assign(services, {
    gateways: new Map([...services.gateways, ["nameless", { ...nameless, retrieve }]]),
  });
}
