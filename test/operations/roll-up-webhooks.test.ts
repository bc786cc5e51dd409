/** What webhooks and pushes tell beside their matter: how late they came, by which secret, when the last good one was. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { connectGeneric } from "../../src/gateways/generic.ts";
import {
  GATEWAY_API_KEY,
  GATEWAY_URL,
  GATEWAY_WEBHOOK_SECRET,
  signedCallback,
} from "../support/fake-gateway.ts";
import { listing } from "../support/listing-gateway.ts";
import { createPaid, tell } from "../support/money.ts";
import { addNamelessGateway, namelessWebhook, newNamelessOrder } from "../support/nameless-gateway.ts";
import { figuresOf, rollUpAll, SETTLED_MS, totalOf } from "../support/rolled-up.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  replaceServices,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  await emptyTables();
});

const SECOND_SECRET = `whsec_${btoa("second-webhook-secret-for-tests-only")}`;

async function countAll(system: System): Promise<void> {
  await system.settle();
  system.advance(SETTLED_MS);
  await rollUpAll(system);
}

const healthOf = async ({ services }: System, gateway = "generic") =>
  (await services.store.listGatewayHealth()).find((row) => row.gateway === gateway) ?? null;

/** A callback of what the books say, as it was sent so long ago, by whichever secret. */
function sentBefore(system: System, id: string, ms: number, secret = GATEWAY_WEBHOOK_SECRET): Request {
  const { body } = system.gateway.callback(id, "success") && (system.gateway.told.at(-1) ?? { body: "" });
  const told = { ...(JSON.parse(body) as object), occurred_at: new Date(Date.now() - ms).toISOString() };
  return signedCallback(JSON.stringify(told), { secret, at: new Date(Date.now() - 1500) });
}

/** Its gateway has rolled its secret: the old one still verifies, in the second place. */
async function withTwoSecrets(): Promise<System> {
  const system = await createSystem();
  const config = { id: "generic", title: "Generic", url: GATEWAY_URL, apiKey: GATEWAY_API_KEY, mode: null };
  const webhookSecrets = [GATEWAY_WEBHOOK_SECRET, SECOND_SECRET];
  const gateway = connectGeneric(
    { ...config, webhookSecrets },
    { fetch: system.gateway.fetch, now: Date.now },
  );
  replaceServices(system, { gateways: new Map([["generic", gateway]]) });
  return system;
}

