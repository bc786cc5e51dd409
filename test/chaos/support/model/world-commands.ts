/** What the buyer, the gateway, the cron and chance do. */
import fc from "fast-check";
import { expect } from "vitest";
import {
  type FakeSession,
  type Fault,
  type GatewayStatus,
  signedCallback,
} from "../../../support/fake-gateway.ts";
import { type Command, command } from "./command.ts";
import { capturedOf, type Reference } from "./reference.ts";
import type { Sent, Stage } from "./stage.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const PAUSES = {
  "1 s": SECOND,
  "1 min": MINUTE,
  "16 min": 16 * MINUTE,
  "40 min": 40 * MINUTE,
  "25 h": 25 * HOUR,
};

/** Where a gateway's books may go; it takes money after it has said no, and never gives it up again. */
const MOVES: Readonly<Partial<Record<GatewayStatus, readonly GatewayStatus[]>>> = {
  pending: ["success", "failure", "cancelled", "processing", "authorized"],
  processing: ["success", "failure"],
  authorized: ["success", "expired", "cancelled"],
  failure: ["success", "processing", "authorized"],
  cancelled: ["success"],
  expired: ["success"],
};

const index = fc.nat({ max: 11 });
const isTold = fc.boolean();

/** What happens at the gateway. */
export const gatewayCommands: fc.Arbitrary<Command>[] = [
  fc
    .tuple(index, fc.constantFrom<GatewayStatus[]>("success", "success", "failure", "cancelled"), isTold)
    .map(([at, to, told]) => moves(at, to, told)),
  fc
    .tuple(index, fc.constantFrom<GatewayStatus[]>("processing", "authorized", "success", "expired"), isTold)
    .map(([at, to, told]) => moves(at, to, told)),
  fc.tuple(index, isTold).map(([at, told]) =>
    atSession(`too little is paid for ${at}`, at, told, (session) => {
      if (MOVES[session.status]?.includes("success")) {
        session.status = "success";
        session.amountCaptured = Number(session.request.amount) - 1;
      }
    }),
  ),
  fc.tuple(index, fc.constantFrom(100, 300, 1999), isTold).map(([at, amount, told]) =>
    atSession(`the dashboard refunds ${amount} of ${at}`, at, told, (session) => {
      const held = [...session.refunds.values()].filter(({ status }) => status === "pending");
      const rest = held.reduce((sum, one) => sum - one.amount, capturedOf(session) - session.amountRefunded);
      session.amountRefunded += Math.max(0, Math.min(amount, rest));
    }),
  ),
  fc.tuple(index, fc.constantFrom("open", "won", "lost"), isTold).map(([at, dispute, told]) =>
    atSession(`dispute ${dispute} of ${at}`, at, told, (session) => {
      const follows = dispute === "open" ? session.dispute === null : session.dispute === "open";
      if (capturedOf(session) > 0 && follows) {
        session.dispute = dispute as FakeSession["dispute"];
      }
    }),
  ),
  fc.tuple(index, fc.constantFrom("success", "failure")).map(([at, end]) =>
    atSession(`pending refunds of ${at} end: ${end}`, at, true, (session, { gateway }) => {
      for (const id of session.refunds.keys()) {
        gateway.endRefund(session, id, end as "success");
      }
    }),
  ),
  fc.constantFrom("success", "pending", "failure").map((outcome) =>
    command(`refunds come to ${outcome}`, async (_, { gateway }) => {
      gateway.refundOutcome = outcome as "success";
    }),
  ),
];

/** Callbacks that say what is not so, or not any more. */
export const callbackCommands: fc.Arbitrary<Command>[] = [
  index.map((at) =>
    command(
      `callback ${at} comes, maybe again`,
      (_, stage) => {
        const sent = stage.callbacks.at(-1 - (at % stage.callbacks.length));
        return sent && deliver(stage, sent);
      },
      hasSessions,
    ),
  ),
  fc.tuple(index, fc.constantFrom("success", "authorized")).map(([at, status]) =>
    command(
      `a callback says ${status} with a wrong amount for ${at}`,
      async (model, stage) => {
        const id = sessionAt(stage, at);
        if (stage.gateway.sessions.has(id)) {
          model.facts(id).isBelied = true;
          await deliver(
            stage,
            await write(stage, id, status as GatewayStatus, { amount: 1, amount_captured: 1 }),
          );
        }
      },
      hasSessions,
    ),
  ),
];

/** Time, the cron, and what breaks. */
export const worldCommands: fc.Arbitrary<Command>[] = [
  fc.constant(command("tick", (_, stage) => stage.tick())),
  fc.constantFrom(...(Object.keys(PAUSES) as (keyof typeof PAUSES)[])).map((pause) =>
    command(`${pause} pass`, async (_, stage) => {
      stage.advance(PAUSES[pause]);
      await stage.tick();
    }),
  ),
  fc.boolean().map((isUp) =>
    command(`the shop is ${isUp ? "up" : "down"}`, async (_, { system: { shop } }) => {
      shop.answer = () => new Response(null, { status: isUp ? 204 : 500 });
    }),
  ),
  fc
    .constantFrom<(Fault | null)[]>("down", "lost_answer", "broken", null, null, null)
    .map((fault) => command(`gateway: ${fault ?? "up"}`, async (_, stage) => stage.breakGateway(fault))),
  fc
    .record({
      at: fc.nat({ max: 6 }),
      kind: fc.constantFrom<("before" | "after")[]>("before", "after"),
      isTransient: fc.boolean(),
    })
    .map((fault) =>
      command(`D1 fails: ${JSON.stringify(fault)}`, async (_, stage) => {
        stage.d1Fault = fault;
      }),
    ),
];

const hasSessions = (model: Reference) => model.rows.length > 0;

function sessionAt({ gateway }: Stage, at: number): string {
  const ids = [...gateway.sessions.keys()];
  return ids[at % ids.length] ?? "";
}

function moves(at: number, to: GatewayStatus, told: boolean): Command {
  return atSession(`gateway: ${to} of ${at}`, at, told, (session) => {
    const isHeld = to !== "authorized" || session.request.capture === "manual";
    if (isHeld && MOVES[session.status]?.includes(to)) {
      session.status = to;
    }
  });
}

/** Something happens to a session; its callback is written, and comes now, later or never. */
function atSession(
  label: string,
  at: number,
  told: boolean,
  happen: (session: FakeSession, stage: Stage) => void,
): Command {
  return command(
    `${label}${told ? "" : ", untold"}`,
    async (_, stage) => {
      const id = sessionAt(stage, at);
      const session = stage.gateway.sessions.get(id);
      if (session) {
        happen(session, stage);
        const sent = await write(stage, id, session.status);
        await (told ? deliver(stage, sent) : undefined);
      }
    },
    hasSessions,
  );
}

export async function write(
  { gateway, callbacks }: Stage,
  id: string,
  status: GatewayStatus,
  changes: Record<string, unknown> = {},
): Promise<Sent> {
  const sent = { body: await gateway.callback(id, status, changes).text(), outcome: null };
  callbacks.push(sent);
  return sent;
}

/** A repeated one changes nothing; a refund under way may be looked at because of it. */
export async function deliver(stage: Stage, sent: Sent): Promise<void> {
  const answer = await stage.deliver(signedCallback(sent.body));
  if (answer.status === 200) {
    const outcome = String(answer.body.outcome);
    if (sent.outcome !== null && sent.outcome !== "parked") {
      expect(outcome).toBe("duplicate");
    }
    sent.outcome = outcome;
  } else {
    expect(answer.isTroubled).toBe(true);
  }
}
