/** D1 stalls, fails at any one place, or is on a bad line: 503 outside, and what is repeated ends well. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { breakD1, seededFaults } from "../support/faulty-d1.ts";
import { checkInvariants } from "../support/invariants.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  ORIGIN,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

type Send = () => Promise<Response>;

const create = (system: System, order: object, key?: string) =>
  system.call("POST", "/transactions", order, key === undefined ? {} : { "idempotency-key": key });
const get = (path: (id: string) => string) => async (system: System) => {
  const { id } = await createPending(system);
  return () => system.call("GET", path(id));
};
const webhook = (status: "success" | "pending") => async (system: System) => {
  const callback = system.gateway.callback((await createPending(system)).id, status);
  return () => system.fetch(callback.clone());
};

/** Each way in: what is there before, and the request. */
const WAYS: readonly (readonly [string, (system: System) => Promise<Send>])[] = [
  [
    "POST /transactions",
    async (system) => {
      const order = newOrder();
      return () => create(system, order);
    },
  ],
  [
    "POST /transactions with a key",
    async (system) => {
      const order = newOrder();
      return () => create(system, order, order.order_id);
    },
  ],
  [
    "POST /transactions that resumes",
    async (system) => {
      const order = newOrder();
      await createPending(system, order);
      return () => create(system, order, order.order_id);
    },
  ],
  [
    "POST /transactions on other terms",
    async (system) => {
      const order = newOrder();
      await createPending(system, order);
      return () => create(system, { ...order, amount: 1 });
    },
  ],
  ["GET /transactions", get(() => "/transactions")],
  ["GET /transactions/:id", get((id) => `/transactions/${id}`)],
  ["GET /transactions/:id/events", get((id) => `/transactions/${id}/events`)],
  ["GET /events", get(() => "/events")],
  [
    "POST /transactions/:id/cancel",
    async (system) => {
      const { id } = await createPending(system);
      return () => system.call("POST", `/transactions/${id}/cancel`);
    },
  ],
  [
    "POST /events/:id/replay",
    async (system) => {
      await deliver(system, system.gateway.callback((await createPending(system)).id, "success"));
      await system.settle();
      return () => system.call("POST", `/events/${system.shop.received[0]?.id}/replay`);
    },
  ],
  ["POST /webhooks/:gateway", webhook("success")],
  ["POST /webhooks/:gateway that changes nothing", webhook("pending")],
  [
    "POST /webhooks/:gateway that is parked",
    async (system) => {
      const callback = system.gateway.callback(system.services.newId("txn"), "success");
      return () => system.fetch(callback.clone());
    },
  ],
  [
    "GET /status/:id",
    async (system) => {
      const { id, client_secret } = await createPending(system);
      return () => system.fetch(new Request(`${ORIGIN}/status/${id}?client_secret=${client_secret}`));
    },
  ],
  [
    "POST /status/:id",
    async (system) => {
      const { id, client_secret } = await createPending(system);
      system.gateway.settle(id, "success");
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const body = `client_secret=${client_secret}`;
      return () => system.fetch(new Request(`${ORIGIN}/status/${id}`, { method: "POST", headers, body }));
    },
  ],
];

async function expectUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  const isPage = response.headers.get("content-type")?.startsWith("text/html");
  const text = await response.text();
  expect(isPage ? "" : (JSON.parse(text) as { code: string }).code).toBe(
    isPage ? "" : "database_unavailable",
  );
}

beforeEach(emptyTables);

describe("D1 that does not answer", () => {
  it.each(WAYS)("is a 503 with Retry-After, at the deadline: %s", async (_, arrange) => {
    const system = await createSystem();
    const send = await arrange(system);
    const deadlines = { readMs: 10, writeMs: 20, totalMs: 40 };
    const trouble = breakD1(system, () => "stall", { deadlines });
    await expectUnavailable(await send());
    expect(trouble.count()).toBe(1);
  });
});

describe.each(["before", "after"] as const)("D1 that fails once, %s the commit", (moment) => {
  it.each(WAYS)(
    "is a 503 with Retry-After at each place, and then the same ends well: %s",
    async (_, arrange) => {
      for (let place = 1, reached = true; reached && place <= 10; place += 1) {
        const system = await createSystem();
        const send = await arrange(system);
        let calls = 0;
        const decide = () => {
          calls += 1;
          return calls === place ? moment : null;
        };
        const trouble = breakD1(system, decide, { message: "D1_ERROR: D1 DB is overloaded." });
        // What goes on after the answer must not take the fault: its deliveries are still under way.
        replaceServices(system, { fetch: () => new Promise(() => undefined) });
        const response = await send();
        reached = trouble.count() > 0;
        trouble.end();
        if (reached) {
          await expectUnavailable(response);
          system.advance(31_000);
          expect((await send()).status).toBeLessThan(400);
        } else {
          expect(response.status).toBeLessThan(400);
          expect(place).toBeGreaterThan(1);
        }
        await checkInvariants();
      }
    },
  );
});

describe("D1 on a bad line (seed 20261122)", () => {
  it("has one transaction, session and fulfilment of each order, by requests that are repeated", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const system = await createSystem();
    const trouble = breakD1(system, seededFaults(20261122, { before: 0.3, after: 0.3 }));
    for (let index = 0; index < 20; index += 1) {
      const order = newOrder();
      await insist(system, async () => (await initiate(system, order, order.order_id)).status);
      const [id = ""] = [...system.gateway.sessions.keys()].slice(-1);
      const callback = system.gateway.callback(id, "success");
      system.gateway.settle(id, "success");
      await insist(system, async () => (await system.fetch(callback.clone())).status);
      await system.settle();
    }
    expect(trouble.count()).toBeGreaterThan(20);
    trouble.end();
    for (let minute = 0; minute < 20; minute += 1) {
      system.advance(60_000);
      await system.tick();
      await system.settle();
    }
    vi.restoreAllMocks();
    expect(system.gateway.sessions.size).toBe(20);
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(20);
    expect(
      await selectRow("SELECT count(*) AS n, sum(status = 'succeeded') AS paid FROM transactions"),
    ).toEqual({ n: 20, paid: 20 });
    await checkInvariants();
  });

  /** Again until it is well; a lease may have to end first. */
  async function insist(system: System, send: () => Promise<number>): Promise<void> {
    for (let attempt = 1; (await send()) >= 300; attempt += 1) {
      expect(attempt).toBeLessThan(20);
      system.advance(31_000);
    }
  }
});