describe("rollUp, of webhooks", () => {
  it("tells how long they were on their way, and which secret verified them", async () => {
    const system = await withTwoSecrets();
    for (const [ms, secret] of [
      [200, GATEWAY_WEBHOOK_SECRET],
      [3000, SECOND_SECRET],
      [90_000, SECOND_SECRET],
    ] as const) {
      const { id } = await createPending(system);
      expect(await deliver(system, sentBefore(system, id, ms, secret))).toBe("applied");
    }
    await countAll(system);
    const { webhookLag, secrets } = await figuresOf(system);
    expect(secrets).toEqual({ 1: 1, 2: 2 });
    expect(webhookLag).toEqual([1, 0, 0, 1, 0, 0, 1]);
  });

  it("tells nothing of what a webhook does not say, nor of what came by another way", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success", { occurred_at: "long ago" }));
    const byCron = await createPending(system);
    system.gateway.settle(byCron.id, "success");
    system.advance(60_000);
    await system.tick();
    await countAll(system);
    const { ended, webhookLag, secrets } = await figuresOf(system);
    expect(ended).toEqual({ succeeded: 2 });
    expect(webhookLag).toEqual([]);
    expect(secrets).toEqual({ 1: 1 });
  });

  it("counts one of which no secret of ours verifies, as such", async () => {
    const system = await createSystem();
    addNamelessGateway(system);
    const order = newNamelessOrder();
    await initiate(system, order);
    expect(await deliver(system, namelessWebhook(order.order_id, "evt_1"))).toBe("applied");
    await countAll(system);
    expect((await totalOf(system)).nameless?.secrets).toEqual({ none: 1 });
    expect(await healthOf(system, "nameless")).toMatchObject({ goodSecret: null, skewMs: null });
  });

  it("counts a webhook once that brought two events, and not what followed from it", async () => {
    const system = await createSystem({ LATE_PAYMENT_POLICY: "refund" });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "expired"));
    system.gateway.settle(id, "success");
    await tell(system, id);
    const types = await env.DB.prepare("SELECT type FROM deliveries ORDER BY position").all();
    expect(types.results.map(({ type }) => type)).toEqual(
      ["expired", "review", "canceled", "refunded"].map((type) => `transaction.${type}`),
    );
    await countAll(system);
    const { secrets, webhookLag } = await figuresOf(system);
    expect(secrets).toEqual({ 1: 2 });
    expect(webhookLag.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it("keeps when the last good one came, its secret, and how far the gateway's clock was ahead", async () => {
    const system = await withTwoSecrets();
    expect(await healthOf(system)).toBeNull();
    const { id } = await createPending(system);
    await deliver(system, sentBefore(system, id, 3000, SECOND_SECRET));
    const row = await selectRow<{ received_at: number; signed_at: number }>("SELECT * FROM inbox");
    await countAll(system);
    expect(await healthOf(system)).toEqual({
      ...{ gateway: "generic", badAt: null, badReason: null, goodSecret: 2 },
      goodAt: row?.received_at,
      skewMs: (row?.signed_at ?? 0) - (row?.received_at ?? 0),
    });
    expect((await healthOf(system))?.skewMs).toBeLessThanOrEqual(-1500);
  });

  it("keeps the last one also when an older one is applied after it", async () => {
    const system = await createSystem();
    addNamelessGateway(system);
    const [early, other] = [newNamelessOrder(), newNamelessOrder()];
    await deliver(system, namelessWebhook(early.order_id, "evt_early"));
    system.advance(5000);
    await initiate(system, other);
    await deliver(system, namelessWebhook(other.order_id, "evt_late"));
    await countAll(system);
    const before = await healthOf(system, "nameless");
    // Its transaction is only now opened, and the webhook that was parked is applied.
    await initiate(system, early);
    await countAll(system);
    expect((await totalOf(system)).nameless?.ended).toEqual({ succeeded: 2 });
    expect(await healthOf(system, "nameless")).toEqual(before);
  });

  it("takes nothing for a webhook that was read from the gateway's own list", async () => {
    const system = await createSystem();
    const generic = system.services.gateways.get("generic");
    if (!generic) {
      throw new Error("the gateway is not there");
    }
    replaceServices(system, { gateways: new Map([["generic", listing(generic, system.gateway)]]) });
    await system.tick();
    const { id } = await createPending(system);
    system.gateway.callback(id, "success");
    const now = Date.now();
    replaceServices(system, { wallClock: () => now + 6 * 60_000 });
    expect(await system.tick()).toMatchObject({ missed: 1, changes: 1 });
    await countAll(system);
    const { ended, secrets, webhookLag } = await figuresOf(system);
    expect([ended, secrets, webhookLag]).toEqual([{ succeeded: 1 }, {}, []]);
    expect(await healthOf(system)).toBeNull();
  });

  it("leaves the last refused one where it is", async () => {
    const system = await createSystem();
    await system.services.store.noteBadWebhook("generic", "the signature does not verify", 1234);
    await createPaid(system);
    await countAll(system);
    const bad = { badAt: 1234, badReason: "the signature does not verify", goodSecret: 1 };
    expect(await healthOf(system)).toMatchObject(bad);
    await system.services.store.noteBadWebhook("generic", "x".repeat(500), 5678);
    expect(await healthOf(system)).toMatchObject({ badAt: 5678, badReason: "x".repeat(200), goodSecret: 1 });
  });
});

