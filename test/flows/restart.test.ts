/** What outlives a restart, a crash in the middle of a delivery, and a change of the secrets. */
import { randomUUID } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, createApi, type NewTransaction, type Transaction, terms } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import { FakeGateway } from "./support/fake-gateway.ts";
import { FakeShop } from "./support/fake-shop.ts";
import { freePort } from "./support/http-server.ts";
import {
  createDirectory,
  FULFILMENT_SECRET,
  gatewayVariables,
  removeDirectory,
  type System,
  shopVariables,
  startSystem,
} from "./support/system.ts";

const NEW_FULFILMENT_SECRET = `whsec_${Buffer.from("fake fulfilment secret, second").toString("base64")}`;

let system: System;
let gateway: FakeGateway;
let shop: FakeShop;
let api: Api;
let directory: string;
const key = randomUUID();
const request: NewTransaction = terms();
const cutOff: NewTransaction = terms();
let created: Transaction;
let interrupted: Transaction;

beforeAll(async () => {
  gateway = await FakeGateway.start();
  shop = await FakeShop.start();
  directory = await createDirectory();
  const port = await freePort();
  const vars = { ...shopVariables, ...gatewayVariables(gateway.url), FULFILMENT_URL: shop.url };
  system = await startSystem({ vars, port, directory });
  api = createApi(system.url);
  created = (await api.create(request, key)).body;
  interrupted = await api.start();
  // The shop has not answered yet when the process dies.
  shop.answer(200, {}, 20_000);
  await gateway.tell(interrupted.id, "success");
  await eventually(() => {
    expect(shop.of(interrupted.id)).toHaveLength(1);
  });
  // Neither has the gateway.
  gateway.behave("hang", ["create"]);
  const broken = api.create(cutOff).then(
    () => "answered",
    () => "broken",
  );
  await eventually(() => {
    expect(gateway.held()).toBe(1);
  });
  await system.stop();
  expect(await broken).toBe("broken");
  shop.answer(200);
  gateway.recover();
  system = await startSystem({
    vars: {
      ...vars,
      CLIENT_SECRET_KEY: `client-secret-key-fake-second-one,${shopVariables.CLIENT_SECRET_KEY}`,
      FULFILMENT_SECRET: `${NEW_FULFILMENT_SECRET},${FULFILMENT_SECRET}`,
    },
    port,
    directory,
  });
});
afterAll(async () => {
  await system?.stop();
  await gateway?.stop();
  await shop?.stop();
  await removeDirectory(directory);
});

describe("after a restart", () => {
  it("the same key gives the same transaction", async () => {
    const again = await api.create(request, key);
    expect([again.status, again.body.id]).toEqual([200, created.id]);
    expect(gateway.sessionsOf(created.order_id)).toHaveLength(1);
  });

  it("an attempt that died with its process is taken up within 60 s, under the same id", async () => {
    await system.tick(Date.now() + 60_000);
    const attempts = await eventually(() => {
      const deliveries = shop.of(interrupted.id, "transaction.succeeded");
      expect(deliveries).toHaveLength(2);
      return deliveries;
    });
    expect(new Set(attempts.map(({ id }) => id)).size).toBe(1);
    expect(new Set(attempts.map(({ raw }) => raw)).size).toBe(1);
  });
});

describe("a create that died with its process", () => {
  it("is finished by the tick, with the session that the gateway opened meanwhile", async () => {
    await system.tick(Date.now() + 120_000);
    const transactions = await eventually(async () => {
      const { body } = await api.call<{ data: Transaction[] }>(`/transactions?order_id=${cutOff.order_id}`);
      expect(body.data).toHaveLength(1);
      return body.data;
    });
    const sessions = gateway.sessionsOf(String(cutOff.order_id));
    expect(sessions).toHaveLength(1);
    expect(transactions[0]).toMatchObject({
      status: "pending",
      version: 1,
      payment_url: sessions[0]?.paymentUrl,
    });
  });
});

describe("after a rotation", () => {
  it("of CLIENT_SECRET_KEY the secrets of before still open, and new ones are signed by the first key", async () => {
    const fresh = await api.get(created.id);
    expect(fresh.client_secret).not.toBe(created.client_secret);
    for (const bearer of [created.client_secret, fresh.client_secret]) {
      expect((await api.call(`/transactions/${created.id}`, { bearer })).status).toBe(200);
    }
  });

  it("of FULFILMENT_SECRET each live secret signs", async () => {
    const { id } = await api.start();
    await gateway.tell(id, "success");
    const [delivery] = await eventually(() => {
      expect(shop.of(id)).toHaveLength(1);
      return shop.of(id);
    });
    for (const secret of [NEW_FULFILMENT_SECRET, FULFILMENT_SECRET]) {
      new Webhook(secret).verify(delivery?.raw ?? "", { ...delivery?.headers });
    }
  });
});
