/** What the shop does, and which answers it may count on. */
import fc from "fast-check";
import { expect } from "vitest";
import { type Command, command } from "./command.ts";
import {
  capturedOf,
  isKept,
  isOpen,
  type Reference,
  type Row,
  type Terms,
  type UsedKey,
} from "./reference.ts";
import type { Answer, Stage } from "./stage.ts";

const terms: fc.Arbitrary<Terms> = fc.record({
  order_id: fc.constantFrom("order-1", "order-2"),
  amount: fc.constantFrom(1999, 1999, 1999, 500),
  currency: fc.constantFrom("USD", "USD", "USD", "EUR"),
  capture: fc.constantFrom("automatic", "automatic", "manual"),
});
const index = fc.nat({ max: 11 });

/** Of each of them a share of the commands. */
export const shopCommands: fc.Arbitrary<Command>[] = [
  fc
    .tuple(terms, fc.boolean())
    .map(([body, withKey]) =>
      command(`create ${JSON.stringify(body)}${withKey ? " by a key" : ""}`, (model, stage) =>
        create(model, stage, body, withKey),
      ),
    ),
  index.map((at) =>
    command(
      `create again by key ${at}`,
      (model, stage) => createAgain(model, stage, keyAt(model, at)),
      hasKeys,
    ),
  ),
  index.map((at) =>
    command(
      `key ${at} with another body`,
      async (model, stage) => {
        const { key, body } = keyAt(model, at);
        const answer = await stage.ask("POST", "/transactions", { ...body, description: "other" }, key);
        expectOneOf(answer, ["422 idempotency_mismatch"]);
      },
      (model) => hasKeys(model) && keyAt(model, at).id !== null,
    ),
  ),
  index.map((at) => onRow(`cancel ${at}`, at, cancel)),
  fc
    .tuple(index, fc.constantFrom(null, null, 500, 1000))
    .map(([at, amount]) =>
      onRow(`capture ${amount ?? "all"} of ${at}`, at, (model, stage, row) =>
        capture(model, stage, row, amount),
      ),
    ),
  fc
    .tuple(index, fc.constantFrom(null, 100, 700), fc.constantFrom(undefined, "key-1", "key-2"))
    .map(([at, amount, key]) =>
      onRow(`refund ${amount ?? "the rest"} of ${at}${key ? ` by ${key}` : ""}`, at, (model, stage, row) =>
        refund(model, stage, row, amount, key),
      ),
    ),
  fc
    .tuple(index, fc.constantFrom("accept", "reject"))
    .map(([at, verdict]) =>
      onRow(`${verdict} ${at}`, at, (model, stage, row) => decide(model, stage, row, verdict)),
    ),
  index.map((at) => onRow(`read ${at}`, at, read)),
];

export function onRow(
  label: string,
  at: number,
  act: (model: Reference, stage: Stage, row: Row) => Promise<unknown>,
): Command {
  const run = (model: Reference, stage: Stage) => {
    const row = model.pick(at);
    return row && act(model, stage, row);
  };
  return command(label, run, (model) => model.rows.length > 0);
}

const hasKeys = (model: Reference) => model.keys.length > 0;

function keyAt({ keys }: Reference, at: number): UsedKey {
  const used = keys[at % keys.length];
  if (!used) {
    throw new Error("no key was used yet");
  }
  return used;
}

/** While nothing is broken exactly one of these; else also a 503, or what a call that was lost half-way leads to. */
function expectOneOf(answer: Answer, outcomes: readonly string[]): void {
  if (!answer.isTroubled) {
    expect(outcomes).toContain(answer.outcome);
  }
}

