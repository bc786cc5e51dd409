/**
 * What must hold whatever happened (I1 to I9), read from a dump of D1 and, where there are any, from the books of the
 * other parties. I10, that no secret opens another's transaction, is asked over HTTP and has its own tests.
 */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { FakeGateway } from "./fake-gateway.ts";
import type { FakeShop } from "./fake-shop.ts";

export interface TransactionRow {
  readonly id: string;
  readonly order_id: string;
  readonly status: string;
  readonly version: number;
  readonly amount: number;
  readonly currency: string;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly capture: string;
  readonly slot: string;
  readonly late: number;
  readonly review_reason: string | null;
  readonly dispute: string | null;
  readonly expires_at: number;
  readonly next_check_at: number | null;
}

interface EventRow {
  readonly transaction_id: string;
  readonly version: number;
  readonly type: string;
  readonly source: string;
  readonly status: string;
  readonly status_before: string;
  readonly amount_captured: number;
  readonly position: number | null;
}

interface DeliveryRow {
  readonly position: number;
  readonly transaction_id: string;
  readonly version: number;
  readonly type: string;
  readonly body: string;
  readonly attempts: number;
  readonly next_attempt_at: number | null;
  readonly delivered_at: number | null;
  readonly last_error: string | null;
}

interface RefundRow {
  readonly id: string;
  readonly transaction_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: "pending" | "succeeded" | "failed";
  readonly next_attempt_at: number | null;
}

export interface Dump {
  readonly transactions: readonly TransactionRow[];
  readonly events: readonly EventRow[];
  readonly deliveries: readonly DeliveryRow[];
  readonly refunds: readonly RefundRow[];
  /** Of the hours, as JSON. */
  readonly facts: readonly { readonly facts: string }[];
  /** Up to which delivery they are counted. */
  readonly counted: number;
}

/** The other parties' side of it. */
export interface Books {
  readonly gateway: FakeGateway;
  readonly shop: FakeShop;
  /** By transaction: each body with which the gateway was asked for a session. */
  readonly asked?: ReadonlyMap<string, ReadonlySet<string>>;
  /** What browsers were shown. */
  readonly browser?: {
    readonly sightings: readonly {
      readonly transactionId: string;
      readonly version: number;
      readonly status: string;
    }[];
  };
}

export async function dumpD1(): Promise<Dump> {
  const select = (query: string) => env.DB.prepare(query);
  const [transactions, events, deliveries, refunds, facts, counted] = await env.DB.batch([
    select("SELECT * FROM transactions"),
    select("SELECT * FROM events ORDER BY transaction_id, version"),
    select("SELECT * FROM deliveries ORDER BY position"),
    select("SELECT * FROM refunds ORDER BY id"),
    select("SELECT facts FROM statistics WHERE span = 'hour'"),
    select("SELECT position FROM roll_up"),
  ]);
  return {
    transactions: (transactions?.results ?? []) as TransactionRow[],
    events: (events?.results ?? []) as EventRow[],
    deliveries: (deliveries?.results ?? []) as DeliveryRow[],
    refunds: (refunds?.results ?? []) as RefundRow[],
    facts: (facts?.results ?? []) as { facts: string }[],
    counted: (counted?.results as { position: number }[] | undefined)?.[0]?.position ?? 0,
  };
}

/** Whatever is under way. */
export async function checkInvariants(books?: Books): Promise<Dump> {
  const dump = await dumpD1();
  expect([...inD1(dump), ...(books ? againstBooks(dump, books) : [])]).toEqual([]);
  return dump;
}

/** When nothing is under way any more, everybody is up again, and the cron has had its time. */
export async function checkConverged(books: Books): Promise<Dump> {
  const dump = await checkInvariants(books);
  expect(atRest(dump, books)).toEqual([]);
  return dump;
}

/** The console's figures: each change of a status that was counted adds one to what it is now, and takes one from before. */
function countedOnce({ events, facts, counted }: Dump): string[] {
  const sums = new Map<string, number>();
  const add = (status: string, count: number) => sums.set(status, (sums.get(status) ?? 0) + count);
  for (const { position, status, status_before: before } of events) {
    if (position !== null && position <= counted && status !== before) {
      add(status, -1);
      add(before, 1);
    }
  }
  for (const row of facts) {
    const gateways = Object.values(
      JSON.parse(row.facts) as Record<string, { ended: Record<string, number> }>,
    );
    for (const [status, count] of gateways.flatMap(({ ended }) => Object.entries(ended))) {
      add(status, count);
    }
  }
  return ["succeeded", "failed", "canceled", "expired", "review"]
    .filter((status) => (sums.get(status) ?? 0) !== 0)
    .map((status) => `the figures are ${sums.get(status)} off for ${status}`);
}

