/** The wire shapes of a transaction and its events: for the shop, for a browser, for the outbox. */
import type { Config } from "../config.ts";
import type { InboxRow } from "../store/inbox.ts";
import type { RefundRow } from "../store/refunds.ts";
import type { Loaded } from "../store/rows.ts";
import { isFinal, type Transaction } from "../transactions/transaction.ts";
import { issueClientSecret } from "./client-secret.ts";

/** RFC 3339, UTC. */
export function toTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The buyer's page of a transaction, which opens with the secret in it. */
export function statusUrl(config: Config, transactionId: string, clientSecret: string): string {
  return `${config.publicUrl}/status/${transactionId}?client_secret=${clientSecret}`;
}

/** The same page, for a buyer who comes from the payment page: it says that the payment is being confirmed. */
export function returnedUrl(page: string): string {
  return `${page}&returned=1`;
}

/** The same page in the buyer's language, where the shop has told it. */
export function localizedUrl(page: string, locale: string | null | undefined): string {
  return locale ? `${page}&locale=${encodeURIComponent(locale)}` : page;
}

/** What the shop is told of a change: the transaction at that version, without what opens it. */
export function toEventData(transaction: Transaction) {
  return {
    id: transaction.id,
    order_id: transaction.orderId,
    status: transaction.status,
    version: transaction.version,
    amount: transaction.amount,
    currency: transaction.currency,
    amount_captured: transaction.amountCaptured,
    amount_refunded: transaction.amountRefunded,
    gateway: transaction.gateway,
    gateway_reference: transaction.gatewayReference,
    return_url: transaction.returnUrl,
    description: transaction.description,
    failure: transaction.failure,
    late: transaction.late,
    review_reason: transaction.reviewReason,
    ...(transaction.dispute === null ? {} : { dispute: transaction.dispute }),
    metadata: transaction.metadata,
    created_at: toTimestamp(transaction.createdAt),
    updated_at: toTimestamp(transaction.updatedAt),
    expires_at: toTimestamp(transaction.expiresAt),
  };
}

/** The transaction as the shop sees it. */
export async function toShopView(transaction: Transaction, config: Config, now: number) {
  const clientSecret = await issueClientSecret(config.clientSecretKeys, transaction.id);
  return {
    ...toEventData(transaction),
    payment_url: payableUrl(transaction, now),
    status_url: statusUrl(config, transaction.id, clientSecret),
    socket_url: `${config.publicUrl.replace(/^http/, "ws")}/transactions/${transaction.id}/socket`,
    client_secret: clientSecret,
  };
}

/** The transaction as a browser sees it. */
export function toPublicView(transaction: Transaction, now: number) {
  return {
    id: transaction.id,
    status: transaction.status,
    version: transaction.version,
    final: isFinal(transaction.status),
    amount: transaction.amount,
    currency: transaction.currency,
    payment_url: payableUrl(transaction, now),
    return_url: transaction.returnUrl,
    late: transaction.late,
    expires_at: toTimestamp(transaction.expiresAt),
  };
}

/** Where the buyer can pay now; null once it is over or too late. */
export function payableUrl(transaction: Transaction, now: number): string | null {
  return transaction.status === "pending" && now < transaction.expiresAt ? transaction.paymentUrl : null;
}

/** Called off after money had come, and not all of it is known to be back. */
export function isMoneyReturning({ transaction, refunds }: Loaded): boolean {
  const { status, amountCaptured, amountRefunded } = transaction;
  const back = amountCaptured > 0 && amountRefunded === amountCaptured;
  return status === "canceled" && !back && amountCaptured + refunds.pending + refunds.succeeded > 0;
}

/** The way back to the shop, with the outcome for its page: a hint to show, never a proof to fulfil by. */
export function outcomeUrl({ id, status, returnUrl }: Transaction): string | null {
  const url = returnUrl === null ? null : URL.parse(returnUrl);
  url?.searchParams.set("transaction_id", id);
  url?.searchParams.set("status", status);
  return url?.href ?? null;
}

/** A refund as the shop sees it. */
export function toRefundView(refund: RefundRow) {
  return {
    id: refund.id,
    transaction_id: refund.transactionId,
    amount: refund.amount,
    currency: refund.currency,
    status: refund.status,
    reason: refund.reason,
    failure: refund.failureCode === null ? null : { code: refund.failureCode },
    gateway_reference: refund.gatewayReference,
    created_at: toTimestamp(refund.createdAt),
    updated_at: toTimestamp(refund.updatedAt),
  };
}

/** A webhook as the inbox keeps it. */
export function toInboxView({ transactionId, gateway, eventId, outcome, reason, ...entry }: InboxRow) {
  const { status, amount, currency } = entry.observation;
  return {
    gateway,
    event_id: eventId,
    transaction_id: transactionId,
    outcome,
    reason,
    says: { status, amount, currency },
    received_at: toTimestamp(entry.receivedAt),
  };
}
