/** The same system with other variables: little set, nothing to push to, and late money left to a person. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, type OutgoingEvent, terms } from "./support/api.ts";
import { fetchDescribed } from "./support/contract.ts";
import { eventually } from "./support/eventually.ts";
import { API_KEY } from "./support/system.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let api: Api;

beforeAll(async () => {
  world = await startWorld({
    API_KEYS: API_KEY,
    SANDBOX: "off",
    FULFILMENT_URL: "",
    DEFAULT_GATEWAY: "",
    ALLOWED_ORIGINS: "",
    TRANSACTION_TTL_SECONDS: "90",
    LATE_PAYMENT_POLICY: "review",
  });
  api = world.api;
});
afterAll(() => world?.stop());

const SECOND = 1_000;

describe("without DEFAULT_GATEWAY", () => {
  it("the only one configured is used", async () => {
    expect((await api.start()).gateway).toBe("generic");
  });
});

describe("TRANSACTION_TTL_SECONDS", () => {
  it("is the life of a transaction that asks for none", async () => {
    const { created_at, expires_at } = await api.start();
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(90 * SECOND);
  });
});

describe("without ALLOWED_ORIGINS", () => {
  it("no foreign return_url is taken", async () => {
    const body = { order_id: "order-1", amount: 1, currency: "USD", return_url: "https://shop.example/" };
    expect((await api.create(body)).status).toBeGreaterThanOrEqual(400);
  });
});

describe("without FULFILMENT_URL", () => {
  it("GET /events tells all the same, and nobody is called", async () => {
    const { id } = await api.start();
    await world.gateway.tell(id, "success");
    await world.system.tick();
    const { body } = await api.call<{ data: OutgoingEvent[] }>("/events?limit=100");
    const mine = body.data.filter(({ data }) => data.id === id);
    expect(mine.map(({ type }) => type)).toEqual(["transaction.succeeded"]);
    expect(world.shop.deliveries).toEqual([]);
  });
});

describe("LATE_PAYMENT_POLICY review", () => {
  it("leaves money after the end to a person", async () => {
    const { id, expires_at } = await api.start();
    await world.system.tick(Date.parse(expires_at) + SECOND);
    await eventually(async () => {
      expect((await api.get(id)).status).toBe("expired");
    });
    await world.gateway.tell(id, "success");
    expect(await api.get(id)).toMatchObject({
      status: "review",
      late: true,
      review_reason: expect.any(String),
    });
  });

  it("says nothing about money after a failure within the life", async () => {
    const { id } = await api.start();
    await world.gateway.tell(id, "failure");
    await world.gateway.tell(id, "success");
    expect(await api.get(id)).toMatchObject({ status: "succeeded", late: false });
  });
});

describe("SANDBOX off", () => {
  it.each([
    "/demo",
    "/demo/orders/order_1",
    "/demo/fulfilment",
    "/sandbox",
    "/sandbox/pay/txn_1",
    "/sandbox/status/txn_1",
  ])("answers 404 on %s", async (path) => {
    expect((await fetchDescribed(`${world.system.url}${path}`)).status).toBe(404);
    expect((await fetchDescribed(`${world.system.url}${path}`, { method: "POST" })).status).toBe(404);
  });

  it("has no gateway of that name", async () => {
    const answer = await api.create(terms({ gateway: "sandbox" }));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect((await fetchDescribed(`${world.system.url}/webhooks/sandbox`, { method: "POST" })).status).toBe(
      404,
    );
  });
});
