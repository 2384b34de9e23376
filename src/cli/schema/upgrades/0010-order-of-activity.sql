-- Which of several sessions was used last within one second.
ALTER TABLE sessions ADD COLUMN last_seen_ms INTEGER NOT NULL DEFAULT 0 CHECK (last_seen_ms BETWEEN 0 AND 999);
