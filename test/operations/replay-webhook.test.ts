/** A webhook that is kept is applied once more, one or many; and what is forgotten of the inbox in time. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import {
  bringPaid,
  createPaid,
  decideReview,
  type InboxEntry,
  later,
  listInbox,
  MINUTE,
  readMoney,
  typesOf,
} from "../support/money.ts";
import { addNamelessGateway, namelessWebhook, newNamelessOrder } from "../support/nameless-gateway.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  read,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(emptyTables);
afterEach(async () => void (await checkInvariants()));

const DAY = 24 * 60 * MINUTE;

async function replay<T>(system: System, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const response = await system.call("POST", `/inbox${path}`, body);
  return { status: response.status, body: (await response.json()) as T };
}

const outcomes = (entries: readonly InboxEntry[]) => entries.map(({ outcome }) => outcome);

describe("POST /inbox/:id/replay", () => {
  it("applies what was ignored, when it counts by now", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    // Of a sum that is not known here yet.
    const refunded = system.gateway.callback(id, "success", { amount: 1999, amount_refunded: 500 });
    expect(await deliver(system, refunded)).toBe("ignored");
    const [entry] = (await listInbox(system, "?outcome=ignored")).data;
    const again = () => replay<{ outcome: string }>(system, `/${entry?.id}/replay`);
    expect(await again()).toEqual({ status: 200, body: { id: entry?.id, outcome: "ignored" } });
    Object.assign(system.gateway.session(id).request, { amount: 1999 });
    await decideReview(system, id, "accept");
    expect((await again()).body).toMatchObject({ outcome: "applied" });
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_refunded: 500 });
    expect(outcomes((await listInbox(system)).data)).toEqual(["applied", "applied"]);
  });

  it("changes nothing where all is done already, however often", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    const [entry] = (await listInbox(system)).data;
    for (const _ of ["once", "twice"]) {
      expect((await replay(system, `/${entry?.id}/replay`)).body).toMatchObject({ outcome: "ignored" });
    }
    await system.settle();
    expect(await typesOf(system, id)).toEqual(["created", "succeeded"]);
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    // What was applied stays so.
    expect(outcomes((await listInbox(system)).data)).toEqual(["applied"]);
  });

  it("takes up what was left parked by a process that died", async () => {
    const system = await createSystem();
    addNamelessGateway(system);
    const order = newNamelessOrder();
    await deliver(system, namelessWebhook(order.order_id, "evt_1"));
    const { commit } = system.services.store;
    const restore = replaceStore(system, {
      commit: async (news) => {
        restore();
        const committed = await commit(news);
        return committed === "conflict" ? committed : { ...committed, parked: [] };
      },
    });
    const { body } = await initiate(system, order);
    expect(body).toMatchObject({ status: "pending" });
    const [entry] = (await listInbox(system, "?outcome=parked")).data;
    expect((await replay(system, `/${entry?.id}/replay`)).body).toMatchObject({ outcome: "applied" });
    expect(await read(system, body.id)).toMatchObject({ status: "succeeded" });
    expect((await listInbox(system)).data).toMatchObject([{ transaction_id: body.id, outcome: "applied" }]);
  });

  it("applies it once when it is replayed ten times at once", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const callback = system.gateway.callback(id, "success", { event_id: "evt_1" });
    const restore = replaceStore(system, {
      findForWebhook: async () => ({ loaded: null, outcome: null }),
      park: async (entry, now) => {
        await env.DB.prepare(
          "INSERT INTO inbox (transaction_id, gateway, event_id, outcome, observation, received_at) VALUES (?, ?, ?, 'parked', ?, ?)",
        )
          .bind(entry.transactionId, entry.gateway, entry.eventId, JSON.stringify(entry.observation), now)
          .run();
        return "kept";
      },
    });
    expect(await deliver(system, callback)).toBe("parked");
    restore();
    const [entry] = (await listInbox(system, "?outcome=parked")).data;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => replay<{ outcome: string }>(system, `/${entry?.id}/replay`)),
    );
    await system.settle();
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(answers.filter(({ body }) => body.outcome === "applied")).toHaveLength(1);
    expect(await typesOf(system, id)).toEqual(["created", "succeeded"]);
  });

  it("does not bring back money that a person has sent away", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    Object.assign(system.gateway.session(id).request, { amount: 1000 });
    system.gateway.settle(id, "success");
    await deliver(system, system.gateway.callback(id, "success"));
    await system.call("POST", `/transactions/${id}/reject`);
    await system.settle();
    const before = await readMoney(system, id);
    const [entry] = (await listInbox(system)).data;
    expect((await replay(system, `/${entry?.id}/replay`)).body).toMatchObject({ outcome: "ignored" });
    expect(await readMoney(system, id)).toEqual(before);
  });

  it("knows no id that is not there, and none that is no id", async () => {
    const system = await createSystem();
    await createPaid(system);
    const [entry] = (await listInbox(system)).data;
    await emptyTables();
    expect((await replay(system, `/${entry?.id}/replay`)).status).toBe(404);
    expect((await replay(system, "/nonsense/replay")).status).toBe(400);
  });
});

describe("POST /inbox/replay", () => {
  const parkedFor = async (system: System, count: number) => {
    const orders = Array.from({ length: count }, newNamelessOrder);
    for (const { order_id } of orders) {
      await deliver(system, namelessWebhook(order_id, `evt_${order_id}`));
    }
    return orders;
  };

  it("replays many, and says how many of them changed something", async () => {
    const system = await createSystem();
    addNamelessGateway(system);
    await parkedFor(system, 2);
    const { id } = await createPaid(system);
    await deliver(system, system.gateway.callback(id, "failure"));
    expect((await replay(system, "/replay", { outcome: "parked" })).body).toMatchObject({
      ...{ replayed: 2, applied: 0 },
    });
    expect((await replay(system, "/replay", { outcome: "ignored" })).body).toMatchObject({
      ...{ replayed: 1, applied: 0 },
    });
    expect(outcomes((await listInbox(system)).data).toSorted()).toEqual([
      "applied",
      "ignored",
      "parked",
      "parked",
    ]);
  });

  it("replays 100 within the statements that D1 allows in one invocation", async () => {
    const system = await createSystem();
    addNamelessGateway(system);
    const orders = await parkedFor(system, 10);
    const { commit } = system.services.store;
    const restore = replaceStore(system, {
      commit: async (news) => {
        const committed = await commit(news);
        return committed === "conflict" ? committed : { ...committed, parked: [] };
      },
    });
    for (const order of orders) {
      await initiate(system, order);
    }
    restore();
    const before = system.services.store.statementCount();
    expect((await replay(system, "/replay", { outcome: "parked" })).body).toMatchObject({ applied: 10 });
    await system.settle();
    expect((system.services.store.statementCount() - before) * 10).toBeLessThan(1000);
  });

  it("reaches all of them, page by page, though none of them goes away", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    for (let count = 0; count < 5; count += 1) {
      await deliver(system, system.gateway.callback(id, "failure"));
    }
    const replayed: number[] = [];
    let cursor: string | null | undefined;
    for (let pages = 0; pages < 10 && cursor !== null; pages += 1) {
      const { body } = await replay<{ replayed: number; next_cursor: string | null }>(system, "/replay", {
        ...{ outcome: "ignored", limit: 2 },
        ...(cursor === undefined ? {} : { cursor }),
      });
      replayed.push(body.replayed);
      cursor = body.next_cursor;
    }
    expect(replayed).toEqual([2, 2, 1]);
  });

  it.each([
    {},
    { outcome: "applied" },
    { outcome: "parked", limit: 101 },
    { outcome: "parked", cursor: "x" },
  ])("refuses %j", async (body) => {
    const system = await createSystem();
    expect((await replay(system, "/replay", body)).status).toBe(400);
  });
});

describe("the inbox in time", () => {
  const count = async () => (await selectRow<{ n: number }>("SELECT count(*) AS n FROM inbox"))?.n ?? 0;

  /** To the next hour, when a tick prunes. */
  async function tickAtTheHour(system: System, afterMs: number): Promise<void> {
    const now = system.services.now() + afterMs;
    await later(system, afterMs + 60 * MINUTE - (now % (60 * MINUTE)));
  }

  it("forgets what is older than 90 days, and keeps what is younger", async () => {
    const system = await createSystem();
    await createPaid(system);
    await deliver(system, system.gateway.callback("txn_unknown", "success"));
    await tickAtTheHour(system, 89 * DAY);
    expect(await count()).toBe(2);
    const young = await createPaid(system);
    await deliver(system, system.gateway.callback("txn_unheard_of", "success"));
    await tickAtTheHour(system, 2 * DAY);
    const kept = (await listInbox(system)).data;
    expect(kept.map(({ transaction_id }) => transaction_id).toSorted()).toEqual(
      [young.id, "txn_unheard_of"].toSorted(),
    );
  });

  it("goes by when a webhook came, not by how old its transaction is", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    system.advance(89 * DAY);
    await deliver(system, system.gateway.callback(id, "success", { dispute: "open" }));
    await tickAtTheHour(system, 2 * DAY);
    const kept = (await listInbox(system)).data;
    expect(kept.map(({ outcome }) => outcome)).toEqual(["applied"]);
    expect(await count()).toBe(1);
    await tickAtTheHour(system, 89 * DAY);
    expect(await count()).toBe(0);
  });

  it("forgets a bounded number at once, and goes on at the next hour", async () => {
    const system = await createSystem();
    const { id } = await createPending(system, newOrder());
    const rows = Array.from(
      { length: 10_500 },
      (_, index) => `('${id}', 'generic', 'evt_${index}', 'applied', '{}', 0)`,
    );
    for (let start = 0; start < rows.length; start += 500) {
      const values = rows.slice(start, start + 500).join();
      await env.DB.prepare(
        `INSERT INTO inbox (transaction_id, gateway, event_id, outcome, observation, received_at) VALUES ${values}`,
      ).run();
    }
    await tickAtTheHour(system, 91 * DAY);
    expect(await count()).toBe(500);
    await tickAtTheHour(system, 0);
    expect(await count()).toBe(0);
  });
});
