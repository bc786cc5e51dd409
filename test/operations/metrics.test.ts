/** What a payment leaves in Analytics Engine, on its way and where it goes wrong; and that it goes as well without. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { PROBE_HEADER, probeMark } from "../../src/operations/probe-mark.ts";
import { watch } from "../channel/watch.ts";
import { signedCallback } from "../support/fake-gateway.ts";
import { RecordedMetrics } from "../support/recorded-metrics.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  ORIGIN,
  read,
  replaceServices,
  replaceStore,
  type System,
} from "../support/system.ts";

beforeEach(() => emptyTables());

const MINUTE = 60_000;

async function createCounted(variables: Record<string, unknown> = {}) {
  const metrics = new RecordedMetrics();
  const system = await createSystem({ METRICS: metrics, ...variables });
  return { system, metrics };
}

const took = expect.toSatisfy((ms: unknown) => typeof ms === "number" && ms >= 0 && ms < MINUTE);
const forged = () => signedCallback("{}", { secret: "whsec_Zm9yZ2VkLWZvcmdlZC1mb3JnZWQtZm9yZ2Vk" });

/** Tells it as if it had happened so long ago. */
async function pay(system: System, id: string): Promise<void> {
  expect(await deliver(system, system.gateway.callback(id, "success"))).toBe("applied");
  await system.settle();
}

