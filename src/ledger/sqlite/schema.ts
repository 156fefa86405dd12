/**
 * The ledger's file. Every table only ever grows: triggers refuse whatever would change or remove an event, whoever asks.
 * Positions are ours to give (inside the write transaction), so that they have no gaps; times need no index, as they never run backwards.
 */
import type { Store } from "#sqlite/open.js"

const appendOnly = (table: string) => `
  CREATE TRIGGER ${table}_are_never_changed BEFORE UPDATE ON ${table}
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: ${table} are never changed'); END;
  CREATE TRIGGER ${table}_are_never_removed BEFORE DELETE ON ${table}
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: ${table} are never removed'); END;`

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
      data TEXT NOT NULL,           -- canonical JSON of the payload
      salt BLOB NOT NULL,
      UNIQUE (stream_no, revision)
    ) STRICT;
    ${appendOnly("events")}
    ${appendOnly("streams")}
    ${appendOnly("types")}`,
  ],
}
