/** What the minute's tick repairs, ends and never guesses. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Api, type Transaction, terms } from "./support/api.ts";
import { eventually } from "./support/eventually.ts";
import type { FakeGateway, GatewayStatus } from "./support/fake-gateway.ts";
import { startWorld, type World } from "./support/world.ts";

const CHECK_AFTER_SECONDS = 40;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

let world: World;
let api: Api;
let gateway: FakeGateway;

beforeAll(async () => {
  world = await startWorld({ STATUS_CHECK_AFTER_SECONDS: String(CHECK_AFTER_SECONDS) });
  ({ api, gateway } = world);
});
afterEach(() => gateway?.recover());
afterAll(() => world?.stop());

const becomes = (id: string, status: string): Promise<Transaction> =>
  eventually(async () => {
    const transaction = await api.get(id);
    expect(transaction.status).toBe(status);
    return transaction;
  });

const afterCreation = ({ created_at }: Transaction, ms: number) => Date.parse(created_at) + ms;
const afterExpiry = ({ expires_at }: Transaction, ms: number) => Date.parse(expires_at) + ms;
const position = (kind: string, id: string) =>
  gateway.calls.findIndex((call) => call.kind === kind && call.transactionId === id);

/** Ended by the cron, as nobody paid in time. */
const expired = async (): Promise<Transaction> => {
  const transaction = await api.start({ expires_in: 60 });
  await world.system.tick(afterExpiry(transaction, SECOND));
  return becomes(transaction.id, "expired");
};

describe("GET /health", () => {
  it("is fine before the first tick and after it", async () => {
    for (const round of ["before", "after"]) {
      const { status, body } = await api.call("/health", { bearer: null });
      expect(status, round).toBe(200);
      expect(body).toMatchObject({ status: expect.any(String), checks: expect.any(Object) });
      await world.system.tick();
    }
  });
});

describe("a lost webhook", () => {
  it("is repaired once STATUS_CHECK_AFTER_SECONDS have passed, and the shop is told", async () => {
    const transaction = await api.start();
    gateway.settle(transaction.id, "success");
    await world.system.tick(afterCreation(transaction, (CHECK_AFTER_SECONDS + 1) * SECOND));
    expect(await becomes(transaction.id, "succeeded")).toMatchObject({ late: false, amount_captured: 1999 });
    await eventually(() => {
      expect(world.shop.of(transaction.id, "transaction.succeeded")).toHaveLength(1);
    });
  });

  it.each([
    ["failure", "failed"],
    ["cancelled", "canceled"],
    ["processing", "processing"],
    ["expired", "expired"],
  ] as const)("of %s is repaired as well", async (told, status) => {
    const transaction = await api.start();
    gateway.settle(transaction.id, told);
    await world.system.tick(afterCreation(transaction, (CHECK_AFTER_SECONDS + 1) * SECOND));
    await becomes(transaction.id, status);
  });

  it("that comes after all changes nothing any more", async () => {
    const transaction = await api.start();
    gateway.settle(transaction.id, "success");
    await world.system.tick(afterCreation(transaction, (CHECK_AFTER_SECONDS + 1) * SECOND));
    const { version } = await becomes(transaction.id, "succeeded");
    expect(await gateway.callback(transaction.id)).toMatchObject({ status: 200 });
    expect((await api.get(transaction.id)).version).toBe(version);
  });
});