async function create(model: Reference, stage: Stage, body: Terms, withKey: boolean): Promise<void> {
  const used = withKey ? { key: `key-${model.keys.length}`, body, id: null } : null;
  const foreseen = foresee(model, stage, body);
  const wasPaid = model.ofOrder(body.order_id).some(isKept);
  if (used) {
    model.keys.push(used);
  }
  callOff(model, body);
  const answer = await stage.ask("POST", "/transactions", body, used?.key);
  expectOneOf(answer, foreseen.outcomes);
  if (answer.status < 300) {
    expect(wasPaid).toBe(false);
    expect(answer.status === 201).toBe(model.find(String(answer.body.id)) === undefined);
    accept(used, answer);
    if (!answer.isTroubled && foreseen.id !== null) {
      expect(answer.body.id).toBe(foreseen.id);
    }
  }
}

/** What a create is answered while nothing is broken; with the transaction that is resumed, if one is. */
function foresee(model: Reference, stage: Stage, { order_id, amount, currency }: Terms) {
  const rows = model.ofOrder(order_id);
  const taken = rows.flatMap((row) => [
    ...(isKept(row) ? ["409 order_already_paid"] : []),
    ...(row.status === "review" ? ["409 order_in_review"] : []),
  ]);
  const open = rows.find(isOpen);
  if (taken.length > 0) {
    return { outcomes: taken, id: null };
  }
  if (!open) {
    return { outcomes: ["201"], id: null };
  }
  if (open.amount === amount && open.currency === currency && stage.clock.now() < open.expires_at) {
    return { outcomes: ["200"], id: open.id };
  }
  // Callbacks that came before it was opened wait for it, old and false ones too: they may be what ends it.
  const parked = open.version === 0 ? ["201", "409 order_in_review", "409 order_already_paid"] : [];
  return { outcomes: [...superseding(model, stage, open), ...parked], id: null };
}

/** The old one has to be ended first, and the gateway says whether it can. */
function superseding(model: Reference, stage: Stage, { id }: Row): string[] {
  switch (stage.gateway.sessions.get(id)?.status) {
    case "success":
      return model.keptAtGateway(id) > 0 ? ["409 order_already_paid", "409 order_in_review"] : ["201"];
    case "processing":
    case "authorized":
      return ["409 order_in_progress"];
    default:
      return ["201"];
  }
}

/** What an order has may have to make room for what is asked now. */
function callOff(model: Reference, { order_id }: Terms): void {
  for (const { id } of model.ofOrder(order_id)) {
    model.facts(id).isCalledOff = true;
  }
}

async function createAgain(model: Reference, stage: Stage, used: UsedKey): Promise<void> {
  if (used.id === null) {
    callOff(model, used.body);
  }
  const answer = await stage.ask("POST", "/transactions", used.body, used.key);
  if (used.id !== null) {
    expectOneOf(answer, ["200"]);
  }
  accept(used, answer);
}

function accept(used: UsedKey | null, { status, body }: Answer): void {
  if (used && status < 300) {
    expect(body.id).toBe(used.id ?? body.id);
    used.id = String(body.id);
  }
}

async function cancel(model: Reference, stage: Stage, row: Row): Promise<void> {
  const session = stage.gateway.sessions.get(row.id);
  model.facts(row.id).isCalledOff = true;
  const answer = await stage.ask("POST", `/transactions/${row.id}/cancel`);
  if (answer.status === 200) {
    expect(answer.body.status).toBe(row.status === "expired" ? "expired" : "canceled");
  }
  const isOver = row.status === "canceled" || row.status === "expired";
  const refused = ["409 not_cancelable"];
  const isTaken = session && ["processing", "authorized"].includes(session.status);
  if (row.version === 0) {
    expectOneOf(answer, ["404 not_found"]);
  } else if (isOver || (isOpen(row) && session && !isTaken && capturedOf(session) === 0)) {
    expectOneOf(answer, ["200"]);
  } else {
    // Money of an order that is paid already is sent back at once, by that policy.
    expectOneOf(answer, isOpen(row) && model.policy === "refund" ? ["200", ...refused] : refused);
  }
}

