/** What scenarios are made of: their form, and the steps that many of them share. */
import type { TransactionBody } from "../../support/system.ts";
import { createPending, type World, type WorldOptions } from "./world.ts";

export interface Scenario {
  readonly name: string;
  /** Nothing goes wrong in here. @returns what is to be cut short */
  prepare(world: World): Promise<() => Promise<unknown>>;
  /** The statuses of all transactions, oldest first, that are right in the end; "" for none. */
  readonly ends: readonly string[];
  /**
   * What is taken and given back of each, as `1999 - 500`, and its dispute. Where this is given, the last of it and of
   * `ends` is what comes of it when nothing is cut short.
   */
  readonly money?: readonly string[];
  /** Where it is not the usual world. */
  readonly options?: WorldOptions;
}

export const MINUTE = 60_000;
const ORDER = { order_id: "order-1", amount: 1999, currency: "USD" };

/** Goes on with the next step when this one is cut short or, as a tick may, fails: as the world outside would. */
export async function attempt(step: Promise<unknown>): Promise<void> {
  await step.catch(() => undefined);
}

export const create = (world: World, changes: Record<string, unknown> = {}, key = "key-1") =>
  world.call("create", "POST", "/transactions", { ...ORDER, ...changes }, { "idempotency-key": key });

/** A row whose opening was cut short: the gateway has its session, and we do not know. */
export async function createHalf(world: World): Promise<string> {
  world.conductor.faults = ({ label }) => (label === "gateway.create-session" ? "kill after" : null);
  await attempt(create(world));
  world.conductor.faults = () => null;
  const [id] = world.gateway.sessions.keys();
  return id ?? "";
}

/** The buyer pays, and the gateway's callback has come. */
export async function pay(world: World, { id }: { readonly id: string }): Promise<void> {
  world.gateway.settle(id, "success");
  await world.fetch("callback", world.callback(id, "success"));
  await world.settle();
}

/** The first attempt at an order failed; a second one waits. */
export async function createTwice(world: World): Promise<[TransactionBody, TransactionBody]> {
  const first = await createPending(world);
  world.gateway.settle(first.id, "failure");
  await world.fetch("callback", world.callback(first.id, "failure"));
  return [first, await createPending(world)];
}

export async function expire(world: World): Promise<TransactionBody> {
  const transaction = await createPending(world);
  world.advance(31 * MINUTE);
  await world.tick();
  await world.settle();
  return transaction;
}

export async function createPaid(world: World): Promise<string> {
  const transaction = await createPending(world);
  await pay(world, transaction);
  return transaction.id;
}

/** Its money is held. */
export async function createHeld(world: World): Promise<string> {
  const { id } = await createPending(world, { capture: "manual" });
  world.gateway.settle(id, "authorized");
  await world.fetch("callback", world.callback(id, "authorized"));
  await world.settle();
  return id;
}

/** Less came than was asked for: a person decides. */
export async function createReviewed(world: World): Promise<string> {
  const transaction = await createPending(world);
  world.gateway.session(transaction.id).request.amount = 1500;
  await pay(world, transaction);
  return transaction.id;
}

export const post = (world: World, path: string, body?: unknown) => world.call("shop", "POST", path, body);

export const refund = (world: World, id: string, amount = 500) =>
  world.call("refund", "POST", `/transactions/${id}/refunds`, { amount }, { "idempotency-key": "refund-1" });

/** The gateway's callback, as its books are; it comes again when it is cut short. */
export async function tell(world: World, id: string, changes?: Record<string, unknown>): Promise<void> {
  const callback = world.callback(id, world.gateway.session(id).status, changes);
  await attempt(world.fetch("callback", callback.clone()));
  await world.settle();
  await world.fetch("callback", callback);
}

/** The gateway takes its time with a refund, which has been begun. */
export async function createRefunding(world: World): Promise<string> {
  const id = await createPaid(world);
  world.gateway.refundOutcome = "pending";
  await refund(world, id);
  await world.settle();
  return id;
}

/** The gateway gives the money back, whatever it was waiting for. */
export function endRefunds(world: World): void {
  world.gateway.refundOutcome = "success";
  for (const session of world.gateway.sessions.values()) {
    for (const id of session.refunds.keys()) {
      world.gateway.endRefund(session, id, "success");
    }
  }
}
