/** The order of a payment that is in the archive stays paid, and a webhook about it waits for a person. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createPastSystem, emptyBucket, growOld, isGone, replaceArchive } from "../support/archive.ts";
import { createAs, createPaid, decideReview, listInbox, pay, refund } from "../support/money.ts";
import { PASSWORD, signIn } from "../support/operator.ts";
import {
  createPending,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  read,
  type System,
  selectRow,
  type TransactionBody,
} from "../support/system.ts";

let system: System;
/** By what has become of them. */
const payments: Record<string, TransactionBody> = {};
const key = crypto.randomUUID();
const idOf = (name: string) => payments[name]?.id ?? "";

beforeAll(async () => {
  await emptyTables();
  await emptyBucket();
  system = await createPastSystem({ CONSOLE_PASSWORD: PASSWORD });
  payments.paid = (await initiate(system, newOrder(), key)).body;
  await pay(system, payments.paid.id);
  payments.refunded = await createPaid(system);
  await refund(system, payments.refunded.id, { amount: 700 });
  payments.returned = await createPaid(system);
  await refund(system, payments.returned.id);
  payments.failed = await createAs(system, "failure");
  payments.reviewed = await createPending(system);
  await pay(system, payments.reviewed.id, { amount: 5 });
  await decideReview(system, payments.reviewed.id, "accept");
  await growOld(system);
  await system.tick();
  for (const name of Object.keys(payments)) {
    expect([name, await isGone(idOf(name))]).toEqual([name, true]);
  }
}, 60_000);

describe("the order of an archived payment", () => {
  it("stays paid, whatever is left of the money", async () => {
    for (const name of ["paid", "refunded", "reviewed"]) {
      const { status, body } = await initiate(system, newOrder({ order_id: payments[name]?.order_id }));
      expect([name, status, body.code, body.transaction_id]).toEqual([
        name,
        409,
        "order_already_paid",
        idOf(name),
      ]);
    }
    const again = await initiate(system, newOrder({ order_id: payments.paid?.order_id }), key);
    expect([again.status, again.body.code]).toEqual([409, "order_already_paid"]);
  });

  it("takes another payment where all went back, or nothing came, also by the key of the old one", async () => {
    const { body, status } = await initiate(system, newOrder({ order_id: payments.returned?.order_id }));
    expect([status, body.status]).toEqual([201, "pending"]);
    await env.DB.prepare("INSERT INTO idempotency_keys VALUES ('old-key', 'x', ?, 1)")
      .bind(idOf("failed"))
      .run();
    const retried = await initiate(system, newOrder({ order_id: payments.failed?.order_id }), "old-key");
    expect([retried.status, retried.body.status]).toEqual([201, "pending"]);
    expect(await selectRow("SELECT transaction_id FROM idempotency_keys WHERE key = 'old-key'")).toEqual({
      transaction_id: retried.body.id,
    });
  });
});

describe("a webhook about an archived payment", () => {
  it("is kept, changes nothing, and says why", async () => {
    const outcome = await deliver(
      system,
      system.gateway.callback(idOf("paid"), "success", { amount_refunded: 1999 }),
    );
    expect(outcome).toBe("parked");
    const [entry] = (await listInbox(system, "?outcome=parked")).data;
    expect(entry).toMatchObject({ transaction_id: idOf("paid"), outcome: "parked", reason: "archived" });
    const { text } = await (await signIn(system)).open("/console/webhooks?outcome=parked");
    expect(text).toContain("Its payment is archived: a person has to look");
    const replayed = await system.call("POST", `/inbox/${entry?.id}/replay`);
    expect([replayed.status, await replayed.json()]).toMatchObject([200, { outcome: "parked" }]);
    expect(await read(system, idOf("paid"))).toMatchObject({
      status: "succeeded",
      version: 2,
      amount_refunded: 0,
    });
  });

  it("is kept where R2 does not answer", async () => {
    const heal = replaceArchive(system, { find: () => Promise.reject(new Error("R2 is down")) });
    const outcome = await deliver(
      system,
      system.gateway.callback(idOf("refunded"), "success", { dispute: "open" }),
    );
    heal();
    expect(outcome).toBe("parked");
    const { data } = await listInbox(system, "?outcome=parked");
    expect(data.find((entry) => entry.transaction_id === idOf("refunded"))).toMatchObject({ reason: null });
  });
});
