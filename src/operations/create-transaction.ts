/**
 * Initiates a transaction: the row first, then the gateway with our id as its key, then its answer. The insert is
 * conditional; only when something stands in its way is it read what.
 */
import { type Customer, type Gateway, GatewayError } from "../gateways/gateway.ts";
import { hmacSha256 } from "../lib/derive-secret.ts";
import type { Services } from "../services.ts";
import type { Loaded } from "../store/rows.ts";
import { nextCheckAt } from "../transactions/next-check.ts";
import { isOpen, type Transaction, wasRejected } from "../transactions/transaction.ts";
import { endTransaction } from "./end-transaction.ts";
import { openTransaction } from "./open-transaction.ts";
import { OperationError } from "./operation-error.ts";

/** What the shop asks for. */
export interface CreateCommand {
  readonly orderId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** Null: the default one. */
  readonly gateway: string | null;
  readonly returnUrl: string | null;
  readonly description: string | null;
  readonly customer: Customer | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Null: the deployment's default. */
  readonly expiresInMs: number | null;
  readonly capture: "automatic" | "manual";
}

export interface Creation {
  readonly transaction: Transaction;
  /** False: it was there before, by its key or its order. */
  readonly created: boolean;
}

/** While the gateway is asked for so long, the same key is told to wait. */
const OPENING_MS = 30_000;
const MAX_ROUNDS = 4;
const RETRY_AFTER_SECONDS = 5;

/** @throws OperationError, StoreError */
export async function createTransaction(
  services: Services,
  command: CreateCommand,
  idempotencyKey: string | null,
): Promise<Creation> {
  const gateway = chooseGateway(services, command);
  const fingerprints = idempotencyKey === null ? [] : await fingerprint(services, command);
  const key = idempotencyKey === null ? null : { key: idempotencyKey, fingerprints };
  const id = services.newId("txn", await services.store.placeFor(command.orderId, services.now()));
  const plan = { id, command, gateway, key };
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const inserted = await insert(services, plan);
    if (inserted) {
      return { transaction: await open(services, inserted), created: true };
    }
    const creation = await resolveConflict(services, plan);
    if (creation) {
      return creation;
    }
  }
  const text = "Too many requests for this order at once; try again.";
  throw new OperationError("contention", text, { retryAfterSeconds: 1 });
}

interface Key {
  readonly key: string;
  /** By each live secret, the one that signs first. */
  readonly fingerprints: readonly string[];
}

interface Plan {
  /** The same in each round: a row of this id is ours, whatever became of the answer to its insert. */
  readonly id: string;
  readonly command: CreateCommand;
  readonly gateway: Gateway;
  readonly key: Key | null;
}

function chooseGateway({ config, gateways }: Services, command: CreateCommand): Gateway {
  const id = command.gateway ?? config.defaultGateway;
  const gateway = id === null ? undefined : gateways.get(id);
  if (gateway) {
    return refuseUnmet(gateway, command);
  }
  const known = [...gateways.keys()].join(", ") || "none";
  const detail = id === null ? `name one of: ${known}` : `is not configured here; configured: ${known}`;
  throw new OperationError("invalid_request", "The gateway is not known.", {
    errors: [{ pointer: "/gateway", detail }],
  });
}

/** @throws OperationError for what this gateway cannot do, or not without more */
function refuseUnmet(gateway: Gateway, { capture, customer }: CreateCommand): Gateway {
  const errors = [
    ...(capture === "manual" && !gateway.capture
      ? [{ pointer: "/capture", detail: `${gateway.id} cannot hold money: use "automatic"` }]
      : []),
    ...(gateway.needs?.includes("/customer/email") && !customer?.email
      ? [{ pointer: "/customer/email", detail: `${gateway.id} needs the buyer's e-mail address` }]
      : []),
  ];
  if (errors.length > 0) {
    throw new OperationError("invalid_request", "The gateway cannot do that.", { errors });
  }
  return gateway;
}

