-- The truth of one database (one shard), for a new one. A change here needs an upgrade for those that exist, in
-- src/cli/schema/upgrades; see docs/configuration.md. Every statement can run again on a database that has it.
-- Times are seconds since the epoch. Digests and commitments are 32 bytes in base64url;
-- no secret stands here in the clear.
-- What belongs to a user (users … outbox) lives in the user's shard; clients, keys, alarms and webhooks
-- live in the first database.

-- The upgrades that this database has had, or was made with. The newest is its version.
CREATE TABLE IF NOT EXISTS schema_upgrades (
  version INTEGER PRIMARY KEY,
  applied_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  disabled_at INTEGER,
  preferences TEXT NOT NULL DEFAULT '{}',
  -- 1 from a disowned session to the next sign-in, for which the link alone is not enough.
  asks_code INTEGER NOT NULL DEFAULT 0 CHECK (asks_code IN (0, 1))
) STRICT, WITHOUT ROWID;

-- Canonical address -> user: an index, in the shard of the address. Whether it is so says users.email.
CREATE TABLE IF NOT EXISTS emails (
  address TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  verified_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Live sessions only; the list of where someone is signed in is a prefix scan. Ending one deletes its row.
-- secret_digest is that of the current refresh token, or of the browser session's cookie.
CREATE TABLE IF NOT EXISTS sessions (
  user_id TEXT NOT NULL REFERENCES users (id),
  id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  client_kind TEXT NOT NULL CHECK (client_kind IN ('first_party', 'third_party')),
  session_limit INTEGER NOT NULL CHECK (session_limit >= 1),
  scope TEXT NOT NULL,
  signed_in_with TEXT NOT NULL,
  started_in TEXT NOT NULL,
  device TEXT NOT NULL,
  place TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_seq INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  absolute_expires_at INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  secret_digest TEXT NOT NULL CHECK (length(secret_digest) = 43),
  -- The user has said that it was them, in the session with this created_seq or in its name: no session before it has.
  recognized_from INTEGER CHECK (recognized_from < created_seq),
  -- Within the second of last_seen_at: which of several was used last.
  last_seen_ms INTEGER NOT NULL DEFAULT 0 CHECK (last_seen_ms BETWEEN 0 AND 999),
  PRIMARY KEY (user_id, id),
  CHECK (expires_at <= absolute_expires_at)
) STRICT, WITHOUT ROWID;

-- A client's rule holds even for a writer that goes around the object.
CREATE TRIGGER IF NOT EXISTS sessions_within_limit
BEFORE INSERT ON sessions
WHEN (SELECT count(*) FROM sessions WHERE user_id = NEW.user_id AND client_id = NEW.client_id) >= NEW.session_limit
BEGIN
  SELECT RAISE(ABORT, 'session_limit');
END;

-- The commitment of every access token until its own expiry; it outlives its session. The token answer that was
-- issued with it waits here for its grace, sealed under the refresh token that it succeeded.
-- A token of a client in its own name has no session and no user: an id of its own (m_…) and one generation.
CREATE TABLE IF NOT EXISTS entropy_buckets (
  session_id TEXT NOT NULL,
  generation INTEGER NOT NULL CHECK (generation >= 1),
  user_id TEXT,
  audience TEXT NOT NULL,
  issued_at INTEGER NOT NULL,
  commitment TEXT NOT NULL CHECK (length(commitment) = 43),
  expires_at INTEGER NOT NULL,
  retired_at INTEGER,
  retired_reason TEXT,
  sealed_successor TEXT,
  PRIMARY KEY (session_id, generation),
  CHECK ((user_id IS NULL) = (substr(session_id, 1, 2) = 'm_')),
  CHECK (user_id IS NOT NULL OR generation = 1)
) STRICT, WITHOUT ROWID;

-- No token for a session that has ended, whoever writes.
CREATE TRIGGER IF NOT EXISTS entropy_buckets_of_live_sessions
BEFORE INSERT ON entropy_buckets
WHEN NEW.user_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = NEW.user_id AND id = NEW.session_id)
BEGIN
  SELECT RAISE(ABORT, 'session_gone');
END;

