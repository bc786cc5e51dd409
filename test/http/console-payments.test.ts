/** Payments found by what a person knows of them; and the page of one. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventId } from "../../src/operations/send-delivery.ts";
import { createPaid, later, refund, refundsOf } from "../support/money.ts";
import { type Operator, openConsole, type Page, rowsOf } from "../support/operator.ts";
import {
  createPending,
  deliver,
  emptyTables,
  initiate,
  newOrder,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

const LIST = "/console/payments";
const UNKNOWN = "txn_00000000000000000000000000";

/** The payments that a page lists, newest first. */
const idsOn = ({ html }: Page) =>
  [...html.matchAll(/class="row-link" href="\/console\/payments\/(txn_\w{26})"/g)].map(([, id = ""]) => id);

describe("GET /console/payments", () => {
  let system: System;
  let operator: Operator;
  let start: number;
  /** Newest first, an hour between them. */
  const ids: string[] = [];

  beforeAll(async () => {
    await emptyTables();
    ({ system, operator } = await openConsole());
    // On the hour, so that the fields can say it.
    system.advance(3_600_000 - (system.services.now() % 3_600_000));
    start = system.services.now();
    const terms = [
      {
        order_id: "order-1",
        amount: 1999,
        currency: "USD",
        metadata: { cart: "cart-7", who: "ada@shop.example" },
      },
      { order_id: "order-2", amount: 1999, currency: "EUR" },
      { order_id: "order-3", amount: 500, currency: "JPY", metadata: { cart: "cart-7" } },
      { order_id: "order-3", amount: 1250, currency: "USD" },
    ];
    for (const [index, term] of terms.entries()) {
      const { id } = (await initiate(system, term)).body;
      await deliver(system, system.gateway.callback(id, index % 2 === 0 ? "failure" : "success"));
      ids.unshift(id);
      system.advance(3_600_000);
    }
  });

  const find = async (query: Record<string, string>) =>
    idsOn(await operator.open(`${LIST}?${new URLSearchParams(query)}`));
  /** As the fields write the time so many hours after the first one. */
  const at = (hours: number) => new Date(start + hours * 3_600_000).toISOString().slice(0, 16);
  /** Of the first, second, … payment. */
  const nth = (...numbers: number[]) => numbers.map((number) => ids[ids.length - number]);

  it("lists the newest first, with what there is to know at a glance", async () => {
    const page = await operator.open(LIST);
    expect(idsOn(page)).toEqual(ids);
    const [newest = "", oldest = ""] = [rowsOf(page).at(0), rowsOf(page).at(-1)];
    expect(newest).toMatch(/^order-3 .*US\$12\.50 Paid generic/);
    expect(oldest).toMatch(/^order-1 .*US\$19\.99 Failed Payment failed generic/);
    expect(page.links).toContain(`${LIST}.csv`);
    expect(page.links).toContain(`${LIST}.jsonl`);
  });

  it("finds by status, gateway, sum, currency and time, and by several of them", async () => {
    expect(await find({ status: "failed" })).toEqual(nth(3, 1));
    expect(await find({ status: "succeeded" })).toEqual(nth(4, 2));
    expect(await find({ status: "expired" })).toEqual([]);
    expect(await find({ gateway: "generic" })).toEqual(ids);
    expect(await find({ gateway: "stripe" })).toEqual([]);
    expect(await find({ amount: "19,99" })).toEqual(nth(2, 1));
    expect(await find({ amount: "19.99", currency: "usd" })).toEqual(nth(1));
    expect(await find({ amount: "500", currency: "JPY" })).toEqual(nth(3));
    expect(await find({ currency: "EUR" })).toEqual(nth(2));
    expect(await find({ from: at(1) })).toEqual(nth(4, 3, 2));
    expect(await find({ until: at(2) })).toEqual(nth(2, 1));
    expect(await find({ from: at(1), until: at(3), status: "failed" })).toEqual(nth(3));
    expect(await find({ from: at(3), until: at(1) })).toEqual([]);
  });

  it("finds by the words that others know it by, as far as the filters let it", async () => {
    expect(await find({ q: " order-3 " })).toEqual(nth(4, 3));
    expect(await find({ q: `s_${ids[0]}` })).toEqual(nth(4));
    expect(await find({ q: "cart-7" })).toEqual(nth(3, 1));
    expect(await find({ q: "order-3", status: "failed" })).toEqual(nth(3));
    expect(await find({ q: "order-3", currency: "USD" })).toEqual(nth(4));
    expect(await find({ q: "cart-7", until: at(1) })).toEqual(nth(1));
    expect(await find({ q: "order" })).toEqual([]);
    // Nobody is found by an e-mail address.
    expect(await find({ q: "ada@shop.example" })).toEqual([]);
  });

  it("keeps what was asked for in its fields, and offers to export just that", async () => {
    const page = await operator.open(`${LIST}?status=failed&amount=19.99&gateway=gone&from=${at(0)}`);
    const { fields } = page.forms.find(({ action }) => action === LIST) ?? expect.unreachable("no form");
    expect(fields).toMatchObject({ q: "", amount: "19.99", from: at(0) });
    expect(page.html).toMatch(/<option value="failed" selected=""/);
    expect(page.html).toMatch(/<option value="gone" selected=""/);
    const query = new URLSearchParams({ status: "failed", gateway: "gone", amount: "19.99", from: at(0) });
    expect(page.links).toContain(`${LIST}.csv?${query}`);
  });

  it.each([
    ["amount=nonsense", "amount", "Not a sum, such as 19.99."],
    ["amount=-1", "amount", "Not a sum, such as 19.99."],
    ["amount=1.999", "amount", "Not a sum, such as 19.99."],
    ["amount=1.5&currency=JPY", "amount", "Not a sum, such as 19.99."],
    ["currency=XXX", "currency", "Not an ISO 4217 code, such as EUR."],
    ["status=lost", "status", "Not one of the statuses."],
    ["from=yesterday", "from", "Not a time, such as 2026-11-25T14:30."],
    ["until=2026-13-45T99:99", "until", "Not a time, such as 2026-11-25T14:30."],
    ["until=%3Cscript%3E", "until", "Not a time, such as 2026-11-25T14:30."],
  ])("says what is wrong beside its field: %s", async (query, field, error) => {
    const page = await operator.open(`${LIST}?${query}`);
    expect(page.status).toBe(200);
    expect(page.html).toMatch(new RegExp(`aria-invalid="true"[^>]*aria-describedby="error-${field}"`));
    expect(page.html).toMatch(new RegExp(`<p class="error" id="error-${field}"[^>]*>${error}`));
    expect(page.html).not.toContain("<script>");
    // What would be refused is not offered.
    expect(page.links.filter((href) => href.startsWith(`${LIST}.`))).toEqual([]);
    expect((await operator.open(`${LIST}.csv?${query}`)).status).toBe(400);
  });

  it.each(["cursor=nonsense", "cursor=", "page=7", "q=%ff%00", `q=${"x".repeat(2000)}`])(
    "bears %.20s",
    async (query) => {
      expect((await operator.open(`${LIST}?${query}`)).status).toBe(200);
    },
  );
});

