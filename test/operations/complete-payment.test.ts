/** Where approval alone moves no money (PayPal): it is taken from the buyer's return, from the webhook and from the cron. */
import { describe, expect, it } from "vitest";
import { connectPayPal, paypal } from "../../src/gateways/paypal.ts";
import {
  createPending,
  createSystem,
  newOrder,
  ORIGIN,
  replaceServices,
  type System,
  type TransactionBody,
} from "../support/system.ts";
import { FakePayPal, PAYPAL_URL } from "../support/vendors/paypal.ts";

const MINUTE = 60_000;

async function startPayPal(): Promise<{ system: System; vendor: FakePayPal; transaction: TransactionBody }> {
  const system = await createSystem();
  const vendor = new FakePayPal();
  const { root } = await vendor.pki;
  const settings = paypal.config.parse(vendor.variables(PAYPAL_URL));
  const adapter = connectPayPal(settings, { fetch: vendor.fetch, now: Date.now }, [root]);
  replaceServices(system, { gateways: new Map([["paypal", adapter]]) });
  const transaction = await createPending(system, newOrder({ gateway: "paypal" }));
  vendor.pay(transaction.id);
  return { system, vendor, transaction };
}

async function statusOf(system: System, { id }: TransactionBody): Promise<string> {
  return ((await (await system.call("GET", `/transactions/${id}`)).json()) as TransactionBody).status;
}

async function comeBack(system: System, { id, client_secret }: TransactionBody): Promise<Response> {
  return system.fetch(new Request(`${ORIGIN}/status/${id}?client_secret=${client_secret}&returned=1`));
}

async function hear(system: System, vendor: FakePayPal): Promise<unknown[]> {
  const outcomes: unknown[] = [];
  for (const { url, headers, body } of await vendor.takeWebhooks(`${ORIGIN}/webhooks/paypal`)) {
    const response = await system.fetch(new Request(url, { method: "POST", headers, body }));
    outcomes.push(await response.json());
  }
  return outcomes;
}

describe("an approved payment", () => {
  it("is not paid by the approval", async () => {
    const { system, transaction } = await startPayPal();
    expect(await statusOf(system, transaction)).toBe("pending");
  });

  it("is taken when the buyer comes back", async () => {
    const { system, transaction } = await startPayPal();
    expect((await comeBack(system, transaction)).status).toBe(200);
    await system.settle();
    expect(await statusOf(system, transaction)).toBe("succeeded");
  });

  it("is taken when the webhook says so", async () => {
    const { system, vendor, transaction } = await startPayPal();
    expect(await hear(system, vendor)).not.toEqual([]);
    await system.settle();
    expect(await statusOf(system, transaction)).toBe("succeeded");
  });

  it("is taken by the cron when nobody came back and nobody called", async () => {
    const { system, transaction } = await startPayPal();
    system.advance(2 * MINUTE);
    await system.tick();
    await system.settle();
    expect(await statusOf(system, transaction)).toBe("succeeded");
  });

  it("is taken once when all three come together", async () => {
    const { system, vendor, transaction } = await startPayPal();
    system.advance(2 * MINUTE);
    await Promise.all([comeBack(system, transaction), hear(system, vendor), system.tick()]);
    await system.settle();
    await hear(system, vendor);
    await system.settle();
    expect(await statusOf(system, transaction)).toBe("succeeded");
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    expect(vendor.order(transaction.id)).toMatchObject({ status: "COMPLETED" });
  });

  it("is not somebody else's, though that carries the same id of ours", async () => {
    const { system, vendor, transaction } = await startPayPal();
    await vendor.takeWebhooks(ORIGIN);
    vendor.imitate(transaction.id);
    vendor.settle(transaction.id);
    expect(await hear(system, vendor)).toEqual([{ outcome: "parked" }, { outcome: "parked" }]);
    await system.settle();
    expect(await statusOf(system, transaction)).toBe("pending");
  });

  it("is left alone once the transaction is called off", async () => {
    const { system, transaction } = await startPayPal();
    expect((await system.call("POST", `/transactions/${transaction.id}/cancel`)).status).toBe(200);
    await comeBack(system, transaction);
    system.advance(20 * MINUTE);
    await system.tick();
    await system.settle();
    expect(await statusOf(system, transaction)).toBe("canceled");
  });
});
