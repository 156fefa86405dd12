/**
 * The ledger's file. Every table only ever grows: triggers refuse whatever would change or remove an event, whoever asks. One change is allowed, and
 * in one direction: a payload may be redacted, which leaves the hash that its leaf commits to, so that every proof still holds. And events may go once
 * `archives` says that they are in one, which is said in order, without gaps, and never taken back.
 * Positions are ours to give (inside the write transaction), so that they have no gaps; times need no index, as they never run backwards.
 */
import type { Store } from "#sqlite/open.js"

const appendOnly = (table: string, unless = "") => `
  CREATE TRIGGER ${table}_are_never_changed BEFORE UPDATE ON ${table} ${unless}
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: ${table} are never changed'); END;
  CREATE TRIGGER ${table}_are_never_removed BEFORE DELETE ON ${table}
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: ${table} are never removed'); END;`

/** Only the payload becomes another, and its salt the hash that is left of it. */
const redaction = `NEW.position = OLD.position AND NEW.stream_no = OLD.stream_no AND NEW.revision = OLD.revision AND NEW.type_no = OLD.type_no
    AND NEW.recorded_at = OLD.recorded_at AND NEW.head = OLD.head AND NEW.leaf = OLD.leaf
    AND NEW.salt IS NULL AND (OLD.data_hash IS NULL OR NEW.data_hash = OLD.data_hash)`

/** So much of a stream's name that hardly another ends like it. */
const endOf = (name: string) => `substr(${name}, -12)`

/** The number of the stream of a name. */
export const streamNamed = `SELECT no FROM (SELECT ? AS wanted) JOIN streams ON ${endOf("name")} = ${endOf("wanted")} AND name = wanted`

export const ledgerStore: Store = {
  what: "ledger",
  applicationId: 0x464c4c31, // "FLL1"
  synchronous: "FULL",
  givesBack: true,
  cacheKiB: 16_384,
  migrations: [
    `
    CREATE TABLE streams (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE types (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE events (
      position INTEGER PRIMARY KEY,
      stream_no INTEGER NOT NULL,
      revision INTEGER NOT NULL,
      type_no INTEGER NOT NULL,
      recorded_at INTEGER NOT NULL, -- ms since the epoch; never less than that of the position before
      head TEXT NOT NULL,           -- canonical JSON of the envelope without payload
      data TEXT NOT NULL,           -- canonical JSON of the payload, or of what a redaction left of it
      salt BLOB,                    -- NULL once the payload is redacted
      leaf BLOB NOT NULL,
      data_hash BLOB,               -- of the payload before it was redacted
      UNIQUE (stream_no, revision),
      CHECK ((salt IS NULL) = (data_hash IS NOT NULL))
    ) STRICT;
    -- Roots of complete subtrees of the Merkle tree, of 2^8 leaves and more; smaller ones are made from their leaves.
    CREATE TABLE subtrees (level INTEGER NOT NULL, no INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, no)) STRICT, WITHOUT ROWID;
    ${appendOnly("events", `WHEN NOT (${redaction})`)}
    ${appendOnly("subtrees")}
    ${appendOnly("streams")}
    ${appendOnly("types")}`,
    `
    -- The ranges that are in archives, from the first event on: what is kept of them here.
    CREATE TABLE archives (
      first INTEGER PRIMARY KEY,
      last INTEGER NOT NULL,
      root BLOB NOT NULL,          -- of its leaves, as a tree of their own
      first_at INTEGER NOT NULL,   -- ms since the epoch
      last_at INTEGER NOT NULL,
      generation INTEGER NOT NULL, -- of the file: how many redactions have rewritten it
      bytes INTEGER NOT NULL,
      sha256 BLOB NOT NULL,
      moved_to TEXT,               -- the folder that somebody moved the file to
      times BLOB NOT NULL,         -- at which offsets the time of recording is another, packed, ...
      steps BLOB NOT NULL          -- ... and by how many ms it is later there than at the first, packed
    ) STRICT;
    -- The offsets in the archive (packed) of a stream's events, which follow one another from \`revision\` on.
    CREATE TABLE archived_streams (
      archive INTEGER NOT NULL, stream_no INTEGER NOT NULL, revision INTEGER NOT NULL, offsets BLOB NOT NULL, PRIMARY KEY (archive, stream_no)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE archived_types (
      archive INTEGER NOT NULL, type_no INTEGER NOT NULL, offsets BLOB NOT NULL, PRIMARY KEY (archive, type_no)
    ) STRICT, WITHOUT ROWID;
    -- The last archived revision of each stream.
    CREATE TABLE archived_ends (stream_no INTEGER PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
    DROP TRIGGER events_are_never_removed;
    CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events WHEN OLD.position > (SELECT coalesce(max(last), -1) FROM archives)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: events are never removed'); END;
    CREATE TRIGGER archives_follow_one_another BEFORE INSERT ON archives
    WHEN NEW.first IS NOT (SELECT coalesce(max(last), -1) + 1 FROM archives) OR NEW.last < NEW.first
      OR NEW.last >= (SELECT max(position) FROM events)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: archives follow one another, and end before the last event'); END;
    ${appendOnly(
      "archives",
      `WHEN NOT (NEW.first = OLD.first AND NEW.last = OLD.last AND NEW.root = OLD.root AND NEW.first_at = OLD.first_at
      AND NEW.last_at = OLD.last_at AND NEW.times = OLD.times AND NEW.steps = OLD.steps AND NEW.generation >= OLD.generation)`,
    )}
    ${appendOnly("archived_streams")}
    ${appendOnly("archived_types")}
    ${appendOnly("archived_ends", "WHEN NOT (NEW.stream_no = OLD.stream_no AND NEW.revision > OLD.revision)")}`,
    // A long payload, compressed (payload.ts); its text is empty.
    "ALTER TABLE events ADD COLUMN packed BLOB",
    `
    -- A name is found by its end, as an index of whole names is as large as they are; the writer alone sees to it that each is there once.
    ALTER TABLE streams RENAME TO streams_by_name;
    CREATE TABLE streams (no INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
    INSERT INTO streams SELECT * FROM streams_by_name;
    DROP TABLE streams_by_name;
    CREATE INDEX streams_by_end ON streams (${endOf("name")});
    ${appendOnly("streams")}`,
  ],
}
