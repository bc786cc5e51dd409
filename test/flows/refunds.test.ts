/** Money that goes back, is taken in part, or waits for a person: as the shop, the buyer and the gateway see it. */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Answer, OutgoingEvent, Transaction } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import { listen } from "./support/sockets.ts";
import { startWorld, type World } from "./support/world.ts";

interface Refund {
  readonly id: string;
  readonly transaction_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: string;
  readonly reason: string | null;
  readonly code?: string;
}

interface Feed {
  readonly data: readonly OutgoingEvent[];
  readonly next_cursor: string;
}

const MINUTE = 60_000;

function verbsOf({ api, gateway }: World) {
  const post = <T>(path: string, body?: unknown, key?: string): Promise<Answer<T>> =>
    api.call<T>(path, {
      method: "POST",
      ...(body === undefined ? {} : { body }),
      ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
    });
  return {
    refund: (id: string, body?: unknown, key?: string) =>
      post<Refund>(`/transactions/${id}/refunds`, body, key),
    act: (id: string, verb: "capture" | "accept" | "reject", body?: unknown) =>
      post<Transaction & { code?: string }>(`/transactions/${id}/${verb}`, body),
    refunds: async (id: string) =>
      (await api.call<{ data: Refund[] }>(`/transactions/${id}/refunds`)).body.data,
    /** The events of a transaction in the feed, in their order. */
    feed: async (id: string) =>
      (await api.call<Feed>("/events?limit=100")).body.data.filter(({ data }) => data.id === id),
    paid: async () => {
      const transaction = await api.start();
      expect(await gateway.tell(transaction.id, "success")).toMatchObject({ outcome: "applied" });
      return transaction;
    },
  };
}