describe("GET /console/payments, page by page", () => {
  it("shows each of many once, and goes on where something is rare", async () => {
    await emptyTables();
    const { system, operator } = await openConsole();
    const ids: string[] = [];
    for (let index = 0; index < 60; index += 1) {
      ids.unshift((await createPending(system, { amount: index === 3 ? 777 : 1000 })).id);
    }
    const walk = async (query: string) => {
      const seen: string[] = [];
      for (let next: string | undefined = `${LIST}${query}`; next !== undefined; ) {
        const page: Page = await operator.open(next);
        seen.push(...idsOn(page));
        next = page.links.find((href) => href.includes("cursor="));
      }
      return seen;
    };
    expect(await walk("")).toEqual(ids);
    expect(await walk("?amount=10")).toEqual(ids.filter((_, index) => index !== 56));
    expect(await walk("?amount=7.77")).toEqual([ids[56]]);
  });
});

describe("the way to a payment by an id", () => {
  beforeEach(emptyTables);

  it("leads at once to the payment of a transaction's, a refund's or an event's id", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPaid(system);
    await refund(system, id, { amount: 5 });
    const [back] = await refundsOf(system, id);
    const row = await selectRow<{ position: number }>(
      "SELECT position FROM deliveries WHERE transaction_id = ?",
      id,
    );
    for (const text of [id, back?.id ?? "", eventId({ transactionId: id, position: row?.position ?? 0 })]) {
      const page = await operator.open(`${LIST}?q=${text}`);
      expect([page.status, page.address]).toEqual([200, `${LIST}/${id}`]);
    }
  });

  it.each([UNKNOWN, `evt_${UNKNOWN.slice(4)}_1`])("says that there is none behind %s", async (text) => {
    const { operator } = await openConsole();
    const page = await operator.open(`${LIST}?q=${text}`);
    expect(page).toMatchObject({ status: 404, address: `${LIST}/${UNKNOWN}` });
    expect(page.text).toContain("There is no such payment.");
    expect(page.links).toContain("/console");
  });

  it.each(["rfd_00000000000000000000000000", "txn_short", "txn_0000000000000000000000000Z"])(
    "finds nothing for %s",
    async (text) => {
      const { operator } = await openConsole();
      const page = await operator.open(`${LIST}?q=${text}`);
      expect(page.status).toBe(200);
      expect(page.text).toContain("No payment matches.");
    },
  );

  it.each([`${UNKNOWN}`, "nonsense", "..%2f..%2fhealth", "%00", "<b>"])("has no page for %s", async (id) => {
    const { operator } = await openConsole();
    const page = await operator.open(`${LIST}/${encodeURI(id)}`);
    expect(page.status).toBe(404);
    expect(page.text).toContain("Not found");
  });
});

