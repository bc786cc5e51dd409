/**
 * The real Worker's rooms with the other parties around them, under one conductor: the gateway, the shop, the browser,
 * D1 and the channel. Each request and tick is an invocation with services of its own, so that it can be killed alone.
 * Time is simulated: what reads the clock anywhere in the isolate reads the world's.
 */

import { env } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import { vi } from "vitest";
import type { Gateway } from "../../../src/gateways/gateway.ts";
import { connectGeneric } from "../../../src/gateways/generic.ts";
import { app } from "../../../src/http/app.ts";
import { runTick, type Tick } from "../../../src/jobs/run-tick.ts";
import { firstTypeIdAt } from "../../../src/lib/id.ts";
import { keepCalls } from "../../../src/operations/keep-calls.ts";
import { createServices, type Services } from "../../../src/services.ts";
import type { Store } from "../../../src/store/store.ts";
import {
  FakeGateway,
  GATEWAY_API_KEY,
  GATEWAY_URL,
  GATEWAY_WEBHOOK_SECRET,
  type GatewayStatus,
} from "../../support/fake-gateway.ts";
import { FakeShop, FULFILMENT_SECRET, FULFILMENT_URL } from "../../support/fake-shop.ts";
import { listing } from "../../support/listing-gateway.ts";
import { API_KEY, ORIGIN, type TransactionBody } from "../../support/system.ts";
import { Browser } from "./browser.ts";
import { type Chooser, Conductor, type Invocation, inOrder } from "./conductor.ts";
import { createRandom } from "./random.ts";
import { seamedD1 } from "./seamed-d1.ts";

/** When each world begins. */
export const DAWN = Date.UTC(2026, 10, 2, 9);

/** An invocation was killed: for its caller, a connection that was cut. */
export class Killed extends Error {
  override readonly name = "Killed";
}

export interface WorldOptions {
  readonly seed?: number;
  readonly chooser?: Chooser;
  readonly variables?: Record<string, string>;
  /** The gateway's callbacks name only its own ids. */
  readonly isNameless?: boolean;
  /** The gateway has a list of its events. */
  readonly isListing?: boolean;
  /** What D1 says when a call to it fails. */
  readonly d1Error?: () => Error;
}

