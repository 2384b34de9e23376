-- When a receiver that answered late wants to be asked again.
ALTER TABLE webhook_deliveries ADD COLUMN retry_at INTEGER NOT NULL DEFAULT 0;
