/** A gateway's call: verified by its adapter on the raw bytes, then brought to the one door, item by item. */
import type { Notice, RawWebhook } from "../gateways/gateway.ts";
import type { Services } from "../services.ts";
import { type InboxEntry, referenceKey } from "../store/inbox.ts";
import { type Advanced, type Attached, advanceTransaction } from "./advance-transaction.ts";
import { followUp } from "./follow-up.ts";
import { OperationError } from "./operation-error.ts";
import { reconcileTransaction } from "./reconcile-transaction.ts";

type Outcome = Advanced["outcome"];

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
  const notices = await gateway.readWebhook(webhook);
  if (notices.length === 0) {
    services.log.info("webhook.ignored", { gateway: gatewayId });
  }
  const outcomes: Outcome[] = [];
  for (const notice of notices) {
    outcomes.push(await applyNotice(services, gatewayId, notice));
  }
  return outcomes.findLast((outcome) => outcome === "applied") ?? outcomes.at(-1) ?? "ignored";
}

/** One item of a webhook, or of the gateway's own list of events. */
export async function applyNotice(services: Services, gateway: string, notice: Notice): Promise<Outcome> {
  const entry = { gateway, ...notice, transactionId: placeOf(gateway, notice) };
  const outcome = await applyWebhook(services, entry);
  services.log.info("webhook.received", {
    gateway,
    transaction_id: entry.transactionId,
    event_id: notice.eventId,
    outcome,
  });
  return outcome;
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
