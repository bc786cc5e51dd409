/** What an operator does with a payment: asked once more before, done through the one door, recorded with who and why. */
import { describe, expect, it } from "vitest";
import { keepCleanBooks } from "../support/clean-books.ts";
import {
  bringPaid,
  callsTo,
  createAs,
  createHeld,
  createPaid,
  failCaptures,
  historyOf,
  later,
  readMoney,
  typesOf,
} from "../support/money.ts";
import { anObservation } from "../support/nameless-gateway.ts";
import { countActions, formOf, lastAction, type Operator, openConsole } from "../support/operator.ts";
import { createPending, dumpTables, replaceServices, type System } from "../support/system.ts";

keepCleanBooks();

const deedOf = (id: string, deed: string) => `/console/payments/${id}/${deed}`;

/** All of D1 but what signing in leaves. */
const state = () => dumpTables("console_sessions");

/** What is recorded of it in the history that the shop sees. */
const lastEvent = async (system: System, id: string) => (await historyOf(system, id)).at(-1);

describe("the check of a payment", () => {
  const check = (operator: Operator, id: string) => operator.confirm(deedOf(id, "check"));

  it("says that the gateway is asked, and needs no reason", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    const page = await operator.open(deedOf(id, "check"));
    expect(page.status).toBe(200);
    expect(page.text).toContain("Generic is asked how this payment stands");
    expect(formOf(page)).toMatchObject({
      button: "Ask now",
      fields: { csrf: expect.stringMatching(/^.{43}$/) },
    });
    expect(Object.keys(formOf(page).fields)).toEqual(["csrf", "note"]);
    expect(system.gateway.calls).toEqual(["POST /create-session"]);
  });

  it("applies news that no webhook has brought", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    system.gateway.settle(id, "success");
    const page = await check(operator, id);
    expect(page).toMatchObject({ status: 200, address: `/console/payments/${id}?done=changed` });
    expect(page.text).toContain("there was news, and it is applied");
    await system.settle();
    expect(await lastEvent(system, id)).toMatchObject({ type: "transaction.succeeded", source: "operator" });
    expect(await lastAction()).toEqual({
      ...{ action: "check", actor: "Ada", note: null, outcome: "changed", transaction_id: id },
    });
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("changes nothing where nothing has changed", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPaid(system);
    const page = await check(operator, id);
    expect(page.text).toContain("nothing has changed");
    expect(await typesOf(system, id)).toEqual(["created", "succeeded"]);
    expect(await lastAction()).toMatchObject({ action: "check", outcome: "unchanged" });
  });

  it("says that the gateway is silent, and never expires a payment by that", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    system.advance(3_600_000);
    system.gateway.fault = "down";
    const page = await check(operator, id);
    expect(page.text).toContain("The gateway did not answer");
    expect(await readMoney(system, id)).toMatchObject({ status: "pending", version: 1 });
    expect(await lastAction()).toMatchObject({ action: "check", outcome: "silent" });
  });

  it("closes a payment whose time has run out and that nobody paid", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    system.advance(3_600_000);
    await check(operator, id);
    expect(await lastEvent(system, id)).toMatchObject({ type: "transaction.expired", source: "operator" });
    expect(system.gateway.session(id).status).toBe("expired");
  });

  it("is not offered where the gateway is not configured any more", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    const page = await operator.open(deedOf(id, "check"));
    replaceServices(system, { gateways: new Map() });
    expect((await operator.open(`/console/payments/${id}`)).links).not.toContain(deedOf(id, "check"));
    const late = await operator.submit(page);
    expect(late.status).toBe(409);
    expect(late.text).toContain("generic is not configured any more");
  });
});