describe("GET /console/payments/:id", () => {
  beforeEach(emptyTables);

  it("shows how it stands and why, what can be done, and all that happened", async () => {
    const { system, operator } = await openConsole();
    const order = newOrder({ description: "Two seats", metadata: { cart: "cart-7" } });
    const first = (await initiate(system, order)).body;
    await deliver(system, system.gateway.callback(first.id, "failure"));
    const { id } = (await initiate(system, order)).body;
    system.gateway.settle(id, "success");
    await deliver(system, system.gateway.callback(id, "success"));
    await system.settle();
    await operator.confirm(`${LIST}/${id}/check`);
    const page = await operator.open(`${LIST}/${id}`);
    expect(page.status).toBe(200);
    expect(page.text).toContain("It is paid: Generic said so by a webhook");
    expect(page.text).toContain("Two seats");
    expect(page.text).toMatch(/cart cart-7/);
    expect(page.links).toContain(`${LIST}/${first.id}`);
    expect(page.links.filter((href) => href.startsWith(`${LIST}/${id}/`))).toEqual([
      `${LIST}/${id}/refund`,
      `${LIST}/${id}/check`,
    ]);
    const kinds = [...page.html.matchAll(/data-kind="(\w+)"/g)].map(([, kind]) => kind);
    expect(new Set(kinds)).toEqual(new Set(["event", "call", "webhook", "delivery", "action"]));
    expect(page.html).toContain(`data-id="${id}"`);
    expect(page.html).toContain('data-version="2"');
  });

  it.each(["constructor", "__proto__", "toString", "nonsense", "<script>", ""])(
    "shows no words of the address: ?done=%s",
    async (done) => {
      const { system, operator } = await openConsole();
      const { id } = await createPending(system);
      for (const path of [`${LIST}/${id}`, "/console/webhooks", "/console/deliveries"]) {
        const page = await operator.open(`${path}?done=${encodeURIComponent(done)}&replayed=<b>&changed=<b>`);
        expect(page.status).toBe(200);
        expect(page.html).not.toMatch(/class="flash|<script>|<b>/);
      }
    },
  );

  it("shows a payment whose gateway is not configured any more", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPaid(system);
    replaceServices(system, { gateways: new Map() });
    const page = await operator.open(`${LIST}/${id}`);
    expect(page.text).toContain("It is paid: generic said so by a webhook");
    expect(page.links.filter((href) => href.startsWith(`${LIST}/${id}/`))).toEqual([]);
  });

  it("does not show what is just being opened", async () => {
    const { system, operator } = await openConsole();
    system.gateway.fault = "down";
    expect((await initiate(system, newOrder())).status).toBe(503);
    const row = await selectRow<{ id: string }>("SELECT id FROM transactions");
    expect((await operator.open(`${LIST}/${row?.id}`)).status).toBe(404);
    expect(idsOn(await operator.open(LIST))).toEqual([]);
    system.gateway.fault = null;
    await later(system, 120_000);
    expect((await operator.open(`${LIST}/${row?.id}`)).status).toBe(200);
  });
});
