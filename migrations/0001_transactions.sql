-- One attempt to collect one amount for one order through one gateway.
CREATE TABLE transactions (
  id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 30 AND id GLOB 'txn_*'),
  order_id TEXT NOT NULL CHECK (length(order_id) BETWEEN 1 AND 255),
  gateway TEXT NOT NULL CHECK (length(gateway) BETWEEN 1 AND 32),
  status TEXT NOT NULL CHECK (
    status IN ('pending', 'processing', 'authorized', 'succeeded', 'failed', 'canceled', 'expired', 'review')
  ),
  version INTEGER NOT NULL CHECK (version >= 0),
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  amount_captured INTEGER NOT NULL DEFAULT 0 CHECK (amount_captured BETWEEN 0 AND 9007199254740991),
  amount_refunded INTEGER NOT NULL DEFAULT 0 CHECK (amount_refunded BETWEEN 0 AND amount_captured),
  capture TEXT NOT NULL CHECK (capture IN ('automatic', 'manual')),
  gateway_reference TEXT,
  payment_url TEXT,
  return_url TEXT,
  description TEXT,
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  failure_code TEXT,
  failure_message TEXT,
  late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),
  review_reason TEXT,
  -- The buyer's data for the gateway, until it has answered: none remains.
  customer TEXT CHECK (customer IS NULL OR json_valid(customer)),
  -- Until when the request that made the row is taken to be under way.
  opening_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL CHECK (expires_at > created_at),
  next_check_at INTEGER,
  silent_since INTEGER,
  -- The place that the transaction takes in its order: one open, one paid, any number of others.
  slot TEXT NOT NULL GENERATED ALWAYS AS (
    CASE
      WHEN status IN ('pending', 'processing', 'authorized') THEN 'open'
      WHEN status = 'succeeded' AND amount_refunded < amount_captured THEN 'paid'
      ELSE id
    END
  ) VIRTUAL,
  CHECK ((status = 'failed') = (failure_code IS NOT NULL)),
  CHECK ((status = 'review') = (review_reason IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- An order's guards, and the look-up by order.
CREATE UNIQUE INDEX transactions_order ON transactions (order_id, slot);
CREATE INDEX transactions_due ON transactions (next_check_at) WHERE next_check_at IS NOT NULL;

-- The history, append-only. The primary key is the lock: two cannot make the same version.
CREATE TABLE events (
  transaction_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  type TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('shop', 'webhook', 'buyer', 'cron', 'operator')),
  status_before TEXT NOT NULL,
  status TEXT NOT NULL,
  amount_captured INTEGER NOT NULL,
  amount_refunded INTEGER NOT NULL,
  reason TEXT,
  occurred_at INTEGER NOT NULL,
  PRIMARY KEY (transaction_id, version)
) STRICT, WITHOUT ROWID;

-- The shop's keys: the same key with the same body is the same transaction.
CREATE TABLE idempotency_keys (
  key TEXT NOT NULL PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 255),
  fingerprint TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Verified webhooks. The primary key is the de-duplication.
CREATE TABLE inbox (
  gateway TEXT NOT NULL,
  event_id TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'ignored', 'parked')),
  reason TEXT,
  observation TEXT NOT NULL CHECK (json_valid(observation)),
  received_at INTEGER NOT NULL,
  PRIMARY KEY (gateway, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX inbox_parked ON inbox (transaction_id) WHERE outcome = 'parked';

-- What the shop is owed. The position is the order of commit; the body stays the same over all attempts.
CREATE TABLE deliveries (
  position INTEGER PRIMARY KEY,
  transaction_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Null: nothing is owed any more, or there is nobody to tell.
  next_attempt_at INTEGER,
  delivered_at INTEGER,
  -- Why the last attempt failed; with next_attempt_at null and no delivered_at, a dead letter.
  last_error TEXT,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- When a job last ran.
CREATE TABLE heartbeats (
  job TEXT NOT NULL PRIMARY KEY,
  ran_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