-- The feed that tells caches which buckets to forget. seq never repeats: the newest row is never removed.
CREATE TABLE IF NOT EXISTS bucket_retirements (
  seq INTEGER PRIMARY KEY,
  session_id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  retired_at INTEGER NOT NULL,
  -- A resource server reads what concerns it; null in entries older than this column.
  audience TEXT
) STRICT;

CREATE TRIGGER IF NOT EXISTS entropy_buckets_feed
AFTER UPDATE OF retired_at ON entropy_buckets
WHEN OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL
BEGIN
  INSERT INTO bucket_retirements (session_id, generation, retired_at, audience)
  VALUES (NEW.session_id, NEW.generation, NEW.retired_at, NEW.audience);
END;

-- The user's log, and the fence: a stale writer violates the primary key, a replay violates op_id,
-- and either way its whole batch rolls back.
CREATE TABLE IF NOT EXISTS user_events (
  user_id TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  op_id TEXT,
  first_seq INTEGER,
  type TEXT NOT NULL,
  at INTEGER NOT NULL,
  session_id TEXT,
  client_id TEXT,
  reason TEXT,
  actor TEXT NOT NULL,
  device TEXT,
  place TEXT,
  -- Of a sign-in: keyed digests by which its device is known again.
  marks TEXT,
  -- A MAC over this entry and the digest of the one before (src/tokens/event-chain.ts); null in entries that are older.
  digest TEXT CHECK (length(digest) = 43),
  -- Of device, place and marks, which it outlives. The salt goes with them.
  details_digest TEXT CHECK (length(details_digest) = 43),
  details_salt TEXT,
  PRIMARY KEY (user_id, seq)
) STRICT, WITHOUT ROWID;

-- Only the event that a change is about carries its op_id; the events that follow from it cost no index row.
CREATE UNIQUE INDEX IF NOT EXISTS user_events_op ON user_events (op_id) WHERE op_id IS NOT NULL;

-- Expiry is decided on what was read; a refresh in between has moved it, and then nothing has expired.
CREATE TRIGGER IF NOT EXISTS user_events_expired_is_expired
BEFORE INSERT ON user_events
WHEN NEW.reason = 'expired' AND EXISTS (
  SELECT 1 FROM sessions WHERE user_id = NEW.user_id AND id = NEW.session_id AND expires_at > NEW.at)
BEGIN
  SELECT RAISE(ABORT, 'session_live');
END;

-- With whose sessions the search for expired ones goes on.
CREATE TABLE IF NOT EXISTS session_sweep (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  from_user TEXT NOT NULL
) STRICT;

