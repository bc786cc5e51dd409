/** What a gateway's callback changes, and what it cannot. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Api, terms } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import type { CallbackOptions, FakeGateway } from "./support/fake-gateway.ts";
import { FULFILMENT_SECRET, OLD_GATEWAY_SECRET } from "./support/system.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let api: Api;
let gateway: FakeGateway;

beforeAll(async () => {
  world = await startWorld();
  ({ api, gateway } = world);
});
afterEach(() => gateway?.recover());
afterAll(() => world?.stop());

const nowSeconds = () => Math.floor(Date.now() / 1000);
const webhookUrl = () => `${world.system.url}/webhooks/generic`;

describe("the signature of POST /webhooks/:gateway", () => {
  const forgeries: readonly (readonly [string, () => CallbackOptions])[] = [
    ["is missing", () => ({ unsigned: true })],
    ["is made with another secret", () => ({ secret: FULFILMENT_SECRET })],
    ["is of other bytes", () => ({ tamper: (body) => body.replace("1999", "1998") })],
    ["is of the same JSON with another space", () => ({ tamper: (body) => body.replace("{", "{ ") })],
    ["is an hour old", () => ({ timestamp: nowSeconds() - 3600 })],
    ["is of an hour ahead", () => ({ timestamp: nowSeconds() + 3600 })],
  ];

  it.each(forgeries)("that %s is answered 401 and changes nothing", async (_, options) => {
    const { id } = await api.start();
    expect(await gateway.callback(id, { status: "success" }, options())).toMatchObject({ status: 401 });
    expect(await api.get(id)).toMatchObject({ status: "pending", version: 1 });
  });

  it("does not use up the event id when it is forged", async () => {
    const { id } = await api.start();
    const event = { status: "success", event_id: `evt_${randomUUID()}` };
    await gateway.callback(id, event, { secret: FULFILMENT_SECRET });
    expect(await gateway.callback(id, event)).toEqual({ status: 200, outcome: "applied" });
  });

  it("counts under each live secret", async () => {
    const { id } = await api.start();
    const answer = await gateway.callback(id, { status: "success" }, { secret: OLD_GATEWAY_SECRET });
    expect(answer).toEqual({ status: 200, outcome: "applied" });
  });

  it("is checked before the bytes are read as JSON", async () => {
    expect(await gateway.post(webhookUrl(), "{", { unsigned: true })).toMatchObject({ status: 401 });
  });
});

describe("POST /webhooks/:gateway", () => {
  it.each([
    ["no JSON", () => "hello"],
    ["no object", () => "[]"],
    ["an empty object", () => "{}"],
    ["a status nobody knows", (event: object) => JSON.stringify({ ...event, status: "paidish" })],
    ["an amount in a string", (event: object) => JSON.stringify({ ...event, amount: "1999" })],
    ["an amount with a fraction", (event: object) => JSON.stringify({ ...event, amount: 19.99 })],
    ["no event id", (event: object) => JSON.stringify({ ...event, event_id: undefined })],
  ])("answers 400 to %s under a good signature and changes nothing", async (_, nonsense) => {
    const { id } = await api.start();
    const event = {
      event_id: `evt_${randomUUID()}`,
      transaction_id: id,
      status: "success",
      amount: 1999,
      currency: "USD",
      occurred_at: new Date().toISOString(),
    };
    expect(await gateway.post(webhookUrl(), nonsense(event))).toMatchObject({ status: 400 });
    expect(await api.get(id)).toMatchObject({ status: "pending", version: 1 });
    expect(await gateway.post(webhookUrl(), JSON.stringify(event))).toMatchObject({ outcome: "applied" });
  });

  it("answers 413 over 256 KiB", async () => {
    const body = JSON.stringify({ padding: "x".repeat(256 * 1024) });
    expect(await gateway.post(webhookUrl(), body)).toMatchObject({ status: 413 });
  });

  it("answers 404 for a gateway that is unknown or off", async () => {
    for (const name of ["nonesuch", "stripe"]) {
      const url = `${world.system.url}/webhooks/${name}`;
      expect(await gateway.post(url, "{}"), name).toMatchObject({ status: 404 });
    }
  });

  it.each([
    ["processing", "processing"],
    ["authorized", "authorized"],
    ["success", "succeeded"],
    ["failure", "failed"],
    ["cancelled", "canceled"],
    ["expired", "expired"],
  ] as const)("turns the gateway's %s into %s", async (told, status) => {
    const { id } = await api.start();
    expect(await gateway.tell(id, told)).toEqual({ status: 200, outcome: "applied" });
    const after = await api.get(id);
    expect(after).toMatchObject({ status, version: 2, payment_url: null, late: false });
    expect(after.amount_captured).toBe(status === "succeeded" ? 1999 : 0);
    expect(after.failure).toEqual(
      status === "failed" ? { code: expect.any(String), message: expect.any(String) } : null,
    );
  });

  it("tells a duplicate by the event id, not by the transport's", async () => {
    const { id } = await api.start();
    const event = { status: "success", event_id: `evt_${randomUUID()}` };
    expect(await gateway.callback(id, event)).toMatchObject({ outcome: "applied" });
    expect(await gateway.callback(id, event)).toEqual({ status: 200, outcome: "duplicate" });
    expect((await api.get(id)).version).toBe(2);
  });

  it("tells different events under one transport id apart", async () => {
    const { id } = await api.start();
    const webhookId = `msg_${randomUUID()}`;
    expect(await gateway.callback(id, { status: "processing" }, { webhookId })).toMatchObject({
      outcome: "applied",
    });
    expect(await gateway.callback(id, { status: "success" }, { webhookId })).toMatchObject({
      outcome: "applied",
    });
  });

  it("applies one of ten copies that come at once", async () => {
    const { id } = await api.start();
    const event = { status: "success", event_id: `evt_${randomUUID()}` };
    const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.callback(id, event)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const outcomes = answers.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "applied")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "duplicate")).toHaveLength(9);
    expect((await api.get(id)).version).toBe(2);
  });

  it.each(["failure", "cancelled", "expired", "processing", "pending"] as const)(
    "ignores %s after success",
    async (stale) => {
      const { id } = await api.start();
      await gateway.tell(id, "success");
      const before = await api.get(id);
      expect(await gateway.callback(id, { status: stale })).toEqual({ status: 200, outcome: "ignored" });
      expect(await api.get(id)).toEqual(before);
    },
  );

  it.each([{ amount: 1998 }, { amount: 2000 }, { currency: "EUR" }])(
    "leaves success with %j to a person",
    async (wrong) => {
      const { id } = await api.start();
      expect(await gateway.callback(id, { status: "success", ...wrong })).toMatchObject({ status: 200 });
      expect(await api.get(id)).toMatchObject({
        status: "review",
        review_reason: expect.any(String),
        payment_url: null,
      });
    },
  );

  it("parks what it cannot match yet", async () => {
    const body = {
      event_id: `evt_${randomUUID()}`,
      transaction_id: "txn_01h455vb4pex5vsknk084sn02q",
      status: "success",
      amount: 1999,
      currency: "USD",
      occurred_at: new Date().toISOString(),
    };
    const answer = await gateway.post(webhookUrl(), JSON.stringify(body));
    expect(answer).toEqual({ status: 200, outcome: "parked" });
  });

  it("loses no news that outruns the gateway's own answer", async () => {
    gateway.behave("hang", ["create"]);
    const creating = api.create(terms());
    await eventually(() => {
      expect(gateway.held()).toBe(1);
    });
    const transaction_id = gateway.calls.at(-1)?.transactionId ?? "";
    const news = { event_id: `evt_${randomUUID()}`, transaction_id, status: "success", amount: 1999 };
    const body = JSON.stringify({ ...news, currency: "USD", occurred_at: new Date().toISOString() });
    expect(await gateway.post(webhookUrl(), body)).toMatchObject({ status: 200 });
    gateway.recover();
    await creating;
    await eventually(async () => {
      expect((await api.get(transaction_id)).status).toBe("succeeded");
    });
  });

  it("takes success after failure as an ordinary success", async () => {
    const { id } = await api.start();
    await gateway.tell(id, "failure");
    expect(await gateway.tell(id, "success")).toMatchObject({ outcome: "applied" });
    expect(await api.get(id)).toMatchObject({
      status: "succeeded",
      late: false,
      failure: null,
      amount_captured: 1999,
    });
  });

  it("takes success after failure as late once its time has run out", async () => {
    const { id, expires_at } = await api.start({ expires_in: 1 });
    await gateway.tell(id, "failure");
    await sleep(Math.max(0, Date.parse(expires_at) - Date.now()) + 20);
    await gateway.tell(id, "success");
    expect(await api.get(id)).toMatchObject({ status: "succeeded", late: true });
  });

  it("takes money after a cancel as late", async () => {
    const { id } = await api.start();
    await gateway.tell(id, "cancelled");
    await gateway.tell(id, "success");
    expect(await api.get(id)).toMatchObject({ status: "succeeded", late: true });
  });

  it("books a refund as an amount", async () => {
    const { id } = await api.start();
    await gateway.tell(id, "success");
    expect(await gateway.callback(id, { amount_refunded: 500 })).toMatchObject({ outcome: "applied" });
    expect(await api.get(id)).toMatchObject({ status: "succeeded", amount_refunded: 500 });
    expect(await gateway.tell(id, "refunded")).toMatchObject({ outcome: "applied" });
    expect(await api.get(id)).toMatchObject({ status: "succeeded", amount_refunded: 1999 });
  });

  it("never takes a refund back", async () => {
    const { id } = await api.start();
    await gateway.tell(id, "success");
    await gateway.tell(id, "refunded");
    await gateway.callback(id, { status: "success", amount_refunded: 0 });
    expect(await api.get(id)).toMatchObject({ amount_refunded: 1999 });
  });

  it("lets the version only grow, in both views", async () => {
    const { id, client_secret } = await api.start();
    const versions = [1];
    const news = [
      "processing",
      "pending",
      "failure",
      "processing",
      "success",
      "failure",
      "refunded",
    ] as const;
    for (const status of news) {
      await gateway.callback(id, { status, ...(status === "refunded" ? { amount_refunded: 1999 } : {}) });
      const shop = await api.get(id);
      const browser = await api.call<{ version: number }>(`/transactions/${id}`, { bearer: client_secret });
      expect(browser.body.version).toBe(shop.version);
      versions.push(shop.version);
    }
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    // processing, failure, success, refund
    expect(versions.at(-1)).toBe(5);
  });
});
