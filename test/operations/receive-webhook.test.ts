/** A gateway's callback: what becomes of it, and that it becomes so once. */
import { describe, expect, it } from "vitest";
import { connectGeneric } from "../../src/gateways/generic.ts";
import {
  GATEWAY_API_KEY,
  GATEWAY_URL,
  GATEWAY_WEBHOOK_SECRET,
  signedCallback,
} from "../support/fake-gateway.ts";
import { checkInvariants } from "../support/invariants.ts";
import {
  createPending,
  createSystem,
  deliver,
  dumpTables,
  read,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

interface InboxRow {
  readonly outcome: string;
  readonly reason: string | null;
}

/** What the inbox holds of a transaction's callbacks, of which there is one. */
const inboxOf = (id: string) =>
  selectRow<InboxRow>("SELECT outcome, reason FROM inbox WHERE transaction_id = ?", id);

const typesOf = async (system: System, id: string) => {
  const response = await system.call("GET", `/transactions/${id}/events`);
  const { data } = (await response.json()) as { data: { type: string; version: number }[] };
  expect(data.map(({ version }) => version)).toEqual(data.map((_, index) => index + 1));
  return data.map(({ type }) => type.replace("transaction.", ""));
};

describe("receiveWebhook", () => {
  it("applies a callback once; its duplicate is told by the gateway's event id", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const success = { event_id: `evt_${id}` };
    expect(await deliver(system, system.gateway.callback(id, "success", success))).toBe("applied");
    expect(await deliver(system, system.gateway.callback(id, "success", success))).toBe("duplicate");
    // The transport's id is the same for all of the fake's callbacks, and the body says something else.
    expect(await deliver(system, system.gateway.callback(id, "refunded", success))).toBe("duplicate");
    await system.settle();
    expect(await typesOf(system, id)).toEqual(["created", "succeeded"]);
    expect(await inboxOf(id)).toMatchObject({ outcome: "applied" });
    expect(system.shop.received).toHaveLength(1);
    await checkInvariants();
  });

  it("takes 20 copies at once for one", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    const callback = system.gateway.callback(id, "success");
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => deliver(system, callback.clone())));
    expect(outcomes.toSorted()).toEqual(["applied", ...Array(19).fill("duplicate")]);
    await system.settle();
    expect(system.shop.received).toHaveLength(1);
    await checkInvariants();
  });

  it.each([
    ["success", "processing", "stale"],
    ["success", "failure", "stale"],
    ["success", "expired", "stale"],
    ["success", "pending", "stale"],
    ["success", "success", "unchanged"],
    ["processing", "pending", "stale"],
    ["authorized", "processing", "stale"],
    ["failure", "expired", "stale"],
    ["cancelled", "processing", "stale"],
  ] as const)("after %s, sets %s aside as %s", async (first, second, reason) => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, first));
    const before = await read(system, id);
    const callback = system.gateway.callback(id, second);
    expect(await deliver(system, callback.clone())).toBe("ignored");
    expect(await deliver(system, callback)).toBe("duplicate");
    expect(await read(system, id)).toEqual(before);
    const row = await selectRow<InboxRow>(
      "SELECT outcome, reason FROM inbox WHERE transaction_id = ? AND outcome = 'ignored'",
      id,
    );
    expect(row).toEqual({ outcome: "ignored", reason });
  });

  it("takes a success after a failure for an ordinary one within the life, and for a late one after it", async () => {
    const system = await createSystem();
    const within = await createPending(system);
    await deliver(system, system.gateway.callback(within.id, "failure"));
    expect(await deliver(system, system.gateway.callback(within.id, "success"))).toBe("applied");
    expect(await read(system, within.id)).toMatchObject({ status: "succeeded", late: false, failure: null });

    const after = await createPending(system, { expires_in: 60 });
    await deliver(system, system.gateway.callback(after.id, "failure"));
    system.advance(61_000);
    await deliver(system, system.gateway.callback(after.id, "success"));
    expect(await read(system, after.id)).toMatchObject({ status: "succeeded", late: true });
  });

  it.each(["cancelled", "expired"] as const)("takes money after %s as late", async (status) => {
    const system = await createSystem();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, status));
    await deliver(system, system.gateway.callback(id, "success"));
    expect(await read(system, id)).toMatchObject({ status: "succeeded", late: true });
    await checkInvariants();
  });

  it("asks a person about late money where the policy says so", async () => {
    const system = await createSystem({ LATE_PAYMENT_POLICY: "review" });
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "expired"));
    await deliver(system, system.gateway.callback(id, "success"));
    expect(await read(system, id)).toMatchObject({ status: "review", review_reason: "late_payment" });
  });

  it.each([
    [{ amount: 1998 }, "wrong_amount"],
    [{ amount: 199_900 }, "wrong_amount"],
    [{ amount: 0 }, "wrong_amount"],
    [{ currency: "EUR" }, "wrong_currency"],
    [{ currency: "usd" }, "wrong_currency"],
    [{ currency: "EUR", amount: 1 }, "wrong_currency"],
  ])("leaves money that is not as asked to a person: %o", async (changes, reason) => {
    const system = await createSystem();
    const { id } = await createPending(system);
    expect(await deliver(system, system.gateway.callback(id, "success", changes))).toBe("applied");
    expect(await read(system, id)).toMatchObject({ status: "review", review_reason: reason });
    expect(await deliver(system, system.gateway.callback(id, "success"))).toBe("ignored");
    await system.settle();
    expect(system.shop.received.map(({ type }) => type)).toEqual(["transaction.review"]);
    await checkInvariants();
  });

  it("takes a failure for one, whatever amount it names: no money moved", async () => {
    const system = await createSystem();
    const { id } = await createPending(system);
    expect(await deliver(system, system.gateway.callback(id, "failure", { amount: 5 }))).toBe("applied");
    expect(await read(system, id)).toMatchObject({ status: "failed", version: 2 });
    await checkInvariants();
  });

  it("ignores another gateway's callback about a transaction, though it is signed", async () => {
    const system = await createSystem();
    const other = connectGeneric(
      {
        ...{ id: "other", title: "Other", url: GATEWAY_URL, apiKey: GATEWAY_API_KEY },
        ...{ mode: null, webhookSecrets: [GATEWAY_WEBHOOK_SECRET] },
      },
      { fetch: system.gateway.fetch, now: Date.now },
    );
    replaceServices(system, { gateways: new Map([...system.services.gateways, ["other", other]]) });
    const { id } = await createPending(system);
    const callback = system.gateway.callback(id, "success");
    const misled = new Request("http://localhost:8787/webhooks/other", callback.clone());
    expect(await deliver(system, misled)).toBe("ignored");
    expect(await inboxOf(id)).toEqual({ outcome: "ignored", reason: "wrong_gateway" });
    expect(await read(system, id)).toMatchObject({ status: "pending", version: 1 });
    // Event ids are the gateway's own: the right one's is not taken for a duplicate.
    expect(await deliver(system, callback)).toBe("applied");
  });
});

