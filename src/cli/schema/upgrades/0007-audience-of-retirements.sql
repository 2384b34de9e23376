-- The audience of each retired token, so that a resource server reads what concerns it.

ALTER TABLE bucket_retirements ADD COLUMN audience TEXT;

DROP TRIGGER entropy_buckets_feed;

CREATE TRIGGER entropy_buckets_feed
AFTER UPDATE OF retired_at ON entropy_buckets
WHEN OLD.retired_at IS NULL AND NEW.retired_at IS NOT NULL
BEGIN
  INSERT INTO bucket_retirements (session_id, generation, retired_at, audience)
  VALUES (NEW.session_id, NEW.generation, NEW.retired_at, NEW.audience);
END;
