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
  const notices = await gateway.readWebhook(webhook).catch((error: unknown) => {
    services.defer(noteRefusal(services, gatewayId, webhook.headers, error));
    throw error;
  });
  const raw = notices.length > 0 ? redactPayload(webhook.body) : null;
  if (notices.length === 0) {
    services.log.info("webhook.ignored", { gateway: gatewayId });
  }
  const outcomes: Outcome[] = [];
  for (const notice of notices) {
    outcomes.push(await applyNotice(services, gatewayId, notice, raw));
  }
  return outcomes.findLast((outcome) => outcome === "applied") ?? outcomes.at(-1) ?? "ignored";
}

/**
 * One item of a webhook, or of the gateway's own list of events.
 * @param raw what the webhook said, redacted
 */
export async function applyNotice(
  services: Services,
  gateway: string,
  notice: Notice,
  raw: string | null = null,
): Promise<Outcome> {
  const { eventId, observation, receipt } = notice;
  const place = { gateway, eventId, transactionId: placeOf(gateway, notice) };
  if (place.transactionId.startsWith(TEST_ID)) {
    // Of a test from the console, or of the doctor's: there is no payment behind it.
    return "ignored";
  }
  const entry = { ...place, observation, arrival: { ...receipt, raw } };
  const outcome = await applyWebhook(services, entry);
  services.log.info("webhook.received", {
    gateway,
    transaction_id: entry.transactionId,
    event_id: eventId,
    outcome,
  });
  return outcome;
}

/** The last refused webhook is kept for the operator: when and why, nothing of what it said, and none of the doctor's. */
async function noteRefusal(
  services: Services,
  gateway: string,
  headers: Headers,
  error: unknown,
): Promise<void> {
  const isRefusal =
    error instanceof GatewayError && (error.kind === "unverified" || error.kind === "malformed");
  if (!isRefusal || (await isOurProbe(services, headers))) {
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
  { again = false }: Pick<Attached, "again"> = {},
): Promise<Outcome> {
  const advanced = await bring(services, entry, again).catch((error: unknown) => {
    if (error instanceof OperationError && error.code === "contention") {
      // What the gateway's reference stands for may have become known at this very moment.
      return bring(services, entry, again);
    }
    throw error;
  });
  followUp(services, advanced, "webhook");
  if (entry.observation.status === "approved" && advanced.transaction) {
    services.defer(reconcileTransaction(services, advanced.transaction.id, "webhook"));
  }
  return advanced.outcome;
}

async function bring(services: Services, entry: InboxEntry, again: boolean): Promise<Advanced> {
  const input = { kind: "observed", source: "webhook", observation: entry.observation } as const;
  const id = await resolve(services, entry);
  // What is in the inbox already is settled where it stands.
  const place = again ? entry : { ...entry, transactionId: id };
  return advanceTransaction(services, id, input, { entry: place, again });
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
