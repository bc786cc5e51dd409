/** What became of each webhook, page by page. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkInvariants } from "../support/invariants.ts";
import { createPaid, type InboxEntry, listInbox } from "../support/money.ts";
import { createSystem, deliver, emptyTables, ORIGIN, type System } from "../support/system.ts";

beforeEach(emptyTables);
afterEach(async () => void (await checkInvariants()));

/** All pages of so many, in their order. */
async function listAll(system: System, limit: number, filter = ""): Promise<InboxEntry[]> {
  const entries: InboxEntry[] = [];
  let cursor = "";
  for (let pages = 0; pages < 50; pages += 1) {
    const page = await listInbox(system, `?limit=${limit}${filter}${cursor}`);
    entries.push(...page.data);
    if (page.next_cursor === null) {
      return entries;
    }
    expect(page.data).toHaveLength(limit);
    cursor = `&cursor=${page.next_cursor}`;
  }
  return expect.unreachable("the pages never end");
}

describe("GET /inbox", () => {
  it("says what came, and what became of it", async () => {
    const system = await createSystem();
    const { id } = await createPaid(system);
    await deliver(system, system.gateway.callback(id, "failure", { event_id: "evt_late" }));
    const { data } = await listInbox(system, "?outcome=ignored");
    expect(data).toEqual([
      {
        id: expect.stringMatching(/^[A-Za-z0-9_-]+$/),
        ...{ gateway: "generic", event_id: "evt_late", transaction_id: id },
        ...{ outcome: "ignored", reason: "stale", received_at: expect.stringMatching(/Z$/) },
        says: { status: "failed", amount: 1999, currency: "USD" },
      },
    ]);
    expect((await listInbox(system, "?outcome=applied")).data).toMatchObject([
      { transaction_id: id, reason: null },
    ]);
    expect((await listInbox(system, "?outcome=parked")).data).toEqual([]);
  });

  it.each([1, 2, 5])(
    "skips none and repeats none in pages of %i, of one transaction and of many",
    async (limit) => {
      const system = await createSystem();
      const { id } = await createPaid(system);
      for (let count = 0; count < 6; count += 1) {
        await deliver(system, system.gateway.callback(id, "failure"));
      }
      for (const event of ["é", "\u2028", '"]', "e".repeat(255)]) {
        await deliver(system, system.gateway.callback(id, "failure", { event_id: event }));
        await deliver(system, system.gateway.callback("txn_unknown", "success", { event_id: event }));
      }
      const all = (await listInbox(system, "?limit=100")).data;
      expect(all).toHaveLength(15);
      const paged = await listAll(system, limit);
      expect(paged).toEqual(all);
      expect(new Set(paged.map((entry) => entry.id)).size).toBe(15);
      const ignored = await listAll(system, limit, "&outcome=ignored");
      expect(ignored).toEqual(all.filter(({ outcome }) => outcome === "ignored"));
    },
  );

  it.each(["?cursor=nonsense", "?cursor=!", "?limit=0", "?limit=101", "?outcome=lost", "?page=2"])(
    "refuses %s",
    async (query) => {
      const system = await createSystem();
      expect((await system.call("GET", `/inbox${query}`)).status).toBe(400);
    },
  );

  it("is the shop's alone", async () => {
    const system = await createSystem();
    for (const [method, path] of [
      ["GET", "/inbox"],
      ["POST", "/inbox/replay"],
      ["POST", "/inbox/x/replay"],
    ] as const) {
      expect((await system.fetch(new Request(`${ORIGIN}${path}`, { method }))).status).toBe(401);
    }
  });
});
