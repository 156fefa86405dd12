/** How many entities were in which state and had which values, at any position: a row whenever one of these numbers becomes another, so that counting takes a few seeks, however large the fleet is and however long it lives. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { rowsInto } from "#sqlite/rows.js"
import type { Kind } from "../inventory/read.js"
import type { Later } from "../projection.js"
import type { EntityValues } from "./tables.js"

export const tallyTables = `
  -- States in which there were some at some time: what is counted together, or one field and what it was.
  CREATE TABLE states (
    no INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    status TEXT,
    health REAL,
    field TEXT,
    value TEXT
  ) STRICT;
  CREATE INDEX states_by_value ON states (kind, field, value);
  -- How many there are from a position on.
  CREATE TABLE tallies (
    state_no INTEGER NOT NULL,
    since INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (state_no, since)
  ) STRICT, WITHOUT ROWID;`

const columns = ["lifecycle", "status", "health", "field", "value"] as const
type StateValues = Readonly<Pick<EntityValues, "lifecycle" | "status" | "health">> &
  Readonly<Record<"field" | "value", string | null>>

/** What is counted of each kind by itself, retired ones apart; of lists each member. */
const valued = {
  target: ["role", "os", "environment", "sources", "tags"],
  service: ["runtime", "stack", "sources"],
  stack: ["sources"],
} as const satisfies Record<Kind, readonly (keyof EntityValues)[]>

export type Valued = (typeof valued)[Kind][number]
const lists: ReadonlySet<string> = new Set(["sources", "tags"])

export function isValued(kind: Kind, field: string): field is Valued {
  return valued[kind].some((one) => one === field)
}

export interface Tally {
  readonly lifecycle: string
  readonly status: string | null
  readonly health: number | null
  /** Of the field that was asked for. */
  readonly value: string | null
  readonly count: number
}

/** Tells how an entity was before an event and is after it; undefined where there is none. */
export type Tallies = (
  kind: Kind,
  before: EntityValues | undefined,
  after: EntityValues | undefined,
  position: Position,
) => void

interface State {
  readonly no: number
  count: number
}

export function tallyWriter(db: Db, later: Later): Tallies {
  const find = db.prepare<[Kind, ...StateValues[keyof StateValues][]], State>(
    `SELECT no, (SELECT count FROM tallies WHERE state_no = no ORDER BY since DESC LIMIT 1) AS count
     FROM states WHERE kind = ? AND ${columns.map((column) => `${column} IS ?`).join(" AND ")}`,
  )
  const add = db.prepare(`INSERT INTO states (kind, ${columns.join(", ")}) VALUES (?, ?, ?, ?, ?, ?)`)
  const insert = rowsInto(db, "INSERT INTO tallies", 3)
  const known = new Map<string, State>()
  let rows = new Map<State, [no: number, since: number, count: number][]>()
  later(() => {
    insert([...rows.values()].flat(2))
    rows = new Map()
  })

  const stateOf = (kind: Kind, values: StateValues): State => {
    const key = keyOf(kind, values)
    const held = known.get(key)
    if (held !== undefined) return held
    const told = columns.map((column) => values[column])
    const found = find.get(kind, ...told)
    const state = found ?? { no: Number(add.run(kind, ...told).lastInsertRowid), count: 0 }
    known.set(key, state)
    return state
  }

  const change = (kind: Kind, values: StateValues, position: Position, by: 1 | -1): void => {
    const state = stateOf(kind, values)
    state.count += by
    const put = rows.get(state)
    const last = put?.at(-1)
    if (put === undefined) rows.set(state, [[state.no, position, state.count]])
    else if (last?.[1] === position) last[2] = state.count
    else put.push([state.no, position, state.count])
  }

  return (kind, before, after, position) => {
    for (const { told, states } of counted[kind]) {
      if (before !== undefined && after !== undefined && told.every((column) => before[column] === after[column]))
        continue
      for (const state of before === undefined ? [] : states(before)) change(kind, state, position, -1)
      for (const state of after === undefined ? [] : states(after)) change(kind, state, position, 1)
    }
  }
}

interface CountedApart {
  /** What its states follow from. */
  readonly told: readonly (keyof EntityValues)[]
  readonly states: (values: EntityValues) => readonly StateValues[]
}

const together: CountedApart = {
  told: ["lifecycle", "status", "health"],
  states: ({ lifecycle, status, health }) => [{ lifecycle, status, health, field: null, value: null }],
}

function alone(field: Valued): CountedApart {
  const nothing = { status: null, health: null, field }
  return {
    told: ["lifecycle", field],
    states: ({ lifecycle, [field]: value }) =>
      membersOf(field, value).map((one) => ({ ...nothing, lifecycle, value: one })),
  }
}

const counted: Readonly<Record<Kind, readonly CountedApart[]>> = {
  target: [together, ...valued.target.map(alone)],
  service: [together, ...valued.service.map(alone)],
  stack: [together, ...valued.stack.map(alone)],
}

function membersOf(field: Valued, value: string | number | null): readonly (string | null)[] {
  if (lists.has(field)) return JSON.parse(String(value)) as string[]
  return [value === null ? null : String(value)]
}

function keyOf(kind: Kind, { lifecycle, status, health, field, value }: StateValues): string {
  const told = field === null ? `${status} ${health}` : value === null ? field : `${field}:${value}`
  return `${kind} ${lifecycle} ${told}`
}

/** @returns how many of a kind are in each state in which there are some at a position, or have each value of a field */
export function tallyReader(db: Db): (kind: Kind, at: Position, field?: Valued) => readonly Tally[] {
  const read = db.prepare<[Position, Kind, string | null], Tally>(
    `SELECT * FROM (
       SELECT lifecycle, status, health, value, (SELECT count FROM tallies WHERE state_no = no AND since <= ? ORDER BY since DESC LIMIT 1) AS count
       FROM states WHERE kind = ? AND field IS ?
     ) WHERE count > 0`,
  )
  return (kind, at, field) => read.all(at, kind, field ?? null)
}
