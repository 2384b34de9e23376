-- What has become of a back-channel logout that was answered late.
CREATE TABLE late_logouts (
  session_id TEXT PRIMARY KEY,
  -- No sooner; null where nothing is left to be tried.
  retry_at INTEGER,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
