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

/**
 * Newest transactions first.
 * @param after the last one of the page before: what changes nothing stays where it is
 * @returns how many were replayed, how many of them changed something, and the last one where there are more
 */
export async function replayWebhooks(
  services: Services,
  outcome: Exclude<InboxOutcome, "applied">,
  after: WebhookKey | undefined,
  limit: number,
): Promise<{ replayed: number; applied: number; last: WebhookKey | null }> {
  const found = await services.store.listInbox(outcome, after, limit + 1);
  const entries = found.slice(0, limit);
  let applied = 0;
  for (const entry of entries) {
    applied += (await applyWebhook(services, entry, { again: true })) === "applied" ? 1 : 0;
  }
  const last = found.length > limit ? (entries.at(-1) ?? null) : null;
  return { replayed: entries.length, applied, last };
}
