/** What repeating, racing and failing calls of POST /transactions make of one order. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Api, terms } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import type { FakeGateway } from "./support/fake-gateway.ts";
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

const held = (count: number) =>
  eventually(() => {
    expect(gateway.held()).toBe(count);
  });

describe("Idempotency-Key", () => {
  it("gives the same transaction to the same request, with 200", async () => {
    const [request, key] = [terms(), randomUUID()];
    const first = await api.create(request, key);
    const again = await api.create(request, key);
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body).toEqual(first.body);
    expect(gateway.sessionsOf(first.body.order_id)).toHaveLength(1);
  });

  it.each(["failure", "success", "cancelled"] as const)("still gives it after %s", async (end) => {
    const [request, key] = [terms(), randomUUID()];
    const first = await api.create(request, key);
    await gateway.tell(first.body.id, end);
    const again = await api.create(request, key);
    expect(again.status).toBe(200);
    expect(again.body.id).toBe(first.body.id);
    expect(again.body.status).not.toBe("pending");
    expect(again.body.payment_url).toBeNull();
  });

  it("refuses the key with another body as idempotency_mismatch", async () => {
    const [request, key] = [terms(), randomUUID()];
    await api.create(request, key);
    for (const other of [terms(), { ...request, amount: 2000 }]) {
      const answer = await api.createProblem(other, key);
      expect(answer.status).toBe(422);
      expect(answer.body.code).toBe("idempotency_mismatch");
    }
  });

  it("answers idempotency_in_progress with Retry-After while the first is under way", async () => {
    const [request, key] = [terms(), randomUUID()];
    gateway.behave("hang", ["create"]);
    const first = api.create(request, key);
    await held(1);
    const second = await api.createProblem(request, key);
    gateway.recover();
    expect(second.status).toBe(409);
    expect(second.body.code).toBe("idempotency_in_progress");
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await first).status).toBe(201);
    expect((await api.create(request, key)).body.id).toBe((await first).body.id);
  });

  it("is not used up by a refused request", async () => {
    const key = randomUUID();
    expect((await api.createProblem(terms({ amount: 0 }), key)).status).toBeLessThan(500);
    expect((await api.create(terms(), key)).status).toBe(201);
  });
});

describe("an order with an open transaction", () => {
  it("resumes it on the same terms, with 200", async () => {
    const request = terms();
    const first = await api.create(request, randomUUID());
    for (const key of [undefined, randomUUID()]) {
      const again = await api.create(request, key);
      expect(again.status).toBe(200);
      expect(again.body).toEqual(first.body);
    }
    expect(gateway.sessionsOf(first.body.order_id)).toHaveLength(1);
  });

  it.each([{ amount: 2500 }, { currency: "EUR" }])(
    "ends it at the gateway before a new one with %j",
    async (change) => {
      const request = terms();
      const old = (await api.create(request)).body;
      const fresh = await api.create({ ...request, ...change });
      expect(fresh.status).toBe(201);
      expect(fresh.body.id).not.toBe(old.id);
      expect(gateway.session(old.id).status).toBe("expired");
      const position = (kind: string, id: string) =>
        gateway.calls.findIndex((call) => call.kind === kind && call.transactionId === id);
      expect(position("expire", old.id)).toBeLessThan(position("create", fresh.body.id));
      const after = await api.get(old.id);
      expect(["canceled", "expired"]).toContain(after.status);
      expect(after.payment_url).toBeNull();
    },
  );

  it("resumes it whatever else the request says", async () => {
    const request = terms();
    const first = await api.create(request);
    const again = await api.create({ ...request, description: "Another text", metadata: { try: "2" } });
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
  });

  it("remembers the key that resumed it, also after its end", async () => {
    const [request, key] = [terms(), randomUUID()];
    const { id } = (await api.create(request)).body;
    await api.create(request, key);
    await gateway.tell(id, "failure");
    const again = await api.create(request, key);
    expect([again.status, again.body.id, again.body.status]).toEqual([200, id, "failed"]);
  });

  it("leaves one open session at the gateway when other terms overtake the first", async () => {
    const request = terms();
    gateway.behave("hang", ["create"]);
    const first = api.create(request);
    await held(1);
    const second = api.create({ ...request, amount: 2500 });
    await sleep(200);
    gateway.recover();
    await Promise.all([first, second]);
    await eventually(() => {
      const open = gateway.sessionsOf(String(request.order_id)).filter(({ status }) => status === "pending");
      expect(open).toHaveLength(1);
    });
  });

  it("makes a new one once its time has run out", async () => {
    const request = terms({ expires_in: 1 });
    const old = (await api.create(request)).body;
    await sleep(Math.max(0, Date.parse(old.expires_at) - Date.now()) + 20);
    expect((await api.get(old.id)).payment_url).toBeNull();
    const fresh = await api.create(request);
    expect(fresh.status).toBe(201);
    expect(fresh.body.id).not.toBe(old.id);
    expect(gateway.session(old.id).status).toBe("expired");
    expect((await api.get(old.id)).status).toBe("expired");
  });

  it("finds the old one paid when it ends it, and makes no second", async () => {
    const request = terms();
    const old = (await api.create(request)).body;
    gateway.settle(old.id, "success");
    const answer = await api.createProblem({ ...request, amount: 5 });
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe("order_already_paid");
    expect((await api.get(old.id)).status).toBe("succeeded");
    expect(gateway.sessionsOf(old.order_id)).toHaveLength(1);
  });

  it("keeps the old one when the gateway cannot end it now", async () => {
    const request = terms();
    const old = (await api.create(request)).body;
    gateway.behave("down");
    const answer = await api.createProblem({ ...request, amount: 5 });
    expect(answer.status).toBe(503);
    expect((await api.get(old.id)).status).toBe("pending");
    gateway.recover();
    expect((await api.create({ ...request, amount: 5 })).status).toBe(201);
  });
});

describe("an order that takes no new transaction", () => {
  it("answers order_already_paid", async () => {
    const request = terms();
    const { id } = (await api.create(request)).body;
    await gateway.tell(id, "success");
    const answer = await api.createProblem(request);
    expect([answer.status, answer.body.code]).toEqual([409, "order_already_paid"]);
  });

  it("answers order_in_review", async () => {
    const request = terms();
    const { id } = (await api.create(request)).body;
    await gateway.callback(id, { status: "success", amount: 1 });
    const answer = await api.createProblem(request);
    expect([answer.status, answer.body.code]).toEqual([409, "order_in_review"]);
  });

  it.each(["processing", "authorized"] as const)(
    "answers order_in_progress while it is %s",
    async (status) => {
      const request = terms();
      const { id } = (await api.create(request)).body;
      await gateway.tell(id, status);
      const answer = await api.createProblem({ ...request, amount: 5 });
      expect([answer.status, answer.body.code]).toEqual([409, "order_in_progress"]);
      expect((await api.get(id)).status).toBe(status);
    },
  );
});

describe("an order whose payment was given back in full", () => {
  it("may be paid again", async () => {
    const request = terms();
    const { id } = (await api.create(request)).body;
    await gateway.tell(id, "success");
    await gateway.tell(id, "refunded");
    expect((await api.create(request)).status).toBe(201);
  });
});

describe("one order, two transactions", () => {
  const failedThenOpen = async () => {
    const request = terms();
    const first = (await api.create(request)).body;
    await gateway.tell(first.id, "failure");
    const second = await api.create(request);
    expect(second.status).toBe(201);
    return { first, second: second.body };
  };

  it("ends the open sibling at the gateway when one succeeds", async () => {
    const { first, second } = await failedThenOpen();
    await gateway.tell(first.id, "success");
    expect((await api.get(first.id)).status).toBe("succeeded");
    await eventually(async () => {
      expect(gateway.session(second.id).status).toBe("expired");
      expect(["canceled", "expired"]).toContain((await api.get(second.id)).status);
    });
  });

  it("leaves a second payment to a person", async () => {
    const { first, second } = await failedThenOpen();
    await gateway.tell(second.id, "success");
    await gateway.tell(first.id, "success");
    expect((await api.get(second.id)).status).toBe("succeeded");
    expect(await api.get(first.id)).toMatchObject({ status: "review", review_reason: expect.any(String) });
  });

  it("keeps one payment of two that come at the same moment", async () => {
    const { first, second } = await failedThenOpen();
    await Promise.all([gateway.tell(first.id, "success"), gateway.tell(second.id, "success")]);
    const statuses = [(await api.get(first.id)).status, (await api.get(second.id)).status];
    expect(statuses.sort()).toEqual(["review", "succeeded"]);
  });
});

describe("two creates at once", () => {
  it.each([2, 8])("make one transaction and one session of %d requests", async (count) => {
    const request = terms();
    const answers = await Promise.all(Array.from({ length: count }, () => api.create(request)));
    const ids = new Set(answers.map(({ body }) => body.id));
    expect(answers.map(({ status }) => status).filter((status) => status > 201)).toEqual([]);
    expect(ids.size).toBe(1);
    expect(gateway.sessionsOf(String(request.order_id))).toHaveLength(1);
  });

  it("make one transaction with one key, whatever the others are told meanwhile", async () => {
    const [request, key] = [terms(), randomUUID()];
    const answers = await Promise.all(Array.from({ length: 6 }, () => api.create(request, key)));
    const made = answers.filter(({ status }) => status < 300);
    expect(answers.filter(({ status }) => ![200, 201, 409].includes(status))).toEqual([]);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
    expect(gateway.sessionsOf(String(request.order_id))).toHaveLength(1);
  });
});

describe("a gateway in trouble", () => {
  it.each(["down", "fail"] as const)(
    "is %s: 503 with Retry-After, and the same key goes on",
    async (mode) => {
      const [request, key] = [terms(), randomUUID()];
      gateway.behave(mode);
      const answer = await api.createProblem(request, key);
      expect([answer.status, answer.body.code]).toEqual([503, "gateway_unavailable"]);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
      gateway.recover();
      const again = await api.create(request, key);
      expect([200, 201]).toContain(again.status);
      expect(again.body).toMatchObject({ status: "pending", version: 1, payment_url: expect.any(String) });
      expect(gateway.sessionsOf(String(request.order_id))).toHaveLength(1);
    },
  );

  it("was down: nobody sees a transaction without a session", async () => {
    const request = terms();
    gateway.behave("down");
    await api.create(request);
    const id = gateway.calls.at(-1)?.transactionId;
    expect((await api.call(`/transactions/${id}`)).status).toBe(404);
    const list = await api.call<{ data: unknown[] }>(`/transactions?order_id=${request.order_id}`);
    expect(list.body.data).toEqual([]);
  });

  it("was down: the same order goes on without a key too", async () => {
    const request = terms();
    gateway.behave("down");
    expect((await api.create(request)).status).toBe(503);
    gateway.recover();
    const again = await api.create(request);
    expect([200, 201]).toContain(again.status);
    expect(gateway.sessionsOf(String(request.order_id))).toHaveLength(1);
  });

  it("refuses: 502 with the transaction that failed, and a replay answers the same", async () => {
    const [request, key] = [terms(), randomUUID()];
    gateway.behave("refuse", ["create"]);
    const answer = await api.createProblem(request, key);
    expect([answer.status, answer.body.code]).toEqual([502, "gateway_rejected"]);
    const id = answer.body.transaction_id ?? "";
    expect(await api.get(id)).toMatchObject({ status: "failed", payment_url: null });
    gateway.recover();
    const again = await api.createProblem(request, key);
    expect([again.status, again.body.code, again.body.transaction_id]).toEqual([502, "gateway_rejected", id]);
    expect(gateway.sessionsOf(String(request.order_id))).toHaveLength(0);
  });

  it("refused: the order may try anew with another key", async () => {
    const request = terms();
    gateway.behave("refuse", ["create"]);
    expect((await api.create(request, randomUUID())).status).toBe(502);
    gateway.recover();
    expect((await api.create(request, randomUUID())).status).toBe(201);
  });
});