describe("the cancellation of a payment", () => {
  const note = "the buyer called";

  it("says what will happen, then closes the page there, cancels here, and records who and why", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    const page = await operator.open(deedOf(id, "cancel"));
    expect(page.text).toContain("The payment page is closed at Generic");
    expect(page.text).toContain("If the money has come in the meantime, it is not canceled");
    expect(await typesOf(system, id)).toEqual(["created"]);
    const done = await operator.submit(page, { note });
    expect(done).toMatchObject({ status: 200, address: `/console/payments/${id}?done=canceled` });
    expect(done.text).toContain("It is canceled, here and at the gateway.");
    expect(done.text).toContain(`Ada decided so`);
    await system.settle();
    expect(system.gateway.session(id).status).toBe("expired");
    expect(await lastEvent(system, id)).toMatchObject({
      ...{ type: "transaction.canceled", previous_status: "pending", source: "operator", by: "Ada", note },
    });
    expect(await lastAction()).toEqual({
      ...{ action: "cancel", actor: "Ada", note, outcome: "canceled", transaction_id: id },
    });
    expect(system.shop.distinct("transaction.canceled")).toHaveLength(1);
  });

  it("lets go of held money, and says so", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createHeld(system);
    const page = await operator.open(deedOf(id, "cancel"));
    expect(page.text).toContain("The held US$19.99 is let go at Generic");
    // This fake gateway refuses to let go: the money stays held, and the page says why.
    const refused = await operator.submit(page, { note });
    expect(refused.status).toBe(409);
    expect(refused.text).toContain("The transaction is authorized: it cannot be canceled.");
    expect(await readMoney(system, id)).toMatchObject({ status: "authorized" });
    expect(await lastAction()).toMatchObject({ action: "cancel", outcome: "refused: not_cancelable" });
  });

  it("cancels what the gateway has let go", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createHeld(system);
    const generic = system.services.gateways.get("generic") ?? expect.unreachable("there is one");
    const expire = async () => anObservation({ status: "canceled" });
    replaceServices(system, { gateways: new Map([["generic", { ...generic, expire }]]) });
    const done = await operator.confirm(deedOf(id, "cancel"), { note });
    expect(done.address).toBe(`/console/payments/${id}?done=canceled`);
    expect(await lastEvent(system, id)).toMatchObject({ previous_status: "authorized", by: "Ada", note });
  });

  it("keeps what was paid meanwhile", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    const page = await operator.open(deedOf(id, "cancel"));
    system.gateway.settle(id, "success");
    const refused = await operator.submit(page, { note });
    expect(refused.status).toBe(409);
    expect(refused.text).toContain("The transaction is succeeded: it cannot be canceled.");
    expect(refused.links).toContain(`/console/payments/${id}`);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 1999 });
    expect(await lastAction()).toMatchObject({ action: "cancel", outcome: "refused: not_cancelable" });
  });

  it.each(["down", "lost_answer", "slow", "broken", "nonsense"] as const)(
    "cancels nothing here while the gateway is in trouble (%s), keeps what was typed, and can be repeated",
    async (fault) => {
      const { system, operator } = await openConsole();
      const { id } = await createPending(system);
      system.gateway.fault = fault;
      const failed = await operator.confirm(deedOf(id, "cancel"), { note });
      expect(failed.status).toBe(503);
      expect(failed.text).toContain("The gateway did not answer; nothing has changed. Try again.");
      expect(formOf(failed).fields).toMatchObject({ note });
      expect(await readMoney(system, id)).toMatchObject({ status: "pending" });
      expect(await lastAction()).toMatchObject({ outcome: "refused: gateway_unavailable" });
      system.gateway.fault = null;
      expect((await operator.submit(failed)).address).toBe(`/console/payments/${id}?done=canceled`);
    },
  );

  it("is done once by ten at once", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    const page = await operator.open(deedOf(id, "cancel"));
    const answers = await Promise.all(Array.from({ length: 10 }, () => operator.submit(page, { note })));
    await system.settle();
    expect(answers.map(({ status }) => status).every((status) => status === 200 || status === 409)).toBe(
      true,
    );
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expect(await typesOf(system, id)).toEqual(["created", "canceled"]);
  });
});

