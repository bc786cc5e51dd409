/** One call of D1 loses its connection, before or after it was committed: the repeated one must do no harm. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { breakD1, type Decide, once, type Trouble } from "../support/faulty-d1.ts";
import { checkInvariants } from "../support/invariants.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  ORIGIN,
  read,
  replaceServices,
  replaceStore,
  type System,
  selectRow,
} from "../support/system.ts";

const INSERT = /^insert into "transactions"/;
const COMMIT = /^insert into "events"/;
const MOMENTS = ["before", "after"] as const;

let troubles: Trouble[] = [];

/** D1's calls fail as `decide` says, from now on. */
function trouble(system: System, decide: Decide): void {
  troubles.push(breakD1(system, decide));
}

/** The next call of that one statement alone fails. */
function onceAlone(pattern: RegExp, moment: (typeof MOMENTS)[number]): Decide {
  const decide = once(pattern, moment);
  return (queries) => (queries.length === 1 ? decide(queries) : null);
}

function count(table: string): Promise<{ n: number } | null> {
  return selectRow<{ n: number }>(`SELECT count(*) AS n FROM ${table}`);
}

/** One transaction and one session of one event, and the same by the same request. */
async function expectOne(system: System, id: string): Promise<void> {
  expect(await count("transactions")).toEqual({ n: 1 });
  expect(await count("events")).toEqual({ n: 1 });
  expect([...system.gateway.sessions.keys()]).toEqual([id]);
  expect(system.gateway.calls).toEqual(["POST /create-session"]);
  await checkInvariants();
}

beforeEach(async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  troubles = [];
  await emptyTables();
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(troubles.map((each) => each.count())).toEqual(troubles.map(() => 1));
});

describe.each(MOMENTS)("createTransaction whose connection to D1 is lost %s the commit", (moment) => {
  it.each([
    ["the row's insert", INSERT],
    ["the gateway's answer", COMMIT],
  ])("makes one transaction with one session, without a key: %s", async (_, pattern) => {
    const system = await createSystem();
    const order = newOrder();
    trouble(system, once(pattern, moment));
    const { status, body } = await initiate(system, order);
    expect(status).toBe(201);
    expect(body).toMatchObject({ status: "pending", version: 1 });
    expect(body.payment_url).toBe(`https://gateway.example/pay/${body.id}`);
    await expectOne(system, body.id);
  });

  it.each([
    ["the row's insert", INSERT],
    ["the gateway's answer", COMMIT],
  ])("makes one transaction with one session, which the key replays: %s", async (_, pattern) => {
    const system = await createSystem();
    const order = newOrder({ customer: { email: "buyer@example.com" } });
    trouble(system, once(pattern, moment));
    const { status, body } = await initiate(system, order, "key");
    expect(status).toBe(201);
    expect(await initiate(system, order, "key")).toMatchObject({ status: 200, body: { id: body.id } });
    await expectOne(system, body.id);
  });

  it("binds a new key to the order's transaction that it resumes", async () => {
    const system = await createSystem();
    const order = newOrder();
    const { id } = await createPending(system, order);
    trouble(system, onceAlone(/^insert into "idempotency_keys"/, moment));
    for (const _ of ["resumed", "replayed"]) {
      expect(await initiate(system, order, "key")).toMatchObject({ status: 200, body: { id } });
    }
    await expectOne(system, id);
  });
});

describe("createTransaction whose own row another request went on with", () => {
  /** The insert is committed, another request runs, and then the insert is repeated. */
  function interrupt(system: System, other: () => Promise<unknown>): void {
    const { insert } = system.services.store;
    const restore = replaceStore(system, {
      insert: async (creation) => {
        restore();
        await insert(creation);
        await other();
        return insert(creation);
      },
    });
  }

  it("has created what the other has opened", async () => {
    const system = await createSystem();
    const order = newOrder();
    interrupt(system, () => initiate(system, order));
    const { status, body } = await initiate(system, order, "key");
    expect(status).toBe(201);
    await expectOne(system, body.id);
  });

  it("says that the gateway refused, when it refused the other", async () => {
    const system = await createSystem();
    const order = newOrder();
    system.gateway.fault = "refuse";
    interrupt(system, () => initiate(system, order));
    expect(await initiate(system, order)).toMatchObject({
      status: 502,
      body: { code: "gateway_rejected" },
    });
    expect(await count("transactions")).toEqual({ n: 1 });
    await checkInvariants();
  });
});