describe("receiveWebhook of a transaction that is not known yet", () => {
  it("parks what comes, and brings all of it to the transaction when it appears", async () => {
    const system = await createSystem();
    const id = system.services.newId("txn");
    replaceServices(system, { newId: () => id });
    for (const status of ["processing", "success"] as const) {
      expect(
        await deliver(system, system.gateway.callback(id, status, { amount: 1999, currency: "USD" })),
      ).toBe("parked");
    }
    expect(await inboxOf(id)).toMatchObject({ outcome: "parked" });
    const created = await createPending(system);
    await system.settle();
    expect(created).toMatchObject({ id, status: "succeeded" });
    const types = await typesOf(system, id);
    expect(types[0]).toBe("created");
    expect(types.at(-1)).toBe("succeeded");
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
    expect(await selectRow("SELECT 1 FROM inbox WHERE transaction_id = ? AND outcome = 'parked'", id)).toBe(
      null,
    );
    await checkInvariants();
  });

  it("parks what nobody will ever claim, and stays well", async () => {
    const system = await createSystem();
    for (const id of ["x", "txn_00000000000000000000000000", "🛒".repeat(60)]) {
      const outcome = await deliver(
        system,
        system.gateway.callback(id, "success", { event_id: crypto.randomUUID() }),
      );
      expect(outcome).toBe("parked");
    }
  });

  it("asks a person when the parked amount is not what the transaction asks for", async () => {
    const system = await createSystem();
    const id = system.services.newId("txn");
    replaceServices(system, { newId: () => id });
    await deliver(system, system.gateway.callback(id, "success", { amount: 1, currency: "USD" }));
    expect(await createPending(system)).toMatchObject({ status: "review", review_reason: "wrong_amount" });
  });
});

describe("receiveWebhook of what cannot be believed", () => {
  const body = (changes: object = {}) =>
    JSON.stringify({
      ...{ event_id: crypto.randomUUID(), transaction_id: "txn_x", status: "success" },
      ...{ amount: 1, currency: "USD", ...changes },
    });
  const shifted = (ms: number) => signedCallback(body(), { at: new Date(Date.now() + ms) });
  const unsigned = () =>
    new Request("http://localhost:8787/webhooks/generic", { method: "POST", body: body() });
  const another = { secret: `whsec_${btoa("another-secret-of-at-least-24-bytes")}` };
  const tampered = () => {
    const { headers } = signedCallback(body());
    return new Request("http://localhost:8787/webhooks/generic", { method: "POST", body: body(), headers });
  };

  it.each([
    ["no signature", unsigned, 401, "unauthorized"],
    ["another secret", () => signedCallback(body(), another), 401, "unauthorized"],
    ["another body than was signed", tampered, 401, "unauthorized"],
    ["a signature that is too old", () => shifted(-302_000), 401, "unauthorized"],
    ["a signature from the future", () => shifted(302_000), 401, "unauthorized"],
    ["no JSON", () => signedCallback("pay me"), 400, "malformed_webhook"],
    ["a status that does not exist", () => signedCallback(body({ status: "won" })), 400, "malformed_webhook"],
    ["an amount that is no integer", () => signedCallback(body({ amount: 1.5 })), 400, "malformed_webhook"],
    ["an amount beyond 2^53", () => signedCallback(body({ amount: 2 ** 53 })), 400, "malformed_webhook"],
    ["a negative amount", () => signedCallback(body({ amount: -1 })), 400, "malformed_webhook"],
    ["no event id", () => signedCallback(body({ event_id: undefined })), 400, "malformed_webhook"],
  ])("answers %s and writes nothing of it", async (_, request, status, code) => {
    const system = await createSystem();
    const before = await dumpTables("gateway_health");
    const response = await system.fetch(request());
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
    await system.settle();
    expect(await dumpTables("gateway_health")).toBe(before);
  });

  it("answers 404 for a gateway that is not configured", async () => {
    const system = await createSystem();
    const request = new Request("http://localhost:8787/webhooks/stripe", signedCallback(body()));
    expect((await system.fetch(request)).status).toBe(404);
  });
});
