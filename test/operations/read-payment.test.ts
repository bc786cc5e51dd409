/** One payment with everything that happened to it, in the order in which it happened, and what can be done with it now. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { recordAction } from "../../src/operations/operator-action.ts";
import { type ActionName, type Entry, type Payment, readPayment } from "../../src/operations/read-payment.ts";
import { refundTransaction } from "../../src/operations/refund-transaction.ts";
import {
  bringPaid,
  createAs,
  createHeld,
  createPaid,
  decideReview,
  later,
  MINUTE,
  refund,
  tell,
} from "../support/money.ts";
import {
  createPending,
  createSystem,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  replaceServices,
  type System,
} from "../support/system.ts";

beforeEach(async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  await emptyTables();
});

async function paymentOf({ services }: System, id: string): Promise<Payment> {
  const payment = await readPayment(services, id);
  if (!payment) {
    throw new Error(`there is no ${id}`);
  }
  return payment;
}

/** Each in a few words. */
function wordsOf(entry: Entry): string {
  switch (entry.kind) {
    case "event":
      return `${entry.type.slice(12)} by ${entry.source}`;
    case "call":
      return `${entry.call}: ${entry.outcome}`;
    case "webhook":
      return `webhook ${entry.outcome}`;
    case "delivery":
      return `delivery ${entry.status}`;
    case "refund":
      return `refund ${entry.status}`;
    case "action":
      return `${entry.actor}: ${entry.action}`;
  }
}

const told = async (system: System, id: string) => (await paymentOf(system, id)).entries.map(wordsOf);
const actionsOf = async (system: System, id: string) => (await paymentOf(system, id)).actions;

