/** Which channels know of which alerts that are open: who was told that something is wrong is told when it is mended, and again if that takes long. */
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface Told {
  readonly channel: string
  readonly alert: string
  /** Of the event that told of it, or is to. */
  readonly position: Position
  /** When it was told last, in milliseconds since the epoch; null if it was not. */
  readonly toldAt: number | null
  /** Whether it is to be told as soon as it may be. */
  readonly held: boolean
  /** Whether somebody has taken it on. */
  readonly acknowledged: boolean
  /** How often it was told again. */
  readonly reminders: number
}

export type ToldOf = ReturnType<typeof toldOf>

interface Row extends Omit<Told, "held" | "acknowledged"> {
  readonly held: number
  readonly acknowledged: number
}

export function toldOf(db: Db) {
  const columns = "channel, alert, position, told_at AS toldAt, held, acknowledged, reminders"
  const find = db.prepare<[string, string], Row>(`SELECT ${columns} FROM told WHERE channel = ? AND alert = ?`)
  const put = db.prepare<[string, string, number, number | null, number, number, number]>(
    "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?, ?)",
  )
  const remove = db.prepare<[string, string]>("DELETE FROM told WHERE channel = ? AND alert = ?")
  const due = db.prepare<[string, number, string, number], Row>(
    `SELECT ${columns} FROM told WHERE channel = ? AND (held = 1 OR (acknowledged = 0 AND told_at <= ?)) AND alert > ? ORDER BY alert LIMIT ?`,
  )
  const forget = db.prepare<[number]>("DELETE FROM told WHERE position > ?")
  return {
    // These three are meant for a transaction that is under way: `keep` of a handler.
    of(channel: string, alert: string): Told | undefined {
      const row = find.get(channel, alert)
      return row === undefined ? undefined : told(row)
    },
    note({ channel, alert, position, toldAt, held, acknowledged, reminders }: Told): void {
      put.run(channel, alert, position, toldAt, Number(held), Number(acknowledged), reminders)
    },
    forget(channel: string, alert: string): void {
      remove.run(channel, alert)
    },
    /** Of a channel, what is held, and what was told at `before` or earlier and nobody has taken on, in the order of alerts. */
    due: async (channel: string, before: number, after: string, limit: number): Promise<readonly Told[]> =>
      due.all(channel, before, after, limit).map(told),
    /** Forgets what is about events that are no more: the ledger was restored and ends at `head`. */
    async forgetBehind(head: Position): Promise<void> {
      forget.run(head)
    },
  }
}

function told(row: Row): Told {
  return { ...row, held: row.held === 1, acknowledged: row.acknowledged === 1 }
}
