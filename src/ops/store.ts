/**
 * What is neither truth nor view: tokens, measurements, counters of absence, how far handlers have come. Kept when views are rebuilt, never part of a proof.
 */
import type { Store } from "#sqlite/open.js"

export const opsStore: Store = {
  what: "operational store",
  applicationId: 0x464c4f31, // "FLO1"
  synchronous: "NORMAL",
  givesBack: true,
  cacheKiB: 8_192,
  migrations: [
    `
    CREATE TABLE tokens (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      kind TEXT NOT NULL, -- token | session | login
      hash BLOB NOT NULL UNIQUE, -- SHA-256 of the secret
      scope TEXT NOT NULL,
      created_at TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      revoked_at TEXT
    ) STRICT;

    -- A ring of the last measurements of each series: \`written\` counts all there ever were.
    CREATE TABLE series (
      no INTEGER PRIMARY KEY,
      record_id TEXT NOT NULL,
      metric TEXT NOT NULL,
      written INTEGER NOT NULL,
      UNIQUE (record_id, metric)
    ) STRICT;
    CREATE TABLE measurements (
      series_no INTEGER NOT NULL,
      slot INTEGER NOT NULL,
      measured_at INTEGER NOT NULL, -- ms since the epoch
      value REAL NOT NULL,
      PRIMARY KEY (series_no, slot)
    ) STRICT, WITHOUT ROWID;

    -- Complete looks in a row that did not find a record.
    CREATE TABLE absences (record_id TEXT PRIMARY KEY, looks INTEGER NOT NULL) STRICT;

    -- The last look at each source, recorded in the ledger or not.
    CREATE TABLE looks (source TEXT PRIMARY KEY, finished_at TEXT NOT NULL, outcome TEXT NOT NULL) STRICT;`,
    `
    -- How far each handler has come, and whether somebody has paused it.
    CREATE TABLE subscriptions (name TEXT PRIMARY KEY, position INTEGER NOT NULL, paused INTEGER NOT NULL) STRICT;

    -- Events that a handler could not handle and that it went on behind.
    CREATE TABLE dead_letters (
      id TEXT PRIMARY KEY,
      handler TEXT NOT NULL,
      position INTEGER NOT NULL,
      message TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      at TEXT NOT NULL, -- of the last attempt
      UNIQUE (handler, position)
    ) STRICT;
    CREATE INDEX dead_letters_by_position ON dead_letters (position, id);`,
    `
    -- By what the record of a machine can be found again, as looks saw it last.
    CREATE TABLE evidence (key TEXT NOT NULL, record_id TEXT NOT NULL, PRIMARY KEY (key, record_id)) STRICT, WITHOUT ROWID;
    CREATE INDEX evidence_by_record ON evidence (record_id);`,
    `
    -- How the state of a service has changed of late, as looks saw it.
    CREATE TABLE state_changes (
      record_id TEXT PRIMARY KEY,
      state TEXT NOT NULL, -- after the last change
      times TEXT NOT NULL, -- JSON, oldest first
      untold INTEGER NOT NULL -- changes of which no event was written
    ) STRICT;`,
    `
    -- A slot is the number of the look now, of all there ever were; until now they were numbered round and round, in 288 slots.
    UPDATE measurements SET slot = (SELECT written - 1 - ((written - 1 - slot) % 288) FROM series WHERE no = series_no);
    ALTER TABLE series ADD COLUMN last_at INTEGER NOT NULL DEFAULT 9007199254740991; -- ms since the epoch

    -- Measurements over steps of so many ms, counted from the epoch.
    CREATE TABLE rollups (
      series_no INTEGER NOT NULL,
      step INTEGER NOT NULL,
      bucket INTEGER NOT NULL,
      count INTEGER NOT NULL,
      mean REAL NOT NULL,
      least REAL, -- NULL where it is the mean
      greatest REAL,
      PRIMARY KEY (series_no, step, bucket)
    ) STRICT, WITHOUT ROWID;`,
    `
    -- What was seen of a record when it was decided upon last, and the revision that this left it at.
    CREATE TABLE decided (record_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID;

    -- Looks that have begun and not ended.
    CREATE TABLE looks_under_way (
      source TEXT PRIMARY KEY,
      run_id TEXT NOT NULL,
      actor TEXT NOT NULL,
      started_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;`,
    `
    -- What was answered to requests that may be sent again.
    CREATE TABLE answered (
      key TEXT PRIMARY KEY, -- digest of who asked and their key
      asked TEXT NOT NULL, -- digest of what they asked
      status INTEGER, -- of HTTP; NULL until it is answered
      body TEXT,
      at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE saved_queries (
      name TEXT PRIMARY KEY,
      q TEXT NOT NULL,
      saved_by TEXT NOT NULL,
      saved_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- The last look of each collector that was taken.
    CREATE TABLE collected (collector TEXT PRIMARY KEY, sequence INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
    `
    -- What is owed to channels: a row for each channel and event of an alert. Times are ms since the epoch.
    CREATE TABLE outbox (
      no INTEGER PRIMARY KEY, -- in the order in which it is to be told
      id TEXT NOT NULL UNIQUE, -- by channel and event
      channel TEXT NOT NULL,
      alert TEXT NOT NULL,
      position INTEGER NOT NULL,
      grp TEXT NOT NULL, -- what may be told in one message
      severity TEXT NOT NULL,
      arrived_at INTEGER NOT NULL,
      delivery TEXT -- the message that tells it, once there is one
    ) STRICT;
    CREATE INDEX outbox_by_alert ON outbox (channel, alert, no);
    CREATE INDEX outbox_waiting ON outbox (channel, grp, no) WHERE delivery IS NULL;
    CREATE INDEX outbox_by_delivery ON outbox (delivery) WHERE delivery IS NOT NULL;

    -- Messages that are owed, and those that were given up.
    CREATE TABLE deliveries (
      id TEXT PRIMARY KEY,
      channel TEXT NOT NULL,
      grp TEXT NOT NULL,
      severity TEXT NOT NULL,
      members TEXT NOT NULL, -- positions, as JSON
      owed_at INTEGER NOT NULL,
      next_at INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      state TEXT NOT NULL, -- owed | dead
      error TEXT
    ) STRICT;
    CREATE INDEX deliveries_by_time ON deliveries (channel, state, next_at);

    CREATE TABLE channels (
      name TEXT PRIMARY KEY,
      since INTEGER NOT NULL, -- position
      next_at INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0, -- in a row
      taken INTEGER NOT NULL DEFAULT 0,
      failed INTEGER NOT NULL DEFAULT 0,
      buried INTEGER NOT NULL DEFAULT 0,
      last_success INTEGER,
      last_failure INTEGER,
      error TEXT
    ) STRICT;

    -- Alerts that are open, by the channels that know of them or are to.
    CREATE TABLE told (
      channel TEXT NOT NULL,
      alert TEXT NOT NULL,
      position INTEGER NOT NULL,
      told_at INTEGER,
      held INTEGER NOT NULL,
      acknowledged INTEGER NOT NULL,
      reminders INTEGER NOT NULL,
      PRIMARY KEY (channel, alert)
    ) STRICT, WITHOUT ROWID;`,
    `
    CREATE TABLE deadlines (
      key TEXT PRIMARY KEY,
      due_at TEXT NOT NULL,
      what TEXT NOT NULL, -- JSON
      position INTEGER NOT NULL, -- of the event that it was set at
      passed INTEGER NOT NULL -- whether the ledger says that it has
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX deadlines_ahead ON deadlines (due_at) WHERE passed = 0;`,
  ],
}
