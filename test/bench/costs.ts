/** What Cloudflare would bill for a payment, by counters: D1's own, and each request to the Worker and to its objects. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SUBPROTOCOL } from "../../src/channel/message.ts";
import { newTypeId } from "../../src/lib/id.ts";
import { type Counts, countingD1 } from "../support/counting-d1.ts";
import {
  createSystem,
  newOrder,
  ORIGIN,
  replaceServices,
  type System,
  selectRow,
  type TransactionBody,
} from "../support/system.ts";

export interface Costs extends Counts {
  workerRequests: number;
  objectRequests: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export interface Meter {
  readonly system: System;
  /** What a step cost, with all that goes on after its answers. */
  measure(step: () => Promise<unknown>): Promise<Costs>;
  advance(ms: number): void;
  now(): number;
  create(): Promise<TransactionBody>;
  pay(id: string): Promise<unknown>;
  read(id: string): Promise<unknown>;
  /** A browser comes, gets the present state, and goes. */
  watch(transaction: TransactionBody): Promise<void>;
}

/** Seven past, by its own clock: all that is counted by the hour falls into one, whenever this runs. */
export async function createMeter(start = Date.now()): Promise<Meter> {
  const system = await createSystem();
  const { db, counts: objectCounts } = countingD1(env.DB);
  const requests = { workerRequests: 0, objectRequests: 0 };
  let time = start - (start % HOUR_MS) + 7 * MINUTE_MS;
  const now = () => time;
  const { channel } = system.services;
  replaceServices(system, {
    // The shop takes whatever comes: by the wall's clock its signature may be hours old, or of tomorrow.
    fetch: async () => new Response(null, { status: 204 }),
    ...{ now, wallClock: now, newId: (prefix: string) => newTypeId(prefix, now()) },
    channel: {
      publish: (update) => {
        requests.objectRequests += 1;
        return channel.publish(update);
      },
      connect: (id, request) => {
        requests.objectRequests += 1;
        return channel.connect(id, request);
      },
    },
  });
  const fetch = (request: Request) => {
    requests.workerRequests += 1;
    return system.fetch(request);
  };
  const call = (method: string, path: string, body?: unknown) => {
    requests.workerRequests += 1;
    return system.call(method, path, body, { "idempotency-key": crypto.randomUUID() });
  };
  const total = (): Costs => ({
    ...requests,
    roundTrips: system.counts.roundTrips + objectCounts.roundTrips,
    rowsRead: system.counts.rowsRead + objectCounts.rowsRead,
    rowsWritten: system.counts.rowsWritten + objectCounts.rowsWritten,
  });
  return {
    ...{ system, now },
    advance: (ms) => {
      time += ms;
    },
    measure: async (step) => {
      const before = total();
      await step();
      await system.settle();
      return subtract(total(), before);
    },
    create: async () => {
      // So that the order of ids is the order of creation.
      time += 1;
      const response = await call("POST", "/transactions", newOrder());
      return (await response.json()) as TransactionBody;
    },
    pay: (id) => fetch(system.gateway.callback(id, "success")),
    read: (id) => call("GET", `/transactions/${id}`),
    watch: async ({ id, client_secret }) => {
      await runInDurableObject(env.CHANNEL.getByName(id), (object) => {
        Object.assign(object, { env: { ...env, DB: db } });
      });
      const protocols = `${SUBPROTOCOL}, secret.${client_secret}`;
      const headers = { upgrade: "websocket", "sec-websocket-protocol": protocols };
      const { webSocket } = await fetch(new Request(`${ORIGIN}/transactions/${id}/socket`, { headers }));
      if (!webSocket) {
        throw new Error("there was no socket");
      }
      webSocket.accept();
      webSocket.close();
    },
  };
}

/** A payment that is made, watched, paid, delivered and read, with so many sockets one after the other. */
export async function happy(meter: Meter, sockets = 1) {
  let transaction = {} as TransactionBody;
  const create = await meter.measure(async () => {
    transaction = await meter.create();
  });
  const watch = await meter.measure(async () => {
    for (let count = 0; count < sockets; count += 1) {
      await meter.watch(transaction);
    }
  });
  const webhook = await meter.measure(() => meter.pay(transaction.id));
  const status = await meter.measure(() => meter.read(transaction.id));
  return { create, watch, webhook, status };
}

/** A payment that nobody makes: each look of the cron at it, over the life of its clock, beyond what an idle tick costs. */
export async function expired(meter: Meter) {
  const idle = await idleTick(meter);
  let transaction = {} as TransactionBody;
  const create = await meter.measure(async () => {
    transaction = await meter.create();
  });
  const cron: Costs[] = [];
  for (let due = await dueAt(transaction.id); due !== null; due = await dueAt(transaction.id)) {
    meter.advance(Math.max(0, due - meter.now()) + offTheHour(Math.max(due, meter.now())));
    cron.push(subtract(await meter.measure(() => meter.system.tick()), idle));
  }
  return { create, cron: add(cron), ticks: cron.length };
}

/** At a full hour a tick has more to do, for all payments together. */
function offTheHour(at: number): number {
  return at % HOUR_MS < MINUTE_MS ? MINUTE_MS : 0;
}

async function dueAt(id: string): Promise<number | null> {
  const row = await selectRow<{ at: number | null }>(
    "SELECT next_check_at AS at FROM transactions WHERE id = ?",
    id,
  );
  return row?.at ?? null;
}

/** What the roll-up costs for so many payments of one minute, beyond an idle tick. */
export async function rolledUp(meter: Meter, payments: number): Promise<Costs> {
  const idle = await idleTick(meter);
  for (let count = 0; count < payments; count += 1) {
    const { id } = await meter.create();
    await meter.pay(id);
    await meter.system.settle();
  }
  // Only what is older than a minute is looked through for what is pending.
  meter.advance(2 * MINUTE_MS);
  return subtract(await meter.measure(() => meter.system.tick()), idle);
}

/** A tick with nothing to do. */
export async function idleTick(meter: Meter): Promise<Costs> {
  meter.advance(MINUTE_MS);
  await meter.system.tick();
  return meter.measure(() => meter.system.tick());
}

export function add(all: readonly Costs[]): Costs {
  return combine(all, (costs, name) => costs.reduce((sum, one) => sum + one[name], 0));
}

export function subtract(costs: Costs, others: Costs): Costs {
  return combine([costs, others], ([one, other], name) => (one?.[name] ?? 0) - (other?.[name] ?? 0));
}

function combine(all: readonly Costs[], of: (all: readonly Costs[], name: keyof Costs) => number): Costs {
  const one = (name: keyof Costs) => of(all, name);
  return {
    roundTrips: one("roundTrips"),
    rowsRead: one("rowsRead"),
    rowsWritten: one("rowsWritten"),
    workerRequests: one("workerRequests"),
    objectRequests: one("objectRequests"),
  };
}

/** US dollars for a million of each, at list prices; what duration and storage cost is left out. */
const PRICES = { rowsRead: 0.001, rowsWritten: 1, workerRequests: 0.3, objectRequests: 0.15 } as const;

/** US dollars for a million payments that cost so much each. */
export function dollarsPerMillion(costs: Costs): number {
  return Object.entries(PRICES).reduce(
    (sum, [name, price]) => sum + price * costs[name as keyof typeof PRICES],
    0,
  );
}
