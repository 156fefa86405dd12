/**
 * What lists, filters and counts go by: one row per entity (linked records are one) with what is asked for most, as it stands and as it stood. Everything
 * else that can be asked for is found in the inventory's units.
 */
const columns = `
    since INTEGER NOT NULL, -- position
    name TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    role TEXT,
    status TEXT,
    health REAL,
    runtime TEXT,
    os TEXT,
    environment TEXT,
    stack TEXT,
    image TEXT,
    sources TEXT NOT NULL, -- JSON: an array, by precedence
    tags TEXT NOT NULL, -- JSON: an array, sorted
    summary TEXT NOT NULL, -- JSON: what else a list tells of it
    words TEXT NOT NULL, -- what free text is looked for in, in lower case`

export const entitiesTables = `
  CREATE TABLE entities (
    kind TEXT NOT NULL,
    no INTEGER NOT NULL, -- the number of its oldest record${columns}
    PRIMARY KEY (kind, no)
  ) STRICT, WITHOUT ROWID;

  -- What was so from position \`since\` up to, not including, \`until\`; where it hangs is in interval.ts.
  CREATE TABLE past_entities (
    kind TEXT NOT NULL,
    fork INTEGER NOT NULL,
    until INTEGER NOT NULL,
    no INTEGER NOT NULL,${columns}
    PRIMARY KEY (kind, fork, until, no)
  ) STRICT, WITHOUT ROWID;

  -- Lists are in the order of names. These seldom change, as does what else is here, so it is gone through at any point as it is now.
  CREATE TABLE entity_names (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    no INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER, -- NULL while it holds
    role TEXT,
    runtime TEXT,
    os TEXT,
    environment TEXT,
    stack TEXT,
    image TEXT,
    tags TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (kind, name, no, since)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX entity_names_by_role ON entity_names (kind, lower(role), name, no) WHERE role IS NOT NULL;`

export const entitiesIndices = {
  // What little is looked for by most: in the order of names, as lists are. What all have is counted by the first.
  entities_by_status: "entities (kind, status, name, no, since, lifecycle)",
  // What machines are counted by, and who is worst off.
  entities_of_targets:
    "entities (kind, health, name, no, since, lifecycle, role, environment, sources) WHERE kind = 'target'",
  past_entities_of_targets:
    "past_entities (kind, fork, until, since, lifecycle, role, environment, sources) WHERE kind = 'target'",
  past_entities_by_no: "past_entities (no, until, since, lifecycle, status)",
  past_entities_by_status:
    "past_entities (kind, status, fork, name, no, until, since, lifecycle) WHERE status IS NOT NULL",
  past_entities_by_health:
    "past_entities (kind, fork, health, until, no, since, name, lifecycle) WHERE health IS NOT NULL",
}

/** In the order of the tables, from \`since\` on. */
export const valueColumns = [
  "name",
  "lifecycle",
  "role",
  "status",
  "health",
  "runtime",
  "os",
  "environment",
  "stack",
  "image",
  "sources",
  "tags",
  "summary",
  "words",
] as const

/** What stands beside a name, in the order of that table. */
export const traits = ["role", "runtime", "os", "environment", "stack", "image", "tags", "words"] as const

/** One entity, as its row has it. */
export type EntityValues = Readonly<Record<(typeof valueColumns)[number], string | number | null>>
