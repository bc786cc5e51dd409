/** A gateway's call: verified by its adapter on the raw bytes, then brought to the one door, item by item. */
import { GatewayError, type Notice, type RawWebhook, TEST_ID } from "../gateways/gateway.ts";
import { redactPayload } from "../lib/redact.ts";
import type { Services } from "../services.ts";
import { type InboxEntry, referenceKey } from "../store/inbox.ts";
import { type Advanced, type Attached, advanceTransaction } from "./advance-transaction.ts";
import { followUp } from "./follow-up.ts";
import { OperationError } from "./operation-error.ts";
import { isOurProbe } from "./probe-mark.ts";
import { reconcileTransaction } from "./reconcile-transaction.ts";

type Outcome = Advanced["outcome"];

/** A flood of forgeries writes no more often than this, for each gateway. */
const NOTED_EVERY_MS = 60_000;
const notedAt = new Map<string, number>();

/**
 * @returns what became of it; of several items, of the last that changed something
 * @throws GatewayError "unverified" or "malformed", with nothing written
 */
export async function receiveWebhook(
  services: Services,
  gatewayId: string,
  webhook: RawWebhook,
): Promise<Outcome> {
  const gateway = services.gateways.get(gatewayId);
  if (!gateway) {
    throw new OperationError("not_found", "No gateway of this name is configured.");
  }
  const arrivedAt = services.now();
  const notices = await gateway.readWebhook(webhook).catch((error: unknown) => {
    services.defer(noteRefusal(services, gatewayId, { headers: webhook.headers, arrivedAt }, error));
    throw error;
  });
  const raw = notices.length > 0 ? redactPayload(webhook.body) : null;
  if (notices.length === 0) {
    services.log.info("webhook.ignored", { gateway: gatewayId });
    count(services, { gateway: gatewayId, outcome: "ignored", arrivedAt });
  }
  const outcomes: Outcome[] = [];
  for (const notice of notices) {
    outcomes.push(await applyNotice(services, gatewayId, notice, { raw, arrivedAt }));
  }
  return outcomes.findLast((outcome) => outcome === "applied") ?? outcomes.at(-1) ?? "ignored";
}

/**
 * One item of a webhook, or of the gateway's own list of events.
 * @param webhook that brings it: what it said, redacted, and when it came in
 */
export async function applyNotice(
  services: Services,
  gateway: string,
  notice: Notice,
  webhook: { readonly raw: string | null; readonly arrivedAt: number } | null = null,
): Promise<Outcome> {
  const { eventId, observation, receipt } = notice;
  const place = { gateway, eventId, transactionId: placeOf(gateway, notice) };
  if (place.transactionId.startsWith(TEST_ID)) {
    // Of a test from the console, or of the doctor's: there is no payment behind it.
    return "ignored";
  }
  const entry = { ...place, observation, arrival: { ...receipt, raw: webhook?.raw ?? null } };
  const arrivedAt = webhook?.arrivedAt ?? null;
  const { occurredAt } = receipt;
  const outcome = await applyWebhook(services, entry, { arrivedAt }).catch((error: unknown) => {
    count(services, { gateway, outcome: "failed", arrivedAt, occurredAt });
    throw error;
  });
  count(services, { gateway, outcome, arrivedAt, occurredAt });
  services.log.info("webhook.received", {
    gateway,
    transaction_id: entry.transactionId,
    event_id: eventId,
    outcome,
  });
  return outcome;
}

interface Counted {
  readonly gateway: string;
  readonly outcome: string;
  /** Epoch milliseconds, as the next; null: it is from the gateway's own list. */
  readonly arrivedAt: number | null;
  /** When it happened there; null where nobody says. */
  readonly occurredAt?: number | null;
}

function count(
  { metrics, now }: Services,
  { gateway, outcome, arrivedAt, occurredAt = null }: Counted,
): void {
  metrics.write("webhook", {
    ...{ gateway, outcome, via: arrivedAt === null ? "list" : "webhook" },
    duration_ms: arrivedAt === null ? null : now() - arrivedAt,
    // A clock of theirs that is ahead makes nothing arrive before it happened.
    lag_ms: arrivedAt === null || occurredAt === null ? null : Math.max(0, arrivedAt - occurredAt),
  });
}

/** The last refused webhook is kept for the operator: when and why, nothing of what it said, and none of the doctor's. */
async function noteRefusal(
  services: Services,
  gateway: string,
  { headers, arrivedAt }: { readonly headers: Headers; readonly arrivedAt: number },
  error: unknown,
): Promise<void> {
  if (await isOurProbe(services, headers)) {
    return;
  }
  count(services, { gateway, outcome: error instanceof GatewayError ? error.kind : "failed", arrivedAt });
  const isRefusal =
    error instanceof GatewayError && (error.kind === "unverified" || error.kind === "malformed");
  if (!isRefusal) {
    return;
  }
  const now = services.wallClock();
  if (now - (notedAt.get(gateway) ?? 0) >= NOTED_EVERY_MS) {
    notedAt.set(gateway, now);
    await services.store.noteBadWebhook(gateway, error.message, now);
  }
}

/** Brings a verified webhook to its transaction. @param again also if that was done before */
export async function applyWebhook(
  services: Services,
  entry: InboxEntry,
  how: Pick<Attached, "again" | "arrivedAt"> = {},
): Promise<Outcome> {
  const advanced = await bring(services, entry, how).catch((error: unknown) => {
    if (error instanceof OperationError && error.code === "contention") {
      // What the gateway's reference stands for may have become known at this very moment.
      return bring(services, entry, how);
    }
    throw error;
  });
  followUp(services, advanced, "webhook");
  if (entry.observation.status === "approved" && advanced.transaction) {
    services.defer(reconcileTransaction(services, advanced.transaction.id, "webhook"));
  }
  return advanced.outcome;
}

async function bring(
  services: Services,
  entry: InboxEntry,
  { again = false, arrivedAt = null }: Pick<Attached, "again" | "arrivedAt">,
): Promise<Advanced> {
  const input = { kind: "observed", source: "webhook", observation: entry.observation } as const;
  const id = await resolve(services, entry);
  // What is in the inbox already is settled where it stands.
  const place = again ? entry : { ...entry, transactionId: id };
  return advanceTransaction(services, id, input, { entry: place, again, arrivedAt });
}

function placeOf(gateway: string, { transactionId, observation }: Notice): string {
  return transactionId ?? referenceKey(gateway, observation.reference ?? "");
}

/** The transaction that an entry is about: by the gateway's own id, where it names no other. */
async function resolve(
  { store }: Services,
  { gateway, transactionId, observation }: InboxEntry,
): Promise<string> {
  const { reference } = observation;
  return reference !== null && transactionId === referenceKey(gateway, reference)
    ? ((await store.findByReference(gateway, reference)) ?? transactionId)
    : transactionId;
}
