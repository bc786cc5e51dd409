/** The operator's view of verified webhooks and of each gateway's health; and their replay, one or many. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { keepCleanBooks } from "../support/clean-books.ts";
import { GATEWAY_WEBHOOK_SECRET, signedCallback } from "../support/fake-gateway.ts";
import { bringPaid, createPaid, later, listInbox, readMoney, typesOf } from "../support/money.ts";
import { addNamelessGateway, namelessWebhook, newNamelessOrder } from "../support/nameless-gateway.ts";
import {
  countActions,
  formOf,
  lastAction,
  type Operator,
  openConsole,
  type Page,
} from "../support/operator.ts";
import {
  createPending,
  deliver,
  initiate,
  newOrder,
  ORIGIN,
  replaceServices,
  type System,
} from "../support/system.ts";

keepCleanBooks();

const LIST = "/console/webhooks";
const UNKNOWN = "txn_00000000000000000000000000";

/** The webhooks that a page lists, by the ids of their events. */
const eventsOn = ({ html }: Page) =>
  [...html.matchAll(/evt_[\w-]+(?=<\/code>)/g)].map(([id]) => id).filter((id) => !id.startsWith("evt_txn"));

/** Where the replay of the only webhook on a page begins. */
function replayOn(page: Page): string {
  const [link, ...others] = page.links.filter((href) => /^\/console\/webhooks\/.+\/replay$/.test(href));
  expect(others).toEqual([]);
  return link ?? expect.unreachable("there is no webhook on the page");
}

async function park(system: System, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await deliver(system, system.gateway.callback(UNKNOWN, "success", { event_id: `evt_p${index}` }));
  }
}

describe("GET /console/webhooks", () => {
  it("lists them by what became of them, with the reason", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    await deliver(system, system.gateway.callback(id, "success", { event_id: "evt_good" }));
    await deliver(system, system.gateway.callback(id, "failure", { event_id: "evt_stale" }));
    await deliver(system, system.gateway.callback(UNKNOWN, "success", { event_id: "evt_waits" }));
    const found = async (query: string) => eventsOn(await operator.open(`${LIST}${query}`)).toSorted();
    expect(await found("")).toEqual(["evt_good", "evt_stale", "evt_waits"]);
    expect(await found("?outcome=applied")).toEqual(["evt_good"]);
    expect(await found("?outcome=ignored")).toEqual(["evt_stale"]);
    expect(await found("?outcome=parked")).toEqual(["evt_waits"]);
    expect(await found("?outcome=nonsense")).toHaveLength(3);
    const ignored = await operator.open(`${LIST}?outcome=ignored`);
    expect(ignored.text).toContain("Something newer is known");
    expect(ignored.text).toContain("Verified by secret 1");
    expect(ignored.links).toContain(`/console/payments/${id}`);
  });

  it.each(["", "?outcome=parked"])("pages through all of them once%s", async (query) => {
    const { system, operator } = await openConsole();
    await park(system, 60);
    const seen: string[] = [];
    let page = await operator.open(`${LIST}${query}`);
    for (let pages = 1; ; pages += 1) {
      seen.push(...eventsOn(page));
      const next = page.links.find((href) => href.includes("cursor="));
      if (next === undefined) {
        expect(pages).toBe(3);
        break;
      }
      page = await operator.open(next);
    }
    expect(seen).toHaveLength(60);
    expect(new Set(seen).size).toBe(60);
  });

  it.each(["?cursor=nonsense", "?cursor=%00", "?cursor=W10"])(
    "shows no page of a place that is none: %s",
    async (query) => {
      const { operator } = await openConsole();
      const page = await operator.open(`${LIST}${query}`);
      expect(page.status).toBe(400);
      expect(page.links).toEqual(["/console"]);
    },
  );

  it("shows the health of a gateway: the last good one, by which secret, its clock, and the last refused one", async () => {
    const { system, operator } = await openConsole();
    // Of its own name: refusals are noted once a minute for each gateway.
    const generic = system.services.gateways.get("generic") ?? expect.unreachable("there is one");
    const rested = { ...generic, id: "rested", title: "Rested" };
    replaceServices(system, { gateways: new Map([["rested", rested]]) });
    const send = (callback: Request) => system.fetch(new Request(`${ORIGIN}/webhooks/rested`, callback));
    const { id } = await createPending(system, { gateway: "rested" });
    const body = await system.gateway.callback(id, "success").text();
    await send(signedCallback(body, { at: new Date(Date.now() + 60_000) }));
    await later(system);
    const secret = `whsec_${btoa("another-secret-for-tests-only")}`;
    expect((await send(signedCallback(body, { secret }))).status).toBe(401);
    await system.settle();
    for (const path of [LIST, "/console/gateways"]) {
      const { text, html } = await operator.open(path);
      expect(text).toContain("Last one refused");
      expect(text).toMatch(/Last good \d+ (s|min) ago/);
      expect(text).toMatch(/Last refused .* ago ?: the callback's signature does not verify/);
      expect(text).toContain("Verified by secret 1");
      expect(text).toMatch(/Its clock (59|60|1 min).* ahead/);
      expect(html).not.toContain(GATEWAY_WEBHOOK_SECRET.slice("whsec_".length));
    }
    expect((await operator.open("/console/gateways")).text).toContain("In the last 7 days: 1 by secret 1");
  });
});

