/** What a shop gets that asks for a transaction: by its key, and by its order. */
import { describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import {
  createPending,
  createSystem,
  deliver,
  freezeClock,
  initiate,
  newOrder,
  read,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

const newKey = () => crypto.randomUUID();
const sessionsOpened = (system: System) =>
  system.gateway.calls.filter((call) => call === "POST /create-session").length;

describe("createTransaction", () => {
  it("writes the row before the gateway is called, and calls it with the transaction's id as its key", async () => {
    const system = await createSystem();
    const order = newOrder({ customer: { email: "buyer@mail.example" } });
    const rows: unknown[] = [];
    system.gateway.before = async () => {
      rows.push(
        await selectRow("SELECT id, version, status FROM transactions WHERE order_id = ?", order.order_id),
      );
    };
    const { status, body } = await initiate(system, order);

    expect(status).toBe(201);
    expect(rows).toEqual([{ id: body.id, version: 0, status: "pending" }]);
    // The fake gateway refuses a key that is not the transaction's id.
    expect([...system.gateway.sessions.keys()]).toEqual([body.id]);
    expect(body).toMatchObject({ status: "pending", version: 1, order_id: order.order_id, amount: 1999 });
    expect(body).not.toHaveProperty("customer");
    expect(system.gateway.sessions.get(body.id)?.request).toMatchObject({
      ...{ transaction_id: body.id, order_id: order.order_id, amount: 1999, currency: "USD" },
      ...{ capture: "automatic", callback_url: "http://localhost:8787/webhooks/generic" },
    });
  });

  it("brings the buyer back to a page in the language that the shop has told", async () => {
    const system = await createSystem();
    const ways = async (customer?: object) => {
      const { body } = await initiate(system, newOrder({ customer }));
      const page = `http://localhost:8787/status/${body.id}?client_secret=${body.client_secret}`;
      const { return_url, cancel_url } = system.gateway.sessions.get(body.id)?.request ?? {};
      return [return_url, cancel_url].map((url) => String(url).replace(page, ""));
    };
    expect(await ways({ locale: "de-CH" })).toEqual(["&locale=de-CH&returned=1", "&locale=de-CH"]);
    expect(await ways({ country: "CH" })).toEqual(["&returned=1", ""]);
    expect(await ways()).toEqual(["&returned=1", ""]);
  });

  it("lives for the deployment's time, or for expires_in", async () => {
    const system = await createSystem({ TRANSACTION_TTL_SECONDS: "120" });
    const clock = freezeClock(system);
    const expiry = async (changes: object) =>
      Date.parse(
        ((await initiate(system, { ...newOrder(), ...changes })).body as unknown as { expires_at: string })
          .expires_at,
      ) - clock.now();
    expect(await expiry({})).toBe(120_000);
    expect(await expiry({ expires_in: 1 })).toBe(1000);
    expect(await expiry({ expires_in: 604_800 })).toBe(604_800_000);
  });
});

describe("createTransaction with an Idempotency-Key", () => {
  it("gives the same transaction for the same key and body, also after its end", async () => {
    const system = await createSystem();
    const order = newOrder({ metadata: { a: "1", b: "2" } });
    const key = newKey();
    const first = await initiate(system, order, key);
    expect(await initiate(system, order, key)).toMatchObject({ status: 200, body: first.body });

    await deliver(system, system.gateway.callback(first.body.id, "success"));
    const later = await initiate(system, order, key);
    expect(later).toMatchObject({ status: 200, body: { id: first.body.id, status: "succeeded" } });
    expect(sessionsOpened(system)).toBe(1);
  });

  it("takes the same fields in another order for the same body", async () => {
    const system = await createSystem();
    const key = newKey();
    const order = newOrder({ metadata: { a: "1", b: "2" }, customer: { name: "Ada", country: "GB" } });
    const first = await initiate(system, order, key);
    const turned = Object.fromEntries(Object.entries(order).reverse());
    const again = { ...turned, metadata: { b: "2", a: "1" }, customer: { country: "GB", name: "Ada" } };
    expect(await initiate(system, again, key)).toMatchObject({ status: 200, body: { id: first.body.id } });
  });

  it.each([
    { amount: 2000 },
    { currency: "EUR" },
    { order_id: "another" },
    { description: "Tea" },
    { return_url: "https://shop.example/done" },
    { metadata: { a: "1" } },
    { customer: { name: "Ada" } },
    { expires_in: 60 },
    { capture: "manual" },
    { gateway: "generic" },
  ])("refuses the key with another body: %o", async (changes) => {
    const system = await createSystem();
    const key = newKey();
    const order = newOrder();
    const { body } = await initiate(system, order, key);
    expect(await initiate(system, { ...order, ...changes }, key)).toMatchObject({
      status: 422,
      body: { code: "idempotency_mismatch" },
    });
    expect(await read(system, body.id)).toMatchObject({ status: "pending", version: 1 });
    expect(sessionsOpened(system)).toBe(1);
  });

  it("is told to wait while the first request is under way", async () => {
    const system = await createSystem();
    const [order, key] = [newOrder(), newKey()];
    const meanwhile: Awaited<ReturnType<typeof initiate>>[] = [];
    system.gateway.before = async () => {
      meanwhile.push(await initiate(system, order, key));
    };
    expect((await initiate(system, order, key)).status).toBe(201);
    expect(meanwhile).toMatchObject([{ status: 409, body: { code: "idempotency_in_progress" } }]);
    expect(Number(meanwhile[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("stores no key for a request that is refused", async () => {
    const system = await createSystem();
    const [order, key] = [newOrder(), newKey()];
    const { body } = await initiate(system, order);
    await deliver(system, system.gateway.callback(body.id, "success"));
    expect(await initiate(system, order, key)).toMatchObject({ status: 409 });
    expect(await initiate(system, newOrder(), key)).toMatchObject({ status: 201 });
  });

  it("stays with the transaction of the order that it resumed", async () => {
    const system = await createSystem();
    const [order, key] = [newOrder(), newKey()];
    const { body } = await initiate(system, order);
    expect(await initiate(system, order, key)).toMatchObject({ status: 200, body: { id: body.id } });
    await deliver(system, system.gateway.callback(body.id, "failure"));

    expect(await initiate(system, order, key)).toMatchObject({
      status: 200,
      body: { id: body.id, status: "failed", payment_url: null },
    });
    expect((await initiate(system, { ...order, amount: 1 }, key)).status).toBe(422);
    expect((await initiate(system, order, newKey())).status).toBe(201);
  });
});

describe("createTransaction for an order that was seen before", () => {
  it("resumes its open transaction of the same terms", async () => {
    const system = await createSystem();
    const order = newOrder();
    const first = await initiate(system, order);
    const again = await initiate(system, { ...order, description: "another text" });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(sessionsOpened(system)).toBe(1);
  });

  it("resumes one that is being processed, without a page to pay on", async () => {
    const system = await createSystem();
    const order = newOrder();
    const { body } = await initiate(system, order);
    await deliver(system, system.gateway.callback(body.id, "processing"));
    expect(await initiate(system, order)).toMatchObject({
      status: 200,
      body: { id: body.id, status: "processing", payment_url: null },
    });
  });

  it.each([{ amount: 2500 }, { currency: "EUR" }, { gateway: "other" }])(
    "ends the open one at the gateway and makes a new one for other terms: %o",
    async (changes) => {
      const system = await createSystem();
      const generic = system.services.gateways.get("generic");
      replaceServices(system, {
        gateways: new Map([
          ...system.services.gateways,
          ...(generic ? [["other", { ...generic, id: "other" }] as const] : []),
        ]),
      });
      const order = newOrder();
      const old = await initiate(system, order);
      const renewed = await initiate(system, { ...order, ...changes });

      expect(renewed).toMatchObject({ status: 201, body: { status: "pending", version: 1 } });
      expect(renewed.body.id).not.toBe(old.body.id);
      expect(system.gateway.sessions.get(old.body.id)?.status).toBe("expired");
      expect(await read(system, old.body.id)).toMatchObject({ status: "canceled", version: 2 });
      await checkInvariants();
    },
  );

  it("ends the open one as expired when its time is over", async () => {
    const system = await createSystem();
    const order = newOrder({ expires_in: 60 });
    const old = await initiate(system, order);
    system.advance(60_000);
    const renewed = await initiate(system, order);
    expect(renewed.status).toBe(201);
    expect(renewed.body.id).not.toBe(old.body.id);
    expect(await read(system, old.body.id)).toMatchObject({ status: "expired" });
    expect(system.gateway.sessions.get(old.body.id)?.status).toBe("expired");
  });

  it("refuses when the gateway says, asked to end the old one, that it was paid", async () => {
    const system = await createSystem();
    const order = newOrder();
    const { body } = await initiate(system, order);
    system.gateway.settle(body.id, "success");
    expect(await initiate(system, { ...order, amount: 1 })).toMatchObject({
      status: 409,
      body: { code: "order_already_paid", transaction_id: body.id },
    });
    expect(await read(system, body.id)).toMatchObject({ status: "succeeded" });
    await system.settle();
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it.each(["processing", "authorized"] as const)("refuses other terms while one is %s", async (status) => {
    const system = await createSystem();
    const order = newOrder();
    const { body } = await initiate(system, order);
    system.gateway.settle(body.id, status);
    await deliver(system, system.gateway.callback(body.id, status));
    expect(await initiate(system, { ...order, amount: 1 })).toMatchObject({
      status: 409,
      body: { code: "order_in_progress", transaction_id: body.id },
    });
    expect(await read(system, body.id)).toMatchObject({ status });
  });

  it("does not begin a new one while the old one cannot be ended, for the gateway is away", async () => {
    const system = await createSystem();
    const order = newOrder();
    const { body } = await initiate(system, order);
    system.gateway.fault = "busy";
    const refused = await initiate(system, { ...order, amount: 1 });
    expect(refused).toMatchObject({ status: 503, body: { code: "gateway_unavailable" } });
    expect(refused.headers.get("retry-after")).toBe("7");
    system.gateway.fault = null;
    expect(await read(system, body.id)).toMatchObject({ status: "pending" });
    expect(await initiate(system, { ...order, amount: 1 })).toMatchObject({ status: 201 });
  });

  it("refuses a paid order, whatever the terms", async () => {
    const system = await createSystem();
    const order = newOrder();
    const { body } = await initiate(system, order);
    await deliver(system, system.gateway.callback(body.id, "success"));
    for (const changes of [{}, { amount: 5 }, { currency: "EUR" }]) {
      expect(await initiate(system, { ...order, ...changes })).toMatchObject({
        status: 409,
        body: { code: "order_already_paid", transaction_id: body.id },
      });
    }
  });

  it("refuses an order of which a person must decide", async () => {
    const system = await createSystem();
    const order = newOrder();
    const { body } = await initiate(system, order);
    await deliver(system, system.gateway.callback(body.id, "success", { amount: 1 }));
    expect(await initiate(system, order)).toMatchObject({
      status: 409,
      body: { code: "order_in_review", transaction_id: body.id },
    });
  });

  it.each(["failure", "cancelled", "expired"] as const)("makes a new one after %s", async (status) => {
    const system = await createSystem();
    const order = newOrder();
    const { body } = await initiate(system, order);
    await deliver(system, system.gateway.callback(body.id, status));
    expect((await initiate(system, order)).status).toBe(201);
  });

  it("makes a new one after the whole money went back, and none after a part", async () => {
    const system = await createSystem();
    const { id, order_id } = await createPending(system);
    const order = newOrder({ order_id });
    await deliver(system, system.gateway.callback(id, "success", { amount_refunded: 1000 }));
    expect((await initiate(system, order)).status).toBe(409);
    await deliver(system, system.gateway.callback(id, "success", { amount_refunded: 1999 }));
    expect((await initiate(system, order)).status).toBe(201);
  });
});
