/** Applies a kept webhook once more, whatever became of it before: through the one door, which changes only what it should. */
import type { Services } from "../services.ts";
import type { InboxOutcome } from "../store/inbox.ts";
import type { Advanced } from "./advance-transaction.ts";
import { OperationError } from "./operation-error.ts";
import { applyWebhook } from "./receive-webhook.ts";

/** Its place in the inbox. */
export interface WebhookKey {
  readonly transactionId: string;
  readonly gateway: string;
  readonly eventId: string;
}

/** @throws OperationError "not_found" */
export async function replayWebhook(services: Services, key: WebhookKey): Promise<Advanced["outcome"]> {
  const entry = await services.store.findInbox(key);
  if (!entry) {
    throw new OperationError("not_found", "There is no such webhook in the inbox.");
  }
  return applyWebhook(services, entry, { again: true });
}

/** @returns how many were replayed, and how many of them changed something */
export async function replayWebhooks(
  services: Services,
  outcome: Exclude<InboxOutcome, "applied">,
  limit: number,
): Promise<{ replayed: number; applied: number }> {
  const entries = await services.store.listInbox(outcome, undefined, limit);
  let applied = 0;
  for (const entry of entries) {
    applied += (await applyWebhook(services, entry, { again: true })) === "applied" ? 1 : 0;
  }
  return { replayed: entries.length, applied };
}
