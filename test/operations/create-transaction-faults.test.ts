/** A create that meets a gateway in trouble, or dies half-way: the row stays, and the same request goes on. */
import { beforeEach, describe, expect, it } from "vitest";
import type { GatewayStatus } from "../support/fake-gateway.ts";
import { checkInvariants } from "../support/invariants.ts";
import {
  createPending,
  createSystem,
  deliver,
  dumpTables,
  emptyTables,
  initiate,
  newOrder,
  read,
  replaceServices,
  type System,
} from "../support/system.ts";

const CUSTOMER = { email: "zoe.canary@mail.example", name: "Zoe Canary", country: "GB", locale: "en-GB" };
beforeEach(emptyTables);

const newKey = () => crypto.randomUUID();

/** The process dies with the row written, before the gateway is called or right after: no clean-up runs. */
function killCreates(system: System): () => void {
  const { gateways } = system.services;
  const generic = gateways.get("generic");
  if (!generic) {
    throw new Error("the generic gateway is configured");
  }
  const create = () => Promise.reject(new Error("the process was killed"));
  replaceServices(system, { gateways: new Map([["generic", { ...generic, create }]]) });
  return () => replaceServices(system, { gateways });
}

describe("createTransaction while the gateway is in trouble", () => {
  it.each(["down", "busy", "lost_answer", "nonsense"] as const)(
    "answers 503 when it is %s, shows nothing, and goes on with the same id by the same key",
    async (fault) => {
      const system = await createSystem();
      const [order, key] = [newOrder(), newKey()];
      system.gateway.fault = fault;
      const refused = await initiate(system, order, key);
      expect(refused).toMatchObject({ status: 503, body: { code: "gateway_unavailable" } });
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      const id = refused.body.transaction_id;
      expect((await system.call("GET", `/transactions/${id}`)).status).toBe(404);
      expect((await system.call("GET", `/transactions/${id}/events`)).status).toBe(404);
      expect((await system.call("POST", `/transactions/${id}/cancel`)).status).toBe(404);
      const list = await system.call("GET", `/transactions?order_id=${order.order_id}`);
      expect(await list.json()).toEqual({ data: [], next_cursor: null });

      system.gateway.fault = null;
      const again = await initiate(system, order, key);
      expect(again).toMatchObject({ status: 200, body: { id, status: "pending", version: 1 } });
      expect([...system.gateway.sessions.keys()]).toEqual([id]);
      await checkInvariants();
    },
  );

  it("goes on with the same id by the same order, without a key", async () => {
    const system = await createSystem();
    const order = newOrder();
    system.gateway.fault = "down";
    const { body } = await initiate(system, order);
    system.gateway.fault = null;
    expect(await initiate(system, order)).toMatchObject({
      status: 200,
      body: { id: body.transaction_id, version: 1 },
    });
  });

  it("repeats a call whose answer was lost, and gets the same session", async () => {
    const system = await createSystem();
    const [order, key] = [newOrder(), newKey()];
    system.gateway.fault = "lost_answer";
    const { body } = await initiate(system, order, key);
    expect([...system.gateway.sessions.keys()]).toEqual([body.transaction_id]);
    system.gateway.fault = null;
    expect(await initiate(system, order, key)).toMatchObject({
      status: 200,
      body: { payment_url: `https://gateway.example/pay/${body.transaction_id}` },
    });
    expect(system.gateway.calls).toEqual(["POST /create-session", "POST /create-session"]);
    expect(system.gateway.sessions.size).toBe(1);
  });

  it("fails the transaction that the gateway refused, and a replay answers the same", async () => {
    const system = await createSystem();
    const [order, key] = [newOrder({ customer: CUSTOMER }), newKey()];
    system.gateway.fault = "refuse";
    const refused = await initiate(system, order, key);
    expect(refused).toMatchObject({ status: 502, body: { code: "gateway_rejected" } });
    const id = refused.body.transaction_id;
    expect(await read(system, id)).toMatchObject({
      status: "failed",
      version: 1,
      failure: { code: "gateway_rejected" },
      payment_url: null,
    });
    system.gateway.fault = null;
    const replayed = await initiate(system, order, key);
    expect(replayed).toMatchObject({ status: 502, body: { code: "gateway_rejected", transaction_id: id } });
    expect(system.gateway.calls).toHaveLength(1);
    expect(await initiate(system, order, newKey())).toMatchObject({ status: 201 });
    await system.settle();
    expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.failed"]);
    await checkInvariants();
  });
});

describe("createTransaction that dies between the row and the gateway's answer", () => {
  it("goes on by the same key when the lease is over, not before", async () => {
    const system = await createSystem();
    const [order, key] = [newOrder(), newKey()];
    const revive = killCreates(system);
    expect((await initiate(system, order, key)).status).toBe(500);
    revive();
    expect(await initiate(system, order, key)).toMatchObject({
      status: 409,
      body: { code: "idempotency_in_progress" },
    });
    system.advance(30_001);
    const again = await initiate(system, order, key);
    expect(again).toMatchObject({ status: 200, body: { status: "pending", version: 1 } });
    expect([...system.gateway.sessions.keys()]).toEqual([again.body.id]);
    await checkInvariants();
  });

  it("is finished by the cron, and a replay gives what it made", async () => {
    const system = await createSystem();
    const [order, key] = [newOrder({ customer: CUSTOMER }), newKey()];
    const revive = killCreates(system);
    await initiate(system, order, key);
    revive();
    expect(await dumpTables()).toContain(CUSTOMER.email);
    system.advance(61_000);
    await system.tick();

    const [id] = system.gateway.sessions.keys();
    expect(await initiate(system, order, key)).toMatchObject({
      status: 200,
      body: { id, status: "pending", version: 1, payment_url: `https://gateway.example/pay/${id}` },
    });
    expect(system.gateway.calls).toEqual(["POST /create-session"]);
    expect(await dumpTables()).not.toContain(CUSTOMER.email);
    await checkInvariants();
  });

  it("is given up a day after its expiry, when the gateway was never there", async () => {
    const system = await createSystem();
    const order = newOrder({ expires_in: 60, customer: CUSTOMER });
    system.gateway.fault = "busy";
    const { body } = await initiate(system, order);
    for (let hours = 0; hours <= 60; hours += 1) {
      await system.tick();
      system.advance(3_600_000);
    }
    expect(await read(system, body.transaction_id)).toMatchObject({
      status: "failed",
      version: 1,
      failure: { code: "gateway_unavailable" },
    });
    expect(await dumpTables()).not.toContain(CUSTOMER.email);
  });
});

