-- What an operator looks at. Nothing of it costs a happy transaction a row.

-- The latest calls to the gateway, oldest first, one JSON array a line: [call, at, milliseconds, outcome, failed].
ALTER TABLE transactions ADD COLUMN calls TEXT NOT NULL DEFAULT '';
-- Newest first by status: what is neither on its way nor paid is rare.
CREATE INDEX transactions_unusual ON transactions (status, id) WHERE status <> 'pending' AND status <> 'succeeded';
CREATE INDEX transactions_silent ON transactions (silent_since) WHERE silent_since IS NOT NULL;
-- The gateway's own id of the payment, where its reference names the session first: "session/payment".
CREATE INDEX transactions_payment ON transactions (substr(gateway_reference, instr(gateway_reference, '/') + 1))
WHERE instr(gateway_reference, '/') > 0;

-- The shop's own words for a payment, to find it by. Nothing that looks like an e-mail address.
CREATE TABLE metadata_values (
  value TEXT NOT NULL CHECK (length(value) BETWEEN 1 AND 100),
  transaction_id TEXT NOT NULL,
  PRIMARY KEY (value, transaction_id)
) STRICT, WITHOUT ROWID;

-- Its place among the deliveries, and the webhook that brought it.
ALTER TABLE events ADD COLUMN position INTEGER;
ALTER TABLE events ADD COLUMN event_id TEXT;
CREATE INDEX deliveries_of ON deliveries (transaction_id, version);
UPDATE events SET position = (
  SELECT position FROM deliveries
  WHERE deliveries.transaction_id = events.transaction_id AND deliveries.version = events.version
);
DROP INDEX deliveries_of;

-- How a webhook came: when it happened and when it was signed, by the gateway's clock; which of the live secrets
-- verified it, 1 being the first; and what it said, without anything that could be somebody's.
ALTER TABLE inbox ADD COLUMN occurred_at INTEGER;
ALTER TABLE inbox ADD COLUMN signed_at INTEGER;
ALTER TABLE inbox ADD COLUMN secret INTEGER;
ALTER TABLE inbox ADD COLUMN raw TEXT CHECK (length(raw) <= 4096);

-- Milliseconds from the commit to the last watching socket; and the latest attempts, oldest first, one JSON array a
-- line: [at, milliseconds, answer].
ALTER TABLE deliveries ADD COLUMN pushed_ms INTEGER;
ALTER TABLE deliveries ADD COLUMN log TEXT NOT NULL DEFAULT '';

ALTER TABLE refunds ADD COLUMN actor TEXT;

-- Figures by hour, by six hours, by day, as the cron rolls them up from the deliveries' order of commit.
CREATE TABLE statistics (
  span TEXT NOT NULL CHECK (span IN ('hour', 'quarter', 'day')),
  start INTEGER NOT NULL,
  facts TEXT NOT NULL CHECK (json_valid(facts)),
  PRIMARY KEY (span, start)
) STRICT, WITHOUT ROWID;

-- How far that has come; and the id before which nothing is pending.
CREATE TABLE roll_up (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL,
  pending_from TEXT NOT NULL,
  rolled_at INTEGER NOT NULL
) STRICT;

-- The last webhook of each gateway that changed something, and the last that was refused.
CREATE TABLE gateway_health (
  gateway TEXT NOT NULL PRIMARY KEY,
  good_at INTEGER,
  -- Of that one: the secret that verified it, and how far the gateway's clock was ahead of ours, in milliseconds.
  good_secret INTEGER,
  skew_ms INTEGER,
  bad_at INTEGER,
  bad_reason TEXT
) STRICT, WITHOUT ROWID;

-- What operators did: who and why before it is done, and what came of it.
CREATE TABLE operator_actions (
  id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 30 AND id GLOB 'act_*'),
  transaction_id TEXT,
  action TEXT NOT NULL,
  actor TEXT NOT NULL,
  note TEXT,
  -- Null: nobody knows, for it died on its way.
  outcome TEXT,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX operator_actions_of ON operator_actions (transaction_id) WHERE transaction_id IS NOT NULL;

-- Who is signed in by the password. The id is kept as a digest.
CREATE TABLE console_sessions (
  id TEXT NOT NULL PRIMARY KEY,
  actor TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Failed sign-ins, by an HMAC of the address they came from.
CREATE TABLE sign_in_attempts (
  address TEXT NOT NULL PRIMARY KEY,
  attempts INTEGER NOT NULL,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
