-- Operators are told of alarms once, whichever isolate tells.
CREATE TABLE alarm_notices (
  alarm_id TEXT PRIMARY KEY REFERENCES alarms (id) ON DELETE CASCADE,
  claimed_by TEXT NOT NULL,
  told_count INTEGER NOT NULL,
  told_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
