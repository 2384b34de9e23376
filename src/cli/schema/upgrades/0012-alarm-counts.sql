-- What has been added to alarms: a count whose answer was lost is tried again, and adds nothing.
CREATE TABLE alarm_counts (
  id TEXT PRIMARY KEY CHECK (length(id) = 43),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
