-- How often each record was made, and since when a mail waits.
CREATE TABLE record_counts (
  hour INTEGER NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  count INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (hour, code, reason)
) STRICT, WITHOUT ROWID;
ALTER TABLE outbox ADD COLUMN created_at INTEGER;
