/** What the tests of money share: paid and held transactions, the shop's verbs, and the fake gateway's books. */
import type { Fault } from "./fake-gateway.ts";
import {
  createPending,
  deliver,
  initiate,
  newOrder,
  read,
  type System,
  selectRow,
  type TransactionBody,
} from "./system.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export interface RefundBody {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: string;
  readonly reason: string | null;
  readonly failure: { readonly code: string } | null;
}

export interface HistoryEntry {
  readonly type: string;
  readonly status: string;
  readonly previous_status: string | null;
  readonly source: string;
  readonly reason: string | null;
  readonly by: string | null;
  readonly note: string | null;
  readonly amount_captured: number;
  readonly amount_refunded: number;
}

export interface MoneyBody extends TransactionBody {
  readonly amount_captured: number;
  readonly dispute: string | null;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface Said<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface InboxEntry {
  readonly id: string;
  readonly event_id: string;
  readonly gateway: string;
  readonly transaction_id: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly says: Record<string, unknown>;
}

export interface InboxPage {
  readonly data: InboxEntry[];
  readonly next_cursor: string | null;
}

/** A page of GET /inbox. */
export async function listInbox(system: System, query = ""): Promise<InboxPage> {
  const response = await system.call("GET", `/inbox${query}`);
  if (response.status !== 200) {
    throw new Error(`GET /inbox answered ${response.status}`);
  }
  return (await response.json()) as InboxPage;
}

async function post<T>(system: System, path: string, body?: unknown, key?: string): Promise<Said<T>> {
  const headers: Record<string, string> = key === undefined ? {} : { "idempotency-key": key };
  const response = await system.call("POST", path, body, headers);
  return { status: response.status, headers: response.headers, body: (await response.json()) as T };
}

export const readMoney = async (system: System, id: string) => (await read(system, id)) as MoneyBody;

/** Creates a transaction, and the gateway comes to this state and says so. */
export async function createAs(
  system: System,
  status: "success" | "authorized" | "expired" | "cancelled" | "failure",
  changes: Record<string, unknown> = {},
): Promise<MoneyBody> {
  const { body } = await initiate(system, newOrder(changes));
  system.gateway.settle(body.id, status);
  await deliver(system, system.gateway.callback(body.id, status));
  await system.settle();
  return readMoney(system, body.id);
}

export const createPaid = (system: System, changes?: Record<string, unknown>) =>
  createAs(system, "success", changes);

export const createHeld = (system: System, changes?: Record<string, unknown>) =>
  createAs(system, "authorized", { capture: "manual", ...changes });

/** @param body {amount?, reason?}; a refund, or a problem */
export const refund = (system: System, id: string, body?: unknown, key?: string) =>
  post<RefundBody & MoneyBody>(system, `/transactions/${id}/refunds`, body, key);

export const capture = (system: System, id: string, body?: unknown) =>
  post<MoneyBody>(system, `/transactions/${id}/capture`, body);

export const decideReview = (system: System, id: string, verdict: "accept" | "reject", body?: unknown) =>
  post<MoneyBody>(system, `/transactions/${id}/${verdict}`, body);

export async function refundsOf(system: System, id: string): Promise<RefundBody[]> {
  const response = await system.call("GET", `/transactions/${id}/refunds`);
  return ((await response.json()) as { data: RefundBody[] }).data;
}

export async function historyOf(system: System, id: string): Promise<HistoryEntry[]> {
  const response = await system.call("GET", `/transactions/${id}/events`);
  return ((await response.json()) as { data: HistoryEntry[] }).data;
}

/** The history's types, without their prefix. */
export const typesOf = async (system: System, id: string) =>
  (await historyOf(system, id)).map(({ type }) => type.replace("transaction.", ""));

/** What the gateway's books say of the refunds that it was asked for. */
export function givenBack(system: System, id: string): { count: number; sum: number } {
  const done = [...system.gateway.session(id).refunds.values()].filter(({ status }) => status === "success");
  return { count: done.length, sum: done.reduce((sum, { amount }) => sum + amount, 0) };
}

export const callsTo = (system: System, verb: string, id: string) =>
  system.gateway.calls.filter((call) => call === `POST /${verb}/${id}`).length;

/** The sum of a capture that is not known to be done; null: none. */
export const capturingOf = async (id: string) =>
  (await selectRow<{ capturing: number | null }>("SELECT capturing FROM transactions WHERE id = ?", id))
    ?.capturing ?? null;

/** The gateway fails at captures alone. */
export function failCaptures(system: System, fault: Fault): void {
  system.gateway.faulty = /capture/;
  system.gateway.fault = fault;
}

/** The gateway says how it stands, as its books have it. */
export async function tell(
  system: System,
  id: string,
  changes: Record<string, unknown> = {},
): Promise<string> {
  const { status } = system.gateway.session(id);
  const outcome = await deliver(system, system.gateway.callback(id, status, changes));
  await system.settle();
  return outcome;
}

/** Lets time pass, and the cron run. */
export async function later(system: System, ms = MINUTE): Promise<void> {
  system.advance(ms);
  await system.tick();
  await system.settle();
}

/** The buyer pays, and the gateway's books say so. */
export async function pay(system: System, id: string, terms: Record<string, unknown> = {}): Promise<void> {
  Object.assign(system.gateway.session(id).request, terms);
  system.gateway.settle(id, "success");
  await tell(system, id);
}

/** A payment of other terms than were asked for. */
export async function bringPaid(system: System, terms: Record<string, unknown>): Promise<string> {
  const { id } = await createPending(system);
  await pay(system, id, terms);
  return id;
}