describe("money that moves on", () => {
  let world: World;
  let verbs: ReturnType<typeof verbsOf>;

  beforeAll(async () => {
    world = await startWorld();
    verbs = verbsOf(world);
  });
  afterEach(() => world?.gateway.recover());
  afterAll(() => world?.stop());

  it("goes back in parts, then the rest; the socket, the feed and the shop are told", async () => {
    const { api, gateway, shop } = world;
    const { id, order_id, socket_url, client_secret } = await verbs.paid();
    const socket = await listen({ socket_url, client_secret });
    await socket.received(1);

    const key = randomUUID();
    const first = await verbs.refund(id, { amount: 500, reason: "a broken cup" }, key);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ transaction_id: id, amount: 500, status: "succeeded" });
    const again = await verbs.refund(id, { amount: 500, reason: "a broken cup" }, key);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect((await verbs.refund(id, { amount: 1500 })).body.code).toBe("refund_exceeds_rest");
    expect(await api.get(id)).toMatchObject({ status: "succeeded", amount_refunded: 500 });

    expect((await verbs.refund(id)).body).toMatchObject({ amount: 1499, status: "succeeded" });
    expect(await api.get(id)).toMatchObject({ status: "succeeded", amount_refunded: 1999 });
    expect([...gateway.session(id).refunds.values()]).toEqual([500, 1499]);
    expect(await verbs.refunds(id)).toMatchObject([{ reason: "a broken cup" }, { reason: null }]);

    const updates = await socket.received(3);
    expect(updates.map(({ status, version }) => [status, version])).toEqual([
      ["succeeded", 2],
      ["succeeded", 3],
      ["succeeded", 4],
    ]);
    socket.close();
    const told = (await verbs.feed(id)).map(({ type, data }) => [type, data.amount_refunded]);
    expect(told).toEqual([
      ["transaction.succeeded", 0],
      ["transaction.refunded", 500],
      ["transaction.refunded", 1999],
    ]);
    await eventually(() => {
      const refunded = shop.deliveries.filter(
        ({ event }) => event.data.id === id && event.type === "transaction.refunded",
      );
      expect(refunded.map(({ authentic }) => authentic)).toEqual([true, true]);
    });
    expect((await api.create({ order_id, amount: 1999, currency: "USD" })).status).toBe(201);
  });

  it("goes back through a gateway that breaks, once", async () => {
    const { api, gateway, system } = world;
    const { id } = await verbs.paid();
    gateway.behave("fail", ["refund"]);
    const { status, body } = await verbs.refund(id);
    expect([status, body.status]).toEqual([201, "pending"]);
    gateway.recover();
    await system.tick(Date.now() + 2 * MINUTE);
    expect(await api.get(id)).toMatchObject({ amount_refunded: 1999 });
    expect([...gateway.session(id).refunds.values()]).toEqual([1999]);
    expect(await verbs.refunds(id)).toMatchObject([{ id: body.id, status: "succeeded" }]);
  });

  it("is held, and captured in part", async () => {
    const { api, gateway } = world;
    const { id } = await api.start({ capture: "manual" });
    await gateway.tell(id, "authorized");
    expect((await verbs.act(id, "capture", { amount: 2000 })).status).toBe(400);
    const captured = await verbs.act(id, "capture", { amount: 1200 });
    expect(captured.status).toBe(200);
    expect(captured.body).toMatchObject({ status: "succeeded", amount: 1999, amount_captured: 1200 });
    expect(gateway.session(id)).toMatchObject({ status: "success", amountCaptured: 1200 });
    expect(await gateway.callback(id)).toMatchObject({ outcome: "ignored" });
    expect((await verbs.feed(id)).map(({ type }) => type)).toEqual([
      "transaction.authorized",
      "transaction.succeeded",
    ]);
    expect((await verbs.refund(id)).body).toMatchObject({ amount: 1200, status: "succeeded" });
  });

  it.each(["accept", "reject"] as const)(
    "waits for a person where the sum is wrong, who may %s it",
    async (verb) => {
      const { api, gateway } = world;
      const { id } = await api.start();
      gateway.session(id).amount = 1000;
      await gateway.tell(id, "success");
      expect(await api.get(id)).toMatchObject({ status: "review", review_reason: "wrong_amount" });
      expect((await verbs.refund(id)).body.code).toBe("not_refundable");
      const decided = await verbs.act(id, verb, { reason: "the buyer called", by: "ada" });
      expect(decided.status).toBe(200);
      const history = await api.call<{ data: Record<string, unknown>[] }>(`/transactions/${id}/events`);
      const verdict = history.body.data.find(({ by }) => by === "ada");
      expect(verdict).toMatchObject({ note: "the buyer called", previous_status: "review" });
      const expected =
        verb === "accept"
          ? { status: "succeeded", amount_captured: 1000, amount_refunded: 0 }
          : { status: "canceled", amount_captured: 1000, amount_refunded: 1000 };
      await eventually(async () => expect(await api.get(id)).toMatchObject(expected));
      expect([...gateway.session(id).refunds.values()]).toEqual(verb === "accept" ? [] : [1000]);
      expect((await verbs.act(id, "accept")).body.code).toBe("not_in_review");
    },
  );

  it("is asked about, page by page: what came of each webhook", async () => {
    const { api, gateway } = world;
    const { id } = await verbs.paid();
    await gateway.callback(id, { status: "failure" });
    const { body } = await api.call<{ data: Record<string, unknown>[] }>("/inbox?outcome=ignored&limit=100");
    const entry = body.data.find(({ transaction_id }) => transaction_id === id);
    expect(entry).toMatchObject({ outcome: "ignored", reason: "stale" });
    const replayed = await api.call(`/inbox/${entry?.id}/replay`, { method: "POST" });
    expect(replayed).toMatchObject({ status: 200, body: { outcome: "ignored" } });
  });
});

describe("late money under LATE_PAYMENT_POLICY=refund", () => {
  let world: World;
  let verbs: ReturnType<typeof verbsOf>;

  beforeAll(async () => {
    world = await startWorld({ LATE_PAYMENT_POLICY: "refund" });
    verbs = verbsOf(world);
  });
  afterAll(() => world?.stop());

  it("is called off and sent back, and nothing is fulfilled", async () => {
    const { api, gateway, system } = world;
    const { id } = await api.start({ expires_in: 60 });
    await system.tick(Date.now() + 2 * MINUTE);
    expect(await api.get(id)).toMatchObject({ status: "expired" });
    await gateway.tell(id, "success");
    await eventually(async () =>
      expect(await api.get(id)).toMatchObject({ status: "canceled", late: true, amount_refunded: 1999 }),
    );
    expect([...gateway.session(id).refunds.values()]).toEqual([1999]);
    expect((await verbs.feed(id)).map(({ type }) => type)).toEqual([
      "transaction.expired",
      "transaction.review",
      "transaction.canceled",
      "transaction.refunded",
    ]);
    expect(await gateway.callback(id)).toMatchObject({ outcome: "ignored" });
  });
});