-- Where the sweep of old entries stands: after this entry of the log, or between two passes (no user_id).
CREATE TABLE IF NOT EXISTS log_sweep (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  begun_at INTEGER NOT NULL,
  user_id TEXT NOT NULL,
  seq INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS sign_ins (
  id TEXT PRIMARY KEY,
  address TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  started_in TEXT NOT NULL CHECK (started_in IN ('browser', 'app')),
  binding_digest TEXT NOT NULL CHECK (length(binding_digest) = 43),
  link_commitment TEXT NOT NULL CHECK (length(link_commitment) = 43),
  code_digest TEXT NOT NULL CHECK (length(code_digest) = 43),
  wrong_codes INTEGER NOT NULL DEFAULT 0,
  continue_to TEXT,
  device_name TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  claimed_by TEXT
) STRICT, WITHOUT ROWID;

-- A sign-in that is bound to a user in another database is spent there, and nowhere else.
CREATE TRIGGER IF NOT EXISTS user_events_sign_in_unclaimed
BEFORE INSERT ON user_events
WHEN substr(NEW.op_id, 1, 8) = 'sign-in:' AND EXISTS (
  SELECT 1 FROM sign_ins WHERE id = substr(NEW.op_id, 9) AND claimed_by <> NEW.user_id)
BEGIN
  SELECT RAISE(ABORT, 'sign_in_claimed');
END;

-- A change of address under way. The row stays until the index of addresses says what users.email says; so the last
-- one, of a user who is deleted, outlives its user.
CREATE TABLE IF NOT EXISTS email_changes (
  user_id TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  former_address TEXT NOT NULL,
  address TEXT NOT NULL,
  code_digest TEXT NOT NULL CHECK (length(code_digest) = 43),
  wrong_codes INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS email_changes_of_users
BEFORE INSERT ON email_changes
WHEN NEW.expires_at > 0 AND NOT EXISTS (SELECT 1 FROM users WHERE id = NEW.user_id)
BEGIN
  SELECT RAISE(ABORT, 'user_gone');
END;

-- The index row of a new address may be taken away again until the very moment of the change, and then never.
CREATE TRIGGER IF NOT EXISTS user_events_email_change_open
BEFORE INSERT ON user_events
WHEN NEW.type = 'email.changed' AND NOT EXISTS (
  SELECT 1 FROM email_changes WHERE user_id = NEW.user_id AND id = NEW.op_id AND expires_at > NEW.at)
BEGIN
  SELECT RAISE(ABORT, 'email_change_over');
END;

-- An authorization code, kept past its exchange (by being the op_id of the session that begins), so that a second use is known.
CREATE TABLE IF NOT EXISTS authorization_codes (
  code_digest TEXT PRIMARY KEY CHECK (length(code_digest) = 43),
  user_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  code_challenge TEXT NOT NULL CHECK (length(code_challenge) = 43),
  scope TEXT NOT NULL,
  audience TEXT NOT NULL,
  nonce TEXT,
  dpop_jkt TEXT,
  browser_session_id TEXT NOT NULL,
  signed_in_with TEXT NOT NULL,
  auth_time INTEGER NOT NULL,
  device TEXT NOT NULL,
  place TEXT NOT NULL,
  marks TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A pushed authorization request (RFC 9126), until it is used or has expired.
CREATE TABLE IF NOT EXISTS pushed_requests (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  parameters TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A device that waits for its user (RFC 8628), from its two codes to a while past their expiry. It stands in the shard of
-- its user code's keyed digest, whoever's it becomes. The newest poll was too fast if it came before next_poll_at.
CREATE TABLE IF NOT EXISTS device_authorizations (
  user_code_digest TEXT PRIMARY KEY CHECK (length(user_code_digest) = 43),
  device_code_digest TEXT NOT NULL CHECK (length(device_code_digest) = 43),
  client_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  audience TEXT NOT NULL,
  device TEXT NOT NULL,
  place TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  interval_seconds INTEGER NOT NULL,
  next_poll_at INTEGER NOT NULL DEFAULT 0,
  is_too_fast INTEGER NOT NULL DEFAULT 0,
  decision TEXT CHECK (decision IN ('allow', 'deny')),
  decision_id TEXT,
  user_id TEXT,
  browser_session_id TEXT,
  signed_in_with TEXT,
  auth_time INTEGER,
  CHECK (decision IS NULL OR (decision_id IS NOT NULL AND user_id IS NOT NULL AND browser_session_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- What a user has allowed a third-party client.
CREATE TABLE IF NOT EXISTS consents (
  user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  granted_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS outbox (
  id TEXT PRIMARY KEY,
  sealed TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  -- null for a mail that is older than the column.
  created_at INTEGER
) STRICT, WITHOUT ROWID;

-- DPoP proofs and client assertions that were used, until their age alone refuses them, each in the shard of its digest.
CREATE TABLE IF NOT EXISTS seen_jtis (
  digest TEXT PRIMARY KEY CHECK (length(digest) = 43),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Global tables: the first database only.

-- A deleted client stays marked until no cache can know it any more and its last session has been swept.
CREATE TABLE IF NOT EXISTS clients (
  id TEXT PRIMARY KEY,
  secret_digest TEXT,
  registration TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER,
  -- The secret before the last rotation: until then it opens as well.
  former_secret_digest TEXT CHECK (length(former_secret_digest) = 43),
  former_secret_until INTEGER
) STRICT, WITHOUT ROWID;

-- Initial access tokens: whoever holds one may register clients (RFC 7591 §1.2).
CREATE TABLE IF NOT EXISTS registration_tokens (
  id TEXT PRIMARY KEY,
  secret_digest TEXT NOT NULL CHECK (length(secret_digest) = 43),
  description TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  max_uses INTEGER CHECK (max_uses >= 1),
  uses INTEGER NOT NULL DEFAULT 0,
  CHECK (uses <= max_uses)
) STRICT, WITHOUT ROWID;

-- Clients that registered themselves, each with the token that manages its registration (RFC 7592).
CREATE TABLE IF NOT EXISTS self_registered_clients (
  client_id TEXT PRIMARY KEY,
  access_token_digest TEXT NOT NULL CHECK (length(access_token_digest) = 43)
) STRICT, WITHOUT ROWID;

-- Only a key that signs, or will, has its private part. `known_at`: from then on every cache has it.
CREATE TABLE IF NOT EXISTS signing_keys (
  kid TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'retiring', 'gone')),
  public_jwk TEXT NOT NULL,
  sealed_private_jwk TEXT,
  created_at INTEGER NOT NULL,
  active_at INTEGER,
  gone_at INTEGER,
  known_at INTEGER NOT NULL DEFAULT 0,
  rotation_ordered_at INTEGER,
  retiring_at INTEGER CHECK (sealed_private_jwk IS NULL OR state IN ('pending', 'active'))
) STRICT, WITHOUT ROWID;

-- Of two rotations that race, one violates these, and all of it is undone.
CREATE UNIQUE INDEX IF NOT EXISTS signing_keys_one_active ON signing_keys (state) WHERE state = 'active';
CREATE UNIQUE INDEX IF NOT EXISTS signing_keys_one_pending ON signing_keys (state) WHERE state = 'pending';

-- The secrets of the deployment, by ids that tell nothing of them: since when each is accepted, and in use. Of a former
-- DIGEST_SECRET the key that chained the logs is kept, sealed: they stay provable.
CREATE TABLE IF NOT EXISTS deployment_secrets (
  name TEXT NOT NULL,
  id TEXT NOT NULL,
  accepted_from INTEGER NOT NULL,
  used_from INTEGER,
  sealed_chain_key TEXT,
  PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;

-- One open alarm for each fold key; acknowledging it closes the fold.
CREATE TABLE IF NOT EXISTS alarms (
  id TEXT PRIMARY KEY,
  fold_key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  severity TEXT NOT NULL,
  kid TEXT,
  client_id TEXT,
  user_id TEXT,
  detail TEXT NOT NULL,
  count INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  acknowledged_at INTEGER
) STRICT, WITHOUT ROWID;

-- What has been added to alarms: a count whose answer was lost is tried again, and adds nothing.
CREATE TABLE IF NOT EXISTS alarm_counts (
  id TEXT PRIMARY KEY CHECK (length(id) = 43),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What its operators were told of an alarm: when, at which count, and by whose claim.
CREATE TABLE IF NOT EXISTS alarm_notices (
  alarm_id TEXT PRIMARY KEY REFERENCES alarms (id) ON DELETE CASCADE,
  claimed_by TEXT NOT NULL,
  told_count INTEGER NOT NULL,
  told_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How often each record was made, by the hour: figures for operators.
CREATE TABLE IF NOT EXISTS record_counts (
  hour INTEGER NOT NULL,
  code TEXT NOT NULL,
  reason TEXT NOT NULL,
  count INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (hour, code, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS webhooks (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  description TEXT,
  sealed_secret TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  disabled_at INTEGER,
  -- The secrets before the last rotation, newest first: until then they sign as well.
  sealed_former_secret TEXT,
  former_until INTEGER,
  -- It has hung: until then it is left alone.
  held_until INTEGER
) STRICT, WITHOUT ROWID;

-- What became of each message: one row, rewritten by each try. The key is the order of the list.
CREATE TABLE IF NOT EXISTS webhook_deliveries (
  webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
  attempts INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  status INTEGER,
  why TEXT,
  -- Its receiver asked for no sooner try when the next one was in the queue already; else 0.
  retry_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (webhook_id, at, message_id)
) STRICT, WITHOUT ROWID;

-- Back-channel logouts whose answer was late, for the next try, which was in the queue already.
CREATE TABLE IF NOT EXISTS late_logouts (
  session_id TEXT PRIMARY KEY,
  -- No sooner; null where nothing is left to be tried.
  retry_at INTEGER,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
