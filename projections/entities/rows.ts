/** Puts rows in the place of others, which are moved aside with their end. Rows are remembered, so that what they said is seldom read. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"
import { statementsOf } from "#sqlite/statements.js"
import type { Kind } from "../inventory/read.js"
import type { Later } from "../projection.js"
import { forkOf } from "./interval.js"
import { spanWriter } from "./spans.js"
import { type EntityValues, traits, valueColumns } from "./tables.js"
import { tallyWriter } from "./tallies.js"

/** Rows that are remembered; beyond it the memory starts anew. */
const remembered = 20_000

/** What a row of names is made of. */
const named: ReadonlySet<string> = new Set(["name", ...traits])

interface Held {
  readonly since: number
  readonly values: EntityValues
}

export function rowWriter(db: Db, later: Later) {
  const columns = valueColumns.join(", ")
  const read = db.prepare<[string, number], EntityValues & { since: number }>(
    `SELECT since, ${columns} FROM entities WHERE kind = ? AND no = ?`,
  )
  const insert = db.prepare(`INSERT INTO entities VALUES (?, ?, ?, ${valueColumns.map(() => "?").join(", ")})`)
  const statement = statementsOf(db)
  const remove = db.prepare<[string, number]>("DELETE FROM entities WHERE kind = ? AND no = ?")
  const setAside = db.prepare<[number, number, string, number]>(
    `INSERT INTO past_entities SELECT kind, ?, ?, no, since, ${columns} FROM entities WHERE kind = ? AND no = ?`,
  )
  const insertName = db.prepare(
    `INSERT INTO entity_names VALUES (?, ?, ?, ?, NULL, ${traits.map(() => "?").join(", ")})`,
  )
  // The last of an entity's rows under a name is the one that may hold: those before it are not gone through.
  const lastName = `kind = $kind AND name = $name AND no = $no
    AND since = (SELECT max(since) FROM entity_names WHERE kind = $kind AND name = $name AND no = $no)`
  const endName = db.prepare(`UPDATE entity_names SET until = $position WHERE ${lastName} AND since < $position`)
  const dropName = db.prepare(`DELETE FROM entity_names WHERE ${lastName} AND since = $position`)
  const tally = tallyWriter(db, later)
  const span = spanWriter(db, later)
  const known = new Map<number, Held>()

  const remember = (no: number, held: Held): void => {
    if (known.size >= remembered) known.clear()
    known.set(no, held)
  }

  const heldOf = (kind: Kind, no: number): Held | undefined => {
    const held = known.get(no)
    if (held !== undefined) return held
    const row = read.get(kind, no)
    if (row === undefined) return undefined
    const { since, ...values } = row
    remember(no, { since, values })
    return { since, values }
  }

  const beginName = (kind: Kind, no: number, values: EntityValues, position: Position): void =>
    void insertName.run([kind, values.name, no, position, ...traits.map((trait) => values[trait])])

  const end = (kind: Kind, no: number, { since, values }: Held, position: Position, keepsName: boolean): void => {
    // What one event writes twice was never so.
    if (since < position) {
      const fork = forkOf(since, position)
      setAside.run(fork, position, kind, no)
      if (values.status !== null) span(kind, String(values.status), fork, since, position)
    }
    if (keepsName) return
    const key = { kind, name: values.name, no, position }
    if (endName.run(key).changes === 0) dropName.run(key)
  }

  /** Only what is another, so that indices of the rest stay as they are. */
  const replace = (kind: Kind, no: number, held: Held, next: Partial<EntityValues>, position: Position): void => {
    const others = columnsIn(next).filter((column) => held.values[column] !== next[column])
    if (others.length === 0) return
    const values = { ...held.values, ...next }
    tally(kind, held.values, values, position)
    const keepsName = !others.some((column) => named.has(column))
    end(kind, no, held, position, keepsName)
    if (!keepsName) beginName(kind, no, values, position)
    const changed = others.map((column) => values[column])
    statement(`UPDATE entities SET since = ?, ${others.join(" = ?, ")} = ? WHERE kind = ? AND no = ?`).run([
      position,
      ...changed,
      kind,
      no,
    ])
    remember(no, { since: position, values })
  }

  return {
    get: (kind: Kind, no: number): EntityValues | undefined => heldOf(kind, no)?.values,

    put(kind: Kind, no: number, values: EntityValues, position: Position): void {
      const held = heldOf(kind, no)
      if (held !== undefined) return replace(kind, no, held, values, position)
      tally(kind, undefined, values, position)
      beginName(kind, no, values, position)
      insert.run([kind, no, position, ...valueColumns.map((column) => values[column])])
      remember(no, { since: position, values })
    },

    /** Of a row that is there, some columns. */
    alter(kind: Kind, no: number, values: Partial<EntityValues>, position: Position): void {
      const held = heldOf(kind, no)
      if (held !== undefined) replace(kind, no, held, values, position)
    },

    remove(kind: Kind, no: number, position: Position): void {
      const held = heldOf(kind, no)
      if (held === undefined) return
      tally(kind, held.values, undefined, position)
      end(kind, no, held, position, false)
      remove.run(kind, no)
      known.delete(no)
    },
  }
}

function columnsIn(values: Partial<EntityValues>): (keyof EntityValues)[] {
  return Object.keys(values) as (keyof EntityValues)[]
}