describe("readPayment", () => {
  it("tells everything that happened, the oldest first, a cause before what it brought", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    system.advance(MINUTE);
    system.gateway.settle(id, "success");
    await tell(system, id);
    system.advance(MINUTE);
    await tell(system, id, { status: "pending" });
    system.advance(MINUTE);
    const { services } = system;
    await recordAction(
      services,
      { action: "refund", actor: "Ada", note: "as asked", transactionId: id },
      async () => {
        await refundTransaction(services, id, {
          ...{ amount: 500, reason: "as asked", idempotencyKey: null, source: "operator", actor: "Ada" },
          expectedRest: null,
        });
        return "refunded";
      },
    );
    await system.settle();
    const words = await told(system, id);
    expect(words).toHaveLength(12);
    const order = [
      "created by shop",
      "webhook applied",
      "succeeded by webhook",
      "delivery delivered",
      "webhook ignored",
    ];
    expect(words.filter((word) => order.includes(word)).slice(0, 5)).toEqual(order);
    for (const word of [
      "create: pending",
      "Ada: refund",
      "refund succeeded",
      "refund: succeeded",
      "refunded by operator",
    ]) {
      expect(words).toContain(word);
    }
    expect(words.indexOf("Ada: refund")).toBeLessThan(words.indexOf("refund succeeded"));
    expect(words.indexOf("refund succeeded")).toBeLessThan(words.indexOf("refunded by operator"));
    expect(words.slice(-2)).toEqual(["refunded by operator", "delivery delivered"]);
    const { entries } = await paymentOf(system, id);
    const times = entries.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
  });

  it("tells all of an event, a call, a webhook, a delivery, a refund and a deed", async () => {
    const system = await createSystem();
    const { id } = await createPending(system, { amount: 1999 });
    system.gateway.settle(id, "success");
    await tell(system, id, { event_id: "evt_paid" });
    system.gateway.refundOutcome = "pending";
    await refund(system, id, { amount: 500, reason: "too late" });
    const { entries } = await paymentOf(system, id);
    const find = (kind: Entry["kind"], last = true) =>
      last ? entries.findLast((entry) => entry.kind === kind) : entries.find((entry) => entry.kind === kind);
    expect(find("event")).toMatchObject({
      ...{ version: 2, type: "transaction.succeeded", source: "webhook", statusBefore: "pending" },
      ...{
        status: "succeeded",
        amountCaptured: 1999,
        amountRefunded: 0,
        actor: null,
        note: null,
        reason: null,
      },
    });
    expect(find("call", false)).toMatchObject({ call: "create", outcome: "pending", failed: false });
    const webhook = find("webhook");
    expect(webhook).toMatchObject({
      ...{ eventId: "evt_paid", gateway: "generic", outcome: "applied", secret: 1, reason: null },
      says: { status: "succeeded", amount: 1999, currency: "USD" },
    });
    if (webhook?.kind === "webhook") {
      expect(JSON.parse(webhook.raw ?? "")).toMatchObject({ event_id: "evt_paid", transaction_id: id });
      expect(JSON.parse(webhook.read)).toMatchObject({ status: "succeeded", amount: 1999 });
      expect(webhook.lagMs).toBeGreaterThanOrEqual(0);
      // Signatures tell whole seconds.
      expect(Math.abs(webhook.skewMs ?? Number.NaN)).toBeLessThan(5000);
    }
    expect(find("delivery")).toMatchObject({
      ...{ type: "transaction.succeeded", status: "delivered", nextAttemptAt: null },
      attempts: [{ answer: "HTTP 204" }],
    });
    expect(find("delivery")).toHaveProperty("eventId", system.shop.received[0]?.id);
    expect(find("refund")).toMatchObject({
      ...{ amount: 500, currency: "USD", status: "pending", reason: "too late", source: "shop", actor: null },
    });
  });

  it("tells two changes of one commit in their order, and the last one as the last", async () => {
    const system = await createSystem({ LATE_PAYMENT_POLICY: "refund" });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "expired"));
    system.gateway.settle(id, "success");
    system.gateway.refundOutcome = "pending";
    await tell(system, id);
    const payment = await paymentOf(system, id);
    const versions = payment.entries.flatMap((entry) => (entry.kind === "event" ? entry.version : []));
    expect(versions).toEqual([1, 2, 3, 4]);
    expect(payment.lastMove).toMatchObject({ version: 4, statusBefore: "review", status: "canceled" });
  });

  it("names the last change of status, whatever came after it", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    await refund(system, id, { amount: 5 });
    system.gateway.session(id).dispute = "open";
    await tell(system, id);
    expect((await paymentOf(system, id)).lastMove).toMatchObject({ version: 2, status: "succeeded" });
    const pending = await createPending(system);
    expect((await paymentOf(system, pending.id)).lastMove).toBeNull();
  });

  it("names the other payments of its order", async () => {
    const system = await createSystem();
    const order = newOrder();
    const first = await createPending(system, order);
    await deliver(system, system.gateway.callback(first.id, "failure"));
    const second = await createPending(system, order);
    expect((await paymentOf(system, first.id)).siblings).toMatchObject([
      { id: second.id, status: "pending" },
    ]);
    expect((await paymentOf(system, second.id)).siblings).toMatchObject([{ id: first.id, status: "failed" }]);
  });

  it("is null for what is not there, and for what the gateway has not answered yet", async () => {
    const system = await createSystem();
    expect(await readPayment(system.services, "txn_00000000000000000000000000")).toBeNull();
    expect(await readPayment(system.services, "'; --")).toBeNull();
    system.gateway.fault = "busy";
    const { body } = await initiate(system, newOrder());
    expect(await readPayment(system.services, body.transaction_id)).toBeNull();
  });

  it("shows the newest of very much, and reads no more for it", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system, { amount: 100_000 });
    for (let index = 0; index < 60; index += 1) {
      await tell(system, id, { amount_refunded: index + 1 });
    }
    const { rowsRead, roundTrips } = system.counts;
    const { entries } = await paymentOf(system, id);
    expect(system.counts.rowsRead - rowsRead).toBeLessThanOrEqual(200);
    expect(system.counts.roundTrips - roundTrips).toBe(1);
    const versions = entries.flatMap((entry) => (entry.kind === "event" ? entry.version : []));
    expect(versions).toEqual(Array.from({ length: 20 }, (_, index) => 43 + index));
  });

  it("shows a webhook that came before its payment was known at the time when it came", async () => {
    const system = await createSystem();
    const order = newOrder();
    system.gateway.fault = "busy";
    const { body } = await initiate(system, order);
    const id = body.transaction_id;
    system.gateway.sessions.set(id, {
      ...{ request: order, status: "success", amountRefunded: 0, amountCaptured: null, dispute: null },
      refunds: new Map(),
    });
    expect(await deliver(system, system.gateway.callback(id, "success"))).toBe("parked");
    system.gateway.fault = null;
    await later(system);
    const words = await told(system, id);
    expect(words.indexOf("webhook applied")).toBeLessThan(words.indexOf("created by cron"));
    expect((await paymentOf(system, id)).loaded.transaction.status).toBe("succeeded");
  });
});

