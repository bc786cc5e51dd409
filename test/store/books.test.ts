/** Several databases behind the same operations: found by id wherever they are, and nothing moves when one is added. */
import { beforeEach, describe, expect, it } from "vitest";
import { runTick } from "../../src/jobs/run-tick.ts";
import { databaseOf } from "../../src/lib/id.ts";
import { reconcileTransaction } from "../../src/operations/reconcile-transaction.ts";
import { aroundD1 } from "../../src/store/around-d1.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Loaded } from "../../src/store/rows.ts";
import { HOUR, historyOf, later, pay, readMoney, refund, refundsOf } from "../support/money.ts";
import { addNamelessGateway, namelessWebhook, newNamelessOrder } from "../support/nameless-gateway.ts";
import { type Operator, PASSWORD, signIn } from "../support/operator.ts";
import {
  AFTER,
  BEFORE,
  countRows,
  createSpread,
  DATABASES,
  emptyDatabases,
  MOVED,
  newOrderAt,
  type Spread,
} from "../support/several-databases.ts";
import { createPending, deliver, initiate, newOrder, read, type TransactionBody } from "../support/system.ts";

beforeEach(emptyDatabases);

interface Page {
  readonly data: readonly { readonly id: string; readonly transaction_id?: string }[];
  readonly next_cursor: string | null;
}

/** Each item of a list, page by page. */
async function readAll(system: Spread, path: string, parameter = "cursor"): Promise<Page["data"]> {
  const all: Page["data"][number][] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < 30; pages += 1) {
    const query: string = cursor === null ? "" : `&${parameter}=${cursor}`;
    const page = (await (await system.call("GET", `${path}${query}`)).json()) as Page;
    all.push(...page.data);
    cursor = page.next_cursor;
    if (cursor === null || page.data.length === 0) {
      return all;
    }
  }
  throw new Error("the list has no end");
}

/** How many payments a page of the console leads to. */
async function paymentsOn(operator: Operator, path: string): Promise<number> {
  const { links } = await operator.open(path);
  return new Set(links.flatMap((link) => /txn_\w{26}/.exec(link)?.[0] ?? [])).size;
}

/** So many of each database, as the setting has them. */
async function createIn(
  system: Spread,
  setting: string,
  databases: readonly number[],
  count: number,
): Promise<TransactionBody[]> {
  const made: TransactionBody[] = [];
  for (let index = 0; index < count * databases.length; index += 1) {
    const database = databases[index % databases.length] ?? 0;
    made.push(await createPending(system, newOrderAt(setting, database)));
  }
  return made;
}

