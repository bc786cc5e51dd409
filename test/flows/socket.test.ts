/** The live status: who may listen, and what they hear. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Api, Transaction } from "./support/api.ts";
import { type Listener, listen, PROTOCOL, upgrade } from "./support/sockets.ts";
import { SHOP_ORIGIN } from "./support/system.ts";
import { startWorld, type World } from "./support/world.ts";

let world: World;
let api: Api;
const open: Listener[] = [];

beforeAll(async () => {
  world = await startWorld();
  api = world.api;
});
afterEach(() => {
  for (const listener of open.splice(0)) {
    listener.close();
  }
});
afterAll(() => world?.stop());

const watch = async (transaction: Transaction): Promise<Listener> => {
  const listener = await listen(transaction);
  open.push(listener);
  return listener;
};

describe("GET /transactions/:id/socket", () => {
  it("picks the protocol and tells the present state at once", async () => {
    const transaction = await api.start();
    const listener = await watch(transaction);
    expect(listener.protocol).toBe(PROTOCOL);
    const [snapshot] = await listener.received(1);
    expect(snapshot).toEqual({
      type: "payment_status_update",
      transaction_id: transaction.id,
      status: "pending",
      version: 1,
      final: false,
      amount: 1999,
      currency: "USD",
      late: false,
      occurred_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  it("tells each change to everybody who watches, in order", async () => {
    const transaction = await api.start();
    const listeners = [await watch(transaction), await watch(transaction), await watch(transaction)];
    await Promise.all(listeners.map((listener) => listener.received(1)));
    await world.gateway.tell(transaction.id, "processing");
    await Promise.all(listeners.map((listener) => listener.received(2)));
    await world.gateway.tell(transaction.id, "success");
    for (const listener of listeners) {
      const updates = await listener.received(3);
      expect(updates.map(({ status, version, final }) => [status, version, final])).toEqual([
        ["pending", 1, false],
        ["processing", 2, false],
        ["succeeded", 3, true],
      ]);
    }
  });

  it("tells nobody of other transactions", async () => {
    const [mine, other] = [await api.start(), await api.start()];
    const [here, there] = [await watch(mine), await watch(other)];
    await here.received(1);
    await there.received(1);
    await world.gateway.tell(other.id, "success");
    await there.received(2);
    expect(here.updates()).toHaveLength(1);
  });

  it("tells the state of a finished transaction, and what becomes of it", async () => {
    const transaction = await api.start();
    await world.gateway.tell(transaction.id, "failure");
    const listener = await watch(transaction);
    expect(await listener.received(1)).toMatchObject([{ status: "failed", version: 2, final: true }]);
    await world.gateway.tell(transaction.id, "success");
    expect((await listener.received(2))[1]).toMatchObject({ status: "succeeded", version: 3, final: true });
  });

  it("answers ping with pong", async () => {
    const listener = await watch(await api.start());
    await listener.received(1);
    listener.send("ping");
    await expect.poll(() => listener.messages).toContain("pong");
  });

  it("answers a sync only with something newer", async () => {
    const listener = await watch(await api.start());
    await listener.received(1);
    listener.send(JSON.stringify({ type: "sync", version: 1 }));
    listener.send(JSON.stringify({ type: "sync", version: 7 }));
    listener.send(JSON.stringify({ type: "sync", version: 0 }));
    const updates = await listener.received(2);
    expect(updates[1]).toEqual(updates[0]);
    listener.send("ping");
    await expect.poll(() => listener.messages).toContain("pong");
    expect(listener.updates()).toHaveLength(2);
  });

  it.each([
    ["garbage", "hello"],
    ["other JSON", '{"type":"pay","version":1}'],
    ["a sync without a version", '{"type":"sync"}'],
    ["a sync with words for a version", '{"type":"sync","version":"1"}'],
  ])("closes with 1008 on %s", async (_, message) => {
    const listener = await watch(await api.start());
    listener.send(message);
    expect(await listener.closed()).toBe(1008);
  });

  it("closes on binary", async () => {
    const listener = await watch(await api.start());
    listener.send(new TextEncoder().encode("ping").buffer as ArrayBuffer);
    // The contract gives 1008 and 1009 to three faults, and does not say which is whose.
    expect([1003, 1008, 1009]).toContain(await listener.closed());
  });

  it("closes with 1009 on more than 1 KiB", async () => {
    const listener = await watch(await api.start());
    listener.send(JSON.stringify({ type: "sync", version: 1, padding: "x".repeat(1024) }));
    expect(await listener.closed()).toBe(1009);
  });

  it("goes on for the others when one misbehaves", async () => {
    const transaction = await api.start();
    const [good, bad] = [await watch(transaction), await watch(transaction)];
    await good.received(1);
    bad.send("hello");
    await bad.closed();
    await world.gateway.tell(transaction.id, "success");
    expect((await good.received(2))[1]).toMatchObject({ status: "succeeded" });
  });
});

describe("who may open a socket", () => {
  const protocols = (secret: string) => ({ "sec-websocket-protocol": `${PROTOCOL}, secret.${secret}` });

  it("lets an app in with the secret in Authorization", async () => {
    const { socket_url, client_secret } = await api.start();
    const headers = { authorization: `Bearer ${client_secret}` };
    expect(await upgrade(socket_url, headers)).toMatchObject({ status: 101 });
  });

  it("lets a browser in with the secret as a protocol, and never echoes it", async () => {
    const { socket_url, client_secret } = await api.start();
    expect(await upgrade(socket_url, protocols(client_secret))).toEqual({ status: 101, protocol: PROTOCOL });
  });

  it("answers 401 without a secret, or with one nobody has", async () => {
    const { socket_url, client_secret } = await api.start();
    const changed = client_secret.slice(0, -4) + (client_secret.endsWith("AAAA") ? "BBBB" : "AAAA");
    expect(await upgrade(socket_url, {})).toMatchObject({ status: 401 });
    expect(await upgrade(socket_url, { "sec-websocket-protocol": PROTOCOL })).toMatchObject({ status: 401 });
    expect(await upgrade(socket_url, protocols("nobody_has_this"))).toMatchObject({ status: 401 });
    expect(await upgrade(socket_url, protocols(changed))).toMatchObject({ status: 401 });
  });

  it("never takes the secret from the query", async () => {
    const { socket_url, client_secret } = await api.start();
    const url = `${socket_url}?client_secret=${encodeURIComponent(client_secret)}`;
    expect(await upgrade(url, { "sec-websocket-protocol": PROTOCOL })).toMatchObject({ status: 401 });
  });

  it("answers 404 to another transaction's secret", async () => {
    const [mine, other] = [await api.start(), await api.start()];
    expect(await upgrade(other.socket_url, protocols(mine.client_secret))).toMatchObject({ status: 404 });
  });

  it.each([
    "https://evil.example",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shop.example.evil.example",
    "null",
  ])("answers 403 to a page of %s", async (origin) => {
    const { socket_url, client_secret } = await api.start();
    expect(await upgrade(socket_url, { origin, ...protocols(client_secret) })).toMatchObject({ status: 403 });
  });

  it("lets pages of the shop and our own in", async () => {
    const { socket_url, client_secret } = await api.start();
    for (const origin of [SHOP_ORIGIN, world.system.url]) {
      const answer = await upgrade(socket_url, { origin, ...protocols(client_secret) });
      expect(answer, origin).toMatchObject({ status: 101 });
    }
  });
});