describe("a payment, where METRICS is bound", () => {
  it("writes each of its steps, and nothing else", async () => {
    const { system, metrics } = await createCounted();
    const transaction = await createPending(system);
    const watcher = await watch(system, transaction);
    await pay(system, transaction.id);
    const gateway = "generic";
    expect(metrics.of("request")).toEqual([
      { method: "POST", route: "/transactions", http_status: 201, duration_ms: took },
      { method: "GET", route: "/transactions/:id/socket", http_status: 101, duration_ms: took },
      { method: "POST", route: "/webhooks/:gateway", http_status: 200, duration_ms: took },
    ]);
    expect(metrics.of("gateway_call")).toEqual([
      { gateway, call: "create", outcome: "pending", duration_ms: took, failed: 0 },
    ]);
    expect(metrics.of("advance")).toEqual([
      {
        ...{ gateway, source: "shop", status_before: "pending", status: "pending" },
        ...{ event: "transaction.created", age_ms: took },
      },
      {
        ...{ gateway, source: "webhook", status_before: "pending", status: "succeeded" },
        ...{ event: "transaction.succeeded", age_ms: took },
      },
    ]);
    expect(metrics.of("webhook")).toEqual([
      { gateway, outcome: "applied", via: "webhook", duration_ms: took, lag_ms: took },
    ]);
    expect(metrics.of("push").at(-1)).toEqual({
      ...{ gateway, source: "webhook", status: "succeeded", sockets: 1 },
      ...{ since_commit_ms: took, since_webhook_ms: took },
    });
    expect(metrics.of("delivery")).toEqual([
      { outcome: "delivered", answer: "2xx", attempt: 1, duration_ms: took, age_ms: took },
    ]);
    expect(metrics.of("tick")).toEqual([]);
    watcher.socket.close();
  });

  it("counts from the webhook's arrival to the last socket, its own work included", async () => {
    const { system, metrics } = await createCounted();
    const { id } = await createPending(system);
    const clock = freezeClock(system);
    const { store, channel } = system.services;
    replaceStore(system, {
      commit: async (commit) => {
        clock.advance(70);
        return store.commit(commit);
      },
    });
    replaceServices(system, {
      channel: {
        ...channel,
        publish: async (update) => {
          const sockets = await channel.publish(update);
          clock.advance(300);
          return sockets;
        },
      },
    });
    await pay(system, id);
    expect(metrics.of("push").at(-1)).toMatchObject({ since_webhook_ms: 370, sockets: 0 });
  });

  it("knows of no arrival where nobody called, and of no sockets where an older object does not say", async () => {
    const { system, metrics } = await createCounted();
    const { id } = await createPending(system);
    const { channel } = system.services;
    replaceServices(system, { channel: { ...channel, publish: async () => undefined } });
    await system.call("POST", `/transactions/${id}/cancel`);
    await system.settle();
    expect(metrics.of("push").at(-1)).toMatchObject({
      ...{ source: "shop", status: "canceled", sockets: -1, since_commit_ms: took, since_webhook_ms: -1 },
    });
  });

  it("says what became of each webhook, and tells refused ones from the doctor's", async () => {
    const { system, metrics } = await createCounted();
    const { id } = await createPending(system);
    const twice = system.gateway.callback(id, "success");
    for (const request of [
      ...[twice.clone(), twice, system.gateway.callback(id, "pending")],
      ...[system.gateway.callback("txn_00000000000000000000000000", "success"), forged()],
      signedCallback("not JSON"),
    ]) {
      await system.fetch(request);
      await system.settle();
    }
    const probe = forged();
    probe.headers.set(PROBE_HEADER, await probeMark(system.services));
    expect((await system.fetch(probe)).status).toBe(401);
    await system.settle();
    expect(metrics.of("webhook").map(({ outcome }) => outcome)).toEqual([
      ...["applied", "duplicate", "ignored", "parked", "unverified", "malformed"],
    ]);
  });

  it("says so where a webhook could not be taken", async () => {
    const { system, metrics } = await createCounted();
    const { id } = await createPending(system);
    const heal = replaceStore(system, { commit: () => Promise.reject(new RangeError("out of range")) });
    expect(await deliver(system, system.gateway.callback(id, "success"))).toBe("HTTP 500");
    heal();
    expect(metrics.of("webhook")).toMatchObject([{ gateway: "generic", outcome: "failed" }]);
    expect(metrics.of("request").at(-1)).toMatchObject({ route: "/webhooks/:gateway", http_status: 500 });
  });

  it("takes no name of a gateway that is not there", async () => {
    const { system, metrics } = await createCounted();
    await system.fetch(new Request(`${ORIGIN}/webhooks/nobody`, { method: "POST", body: "x" }));
    await system.settle();
    expect(metrics.of("webhook")).toEqual([]);
    expect(metrics.of("request")).toMatchObject([{ route: "/webhooks/:gateway", http_status: 404 }]);
  });

  it("says how a gateway failed", async () => {
    const { system, metrics } = await createCounted();
    system.gateway.fault = "down";
    await system.call("POST", "/transactions", { order_id: crypto.randomUUID(), amount: 1, currency: "USD" });
    const [call, ...others] = metrics.of("gateway_call");
    expect(call).toMatchObject({ gateway: "generic", call: "create", failed: 1 });
    expect(["unavailable", "unknown"]).toContain(call?.outcome);
    expect(others.every(({ failed }) => failed === 1)).toBe(true);
  });

  it("says how the shop answered, and not in its words", async () => {
    const { system, metrics } = await createCounted();
    const answers = [503, 410].map((status) => () => new Response("words", { status }));
    for (const answer of [...answers, () => Promise.reject(new TypeError("connection refused"))]) {
      system.shop.answer = answer;
      const { id } = await createPending(system);
      await pay(system, id);
    }
    expect(metrics.of("delivery")).toMatchObject([
      { outcome: "failed", answer: "5xx", attempt: 1 },
      { outcome: "abandoned", answer: "4xx", attempt: 1 },
      { outcome: "failed", answer: "none", attempt: 1 },
    ]);
  });
});

