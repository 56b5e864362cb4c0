-- The ledger's tables, version 1 (PRAGMA user_version).

-- Whose ledger this is; one row.
CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    server TEXT NOT NULL,
    organization TEXT NOT NULL,
    created_at INTEGER NOT NULL,        -- seconds since 1970, as all times
    hash_key BLOB NOT NULL,             -- of row.person
    merged_to INTEGER NOT NULL          -- rows after this one are not in the
                                        -- table person yet
);

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    first_row INTEGER NOT NULL,         -- the run's rows: from here to the
                                        -- next run's first_row
    started_at INTEGER NOT NULL,
    ended_at INTEGER,                   -- NULL: running, or just killed
    exit_code INTEGER,                  -- NULL: running, or was killed
    input TEXT NOT NULL,
    rows_read INTEGER,
    already_invited INTEGER             -- counted here, not stored below
);

-- Rows in input order: the reader's order is the order of admission.
CREATE TABLE row (
    id INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    state INTEGER NOT NULL,             -- enum row_state
    status INTEGER NOT NULL,            -- enum status, 0 while not settled
    email TEXT,                         -- NULL: forgotten
    role TEXT,
    person BLOB,                        -- this row decides about the person
    idempotency_key BLOB,
    replaces INTEGER,                   -- the invited or unknown row that this
                                        -- one sends again
    settled_at INTEGER,
    code TEXT,
    http_status INTEGER,
    attempts INTEGER,
    invitation_id TEXT,
    invitation_state TEXT,
    created_at TEXT,
    expires_at TEXT,
    error TEXT
);

-- Everyone ever seen as an invite is in one row's column person: the row that
-- says what became of it. There stands a keyed hash (BLAKE2b, 128 bits) of
-- domain/person.h's key: what remains of a person who is forgotten.
--
-- This is how such a row is found: an index whose key is the hash's first 63
-- bits, or the next free number when another person has those. It follows in
-- sorted batches (ledger_index.c): row by row it would cost a page each.
CREATE TABLE person (
    key INTEGER PRIMARY KEY,
    row INTEGER NOT NULL
);

-- When all of a run's attempts waited, and why: for people to look at.
CREATE TABLE hold (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    began_at INTEGER NOT NULL,
    planned_until INTEGER NOT NULL,     -- the run may have ended before
    reason INTEGER NOT NULL             -- enum hold_reason
);

-- What the last run learned of the server's pace; one row.
CREATE TABLE pace (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    rate_per_s REAL NOT NULL,           -- 0: none was found
    held_until INTEGER NOT NULL,        -- 0: no hold
    noted_at INTEGER NOT NULL
);
