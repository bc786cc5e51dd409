/** One thing that happened to a payment. The icon and the first words say of which kind it is. */
import type { EventType } from "../transactions/event.ts";
import { Badge, DELIVERY_TONES, DeliveryBadge, STATUS_TONES, StatusBadge, WebhookBadge } from "./badge.tsx";
import { DeliveryDetails } from "./delivery-parts.tsx";
import { EntryFrame, Note } from "./entry-frame.tsx";
import type { IconName } from "./icons.tsx";
import { Ago, showDuration } from "./moment.tsx";
import { Money } from "./money.tsx";
import { Code } from "./parts.tsx";
import type { Entry } from "./views.ts";
import { WebhookDetails, WebhookReason, WebhookSays } from "./webhook-parts.tsx";
import {
  EVENT_WORDS,
  humanize,
  REFUND_WORDS,
  SOURCE_WORDS,
  STATUS_WORDS,
  wordsOfAnswer,
  wordsOfCall,
  wordsOfDeed,
  wordsOfReason,
} from "./words.ts";

/** What the payment had captured and given back before. */
export interface Sums {
  readonly amountCaptured: number;
  readonly amountRefunded: number;
}

interface EntryProps {
  readonly entry: Entry;
  readonly before: Sums;
  readonly currency: string;
  /** Nothing can be done with it. */
  readonly isArchived: boolean;
  readonly now: number;
}

type Of<Kind extends Entry["kind"]> = Extract<Entry, { kind: Kind }>;

const EVENT_ICONS: Readonly<Record<EventType, IconName>> = {
  "transaction.created": "payments",
  "transaction.referenced": "payments",
  "transaction.processing": "clock",
  "transaction.authorized": "payments",
  "transaction.succeeded": "event",
  "transaction.failed": "dead",
  "transaction.canceled": "dead",
  "transaction.expired": "clock",
  "transaction.review": "review",
  "transaction.refunded": "refund",
  "transaction.disputed": "attention",
};

const REFUND_TONES = { pending: "wait", succeeded: "done", failed: "stop" } as const;

export function TimelineEntry({ entry, before, currency, isArchived, now }: EntryProps) {
  switch (entry.kind) {
    case "event":
      return <EventEntry entry={entry} before={before} currency={currency} />;
    case "call":
      return <CallEntry entry={entry} />;
    case "webhook":
      return <WebhookEntry entry={entry} isArchived={isArchived} />;
    case "delivery":
      return <DeliveryEntry entry={entry} isArchived={isArchived} now={now} />;
    case "refund":
      return <RefundEntry entry={entry} now={now} />;
    case "action":
      return <ActionEntry entry={entry} />;
  }
}

interface EventEntryProps {
  readonly entry: Of<"event">;
  readonly before: Sums;
  readonly currency: string;
}

function EventEntry({ entry, before, currency }: EventEntryProps) {
  const { at, version, type, source, statusBefore, status, reason, actor, note } = entry;
  const captured = entry.amountCaptured - before.amountCaptured;
  const refunded = entry.amountRefunded - before.amountRefunded;
  const moved = status !== statusBefore;
  return (
    <EntryFrame
      kind="event"
      icon={EVENT_ICONS[type]}
      tone={STATUS_TONES[status]}
      at={at}
      title={EVENT_WORDS[type]}
    >
      <p>
        {moved ? (
          <>
            {STATUS_WORDS[statusBefore]} → <StatusBadge status={status} />{" "}
          </>
        ) : null}
        by {actor === null ? SOURCE_WORDS[source] : <bdi>{actor}</bdi>}
        <span class="soft"> · version {version}</span>
      </p>
      {captured > 0 || refunded !== 0 ? (
        <p>
          {captured > 0 ? (
            <>
              <Money amount={captured} currency={currency} /> captured{" "}
            </>
          ) : null}
          {refunded === 0 ? null : (
            <>
              <Money amount={refunded} currency={currency} /> given back
            </>
          )}
        </p>
      ) : null}
      {reason === null ? null : (
        <p class="reason" title={reason}>
          {wordsOfReason(reason)}
        </p>
      )}
      <Note text={note} />
    </EntryFrame>
  );
}