export interface World {
  readonly gateway: FakeGateway;
  readonly shop: FakeShop;
  readonly browser: Browser;
  readonly conductor: Conductor;
  /** Errors that the Worker logged, as `event: error`. */
  readonly errors: string[];
  /** By transaction: each body with which the gateway was asked for a session. */
  readonly asked: ReadonlyMap<string, ReadonlySet<string>>;
  now(): number;
  advance(ms: number): void;
  /** @throws Killed */
  invoke<T>(name: string, work: (services: Services) => Promise<T>): Promise<T>;
  /** @throws Killed */
  fetch(name: string, request: Request): Promise<Response>;
  /** A request of the shop's. @throws Killed */
  call(
    name: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Response>;
  /** @throws Killed */
  tick(name?: string): Promise<Tick>;
  /** A callback of the gateway's, signed now. */
  callback(id: string, status: GatewayStatus, changes?: Record<string, unknown>): Request;
  /** Waits for everything that was begun, what goes on after the answers included. */
  settle(): Promise<void>;
}

/** The query that a round trip to D1 belongs to. */
const currentQuery = new AsyncLocalStorage<string>();
const currentInvocation = new AsyncLocalStorage<Invocation>();

/** Empty tables, and the clock at dawn. One world at a time. */
export async function createWorld(options: WorldOptions = {}) {
  const { seed = 1, chooser = inOrder } = options;
  vi.useFakeTimers({ toFake: ["Date"], now: DAWN });
  await clearTables();
  const conductor = new Conductor(chooser);
  stubGlobals(conductor, seed);
  const parties = { gateway: new FakeGateway(), shop: new FakeShop(), browser: new Browser() };
  const errors: string[] = [];
  const asked = new Map<string, Set<string>>();
  const atGateway = (request: Request) => noteBody(asked, request).then(() => parties.gateway.fetch(request));
  const makeServices = servicesMaker(conductor, { ...parties, atGateway }, errors, options);

  const invoke = async <T>(name: string, work: (services: Services) => Promise<T>): Promise<T> => {
    const killed = Promise.withResolvers<never>();
    killed.promise.catch(() => undefined);
    const invocation = { name, alive: true, onKilled: () => killed.reject(new Killed(name)) };
    const running = currentInvocation.run(invocation, async () => work(await makeServices(invocation)));
    conductor.begin(invocation, running);
    return Promise.race([running, killed.promise]);
  };
  const fetch = (name: string, request: Request) =>
    invoke(name, async (services) => app.fetch(request, { services, requestId: name, sandbox: null }));
  const world: World = {
    ...parties,
    ...{ conductor, errors, asked, invoke, fetch, now: Date.now },
    advance: (ms) => void vi.setSystemTime(Date.now() + ms),
    call: (name, method, path, body, headers = {}) =>
      fetch(
        name,
        new Request(`${ORIGIN}${path}`, {
          method,
          headers: { authorization: `Bearer ${API_KEY}`, ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      ),
    tick: (name = "cron") => invoke(name, runTick),
    callback: (id, status, changes) => parties.gateway.callback(id, status, changes),
    settle: () => conductor.settled(),
  };
  return world;
}

/** In one round trip, for there are thousands of worlds. */
async function clearTables(): Promise<void> {
  const tables = [
    "transactions",
    "events",
    "idempotency_keys",
    "inbox",
    "refunds",
    "deliveries",
    "heartbeats",
    "missed_events",
    "metadata_values",
    "statistics",
    "roll_up",
  ];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
}

/** After the last world of a test. */
export function leaveWorld(): void {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
}

function stubGlobals(conductor: Conductor, seed: number): void {
  const random = createRandom(seed);
  // So small that a pause is told from a deadline by its length.
  vi.spyOn(Math, "random").mockImplementation(() => random.next() / 1e6);
  vi.unstubAllGlobals();
  const real = { setTimeout, clearTimeout };
  vi.stubGlobal("setTimeout", (callback: () => void, ms = 0) => {
    const invocation = currentInvocation.getStore();
    return invocation ? conductor.setTimer(invocation, callback, ms) : real.setTimeout(callback, ms);
  });
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("The operation timed out.", "TimeoutError")), ms);
    return controller.signal;
  });
  vi.stubGlobal("clearTimeout", (id: never) =>
    currentInvocation.getStore() ? conductor.clearTimer(id) : real.clearTimeout(id),
  );
}

async function noteBody(asked: Map<string, Set<string>>, request: Request): Promise<void> {
  if (request.url.endsWith("/create-session")) {
    const id = request.headers.get("idempotency-key") ?? "";
    asked.set(id, (asked.get(id) ?? new Set()).add(await request.clone().text()));
  }
}

interface Parties {
  readonly gateway: FakeGateway;
  readonly atGateway: (request: Request) => Promise<Response>;
  readonly shop: FakeShop;
  readonly browser: Browser;
}

