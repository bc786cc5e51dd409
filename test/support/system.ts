/**
 * The real Worker's rooms in workerd, with the outside replaced: a fake gateway, a fake shop, a clock to turn. D1 and
 * the Durable Objects are real.
 */
import { env } from "cloudflare:workers";
import { connectGeneric } from "../../src/gateways/generic.ts";
import { app } from "../../src/http/app.ts";
import { runTick, type Tick } from "../../src/jobs/run-tick.ts";
import { createServices, type Services } from "../../src/services.ts";
import type { Store } from "../../src/store/store.ts";
import { countingD1 } from "./counting-d1.ts";
import { FakeGateway, GATEWAY_API_KEY, GATEWAY_URL, GATEWAY_WEBHOOK_SECRET } from "./fake-gateway.ts";
import { FakeShop, FULFILMENT_SECRET, FULFILMENT_URL } from "./fake-shop.ts";

export const API_KEY = "key_test_0123456789abcdef";
export const ORIGIN = "http://localhost:8787";

export interface System {
  readonly gateway: FakeGateway;
  readonly shop: FakeShop;
  readonly counts: ReturnType<typeof countingD1>["counts"];
  readonly services: Services;
  /** Moves the clock on by so many milliseconds. */
  advance(ms: number): void;
  fetch(request: Request): Promise<Response>;
  /** A request of the shop's. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  tick(): Promise<Tick>;
  /** Waits for what goes on after the answers. */
  settle(): Promise<void>;
}

export async function createSystem(variables: Record<string, unknown> = {}): Promise<System> {
  const gateway = new FakeGateway();
  const shop = new FakeShop();
  const { db, counts } = countingD1(env.DB);
  const deferred: Promise<unknown>[] = [];
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  const bindings = {
    ...env,
    ...{ DB: db, SANDBOX: "off", FULFILMENT_URL, FULFILMENT_SECRET, DEFAULT_GATEWAY: "generic" },
    ...{ GENERIC_GATEWAY_URL: GATEWAY_URL, GENERIC_GATEWAY_API_KEY: GATEWAY_API_KEY },
    ...{ GENERIC_GATEWAY_WEBHOOK_SECRET: GATEWAY_WEBHOOK_SECRET, ...variables },
  };
  const waitUntil = (work: Promise<unknown>) => void deferred.push(work);
  const real = await createServices(bindings, { requestId: "test", now, waitUntil });
  const config = { id: "generic", title: "Generic", url: GATEWAY_URL, apiKey: GATEWAY_API_KEY };
  const generic = connectGeneric(
    { ...config, mode: null, webhookSecrets: [GATEWAY_WEBHOOK_SECRET] },
    { fetch: gateway.fetch, now: Date.now },
  );
  const services: Services = {
    ...real,
    fetch: shop.fetch,
    gateways: new Map([["generic", real.journal.watch(generic)]]),
  };

  const fetch = async (request: Request) =>
    app.fetch(request, { services, requestId: "test", sandbox: null });
  return {
    gateway,
    shop,
    counts,
    services,
    fetch,
    advance: (ms) => {
      offsetMs += ms;
    },
    call: (method, path, body, headers = {}) =>
      fetch(
        new Request(`${ORIGIN}${path}`, {
          method,
          headers: { authorization: `Bearer ${API_KEY}`, ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      ),
    tick: () => runTick(services),
    settle: async () => {
      while (deferred.length > 0) {
        await Promise.all(deferred.splice(0));
      }
    },
  };
}

/** Puts others in the place of some services, from now on. */
export function replaceServices({ services }: System, changes: Partial<Services>): void {
  Object.assign(services, changes);
}

/** Puts something else in the place of some queries, until the returned function is called. */
export function replaceStore(system: System, changes: Partial<Store>): () => void {
  const { store } = system.services;
  replaceServices(system, { store: { ...store, ...changes } });
  return () => replaceServices(system, { store });
}

/** Stops the clock where it is; the returned function moves it. */
export function freezeClock(system: System): { now(): number; advance(ms: number): void } {
  let time = system.services.now();
  replaceServices(system, { now: () => time });
  return {
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
  };
}

async function tableNames(database = env.DB): Promise<string[]> {
  const tables = await database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'd1%' AND name NOT LIKE 'sqlite%'",
    )
    .all<{ name: string }>();
  return tables.results.map(({ name }) => name);
}

/** Everything that is in D1, as text to search. */
export async function dumpTables(except = ""): Promise<string> {
  const names = (await tableNames()).filter((name) => name !== except);
  const results = await env.DB.batch(names.map((name) => env.DB.prepare(`SELECT * FROM ${name}`)));
  return JSON.stringify(results.map(({ results: rows }, index) => [names[index], rows]));
}

/** For tests of what is due: nothing is left of the tests before. */
export async function emptyTables(): Promise<void> {
  await emptyDatabase(env.DB);
}

export async function emptyDatabase(database: D1Database): Promise<void> {
  const names = await tableNames(database);
  await database.batch(names.map((name) => database.prepare(`DELETE FROM ${name}`)));
}

/** The first row of a query, by its own names of columns. */
export async function selectRow<T>(query: string, ...values: unknown[]): Promise<T | null> {
  return env.DB.prepare(query)
    .bind(...values)
    .first<T>();
}

let orders = 0;

/** An order that no other test has. */
export function newOrder(changes: Record<string, unknown> = {}) {
  orders += 1;
  return { order_id: `order-${orders}-${crypto.randomUUID()}`, amount: 1999, currency: "USD", ...changes };
}

export interface TransactionBody {
  readonly id: string;
  readonly order_id: string;
  readonly status: string;
  readonly version: number;
  readonly client_secret: string;
  readonly payment_url: string | null;
  readonly review_reason: string | null;
  readonly late: boolean;
  readonly amount_refunded: number;
}

/** Creates a transaction and leaves it pending. */
export async function createPending(
  system: System,
  changes: Record<string, unknown> = {},
): Promise<TransactionBody> {
  const response = await system.call("POST", "/transactions", newOrder(changes));
  if (response.status !== 201) {
    throw new Error(`create answered ${response.status}: ${await response.text()}`);
  }
  return (await response.json()) as TransactionBody;
}

export interface ProblemBody {
  readonly code: string;
  readonly transaction_id: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Whichever of the two it is. */
  readonly body: TransactionBody & ProblemBody;
}

/** Asks for a transaction, whatever comes of it. */
export async function initiate(system: System, order: unknown, key?: string): Promise<Answer> {
  const headers: Record<string, string> = key === undefined ? {} : { "idempotency-key": key };
  const response = await system.call("POST", "/transactions", order, headers);
  const body = (await response.json()) as TransactionBody & ProblemBody;
  return { status: response.status, headers: response.headers, body };
}

export async function read(system: System, id: string): Promise<TransactionBody> {
  return (await (await system.call("GET", `/transactions/${id}`)).json()) as TransactionBody;
}

/** What the inbox made of a callback. */
export async function deliver(system: System, callback: Request): Promise<string> {
  const response = await system.fetch(callback);
  return ((await response.json()) as { outcome?: string }).outcome ?? `HTTP ${response.status}`;
}