describe("the replay of a webhook", () => {
  const replayable = async (operator: Operator, outcome: string) =>
    replayOn(await operator.open(`${LIST}?outcome=${outcome}`));

  it("says what will happen, applies what counts by now, and records who", async () => {
    const { system, operator } = await openConsole();
    const id = await bringPaid(system, { amount: 1000 });
    const refunded = { event_id: "evt_back", amount: 1999, amount_refunded: 500 };
    await deliver(system, system.gateway.callback(id, "success", refunded));
    const path = await replayable(operator, "ignored");
    const page = await operator.open(path);
    expect(page.text).toContain("The webhook \u2068evt_back\u2069 of generic is applied once more");
    expect(formOf(page).button).toBe("Replay it");
    expect(page.links).toContain(`/console/payments/${id}`);

    const ignored = await operator.submit(page);
    expect(ignored).toMatchObject({ status: 200, address: `/console/payments/${id}?done=ignored` });
    expect(ignored.text).toContain("The webhook was applied once more: it changes nothing.");

    Object.assign(system.gateway.session(id).request, { amount: 1999 });
    await operator.confirm(`/console/payments/${id}/accept`, { note: "agreed" });
    const applied = await operator.submit(page);
    expect(applied.address).toBe(`/console/payments/${id}?done=applied`);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
    expect(await lastAction()).toEqual({
      ...{ action: "replay_webhook", actor: "Ada", note: "generic evt_back", outcome: "applied" },
      transaction_id: id,
    });
    expect((await listInbox(system, "?outcome=ignored")).data).toEqual([]);
  });

  it("changes nothing where all is done already", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPaid(system);
    const page = await operator.confirm(await replayable(operator, "applied"));
    expect(page.address).toBe(`/console/payments/${id}?done=ignored`);
    await system.settle();
    expect(await typesOf(system, id)).toEqual(["created", "succeeded"]);
    expect(system.shop.distinct("transaction.succeeded")).toHaveLength(1);
  });

  it("does not book the end of a refund once more", async () => {
    const { system, operator } = await openConsole();
    addNamelessGateway(system);
    const order = newNamelessOrder();
    const { id } = (await initiate(system, order)).body;
    await deliver(system, namelessWebhook(order.order_id, "evt_paid"));
    const end = { id: null, amount: 500, status: "succeeded", reference: "re_1", failureCode: null } as const;
    await deliver(system, namelessWebhook(order.order_id, "evt_end", { status: "unsaid", refund: end }));
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
    const links = (await operator.open(LIST)).links.filter((href) => href.endsWith("/replay"));
    const pages = await Promise.all(links.map((link) => operator.confirm(link)));
    expect(pages.map(({ address }) => address.split("=")[1]).toSorted()).toEqual(["duplicate", "ignored"]);
    expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
  });

  it("leaves waiting what is of no known payment, and goes back to the list", async () => {
    const { system, operator } = await openConsole();
    await park(system, 1);
    const page = await operator.open(await replayable(operator, "parked"));
    expect(page.links).toContain(LIST);
    expect(page.links).not.toContain(`/console/payments/${UNKNOWN}`);
    const done = await operator.submit(page);
    expect(done).toMatchObject({ status: 200, address: `${LIST}?done=parked` });
    expect(done.text).toContain("Its payment is still not known");
    expect(await lastAction()).toMatchObject({ outcome: "parked", transaction_id: null });
  });

  it("applies what waits under the gateway's own id, once that is known", async () => {
    const { system, operator } = await openConsole();
    addNamelessGateway(system);
    const order = newNamelessOrder();
    await deliver(system, namelessWebhook(order.order_id, "evt_early"));
    const page = await operator.open(await replayable(operator, "parked"));
    const { id } = (await initiate(system, order)).body;
    expect(await readMoney(system, id)).toMatchObject({ status: "succeeded" });
    // It was taken up with the creation: the confirmation is of yesterday.
    expect((await operator.submit(page)).status).toBe(404);
  });

  it.each([
    "nonsense",
    btoa("[]").replaceAll("=", ""),
    btoa('["txn_1","generic","evt_1"]').replaceAll("=", ""),
  ])("is of what is in the inbox alone: %s", async (key) => {
    const { operator } = await openConsole();
    const path = `${LIST}/${key}/replay`;
    const page = await operator.open(path);
    expect([400, 404]).toContain(page.status);
    const { csrf } = (await operator.open("/console")).forms[0]?.fields ?? {};
    expect((await operator.post(path, { csrf })).status).toBe(page.status);
    expect(await countActions()).toBe(0);
  });
});