async function capture(_model: Reference, stage: Stage, row: Row, amount: number | null): Promise<void> {
  const session = stage.gateway.sessions.get(row.id);
  const answer = await stage.ask(
    "POST",
    `/transactions/${row.id}/capture`,
    amount === null ? {} : { amount },
  );
  if (answer.status === 200) {
    expect(answer.body).toMatchObject({ status: "succeeded", ...(amount && { amount_captured: amount }) });
  }
  const sum = amount ?? row.capturing ?? row.amount;
  const isHeld = row.status === "authorized" && session?.status === "authorized";
  if (isHeld && sum <= row.amount && (row.capturing ?? sum) === sum) {
    expectOneOf(answer, ["200"]);
  }
  if (row.status !== "authorized" && row.status !== "succeeded") {
    expect(answer.status).toBeGreaterThanOrEqual(400);
  }
}

async function refund(
  model: Reference,
  stage: Stage,
  row: Row,
  amount: number | null,
  key?: string,
): Promise<void> {
  const used = model.refundKeys.get(`${row.id} ${key}`);
  const pending = model.refunds.filter((one) => one.transaction_id === row.id && one.status === "pending");
  const sum = (list: readonly { amount: number }[]) => list.reduce((total, one) => total + one.amount, 0);
  const rest = row.amount_captured - row.amount_refunded - sum(pending);
  const heldAtGateway = [...(stage.gateway.sessions.get(row.id)?.refunds.values() ?? [])];
  const restAtGateway =
    model.keptAtGateway(row.id) - sum(heldAtGateway.filter(({ status }) => status === "pending"));
  const body = amount === null ? {} : { amount };
  const answer = await stage.ask("POST", `/transactions/${row.id}/refunds`, body, key);
  if (answer.status < 300 && key) {
    expect(answer.body.id).toBe(used?.id ?? answer.body.id);
    model.refundKeys.set(`${row.id} ${key}`, { id: String(answer.body.id), amount });
  }
  if (used) {
    expectOneOf(
      answer,
      used.amount === amount ? ["200", "502 gateway_rejected"] : ["422 idempotency_mismatch"],
    );
  } else if (key === undefined) {
    const isLeft = row.status === "succeeded" && rest >= (amount ?? 1);
    const isLeftThere = isLeft && restAtGateway >= (amount ?? rest);
    const refused = row.version === 0 ? ["404 not_found"] : ["409 not_refundable", "409 refund_exceeds_rest"];
    expectOneOf(answer, isLeftThere ? ["201"] : isLeft ? ["502 gateway_rejected"] : refused);
  }
}

async function decide(model: Reference, stage: Stage, row: Row, verdict: string): Promise<void> {
  const isKeptThere = model.keptAtGateway(row.id) > 0;
  const isPaid = model.ofOrder(row.order_id).some(isKept);
  const isBlind = stage.gateway.fault !== null;
  if (verdict === "accept" && row.status === "review" && isBlind) {
    model.facts(row.id).isOnWord = true;
  }
  const answer = await stage.ask("POST", `/transactions/${row.id}/${verdict}`, { by: "ann" });
  if (row.version === 0) {
    expectOneOf(answer, ["404 not_found"]);
  } else if (row.status !== "review") {
    expectOneOf(answer, ["409 not_in_review"]);
  } else if (verdict === "reject") {
    expectOneOf(answer, ["200"]);
  } else if (isPaid) {
    expectOneOf(answer, ["409 order_already_paid"]);
  } else {
    expectOneOf(answer, isKeptThere ? ["200"] : ["409 not_settled"]);
  }
}

async function read(_model: Reference, stage: Stage, { id, status, version }: Row): Promise<void> {
  const answer = await stage.ask("GET", `/transactions/${id}`);
  if (!answer.isTroubled) {
    expect(answer.status).toBe(version === 0 ? 404 : 200);
  }
  if (answer.status === 200) {
    expect(answer.body).toMatchObject({ id, status, version });
  }
}
