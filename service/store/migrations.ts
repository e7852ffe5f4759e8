/** Steps of the schema, oldest first. A step that has been released is never changed. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    schema INTEGER NOT NULL,
    type TEXT NOT NULL,
    actor TEXT NOT NULL,
    payload TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER events_no_update BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
  CREATE TRIGGER events_no_delete BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
  -- REPLACE deletes without asking the trigger above.
  CREATE TRIGGER events_at_end BEFORE INSERT ON events
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

  CREATE TABLE members (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    joined_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
  ) STRICT;
  CREATE TABLE certificates (
    sha256 TEXT PRIMARY KEY,
    member TEXT NOT NULL REFERENCES members (name),
    pem TEXT NOT NULL,
    not_after_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER
  ) STRICT;
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    token_sha256 TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    used_by_key TEXT,
    certificate_sha256 TEXT REFERENCES certificates (sha256)
  ) STRICT;

  CREATE TABLE hosts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    connection TEXT NOT NULL,
    rate_micro_usd_per_hour INTEGER,
    python TEXT,
    probe TEXT NOT NULL,
    added_at_ms INTEGER NOT NULL,
    accepted_key TEXT,
    removed_at_ms INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX hosts_name ON hosts (name) WHERE removed_at_ms IS NULL;

  CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    position INTEGER NOT NULL UNIQUE,
    state TEXT NOT NULL,
    record TEXT NOT NULL,
    created_by TEXT NOT NULL,
    idempotency_key TEXT,
    request_sha256 TEXT
  ) STRICT;
  CREATE INDEX jobs_active ON jobs (state)
    WHERE state IN ('queued', 'placed', 'syncing', 'running');
  CREATE UNIQUE INDEX jobs_idempotency ON jobs (created_by, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
  `,
  `
  ALTER TABLE members ADD COLUMN seen_at_ms INTEGER;
  ALTER TABLE tokens ADD COLUMN host_id TEXT;
  ALTER TABLE tokens ADD COLUMN for_member TEXT REFERENCES members (name);
  ALTER TABLE tokens ADD COLUMN created_at_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE tokens ADD COLUMN created_by TEXT NOT NULL DEFAULT 'service';
  ALTER TABLE tokens ADD COLUMN revoked_at_ms INTEGER;
  ALTER TABLE certificates ADD COLUMN key_sha256 TEXT;
  CREATE INDEX certificates_member ON certificates (member, not_after_ms);
  `,
  `
  CREATE TABLE cas (
    fingerprint TEXT PRIMARY KEY,
    generation INTEGER NOT NULL UNIQUE,
    pem TEXT NOT NULL,
    cross_pem TEXT,
    state TEXT NOT NULL,
    made_at_ms INTEGER NOT NULL,
    state_at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX cas_issuing ON cas (state) WHERE state = 'issuing';
  CREATE UNIQUE INDEX cas_announced ON cas (state) WHERE state = 'announced';
  ALTER TABLE certificates ADD COLUMN ca_sha256 TEXT;
  ALTER TABLE members ADD COLUMN bundle_token_sha256 TEXT;
  CREATE UNIQUE INDEX members_bundle_token ON members (bundle_token_sha256);
  -- JSON array of fingerprints.
  ALTER TABLE members ADD COLUMN trusts TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE members ADD COLUMN asked_key TEXT;
  ALTER TABLE members ADD COLUMN asked_at_ms INTEGER;
  ALTER TABLE members ADD COLUMN approved_key TEXT;
  `,
];
