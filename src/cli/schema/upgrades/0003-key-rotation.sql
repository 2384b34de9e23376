-- Signing keys are rotated: since when a key is known, ordered to go and retiring; one pending key at most.

ALTER TABLE signing_keys ADD COLUMN known_at INTEGER NOT NULL DEFAULT 0;

ALTER TABLE signing_keys ADD COLUMN rotation_ordered_at INTEGER;

ALTER TABLE signing_keys ADD COLUMN retiring_at INTEGER
  CHECK (sealed_private_jwk IS NULL OR state IN ('pending', 'active'));

CREATE UNIQUE INDEX signing_keys_one_pending ON signing_keys (state) WHERE state = 'pending';
