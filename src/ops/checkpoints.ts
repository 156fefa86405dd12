/**
 * How far each handler has come, moved by compare-and-set: whoever believes in another position than the one that is here is not the only one
 * at work, and is refused. If this is lost, handlers begin again; what they raise has the same ids, so the ledger holds it once.
 */
import { FleetError } from "#kernel/errors.js"
import { type Position, origin } from "#kernel/point.js"
import type { Db } from "#sqlite/open.js"

/** Something that is written in this store at once. */
export type Write = () => void

export type Checkpoints = ReturnType<typeof checkpoints>

export function checkpoints(db: Db) {
  const add = db.prepare<[string, number]>("INSERT OR IGNORE INTO subscriptions VALUES (?, ?, 0)")
  const find = db.prepare<[string], number>("SELECT position FROM subscriptions WHERE name = ?").pluck()
  const move = db.prepare<[number, string, number]>(
    "UPDATE subscriptions SET position = ? WHERE name = ? AND position = ?",
  )
  const paused = db.prepare<[string], number>("SELECT paused FROM subscriptions WHERE name = ?").pluck()
  const setPaused = db.prepare<[number, string]>("UPDATE subscriptions SET paused = ? WHERE name = ?")
  const moveTogether = db.transaction((name: string, from: number, to: number, writes: readonly Write[]) => {
    if (move.run(to, name, from).changes !== 1) return false
    for (const write of writes) write()
    return true
  })
  const together = db.transaction((writes: readonly Write[]) => {
    for (const write of writes) write()
  })
  return {
    /** Makes a handler known: one that is new has handled nothing, or is asked from behind `at` on. */
    async enrol(name: string, at: Position = origin): Promise<void> {
      add.run(name, at)
    },
    /** The last position that was handled, −1 at first. Always read, so that nobody goes by a copy. */
    of: (name: string): Position => (find.get(name) ?? origin) as Position,
    /**
     * @param writes what is written here in the transaction that moves it
     * @throws FleetError `AlreadyRunning` when it is not at `from`
     */
    async move(name: string, from: Position, to: Position, writes: readonly Write[] = []): Promise<void> {
      if (moveTogether.immediate(name, from, to, writes)) return
      throw new FleetError(
        "AlreadyRunning",
        `"${name}" was moved on by somebody else: it is at position ${find.get(name)}, not at ${from}; only one may`,
        { details: { name, expected: from, actual: find.get(name) } },
      )
    },
    /** Writes all of it or none, and leaves every checkpoint where it is. */
    async write(writes: readonly Write[]): Promise<void> {
      together.immediate(writes)
    },
    async isPaused(name: string): Promise<boolean> {
      return paused.get(name) === 1
    },
    async setPaused(name: string, isPaused: boolean): Promise<void> {
      setPaused.run(isPaused ? 1 : 0, name)
    },
  }
}
