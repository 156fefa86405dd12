/**
 * The ledger's file. Every table only ever grows: triggers refuse whatever would change or remove an event, whoever asks. One change is allowed, and
 * in one direction: a payload may be redacted, which leaves the hash that its leaf commits to, so that every proof still holds.
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

export const ledgerStore: Store = {
  what: "ledger",
  applicationId: 0x464c4c31, // "FLL1"
  synchronous: "FULL",
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
  ],
}
