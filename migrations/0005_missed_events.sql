-- From when on a gateway's own list of events is still to be read, after an outage of ours. No row: nothing was missed.
CREATE TABLE missed_events (
  gateway TEXT NOT NULL PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
