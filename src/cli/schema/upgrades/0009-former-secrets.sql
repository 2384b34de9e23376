-- Secrets are replaced with overlap: those of the deployment, and those of clients.
CREATE TABLE deployment_secrets (
  name TEXT NOT NULL,
  id TEXT NOT NULL,
  accepted_from INTEGER NOT NULL,
  used_from INTEGER,
  sealed_chain_key TEXT,
  PRIMARY KEY (name, id)
) STRICT, WITHOUT ROWID;

ALTER TABLE clients ADD COLUMN former_secret_digest TEXT CHECK (length(former_secret_digest) = 43);

ALTER TABLE clients ADD COLUMN former_secret_until INTEGER;
