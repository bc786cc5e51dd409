/** The calls to the gateway stand in the transaction's own row, whatever came of them, and cost a happy one nothing. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { readCalls } from "../../src/gateways/journal.ts";
import type { Fault } from "../support/fake-gateway.ts";
import { breakD1, once } from "../support/faulty-d1.ts";
import { createHeld, createPaid, later, MINUTE, refund, tell } from "../support/money.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  ORIGIN,
  read,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  await emptyTables();
});

const rowOf = async (id: string) =>
  (await selectRow<{ calls: string }>("SELECT calls FROM transactions WHERE id = ?", id))?.calls ?? "";

/** Each as "call: outcome", with a mark where it failed. */
async function callsOf(system: System, id: string): Promise<string[]> {
  await system.settle();
  return readCalls(await rowOf(id)).map(
    ({ call, outcome, failed }) => `${call}: ${outcome}${failed ? "!" : ""}`,
  );
}

function fail(system: System, fault: Fault | null, faulty = /./): void {
  Object.assign(system.gateway, { fault, faulty });
}

/** The rows that a step writes. */
async function rowsWritten(system: System, step: () => Promise<unknown>): Promise<number> {
  const before = system.counts.rowsWritten;
  await step();
  await system.settle();
  return system.counts.rowsWritten - before;
}

