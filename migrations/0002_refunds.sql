-- Money that goes back to the buyer, and what else a gateway may say of money: captures, disputes, its mode.
ALTER TABLE transactions ADD COLUMN capturing INTEGER CHECK (capturing BETWEEN 1 AND amount);
ALTER TABLE transactions ADD COLUMN dispute TEXT CHECK (dispute IN ('open', 'won', 'lost'));
ALTER TABLE transactions ADD COLUMN mode TEXT CHECK (mode IN ('live', 'test'));

-- Who decided, and why, where a person did.
ALTER TABLE events ADD COLUMN actor TEXT;
ALTER TABLE events ADD COLUMN note TEXT;

-- For a webhook that names only the gateway's own id, and for people who search by it.
CREATE INDEX transactions_reference ON transactions (gateway_reference) WHERE gateway_reference IS NOT NULL;

-- An owed effect, like a delivery: repeated under one id until the gateway has ended it.
CREATE TABLE refunds (
  id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 30 AND id GLOB 'rfd_*'),
  transaction_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
  reason TEXT,
  source TEXT NOT NULL CHECK (source IN ('shop', 'webhook', 'buyer', 'cron', 'operator')),
  gateway_reference TEXT,
  failure_code TEXT,
  -- The shop's key, for this transaction alone, and the request that it came with.
  idempotency_key TEXT,
  fingerprint TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
  CHECK ((status = 'failed') = (failure_code IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX refunds_key ON refunds (transaction_id, idempotency_key);
CREATE INDEX refunds_due ON refunds (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
