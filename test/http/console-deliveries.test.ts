/** The operator's view of what the shop is owed, the return of dead letters, and the record of who did what. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { eventId, parseEventId } from "../../src/operations/send-delivery.ts";
import { createPaid, later } from "../support/money.ts";
import {
  countActions,
  formOf,
  lastAction,
  openConsole,
  type Page,
  rowsOf,
  signIn,
} from "../support/operator.ts";
import {
  createPending,
  deliver,
  emptyTables,
  replaceServices,
  type System,
  selectRow,
} from "../support/system.ts";

beforeEach(emptyTables);

const LIST = "/console/deliveries";

/** The events that a page lists. */
const eventsOn = ({ html }: Page) =>
  [...html.matchAll(/>\s*(evt_[0-9a-z]{26}_\d+)\s*</g)].map(([, id = ""]) => id);

/** A payment that the shop wants to hear nothing of: the event of its success is a dead letter. */
async function createDead(system: System): Promise<{ id: string; event: string }> {
  system.shop.answer = () => new Response(null, { status: 410 });
  const { id } = await createPaid(system);
  system.shop.answer = () => new Response(null, { status: 204 });
  return { id, event: await eventOf(id) };
}

async function eventOf(id: string): Promise<string> {
  const row = await selectRow<{ position: number }>(
    "SELECT position FROM deliveries WHERE transaction_id = ?",
    id,
  );
  return eventId({ transactionId: id, position: row?.position ?? 0 });
}

const sentOf = (system: System, event: string) =>
  system.shop.received.filter(({ id }) => id === event).length;