describe("possibleActions", () => {
  const can = (...names: ActionName[]) => names;

  it.each([
    ["pending", (system: System) => createPending(system), can("cancel", "check")],
    ["held", (system: System) => createHeld(system), can("capture", "cancel", "check")],
    ["paid", (system: System) => createPaid(system), can("refund", "check")],
    ["failed", (system: System) => createAs(system, "failure"), can("check")],
    ["expired", (system: System) => createAs(system, "expired"), can("check")],
    ["canceled", (system: System) => createAs(system, "cancelled"), can("check")],
  ] as const)("of a %s payment are those that make sense", async (_, create, actions) => {
    const system = await createSystem();
    expect(await actionsOf(system, (await create(system)).id)).toEqual(actions);
  });

  it("let a person decide a review, and nothing else be done with it but to ask", async () => {
    const system = await createSystem();
    const id = await bringPaid(system, { amount: 1000 });
    expect(await actionsOf(system, id)).toEqual(can("accept", "reject", "check"));
    await decideReview(system, id, "accept");
    expect(await actionsOf(system, id)).toEqual(can("refund", "check"));
  });

  it("are none that its gateway cannot do, or that is not configured any more", async () => {
    const system = await createSystem();
    const [held, paid, pending] = [
      await createHeld(system),
      await createPaid(system),
      await createPending(system),
    ];
    const generic = system.services.gateways.get("generic");
    const { capture: _, refund: __, ...poor } = generic ?? expect.unreachable("the gateway is there");
    replaceServices(system, { gateways: new Map([["generic", poor]]) });
    expect(await actionsOf(system, held.id)).toEqual(can("cancel", "check"));
    expect(await actionsOf(system, paid.id)).toEqual(can("check"));
    replaceServices(system, { gateways: new Map() });
    for (const { id } of [held, paid, pending]) {
      expect(await actionsOf(system, id)).toEqual([]);
    }
  });

  it("offer no refund of what is not left: what is on its way is none of the rest", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system, { amount: 1000 });
    system.gateway.refundOutcome = "pending";
    await refund(system, id, { amount: 400 });
    expect(await paymentOf(system, id)).toMatchObject({ rest: 600, actions: ["refund", "check"] });
    await refund(system, id, { amount: 600 });
    expect(await paymentOf(system, id)).toMatchObject({ rest: 0, actions: ["check"] });
    const [first] = system.gateway.session(id).refunds.keys();
    system.gateway.endRefund(system.gateway.session(id), first ?? "", "failure");
    await later(system, 2 * MINUTE);
    expect(await paymentOf(system, id)).toMatchObject({ rest: 400, actions: ["refund", "check"] });
    // More on its way than there is, by books that were kept elsewhere.
    await env.DB.prepare("UPDATE transactions SET amount_refunded = 900").run();
    expect(await paymentOf(system, id)).toMatchObject({ rest: 0, actions: ["check"] });
  });
});
