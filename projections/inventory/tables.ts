/**
 * The inventory, now and at every position before: one row per unit while it holds, moved aside with its end when it no longer does.
 * A read at a position takes what holds now and began by then, and what has ended since. No wall clock and no rowids: numbers are given
 * in the ledger's order, so a rebuild gives the same rows.
 */
export const inventoryTables = `
  -- What is known of a record from its first event on and never changes.
  CREATE TABLE records (
    no INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    native_key TEXT NOT NULL,
    generation INTEGER NOT NULL,
    target_no INTEGER NOT NULL, -- the target that a service or a stack runs on; a target's own number
    discovered INTEGER NOT NULL -- position
  ) STRICT;
  CREATE INDEX records_by_target ON records (target_no, kind);

  -- A facet is the number of its root's path, so that one facet of one record is one range of rows.
  CREATE TABLE paths (no INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, facet_no INTEGER NOT NULL) STRICT;

  -- What holds now. Positions are inclusive.
  CREATE TABLE units (
    record_no INTEGER NOT NULL,
    facet_no INTEGER NOT NULL,
    path_no INTEGER NOT NULL,
    since INTEGER NOT NULL,
    value TEXT NOT NULL, -- JSON
    PRIMARY KEY (record_no, facet_no, path_no)
  ) STRICT, WITHOUT ROWID;

  -- What held from position \`since\` up to, not including, \`until\`.
  CREATE TABLE past_units (
    record_no INTEGER NOT NULL,
    facet_no INTEGER NOT NULL,
    path_no INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (record_no, facet_no, path_no, since)
  ) STRICT, WITHOUT ROWID;

  -- Which records were linked to which, from position \`since\` up to, not including, \`until\`.
  CREATE TABLE links (
    record_no INTEGER NOT NULL,
    target_no INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER, -- NULL while it holds
    PRIMARY KEY (record_no, since)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX links_by_target ON links (target_no, record_no);

  -- Which event altered what: the diff of two points reads this range and nothing else.
  CREATE TABLE touched (
    position INTEGER NOT NULL,
    record_no INTEGER NOT NULL,
    path_no INTEGER NOT NULL, -- 0: the record as a whole (discovered)
    PRIMARY KEY (position, record_no, path_no)
  ) STRICT, WITHOUT ROWID;

  -- Whatever gives a unit another \`since\` tells by that at which position it was altered, and moves aside what held until then. What one event writes twice never held.
  CREATE TRIGGER units_altered AFTER UPDATE ON units WHEN OLD.since < NEW.since BEGIN
    INSERT INTO past_units VALUES (OLD.record_no, OLD.facet_no, OLD.path_no, OLD.since, NEW.since, OLD.value);
    INSERT OR IGNORE INTO touched VALUES (NEW.since, OLD.record_no, OLD.path_no);
  END;

  -- In which blocks of positions something at or beneath a path was altered: where a filter by field looks in \`touched\`.
  CREATE TABLE touched_blocks (
    path_no INTEGER NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (path_no, block)
  ) STRICT, WITHOUT ROWID;

  -- What items of collections ever were, each once, and which blocks of records ever had it: what is asked of them is asked of these first. A fleet has few.
  CREATE TABLE item_values (no INTEGER PRIMARY KEY, path_no INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE (path_no, value)) STRICT;
  CREATE TABLE item_value_blocks (
    value_no INTEGER NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (value_no, block)
  ) STRICT, WITHOUT ROWID;`

export const inventoryIndices = {
  records_by_source: "records (source, kind)",
  records_by_native_key: "records (native_key)",
}
