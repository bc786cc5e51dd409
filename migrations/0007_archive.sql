-- Orders whose paid payment is in R2, and no more here: they take no second one.
CREATE TABLE archived_orders (
  order_id TEXT NOT NULL PRIMARY KEY,
  transaction_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How far the archive's walks have come: over transactions by id, and over the shop's keys.
CREATE TABLE archive_walk (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  after TEXT NOT NULL,
  -- The day, counted from 1970, on which the first of them began last.
  began_on INTEGER NOT NULL,
  key_after TEXT NOT NULL
) STRICT;