describe("a transaction whose time has run out", () => {
  it("is expired after the gateway was asked and its session closed, and the shop is told", async () => {
    const { id } = await expired();
    expect(gateway.session(id).status).toBe("expired");
    expect(position("status", id)).toBeGreaterThan(-1);
    expect(position("status", id)).toBeLessThan(position("expire", id));
    await eventually(() => {
      expect(world.shop.of(id, "transaction.expired")).toHaveLength(1);
    });
  });

  it("succeeds when the gateway says that it was paid meanwhile", async () => {
    const transaction = await api.start({ expires_in: 60 });
    gateway.settle(transaction.id, "success");
    await world.system.tick(afterExpiry(transaction, SECOND));
    expect(await becomes(transaction.id, "succeeded")).toMatchObject({ late: false });
  });

  it("succeeds when it is paid between the question and the closing", async () => {
    const transaction = await api.start({ expires_in: 60 });
    gateway.behave("hang", ["expire"]);
    const ticking = world.system.tick(afterExpiry(transaction, SECOND));
    await eventually(() => {
      expect(gateway.held()).toBeGreaterThan(0);
    });
    gateway.settle(transaction.id, "success");
    gateway.recover();
    await ticking;
    await becomes(transaction.id, "succeeded");
  });

  it("is not touched before", async () => {
    const transaction = await api.start({ expires_in: 300 });
    await world.system.tick(afterExpiry(transaction, -SECOND));
    expect((await api.get(transaction.id)).status).toBe("pending");
    expect(gateway.session(transaction.id).status).toBe("pending");
  });

  it.each(["down", "refuse"] as const)(
    "is never expired on the silence of a gateway that is %s",
    async (mode) => {
      const transaction = await api.start({ expires_in: 60 });
      gateway.behave(mode);
      for (const ms of [SECOND, 10 * MINUTE, 2 * HOUR]) {
        await world.system.tick(afterExpiry(transaction, ms));
        expect(["pending", "review"]).toContain((await api.get(transaction.id)).status);
      }
      gateway.recover();
    },
  );

  it("is expired once a gateway that was down speaks again", async () => {
    const transaction = await api.start({ expires_in: 60 });
    gateway.behave("down");
    await world.system.tick(afterExpiry(transaction, SECOND));
    expect((await api.get(transaction.id)).status).toBe("pending");
    gateway.recover();
    await world.system.tick(afterExpiry(transaction, 12 * HOUR));
    await becomes(transaction.id, "expired");
  });

  it("goes to a person when the gateway stays silent", async () => {
    const transaction = await api.start({ expires_in: 60 });
    gateway.behave("down");
    for (let day = 1; day <= 40 && (await api.get(transaction.id)).status === "pending"; day += 1) {
      await world.system.tick(afterExpiry(transaction, day * 24 * HOUR));
    }
    expect(await becomes(transaction.id, "review")).toMatchObject({ review_reason: expect.any(String) });
  });
});

describe("a create that the gateway did not answer", () => {
  it("is finished by the tick, with one session", async () => {
    const request = terms();
    gateway.behave("fail", ["create"]);
    expect((await api.create(request)).status).toBe(503);
    gateway.recover();
    await world.system.tick(Date.now() + CHECK_AFTER_SECONDS * SECOND + SECOND);
    const path = `/transactions?order_id=${request.order_id}`;
    const [transaction] = await eventually(async () => {
      const { body } = await api.call<{ data: Transaction[] }>(path);
      expect(body.data).toHaveLength(1);
      return body.data;
    });
    expect(transaction).toMatchObject({ status: "pending", version: 1, payment_url: expect.any(String) });
    expect(gateway.sessionsOf(String(request.order_id))).toHaveLength(1);
  });

  it("leaves nothing open at the gateway when its time runs out before", async () => {
    const request = terms({ expires_in: 60 });
    gateway.behave("fail", ["create"]);
    expect((await api.create(request)).status).toBe(503);
    gateway.recover();
    for (const hours of [1, 3, 6]) {
      await world.system.tick(Date.now() + hours * HOUR);
    }
    await eventually(() => {
      const open = gateway.sessionsOf(String(request.order_id)).filter(({ status }) => status === "pending");
      expect(open).toEqual([]);
    });
  });
});

describe("money after the end", () => {
  it("is taken as late when a webhook tells of it", async () => {
    const { id } = await expired();
    expect(await gateway.tell(id, "success")).toEqual({ status: 200, outcome: "applied" });
    expect(await api.get(id)).toMatchObject({ status: "succeeded", late: true, amount_captured: 1999 });
  });

  it("is found by the watch when no webhook tells of it", async () => {
    const transaction = await expired();
    gateway.settle(transaction.id, "success");
    for (let hour = 1; hour <= 72 && (await api.get(transaction.id)).status === "expired"; hour += 6) {
      await world.system.tick(afterExpiry(transaction, hour * HOUR));
    }
    expect(await becomes(transaction.id, "succeeded")).toMatchObject({ late: true });
  });
});

describe("ticks", () => {
  it("that overlap ask about each due transaction once", async () => {
    const transactions = await Promise.all(Array.from({ length: 6 }, () => api.start()));
    const at = Math.max(...transactions.map((one) => afterCreation(one, (CHECK_AFTER_SECONDS + 1) * SECOND)));
    const asked = () => transactions.map(({ id }) => gateway.callsOf("status", id).length);
    await Promise.all(Array.from({ length: 4 }, () => world.system.tick(at)));
    await eventually(() => {
      expect(asked()).toEqual(transactions.map(() => 1));
    });
  });

  it("are stopped by nobody's nonsense", async () => {
    const transactions = await Promise.all(Array.from({ length: 4 }, () => api.start()));
    const [poisoned, ...others] = transactions;
    gateway.settle(poisoned?.id ?? "", "paidish" as GatewayStatus);
    for (const { id } of others) {
      gateway.settle(id, "success");
    }
    const at = Math.max(...transactions.map((one) => afterCreation(one, (CHECK_AFTER_SECONDS + 1) * SECOND)));
    await world.system.tick(at);
    for (const { id } of others) {
      await becomes(id, "succeeded");
    }
    expect((await api.get(poisoned?.id ?? "")).status).toBe("pending");
  });
});