function servicesMaker(
  conductor: Conductor,
  { gateway, atGateway, shop, browser }: Parties,
  errors: string[],
  { variables = {}, isNameless = false, isListing = false, d1Error = d1Lost }: WorldOptions,
) {
  const bindings = {
    ...env,
    ...{ SANDBOX: "off", FULFILMENT_URL, FULFILMENT_SECRET, DEFAULT_GATEWAY: "generic" },
    ...{ GENERIC_GATEWAY_URL: GATEWAY_URL, GENERIC_GATEWAY_API_KEY: GATEWAY_API_KEY },
    ...{ GENERIC_GATEWAY_WEBHOOK_SECRET: GATEWAY_WEBHOOK_SECRET, ...variables },
  };
  const complain = (event: string, fields?: { error?: string }) =>
    void errors.push(`${event}: ${fields?.error ?? ""}`);
  const log = { info: () => undefined, warn: () => undefined, error: complain };
  const newId = seededIds();

  return async (invocation: Invocation): Promise<Services> => {
    const seam = <T>(label: string, call: () => Promise<T>, lost: () => Error) =>
      conductor.pass(invocation, label, call, lost);
    // One object for all invocations, so that its configuration is parsed once; the database is read at once.
    bindings.DB = seamedD1(env.DB, (call) => seam(currentQuery.getStore() ?? "store.unknown", call, d1Error));
    const waitUntil = (work: Promise<unknown>) => conductor.begin(invocation, work);
    const real = await createServices(bindings, { requestId: invocation.name, now: Date.now, waitUntil });
    const gatewayFetch = (request: Request) =>
      orAborted(
        request,
        seam(`gateway.${new URL(request.url).pathname.split("/")[1]}`, () => atGateway(request), cut),
      );
    const config = { id: "generic", title: "Generic", url: GATEWAY_URL, apiKey: GATEWAY_API_KEY };
    const generic = connectGeneric(
      { ...config, mode: null, webhookSecrets: [GATEWAY_WEBHOOK_SECRET] },
      { fetch: gatewayFetch, now: Date.now },
    );
    const called = isNameless ? unnamed(generic) : generic;
    const { journal } = real;
    const store = named(real.store);
    return {
      ...real,
      ...{
        log,
        newId,
        store,
        gateways: new Map([["generic", journal.watch(isListing ? listing(called, gateway) : called)]]),
      },
      fetch: (request) =>
        orAborted(
          request,
          seam("shop.post", () => shop.fetch(request), cut),
        ),
      channel: {
        publish: (update) => seam("channel.publish", () => browser.hear(real.channel, update), cut),
        connect: (id, request) => seam("channel.connect", () => real.channel.connect(id, request), cut),
      },
      defer: (work) =>
        waitUntil(
          work
            .finally(() => keepCalls({ store, journal }))
            .catch((error) => complain("deferred.failed", { error: String(error) })),
        ),
    };
  };
}

/** As gateways are that know a payment by their own id alone. */
function unnamed(generic: Gateway): Gateway {
  const readWebhook: Gateway["readWebhook"] = async (webhook) =>
    (await generic.readWebhook(webhook)).map(({ transactionId, observation, ...notice }) => {
      return {
        ...notice,
        transactionId: null,
        observation: { ...observation, reference: `s_${transactionId}` },
      };
    });
  return { ...generic, readWebhook };
}

const d1Lost = () => new Error("D1_ERROR: Network connection lost.");
const cut = () => new TypeError("Network connection lost.");

/** The network gives up when the caller does. */
function orAborted({ signal }: Request, answer: Promise<Response>): Promise<Response> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  return Promise.race([answer, aborted]);
}

/** Each query tells its round trips what they are for. */
function named(store: Store): Store {
  const entries = Object.entries(store).map(([name, query]) => [
    name,
    (...values: unknown[]) =>
      currentQuery.run(`store.${name}`, () => (query as (...values: unknown[]) => unknown)(...values)),
  ]);
  return Object.fromEntries(entries) as Store;
}

/** Ids that sort by time, as the real ones, and count instead of being random. */
function seededIds() {
  let made = 0;
  return (prefix: string) => {
    made += 1;
    return firstTypeIdAt(prefix, Date.now()).slice(0, -8) + String(made).padStart(8, "0");
  };
}

/** Creates a transaction that waits for its buyer, with nothing going wrong. */
export async function createPending(
  world: World,
  changes: Record<string, unknown> = {},
): Promise<TransactionBody> {
  const order = { order_id: "order-1", amount: 1999, currency: "USD", ...changes };
  const response = await world.call("create", "POST", "/transactions", order);
  if (response.status !== 201) {
    throw new Error(`create answered ${response.status}: ${await response.text()}`);
  }
  return (await response.json()) as TransactionBody;
}
