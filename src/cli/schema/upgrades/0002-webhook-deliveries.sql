-- The secret of a webhook before its last rotation, and what became of each message.

ALTER TABLE webhooks ADD COLUMN sealed_former_secret TEXT;

ALTER TABLE webhooks ADD COLUMN former_until INTEGER;

CREATE TABLE webhook_deliveries (
  webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
  attempts INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  status INTEGER,
  why TEXT,
  PRIMARY KEY (webhook_id, at, message_id)
) STRICT, WITHOUT ROWID;
