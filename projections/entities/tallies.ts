/** How many entities were in which state, at any position: a row whenever one of these numbers becomes another, so that counting takes a few seeks, however large the fleet is and however long it lives. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { rowsInto } from "#sqlite/rows.js"
import type { Kind } from "../inventory/read.js"
import type { Later } from "../projection.js"
import type { EntityValues } from "./tables.js"

export const tallyTables = `
  -- States in which there were some at some time.
  CREATE TABLE states (
    no INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    lifecycle TEXT NOT NULL,
    status TEXT,
    health REAL
  ) STRICT;
  -- How many there are from a position on.
  CREATE TABLE tallies (
    state_no INTEGER NOT NULL,
    since INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (state_no, since)
  ) STRICT, WITHOUT ROWID;`

/** What a state consists of. */
export const tallied = ["lifecycle", "status", "health"] as const

export interface Tally {
  readonly lifecycle: string
  readonly status: string | null
  readonly health: number | null
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
  const find = db.prepare<[Kind, ...EntityValues[keyof EntityValues][]], State>(
    `SELECT no, (SELECT count FROM tallies WHERE state_no = no ORDER BY since DESC LIMIT 1) AS count
     FROM states WHERE kind = ? AND ${tallied.map((column) => `${column} IS ?`).join(" AND ")}`,
  )
  const add = db.prepare(`INSERT INTO states (kind, ${tallied.join(", ")}) VALUES (?, ?, ?, ?)`)
  const insert = rowsInto(db, "INSERT INTO tallies", 3)
  const known = new Map<string, State>()
  let rows = new Map<State, [no: number, since: number, count: number][]>()
  later(() => {
    insert([...rows.values()].flat(2))
    rows = new Map()
  })

  const stateOf = (kind: Kind, values: EntityValues): State => {
    const key = keyOf(kind, values)
    const held = known.get(key)
    if (held !== undefined) return held
    const columns = tallied.map((column) => values[column])
    const found = find.get(kind, ...columns)
    const state = found ?? { no: Number(add.run(kind, ...columns).lastInsertRowid), count: 0 }
    known.set(key, state)
    return state
  }

  const change = (kind: Kind, values: EntityValues, position: Position, by: 1 | -1): void => {
    const state = stateOf(kind, values)
    state.count += by
    const put = rows.get(state)
    const last = put?.at(-1)
    if (put === undefined) rows.set(state, [[state.no, position, state.count]])
    else if (last?.[1] === position) last[2] = state.count
    else put.push([state.no, position, state.count])
  }

  return (kind, before, after, position) => {
    if (before !== undefined && after !== undefined && keyOf(kind, before) === keyOf(kind, after)) return
    if (before !== undefined) change(kind, before, position, -1)
    if (after !== undefined) change(kind, after, position, 1)
  }
}

function keyOf(kind: Kind, { lifecycle, status, health }: EntityValues): string {
  return `${kind} ${lifecycle} ${status} ${health}`
}

/** @returns how many of a kind are in each state in which there are some at a position */
export function tallyReader(db: Db): (kind: Kind, at: Position) => readonly Tally[] {
  const read = db.prepare<[Position, Kind], Tally>(
    `SELECT * FROM (
       SELECT ${tallied.join(", ")}, (SELECT count FROM tallies WHERE state_no = no AND since <= ? ORDER BY since DESC LIMIT 1) AS count
       FROM states WHERE kind = ?
     ) WHERE count > 0`,
  )
  return (kind, at) => read.all(at, kind)
}