describe("rollUp, of pushes", () => {
  /** The last socket hears so late, and the shop answers after it. */
  async function pushedAfter(ms: number, answerMs: number): Promise<System> {
    const system = await createSystem();
    const { now } = system.services;
    let passed = 0;
    const { channel } = system.services;
    const told = Promise.withResolvers<void>();
    replaceServices(system, {
      now: () => now() + passed,
      channel: {
        ...channel,
        publish: async () => {
          passed += ms;
          told.resolve();
        },
      },
    });
    system.shop.answer = async () => {
      if (answerMs > 0) {
        await told.promise;
        await new Promise((resolve) => setTimeout(resolve, answerMs));
      }
      return new Response(null, { status: 204 });
    };
    return system;
  }

  it("tells how long it took from the commit to the last socket", async () => {
    const system = await pushedAfter(300, 20);
    await createPaid(system);
    expect((await selectRow<{ ms: number }>("SELECT pushed_ms AS ms FROM deliveries"))?.ms).toBeGreaterThan(
      299,
    );
    await countAll(system);
    expect((await figuresOf(system)).push.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it("counts none where the push is not known", async () => {
    const system = await createSystem();
    replaceServices(system, {
      channel: { ...system.services.channel, publish: () => new Promise(() => undefined) },
    });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success"));
    await vi.waitFor(() => expect(system.shop.received).toHaveLength(1));
    await vi.waitFor(async () =>
      expect(await selectRow("SELECT pushed_ms FROM deliveries WHERE delivered_at > 0")).toEqual({
        pushed_ms: null,
      }),
    );
    system.advance(SETTLED_MS);
    await rollUpAll(system);
    expect((await figuresOf(system)).push).toEqual([]);
  });

  it("keeps the first attempt's word when a later one knows nothing of it", async () => {
    const system = await pushedAfter(60, 10);
    const { answer } = system.shop;
    system.shop.answer = async () => {
      await answer();
      return new Response(null, { status: 500 });
    };
    await createPaid(system);
    const before = await selectRow<{ ms: number }>("SELECT pushed_ms AS ms FROM deliveries");
    expect(before?.ms).toBeGreaterThan(59);
    system.shop.answer = () => new Response(null, { status: 204 });
    system.advance(60_000);
    await system.tick();
    const after = await selectRow("SELECT pushed_ms AS ms, delivered_at > 0 AS done FROM deliveries");
    expect(after).toEqual({ ...before, done: 1 });
  });
});

describe("rollUp, of very many", () => {
  /** So many paid payments, each an hour's share after the one before. */
  async function insertPaid(count: number, everyMs: number): Promise<void> {
    const start = Date.now() - count * everyMs - 60_000;
    const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})`;
    const id = "'txn_' || printf('%026d', n)";
    const at = `${start} + n * ${everyMs}`;
    await env.DB.batch([
      env.DB.prepare(`INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, capture,
        amount_captured, created_at, updated_at, expires_at) ${numbers} SELECT ${id}, 'order-' || n, 'generic',
        'succeeded', 2, 100, 'USD', 'automatic', 100, ${at} - 5000, ${at}, ${at} + 1000 FROM numbers`),
      env.DB.prepare(`INSERT INTO events (transaction_id, version, type, source, status_before, status, amount_captured,
        amount_refunded, occurred_at, position) ${numbers} SELECT ${id}, 2, 'transaction.succeeded', 'cron', 'pending',
        'succeeded', 100, 0, ${at}, n FROM numbers`),
      env.DB.prepare(`INSERT INTO deliveries (position, transaction_id, version, type, body, delivered_at, created_at)
        ${numbers} SELECT n, ${id}, 2, 'transaction.succeeded', '{}', ${at}, ${at} FROM numbers`),
    ]);
  }

  it("counts in one tick what has been waiting, 500 at a time", async () => {
    const system = await createSystem();
    await insertPaid(1201, 1000);
    let reads = 0;
    const { readUncounted } = system.services.store;
    replaceStore(system, {
      readUncounted: (limit, now) => {
        reads += 1;
        expect(limit).toBe(500);
        return readUncounted(limit, now);
      },
    });
    await system.tick();
    expect((await figuresOf(system)).ended).toEqual({ succeeded: 1201 });
    expect(reads).toBe(3);
  });

  it("counts what is spread over months, span by span, within what D1 takes at once", async () => {
    const system = await createSystem();
    await insertPaid(300, 7 * 60 * 60_000);
    await system.tick();
    for (const span of ["hour", "quarter", "day"] as const) {
      expect((await totalOf(system, span)).generic?.ended, span).toEqual({ succeeded: 300 });
    }
  });
});
