-- What was given up. It costs no row until then: neither what is owed nor what is delivered is in it.
CREATE INDEX deliveries_dead ON deliveries (position)
WHERE next_attempt_at IS NULL AND delivered_at IS NULL AND attempts > 0;
