/** The composition root: what an invocation works with, wired from its environment. The one place that knows all rooms. */
import type { StatusUpdate } from "./channel/message.ts";
import { type Config, loadConfig } from "./config.ts";
import { type Clocks, createClocks } from "./gateways/clocks.ts";
import type { Gateway, Tools } from "./gateways/gateway.ts";
import { createJournal, type Journal } from "./gateways/journal.ts";
import { newTypeId } from "./lib/id.ts";
import { createLog, describeError, type Log } from "./lib/log.ts";
import { loopbackFetch } from "./lib/loopback.ts";
import { createMetrics, type Metrics, type MetricsBinding } from "./lib/metrics.ts";
import { keepCalls } from "./operations/keep-calls.ts";
import { type Archive, connectArchive } from "./store/archive-bucket.ts";
import { openStore, sharedStore } from "./store/open-store.ts";
import type { Store } from "./store/store.ts";

/** An event as the shop gets it: its id, and the frozen body. */
export interface ShopEvent {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: object;
}

/** What the binding FULFILMENT offers, where there is one. */
interface ShopWorker {
  onTransactionEvent(event: ShopEvent): Promise<unknown>;
}

export interface Services {
  readonly config: Config;
  readonly store: Store;
  /** Payments of years ago; null where there is no bucket for them. */
  readonly archive: Archive | null;
  /** By id; what is not here is not configured. */
  readonly gateways: ReadonlyMap<string, Gateway>;
  /** What was asked of them in this invocation. */
  readonly journal: Journal;
  /** How far theirs are from ours, as far as their answers in this invocation say. */
  readonly clocks: Clocks;
  /** The Durable Object that holds a transaction's sockets. */
  readonly channel: {
    /** @returns how many sockets were told; an object of an older version says nothing */
    publish(update: StatusUpdate): Promise<unknown>;
    connect(transactionId: string, request: Request): Promise<Response>;
  };
  /** Calls the shop where it is a Worker. @throws whatever the shop throws */
  readonly callShop: (event: ShopEvent) => Promise<unknown>;
  readonly log: Log;
  /** Figures for whoever runs this; they go nowhere where METRICS is not bound. */
  readonly metrics: Metrics;
  /** Epoch milliseconds, by which everything is decided. The cron's may run ahead of the wall clock. */
  readonly now: () => number;
  /** Epoch milliseconds, for what others hold against their own clocks: signatures and heartbeats. */
  readonly wallClock: () => number;
  /** @param place where it is kept, as lib/id.ts has it */
  readonly newId: (prefix: string, place?: number) => string;
  readonly fetch: (request: Request) => Promise<Response>;
  /** One of the Worker's static assets, by its path. */
  readonly readAsset: (path: string) => Promise<Response>;
  /** Goes on after the answer. Nothing may depend on it; a failure is logged. */
  readonly defer: (work: Promise<unknown>) => void;
}

export interface Invocation {
  readonly requestId: string;
  readonly now: () => number;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Of the cron alone: the number of the one that its tick works on. */
  readonly database?: number;
}

/** What connects the simulated gateway, in a bundle that has one. */
export type ConnectSandbox = (config: Config, tools: Tools) => Promise<Gateway>;

/** @throws ConfigError */
export async function createServices(
  env: Cloudflare.Env,
  invocation: Invocation,
  connectSandbox: ConnectSandbox | null = null,
): Promise<Services> {
  const { now } = invocation;
  const config = loadConfig(env);
  const log = createLog({ request_id: invocation.requestId });
  const fetch = loopbackFetch(config.publicUrl);
  const store = invocation.database === undefined ? sharedStore(env) : openStore(env, invocation.database);
  const metrics = createMetrics(config.metrics ? metricsBinding(env) : null, log);
  const journal = createJournal(Date.now, (gateway, { call, outcome, durationMs, failed }) => {
    metrics.write("gateway_call", {
      gateway,
      call,
      outcome,
      duration_ms: durationMs,
      failed: Number(failed),
    });
  });
  const clocks = createClocks(Date.now);
  return {
    config,
    store,
    archive: connectArchive(env),
    journal,
    clocks,
    gateways: await connectGateways(config, { journal, clocks, connectSandbox }, { fetch, now: Date.now }),
    channel: {
      publish: (update) => channelOf(env, update.transaction_id).publish(update),
      connect: (transactionId, request) => channelOf(env, transactionId).fetch(request),
    },
    // The binding is optional, and so no part of the generated types; the configuration has looked whether it is there.
    callShop: (event) => (env as unknown as { FULFILMENT: ShopWorker }).FULFILMENT.onTransactionEvent(event),
    log,
    metrics,
    now,
    wallClock: Date.now,
    newId: (prefix, place) => newTypeId(prefix, now(), place),
    fetch,
    readAsset: async (path) => env.ASSETS.fetch(new URL(path, config.publicUrl)),
    defer: (work) =>
      invocation.waitUntil(
        work
          .finally(() => keepCalls({ store, journal }))
          .catch((error) => log.error("deferred.failed", { error: describeError(error) })),
      ),
  };
}

/** As optional as FULFILMENT. */
function metricsBinding(env: Cloudflare.Env): MetricsBinding {
  return (env as unknown as { METRICS: MetricsBinding }).METRICS;
}

function channelOf(env: Cloudflare.Env, transactionId: string) {
  return env.CHANNEL.getByName(transactionId);
}

async function connectGateways(
  config: Config,
  {
    journal,
    clocks,
    connectSandbox,
  }: Pick<Services, "journal" | "clocks"> & { readonly connectSandbox: ConnectSandbox | null },
  tools: Tools,
): Promise<Map<string, Gateway>> {
  const gateways = config.gateways.map(({ id, connect }) =>
    connect({ ...tools, fetch: clocks.watch(id, tools.fetch) }),
  );
  const sandbox = config.sandbox && connectSandbox ? [await connectSandbox(config, tools)] : [];
  return new Map([...gateways, ...sandbox].map((gateway) => [gateway.id, journal.watch(gateway)]));
}
