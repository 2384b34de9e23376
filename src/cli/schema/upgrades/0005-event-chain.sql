-- Digests that chain the entries of a log. Entries that exist have none: the chain begins with the next one.

ALTER TABLE user_events ADD COLUMN digest TEXT CHECK (length(digest) = 43);

ALTER TABLE user_events ADD COLUMN details_digest TEXT CHECK (length(details_digest) = 43);

ALTER TABLE user_events ADD COLUMN details_salt TEXT;
