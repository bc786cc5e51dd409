/** A capture on a bad day: lost answers, deaths, a gateway that refuses, takes its time, or captures by itself. */
import { describe, expect, it } from "vitest";
import { reconcileTransaction } from "../../src/operations/reconcile-transaction.ts";
import { keepCleanBooks } from "../support/clean-books.ts";
import {
  callsTo,
  capture,
  capturingOf,
  createHeld,
  failCaptures,
  HOUR,
  later,
  MINUTE,
  readMoney,
  tell,
  typesOf,
} from "../support/money.ts";
import { createSystem, initiate, newOrder, replaceStore } from "../support/system.ts";

keepCleanBooks();

describe("a capture whose answer is lost", () => {
  it.each(["lost_answer", "slow", "broken", "nonsense"] as const)(
    "is done once, and finished by the cron: %s",
    async (fault) => {
      const system = await createSystem();
      const { id } = await createHeld(system);
      failCaptures(system, fault);
      const answer = await capture(system, id, { amount: 500 });
      expect(answer).toMatchObject({ status: 503, body: { code: "gateway_unavailable" } });
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      system.gateway.fault = null;
      await later(system);
      expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 500 });
      expect(callsTo(system, "capture", id)).toBe(1);
      expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    },
  );

  it("is made by the cron when it never got there", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    failCaptures(system, "down");
    await capture(system, id, { amount: 500 });
    system.gateway.fault = null;
    await later(system);
    expect(system.gateway.session(id).amountCaptured).toBe(500);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 500 });
  });

  it("is finished by the same call", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    failCaptures(system, "lost_answer");
    await capture(system, id, { amount: 500 });
    system.gateway.fault = null;
    expect(await capture(system, id, { amount: 500 })).toMatchObject({
      status: 200,
      body: { status: "succeeded", amount_captured: 500 },
    });
  });

  it("is made by the cron when the process died before the call", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    const { beginCapture } = system.services.store;
    const restore = replaceStore(system, {
      beginCapture: async (...request) => {
        await beginCapture(...request);
        throw new Error("the process is gone");
      },
    });
    expect((await capture(system, id, { amount: 500 })).status).toBe(500);
    restore();
    expect(callsTo(system, "capture", id)).toBe(0);
    await later(system);
    expect(system.gateway.session(id).amountCaptured).toBe(500);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 500 });
  });

  it("is booked by the cron when the process died after the call", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    const restore = replaceStore(system, { commit: () => Promise.reject(new Error("the process is gone")) });
    expect((await capture(system, id, { amount: 500 })).status).toBe(500);
    restore();
    await later(system);
    expect(callsTo(system, "capture", id)).toBe(1);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 500 });
  });

  it("is tried again within minutes, however long the money has been held", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    for (let days = 0; days < 3; days += 1) {
      await later(system, 24 * HOUR);
    }
    failCaptures(system, "down");
    await capture(system, id, { amount: 500 });
    await later(system);
    system.gateway.fault = null;
    await later(system, 5 * MINUTE);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 500 });
  });

  it("is what the webhook says before the answer comes", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    system.gateway.after = (call) => (call.includes("capture") ? tell(system, id) : undefined);
    expect(await capture(system, id, { amount: 500 })).toMatchObject({
      status: 200,
      body: { status: "succeeded", amount_captured: 500 },
    });
    await system.settle();
    expect(await typesOf(system, id)).toEqual(["created", "authorized", "succeeded"]);
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("is no wrong sum to a look that began before it was asked for", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    const stale = await system.services.store.find(id);
    failCaptures(system, "lost_answer");
    await capture(system, id, { amount: 500 });
    await reconcileTransaction(system.services, stale ?? expect.unreachable(), "cron");
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 500 });
  });

  it("leaves another sum than was asked for to a person", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    failCaptures(system, "down");
    await capture(system, id, { amount: 500 });
    system.gateway.settle(id, "success");
    await tell(system, id);
    expect(await readMoney(system, id)).toMatchObject({
      ...{ status: "review", review_reason: "wrong_amount", amount_captured: 1999 },
    });
  });
});

describe("a capture that the gateway refuses", () => {
  it("is answered gateway_rejected, and another may be asked for", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    failCaptures(system, "refuse");
    expect(await capture(system, id)).toMatchObject({
      status: 502,
      body: { code: "gateway_rejected", transaction_id: id },
    });
    expect(await readMoney(system, id)).toMatchObject({ status: "authorized", amount_captured: 0 });
    system.gateway.fault = null;
    expect(await capture(system, id, { amount: 500 })).toMatchObject({
      status: 200,
      body: { amount_captured: 500 },
    });
  });

  it("is over also where it was the cron who heard so, and the gateway is not taken for silent", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    failCaptures(system, "down");
    await capture(system, id, { amount: 500 });
    system.gateway.fault = "refuse";
    await later(system);
    expect(await capturingOf(id)).toBe(null);
    for (let days = 0; days < 4; days += 1) {
      await later(system, 24 * HOUR);
    }
    expect(await readMoney(system, id)).toMatchObject({ status: "authorized" });
    expect(callsTo(system, "capture", id)).toBe(2);
    system.gateway.fault = null;
    expect(await capture(system, id, { amount: 600 })).toMatchObject({
      status: 200,
      body: { amount_captured: 600 },
    });
  });

  it("is refused with what the gateway says instead: the hold is gone", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    system.gateway.settle(id, "expired");
    expect(await capture(system, id)).toMatchObject({ status: 409, body: { code: "not_capturable" } });
    expect(await readMoney(system, id)).toMatchObject({ status: "expired", amount_captured: 0 });
  });
});

describe("a capture that the gateway takes its time for", () => {
  it("is not forgotten: the part that comes later is the part that was asked for", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    system.gateway.before = (call) => {
      if (call.includes("capture")) {
        system.gateway.settle(id, "processing");
      }
    };
    const answer = await capture(system, id, { amount: 500 });
    expect(answer).toMatchObject({ status: 503, body: { code: "gateway_unavailable" } });
    Object.assign(system.gateway.session(id), { status: "success", amountCaptured: 500 });
    await tell(system, id);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 500 });
  });
});

describe("a capture that nobody asked for", () => {
  it("of all by the gateway's own rule is an ordinary success", async () => {
    const system = await createSystem();
    const { id } = await createHeld(system);
    system.gateway.settle(id, "success");
    await tell(system, id);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 1999 });
  });

  it.each(["webhook", "cron"] as const)("of a part waits for a person: by the %s", async (by) => {
    const system = await createSystem();
    const { body } = await initiate(system, newOrder());
    Object.assign(system.gateway.session(body.id), { status: "success", amountCaptured: 500 });
    await (by === "webhook" ? tell(system, body.id) : later(system, MINUTE));
    expect(await readMoney(system, body.id)).toMatchObject({
      ...{ status: "review", review_reason: "wrong_amount", amount_captured: 500 },
    });
    await system.settle();
    expect(system.shop.distinct("transaction.succeeded")).toEqual([]);
  });
});
