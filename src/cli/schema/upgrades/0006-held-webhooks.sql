-- Until when a webhook that has hung is left alone.
ALTER TABLE webhooks ADD COLUMN held_until INTEGER;
