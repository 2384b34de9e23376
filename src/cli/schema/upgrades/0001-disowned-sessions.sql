-- Asked-for codes, recognized sessions, the sweep of the log, and changes of address that outlive their user.

ALTER TABLE users ADD COLUMN asks_code INTEGER NOT NULL DEFAULT 0 CHECK (asks_code IN (0, 1));

ALTER TABLE sessions ADD COLUMN recognized_from INTEGER CHECK (recognized_from < created_seq);

CREATE TABLE log_sweep (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  begun_at INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  seq INTEGER NOT NULL
) STRICT;

-- A foreign key goes with its table only: the rows wait beside it meanwhile.
CREATE TABLE email_changes_kept AS SELECT * FROM email_changes;
DROP TABLE email_changes;
CREATE TABLE email_changes (
  user_id TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  former_address TEXT NOT NULL,
  address TEXT NOT NULL,
  code_digest TEXT NOT NULL CHECK (length(code_digest) = 43),
  wrong_codes INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO email_changes (user_id, id, session_id, former_address, address, code_digest, wrong_codes, expires_at)
SELECT user_id, id, session_id, former_address, address, code_digest, wrong_codes, expires_at FROM email_changes_kept;
DROP TABLE email_changes_kept;

CREATE TRIGGER email_changes_of_users
BEFORE INSERT ON email_changes
WHEN NEW.expires_at > 0 AND NOT EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id)
BEGIN
  SELECT RAISE(ABORT, 'user_gone');
END;