describe.each(MOMENTS)("a webhook whose connection to D1 is lost %s the commit", (moment) => {
  const said = (first: string) => (moment === "before" ? first : "duplicate");

  it("is applied once, and fulfilled once", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const callback = system.gateway.callback(id, "success");
    trouble(system, once(COMMIT, moment));
    expect(await deliver(system, callback.clone())).toBe(said("applied"));
    expect(await deliver(system, callback)).toBe("duplicate");
    expect(await read(system, id)).toMatchObject({ status: "succeeded", version: 2 });
    await system.settle();
    system.advance(31_000);
    await system.tick();
    await system.settle();
    expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.succeeded"]);
    await checkInvariants();
  });

  it("is kept once when it changes nothing", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    trouble(system, once(/^insert into "inbox"/, moment));
    expect(await deliver(system, system.gateway.callback(id, "pending"))).toBe(said("ignored"));
    expect(await count("inbox WHERE outcome = 'ignored'")).toEqual({ n: 1 });
  });

  it("is parked once, and taken up by its transaction", async () => {
    const system = await createSystem();
    const id = system.services.newId("txn");
    replaceServices(system, { newId: () => id });
    trouble(system, once(/^insert into "inbox"/, moment));
    const early = system.gateway.callback(id, "success", { amount: 1999, currency: "USD" });
    expect(await deliver(system, early)).toBe("parked");
    expect(await count("inbox WHERE outcome = 'parked'")).toEqual({ n: 1 });
    expect(await createPending(system)).toMatchObject({ id, status: "succeeded" });
    await checkInvariants();
  });
});

describe.each(MOMENTS)("other writes whose connection to D1 is lost %s the commit", (moment) => {
  it("cancelTransaction answers with the canceled transaction", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    trouble(system, once(COMMIT, moment));
    const response = await system.call("POST", `/transactions/${id}/cancel`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: "canceled", version: 2 });
    await checkInvariants();
  });

  it("sendDelivery books a success once, and sends no more", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    trouble(system, once(/^update "deliveries" set .*"delivered_at"/, moment));
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    system.advance(600_000);
    await system.tick();
    await system.settle();
    expect(system.shop.received).toHaveLength(1);
    expect(await count("deliveries WHERE delivered_at IS NOT NULL AND next_attempt_at IS NULL")).toEqual({
      n: 1,
    });
  });

  it("sendDelivery books a failure once", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.shop.answer = () => new Response(null, { status: 500 });
    trouble(system, once(/^update "deliveries" set .*"last_error"/, moment));
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    expect(await count("deliveries WHERE attempts = 1 AND last_error = 'HTTP 500'")).toEqual({ n: 1 });
  });

  it("replayEvent owes the event once more", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    trouble(system, once(/^update "deliveries"/, moment));
    const [event] = system.shop.received;
    expect((await system.call("POST", `/events/${event?.id}/replay`)).status).toBe(202);
    await system.settle();
    expect(system.shop.received).toEqual([event, event]);
    expect(await count("deliveries WHERE delivered_at IS NOT NULL")).toEqual({ n: 1 });
  });

  it("claimDue leaves nothing behind: what an answer was lost of is due again at the next tick", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    system.advance(901_000);
    trouble(system, once(/"heartbeats"/, moment));
    const transactions = moment === "before" ? 1 : 0;
    expect(await system.tick()).toMatchObject({ transactions, deliveries: 0, refunds: 0, failed: 0 });
    system.advance(60_000);
    await system.tick();
    await system.settle();
    expect(await read(system, id)).toMatchObject({ status: "succeeded", version: 2 });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    await checkInvariants();
  });

  it("touch moves the clock as it would have", async () => {
    const system = await createSystem({ TRANSACTION_TTL_SECONDS: "86400" });
    const { id } = await createPending(system);
    const clock = async () =>
      (await selectRow<{ at: number }>("SELECT next_check_at AS at FROM transactions WHERE id = ?", id))
        ?.at ?? 0;
    system.advance(901_000);
    const now = system.services.now();
    trouble(system, onceAlone(/^update "transactions" set "next_check_at"/, moment));
    expect(await system.tick()).toMatchObject({ transactions: 1, failed: 0 });
    // Later than the lease, which a lost touch would leave.
    expect((await clock()) - now).toBeGreaterThan(120_000);
    await checkInvariants();
  });

  it("checkNow answers, and the gateway is asked within a minute", async () => {
    const system = await createSystem();
    const { id, client_secret } = await createPending(system);
    system.gateway.settle(id, "success");
    trouble(system, onceAlone(/^update "transactions" set "next_check_at"/, moment));
    const body = new URLSearchParams({ client_secret });
    const request = new Request(`${ORIGIN}/status/${id}`, { method: "POST", body });
    expect((await system.fetch(request)).status).toBe(303);
    system.advance(60_000);
    await system.tick();
    expect(await read(system, id)).toMatchObject({ status: "succeeded", version: 2 });
  });
});
