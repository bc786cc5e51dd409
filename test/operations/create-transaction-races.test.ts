/** Many creates at once, and a create that something else overtakes. */
import { describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import {
  type Answer,
  createPending,
  createSystem,
  deliver,
  initiate,
  newOrder,
  read,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const idsOf = (answers: readonly Answer[]) => new Set(answers.map(({ body }) => body.id));
const countOf = async (order_id: string) =>
  (await selectRow<{ n: number }>("SELECT count(*) AS n FROM transactions WHERE order_id = ?", order_id))?.n;

/** Sessions on which somebody could still pay. */
const payable = (system: System) =>
  [...system.gateway.sessions].filter(([, { status }]) => status === "pending").map(([id]) => id);

describe("createTransaction, many at once", () => {
  it("makes one transaction and one session of 20 creates of one order", async () => {
    const system = await createSystem();
    const order = newOrder();
    const answers = await times(20, () => initiate(system, order));

    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(19).fill(200), 201]);
    expect(idsOf(answers).size).toBe(1);
    expect(answers.every(({ body }) => body.payment_url !== null && body.version === 1)).toBe(true);
    expect(system.gateway.sessions.size).toBe(1);
    expect(await countOf(order.order_id)).toBe(1);
    await checkInvariants();
  });

  it("makes one transaction and one session of 20 creates of one order with 20 keys, each of which it replays", async () => {
    const system = await createSystem();
    const order = newOrder();
    const keys = Array.from({ length: 20 }, () => crypto.randomUUID());
    const answers = await times(20, (index) => initiate(system, order, keys[index]));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(19).fill(200), 201]);
    const [id] = idsOf(answers);
    await deliver(system, system.gateway.callback(String(id), "success"));

    const replayed = await times(20, (index) => initiate(system, order, keys[index]));
    expect(replayed.every(({ status, body }) => status === 200 && body.id === id)).toBe(true);
    expect(system.gateway.sessions.size).toBe(1);
  });

  it("makes one transaction and one session of 100 creates with one key; the others replay or wait", async () => {
    const system = await createSystem();
    const order = newOrder();
    const key = crypto.randomUUID();
    const answers = await times(100, () => initiate(system, order, key));

    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(
      answers
        .filter(({ status }) => ![200, 201].includes(status))
        .every(({ status, body }) => status === 409 && body.code === "idempotency_in_progress"),
    ).toBe(true);
    expect(idsOf(answers.filter(({ status }) => status < 300)).size).toBe(1);
    expect(system.gateway.calls).toEqual(["POST /create-session"]);
    expect(await countOf(order.order_id)).toBe(1);
    await checkInvariants();
  });

  it("leaves one session to pay on when 12 creates of one order want other amounts", async () => {
    const system = await createSystem();
    const order = newOrder();
    const answers = await times(12, (index) => initiate(system, { ...order, amount: 100 + (index % 4) }));
    await system.settle();

    expect(answers.filter(({ status }) => ![200, 201, 503].includes(status))).toEqual([]);
    expect(payable(system)).toHaveLength(1);
    const [last = ""] = payable(system);
    expect(await read(system, last)).toMatchObject({ status: "pending" });
    await checkInvariants();
  });
});

describe("createTransaction that is overtaken while the session is being opened", () => {
  it("ends the session at the gateway when the transaction has ended meanwhile", async () => {
    const system = await createSystem();
    system.gateway.after = async (call) => {
      const [id = ""] = system.gateway.sessions.keys();
      if (call === "POST /create-session") {
        await deliver(system, system.gateway.callback(id, "cancelled"));
      }
    };
    const { status, body } = await initiate(system, newOrder());
    await system.settle();

    expect(status).toBe(201);
    expect(body).toMatchObject({ status: "canceled", payment_url: null });
    expect(system.gateway.calls).toEqual(["POST /create-session", `POST /expire/${body.id}`]);
    expect(payable(system)).toEqual([]);
    await checkInvariants();
  });

  it("leaves the old one canceled and its page closed when other terms come meanwhile", async () => {
    const system = await createSystem();
    const order = newOrder();
    const newer: Answer[] = [];
    system.gateway.before = async () => {
      system.gateway.before = () => undefined;
      newer.push(await initiate(system, { ...order, amount: 2500 }));
    };
    const older = await initiate(system, order);
    await system.settle();

    expect(newer[0]).toMatchObject({ status: 201, body: { status: "pending", amount: 2500 } });
    expect(older.body).toMatchObject({ status: "canceled", payment_url: null });
    expect(payable(system)).toEqual([newer[0]?.body.id]);
    await checkInvariants();
  });

  it.each(["cancelled", "expired", "failure"] as const)(
    "does not lose a session that opens after news of %s by a callback",
    async (status) => {
      const system = await createSystem();
      system.gateway.after = async (call) => {
        const [id = ""] = system.gateway.sessions.keys();
        if (call === "POST /create-session") {
          await deliver(system, system.gateway.callback(id, status));
        }
      };
      const { body } = await initiate(system, newOrder());
      await system.settle();
      expect(payable(system)).toEqual([]);
      expect(await read(system, body.id)).toMatchObject({ version: 2, payment_url: null });
      await checkInvariants();
    },
  );

  it("applies a callback that comes before the create's answer, and fulfils once", async () => {
    const system = await createSystem();
    const outcomes: string[] = [];
    system.gateway.after = async (call) => {
      const [id = ""] = system.gateway.sessions.keys();
      if (call === "POST /create-session") {
        system.gateway.settle(id, "success");
        const callback = system.gateway.callback(id, "success");
        outcomes.push(await deliver(system, callback.clone()), await deliver(system, callback));
      }
    };
    const order = newOrder({ customer: { email: "buyer@mail.example" } });
    const { status, body } = await initiate(system, order, "first-key");
    await system.settle();

    // Not lost, and not before its time: it waits for the session that is being opened.
    expect(outcomes).toEqual(["parked", "parked"]);
    expect(status).toBe(201);
    expect(body).toMatchObject({ status: "succeeded", payment_url: null });
    expect(await initiate(system, order, "first-key")).toMatchObject({ status: 200, body: { id: body.id } });
    expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.succeeded"]);
    await checkInvariants();
  });

  it("knows the transaction by an id that a callback named before the row was there", async () => {
    const system = await createSystem();
    const id = system.services.newId("txn");
    replaceServices(system, { newId: () => id });
    const early = { amount: 1999, currency: "USD" };
    const callback = system.gateway.callback(id, "success", early);
    expect(await deliver(system, callback.clone())).toBe("parked");
    expect(await deliver(system, callback.clone())).toBe("parked");

    const created = await createPending(system);
    await system.settle();
    expect(created).toMatchObject({ id, status: "succeeded" });
    expect(await deliver(system, callback)).toBe("duplicate");
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    await checkInvariants();
  });
});
