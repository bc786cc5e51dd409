/** POST /transactions/:id/cancel: the gateway first, then here. */
import { describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { createPending, createSystem, deliver, read, replaceStore, type System } from "../support/system.ts";

async function cancel(system: System, id: string) {
  const response = await system.call("POST", `/transactions/${id}/cancel`);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe("cancelTransaction", () => {
  it("closes the page at the gateway and cancels, once", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const answers = [await cancel(system, id), await cancel(system, id)];
    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 200,
        body: { id, status: "canceled", version: 2, payment_url: null },
      });
    }
    expect(system.gateway.sessions.get(id)?.status).toBe("expired");
    expect(system.gateway.calls).toEqual(["POST /create-session", `POST /expire/${id}`]);
    await system.settle();
    expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.canceled"]);
    await checkInvariants();
  });

  it("finds out that it is paid, and says so", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    expect(await cancel(system, id)).toMatchObject({
      status: 409,
      body: { code: "not_cancelable", transaction_id: id },
    });
    expect(await read(system, id)).toMatchObject({ status: "succeeded" });
    await system.settle();
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("leaves what has expired as it is: it is over and unpaid already", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "expired"));
    expect(await cancel(system, id)).toMatchObject({ status: 200, body: { status: "expired", version: 2 } });
    expect(system.gateway.calls).toEqual(["POST /create-session"]);
  });

  it.each(["success", "failure"] as const)("refuses after %s", async (status) => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, status));
    expect(await cancel(system, id)).toMatchObject({ status: 409, body: { code: "not_cancelable" } });
    expect(await read(system, id)).toMatchObject({ version: 2 });
  });

  it.each(["busy", "down", "lost_answer", "nonsense"] as const)(
    "leaves it as it was when the gateway is %s",
    async (fault) => {
      const system = await createSystem();
      const { id } = await createPending(system);
      system.gateway.fault = fault;
      const { status, headers } = await cancel(system, id);
      expect(status).toBe(503);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      system.gateway.fault = null;
      expect(await read(system, id)).toMatchObject({ status: "pending", version: 1 });
      expect((await cancel(system, id)).status).toBe(200);
    },
  );

  describe("that dies between the gateway and its commit", () => {
    async function cutCancel(system: System, id: string): Promise<void> {
      const restore = replaceStore(system, {
        commit: () => Promise.reject(new Error("the process was killed")),
      });
      expect((await cancel(system, id)).status).toBe(500);
      restore();
      expect(system.gateway.sessions.get(id)?.status).toBe("expired");
      expect(await read(system, id)).toMatchObject({ status: "pending", version: 1 });
    }

    it("cancels when it is repeated before anybody else looks", async () => {
      const system = await createSystem();
      const { id } = await createPending(system);
      await cutCancel(system, id);
      expect(await cancel(system, id)).toMatchObject({ status: 200, body: { status: "canceled" } });
      await checkInvariants();
    });

    it.each(["the cron", "a callback"])("is over when it is repeated after %s", async (who) => {
      const system = await createSystem();
      const { id } = await createPending(system);
      await cutCancel(system, id);
      if (who === "the cron") {
        system.advance(61_000);
        await system.tick();
      } else {
        await deliver(system, system.gateway.callback(id, "expired"));
      }
      for (const answer of [await cancel(system, id), await cancel(system, id)]) {
        expect(answer).toMatchObject({
          status: 200,
          body: { id, status: "expired", version: 2, payment_url: null },
        });
      }
      await system.settle();
      expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.expired"]);
      await checkInvariants();
    });
  });

  it("says that it is over when the gateway tells of the closed page before our own commit", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.after = async (call) => {
      if (call === `POST /expire/${id}`) {
        await deliver(system, system.gateway.callback(id, "expired"));
      }
    };
    expect(await cancel(system, id)).toMatchObject({ status: 200, body: { status: "expired", version: 2 } });
    await checkInvariants();
  });

  it("has one outcome when a callback of success comes at the same time", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    const [answer, outcome] = await Promise.all([
      cancel(system, id),
      deliver(system, system.gateway.callback(id, "success")),
    ]);
    expect(answer.status).toBe(409);
    expect(["applied", "ignored"]).toContain(outcome);
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "succeeded", version: 2 });
    expect(system.shop.received).toHaveLength(1);
    await checkInvariants();
  });

  it("cancels by 10 requests at once as by one", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const answers = await Promise.all(Array.from({ length: 10 }, () => cancel(system, id)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(await read(system, id)).toMatchObject({ status: "canceled", version: 2 });
    await checkInvariants();
  });

  it("answers 404 for what is not there", async () => {
    const system = await createSystem();
    expect((await cancel(system, "txn_00000000000000000000000000")).status).toBe(404);
  });
});
