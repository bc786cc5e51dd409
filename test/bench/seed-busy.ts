/** One payment of the seeded month that much has happened to: 12 refunds, 40 webhooks, many hands, 5 attempts before it. */

const REFUNDS = 12;
const WEBHOOKS = 40;
const ACTIONS = 8;
const ATTEMPTS = 5;

const CHOSEN = `chosen AS (SELECT * FROM transactions WHERE id = (SELECT id FROM transactions
    WHERE status = 'succeeded' AND amount_refunded = 0 AND gateway = 'generic' AND amount > 100 ORDER BY id DESC LIMIT 1))`;
/** The first to the last of so many, beside the chosen one. */
const each = (count: number) =>
  `WITH RECURSIVE ${CHOSEN}, numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})`;
/** An id of the chosen one's own, but for its prefix and its end. */
const idOf = (prefix: string) => `'${prefix}_' || substr(id, 5, 24) || printf('%02x', n)`;

const STATEMENTS = [
  `WITH ${CHOSEN} UPDATE transactions SET order_id = (SELECT order_id FROM chosen)
    WHERE id IN (SELECT id FROM transactions WHERE status = 'failed' ORDER BY id DESC LIMIT ${ATTEMPTS})`,
  `${each(WEBHOOKS)} INSERT INTO inbox (transaction_id, gateway, event_id, outcome, reason, observation, received_at)
    SELECT id, gateway, 'evt_busy_' || printf('%02d', n), 'ignored', 'unchanged',
      json_object('status', 'succeeded', 'amount', amount, 'currency', currency), updated_at + n * 1000
    FROM chosen, numbers`,
  `${each(REFUNDS)} INSERT INTO refunds (id, transaction_id, amount, currency, status, source, fingerprint, created_at, updated_at)
    SELECT ${idOf("rfd")}, id, 1, currency, 'succeeded', 'shop', '[]', updated_at + n, updated_at + n FROM chosen, numbers`,
  `${each(REFUNDS)} INSERT INTO deliveries (transaction_id, version, type, body, delivered_at, created_at, log)
    SELECT id, 2 + n, 'transaction.refunded', '{}', updated_at + n, updated_at + n, '[' || updated_at || ',35,"HTTP 204"]' || char(10)
    FROM chosen, numbers ORDER BY n`,
  `${each(REFUNDS)} INSERT INTO events (transaction_id, version, type, source, status_before, status, amount_captured,
      amount_refunded, occurred_at, position)
    SELECT id, 2 + n, 'transaction.refunded', 'shop', status, status, amount_captured, n, updated_at + n,
      (SELECT max(position) FROM deliveries) - ${REFUNDS} + n
    FROM chosen, numbers`,
  `${each(ACTIONS)} INSERT INTO operator_actions (id, transaction_id, action, actor, outcome, created_at)
    SELECT ${idOf("act")}, id, 'check', 'Ada', 'unchanged', updated_at + n FROM chosen, numbers`,
  // The last one, for it is chosen no more then.
  `WITH ${CHOSEN} UPDATE transactions SET amount_refunded = ${REFUNDS}, version = 2 + ${REFUNDS}
    WHERE id = (SELECT id FROM chosen) RETURNING id`,
];

/** @returns its id */
export async function seedBusy(d1: D1Database): Promise<string> {
  const results = await d1.batch<{ id: string }>(STATEMENTS.map((statement) => d1.prepare(statement)));
  const [busy] = results.at(-1)?.results ?? [];
  if (!busy) {
    throw new Error("there was nothing to choose from");
  }
  return busy.id;
}
