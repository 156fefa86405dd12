/**
 * The ledger's file. Every table only ever grows: triggers refuse whatever would change or remove an event, whoever asks.
 * Positions are ours to give (inside the write transaction), so that they have no gaps; times need no index, as they never run backwards.
 */
import type { Store } from "#sqlite/open.js"

/** @param inTheWay when an insertion is refused: REPLACE would remove what is in its way without asking the trigger for removals. */
const appendOnly = (table: string, inTheWay: string) => `
  CREATE TRIGGER ${table}_are_never_changed BEFORE UPDATE ON ${table}
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: ${table} are never changed'); END;
  CREATE TRIGGER ${table}_are_never_removed BEFORE DELETE ON ${table}
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: ${table} are never removed'); END;
  CREATE TRIGGER ${table}_are_never_replaced BEFORE INSERT ON ${table} WHEN ${inTheWay}
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: ${table} are only added behind the last'); END;`

const nameIsTaken = (table: string) => `EXISTS (SELECT 1 FROM ${table} WHERE no = NEW.no OR name = NEW.name)`

const isNotTheNext = `NEW.position <> (SELECT coalesce(max(position), -1) + 1 FROM events)
    OR NEW.revision <> (SELECT coalesce(max(revision), -1) + 1 FROM events WHERE stream_no = NEW.stream_no)`

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
    ${appendOnly("events", isNotTheNext)}
    ${appendOnly("streams", nameIsTaken("streams"))}
    ${appendOnly("types", nameIsTaken("types"))}`,
  ],
}