/** The sum of those that were begun here. */
function ownRefunds(row: TransactionRow, refunds: readonly RefundRow[], status: RefundRow["status"]): number {
  return refunds
    .filter((one) => one.transaction_id === row.id && one.status === status && one.currency === row.currency)
    .reduce((sum, { amount }) => sum + amount, 0);
}

const isOpen = (status: string) => ["pending", "processing", "authorized"].includes(status);

function inD1(dump: Dump): string[] {
  const { transactions, events, deliveries, refunds } = dump;
  const histories = Map.groupBy(events, (event) => event.transaction_id);
  const owed = Map.groupBy(deliveries, (delivery) => delivery.transaction_id);
  const known = new Set(transactions.map(({ id }) => id));
  return [
    ...transactions.flatMap((row) => ofTransaction(row, histories.get(row.id) ?? [], owed.get(row.id) ?? [])),
    ...placesTaken(transactions),
    ...countedOnce(dump),
    ...deliveries
      .filter(({ position, transaction_id: id, version }) => {
        const event = histories.get(id)?.find((one) => one.version === version);
        return event?.position !== position;
      })
      .map(({ position }) => `I5 delivery ${position} is not what its event names`),
    ...[...histories.keys(), ...owed.keys()]
      .filter((id) => !known.has(id))
      .map((id) => `I5 ${id} has a history or a delivery, and is not there`),
    ...deliveries
      .filter((one) => one.delivered_at === null && one.next_attempt_at === null && one.last_error === null)
      .map(({ position }) => `I7 delivery ${position} is neither due nor dead`),
    ...refunds
      .filter((one) => (one.status === "pending") !== (one.next_attempt_at !== null))
      .map(
        ({ id, status }) =>
          `I7 refund ${id} is ${status}, and ${status === "pending" ? "never" : "still"} due`,
      ),
    ...transactions
      .filter((row) => ownRefunds(row, refunds, "succeeded") > row.amount_refunded)
      .map(({ id }) => `I4 less is refunded than our own refunds make: ${id}`),
  ];
}

function ofTransaction(
  row: TransactionRow,
  history: readonly EventRow[],
  owed: readonly DeliveryRow[],
): string[] {
  const { id, status, version } = row;
  const fulfilments = owed.filter(({ type }) => type === "transaction.succeeded").length;
  const succeeded = history.some(({ type }) => type === "transaction.succeeded");
  const first = history.findIndex((event) => event.status === "succeeded");
  const untold = ["transaction.created", "transaction.referenced"];
  const outgoing = history.filter(({ type }) => !untold.includes(type)).map((event) => event.version);
  const rules: [boolean, string][] = [
    [
      fulfilments === (succeeded ? 1 : 0),
      `I1/I2 ${fulfilments} fulfilments of ${succeeded ? "a" : "no"} success`,
    ],
    [
      first < 0 || history.slice(first).every((event) => event.status === "succeeded"),
      "I3 a success was taken back",
    ],
    [history.every((event, index) => event.version === index + 1), "I5 a gap in the history"],
    [history.length === version, `I5 version ${version} of ${history.length} events`],
    [version === 0 || history.at(-1)?.status === status, `I5 ${status} is not what its history says`],
    [
      history.every((event, index) => index === 0 || event.status_before === history[index - 1]?.status),
      "I5 the history does not join",
    ],
    [
      String(owed.map((delivery) => delivery.version).toSorted((a, b) => a - b)) === String(outgoing),
      "I5 not one delivery for each outgoing event",
    ],
    [history.every((event) => isAsOrdered(row, event)), "I6 fulfilled, and not as ordered"],
    [!isOpen(status) || row.next_check_at !== null, `I7 ${status}, and never looked at again`],
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => `${rule}: ${id}`);
}

/** The whole amount was paid; or less was captured by the shop's wish, or a person accepted what came. */
function isAsOrdered({ amount, capture }: TransactionRow, event: EventRow): boolean {
  return (
    event.type !== "transaction.succeeded" ||
    event.amount_captured === amount ||
    isVerdict(event) ||
    (capture === "manual" && event.amount_captured < amount)
  );
}

/** Nobody else moves a transaction out of a review for the shop's or an operator's sake. */
function isVerdict({ source, status_before }: EventRow): boolean {
  return status_before === "review" && (source === "operator" || source === "shop");
}

function placesTaken(transactions: readonly TransactionRow[]): string[] {
  const places = Map.groupBy(transactions, ({ order_id, slot }) => `${order_id} ${slot}`);
  return [...places].filter(([, rows]) => rows.length > 1).map(([place]) => `I8 taken twice: ${place}`);
}

