/** Moments that somebody has to be told of: what follows when the time has come, unless it is taken back. Set and taken back with the checkpoint of whoever does. */
import type { Instant } from "#kernel/clock.js"
import type { Json } from "#kernel/json.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface Deadline {
  readonly key: string
  readonly dueAt: Instant
  /** What whoever set it has to know then. */
  readonly what: Json
  /** Of the event that it was set at. */
  readonly position: Position
}

export type Deadlines = ReturnType<typeof deadlines>

export function deadlines(db: Db) {
  const columns = "key, due_at AS dueAt, what, position"
  const find = db.prepare<[string], Row>(`SELECT ${columns} FROM deadlines WHERE key = ?`)
  const put = db.prepare<[string, string, string, number]>("INSERT OR REPLACE INTO deadlines VALUES (?, ?, ?, ?, 0)")
  const remove = db.prepare<[string]>("DELETE FROM deadlines WHERE key = ?")
  const due = db.prepare<[string, number], Row>(
    `SELECT ${columns} FROM deadlines WHERE passed = 0 AND due_at <= ? ORDER BY due_at, key LIMIT ?`,
  )
  const pass = db.prepare<[string]>("UPDATE deadlines SET passed = 1 WHERE key = ?")
  const forget = db.prepare<[number]>("DELETE FROM deadlines WHERE position > ?")
  return {
    async find(key: string): Promise<Deadline | undefined> {
      const row = find.get(key)
      return row && deadlineOf(row)
    },
    // These two are meant for a transaction that is under way: `keep` of a handler.
    /** In the place of what was set under the key. */
    set({ key, dueAt, what, position }: Deadline): void {
      put.run(key, dueAt, JSON.stringify(what), position)
    },
    clear(key: string): void {
      remove.run(key)
    },
    /** Those that are due by then and that nobody was told of, the earliest first. */
    due: async (now: Instant, limit: number): Promise<readonly Deadline[]> => due.all(now, limit).map(deadlineOf),
    /** It was told that they have passed. */
    async passed(keys: readonly string[]): Promise<void> {
      db.transaction(() => {
        for (const key of keys) pass.run(key)
      }).immediate()
    },
    /** Forgets what was set at events that are no more: the ledger was restored and ends at `head`. */
    async forgetBehind(head: Position): Promise<void> {
      forget.run(head)
    },
  }
}

interface Row extends Omit<Deadline, "what"> {
  readonly what: string
}

function deadlineOf(row: Row): Deadline {
  return { ...row, what: JSON.parse(row.what) as Json }
}
