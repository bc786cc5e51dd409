/** Rows of the console's lists, and the entries of a timeline, in the words of its pages. */
import type { DeliveryRow, Entry, TransactionRow, WebhookRow } from "../console/views.ts";
import type { Payment, ReceivedWebhook } from "../operations/read-payment.ts";
import { eventId } from "../operations/send-delivery.ts";
import type { Services } from "../services.ts";
import type { Transaction } from "../transactions/transaction.ts";
import { encodeKey } from "./webhook-key.ts";

export function toRow(transaction: Transaction): TransactionRow {
  const { id, orderId, gateway, gatewayReference, status, currency, late, reviewReason } = transaction;
  const { amount, amountCaptured, amountRefunded, failure, dispute, createdAt } = transaction;
  return {
    ...{ id, orderId, gateway, gatewayReference, status, currency, late, reviewReason, dispute, createdAt },
    ...{ amount, amountCaptured, amountRefunded, failureCode: failure?.code ?? null },
  };
}

export function toEntry(entry: Payment["entries"][number]): Entry {
  switch (entry.kind) {
    case "webhook":
      return { ...entry, key: encodeKey(entry) };
    case "delivery":
      return { ...entry, attempts: entry.attempts.map(withoutAddress) };
    default:
      return entry;
  }
}

export function toWebhookRow(webhook: ReceivedWebhook): WebhookRow {
  return { ...webhook, key: encodeKey(webhook) };
}

type Listed = Awaited<ReturnType<Services["store"]["listDeliveries"]>>[number];

export function toDeliveryRow(listed: Listed): DeliveryRow {
  const { transactionId, type, version, nextAttemptAt, deliveredAt, lastError, createdAt, tries, status } =
    listed;
  return {
    ...{ transactionId, type, version, nextAttemptAt, deliveredAt, createdAt },
    ...{ eventId: eventId(listed), status, attempts: tries.map(withoutAddress) },
    lastError: lastError && hideAddresses(lastError),
  };
}

function withoutAddress<T extends { readonly answer: string }>(attempt: T): T {
  return { ...attempt, answer: hideAddresses(attempt.answer) };
}

/** A failing fetch may name the address that it was for, and that one may carry the shop's secret in its query. */
function hideAddresses(text: string): string {
  return text.replace(/\bhttps?:\/\/\S+/gi, "the shop’s address");
}
