-- Webhooks in the order of their transactions: a timeline is one range, and what is old is at one end.
ALTER TABLE inbox RENAME TO inbox_before;
DROP INDEX inbox_parked;

CREATE TABLE inbox (
  -- Ours; or `<gateway>:<its reference>`, as long as nothing of that reference is known.
  transaction_id TEXT NOT NULL CHECK (length(transaction_id) BETWEEN 1 AND 512),
  gateway TEXT NOT NULL,
  event_id TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'ignored', 'parked')),
  reason TEXT,
  observation TEXT NOT NULL CHECK (json_valid(observation) AND length(observation) <= 4096),
  received_at INTEGER NOT NULL,
  PRIMARY KEY (transaction_id, gateway, event_id)
) STRICT, WITHOUT ROWID;

INSERT INTO inbox (transaction_id, gateway, event_id, outcome, reason, observation, received_at)
SELECT transaction_id, gateway, event_id, outcome, reason, observation, received_at FROM inbox_before;
DROP TABLE inbox_before;

-- What changed nothing, to be looked at and replayed.
CREATE INDEX inbox_unapplied ON inbox (outcome, transaction_id) WHERE outcome <> 'applied';
