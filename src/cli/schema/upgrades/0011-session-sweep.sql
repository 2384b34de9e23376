-- With whose sessions the search for expired ones goes on.
CREATE TABLE session_sweep (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  from_user TEXT NOT NULL
) STRICT;
