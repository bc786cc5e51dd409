/**
 * Every await to the outside, killed: each scenario runs once to count its calls, then once for each call with the
 * invocation ended before it, and once after it. Three ticks of the cron must bring everything to its right end.
 */
import { env } from "cloudflare:workers";
import { afterAll, describe, expect, it } from "vitest";
import { createStore } from "../../src/store/store.ts";
import { checkConverged, type TransactionRow } from "../support/invariants.ts";
import type { Fault, FaultPlan } from "./support/conductor.ts";
import { isFull } from "./support/random.ts";
import { SCENARIOS } from "./support/scenarios.ts";
import { KEPT_SCENARIOS } from "./support/scenarios-kept.ts";
import { MONEY_SCENARIOS } from "./support/scenarios-money.ts";
import { attempt, type Scenario } from "./support/steps.ts";
import { createWorld, leaveWorld, type World } from "./support/world.ts";

afterAll(leaveWorld);

const MINUTE = 60_000;
const TICKS_AFTER_MS = [61_000, 16 * MINUTE, 61_000];
/**
 * A failing call is an easier case than a cut one: the full run has them too. So has it each cut before a call, which is
 * mostly the cut after the one before it: the small run makes it before the first one only.
 */
function faultsAt(place: number): readonly Fault[] {
  if (isFull) {
    return ["kill before", "kill after", "before", "after"];
  }
  return place === 0 ? ["kill before", "kill after"] : ["kill after"];
}

/** Every place where an invocation can be cut: a new one needs a scenario that comes by. */
const FAILPOINTS = [
  "channel.connect",
  "channel.publish",
  "gateway.capture",
  "gateway.create-session",
  "gateway.expire",
  "gateway.refund",
  "gateway.status",
  "shop.post",
  "store.beginCapture",
  "store.bindKey",
  "store.claimCheck",
  "store.claimDue",
  "store.claimRefunds",
  "store.commit",
  "store.endCapture",
  "store.endRefund",
  "store.find",
  "store.findByReference",
  "store.findConflicts",
  "store.findForWebhook",
  "store.findInbox",
  "store.findRefund",
  "store.findRefunds",
  "store.history",
  "store.ignore",
  "store.insert",
  "store.keepCalls",
  "store.lastTick",
  "store.list",
  "store.listAfter",
  "store.listDeliveries",
  "store.listInbox",
  "store.markDelivered",
  "store.markFailed",
  "store.moveMissed",
  "store.park",
  "store.postpone",
  "store.postponeRefund",
  "store.pruneConsole",
  "store.pruneInbox",
  "store.readStatistics",
  "store.readUncounted",
  "store.releaseOpening",
  "store.replay",
  "store.replayDead",
  "store.requestRefund",
  "store.touch",
  "store.writeStatistics",
];

/** What each tick does for the console's figures, whatever else it does: the small run cuts it a few times only. */
const FIGURES = ["store.keepCalls", "store.readStatistics", "store.readUncounted", "store.writeStatistics"];

/** What is asked for the console's pages alone, or kept for them: nothing of a payment follows from it. */
const CONSOLE = [
  "beginAction",
  "countAttempt",
  "countDead",
  "deleteSession",
  "endAction",
  "findByText",
  "findRefundOwner",
  "findSession",
  "forgetAttempts",
  "hasDelivery",
  "insertSession",
  "listActions",
  "listGatewayHealth",
  "listMissingMigrations",
  "listOwed",
  "listStatistics",
  "noteBadWebhook",
  "readOverview",
  "readTimeline",
  "scan",
  "search",
];

/** Between several databases alone: cut short in test/store/books-faults.test.ts. */
const ELSEWHERE = [
  "adoptInbox",
  "forgetInbox",
  "hasOrder",
  "isOrderPaid",
  "listParkedAt",
  "nudgeOrder",
  "placeFor",
];

/** Of years later: cut short in test/operations/archive-faults.test.ts. */
const ARCHIVE = [
  "deleteArchived",
  "forgetKey",
  "listArchivable",
  "moveArchiveWalk",
  "pruneKeys",
  "readArchivable",
  "restartArchiveWalk",
];

/**
 * @param faults null: nothing is cut short
 * @returns the labels that were passed, in order
 */
async function play(scenario: Scenario, faults: FaultPlan | null): Promise<string[]> {
  const world = await createWorld(scenario.options);
  const act = await scenario.prepare(world);
  await world.settle();
  const labels: string[] = [];
  world.conductor.faults = (call) => {
    labels.push(call.label);
    return faults?.(call) ?? null;
  };
  await attempt(act());
  await world.settle();
  world.conductor.faults = () => null;
  await converge(world);
  const { transactions } = await checkConverged(world);
  checkEnd(scenario, transactions, faults === null);
  return labels;
}

function checkEnd({ name, ends, money }: Scenario, rows: readonly TransactionRow[], isWhole: boolean): void {
  const found = rows.map((row) => {
    const sums = `${row.amount_captured} - ${row.amount_refunded}`;
    return row.dispute === null ? sums : `${sums} ${row.dispute}`;
  });
  const right = isWhole && money ? { ends: ends.slice(-1), money: money.slice(-1) } : { ends, money };
  expect(right.ends, `${name} ends`).toContain(rows.map(({ status }) => status).join(" "));
  if (right.money) {
    expect(right.money, `the money of ${name}`).toContain(found.join(", "));
  }
}

async function converge(world: World): Promise<void> {
  world.gateway.fault = null;
  world.shop.answer = () => new Response(null, { status: 204 });
  for (const ms of TICKS_AFTER_MS) {
    world.advance(ms);
    await world.tick();
    await world.settle();
  }
}

/** A fault at the call of that number alone. */
function faultAt(place: number, fault: Fault): FaultPlan {
  let count = 0;
  return () => {
    count += 1;
    return count - 1 === place ? fault : null;
  };
}

describe("an invocation that is cut short", () => {
  const hit = new Set<string>();

  for (const scenario of [...SCENARIOS, ...MONEY_SCENARIOS, ...KEPT_SCENARIOS]) {
    it(`does no harm to ${scenario.name}, at any of its calls`, async () => {
      const labels = await play(scenario, null);
      for (const [place, label] of labels.entries()) {
        if (!isFull && FIGURES.includes(label) && hit.has(label)) {
          continue;
        }
        for (const fault of faultsAt(place)) {
          await play(scenario, faultAt(place, fault)).catch((error: Error) => {
            throw new Error(`${fault} call ${place + 1}, ${label}: ${error.message}`, { cause: error });
          });
        }
        hit.add(label);
      }
      expect(labels.length).toBeGreaterThan(0);
    }, 120_000);
  }

  it("was cut at every failpoint that there is", () => {
    const { statementCount: _noQuery, ...store } = createStore(env.DB);
    const queries = Object.keys(store)
      .filter((name) => ![...CONSOLE, ...ELSEWHERE, ...ARCHIVE].includes(name))
      .map((name) => `store.${name}`);
    expect(FAILPOINTS.filter((label) => label.startsWith("store."))).toEqual(queries.toSorted());
    expect([...hit].toSorted()).toEqual(FAILPOINTS);
  });
});