describe("createTransaction again, when a callback has come and the first answer was lost", () => {
  /** Not opened yet, and what the gateway has told of it waits. */
  async function parkedAs(
    system: System,
    status: GatewayStatus,
    changes: Record<string, unknown> = {},
  ): Promise<{ order: ReturnType<typeof newOrder>; key: string; id: string }> {
    const [order, key] = [newOrder(), newKey()];
    system.gateway.fault = "lost_answer";
    const { body } = await initiate(system, order, key);
    system.gateway.fault = null;
    const id = body.transaction_id;
    system.gateway.settle(id, status);
    expect(await deliver(system, system.gateway.callback(id, status, changes))).toBe("parked");
    return { order, key, id };
  }

  describe.each(["failure", "cancelled", "expired"] as const)("of %s", (status) => {
    it.each(["no key", "a new key"])("makes a new one to pay on by the same order and %s", async (by) => {
      const system = await createSystem();
      const { order, id } = await parkedAs(system, status);
      const key = by === "no key" ? undefined : newKey();
      const renewed = await initiate(system, order, key);
      await system.settle();

      expect(renewed).toMatchObject({ status: 201, body: { status: "pending", version: 1 } });
      expect(renewed.body.id).not.toBe(id);
      expect(renewed.body.payment_url).toBe(`https://gateway.example/pay/${renewed.body.id}`);
      const ended = { failure: "failed", cancelled: "canceled", expired: "expired" }[status];
      expect(await read(system, id)).toMatchObject({ status: ended, payment_url: null });
      expect([...system.gateway.sessions.keys()]).toEqual([id, renewed.body.id]);
      expect(system.gateway.calls).toContain(`POST /expire/${id}`);
      expect(await initiate(system, order, key)).toMatchObject({
        ...{ status: 200, body: { id: renewed.body.id } },
      });
      await checkInvariants();
    });

    it("gives the same one by the same key: it has ended", async () => {
      const system = await createSystem();
      const { order, key, id } = await parkedAs(system, status);
      const replayed = await initiate(system, order, key);
      expect(replayed).toMatchObject({ status: 200, body: { id, payment_url: null } });
      expect(system.gateway.sessions.size).toBe(1);
    });
  });

  it.each([
    { what: "of success", changes: {}, code: "order_already_paid" },
    { what: "of another amount", changes: { amount: 1 }, code: "order_in_review" },
  ])("refuses the order where it speaks $what, and stores no key", async ({ changes, code }) => {
    const system = await createSystem();
    const { order, id } = await parkedAs(system, "success", changes);
    const key = newKey();
    expect(await initiate(system, order, key)).toMatchObject({
      ...{ status: 409, body: { code, transaction_id: id } },
    });
    expect(await initiate(system, newOrder(), key)).toMatchObject({ status: 201 });
    await checkInvariants();
  });

  it("resumes it where the buyer is still at it", async () => {
    const system = await createSystem();
    const { order, id } = await parkedAs(system, "processing");
    expect(await initiate(system, order)).toMatchObject({ status: 200, body: { id, status: "processing" } });
  });
});

describe("createTransaction and the buyer's data", () => {
  it("keeps it while the gateway is asked, and not a trace of it after the answer", async () => {
    const system = await createSystem();
    const during: string[] = [];
    system.gateway.before = async () => {
      during.push(await dumpTables());
    };
    const { id } = await createPending(system, { customer: CUSTOMER });
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    expect(during[0]).toContain(CUSTOMER.email);
    const after = await dumpTables();
    for (const trace of [CUSTOMER.email, CUSTOMER.name, "canary", "en-GB"]) {
      expect(after).not.toContain(trace);
    }
  });

  it("forgets it also when the gateway refuses, or when a callback was faster than the answer", async () => {
    const system = await createSystem();
    system.gateway.fault = "refuse";
    await initiate(system, newOrder({ customer: CUSTOMER }), newKey());
    expect(await dumpTables()).not.toContain(CUSTOMER.name);

    system.gateway.fault = null;
    system.gateway.after = async () => {
      const [id = ""] = system.gateway.sessions.keys();
      await deliver(system, system.gateway.callback(id, "processing"));
    };
    await initiate(system, newOrder({ customer: CUSTOMER }), newKey());
    expect(await dumpTables()).not.toContain(CUSTOMER.name);
  });

  it("forgets it when the transaction is ended before it was opened", async () => {
    const system = await createSystem();
    const order = newOrder({ customer: CUSTOMER });
    system.gateway.fault = "lost_answer";
    await initiate(system, order);
    system.gateway.fault = null;
    expect((await initiate(system, { ...order, amount: 1, customer: undefined })).status).toBe(201);
    expect(await dumpTables()).not.toContain(CUSTOMER.name);
  });
});
