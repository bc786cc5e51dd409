/** The composition root: what an invocation works with, wired from its environment. The one place that knows all rooms. */
import type { StatusUpdate } from "./channel/message.ts";
import { type Config, loadConfig } from "./config.ts";
import { type Clocks, createClocks } from "./gateways/clocks.ts";
import type { Gateway } from "./gateways/gateway.ts";
import { connectGeneric } from "./gateways/generic.ts";
import { createJournal, type Journal } from "./gateways/journal.ts";
import { newTypeId } from "./lib/id.ts";
import { createLog, describeError, type Log } from "./lib/log.ts";
import { loopbackFetch } from "./lib/loopback.ts";
import { keepCalls } from "./operations/keep-calls.ts";
import { sandboxCredentials } from "./sandbox/credentials.ts";
import { createStore, type Store } from "./store/store.ts";

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
  /** By id; what is not here is not configured. */
  readonly gateways: ReadonlyMap<string, Gateway>;
  /** What was asked of them in this invocation. */
  readonly journal: Journal;
  /** How far theirs are from ours, as far as their answers in this invocation say. */
  readonly clocks: Clocks;
  /** The Durable Object that holds a transaction's sockets. */
  readonly channel: {
    publish(update: StatusUpdate): Promise<void>;
    connect(transactionId: string, request: Request): Promise<Response>;
  };
  /** Calls the shop where it is a Worker. @throws whatever the shop throws */
  readonly callShop: (event: ShopEvent) => Promise<unknown>;
  readonly log: Log;
  /** Epoch milliseconds, by which everything is decided. The cron's may run ahead of the wall clock. */
  readonly now: () => number;
  /** Epoch milliseconds, for what others hold against their own clocks: signatures and heartbeats. */
  readonly wallClock: () => number;
  readonly newId: (prefix: string) => string;
  readonly fetch: (request: Request) => Promise<Response>;
  /** Goes on after the answer. Nothing may depend on it; a failure is logged. */
  readonly defer: (work: Promise<unknown>) => void;
}

export interface Invocation {
  readonly requestId: string;
  readonly now: () => number;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** @throws ConfigError */
export async function createServices(env: Cloudflare.Env, invocation: Invocation): Promise<Services> {
  const { now } = invocation;
  const config = loadConfig(env);
  const log = createLog({ request_id: invocation.requestId });
  const fetch = loopbackFetch(config.publicUrl);
  const store = createStore(env.DB);
  const journal = createJournal(Date.now);
  const clocks = createClocks(Date.now);
  return {
    config,
    store,
    journal,
    clocks,
    gateways: await connectGateways(config, { journal, clocks }, { fetch, now: Date.now }),
    channel: {
      publish: (update) => channelOf(env, update.transaction_id).publish(update),
      connect: (transactionId, request) => channelOf(env, transactionId).fetch(request),
    },
    // The binding is optional, and so no part of the generated types; the configuration has looked whether it is there.
    callShop: (event) => (env as unknown as { FULFILMENT: ShopWorker }).FULFILMENT.onTransactionEvent(event),
    log,
    now,
    wallClock: Date.now,
    newId: (prefix) => newTypeId(prefix, now()),
    fetch,
    defer: (work) =>
      invocation.waitUntil(
        work
          .finally(() => keepCalls({ store, journal }))
          .catch((error) => log.error("deferred.failed", { error: describeError(error) })),
      ),
  };
}

function channelOf(env: Cloudflare.Env, transactionId: string) {
  return env.CHANNEL.getByName(transactionId);
}

async function connectGateways(
  config: Config,
  { journal, clocks }: Pick<Services, "journal" | "clocks">,
  tools: Parameters<typeof connectGeneric>[1],
): Promise<Map<string, Gateway>> {
  const gateways = config.gateways.map(({ id, connect }) =>
    connect({ ...tools, fetch: clocks.watch(id, tools.fetch) }),
  );
  const sandbox = config.sandbox ? [await connectSandbox(config, tools)] : [];
  return new Map([...gateways, ...sandbox].map((gateway) => [gateway.id, journal.watch(gateway)]));
}

/** The built-in simulated gateway: somebody else's server that happens to live at our address. */
async function connectSandbox(config: Config, tools: Parameters<typeof connectGeneric>[1]): Promise<Gateway> {
  const { apiKey, webhookSecret } = await sandboxCredentials(config.clientSecretKeys[0]);
  const url = `${config.publicUrl}/sandbox`;
  return connectGeneric(
    { id: "sandbox", title: "Sandbox", mode: "test", url, apiKey, webhookSecrets: [webhookSecret] },
    tools,
  );
}
