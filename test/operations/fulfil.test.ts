/** A shop that is a Worker: a real second one, over real RPC. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ShopEvent } from "../../src/services.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  freezeClock,
  type System,
  selectRow,
} from "../support/system.ts";

interface TestShop {
  received(transactionId: string): Promise<ShopEvent[]>;
}

const { TEST_SHOP, TEST_MUTE_SHOP } = env as unknown as { TEST_SHOP: TestShop; TEST_MUTE_SHOP: object };

/** Without an address and without a secret: the binding needs neither. */
const shopIsWorker = (FULFILMENT: unknown = TEST_SHOP) =>
  createSystem({ FULFILMENT, FULFILMENT_URL: "", FULFILMENT_SECRET: "" });

beforeEach(async () => {
  await emptyTables();
  vi.restoreAllMocks();
});

async function succeed(system: System, shop?: string): Promise<string> {
  const { id } = await createPending(system, shop === undefined ? {} : { metadata: { shop } });
  await deliver(system, system.gateway.callback(id, "success"));
  await system.settle();
  return id;
}

const rowOf = (id: string) =>
  selectRow<{ attempts: number; next_attempt_at: number | null; last_error: string | null }>(
    "SELECT attempts, next_attempt_at, delivered_at, last_error FROM deliveries WHERE transaction_id = ?",
    id,
  );

describe("fulfil, where the shop is a Worker", () => {
  it("calls onTransactionEvent with what an address would get, and takes its return for delivered", async () => {
    const system = await shopIsWorker();
    const id = await succeed(system);
    const feed = (await (await system.call("GET", "/events")).json()) as { data: ShopEvent[] };
    const received = await TEST_SHOP.received(id);
    expect(received).toEqual(feed.data);
    expect(Object.keys(received[0] ?? {})).toEqual(["id", "type", "timestamp", "data"]);
    expect(received[0]).toMatchObject({
      id: expect.stringMatching(/^evt_[0-9a-z]{26}_\d+$/),
      type: "transaction.succeeded",
      data: { id, version: 2, status: "succeeded" },
    });
    expect(await rowOf(id)).toMatchObject({
      ...{ attempts: 0, next_attempt_at: null, delivered_at: expect.any(Number), last_error: null },
    });
    expect(system.shop.received).toEqual([]);
  });

  it("takes any answer for delivered", async () => {
    const system = await shopIsWorker();
    expect(await rowOf(await succeed(system, "refuses"))).toMatchObject({
      ...{ next_attempt_at: null, delivered_at: expect.any(Number) },
    });
  });

  it.each([
    ["throws", "RangeError"],
    ["throws its own", "Error"],
    ["throws no error", "Error"],
  ])(
    "comes again when it %s, with the class for a reason and no word of the shop's",
    async (shop, reason) => {
      const system = await shopIsWorker();
      const clock = freezeClock(system);
      vi.spyOn(Math, "random").mockReturnValue(0);
      const log = vi.spyOn(console, "warn");
      const id = await succeed(system, shop);
      const row = await rowOf(id);
      expect(row).toMatchObject({ attempts: 1, next_attempt_at: clock.now() + 5000, delivered_at: null });
      expect(row?.last_error).toBe(reason);
      expect(log.mock.calls.flat().join()).toContain("delivery.failed");
      expect(log.mock.calls.flat().join()).not.toContain("in stock");
      clock.advance(60_000);
      await system.tick();
      const received = await TEST_SHOP.received(id);
      expect(received).toHaveLength(2);
      expect(received[0]).toEqual(received[1]);
    },
  );

  it("gives it 15 seconds, and comes again when they are over", async () => {
    const system = await shopIsWorker();
    const { id } = await createPending(system, { metadata: { shop: "hangs" } });
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const asked = vi.spyOn(AbortSignal, "timeout").mockImplementation(() => timeout(50));
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    expect(asked).toHaveBeenLastCalledWith(15_000);
    expect(await rowOf(id)).toMatchObject({ attempts: 1, delivered_at: null, last_error: "TimeoutError" });
    expect(await TEST_SHOP.received(id)).toHaveLength(1);
  });

  it("holds a Worker without the method for one that fails", async () => {
    const system = await shopIsWorker(TEST_MUTE_SHOP);
    expect(await rowOf(await succeed(system))).toMatchObject({ attempts: 1, last_error: "TypeError" });
  });

  it("replays to it under the same id, with the same content", async () => {
    const system = await shopIsWorker();
    const id = await succeed(system);
    const [first] = await TEST_SHOP.received(id);
    system.advance(1000);
    expect((await system.call("POST", `/events/${first?.id}/replay`)).status).toBe(202);
    await system.settle();
    expect(await TEST_SHOP.received(id)).toEqual([first, first]);
  });
});
