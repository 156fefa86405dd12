/** Events that a handler could not handle, however often it tried: set aside, so that it can go on, and kept until somebody has them handled, or it is too long ago. */
import { type Instant, instant } from "#kernel/clock.js"
import { FleetError } from "#kernel/errors.js"
import type { Position } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

export interface DeadLetter {
  readonly id: string
  readonly handler: string
  readonly position: Position
  /** Why the last attempt failed. */
  readonly message: string
  readonly attempts: number
  /** When the last attempt failed. */
  readonly at: Instant
}

export type DeadLetters = ReturnType<typeof deadLetters>

/** @param keptSince the time, in ms since the epoch, before which none is kept; asked when it is opened, and whenever another one comes */
export function deadLetters(db: Db, keptSince: () => number) {
  const columns = "id, handler, position, message, attempts, at"
  const put = db.prepare<[string, string, number, string, number, string], DeadLetter>(
    `INSERT INTO dead_letters (${columns}) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (handler, position) DO UPDATE SET message = excluded.message, attempts = attempts + excluded.attempts, at = excluded.at
     RETURNING ${columns}`,
  )
  const find = db.prepare<[string], DeadLetter>(`SELECT ${columns} FROM dead_letters WHERE id = ?`)
  const remove = db.prepare<[string, string]>(
    "DELETE FROM dead_letters WHERE handler = ? AND position IN (SELECT value FROM json_each(?))",
  )
  const removeBefore = db.prepare<[string]>("DELETE FROM dead_letters WHERE at < ?")
  const prune = () => removeBefore.run(instant(Math.max(0, keptSince())))
  const removeBehind = db.prepare<[number]>("DELETE FROM dead_letters WHERE position > ?")
  const page = db.prepare<[number, string, number], DeadLetter>(
    `SELECT ${columns} FROM dead_letters WHERE (position, id) > (?, ?) ORDER BY position, id LIMIT ?`,
  )
  const count = db.prepare<[string], number>("SELECT count(*) FROM dead_letters WHERE handler = ?").pluck()
  prune()
  return {
    /** Sets an event aside. One that is there already keeps its id and gains these attempts. @returns the letter as it is now */
    async park(letter: DeadLetter): Promise<DeadLetter> {
      const { id, handler, position, message, attempts, at } = letter
      prune()
      return put.get(id, handler, position, message, attempts, at) ?? letter
    },
    /** The events at these positions were handled after all; most never were letters. */
    async settle(handler: string, positions: readonly Position[]): Promise<void> {
      remove.run(handler, JSON.stringify(positions))
    },
    /** @throws FleetError `NotFound` */
    async find(id: string): Promise<DeadLetter> {
      const letter = find.get(id)
      if (letter === undefined) throw new FleetError("NotFound", `there is no dead letter "${id.slice(0, 80)}"`)
      return letter
    },
    /** In the order of positions. */
    async page(
      after: { readonly position: number; readonly id: string },
      limit: number,
    ): Promise<readonly DeadLetter[]> {
      return page.all(after.position, after.id, limit)
    },
    async count(handler: string): Promise<number> {
      return count.get(handler) ?? 0
    },
    /** Forgets those of events that are no more: the ledger was restored and ends at `head`. */
    async forgetBehind(head: Position): Promise<void> {
      removeBehind.run(head)
    },
  }
}