function CallEntry({ entry: { at, call, durationMs, outcome, failed } }: { entry: Of<"call"> }) {
  // Of a refund it is the refund's state that is told.
  const words = call === "refund" && !failed ? humanize(outcome) : wordsOfAnswer(outcome);
  const said = failed ? <Badge tone="stop">{words}</Badge> : words;
  const aside = (
    <span class="soft">
      {said} · {showDuration(durationMs)}
    </span>
  );
  const look = { kind: "call", icon: "call", tone: failed ? "stop" : "quiet" } as const;
  return <EntryFrame {...look} at={at} title={`${wordsOfCall(call)}:`} aside={aside} />;
}

function WebhookEntry({ entry, isArchived }: { entry: Of<"webhook">; isArchived: boolean }) {
  return (
    <EntryFrame kind="webhook" icon="webhooks" tone="quiet" at={entry.at} title="Webhook">
      <p>
        <WebhookBadge outcome={entry.outcome} /> <WebhookSays says={entry.says} />
      </p>
      <WebhookReason reason={entry.reason} />
      <WebhookDetails webhook={entry} isArchived={isArchived} />
    </EntryFrame>
  );
}

interface DeliveryEntryProps {
  readonly entry: Of<"delivery">;
  readonly isArchived: boolean;
  readonly now: number;
}

function DeliveryEntry({ entry, isArchived, now }: DeliveryEntryProps) {
  const { at, type, status, pushedMs } = entry;
  return (
    <EntryFrame kind="delivery" icon="deliveries" tone={DELIVERY_TONES[status]} at={at} title="To the shop">
      <p>
        <DeliveryBadge status={status} /> <Code>{type}</Code>
        {pushedMs === null ? null : (
          <span class="soft"> · pushed to the buyer’s page after {showDuration(pushedMs)}</span>
        )}
      </p>
      <DeliveryDetails delivery={entry} isArchived={isArchived} now={now} />
    </EntryFrame>
  );
}

function RefundEntry({ entry, now }: { entry: Of<"refund">; now: number }) {
  const { at, id, amount, currency, status, reason, source, actor } = entry;
  const { failureCode, gatewayReference, nextAttemptAt } = entry;
  return (
    <EntryFrame kind="refund" icon="refund" tone={REFUND_TONES[status]} at={at} title="Refund">
      <p>
        <strong>
          <Money amount={amount} currency={currency} />
        </strong>{" "}
        <Badge tone={REFUND_TONES[status]}>{REFUND_WORDS[status]}</Badge> by{" "}
        {actor === null ? SOURCE_WORDS[source] : <bdi>{actor}</bdi>}
      </p>
      {failureCode === null ? null : (
        <p class="reason" title={failureCode}>
          {wordsOfReason(failureCode)}
        </p>
      )}
      <Note text={reason} />
      <p class="soft">
        <Code>{id}</Code>
        {gatewayReference === null ? null : (
          <>
            {" "}
            · at the gateway <Code>{gatewayReference}</Code>
          </>
        )}
        {nextAttemptAt === null ? null : (
          <>
            {" "}
            · looked at again <Ago at={nextAttemptAt} now={now} />
          </>
        )}
      </p>
    </EntryFrame>
  );
}

function ActionEntry({ entry: { at, action, actor, note, outcome } }: { entry: Of<"action"> }) {
  return (
    <EntryFrame
      kind="action"
      icon="activity"
      tone={outcome === null ? "care" : "quiet"}
      at={at}
      title={wordsOfDeed(action)}
    >
      <p>
        by <bdi>{actor}</bdi>{" "}
        <span class="soft">· {outcome === null ? UNKNOWN_OUTCOME : humanize(outcome)}</span>
      </p>
      <Note text={note} />
    </EntryFrame>
  );
}

const UNKNOWN_OUTCOME = "outcome unknown: it was interrupted";
