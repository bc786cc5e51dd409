/** What an operator does is written down before it is done, and closed by what came of it. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { OperationError } from "../../src/operations/operation-error.ts";
import { type OperatorAction, recordAction } from "../../src/operations/operator-action.ts";
import { breakD1 } from "../support/faulty-d1.ts";
import { createSystem, emptyTables, type System, selectRow } from "../support/system.ts";

beforeEach(async () => {
  vi.spyOn(Math, "random").mockReturnValue(0);
  await emptyTables();
});

const ACTION: OperatorAction = {
  ...{ action: "refund", actor: "Ada", note: "called the bank", transactionId: "txn_1" },
};

interface Row {
  readonly id: string;
  readonly outcome: string | null;
  readonly created_at: number;
}

const recorded = () => selectRow<Row>("SELECT * FROM operator_actions");

/** D1 fails at those statements, for good. */
function failAt(system: System, pattern: RegExp) {
  const decide = (queries: readonly string[]) => (pattern.test(queries.join()) ? "before" : null);
  return breakD1(system, decide, { message: "D1_ERROR: the disk is full" });
}

describe("recordAction", () => {
  it("writes down who and why before it is done, and what came of it after", async () => {
    const { services } = await createSystem();
    const before = services.now();
    const outcome = await recordAction(services, ACTION, async () => {
      expect(await recorded()).toMatchObject({ action: "refund", actor: "Ada", outcome: null });
      return "refunded";
    });
    expect(outcome).toBe("refunded");
    const row = await recorded();
    expect(row).toMatchObject({
      ...{ action: "refund", actor: "Ada", note: "called the bank", transaction_id: "txn_1", outcome },
    });
    expect(row?.id).toMatch(/^act_[0-9a-z]{26}$/);
    expect(row?.created_at).toBeGreaterThanOrEqual(before);
  });

  it("does nothing that it cannot write down", async () => {
    const system = await createSystem();
    failAt(system, /insert into "operator_actions"/);
    const work = vi.fn(async () => "done");
    await expect(recordAction(system.services, ACTION, work)).rejects.toThrow();
    expect(work).not.toHaveBeenCalled();
  });

  it.each([
    [
      new OperationError("refund_exceeds_rest", "Of Ada's money nothing is left."),
      "refused: refund_exceeds_rest",
    ],
    [new RangeError("something of Ada's"), "failed"],
  ])("closes the record by a refusal's code, and throws it on: %s", async (error, outcome) => {
    const { services } = await createSystem();
    await expect(recordAction(services, ACTION, () => Promise.reject(error))).rejects.toBe(error);
    expect(await recorded()).toMatchObject({ outcome });
  });

  it("throws what the work throws also where the record cannot be closed", async () => {
    const system = await createSystem();
    failAt(system, /update "operator_actions"/);
    const error = new OperationError("not_in_review", "It is paid.");
    await expect(recordAction(system.services, ACTION, () => Promise.reject(error))).rejects.toBe(error);
    expect(await recorded()).toMatchObject({ outcome: null });
  });

  it("takes what is done for done, and says nowhere that it failed, where the record cannot be closed", async () => {
    const system = await createSystem();
    const trouble = failAt(system, /update "operator_actions"/);
    const lines = vi.spyOn(console, "error");
    expect(await recordAction(system.services, ACTION, async () => "refunded")).toBe("refunded");
    expect(await recorded()).toMatchObject({ outcome: null });
    expect(lines.mock.calls.flat().join()).toContain('"event":"operator.unrecorded"');
    trouble.end();
    expect(await recorded()).toMatchObject({ outcome: null });
  });

  it("keeps one record of each deed when an acknowledgement is lost", async () => {
    const system = await createSystem();
    let lost = 0;
    breakD1(system, (queries) => {
      lost += /"operator_actions"/.test(queries.join()) && lost < 2 ? 1 : 0;
      return /"operator_actions"/.test(queries.join()) && lost <= 1 ? "after" : null;
    });
    await recordAction(system.services, ACTION, async () => "refunded");
    const { results } = await env.DB.prepare("SELECT outcome FROM operator_actions").all();
    expect(results).toEqual([{ outcome: "refunded" }]);
  });

  it("tells the log what was done, and not why: that may name anybody", async () => {
    const { services } = await createSystem();
    const lines = vi.spyOn(console, "log");
    await recordAction(services, ACTION, async () => "refunded");
    const text = lines.mock.calls.flat().join();
    expect(text).toContain('"event":"operator.acted"');
    expect(text).toContain('"transaction_id":"txn_1"');
    expect(text).not.toMatch(/bank|Ada/);
  });

  it("is listed, the newest first, page by page", async () => {
    const system = await createSystem();
    for (const note of ["first", "second", "third"]) {
      await recordAction(system.services, { ...ACTION, note, transactionId: null }, async () => "done");
      system.advance(1000);
    }
    const { listActions } = system.services.store;
    const newest = await listActions(null, 2);
    expect(newest.map(({ note }) => note)).toEqual(["third", "second"]);
    const rest = await listActions(newest.at(-1)?.id ?? null, 2);
    expect(rest.map(({ note }) => note)).toEqual(["first"]);
  });
});
