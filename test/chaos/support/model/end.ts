/** How each run ends: everything is mended, time passes, people decide, and then the books must agree. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { FakeSession } from "../../../support/fake-gateway.ts";
import { capturedOf, isOpen, type Reference, type Row } from "./reference.ts";
import type { Stage } from "./stage.ts";
import { deliver, write } from "./world-commands.ts";

const MAX_TICKS = 300;
const NEXT_DUE = `SELECT min(at) AS at FROM (SELECT min(next_check_at) AS at FROM transactions UNION ALL
  SELECT min(next_attempt_at) FROM deliveries UNION ALL SELECT min(next_attempt_at) FROM refunds)`;

/** Everybody is up again, nothing stays on its way, and what nobody told of is found or told now. */
export async function endRun(model: Reference, stage: Stage): Promise<void> {
  mend(stage);
  await model.look(stage);
  const open = model.rows.filter(isOpen);
  await passTime(stage);
  await model.look(stage);
  expect(open.flatMap(({ id }) => unsettled(model, stage, model.find(id)))).toEqual([]);

  for (const [id, session] of stage.gateway.sessions) {
    await deliver(stage, await write(stage, id, session.status));
  }
  await passTime(stage);
  await model.look(stage);
  await decideReviews(model, stage);
  await stage.ask("POST", "/deliveries/replay", { status: "dead" });
  await passTime(stage);
  const { events, deliveries } = await model.look(stage);

  const succeeded = events
    .filter(({ type }) => type === "transaction.succeeded")
    .map((one) => one.transaction_id);
  const told = stage.system.shop.distinct("transaction.succeeded").map(({ data }) => String(data.id));
  expect(told.toSorted()).toEqual(succeeded.toSorted());
  expect([
    ...model.rows.flatMap((row) => [...disagreements(model, stage, row), ...leftOver(model, stage, row)]),
    ...model.refunds.filter(({ status }) => status === "pending").map(({ id }) => `${id} is still pending`),
    ...deliveries.filter((one) => one.delivered_at === null).map((one) => `${one.type} was not delivered`),
  ]).toEqual([]);
}

function mend(stage: Stage): void {
  const { gateway, shop } = stage.system;
  stage.d1Fault = null;
  gateway.fault = null;
  gateway.refundOutcome = "success";
  shop.answer = () => new Response(null, { status: 204 });
  for (const session of gateway.sessions.values()) {
    const ends: Partial<Record<FakeSession["status"], FakeSession["status"]>> = {
      processing: "success",
      authorized: "expired",
    };
    session.status = ends[session.status] ?? session.status;
    for (const id of session.refunds.keys()) {
      gateway.endRefund(session, id, "success");
    }
  }
}

/** Ticks whenever something is due, until nothing ever is. */
async function passTime(stage: Stage): Promise<void> {
  for (let ticks = 0; ticks < MAX_TICKS; ticks += 1) {
    const due = (await env.DB.prepare(NEXT_DUE).first<{ at: number | null }>())?.at ?? null;
    if (due === null) {
      return;
    }
    stage.advance(Math.max(0, due - stage.clock.now()));
    await stage.tick();
  }
  throw new Error(`something is still due after ${MAX_TICKS} ticks`);
}

/** A person keeps the money where it may be kept, and else gives it back. */
async function decideReviews(model: Reference, stage: Stage): Promise<void> {
  for (const { id, status } of model.rows) {
    if (status === "review") {
      const accepted = await stage.ask("POST", `/transactions/${id}/accept`);
      if (accepted.status !== 200) {
        const rejected = await stage.ask("POST", `/transactions/${id}/reject`);
        expect([accepted.outcome, rejected.outcome]).toEqual([accepted.outcome, "200"]);
      }
    }
  }
  await passTime(stage);
}

/** What was open ends by the cron alone, without a word of the gateway's; of a refund after that only a callback tells. */
function unsettled(model: Reference, { gateway }: Stage, row: Row | undefined): string[] {
  const session = row && gateway.sessions.get(row.id);
  if (!row || !session || !model.isHonest(row)) {
    return [];
  }
  const captured = capturedOf(session);
  return row.amount_captured === captured && !isOpen(row)
    ? []
    : [`${row.id} is ${row.status} with ${row.amount_captured}, the gateway has ${captured}`];
}

/** Where our books and the gateway's differ; what was belied or taken on a person's word is excused. */
function disagreements(model: Reference, { gateway }: Stage, row: Row): string[] {
  const session = gateway.sessions.get(row.id);
  if (!session || !model.isHonest(row)) {
    return [];
  }
  const captured = capturedOf(session);
  const agrees = row.amount_captured === captured && row.amount_refunded === session.amountRefunded;
  const isExplicit =
    captured > 0
      ? row.status === "succeeded" ||
        row.status === "review" ||
        (!isOpen(row) && session.amountRefunded === captured)
      : row.status !== "succeeded" && !isOpen(row);
  return agrees && isExplicit
    ? []
    : [
        `${row.id} is ${row.status} with ${row.amount_captured} - ${row.amount_refunded}, ` +
          `the gateway is ${session.status} with ${captured} - ${session.amountRefunded}`,
      ];
}

function leftOver(model: Reference, { gateway }: Stage, row: Row): string[] {
  const { id, status, version } = row;
  const session = gateway.sessions.get(id);
  const isHonest = model.isHonest(row);
  const rules: [boolean, string][] = [
    [!isOpen(row), "is still open"],
    [version > 0, "was never opened"],
    [status !== "review" || !isHonest, "is in review after the verdict"],
    [session?.status !== "pending" || !isHonest, "can still be paid"],
    [row.dispute === (session?.dispute ?? null) || !isHonest, `has the dispute ${row.dispute}`],
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => `${id} (${status}) ${rule}`);
}
