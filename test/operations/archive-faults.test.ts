/** The archive in trouble, and in a hurry: whoever dies, fails or comes between, each payment is whole in one place. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { runTick } from "../../src/jobs/run-tick.ts";
import {
  advanceToMidnight,
  createPastSystem,
  emptyBucket,
  errorsOf,
  growOld,
  isGone,
  linesOf,
  realArchive,
  replaceArchive,
} from "../support/archive.ts";
import { breakD1, once } from "../support/faulty-d1.ts";
import { createPaid, later, listInbox, refund, tell } from "../support/money.ts";
import { deliver, emptyTables, read, replaceStore, type System, selectRow } from "../support/system.ts";

let system: System;
let id: string;

beforeEach(async () => {
  vi.restoreAllMocks();
  await emptyTables();
  await emptyBucket();
  system = await createPastSystem();
  id = (await createPaid(system)).id;
});

const kindsOf = async () => (await linesOf(id))?.map(({ kind }) => kind) ?? null;
const WHOLE = ["transaction", "event", "event", "delivery", "webhook"];
const DELETION = /^delete from "transactions"/i;
const DOWN = { message: "D1_ERROR: it is down" };

async function nextWalk(): Promise<void> {
  advanceToMidnight(system);
  await system.tick();
  await later(system);
}

describe("archiveTransactions, cut short", () => {
  it("writes the same again when it died between the put and the deletion", async () => {
    await growOld(system);
    const d1 = breakD1(system, once(DELETION, "before"), DOWN);
    expect(await errorsOf(system, () => system.tick())).toEqual([
      "archive.failed: StoreError: D1_ERROR: it is down",
    ]);
    expect([d1.count(), await isGone(id), await kindsOf()]).toEqual([1, false, WHOLE]);
    const [before, tag] = [await linesOf(id), await realArchive().head(id)];
    d1.end();
    await later(system);
    expect([await isGone(id), await linesOf(id), await realArchive().head(id)]).toEqual([true, before, tag]);
  });

  it("writes anew what has changed since such a death", async () => {
    await growOld(system);
    const d1 = breakD1(system, once(DELETION, "before"), DOWN);
    await system.tick();
    d1.end();
    await refund(system, id, { amount: 5 });
    await createPaid(system);
    await later(system);
    expect(await isGone(id), "it has changed just now").toBe(false);
    await env.DB.prepare("UPDATE transactions SET updated_at = created_at WHERE id = ?").bind(id).run();
    await nextWalk();
    expect(await isGone(id)).toBe(true);
    // Webhooks are kept for 90 days.
    expect(await kindsOf()).toEqual([...WHOLE.slice(0, 3), "event", "refund", "delivery", "delivery"]);
  });

  it.each(["listArchivable", "readArchivable", "deleteArchived"] as const)(
    "bears a D1 that fails at %s: the tick is done, and the next one goes on",
    async (query) => {
      await growOld(system);
      const heal = replaceStore(system, { [query]: () => Promise.reject(new RangeError("no D1")) });
      const errors = await errorsOf(system, async () =>
        expect(await system.tick()).toMatchObject({ failed: 0 }),
      );
      expect(errors).toEqual(["archive.failed: RangeError: no D1"]);
      expect(await isGone(id)).toBe(false);
      heal();
      await later(system);
      expect([await isGone(id), await kindsOf()]).toEqual([true, WHOLE]);
    },
  );

  it("deletes once when the acknowledgement is lost, and the order stays paid", async () => {
    await growOld(system);
    const d1 = breakD1(system, once(DELETION, "after"));
    expect(await errorsOf(system, () => system.tick())).toEqual([]);
    expect([d1.count(), await isGone(id), await kindsOf()]).toEqual([1, true, WHOLE]);
    d1.end();
    expect(await selectRow("SELECT transaction_id FROM archived_orders")).toEqual({ transaction_id: id });
  });

  it.each(["head", "put"] as const)(
    "keeps all in D1 while R2 fails at %s, and goes on from there",
    async (call) => {
      await growOld(system);
      const heal = replaceArchive(system, { [call]: () => Promise.reject(new Error("R2 is down")) });
      expect(await errorsOf(system, () => system.tick())).toEqual([
        "archive.failed: Error: R2 is down",
        "archive.failed: Error: R2 is down",
      ]);
      expect(await isGone(id)).toBe(false);
      heal();
      await later(system);
      expect([await isGone(id), await kindsOf()]).toEqual([true, WHOLE]);
    },
  );

  it("lets one that cannot be written stop nobody, and tries it again the day after", async () => {
    const others = [await createPaid(system), await createPaid(system)];
    await growOld(system);
    const { put } = realArchive();
    const heal = replaceArchive(system, {
      put: (poisoned, ...rest) =>
        poisoned === id ? Promise.reject(new Error("poison")) : put(poisoned, ...rest),
    });
    expect(await errorsOf(system, () => system.tick())).toEqual(["archive.failed: Error: poison"]);
    expect([await isGone(id), ...(await Promise.all(others.map((one) => isGone(one.id))))]).toEqual([
      false,
      true,
      true,
    ]);
    heal();
    await nextWalk();
    expect(await isGone(id)).toBe(true);
  });
});

describe("archiveTransactions, beside others", () => {
  it("does it once where two ticks come at once", async () => {
    const ids = [id, (await createPaid(system)).id, (await createPaid(system)).id];
    await growOld(system);
    const errors = await errorsOf(system, () =>
      Promise.all([runTick(system.services), runTick(system.services), runTick(system.services)]),
    );
    expect(errors).toEqual([]);
    expect(await Promise.all(ids.map(isGone))).toEqual([true, true, true]);
    for (const one of ids) {
      expect((await linesOf(one))?.map(({ kind }) => kind)).toEqual(WHOLE);
    }
  });

  it("never writes what it read before over what another tick has read after it", async () => {
    await growOld(system);
    const { put } = realArchive();
    // The slow tick has read the payment; before its put, a webhook comes in, and another tick does it all.
    const heal = replaceArchive(system, {
      put: async (...asked) => {
        heal();
        await tell(system, id);
        await runTick(system.services);
        await nextWalk();
        return put(...asked);
      },
    });
    await system.tick();
    expect(await isGone(id)).toBe(true);
    expect(await kindsOf()).toEqual([...WHOLE, "webhook"]);
  });

  const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["a refund", () => refund(system, id, { amount: 5 })],
    ["a webhook that changes nothing", () => tell(system, id)],
    ["a webhook of a refund", () => tell(system, id, { amount_refunded: 7 })],
    ["an event that is sent again", replayEvent],
    [
      "an operator who begins something",
      () =>
        system.services.store.beginAction({
          ...{
            id: system.services.newId("act"),
            transactionId: id,
            action: "check",
            actor: "Ada",
            note: null,
          },
          createdAt: system.services.now(),
        }),
    ],
  ];

  it.each(changes)(
    "leaves it in D1, whole, where %s comes between reading and deletion",
    async (_, change) => {
      await growOld(system);
      const dump = () => selectRow(ALL_ROWS, id);
      const { put } = realArchive();
      let changed: unknown;
      const heal = replaceArchive(system, {
        put: async (...asked) => {
          const done = await put(...asked);
          if (asked[0] === id) {
            heal();
            await change();
            await system.settle();
            changed = await dump();
          }
          return done;
        },
      });
      await system.tick();
      expect(await isGone(id)).toBe(false);
      expect(await dump()).toEqual(changed);
      expect(await selectRow("SELECT * FROM archived_orders")).toBeNull();
      expect(await read(system, id)).toMatchObject({ id, status: "succeeded" });
    },
  );

  it("refuses a change that was decided before and is committed after: nothing of it is left, and it waits", async () => {
    await growOld(system);
    const { commit } = system.services.store;
    const heal = replaceStore(system, {
      commit: async (decided) => {
        heal();
        await system.tick();
        expect(await isGone(id)).toBe(true);
        return commit(decided);
      },
    });
    expect(await deliver(system, system.gateway.callback(id, "success", { amount_refunded: 7 }))).toBe(
      "parked",
    );
    await system.settle();
    expect(
      await selectRow(
        "SELECT (SELECT count(*) FROM events WHERE transaction_id = ?1) AS events, (SELECT count(*) FROM deliveries WHERE transaction_id = ?1) AS deliveries",
        id,
      ),
    ).toEqual({ events: 0, deliveries: 0 });
    const [entry] = (await listInbox(system, "?outcome=parked")).data;
    expect(entry).toMatchObject({ transaction_id: id, outcome: "parked", reason: "archived" });
  });
});

const ALL_ROWS = `SELECT
  (SELECT json_group_array(json_array(version, type, position)) FROM events WHERE transaction_id = ?1) AS events,
  (SELECT json_group_array(json_array(position, attempts, next_attempt_at)) FROM deliveries WHERE transaction_id = ?1) AS deliveries,
  (SELECT json_group_array(json_array(id, status)) FROM refunds WHERE transaction_id = ?1) AS refunds,
  (SELECT json_group_array(json_array(event_id, outcome)) FROM inbox WHERE transaction_id = ?1) AS inbox,
  (SELECT json_group_array(json_array(id, action)) FROM operator_actions WHERE transaction_id = ?1) AS actions,
  (SELECT json_array(version, next_check_at, amount_refunded) FROM transactions WHERE id = ?1) AS own`;

async function replayEvent(): Promise<void> {
  const row = await selectRow<{ position: number }>(
    "SELECT position FROM deliveries WHERE transaction_id = ?",
    id,
  );
  const event = `evt_${id.slice(4)}_${row?.position}`;
  expect((await system.call("POST", `/events/${event}/replay`)).status).toBe(202);
}