/** Many deliveries at once, every fourth of which the shop has never taken. */
async function seed(count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO deliveries (transaction_id, version, type, body, attempts, next_attempt_at, delivered_at, created_at)
     SELECT 'txn_' || printf('%026d', i), 2, 'transaction.succeeded', '{}', 10, NULL,
            CASE WHEN i % 4 = 0 THEN NULL ELSE 1000 + i END, 1000 FROM n`,
  )
    .bind(count)
    .run();
}

describe("GET /console/deliveries", () => {
  it("lists them by what became of them, with each attempt and its answer", async () => {
    const { system, operator } = await openConsole();
    const dead = await createDead(system);
    system.shop.answer = () => new Response(null, { status: 500 });
    const { id: owedId } = await createPaid(system);
    system.shop.answer = () => new Response(null, { status: 204 });
    const { id: deliveredId } = await createPaid(system);
    const [owed, delivered] = [await eventOf(owedId), await eventOf(deliveredId)];
    const found = async (query: string) => eventsOn(await operator.open(`${LIST}${query}`));
    expect(await found("")).toEqual([delivered, owed, dead.event]);
    expect(await found("?status=owed")).toEqual([owed]);
    expect(await found("?status=delivered")).toEqual([delivered]);
    expect(await found("?status=dead")).toEqual([dead.event]);
    expect(await found("?status=nonsense&cursor=nonsense")).toHaveLength(3);
    const page = await operator.open(`${LIST}?status=dead`);
    expect(page.text).toContain("HTTP 410");
    expect(page.text).toContain("1 attempt");
    expect(page.text).toContain("They go to https://shop.example/hooks .");
    expect(page.links).toContain(`/console/payments/${dead.id}`);
    expect(page.links).toContain(`${LIST}/${dead.event}/replay`);
  });

  it.each([
    ["", 230],
    ["?status=delivered", 173],
    ["?status=dead", 57],
  ])("pages through all of them once%s", async (query, count) => {
    const { operator } = await openConsole();
    await seed(230);
    const seen: string[] = [];
    for (let next: string | undefined = `${LIST}${query}`; next !== undefined; ) {
      const page: Page = await operator.open(next);
      expect(page.status).toBe(200);
      seen.push(...eventsOn(page));
      next = page.links.find((href) => href.includes("cursor="));
    }
    expect(new Set(seen).size).toBe(count);
    expect(seen).toHaveLength(count);
    const positions = seen.map((id) => parseEventId(id)?.position ?? 0);
    expect(positions).toEqual(positions.toSorted((one, other) => other - one));
  });

  it("says whom they go to, without what an address may carry that is secret", async () => {
    const { operator } = await openConsole({
      FULFILMENT_URL: "https://shop.example/hooks?token=canary-query#canary",
    });
    const page = await operator.open(LIST);
    expect(page.text).toContain("https://shop.example/hooks");
    expect(page.html).not.toContain("canary");
  });

  it("says so where there is nobody to tell", async () => {
    const { system, operator } = await openConsole({ FULFILMENT_URL: "" });
    await createPaid(system);
    const page = await operator.open(LIST);
    expect(page.text).toContain("Nobody is told");
    expect(page.text).toContain("Not sent");
  });
});

describe("the replay of a delivery", () => {
  it("says what will happen, sends the same event again, and records who", async () => {
    const { system, operator } = await openConsole();
    const { id, event } = await createDead(system);
    const page = await operator.open(`${LIST}/${event}/replay`);
    expect(page.text).toContain(`The event ${event} is sent to the shop again, now.`);
    expect(formOf(page).button).toBe("Send it again");
    expect(sentOf(system, event)).toBe(1);
    const done = await operator.submit(page);
    expect(done).toMatchObject({ status: 200, address: `/console/payments/${id}?done=resent` });
    await system.settle();
    expect(sentOf(system, event)).toBe(2);
    const [first, second] = system.shop.received.filter((one) => one.id === event);
    expect(second?.body).toBe(first?.body);
    expect(eventsOn(await operator.open(`${LIST}?status=delivered`))).toEqual([event]);
    expect(await lastAction()).toEqual({
      ...{ action: "resend", actor: "Ada", note: event, outcome: "owed again", transaction_id: id },
    });
  });

  it.each([
    "evt_x",
    "evt_00000000000000000000000000_1",
    "evt_00000000000000000000000000_999999999999999",
    "replays",
  ])("is of an event that exists: %s", async (event) => {
    const { operator } = await openConsole();
    const page = await operator.open(`${LIST}/${event}/replay`);
    expect(page.status).toBe(404);
    expect(page.text).toContain("There is no such event.");
    const { csrf } = (await operator.open("/console")).forms[0]?.fields ?? {};
    expect((await operator.post(`${LIST}/${event}/replay`, { csrf })).status).toBe(404);
    expect(await countActions()).toBe(0);
  });

  it("is of no other payment's event", async () => {
    const { system, operator } = await openConsole();
    const { event } = await createDead(system);
    const { id } = await createPending(system);
    const position = parseEventId(event)?.position ?? 0;
    expect((await operator.open(`${LIST}/${eventId({ transactionId: id, position })}/replay`)).status).toBe(
      404,
    );
  });

  it("is refused where there is nobody to tell", async () => {
    const { system, operator } = await openConsole({ FULFILMENT_URL: "" });
    const { id } = await createPaid(system);
    const page = await operator.confirm(`${LIST}/${await eventOf(id)}/replay`);
    expect(page.status).toBe(400);
    expect(page.text).toContain("there is nobody to tell");
    expect(await lastAction()).toMatchObject({ action: "resend", outcome: "refused: invalid_request" });
  });
});

describe("the replay of all dead letters", () => {
  it("is offered where there are some, and owes them again: the cron sends them", async () => {
    const { system, operator } = await openConsole();
    expect((await operator.open(LIST)).links).not.toContain(`${LIST}/replay`);
    const dead = [await createDead(system), await createDead(system)];
    await createPaid(system);
    const list = await operator.open(`${LIST}?status=dead`);
    expect(list.links).toContain(`${LIST}/replay`);
    expect(list.text).toContain("Dead (2)");
    const page = await operator.open(`${LIST}/replay`);
    expect(page.text).toContain("Up to 1000 events that were given up are owed to the shop again");
    const done = await operator.submit(page);
    expect(done.address).toBe(`${LIST}?replayed=2`);
    expect(done.text).toContain("2 dead letters are owed again");
    expect(await lastAction()).toEqual({
      ...{ action: "replay_deliveries", actor: "Ada", note: null, transaction_id: null },
      outcome: "2 owed again",
    });
    await later(system);
    expect(dead.map(({ event }) => sentOf(system, event))).toEqual([2, 2]);
    expect(eventsOn(await operator.open(`${LIST}?status=dead`))).toEqual([]);
  });

  it("is refused where there is nobody to tell", async () => {
    const { operator } = await openConsole({ FULFILMENT_URL: "" });
    const page = await operator.confirm(`${LIST}/replay`);
    expect(page.status).toBe(400);
    expect(await lastAction()).toMatchObject({ outcome: "refused: invalid_request" });
  });
});

describe("GET /console/activity", () => {
  it("shows who did what and why, and what came of it, newest first", async () => {
    const { system, operator } = await openConsole();
    const grace = await signIn(system, "Grace <b>");
    const { event } = await createDead(system);
    const { id } = await createPending(system);
    await operator.confirm(`${LIST}/${event}/replay`);
    await grace.confirm(`/console/payments/${id}/cancel`, { note: "the buyer called" });
    await deliver(system, system.gateway.callback("txn_00000000000000000000000000", "success"));
    await operator.confirm("/console/webhooks/replay?outcome=parked");
    await grace.confirm(`${LIST}/replay`);
    await operator.open("/console/payments.csv?status=succeeded");
    const page = await operator.open("/console/activity");
    const { html, links } = page;
    const said = [
      ["Ada", "status=succeeded", "csv"],
      ["Grace <b>", "0 owed again"],
      ["Ada", "1 parked, 0 changed a payment"],
      ["Grace <b>", id, "the buyer called", "canceled"],
      ["Ada", event, "owed again"],
    ];
    const rows = rowsOf(page).map((row) => row.toLowerCase());
    expect(rows).toHaveLength(said.length);
    for (const [index, words] of said.entries()) {
      expect(words.filter((word) => !rows[index]?.includes(word.toLowerCase()))).toEqual([]);
    }
    expect(html).not.toContain("Grace <b>");
    expect(links).toContain(`/console/payments/${id}`);
  });

  it("says that nobody knows what came of what was interrupted", async () => {
    const { system, operator } = await openConsole();
    const { id } = await createPending(system);
    const { store } = system.services;
    // The process dies between the deed and its record.
    replaceServices(system, { store: { ...store, endAction: () => new Promise<void>(() => undefined) } });
    void operator.confirm(`/console/payments/${id}/cancel`, { note: "why" });
    await expect.poll(() => lastAction().then((action) => action?.action)).toBe("cancel");
    replaceServices(system, { store });
    expect((await operator.open("/console/activity")).text).toContain("Unknown: interrupted");
    expect((await operator.open(`/console/payments/${id}`)).text).toContain(
      "outcome unknown: it was interrupted",
    );
  });

  it("pages through all of it once", async () => {
    const { operator } = await openConsole();
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
       INSERT INTO operator_actions (id, action, actor, note, outcome, created_at)
       SELECT 'act_' || printf('%026d', i), 'check', 'Ada', 'note-' || i, 'unchanged', 1000 FROM n`,
    ).run();
    const seen: string[] = [];
    for (let next: string | undefined = "/console/activity"; next !== undefined; ) {
      const page: Page = await operator.open(next);
      seen.push(...[...page.text.matchAll(/note-(\d+)/g)].map(([, note = ""]) => note));
      next = page.links.find((href) => href.includes("cursor="));
    }
    expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => String(120 - index)));
  });

  it("begins at the newest one where the place is none", async () => {
    const { operator } = await openConsole();
    expect((await operator.open("/console/activity?cursor=nonsense")).status).toBe(200);
  });
});