describe("the capture of held money", () => {
  it("takes a part, lets the rest go, and records who", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createHeld(system);
    const page = await operator.open(deedOf(id, "capture"));
    expect(page.text).toContain("Generic takes the sum below of the US$19.99 that it holds");
    expect(formOf(page)).toMatchObject({ button: "Capture", fields: { amount: "19.99", note: "" } });
    const done = await operator.submit(page, { amount: "12,5", note: "one of two in stock" });
    expect(done.address).toBe(`/console/payments/${id}?done=captured`);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 1250 });
    expect(await lastEvent(system, id)).toMatchObject({
      ...{ source: "operator", by: "Ada", note: "one of two in stock", amount_captured: 1250 },
    });
    expect(await lastAction()).toMatchObject({ action: "capture", outcome: "captured: 12.50 USD" });
  });

  it.each([
    ["", "Not a sum in USD, such as 19.99."],
    ["0", "Not a sum in USD, such as 19.99."],
    ["-1", "Not a sum in USD, such as 19.99."],
    ["1.999", "Not a sum in USD, such as 19.99."],
    ["20.00", "At most 19.99 USD."],
    ["99999999999999999999", "Not a sum in USD, such as 19.99."],
  ])("does not take %j, and says what is wrong with it", async (amount, error) => {
    const { system, operator } = await openConsole();
    const { id } = await createHeld(system);
    const page = await operator.confirm(deedOf(id, "capture"), { amount, note: "kept" });
    expect(page.status).toBe(422);
    expect(page.html).toMatch(/<p class="error" id="error-amount"[^>]*>/);
    expect(page.text).toContain(error);
    expect(formOf(page).fields).toMatchObject({ note: "kept", amount: amount || "19.99" });
    expect(callsTo(system, "capture", id)).toBe(0);
    expect(await countActions()).toBe(0);
  });

  it("says that it goes on where the gateway is silent; the cron ends it", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createHeld(system);
    failCaptures(system, "lost_answer");
    const page = await operator.confirm(deedOf(id, "capture"), { amount: "5" });
    expect(page.status).toBe(503);
    expect(await lastAction()).toMatchObject({ outcome: "refused: gateway_unavailable" });
    system.gateway.fault = null;
    await later(system, 120_000);
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded", amount_captured: 500 });
  });

  it("can be asked for anew after a refusal", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createHeld(system);
    failCaptures(system, "refuse");
    const page = await operator.confirm(deedOf(id, "capture"), { amount: "5" });
    expect(page.status).toBe(409);
    system.gateway.fault = null;
    const done = await operator.submit(page, { amount: "6" });
    expect(done.address).toBe(`/console/payments/${id}?done=captured`);
    expect(await readMoney(system, id)).toMatchObject({ amount_captured: 600 });
  });

  it("is not offered where the gateway cannot", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createHeld(system);
    const page = await operator.open(deedOf(id, "capture"));
    const [generic] = system.services.gateways.values();
    const { capture: _, ...without } = generic ?? expect.unreachable("there is one");
    replaceServices(system, { gateways: new Map([["generic", without]]) });
    const refused = await operator.submit(page, { amount: "5" });
    expect(refused.status).toBe(409);
    expect(refused.text).toContain("Generic cannot capture by its API");
    expect(await countActions()).toBe(0);
  });
});

