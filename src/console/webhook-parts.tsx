/** What is known of one webhook: the same in a payment's timeline and in the list of all. */

import { showDuration } from "./moment.tsx";
import { Money } from "./money.tsx";
import { Code, Verbatim } from "./parts.tsx";
import type { WebhookRow } from "./views.ts";
import { wordsOfReason, wordsOfState } from "./words.ts";

/** Most signatures tell whole seconds, and the way takes its time. */
const NO_SKEW_MS = 2_000;

type Webhook = Pick<
  WebhookRow,
  "key" | "eventId" | "outcome" | "reason" | "says" | "lagMs" | "skewMs" | "secret" | "raw" | "read"
>;

/** "says Paid, US$19.99". */
export function WebhookSays({ says: { status, amount, currency } }: Pick<Webhook, "says">) {
  return (
    <>
      says {wordsOfState(status)}
      {amount === null ? null : (
        <>
          , <Money amount={amount} currency={currency ?? "of no known currency"} />
        </>
      )}
    </>
  );
}

export function WebhookReason({ reason }: Pick<Webhook, "reason">) {
  return reason === null ? null : (
    <p class="reason" title={reason}>
      {wordsOfReason(reason)}
    </p>
  );
}

interface WebhookDetailsProps {
  readonly webhook: Webhook;
  /** It is not in the inbox any more, and cannot be replayed. */
  readonly isArchived?: boolean;
}

export function WebhookDetails({ webhook, isArchived = false }: WebhookDetailsProps) {
  const { key, eventId, raw, read } = webhook;
  return (
    <>
      <p class="soft">
        {arrivalOf(webhook).join(" · ")} · <Code>{eventId}</Code>
      </p>
      <div class="openers">
        {raw === null ? null : <Verbatim id={`raw-${key}`} summary="As it came, redacted" text={raw} />}
        <Verbatim id={`read-${key}`} summary="As it was read" text={read} />
        {isArchived ? null : (
          <a class="act" id={`replay-${key}`} href={`/console/webhooks/${encodeURIComponent(key)}/replay`}>
            Replay
          </a>
        )}
      </div>
    </>
  );
}

function arrivalOf({ lagMs, skewMs, secret }: Webhook): string[] {
  return [
    lagMs === null ? "When it happened is not said" : `On its way ${showDuration(lagMs)}`,
    ...(skewMs === null ? [] : [`Its clock ${showSkew(skewMs)}`]),
    secret === null ? "No secret of ours verifies it" : `Verified by secret ${secret}`,
  ];
}

/** @param skewMs how far the gateway's clock was ahead of ours, the way included */
export function showSkew(skewMs: number): string {
  const size = Math.abs(skewMs);
  if (size < NO_SKEW_MS) {
    return `within ${showDuration(NO_SKEW_MS)} of ours`;
  }
  return `${showDuration(size)} ${skewMs > 0 ? "ahead" : "behind"}`;
}
