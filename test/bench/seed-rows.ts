/** The rows of all tables, each an INSERT behind the table `facts`. */
import { factsOf, type Month, typeId } from "./seed-facts.ts";

const HOUR_MS = 60 * 60_000;
const WATCH_MS = 72 * HOUR_MS;
const isOver = "status NOT IN ('pending', 'succeeded')";
const isBack = "back IN ('part', 'whole')";
const returned = "CASE back WHEN 'part' THEN amount / 2 WHEN 'whole' THEN amount ELSE 0 END";
const line = (call: string) => `${call} || char(10)`;
const rfc3339 = (at: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${at} / 1000.0, 'unixepoch')`;

/** All that is written of the transactions with these numbers, in one go. */
export function rowsOf(month: Month, from: number, to: number): string[] {
  const facts = factsOf(month, from, to);
  return [
    transactions(month),
    METADATA_VALUES,
    EVENTS,
    deliveries(month),
    INBOX,
    PARKED,
    refunds(month),
    OPERATOR_ACTIONS,
  ].map((insert) => `${facts} ${insert}`);
}

function transactions({ now }: Month): string {
  const expire = line(`'["expire",' || (ended - 200) || ',180,"expired",false]'`);
  return `INSERT INTO transactions (id, order_id, gateway, status, version, amount, currency, amount_captured, amount_refunded,
      capture, gateway_reference, payment_url, return_url, description, metadata, failure_code, failure_message,
      review_reason, opening_until, created_at, updated_at, expires_at, next_check_at, silent_since, dispute, mode, calls)
    SELECT id, printf('order-%07d', CASE status WHEN 'failed' THEN i + 1 ELSE i END), gateway, status,
      CASE WHEN status = 'pending' THEN 1 WHEN ${isBack} THEN 3 ELSE 2 END,
      amount, currency, captured, ${returned}, CASE status WHEN 'authorized' THEN 'manual' ELSE 'automatic' END, reference,
      'https://pay.example/pages/' || id, 'https://shop.example/thanks', 'Order ' || i,
      CASE WHEN customer IS NULL THEN '{}' ELSE json_object('customer', customer, 'channel', channel) END,
      failure, CASE WHEN failure IS NOT NULL THEN 'The payment was refused.' END, doubt, born + 30000, born,
      CASE WHEN ${isBack} THEN back_at ELSE ended END, born + 1800000,
      CASE WHEN status = 'pending' THEN born + 1800000 WHEN status IN ('processing', 'authorized') THEN ${now + HOUR_MS}
        WHEN status <> 'review' AND ${isOver} AND ended > ${now - WATCH_MS} THEN ended + ${WATCH_MS} END,
      CASE WHEN status = 'processing' THEN ${now - HOUR_MS} END,
      CASE WHEN status = 'succeeded' AND d4 % 2000 = 30 THEN 'open' END, 'live',
      ${line(`'["create",' || (born + 20) || ',180,"pending",false]'`)} ||
        CASE status WHEN 'expired' THEN ${expire} ELSE '' END
    FROM facts`;
}

const METADATA_VALUES = `INSERT INTO metadata_values (value, transaction_id)
  SELECT customer, id FROM facts WHERE customer IS NOT NULL UNION ALL
  SELECT channel, id FROM facts WHERE customer IS NOT NULL`;

/** Positions are two a transaction: what it came to, and its refund. */
const EVENTS = `INSERT INTO events (transaction_id, version, type, source, status_before, status, amount_captured,
    amount_refunded, reason, occurred_at, actor, note, position, event_id)
  SELECT id, 1, 'transaction.created', 'shop', 'pending', 'pending', 0, 0, NULL, born + 300, NULL, NULL, NULL, NULL FROM facts
  UNION ALL
  SELECT id, 2, 'transaction.' || status, source, 'pending', status, captured, 0, coalesce(failure, doubt), ended,
    CASE source WHEN 'operator' THEN 'Ada' END, CASE source WHEN 'operator' THEN 'Asked by phone.' END, 2 * i + 1,
    CASE source WHEN 'webhook' THEN event_id END
  FROM facts WHERE status <> 'pending'
  UNION ALL
  SELECT id, 3, 'transaction.refunded', 'shop', status, status, captured, ${returned}, NULL, back_at, NULL, NULL, 2 * i + 2, NULL
  FROM facts WHERE ${isBack}`;

function deliveries({ now }: Month): string {
  const body = (type: string, version: number, at: string) =>
    `json_object('type', 'transaction.' || ${type}, 'timestamp', ${rfc3339(at)}, 'data', json_object('id', id, 'order_id',
      printf('order-%07d', i), 'status', status, 'version', ${version}, 'amount', amount, 'currency', currency,
      'amount_captured', captured, 'amount_refunded', 0, 'gateway', gateway, 'gateway_reference', reference, 'return_url',
      'https://shop.example/thanks', 'description', 'Order ' || i, 'failure', failure, 'late', json('false'),
      'review_reason', doubt, 'metadata', json_object('customer', customer), 'created_at', ${rfc3339("born")},
      'updated_at', ${rfc3339(at)}, 'expires_at', ${rfc3339("born + 1800000")}))`;
  const failed = line(`'[' || (ended + 50) || ',120,"HTTP 500"]'`);
  const delivered = (at: string) => line(`'[' || (${at} + 10) || ',35,"HTTP 204"]'`);
  return `INSERT INTO deliveries (position, transaction_id, version, type, body, attempts, next_attempt_at, delivered_at,
      last_error, created_at, pushed_ms, log)
    SELECT 2 * i + 1, id, 2, 'transaction.' || status, ${body("status", 2, "ended")},
      CASE shop WHEN 'dead' THEN 10 WHEN 'owed' THEN 2 ELSE 0 END,
      CASE shop WHEN 'owed' THEN ${now + HOUR_MS} + d3 % ${HOUR_MS} END, CASE shop WHEN 'delivered' THEN ended + 45 END,
      CASE WHEN shop <> 'delivered' THEN 'HTTP 500' END, ended, CASE WHEN d3 % 3 = 0 THEN 5 + d3 % 200 END,
      CASE shop WHEN 'delivered' THEN ${delivered("ended")} WHEN 'owed' THEN replace('xx', 'x', ${failed})
        ELSE replace('xxxxxxxxxx', 'x', ${failed}) END
    FROM facts WHERE status <> 'pending'
    UNION ALL
    SELECT 2 * i + 2, id, 3, 'transaction.refunded', ${body("'refunded'", 3, "back_at")}, 0, NULL, back_at + 45, NULL, back_at,
      NULL, ${delivered("back_at")}
    FROM facts WHERE ${isBack}`;
}

const observation = `json_object('reference', reference, 'amount', amount, 'currency', currency, 'failureCode', failure,
  'amountCaptured', NULL, 'dispute', NULL, 'mode', NULL, 'status', status, 'amountRefunded', 0)`;
const raw = `json_object('event_id', event_id, 'transaction_id', id, 'status', status, 'amount', amount, 'currency', currency,
  'amount_refunded', 0, 'occurred_at', ${rfc3339("ended - 900")})`;

/** A webhook that comes after the buyer's return says nothing new. */
const INBOX = `INSERT INTO inbox (transaction_id, gateway, event_id, outcome, reason, observation, received_at, occurred_at,
    signed_at, secret, raw)
  SELECT id, gateway, event_id, CASE source WHEN 'webhook' THEN 'applied' ELSE 'ignored' END,
    CASE source WHEN 'buyer' THEN 'unchanged' END, ${observation},
    ended + CASE source WHEN 'buyer' THEN 2000 ELSE 0 END, ended - 100 - d3 % 2000, ended - 100 - d3 % 2000, 1 + (d3 % 50 = 0),
    ${raw}
  FROM facts WHERE status <> 'pending' AND source IN ('webhook', 'buyer')`;

/** Of payments that nobody knows here, by our id or by the gateway's. */
const PARKED = `INSERT INTO inbox (transaction_id, gateway, event_id, outcome, reason, observation, received_at, raw)
  SELECT CASE WHEN fate = 117 THEN ${typeId("txn", "born", 1)} ELSE 'adyen:PL' || upper(mark) END,
    CASE WHEN fate = 117 THEN 'generic' ELSE 'adyen' END, event_id || 'p', 'parked', NULL,
    json_object('reference', CASE WHEN fate = 117 THEN NULL ELSE 'PL' || upper(mark) END, 'amount', amount, 'currency', currency,
      'failureCode', NULL, 'amountCaptured', NULL, 'dispute', NULL, 'mode', NULL, 'status', 'succeeded', 'amountRefunded', 0),
    ended, NULL
  FROM facts WHERE fate IN (117, 118) AND i % 5000 < 2500`;

function refunds({ now }: Month): string {
  return `INSERT INTO refunds (id, transaction_id, amount, currency, status, reason, source, gateway_reference, failure_code,
      fingerprint, attempts, next_attempt_at, created_at, updated_at, actor)
    SELECT ${typeId("rfd", "back_at")}, id, CASE back WHEN 'whole' THEN amount ELSE amount / 2 END, currency,
      CASE WHEN ${isBack} THEN 'succeeded' ELSE back END, 'Came back', CASE WHEN i % 2 = 0 THEN 'shop' ELSE 'operator' END,
      CASE WHEN ${isBack} THEN 're_' || mark END, CASE back WHEN 'failed' THEN 'gateway_rejected' END, '[]',
      CASE back WHEN 'pending' THEN 4 ELSE 1 END, CASE back WHEN 'pending' THEN ${now + HOUR_MS} END, back_at - 60000, back_at,
      CASE WHEN i % 2 = 1 THEN 'Ada' END
    FROM facts WHERE back IS NOT NULL`;
}

const OPERATOR_ACTIONS = `INSERT INTO operator_actions (id, transaction_id, action, actor, note, outcome, created_at)
  SELECT ${typeId("act", "ended")}, CASE source WHEN 'operator' THEN id END,
    CASE source WHEN 'operator' THEN 'cancel' ELSE 'export' END, CASE WHEN i % 2 = 0 THEN 'Ada' ELSE 'Grace' END,
    CASE source WHEN 'operator' THEN 'Asked by phone.' END, CASE source WHEN 'operator' THEN 'canceled' ELSE 'csv' END, ended
  FROM facts WHERE source = 'operator' OR fate = 119`;