describe("the calls of a transaction", () => {
  it("begin with its creation, with times by the clock on the wall", async () => {
    const system = await createSystem();
    const before = Date.now();
    const { id } = await createPending(system);
    expect(await callsOf(system, id)).toEqual(["create: pending"]);
    const [call] = readCalls(await rowOf(id));
    expect(call?.at).toBeGreaterThanOrEqual(before);
    expect(call?.durationMs).toBeGreaterThanOrEqual(0);
    expect((call?.at ?? 0) + (call?.durationMs ?? 0)).toBeLessThanOrEqual(Date.now());
  });

  it("tell of a creation that the gateway did not answer, and of the next one", async () => {
    const system = await createSystem();
    const order = newOrder();
    fail(system, "busy");
    const { status, body } = await initiate(system, order);
    expect(status).toBe(503);
    expect(await callsOf(system, body.transaction_id)).toEqual(["create: unavailable!"]);
    fail(system, null);
    await initiate(system, order);
    expect(await callsOf(system, body.transaction_id)).toEqual(["create: unavailable!", "create: pending"]);
  });

  it("tell of a creation of which nobody knows what came", async () => {
    const system = await createSystem();
    fail(system, "broken");
    const { body } = await initiate(system, newOrder());
    expect(await callsOf(system, body.transaction_id)).toEqual(["create: unknown!"]);
  });

  it("tell of a creation that the gateway refused", async () => {
    const system = await createSystem();
    fail(system, "refuse");
    const { status, body } = await initiate(system, newOrder());
    expect(status).toBe(502);
    expect(await callsOf(system, body.transaction_id)).toEqual(["create: rejected!"]);
  });

  it("stay as they are by a webhook, for which nobody was asked", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    expect(await callsOf(system, id)).toEqual(["create: pending"]);
  });

  it("tell of the cron's look that changes nothing, within the write that moves the clock", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await system.settle();
    const idle = await rowsWritten(system, () => system.tick());
    system.advance(MINUTE);
    const looking = await rowsWritten(system, () => system.tick());
    expect(await callsOf(system, id)).toEqual(["create: pending", "retrieve: pending"]);
    // The claim and the move: each a row and its place in the index, as without the calls.
    expect(looking - idle).toBeLessThanOrEqual(6);
  });

  it("tell of the cron's look that got no answer, and of the one that brings a change", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    fail(system, "throttled");
    await later(system);
    fail(system, null);
    system.gateway.settle(id, "success");
    await later(system, 10 * MINUTE);
    expect(await read(system, id)).toMatchObject({ status: "succeeded" });
    expect(await callsOf(system, id)).toEqual([
      ...["create: pending", "retrieve: unavailable!", "retrieve: succeeded"],
    ]);
  });

  it("tell of the buyer's look that changes nothing", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    system.advance(11_000);
    const page = new Request(`${ORIGIN}/status/${id}`, {
      method: "POST",
      headers: { origin: ORIGIN },
      body: new URLSearchParams({ client_secret }),
    });
    expect((await system.fetch(page)).status).toBeLessThan(400);
    expect(await callsOf(system, id)).toEqual(["create: pending", "retrieve: pending"]);
  });

  it("tell how it expired", async () => {
    const system = await createSystem();
    const { id } = await createPending(system, { expires_in: 60 });
    await later(system, 61_000);
    expect(await read(system, id)).toMatchObject({ status: "expired" });
    expect(await callsOf(system, id)).toEqual(["create: pending", "retrieve: pending", "expire: expired"]);
  });

  it("tell of a cancel that the gateway refused, and of one that it did not answer", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    fail(system, "refuse");
    expect((await system.call("POST", `/transactions/${id}/cancel`)).status).toBe(409);
    fail(system, "busy");
    expect((await system.call("POST", `/transactions/${id}/cancel`)).status).toBe(503);
    expect(await callsOf(system, id)).toEqual([
      "create: pending",
      "expire: rejected!",
      "expire: unavailable!",
    ]);
  });

  it("tell of a cancel that came too late", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    expect((await system.call("POST", `/transactions/${id}/cancel`)).status).toBe(409);
    expect(await callsOf(system, id)).toEqual(["create: pending", "expire: succeeded"]);
  });

  it("tell of captures", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    fail(system, "refuse", /capture/);
    expect((await system.call("POST", `/transactions/${id}/capture`)).status).toBe(502);
    fail(system, null);
    expect((await system.call("POST", `/transactions/${id}/capture`, { amount: 1000 })).status).toBe(200);
    expect(await callsOf(system, id)).toEqual([
      ...["create: pending", "capture: rejected!", "capture: succeeded"],
    ]);
  });

  it("tell of a refund that is under way, of each look at it, and of its end", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    system.gateway.refundOutcome = "pending";
    await refund(system, id, { amount: 500 });
    expect(await callsOf(system, id)).toEqual(["create: pending", "refund: pending"]);
    await later(system);
    const [first] = system.gateway.session(id).refunds.keys();
    system.gateway.endRefund(system.gateway.session(id), first ?? "", "success");
    await later(system, 6 * MINUTE);
    expect((await callsOf(system, id)).slice(-3)).toEqual([
      ...["refund: pending", "refund: succeeded", "retrieve: succeeded"],
    ]);
  });

  it("tell of a refund that was refused", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    fail(system, "refuse", /refund/);
    expect((await refund(system, id, { amount: 500 })).status).toBe(502);
    expect((await callsOf(system, id)).slice(1)).toEqual(["refund: rejected!", "retrieve: succeeded"]);
  });

  it("tell of the page that was closed because another payment of the order was paid", async () => {
    const system = await createSystem();
    const order = newOrder();
    const first = await createPending(system, order);
    await deliver(system, system.gateway.callback(first.id, "failure"));
    const second = await createPending(system, order);
    system.gateway.settle(second.id, "success");
    await tell(system, second.id);
    expect(await callsOf(system, first.id)).toEqual([
      "create: pending",
      "retrieve: pending",
      "expire: expired",
    ]);
    expect(await callsOf(system, second.id)).toEqual(["create: pending"]);
  });

  it("stand there once each when the write's acknowledgement is lost", async () => {
    const system = await createSystem();
    const order = newOrder();
    const trouble = breakD1(system, once(/insert into "events"/, "after"));
    const { body } = await initiate(system, order);
    await system.settle();
    expect(trouble.count()).toBe(1);
    expect(await callsOf(system, body.id)).toEqual(["create: pending"]);
    trouble.end();
    const again = breakD1(system, once(/update "transactions" set "calls"/, "after"));
    fail(system, "refuse", /expire/);
    await system.call("POST", `/transactions/${body.id}/cancel`);
    expect(await callsOf(system, body.id)).toEqual(["create: pending", "expire: rejected!"]);
    expect(again.count()).toBe(1);
  });

  it("are no trouble of the payment's when they cannot be kept", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    fail(system, "refuse", /expire/);
    const trouble = breakD1(system, (queries) => (/set "calls"/.test(queries.join()) ? "before" : null), {
      message: "D1_ERROR: the disk is full",
    });
    expect((await system.call("POST", `/transactions/${id}/cancel`)).status).toBe(409);
    await system.settle();
    expect(trouble.count()).toBeGreaterThan(0);
    trouble.end();
    expect(await callsOf(system, id)).toEqual(["create: pending"]);
  });

  it("are bounded: the oldest go, and the line that is cut is passed over", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    fail(system, "refuse", /expire/);
    for (let attempt = 0; attempt < 60; attempt += 1) {
      await system.call("POST", `/transactions/${id}/cancel`);
      await system.settle();
    }
    const row = await rowOf(id);
    expect(row).toHaveLength(2000);
    const calls = readCalls(row);
    expect(calls.length).toBeGreaterThan(35);
    expect(new Set(calls.map(({ call, outcome }) => `${call} ${outcome}`))).toEqual(
      new Set(["expire rejected"]),
    );
    expect(calls.every(({ at, failed }) => Number.isSafeInteger(at) && failed)).toBe(true);
  });

  it("are no business of the shop's", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const response = await system.call("GET", `/transactions/${id}`);
    expect(await response.text()).not.toContain("calls");
  });
});