describe("a deed that makes no sense any more", () => {
  const states = {
    pending: createPending,
    succeeded: createPaid,
    held: createHeld,
    failed: (system: System) => createAs(system, "failure"),
    expired: (system: System) => createAs(system, "expired"),
    review: async (system: System) => ({ id: await bringPaid(system, { amount: 1000 }) }),
  };
  const senseless: [keyof typeof states, string[]][] = [
    ["pending", ["capture", "refund", "accept", "reject"]],
    ["succeeded", ["cancel", "capture", "accept", "reject"]],
    ["held", ["refund", "accept", "reject"]],
    ["failed", ["cancel", "capture", "refund", "accept", "reject"]],
    ["expired", ["cancel", "capture", "refund", "accept", "reject"]],
    ["review", ["cancel", "capture", "refund"]],
  ];

  it.each(senseless)(
    "is refused with 409 of a payment that is %s, and changes nothing",
    async (name, deeds) => {
      const { system, operator } = await openConsole();
      const { id } = await states[name](system);
      await system.settle();
      const payment = await operator.open(`/console/payments/${id}`);
      const { csrf } = payment.forms[0]?.fields ?? {};
      const before = await state();
      for (const deed of deeds) {
        expect(payment.links).not.toContain(deedOf(id, deed));
        const shown = await operator.open(deedOf(id, deed));
        expect(shown).toMatchObject({ status: 200, address: `/console/payments/${id}?done=late` });
        expect(shown.text).toContain("That makes no sense any more");
        const refused = await operator.post(deedOf(id, deed), { csrf, note: "why", amount: "5" });
        expect([deed, refused.status]).toEqual([deed, 409]);
        expect(await refused.text()).toContain("This was not done");
      }
      await system.settle();
      expect(await state()).toBe(before);
    },
  );

  it.each(["check", "cancel", "nonsense", "constructor", "__proto__"])(
    "is not found of no payment: %s",
    async (deed) => {
      const { operator } = await openConsole();
      const unknown = deedOf("txn_00000000000000000000000000", deed);
      const page = await operator.open(unknown);
      expect(page.status).toBe(404);
      expect(page.text).toContain("There is no such payment");
      const { csrf } = (await operator.open("/console")).forms[0]?.fields ?? {};
      expect((await operator.post(unknown, { csrf, note: "why" })).status).toBe(404);
      expect(await countActions()).toBe(0);
    },
  );
});

describe("the reason of a deed", () => {
  it.each(["", "   ", "\r\n\t", "\u0000\u0007", "\u202e\u2066"])(
    "is asked for where there is none: %j",
    async (note) => {
      const { system, operator } = await openConsole();
      const { id } = await createPending(system);
      const page = await operator.confirm(deedOf(id, "cancel"), { note });
      expect(page.status).toBe(422);
      expect(page.html).toMatch(/<p class="error" id="error-note"[^>]*>Say why/);
      expect(await readMoney(system, id)).toMatchObject({ status: "pending" });
      expect(await countActions()).toBe(0);
    },
  );

  it.each([
    ["<script>alert(1)</script>", "<script>alert(1)</script>"],
    [`"'&amp;</textarea><img src=x>`, `"'&amp;</textarea><img src=x>`],
    ["one\r\ntwo\u0000three\u001b[31m\u0085", "one two three [31m"],
    ["\u202eevil\u2066 order", "evil  order"],
    ["  שלום, 世界 🦆  ", "שלום, 世界 🦆"],
    ["n".repeat(10_000), "n".repeat(500)],
    [`${"n".repeat(499)}🦆`, "n".repeat(499)],
  ])("is kept and shown as it was meant: %.40j", async (note, kept) => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    const done = await operator.confirm(deedOf(id, "cancel"), { note });
    expect(done.address).toBe(`/console/payments/${id}?done=canceled`);
    expect(await lastEvent(system, id)).toMatchObject({ by: "Ada", note: kept });
    expect(await lastAction()).toMatchObject({ note: kept });
    for (const page of [done, await operator.open("/console/activity")]) {
      expect(page.text).toContain(kept.replace(/\s+/g, " "));
      expect(page.html).not.toMatch(/<script>alert|<img src=x/);
    }
  });

  it("is refused as too large beyond what a form may have, and nothing is done", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    const page = await operator.confirm(deedOf(id, "cancel"), { note: "n".repeat(17_000) });
    expect(page.status).toBe(413);
    expect(await readMoney(system, id)).toMatchObject({ status: "pending" });
  });
});