/** The life that was asked for, as far as the gateway has it. */
function lifeMs({ lifetime }: Gateway, askedMs: number): number {
  return lifetime ? Math.min(Math.max(askedMs, lifetime.minMs), lifetime.maxMs) : askedMs;
}

/** A keyed digest: the body may hold personal data, and none remains. */
async function fingerprint({ config }: Services, command: CreateCommand): Promise<string[]> {
  const metadata = Object.entries(command.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(
    [...Object.entries({ ...command, metadata })].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return Promise.all(config.clientSecretKeys.map(async (key) => (await hmacSha256(key, text)).toHex()));
}

/** @returns the row as it was inserted, or null when something stands in its way */
async function insert(services: Services, { id, command, gateway, key }: Plan): Promise<Loaded | null> {
  const { config, store, now } = services;
  const createdAt = now();
  const { orderId, amount, currency, capture, returnUrl, description, metadata } = command;
  const fresh: Transaction = {
    ...{ id, orderId, gateway: gateway.id, amount, currency, capture, returnUrl, description, metadata },
    ...{ status: "pending", version: 0, amountCaptured: 0, amountRefunded: 0, late: false },
    ...{ gatewayReference: null, paymentUrl: null, failure: null, reviewReason: null },
    ...{ capturing: null, dispute: null, mode: null },
    ...{ createdAt, updatedAt: createdAt, nextCheckAt: null, silentSince: null },
    expiresAt: createdAt + lifeMs(gateway, command.expiresInMs ?? config.ttlMs),
  };
  const transaction = { ...fresh, nextCheckAt: nextCheckAt(fresh, createdAt, config.policy.firstCheckMs) };
  const customer = command.customer === null ? null : JSON.stringify(command.customer);
  const openingUntil = createdAt + OPENING_MS;
  const idempotency = key && { key: key.key, fingerprint: key.fingerprints[0] ?? "" };
  const inserted = await store.insert({ transaction, customer, openingUntil, idempotency });
  const refunds = { pending: 0, succeeded: 0 };
  return inserted ? { transaction, customer, openingUntil, orderPaid: false, refunds } : null;
}

/**
 * Our own row, whose insert was repeated after a lost answer, is opened. The key's transaction is replayed, the order's
 * open one resumed or ended, a paid order refused, also where its payment is archived; a key whose payment is so is
 * forgotten.
 * @returns null when the way is free now
 */
async function resolveConflict(services: Services, plan: Plan): Promise<Creation | null> {
  const { id, command, key } = plan;
  const found = await services.store.findConflicts(key?.key ?? null, command.orderId, id);
  const { byKey, byOrder, archivedId, isKeyStale } = found;
  const own = byOrder.find(({ transaction }) => transaction.id === id);
  if (own) {
    return { transaction: await open(services, own), created: true };
  }
  if (archivedId !== null) {
    throw alreadyPaid(archivedId);
  }
  if (key && isKeyStale) {
    await services.store.forgetKey(key.key);
  }
  const existing =
    key && byKey ? await replay(services, byKey, key) : await takeOver(services, plan, byOrder);
  return existing && { transaction: existing, created: false };
}

/** @returns null when nothing of the order is in the way any more */
async function takeOver(
  services: Services,
  { command, gateway, key }: Plan,
  byOrder: readonly Loaded[],
): Promise<Transaction | null> {
  for (const { transaction } of byOrder) {
    refuseOccupied(transaction);
  }
  const occupant = byOrder.find(({ transaction }) => isOpen(transaction.status));
  if (!occupant) {
    return null;
  }
  const { amount, currency, expiresAt, gateway: usedGateway } = occupant.transaction;
  const sameTerms = amount === command.amount && currency === command.currency && usedGateway === gateway.id;
  return sameTerms && services.now() < expiresAt
    ? resume(services, occupant, key)
    : supersede(services, occupant);
}

async function replay(
  services: Services,
  loaded: Loaded & { readonly fingerprint: string },
  { fingerprints }: Key,
): Promise<Transaction> {
  const { transaction, openingUntil } = loaded;
  const now = services.now();
  if (!fingerprints.includes(loaded.fingerprint)) {
    const text = "This Idempotency-Key was used with another body; use a new key.";
    throw new OperationError("idempotency_mismatch", text);
  }
  if (transaction.version === 0 && openingUntil > now) {
    const retryAfterSeconds = Math.min(2, Math.ceil((openingUntil - now) / 1000));
    const text = "The first request with this key is still under way.";
    throw new OperationError("idempotency_in_progress", text, { retryAfterSeconds });
  }
  return open(services, loaded);
}

/** @returns null when it is over once it is opened, by what was told before; or when the key has become another's */
async function resume(services: Services, loaded: Loaded, key: Key | null): Promise<Transaction | null> {
  const { store, now } = services;
  const transaction = await open(services, loaded);
  if (!isOpen(transaction.status)) {
    return null;
  }
  const bound =
    key === null || (await store.bindKey(key.key, key.fingerprints[0] ?? "", transaction.id, now()));
  return bound ? transaction : null;
}

/** Other terms, or too late: the old one is ended at the gateway before there can be a new one. */
async function supersede(services: Services, loaded: Loaded): Promise<null> {
  const as = services.now() < loaded.transaction.expiresAt ? "canceled" : "expired";
  try {
    const { transaction } =
      loaded.transaction.version > 0 ? loaded : await openTransaction(services, loaded, "shop");
    const ended = isOpen(transaction.status)
      ? await endTransaction(services, { ...loaded, transaction }, as, { source: "shop" })
      : transaction;
    if (isOpen(ended.status)) {
      throw inProgress(ended);
    }
    refuseOccupied(ended);
    return null;
  } catch (error) {
    const refused = error instanceof GatewayError && error.kind === "rejected";
    throw refused ? inProgress(loaded.transaction) : toUnavailable(error, loaded.transaction.id);
  }
}

function inProgress({ id, status }: Transaction): OperationError {
  const detail = `A payment of this order is ${status} and cannot be ended.`;
  return new OperationError("order_in_progress", detail, { transactionId: id });
}

/** @throws OperationError when the order has its money already, or a person must decide first */
function refuseOccupied({ id, status, amountRefunded, amountCaptured }: Transaction): void {
  if (status === "succeeded" && amountRefunded < amountCaptured) {
    throw alreadyPaid(id);
  }
  if (status === "review") {
    const text = "A payment of this order waits for a person's decision.";
    throw new OperationError("order_in_review", text, { transactionId: id });
  }
}

function alreadyPaid(transactionId: string): OperationError {
  return new OperationError("order_already_paid", "This order is paid.", { transactionId });
}

/** Opens what nobody has opened yet. */
async function open(services: Services, loaded: Loaded): Promise<Transaction> {
  const { id, version } = loaded.transaction;
  if (version > 0) {
    return refuseRejected(loaded.transaction);
  }
  try {
    const { transaction, orderPaid } = await openTransaction(services, loaded, "shop");
    if (orderPaid && isOpen(transaction.status)) {
      await endTransaction(services, { ...loaded, transaction }, "canceled", { source: "shop" });
      throw new OperationError("order_already_paid", "This order was paid meanwhile.", { transactionId: id });
    }
    return refuseRejected(transaction);
  } catch (error) {
    if (error instanceof GatewayError) {
      await services.store.releaseOpening(id);
    }
    throw toUnavailable(error, id);
  }
}

function refuseRejected(transaction: Transaction): Transaction {
  if (wasRejected(transaction)) {
    throw new OperationError("gateway_rejected", "The gateway refused to open this payment.", {
      transactionId: transaction.id,
    });
  }
  return transaction;
}

function toUnavailable(error: unknown, transactionId: string): unknown {
  if (!(error instanceof GatewayError)) {
    return error;
  }
  const retryAfterSeconds = Math.ceil((error.retryAfterMs ?? RETRY_AFTER_SECONDS * 1000) / 1000);
  const text = "The gateway did not answer. Send the same request again.";
  return new OperationError("gateway_unavailable", text, { transactionId, retryAfterSeconds });
}