function againstBooks(dump: Dump, { gateway, shop, asked, browser }: Books): string[] {
  const { transactions, events, deliveries } = dump;
  const known = new Set(transactions.map(({ id }) => id));
  const frozen = new Map(
    deliveries.map((one) => [`${one.transaction_id.slice(4)}_${one.position}`, one.body]),
  );
  const states = new Map(events.map((event) => [`${event.transaction_id} ${event.version}`, event.status]));
  return [
    ...[...gateway.sessions.keys()]
      .filter((id) => !known.has(id))
      .map((id) => `I8 a session of nobody: ${id}`),
    ...[...gateway.sessions]
      .flatMap(([id, session]) =>
        [...session.refunds].map(([refundId, { amount }]) => ({ id, refundId, amount })),
      )
      .filter(({ id, refundId, amount }) => !isOurs(dump, id, refundId, amount))
      .map(({ refundId }) => `I4 a refund at the gateway that nobody began: ${refundId}`),
    ...[...(asked ?? [])]
      .filter(([, bodies]) => bodies.size > 1)
      .map(([id]) => `I8 a session was asked for in two ways: ${id}`),
    ...events
      .filter((event) => event.type === "transaction.succeeded" && !isVerdict(event))
      .filter(({ transaction_id: id, amount_captured }) => {
        const session = gateway.sessions.get(id);
        return session === undefined || gateway.captured(session) !== amount_captured;
      })
      .map(({ transaction_id: id }) => `I6 fulfilled, and the gateway has not that money: ${id}`),
    ...shop.received
      .filter(({ id, body }) => frozen.get(id.slice(4)) !== body)
      .map(({ id }) => `I9 another body under ${id}`),
    ...(browser?.sightings ?? [])
      .filter(({ transactionId, version, status }) => states.get(`${transactionId} ${version}`) !== status)
      .map(
        ({ transactionId, version, status }) =>
          `I5 a browser saw ${status} as ${version} of ${transactionId}`,
      ),
  ];
}

function isOurs({ refunds }: Dump, transactionId: string, id: string, amount: number): boolean {
  return refunds.some(
    (row) => row.id === id && row.transaction_id === transactionId && row.amount === amount,
  );
}

/** It is as the gateway has it; one that was refused is not there. */
function isSettled({ id, transaction_id, status }: RefundRow, gateway: FakeGateway): boolean {
  const there = gateway.sessions.get(transaction_id)?.refunds.get(id)?.status;
  return { pending: "pending", succeeded: "success", failed: there && "failure" }[status] === there;
}

function atRest({ transactions, deliveries, refunds }: Dump, { gateway, shop }: Books): string[] {
  const delivered = new Set(shop.received.map(({ id }) => id));
  const payable = transactions.filter(({ id }) => gateway.sessions.get(id)?.status === "pending");
  const orders = Map.groupBy(payable, (row) => row.order_id);
  return [
    ...transactions.flatMap((row) => money(row, gateway)),
    ...refunds
      .filter((row) => !isSettled(row, gateway))
      .map(({ id, status }) => `I4 refund ${id} is ${status}, and not so at the gateway`),
    ...transactions.filter(({ version }) => version === 0).map(({ id }) => `I8 ${id} was never opened`),
    ...[...orders]
      .filter(([, rows]) => rows.length > 1)
      .map(([order]) => `I8 two pages take money for ${order}`),
    ...payable
      .filter(({ status }) => status !== "pending")
      .map(({ id, status }) => `I8 ${id} is ${status}, and its page takes money`),
    ...deliveries
      .filter((one) => one.delivered_at === null)
      .map(({ position, type }) => `I7 ${type} (${position}) was not delivered`),
    ...deliveries
      .filter((one) => !delivered.has(`evt_${one.transaction_id.slice(4)}_${one.position}`))
      .map(({ position, type }) => `I7 ${type} (${position}) never reached the shop`),
  ];
}

/** I4: what the gateway has taken and given back is what our books say; money without a success is explicit. */
function money(row: TransactionRow, gateway: FakeGateway): string[] {
  const session = gateway.sessions.get(row.id);
  const captured = session ? gateway.captured(session) : 0;
  const refunded = session?.amountRefunded ?? 0;
  const underWay = [...(session?.refunds.values() ?? [])]
    .filter(({ status }) => status === "pending")
    .reduce((sum, { amount }) => sum + amount, 0);
  const agrees = row.amount_captured === captured && row.amount_refunded === refunded;
  const explicit =
    row.status === "succeeded" ||
    row.status === "review" ||
    captured === 0 ||
    refunded === captured ||
    (row.status === "canceled" && refunded + underWay === captured);
  const foreign = row.review_reason === "wrong_currency";
  return explicit && (agrees || foreign)
    ? []
    : [
        `I4 ${row.id} is ${row.status} with ${row.amount_captured} - ${row.amount_refunded}, ` +
          `the gateway has ${captured} - ${refunded}`,
      ];
}
