/** A state in a word, a tone and a shape: the shape says it to those who do not see the colour. */
import type { Child } from "hono/jsx";
import type { Status } from "../transactions/transaction.ts";
import type { DeliveryRow, TransactionRow, WebhookRow } from "./views.ts";
import { DELIVERY_WORDS, DISPUTE_WORDS, STATUS_WORDS, WEBHOOK_WORDS } from "./words.ts";

export type Tone = "wait" | "done" | "stop" | "quiet" | "care";

/** Drawn within 12 by 12. */
const SHAPES: Readonly<Record<Tone, string>> = {
  wait: "M6 3v3l2 1.5M10.5 6a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0z",
  done: "M2.5 6.5 5 9l4.5-6",
  stop: "M3 3l6 6M9 3 3 9",
  quiet: "M3 6h6",
  care: "M6 2.5v4M6 9.4v.1",
};

export const STATUS_TONES: Readonly<Record<Status, Tone>> = {
  pending: "wait",
  processing: "wait",
  authorized: "wait",
  succeeded: "done",
  failed: "stop",
  canceled: "quiet",
  expired: "quiet",
  review: "care",
};

const WEBHOOK_TONES: Readonly<Record<WebhookRow["outcome"], Tone>> = {
  applied: "done",
  ignored: "quiet",
  parked: "care",
};

export const DELIVERY_TONES: Readonly<Record<DeliveryRow["status"], Tone>> = {
  owed: "wait",
  delivered: "done",
  dead: "stop",
  unsent: "quiet",
};

export function Badge({ tone, children }: { tone: Tone; children?: Child }) {
  return (
    <span class={`badge tone-${tone}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true" focusable="false">
        <path d={SHAPES[tone]} />
      </svg>
      {children}
    </span>
  );
}

export function StatusBadge({ status }: { status: Status }) {
  return <Badge tone={STATUS_TONES[status]}>{STATUS_WORDS[status]}</Badge>;
}

export function WebhookBadge({ outcome }: { outcome: WebhookRow["outcome"] }) {
  return <Badge tone={WEBHOOK_TONES[outcome]}>{WEBHOOK_WORDS[outcome]}</Badge>;
}

export function DeliveryBadge({ status }: { status: DeliveryRow["status"] }) {
  return <Badge tone={DELIVERY_TONES[status]}>{DELIVERY_WORDS[status]}</Badge>;
}

type Shown = Pick<TransactionRow, "status" | "amountCaptured" | "amountRefunded" | "late" | "dispute">;

/** The status, and what else must be seen at a glance. */
export function PaymentBadges({ row }: { row: Shown }) {
  return (
    <span class="badges">
      <StatusBadge status={row.status} />
      {row.amountRefunded > 0 ? (
        <Badge tone="quiet">
          {row.amountRefunded >= row.amountCaptured ? "Refunded" : "Partly refunded"}
        </Badge>
      ) : null}
      {row.late ? <Badge tone="care">Late</Badge> : null}
      {row.dispute === null ? null : (
        <Badge tone={row.dispute === "won" ? "done" : row.dispute === "lost" ? "stop" : "care"}>
          {DISPUTE_WORDS[row.dispute]}
        </Badge>
      )}
    </span>
  );
}