describe("a tick, where METRICS is bound", () => {
  it("says what it did, and what waited when it began", async () => {
    const { system, metrics } = await createCounted();
    const clock = freezeClock(system);
    const due = await createPending(system);
    await pay(system, (await createPending(system)).id);
    system.shop.answer = () => new Response(null, { status: 503 });
    await pay(system, (await createPending(system)).id);
    system.shop.answer = () => new Response(null, { status: 410 });
    await pay(system, (await createPending(system)).id);
    await deliver(
      system,
      system.gateway.callback((await createPending(system)).id, "success", { amount: 1 }),
    );
    await deliver(system, system.gateway.callback("txn_00000000000000000000000000", "success"));
    await system.settle();
    clock.advance(40 * MINUTE);
    system.gateway.fault = "down";
    const tick = await system.tick();
    const [point, ...others] = metrics.of("tick");
    expect(others).toEqual([]);
    expect(point).toMatchObject({ ...tick, outcome: "ok", duration_ms: took, points_dropped: 0 });
    expect(point).toMatchObject({
      ...{ oldest_pending_ms: 40 * MINUTE, pending_overdue_ms: 10 * MINUTE, outbox_age_ms: 40 * MINUTE },
      ...{ dead_letters: 2, reviews: 1, parked: 1, silent: 0, owed: 1 },
    });
    expect(point?.outbox_overdue_ms).toBeGreaterThan(39 * MINUTE);
    expect(point?.statements).toBeGreaterThan(5);
    await system.tick();
    expect(metrics.of("tick").at(-1)).toMatchObject({ silent: 1 });
    expect((await read(system, due.id)).status).toBe("pending");
  });

  it("says 0 where nothing waits, and nothing is late", async () => {
    const { system, metrics } = await createCounted();
    await createPending(system);
    await system.tick();
    expect(metrics.of("tick")).toMatchObject([
      {
        ...{ oldest_pending_ms: took, pending_overdue_ms: 0, outbox_age_ms: 0, outbox_overdue_ms: 0 },
        ...{ owed: 0, dead_letters: 0, reviews: 0, parked: 0, silent: 0, failed: 0 },
      },
    ]);
  });

  it("says so where every row failed", async () => {
    const { system, metrics } = await createCounted();
    await createPending(system);
    system.advance(40 * MINUTE);
    replaceStore(system, { commit: () => Promise.reject(new RangeError("out of range")) });
    await expect(system.tick()).rejects.toThrow("rows of this tick failed");
    expect(metrics.of("tick")).toMatchObject([{ outcome: "failed", failed: 1 }]);
  });

  it("costs no round trip more than without, and no row where it is not bound", async () => {
    const [{ system: counted }, without] = [await createCounted(), await createSystem()];
    await createPending(counted);
    const costOf = async ({ counts, tick }: System) => {
      const before = { ...counts };
      await tick();
      return { trips: counts.roundTrips - before.roundTrips, read: counts.rowsRead - before.rowsRead };
    };
    await costOf(without);
    const [plain, more] = [await costOf(without), await costOf(counted)];
    console.log(`D1 of a tick: ${JSON.stringify({ plain, more })}`);
    expect(more.trips).toBe(plain.trips);
    expect(more.read - plain.read).toBeGreaterThan(0);
    expect(more.read - plain.read).toBeLessThan(10);
  });
});

describe("METRICS that fails", () => {
  it("changes nothing for anybody", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const broken = {
      writeDataPoint: () => {
        throw new Error("Analytics Engine is away");
      },
    };
    const system = await createSystem({ METRICS: broken });
    const transaction = await createPending(system);
    const watcher = await watch(system, transaction);
    expect((await watcher.nextUpdate()).status).toBe("pending");
    await pay(system, transaction.id);
    expect((await watcher.nextUpdate()).status).toBe("succeeded");
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    expect((await system.fetch(forged())).status).toBe(401);
    await system.settle();
    expect(await system.tick()).toMatchObject({ failed: 0 });
    expect((await read(system, transaction.id)).status).toBe("succeeded");
    const failures = warn.mock.calls.filter(([line]) => String(line).includes("metrics.failed"));
    expect(failures).toHaveLength(1);
    warn.mockRestore();
    watcher.socket.close();
  });
});