describe("the replay of all webhooks of an outcome", () => {
  it("is offered where there are some, says what will happen, and how many it changed", async () => {
    const { system, operator } = await openConsole();
    expect((await operator.open(`${LIST}?outcome=parked`)).links).not.toContain(
      `${LIST}/replay?outcome=parked`,
    );
    addNamelessGateway(system);
    const order = newNamelessOrder();
    const { id } = (await initiate(system, order)).body;
    // Left parked by a process that died between the two.
    await deliver(system, namelessWebhook(order.order_id, "evt_paid"));
    await env.DB.prepare("UPDATE inbox SET outcome = 'parked' WHERE event_id = 'evt_paid'").run();
    await park(system, 2);
    const list = await operator.open(`${LIST}?outcome=parked`);
    expect(list.links).toContain(`${LIST}/replay?outcome=parked`);
    const page = await operator.open(`${LIST}/replay?outcome=parked`);
    expect(page.text).toContain("Up to 100 parked webhooks are applied once more");
    const done = await operator.submit(page);
    expect(done.address).toBe(`${LIST}?outcome=parked&replayed=3&changed=0`);
    expect(done.text).toContain("3 replayed; 0 of them changed a payment.");
    expect(await lastAction()).toEqual({
      ...{ action: "replay_webhooks", actor: "Ada", note: null, transaction_id: null },
      outcome: "3 parked, 0 changed a payment",
    });
    expect(await typesOf(system, id)).toEqual(["created", "succeeded"]);
  });

  it("goes on where it stopped, until there are no more", async () => {
    const { system, operator } = await openConsole();
    await park(system, 101);
    const asked = await operator.open(`${LIST}/replay?outcome=parked`);
    const more = await operator.submit(asked, { note: "after the outage" });
    expect(more.address).toContain(`${LIST}/replay?outcome=parked&replayed=100&changed=0&cursor=`);
    expect(more.text).toContain("100 replayed; 0 of them changed a payment. There are more");
    expect((await lastAction())?.note).toBe("after the outage");
    const done = await operator.submit(more);
    expect(done.address).toContain(`${LIST}?outcome=parked&replayed=1&changed=0`);
  });

  it("changes what was ignored and counts by now", async () => {
    const { system, operator } = await openConsole();
    const ids = [await bringPaid(system, { amount: 1000 }), await bringPaid(system, { amount: 1000 })];
    for (const id of ids) {
      await deliver(system, system.gateway.callback(id, "success", { amount: 1999, amount_refunded: 500 }));
      Object.assign(system.gateway.session(id).request, { amount: 1999 });
      await operator.confirm(`/console/payments/${id}/accept`, { note: "agreed" });
    }
    const done = await operator.confirm(`${LIST}/replay?outcome=ignored`);
    expect(done.text).toContain("2 replayed; 2 of them changed a payment.");
    for (const id of ids) {
      expect(await readMoney(system, id)).toMatchObject({ amount_refunded: 500 });
    }
  });

  it.each(["", "?outcome=applied", "?outcome=all", "?outcome=constructor"])(
    "is not of others: %j",
    async (query) => {
      const { operator } = await openConsole();
      expect((await operator.open(`${LIST}/replay${query}`)).status).toBe(400);
      const { csrf } = (await operator.open("/console")).forms[0]?.fields ?? {};
      expect((await operator.post(`${LIST}/replay${query}`, { csrf })).status).toBe(400);
      expect(await countActions()).toBe(0);
    },
  );

  it("shows on a payment's page what came for it, and how it was replayed", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPaid(system, newOrder());
    const path = replayOn(await operator.open(`/console/payments/${id}`));
    await operator.confirm(path);
    const page = await operator.open(`/console/payments/${id}`);
    expect(page.html).toMatch(/data-kind="webhook"[\s\S]*data-kind="action"/);
  });
});
