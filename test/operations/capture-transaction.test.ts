/** The shop takes held money: the sum that it asked for, once, whatever is lost on the way. */
import { describe, expect, it } from "vitest";
import { keepCleanBooks } from "../support/clean-books.ts";
import {
  callsTo,
  capture,
  capturingOf,
  createHeld,
  createPaid,
  failCaptures,
  readMoney,
  refund,
  tell,
  typesOf,
} from "../support/money.ts";
import { createPending, createSystem, deliver, replaceServices, replaceStore } from "../support/system.ts";

keepCleanBooks();

describe("captureTransaction", () => {
  it("takes all that is held, once, and tells the shop", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    const first = await capture(system, id);
    expect(first).toMatchObject({ status: 200, body: { status: "succeeded", amount_captured: 1999 } });
    expect(await capture(system, id)).toMatchObject({ status: 200, body: first.body });
    expect(await capture(system, id, { amount: 1999 })).toMatchObject({ status: 200, body: first.body });
    await system.settle();
    expect(callsTo(system, "capture", id)).toBe(1);
    expect(await typesOf(system, id)).toEqual(["created", "authorized", "succeeded"]);
    expect(system.shop.distinct("transaction.succeeded")).toMatchObject([
      { data: { amount_captured: 1999 } },
    ]);
  });

  it("takes a part, of which no more can be refunded", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    expect(await capture(system, id, { amount: 500 })).toMatchObject({
      status: 200,
      body: { status: "succeeded", amount: 1999, amount_captured: 500 },
    });
    expect(await capture(system, id, { amount: 500 })).toMatchObject({ status: 200 });
    expect(await capture(system, id, { amount: 600 })).toMatchObject({
      status: 409,
      body: { code: "not_capturable" },
    });
    expect(await tell(system, id)).toBe("ignored");
    expect((await refund(system, id, { amount: 501 })).status).toBe(409);
    expect((await refund(system, id)).body).toMatchObject({ amount: 500, status: "succeeded" });
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_refunded: 500 });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("is one capture when five ask for the same sum at once", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    const answers = await Promise.all(Array.from({ length: 5 }, () => capture(system, id, { amount: 500 })));
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
    expect(await readMoney(system, id)).toMatchObject({ amount_captured: 500 });
    expect(await typesOf(system, id)).toEqual(["created", "authorized", "succeeded"]);
  });

  it("answers with the captured one when another request was first by a moment", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    const { beginCapture } = system.services.store;
    const restore = replaceStore(system, {
      beginCapture: async (...request) => {
        restore();
        await capture(system, id, { amount: 500 });
        return beginCapture(...request);
      },
    });
    expect(await capture(system, id, { amount: 500 })).toMatchObject({
      status: 200,
      body: { status: "succeeded", amount_captured: 500 },
    });
  });

  it("refuses another sum while one is under way, and goes on with that", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    failCaptures(system, "down");
    expect((await capture(system, id, { amount: 500 })).status).toBe(503);
    system.gateway.fault = null;
    expect(await capture(system, id, { amount: 600 })).toMatchObject({
      status: 409,
      body: { code: "not_capturable", transaction_id: id },
    });
    // Without a sum it is the one that is under way.
    expect(await capture(system, id)).toMatchObject({ status: 200, body: { amount_captured: 500 } });
  });

  it("refuses more than is held", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    expect(await capture(system, id, { amount: 2000 })).toMatchObject({
      status: 400,
      body: { code: "invalid_request", errors: [{ pointer: "/amount", detail: "must be at most 1999" }] },
    });
    expect(callsTo(system, "capture", id)).toBe(0);
    expect(await capturingOf(id)).toBe(null);
  });

  it.each([{ amount: 0 }, { amount: 1.5 }, { amount: "500" }, { sum: 5 }])("refuses %j", async (body) => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    expect((await capture(system, id, body)).status).toBe(400);
    expect(callsTo(system, "capture", id)).toBe(0);
  });

  it("refuses what is not held", async () => {
    const system = await createSystem();
    const pending = await createPending(system);
    const failed = await createPending(system);
    await deliver(system, system.gateway.callback(failed.id, "failure"));
    for (const { id } of [pending, failed]) {
      expect(await capture(system, id)).toMatchObject({ status: 409, body: { code: "not_capturable" } });
      expect(callsTo(system, "capture", id)).toBe(0);
    }
    const paid = await createPaid(system);
    expect((await capture(system, paid.id, { amount: 500 })).status).toBe(409);
    expect((await capture(system, "txn_00000000000000000000000000")).status).toBe(404);
  });

  it("refuses where the gateway has no capture", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    const generic = system.services.gateways.get("generic");
    const { capture: _absent, ...without } = generic ?? expect.unreachable();
    replaceServices(system, { gateways: new Map([["generic", without]]) });
    expect(await capture(system, id)).toMatchObject({ status: 409, body: { code: "not_capturable" } });
    expect(await capturingOf(id)).toBe(null);
  });
});