describe("payments in three databases", () => {
  it("are spread by their orders, and paid, told and listed as those of one", async () => {
    const system = await createSpread(AFTER);
    const made = await createIn(system, AFTER, [0, 1, 2], 4);
    const ids = made.map(({ id }) => id);
    expect(ids.map(databaseOf)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    for (const { id } of made) {
      expect(await deliver(system, system.gateway.callback(id, "success"))).toBe("applied");
      expect(await deliver(system, system.gateway.callback(id, "success", { event_id: `again_${id}` }))).toBe(
        "ignored",
      );
    }
    await system.settle();
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(12);
    expect(await readAll(system, "/transactions?limit=5")).toMatchObject(
      [...ids]
        .sort()
        .reverse()
        .map((id) => ({ id, status: "succeeded" })),
    );
    const events = await readAll(system, "/events?limit=5", "after");
    expect(events).toHaveLength(12);
    expect(new Set(events.map(({ id }) => id)).size).toBe(12);
    const deliveries = await readAll(system, "/deliveries?limit=5");
    expect(deliveries.map(({ transaction_id }) => transaction_id).sort()).toEqual([...ids].sort());
    expect((await countRows("transactions")).every((count) => count > 0)).toBe(true);
  });

  it("take the round trips of one, and one more to open where the gateway's reference belongs elsewhere", async () => {
    const system = await createSpread("DB DB_2 DB_3");
    const total = () => system.roundTrips().reduce((sum, count) => sum + count, 0);
    for (let round = 0; round < 6; round += 1) {
      const before = total();
      const { id } = (await initiate(system, newOrder(), `key-${round}`)).body;
      // There, webhooks that name no payment of ours would wait.
      expect([2, 3]).toContain(total() - before);
      await system.settle();
      const created = total();
      await deliver(system, system.gateway.callback(id, "success"));
      expect(total() - created).toBe(2);
      await system.settle();
      const paid = total();
      await read(system, id);
      expect(total() - paid).toBe(1);
    }
  });

  it("are one for one order, however many ask for it at once", async () => {
    const system = await createSpread(AFTER);
    for (let round = 0; round < 5; round += 1) {
      const order = newOrder();
      const answers = await Promise.all(Array.from({ length: 6 }, () => initiate(system, order)));
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    }
  });

  it("are refunded where they are", async () => {
    const system = await createSpread(AFTER);
    for (const { id } of await createIn(system, AFTER, [0, 1, 2], 2)) {
      await pay(system, id);
      const { body } = await refund(system, id, { amount: 500 });
      expect(databaseOf(body.id)).toBe(databaseOf(id));
      await system.settle();
      expect(await refundsOf(system, id)).toMatchObject([{ id: body.id, status: "succeeded" }]);
      expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
    }
  });

  it("expire by the tick of their own database, and their events are sent by it", async () => {
    const system = await createSpread(AFTER);
    const made = await createIn(system, AFTER, [0, 1, 2], 3);
    system.shop.answer = () => new Response(null, { status: 500 });
    await later(system, HOUR);
    await system.tickAll();
    for (const { id } of made) {
      expect(await read(system, id)).toMatchObject({ status: "expired" });
    }
    system.shop.answer = () => new Response(null, { status: 204 });
    system.advance(HOUR);
    await system.tickAll();
    expect(system.shop.distinct("transaction.expired")).toHaveLength(9);
    expect(await countRows("deliveries", "delivered_at IS NULL")).toEqual([0, 0, 0]);
    expect((await countRows("heartbeats")).every((count) => count === 1)).toBe(true);
  });

  it("are matched with a webhook that names no payment of ours, also when it comes first", async () => {
    const system = await createSpread(AFTER);
    addNamelessGateway(system);
    for (let round = 0; round < 6; round += 1) {
      const [early, late] = [newNamelessOrder(), newNamelessOrder()];
      expect(await deliver(system, namelessWebhook(early.order_id, `evt_early_${round}`))).toBe("parked");
      expect(await deliver(system, namelessWebhook(early.order_id, `evt_early_${round}`))).toBe("parked");
      expect(await deliver(system, namelessWebhook(early.order_id, `evt_second_${round}`))).toBe("parked");
      const { body } = await initiate(system, early);
      await system.settle();
      expect(await read(system, body.id)).toMatchObject({ status: "succeeded" });
      const { id } = await createPending(system, late);
      expect(await deliver(system, namelessWebhook(late.order_id, `evt_late_${round}`))).toBe("applied");
      expect(await deliver(system, namelessWebhook(late.order_id, `evt_late_${round}`))).toBe("duplicate");
      expect(await read(system, id)).toMatchObject({ status: "succeeded" });
    }
    expect(await countRows("inbox", "outcome = 'parked'")).toEqual([0, 0, 0]);
  });

  it("are counted and found together in the console", async () => {
    const system = await createSpread(AFTER, { CONSOLE_PASSWORD: PASSWORD });
    const operator = await signIn(system);
    const made = await createIn(system, AFTER, [0, 1, 2], 2);
    for (const { id } of made) {
      await pay(system, id);
    }
    await later(system);
    await system.tickAll();
    const overview = await operator.open("/console");
    expect(overview.text).toContain("Success rate 100.0 % Paid 6 ");
    expect(await paymentsOn(operator, "/console/payments")).toBe(6);
    for (const { id, order_id } of made) {
      expect((await operator.open(`/console/payments?q=${order_id}`)).text).toContain(order_id);
      expect((await operator.open(`/console/payments/${id}`)).status).toBe(200);
    }
    expect(await paymentsOn(operator, "/console/deliveries")).toBe(6);
    expect(await paymentsOn(operator, "/console/webhooks")).toBe(6);
  });
});

describe("a database that is added", () => {
  it("moves no row: what was before is found, paid and refunded where it is", async () => {
    const before = await createSpread(BEFORE);
    const made = await createIn(before, BEFORE, [0], 6);
    expect(await countRows("transactions")).toEqual([6, 0, 0]);
    const system = { ...(await createSpread(MOVED)), gateway: before.gateway, shop: before.shop };
    Object.assign(system.services, { gateways: before.services.gateways, fetch: before.shop.fetch });
    for (const { id } of made) {
      await pay(system, id);
      expect((await refund(system, id)).status).toBe(201);
      expect(await read(system, id)).toMatchObject({ status: "succeeded" });
    }
    await createIn(system, MOVED, [1, 2], 3);
    expect(await countRows("transactions")).toEqual([6, 3, 3]);
    expect(await readAll(system, "/transactions?limit=5")).toHaveLength(12);
  });

  it("leaves an order's guards as they are: resumed, refused, and its keys known", async () => {
    const before = await createSpread(BEFORE);
    const [open, paid] = [newOrder(), newOrder()];
    const opened = await initiate(before, open, "key-of-open");
    const done = await initiate(before, paid, "key-of-paid");
    await pay(before, done.body.id);
    const system = await createSpread(MOVED);
    Object.assign(system.services, { gateways: before.services.gateways });
    expect((await initiate(system, open)).body.id).toBe(opened.body.id);
    expect((await initiate(system, open, "key-of-open")).body.id).toBe(opened.body.id);
    expect((await initiate(system, paid)).body.code).toBe("order_already_paid");
    expect((await initiate(system, paid, "key-of-paid")).body.id).toBe(done.body.id);
    expect((await initiate(system, { ...open, amount: 5 }, "key-of-open")).body.code).toBe(
      "idempotency_mismatch",
    );
    expect(await countRows("transactions")).toEqual([2, 0, 0]);
  });

  /** An order whose first payment failed in the first database, and whose second is open in another. */
  async function openElsewhere() {
    const before = await createSpread(BEFORE);
    const order = newOrder();
    const old = (await initiate(before, order)).body.id;
    await deliver(before, before.gateway.callback(old, "failure"));
    const system = await createSpread(MOVED);
    Object.assign(system.services, { gateways: before.services.gateways });
    const { id } = (await initiate(system, order)).body;
    expect(databaseOf(id)).not.toBe(0);
    const { gateway } = before;
    const tellPaid = (paid: string) =>
      deliver(system, gateway.callback(paid, "success", { event_id: `evt_${paid}` }));
    return { system, gateway, old, id, tellPaid };
  }

  it("lets no order be paid twice over two databases: late money is for a person", async () => {
    const { system, old, id, tellPaid } = await openElsewhere();
    await tellPaid(id);
    await tellPaid(old);
    expect(await read(system, id)).toMatchObject({ status: "succeeded" });
    expect(await readMoney(system, old)).toMatchObject({
      status: "review",
      review_reason: "duplicate_payment",
    });
    expect(await historyOf(system, old)).toHaveLength(3);
  });

  it("lets no order be paid twice by what was read before the other one was paid", async () => {
    const { system, gateway, old, id, tellPaid } = await openElsewhere();
    const stale = await system.services.store.find(old);
    await tellPaid(id);
    gateway.settle(old, "success");
    await reconcileTransaction(system.services, stale as Loaded, "cron");
    expect(await read(system, id)).toMatchObject({ status: "succeeded" });
    expect(await readMoney(system, old)).toMatchObject({ status: "review" });
  });

  it("is asked nothing before its day", async () => {
    const system = await createSpread("DB; 2999-01-01 DB_2 DB_3");
    for (const { id } of await createIn(system, BEFORE, [0], 5)) {
      await deliver(system, system.gateway.callback(id, "success"));
      await read(system, id);
    }
    await system.settle();
    expect(system.roundTrips().slice(1)).toEqual([0, 0]);
  });

  it("holds nobody up while it does not answer", async () => {
    const before = await createSpread(BEFORE);
    for (const database of [1, 2, 1, 2]) {
      await createPending(before, newOrderAt(MOVED, database));
    }
    const down = aroundD1(DATABASES[1] as D1Database, () => Promise.reject(new Error("D1_ERROR: down")));
    const system = await createSpread(MOVED, { DB_2: down });
    Object.assign(system.services, { gateways: before.services.gateways, now: before.services.now });
    before.advance(HOUR);
    const [DB, , DB_3] = DATABASES;
    const store = openStore({ DB, DATABASES: MOVED, DB_2: down, DB_3 }, 0);
    await runTick({ ...system.services, store });
    expect(await countRows("transactions", "status = 'expired'")).toEqual([2, 0, 0]);
  });

  it("ends the order's open page elsewhere when the order is paid", async () => {
    const { system, id, tellPaid } = await openElsewhere();
    await tellPaid(id);
    await system.settle();
    expect(await countRows("transactions", `next_check_at <= ${system.services.now()}`)).toEqual([1, 0, 0]);
  });
});
